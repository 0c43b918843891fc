//! From the tables of a source's file to the domain's policy, and what can't be meant in it.
//!
//! Every rule about a single source's numbers and names is here; nothing outside of the file is
//! looked at.

use std::collections::BTreeMap;

use domain::calendar::BusinessCalendar;
use domain::money::{Amount, Currency};
use domain::policy::{AgreedFee, DateWindow, SourcePolicy, Tolerance, Tolerances};
use domain::severity::{Materiality, SeverityPolicy, SeverityRule};

use super::document::Document;
use super::problem::{Problem, Warning};
use super::rules::rules;
use super::source_file::{AgreedFeeTable, SeverityTable, SourceFile, ToleranceTable};
use super::tree::Place;
use super::values::Parsed;

/// What was found while reading a configuration.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What keeps it from being used.
    pub(crate) problems: Vec<Problem>,
    /// What is probably not meant.
    pub(crate) warnings: Vec<Warning>,
}

/// Days that any window may have; more is a slip, not a policy.
const WINDOW_DAYS_MAX: u32 = 366;

/// The policy that `file` states. What is wrong with it is added to `findings`.
pub(crate) fn build(
    source: &str,
    file: &SourceFile,
    document: &Document,
    findings: &mut Findings,
) -> SourcePolicy {
    check_windows(file, document, findings);
    let holidays = file.calendar.holidays.iter().map(|date| date.0).collect();
    let policy = SourcePolicy {
        source: source.to_owned(),
        rules: rules(&file.rules, document, findings),
        tolerances: tolerances(
            &file.tolerances,
            &Place::root().key("tolerances"),
            document,
            findings,
        ),
        date_window: DateWindow {
            early_days: file.dates.early_days,
            late_days: file.dates.late_days,
            unit: file.dates.unit.0,
        },
        settlement_window_days: file.settlement_window_days,
        calendar: BusinessCalendar {
            days_off: file.calendar.days_off.iter().map(|day| day.0).collect(),
            holidays,
        },
        agreed_fee: file
            .agreed_fee
            .as_ref()
            .map(|fee| agreed_fee(fee, document, findings)),
        severity: severity(file, document, findings),
    };
    if (1..=7).all(|day| !is_open(&policy.calendar, day)) {
        let place = Place::root().key("calendar").key("days_off");
        findings.problems.push(
            document
                .problem(&place, "every day of the week is a day off")
                .with_help("leave at least one day on which the partner settles"),
        );
    }
    warn_of_missing_materiality(file, document, findings);
    warn_of_accepting_what_is_material(file, document, findings);
    policy
}

fn is_open(calendar: &BusinessCalendar, monday_one: i8) -> bool {
    let mut days_off = calendar.days_off.iter();
    days_off.all(|day| day.to_monday_one_offset() != monday_one)
}

pub(crate) fn tolerances(
    tables: &BTreeMap<Parsed<Currency>, ToleranceTable>,
    tolerances_place: &Place,
    document: &Document,
    findings: &mut Findings,
) -> Tolerances {
    let mut tolerances = BTreeMap::new();
    for (currency, table) in tables {
        let place = tolerances_place.key(currency.0.code());
        warn_of_unlisted(currency.0, &place, document, findings);
        let (accepted, rounding) = (table.accepted.0, table.rounding.0);
        let accepted_percent = table.accepted_percent.0;
        let percent_place = place.key("accepted_percent");
        refuse_negative(accepted_percent, &percent_place, document, findings);
        refuse_negative(accepted, &place.key("accepted"), document, findings);
        refuse_negative(rounding, &place.key("rounding"), document, findings);
        // Only `accepted` given: there is no rounding, every difference above is a mismatch.
        if !rounding.is_zero() && rounding < accepted {
            let message = format!(
                "`rounding` ({rounding}) is below `accepted` ({accepted}): nothing is rounding then"
            );
            let problem = document.problem(&place.key("rounding"), message);
            findings.problems.push(problem.with_help(
                "`accepted` is a match, up to `rounding` is a rounding discrepancy: make it larger",
            ));
        }
        let tolerance = Tolerance {
            accepted,
            accepted_percent,
            rounding,
        };
        tolerances.insert(currency.0, tolerance);
    }
    Tolerances(tolerances)
}

fn agreed_fee(table: &AgreedFeeTable, document: &Document, findings: &mut Findings) -> AgreedFee {
    let place = Place::root().key("agreed_fee");
    refuse_negative(
        table.tolerance.0,
        &place.key("tolerance"),
        document,
        findings,
    );
    let hundred = Amount::parse("100").unwrap_or_default();
    if table.percent.0.abs() > hundred {
        let message = format!("a fee of {} per cent can't be meant", table.percent.0);
        let problem = document.problem(&place.key("percent"), message);
        findings
            .problems
            .push(problem.with_help("`percent = \"2.9\"` is 2.9 % of the gross"));
    }
    let fixed = table
        .fixed
        .iter()
        .map(|(currency, amount)| (currency.0, amount.0));
    AgreedFee {
        percent: table.percent.0,
        fixed: fixed.collect(),
        tolerance: table.tolerance.0,
    }
}

