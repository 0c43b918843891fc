//! The answers to a controller's five questions in words, and the definitions behind the figures:
//! the same in every format.

use activities::store::RunState;
use domain::money::Currency;
use domain::severity::Severity;

use super::balance::Verdict;
use super::ending::Trail;
use super::figures::{CurrencyFigures, Stake};
use super::model::RunReport;
use super::text::{counted, stake_text, time};

/// What a rate by count is.
pub(super) const RATE_BY_COUNT: &str = "records in a pair that agrees, of all records that the run \
     was about: opening and received, less those out of scope";
/// What a rate by value is.
pub(super) const RATE_BY_VALUE: &str = "the net sum (money in less money out) of those records, of \
     the net sum of all; none where money in and out net out";
/// How percentages are rounded.
pub(super) const ROUNDED_DOWN: &str = "Percentages are computed from exact counts and sums and rounded down to two decimals: 100.00 % \
     means all.";
/// When cases were looked at.
pub(super) const CASES_AS_OF: &str = "cases are as they stood then";

/// The answer as long as a run has no result.
const NOT_KNOWN: &str = "Not known";

/// Most currencies, people or lines that one answer names.
const NAMED_MAX: usize = 4;

/// How an answer is to be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tone {
    /// As it should be.
    Good,
    /// Somebody has to act.
    Bad,
    /// Neither, or not known yet.
    Neutral,
}

/// One question, its answer, and what stands behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    pub(super) question: &'static str,
    pub(super) answer: String,
    pub(super) details: Vec<String>,
    pub(super) tone: Tone,
}

/// The five answers, in the order that they are asked.
pub(super) fn answers(report: &RunReport) -> [Answer; 5] {
    [
        balances(report),
        open(report),
        critical(report),
        done(report),
        signed_off(report),
    ]
}

fn balances(report: &RunReport) -> Answer {
    let balance = &report.balance;
    let broken = balance.statements_out_of_balance;
    let (answer, mut details, tone) = match &balance.verdict {
        Verdict::Unknown => {
            let why = "nothing was added up: the run did not get that far";
            (NOT_KNOWN, vec![why.to_owned()], Tone::Neutral)
        }
        Verdict::Fails(imbalances) => {
            let lines = imbalances.iter().map(ToString::to_string).collect();
            ("No", lines, Tone::Bad)
        }
        Verdict::Holds => match balance.conservation.lines().count() {
            0 => ("Yes", vec!["there were no records".to_owned()], Tone::Good),
            lines => {
                let lines = counted(lines as u64, "line", "lines");
                let all = format!("every record and every amount is accounted for, in {lines}");
                ("Yes", vec![all], Tone::Good)
            }
        },
    };
    let is_broken = broken > 0;
    if is_broken {
        let reports = counted(broken, "report breaks", "reports break");
        details.insert(
            0,
            format!("{reports} its own arithmetic and was not matched"),
        );
    }
    Answer {
        question: "Does it balance?",
        answer: if is_broken { "No" } else { answer }.to_owned(),
        details: named(details, "lines"),
        tone: if is_broken { Tone::Bad } else { tone },
    }
}

fn open(report: &RunReport) -> Answer {
    let figures = &report.figures;
    let total = figures.total;
    let mut details = at_stake(report, |figures| &figures.open);
    if let Some(oldest) = figures.oldest_open {
        details.push(format!(
            "oldest: {}",
            counted(oldest, "business day", "business days")
        ));
    }
    let answer = match (total.found, total.open) {
        (0, _) if !report.is_compared() => NOT_KNOWN.to_owned(),
        (0, _) => "Nothing was found".to_owned(),
        (_, 0) => format!("None of {}", total.found),
        (found, open) if found == open => format!("All {found}"),
        (found, open) => format!("{open} of {found}"),
    };
    let waiting = report.resolutions.proposed;
    if waiting > 0 {
        details.push(format!("{waiting} of them wait for a second person"));
    }
    Answer {
        question: "What is open?",
        answer,
        details,
        tone: if total.open == 0 && report.is_compared() {
            Tone::Good
        } else {
            Tone::Neutral
        },
    }
}

