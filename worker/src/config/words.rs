//! A source's configuration in words, for somebody to read through before it goes live.

use activities::formats::Format;
use activities::inputs::Transport;
use activities::punctuality::{DigestTime, Punctuality};
use domain::calendar::DayUnit;
use domain::case::{Approval, ApprovalRule};
use domain::escalation::{Escalation, Step, Wait};
use domain::money::amount_text;
use domain::policy::{
    AgreedFee, Cardinality, DateWindow, Key, SourcePolicy, Term, TextStep, Tolerances,
};
use domain::record::Side;
use domain::severity::SeverityRule;
use jiff::SignedDuration;
use jiff::civil::Weekday;
use serde::Serialize;

use super::Configuration;
use super::values::WEEKDAYS;
use crate::counted::counted;

/// What a source does, in sentences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SourceWords {
    /// Its name.
    pub source: String,
    /// What people call it.
    pub title: String,
    /// SHA-256 of its file.
    pub rule_version: String,
    /// What is read from where.
    pub reads: Vec<String>,
    /// What a match is, in order.
    pub matches: Vec<String>,
    /// What is accepted.
    pub accepts: Vec<String>,
    /// How urgent things are.
    pub severity: Vec<String>,
    /// What takes a second person.
    pub approval: Vec<String>,
    /// Who is told.
    pub alerts: Vec<String>,
    /// When people are reminded, and when others are told.
    pub reminders: Vec<String>,
}

/// Every source of `configuration` in words, or the one of this name.
#[must_use]
pub fn describe(configuration: &Configuration, only: Option<&str>) -> Vec<SourceWords> {
    let sources = configuration.sources.iter();
    let wanted = sources.filter(|(name, _)| only.is_none_or(|only| only == *name));
    wanted
        .map(|(name, source)| SourceWords {
            source: name.clone(),
            title: source.title.clone(),
            rule_version: source.version.clone(),
            reads: Side::BOTH
                .map(|side| {
                    let input = source.side(side);
                    let (transport, format) = (transport(&input.transport), format(&input.format));
                    format!("{side}: {format} from {transport}")
                })
                .to_vec(),
            matches: matches(&source.policy),
            accepts: accepts(&source.policy),
            severity: severity(&source.policy),
            approval: approval(&source.approval),
            alerts: [alerts(&source.alerts), punctual(&source.punctuality)].concat(),
            reminders: reminders(&source.escalation),
        })
        .collect()
}

impl std::fmt::Display for SourceWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = self.rule_version.get(..12).unwrap_or_default();
        writeln!(f, "{} — {} (rules {version})", self.source, self.title)?;
        let parts = [
            ("reads", &self.reads),
            ("matches", &self.matches),
            ("accepts", &self.accepts),
            ("severity", &self.severity),
            ("approval", &self.approval),
            ("alerts", &self.alerts),
            ("reminders", &self.reminders),
        ];
        for (title, sentences) in parts {
            for (index, sentence) in sentences.iter().enumerate() {
                let title = if index == 0 { title } else { "" };
                writeln!(f, "  {title:<9} {sentence}")?;
            }
        }
        Ok(())
    }
}

fn transport(transport: &Transport) -> String {
    match transport {
        Transport::File(file) => format!("the file {}", file.path),
        Transport::Postgres(postgres) => format!(
            "PostgreSQL at ${}, query {}, at most {} s",
            postgres.url_env, postgres.query_file, postgres.statement_timeout_seconds
        ),
    }
}

fn format(format: &Format) -> &'static str {
    match format {
        Format::Csv(_) => "CSV",
        Format::Camt053(_) => "camt.053",
    }
}

fn matches(policy: &SourcePolicy) -> Vec<String> {
    let rules = policy.rules.iter().enumerate().map(|(index, rule)| {
        let on: Vec<String> = rule.on.iter().map(compared).collect();
        let number = index + 1;
        let several = match (rule.cardinality, rule.combinations_max) {
            (Cardinality::OneToOne, _) => String::new(),
            (Cardinality::ManyToMany, _) => {
                "; all of the partner's are all of ours, by their sums".to_owned()
            }
            (cardinality, limit) => {
                let which = match cardinality {
                    Cardinality::OneToMany => "one of the partner's is several of ours",
                    _ => "several of the partner's are one of ours",
                };
                let how = limit.map_or("by their sum".to_owned(), |limit| {
                    format!("whichever add up, if at most {limit} combinations are to be tried")
                });
                format!("; {which}, {how}")
            }
        };
        let alike = match rule.is_alike {
            true => ", or misspelled where nothing else has the same amount then",
            false => "",
        };
        let own = rule.tolerances.as_ref().map(amounts).unwrap_or_default();
        let own = own.into_iter().chain(rule.date_window.map(dates));
        let own: String = own.map(|sentence| format!("; {sentence}")).collect();
        format!(
            "{number}. {}: {}{alike}{several}{own}",
            rule.name,
            on.join(" and ")
        )
    });
    rules.collect()
}