fn severity(file: &SourceFile, document: &Document, findings: &mut Findings) -> SeverityPolicy {
    let place = Place::root().key("materiality");
    let mut materiality = BTreeMap::new();
    for (currency, limit) in &file.materiality {
        let here = place.key(currency.0.code());
        warn_of_unlisted(currency.0, &here, document, findings);
        refuse_negative(limit.0, &here, document, findings);
        materiality.insert(currency.0, limit.0);
    }
    let rules: Vec<SeverityRule> = file.severity.iter().map(severity_rule).collect();
    for (index, rule) in rules.iter().enumerate() {
        let place = Place::root().key("severity").index(index);
        if let Some(amount) = rule.amount_from {
            refuse_negative(amount, &place.key("amount_from"), document, findings);
        }
        if let Some(earlier) = rules[..index]
            .iter()
            .position(|before| takes_all(before, rule))
        {
            let message = format!(
                "this severity rule never decides: rule {} of this list takes all that it would",
                earlier + 1
            );
            let warning = document.warning(&place, message);
            findings
                .warnings
                .push(warning.with_help("put the narrower rule first, or drop it"));
        }
    }
    SeverityPolicy {
        materiality: Materiality(materiality),
        rules,
    }
}

fn severity_rule(table: &SeverityTable) -> SeverityRule {
    SeverityRule {
        kinds: table.kinds.iter().map(|kind| kind.0).collect(),
        currency: table.currency.as_ref().map(|currency| currency.0),
        amount_from: table.amount_from.as_ref().map(|amount| amount.0),
        age_days_from: table
            .age_days_from
            .map(|days| i32::try_from(days).unwrap_or(i32::MAX)),
        severity: table.severity.0,
    }
}

/// Whether `earlier` fits everything that `later` fits.
fn takes_all(earlier: &SeverityRule, later: &SeverityRule) -> bool {
    let kinds = earlier.kinds.is_empty()
        || !later.kinds.is_empty() && later.kinds.iter().all(|kind| earlier.kinds.contains(kind));
    let currency = earlier.currency.is_none() || earlier.currency == later.currency;
    let nothing = Amount::ZERO;
    let amount = earlier.amount_from.unwrap_or(nothing) <= later.amount_from.unwrap_or(nothing);
    let age = earlier.age_days_from.unwrap_or(0) <= later.age_days_from.unwrap_or(0);
    kinds && currency && amount && age
}

fn check_windows(file: &SourceFile, document: &Document, findings: &mut Findings) {
    let root = Place::root();
    let windows = [
        (root.key("dates").key("early_days"), file.dates.early_days),
        (root.key("dates").key("late_days"), file.dates.late_days),
        (
            root.key("settlement_window_days"),
            file.settlement_window_days,
        ),
    ];
    for (place, days) in windows {
        check_days(&place, days, document, findings);
    }
}

/// A window that can be meant.
pub(crate) fn check_days(place: &Place, days: u32, document: &Document, findings: &mut Findings) {
    if days > WINDOW_DAYS_MAX {
        let message = format!("a window of {days} days can't be meant");
        let problem = document.problem(place, message);
        findings
            .problems
            .push(problem.with_help(format!("at most {WINDOW_DAYS_MAX} days")));
    }
}

/// A currency without a limit is material from the first cent: right, but seldom meant.
fn warn_of_missing_materiality(file: &SourceFile, document: &Document, findings: &mut Findings) {
    for currency in file.tolerances.keys() {
        if file.materiality.contains_key(currency) {
            continue;
        }
        let code = currency.0.code();
        let place = Place::root().key("tolerances").key(code);
        let message = format!("no materiality for {code}: every missing cent is critical");
        let warning = document.warning(&place, message);
        let help = format!("set `{code}` in `[materiality]`, as `{code} = \"1000.00\"`");
        findings.warnings.push(warning.with_help(help));
    }
    if file.materiality.is_empty() && file.tolerances.is_empty() {
        let message = "no `[materiality]`: every missing cent is critical, in any currency";
        let warning = document.warning(&Place::root(), message);
        findings
            .warnings
            .push(warning.with_help("add `[materiality]` with `EUR = \"1000.00\"`"));
    }
}

/// What is accepted is told to nobody, however much it is.
fn warn_of_accepting_what_is_material(
    file: &SourceFile,
    document: &Document,
    findings: &mut Findings,
) {
    for (currency, table) in &file.tolerances {
        let accepted = table.accepted.0;
        let material = file.materiality.get(currency);
        let Some(material) = material.filter(|it| accepted >= it.0 && !accepted.is_zero()) else {
            continue;
        };
        let code = currency.0.code();
        let place = Place::root().key("tolerances").key(code).key("accepted");
        let message = format!(
            "differences of up to {accepted} {code} are accepted, and {} is material",
            material.0
        );
        let warning = document.warning(&place, message);
        findings
            .warnings
            .push(warning.with_help("accept less, or nobody hears of such a difference"));
    }
}

pub(super) fn warn_of_unlisted(
    currency: Currency,
    place: &Place,
    document: &Document,
    findings: &mut Findings,
) {
    if !currency.is_listed() {
        let message = format!("`{currency}` is not a currency of ISO 4217");
        let warning = document.warning(place, message);
        findings
            .warnings
            .push(warning.with_help("a private code counts two decimals"));
    }
}

pub(super) fn refuse_negative(
    amount: Amount,
    place: &Place,
    document: &Document,
    findings: &mut Findings,
) {
    if amount.is_negative() {
        let message = format!("`{amount}` is negative");
        let problem = document.problem(place, message);
        findings
            .problems
            .push(problem.with_help("give the size of the amount, without a sign"));
    }
}