fn critical(report: &RunReport) -> Answer {
    let tally = report.figures.of_severity(Severity::Critical);
    let (answer, tone) = match (tally.found, tally.open) {
        (0, _) if !report.is_compared() => (NOT_KNOWN.to_owned(), Tone::Neutral),
        (0, _) => ("Nothing".to_owned(), Tone::Good),
        (found, 0) => (format!("None of {found} open"), Tone::Good),
        (_, open) => (format!("{open} open"), Tone::Bad),
    };
    Answer {
        question: "What is critical?",
        answer,
        details: at_stake(report, |figures| &figures.critical),
        tone,
    }
}

fn done(report: &RunReport) -> Answer {
    let resolutions = &report.resolutions;
    let people = resolutions.people();
    let people = people
        .iter()
        .map(|(name, count)| format!("{name}: {count} resolved"));
    let mut details = named(people.collect(), "people");
    if resolutions.proposed > 0 {
        details.push(format!("{} proposed", resolutions.proposed));
    }
    if resolutions.cleared > 0 {
        details.push(format!("{} cleared by later runs", resolutions.cleared));
    }
    let write_offs = resolutions.write_offs.values().map(|stake| stake.count);
    let write_offs = write_offs.fold(0, u64::saturating_add);
    if write_offs > 0 {
        details.push(counted(write_offs, "write-off", "write-offs"));
    }
    Answer {
        question: "Who did what?",
        answer: match resolutions.resolved {
            0 if report.items.is_empty() && report.is_compared() => "Nothing to resolve".to_owned(),
            0 => "Nothing resolved yet".to_owned(),
            count => format!("{count} resolved"),
        },
        details,
        tone: Tone::Neutral,
    }
}

fn signed_off(report: &RunReport) -> Answer {
    let ending = &report.ending;
    let (answer, detail, tone) = match (&ending.signed_off, ending.state) {
        (Some(sign_off), _) => {
            let mut detail = time(sign_off.at);
            if !sign_off.note.is_empty() {
                detail = format!("{detail}: {}", sign_off.note);
            }
            (format!("By {}", sign_off.by), detail, Tone::Good)
        }
        (None, state) => {
            let (why, tone) = unsigned(state);
            ("No".to_owned(), why.to_owned(), tone)
        }
    };
    let mut details = vec![detail];
    let is_broken = matches!(report.trail, Trail::Broken(_));
    if is_broken {
        details.insert(
            0,
            "the audit trail is broken: rely on nothing here".to_owned(),
        );
    }
    Answer {
        question: "Is it signed off?",
        answer,
        details,
        tone: if is_broken { Tone::Bad } else { tone },
    }
}

fn unsigned(state: RunState) -> (&'static str, Tone) {
    match state {
        RunState::Running => ("the run is under way: figures may change", Tone::Neutral),
        RunState::InReview => ("the run is in review", Tone::Neutral),
        RunState::Completed => ("the run completed without a sign-off", Tone::Neutral),
        RunState::Failed => ("the run failed", Tone::Bad),
        RunState::Quarantined => ("an input can't be used", Tone::Bad),
    }
}

/// What is at stake per currency, in words.
fn at_stake(report: &RunReport, part: impl Fn(&CurrencyFigures) -> &Stake) -> Vec<String> {
    let by_currency = report.figures.by_currency.iter();
    let stakes = by_currency
        .map(|(currency, figures)| (*currency, part(figures)))
        .filter(|(_, stake)| stake.count > 0);
    let in_words = |(currency, stake): (Currency, &Stake)| {
        let sum = stake_text(stake, currency);
        format!("{sum} {currency} at stake in {}", stake.count)
    };
    named(stakes.map(in_words).collect(), "currencies")
}

/// The first of `all`, and how many more there are.
fn named(mut all: Vec<String>, what: &str) -> Vec<String> {
    let more = all.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        all.truncate(NAMED_MAX);
        all.push(format!("and {more} more {what}, below"));
    }
    all
}