/// `equal reference on both sides`, `invoice (digits) equal to the ledger's order`.
fn compared(key: &Key) -> String {
    let term = |term: &Term| match &term.steps[..] {
        [] => term.field.name().to_owned(),
        steps => {
            let steps: Vec<String> = steps.iter().map(step).collect();
            format!("{} ({})", term.field.name(), steps.join(", then "))
        }
    };
    match key.partner == key.ledger {
        true => format!("equal {} on both sides", term(&key.ledger)),
        false => format!(
            "the partner's {} equal to our {}",
            term(&key.partner),
            term(&key.ledger)
        ),
    }
}

fn step(step: &TextStep) -> String {
    match step {
        TextStep::IgnoreCase => "whatever its case".to_owned(),
        TextStep::IgnoreSeparators => "letters and digits only".to_owned(),
        TextStep::IgnoreLeadingZeros => "without leading zeros".to_owned(),
        TextStep::Digits => "digits only".to_owned(),
        TextStep::Prefix(text) => format!("without {text} before it"),
        TextStep::Suffix(text) => format!("without {text} behind it"),
        TextStep::First(count) => format!("the first {count} characters"),
        TextStep::Capture(pattern) => format!("what {} finds in it", pattern.as_str()),
        TextStep::Each(pattern) => format!("each that {} finds in it", pattern.as_str()),
    }
}

fn accepts(policy: &SourcePolicy) -> Vec<String> {
    let mut sentences = amounts(&policy.tolerances);
    sentences.push(match sentences.is_empty() {
        true => "amounts: no difference, in any currency".to_owned(),
        false => "other currencies: no difference".to_owned(),
    });
    sentences.push(dates(policy.date_window));
    sentences.push(match policy.settlement_window_days {
        0 => "settlement: a ledger record may not be missing at the partner".to_owned(),
        days => {
            let days = counted(days.into(), "business day", "business days");
            format!("settlement: in transit for {days} after the value date")
        }
    });
    sentences.extend(policy.agreed_fee.as_ref().map(agreed_fee));
    sentences
}

fn amounts(tolerances: &Tolerances) -> Vec<String> {
    let each = tolerances.0.iter().map(|(currency, tolerance)| {
        let accepted = amount_text(tolerance.accepted, *currency);
        let rounding = amount_text(tolerance.rounding, *currency);
        let percent = tolerance.accepted_percent;
        let accepted = match (tolerance.accepted.is_zero(), percent.is_zero()) {
            (true, true) => None,
            (false, true) => Some(accepted),
            (true, false) => Some(format!("{percent} % of our amount")),
            (false, false) => Some(format!("{accepted}, or {percent} % of our amount if more")),
        };
        match (accepted, tolerance.rounding.is_zero()) {
            (None, true) => format!("{currency}: no difference"),
            (Some(accepted), true) => format!("{currency}: differences up to {accepted}"),
            (None, false) => format!("{currency}: differences up to {rounding} are rounding"),
            (Some(accepted), false) => format!(
                "{currency}: differences up to {accepted}; up to {rounding} they are rounding"
            ),
        }
    });
    each.collect()
}

fn dates(window: DateWindow) -> String {
    let days = |count: u32| match window.unit {
        DayUnit::Calendar => counted(count.into(), "calendar day", "calendar days"),
        DayUnit::Business => counted(count.into(), "business day", "business days"),
    };
    match (window.early_days, window.late_days) {
        (0, 0) => "value dates: equal".to_owned(),
        (0, late) => format!("value dates: partner up to {} later", days(late)),
        (early, 0) => format!("value dates: partner up to {} earlier", days(early)),
        (early, late) => {
            let early = days(early);
            format!("value dates: partner up to {early} earlier or {late} later")
        }
    }
}

fn agreed_fee(fee: &AgreedFee) -> String {
    let fixed = fee
        .fixed
        .iter()
        .map(|(currency, amount)| format!(" + {} {currency}", amount_text(*amount, *currency)));
    let fixed: String = fixed.collect();
    format!(
        "fees: {} % of the gross{fixed}, within {}",
        fee.percent, fee.tolerance
    )
}

fn severity(policy: &SourcePolicy) -> Vec<String> {
    let rules = policy.severity.rules.iter().map(severity_rule);
    let mut sentences: Vec<String> = rules.collect();
    let limits = policy.severity.materiality.0.iter();
    let limits: Vec<String> = limits
        .map(|(currency, limit)| format!("{} {currency}", amount_text(*limit, *currency)))
        .collect();
    sentences.push(match limits.is_empty() {
        true => "by kind; every amount is material".to_owned(),
        false => format!("else by kind; material from {}", limits.join(", ")),
    });
    sentences
}

fn severity_rule(rule: &SeverityRule) -> String {
    let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.name()).collect();
    let mut conditions = vec![match kinds.is_empty() {
        true => "anything".to_owned(),
        false => kinds.join(" or "),
    }];
    conditions.extend(rule.currency.map(|currency| format!("in {currency}")));
    conditions.extend(rule.amount_from.map(|amount| format!("from {amount} up")));
    conditions.extend(
        rule.age_days_from
            .map(|days| format!("from {days} days of age up")),
    );
    format!("{} is {}", conditions.join(" "), rule.severity)
}

fn approval(approval: &Approval) -> Vec<String> {
    match approval.rules.is_empty() {
        true => vec!["one person resolves, whatever the amount".to_owned()],
        false => approval.rules.iter().map(approval_rule).collect(),
    }
}

fn approval_rule(rule: &ApprovalRule) -> String {
    let resolutions: Vec<&str> = rule.resolutions.iter().map(|it| it.name()).collect();
    let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.name()).collect();
    let mut conditions = vec![match resolutions.is_empty() {
        true => "every resolution".to_owned(),
        false => resolutions.join(" or "),
    }];
    conditions.extend((!kinds.is_empty()).then(|| format!("of {}", kinds.join(" or "))));
    conditions.extend(match (rule.currency, rule.amount_from) {
        (Some(currency), Some(amount)) => Some(format!(
            "from {} {currency} up",
            amount_text(amount, currency)
        )),
        (Some(currency), None) => Some(format!("in {currency}")),
        (None, amount) => amount.map(|amount| format!("from {amount} up")),
    });
    format!("{} takes a second person", conditions.join(" "))
}

fn alerts(policy: &domain::alert::AlertPolicy) -> Vec<String> {
    let routes = policy.routes.iter();
    let mut sentences: Vec<String> = routes
        .map(|route| format!("{} from {} up", route.channel, route.severity_from))
        .collect();
    sentences.push(match sentences.is_empty() {
        true => "nobody".to_owned(),
        false => format!(
            "more than {} per run become one summary",
            policy.summary_above
        ),
    });
    sentences
}

/// What is told although nothing was found.
fn punctual(punctuality: &Punctuality) -> Vec<String> {
    let wait = punctuality.wait_for_report.map(|wait| {
        let wait = SignedDuration::try_from(wait).unwrap_or_default();
        format!("critical when the report is not there {wait:#} after its time")
    });
    let deadline = punctuality.run_deadline.map(|deadline| {
        let back = match deadline.days_back {
            0 => "of the day".to_owned(),
            1 => "of the business day before".to_owned(),
            days => format!("of {days} business days before"),
        };
        let time = deadline.time.strftime("%H:%M");
        format!("critical when the run {back} is not there at {time}")
    });
    let digest = punctuality.digest.as_ref().map(|digest| {
        let channel = &digest.channel;
        match digest.time {
            DigestTime::Daily(time) => {
                let time = time.strftime("%H:%M");
                format!("{channel} hears of all else on business days at {time}")
            }
            DigestTime::Weekly(day, time) => {
                let time = time.strftime("%H:%M");
                format!(
                    "{channel} hears of all else every {} at {time}",
                    weekday_name(day)
                )
            }
        }
    });
    [wait, deadline, digest].into_iter().flatten().collect()
}

fn weekday_name(day: Weekday) -> &'static str {
    let known = WEEKDAYS.iter().find(|(_, known)| *known == day);
    known.map_or("", |(name, _)| name)
}

fn reminders(escalation: &Escalation) -> Vec<String> {
    match escalation.steps.is_empty() {
        true => vec!["none: a case that nobody acknowledges stays as it is".to_owned()],
        false => escalation.steps.iter().map(reminder).collect(),
    }
}

fn reminder(step: &Step) -> String {
    let channels = step.channels.join(" and ");
    let repeat = step.repeat.map_or(String::new(), |repeat| {
        format!(", then every {}", wait(repeat))
    });
    let (severity, after) = (step.severity_from, wait(step.after));
    format!("{channels} after {after}{repeat}, from {severity} up")
}

fn wait(wait: Wait) -> String {
    match wait {
        Wait::Elapsed(duration) => format!("{duration:#}"),
        Wait::BusinessDays(1) => "1 business day".to_owned(),
        Wait::BusinessDays(days) => format!("{days} business days"),
    }
}
