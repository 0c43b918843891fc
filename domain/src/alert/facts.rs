//! What an alert says about one discrepancy, and about many.
//!
//! Texts are cut to a length that fits every channel; amounts never are. Account numbers and names
//! are masked: alerts leave the house.

use std::collections::BTreeMap;

use super::{
    CurrencyTotal, DigestFacts, DiscrepancyFacts, SUMMARY_LINES_MAX, SideFacts, SummaryFacts,
    SummaryLine, TEXT_CHARACTERS_MAX,
};
use crate::case::Settles;
use crate::discrepancy::{Discrepancy, Kind, NearestCandidate};
use crate::masking;
use crate::matching::own_sum;
use crate::money::{Amount, Currency, Money};
use crate::record::{Origin, Record, Status};
use crate::severity::Severity;

/// Most characters of a reference in a headline.
const HEADLINE_REFERENCE_CHARACTERS_MAX: usize = 60;

pub(super) fn discrepancy(of: &Discrepancy) -> DiscrepancyFacts {
    let currency = of.currency;
    let money = |amount| Money { amount, currency };
    DiscrepancyFacts {
        id: of.id,
        kind: of.kind,
        reference: one_line(&of.reference, TEXT_CHARACTERS_MAX),
        at_stake: money(of.at_stake.abs()),
        difference: of.difference.map(money),
        partner: of.partner.as_ref().map(|record| side(of, record)),
        ledger: of.ledger.as_ref().map(|record| side(of, record)),
        rule: one_line(&of.rule, TEXT_CHARACTERS_MAX),
        reason: one_line(&of.reason, TEXT_CHARACTERS_MAX),
        nearest: of.nearest.as_deref().map(nearest),
    }
}

/// One side: its record, of several the first, and what they come to.
fn side(of: &Discrepancy, record: &Record) -> SideFacts {
    SideFacts {
        money: own_sum(of, record.side).unwrap_or(record.money),
        value_date: record.value_date,
        status: record.status,
        file: one_line(&record.origin.file, TEXT_CHARACTERS_MAX),
        line: record.origin.line,
        counterparty: record
            .counterparty
            .as_deref()
            .map(|name| one_line(&masking::name(name), TEXT_CHARACTERS_MAX)),
    }
}

fn nearest(candidate: &NearestCandidate) -> String {
    let Origin { file, line, .. } = &candidate.record.origin;
    let text = format!("{file} line {line}: {}", candidate.kept_apart_by);
    one_line(&text, TEXT_CHARACTERS_MAX)
}

/// What happened and how much it is about, in one line.
pub(super) fn headline(of: &Discrepancy, facts: &DiscrepancyFacts) -> String {
    let stake = facts.at_stake;
    let nearest = of.nearest.as_ref();
    let settled = nearest.and_then(|nearest| nearest.settled);
    let what = match facts.kind {
        Kind::StatementOutOfBalance => format!("the report breaks its own arithmetic by {stake}"),
        Kind::DuplicateAtPartner => {
            format!(
                "the partner reports {} again{}",
                told(facts),
                under_others(of)
            )
        }
        Kind::DuplicateInLedger => {
            format!(
                "the ledger has {} booked again{}",
                told(facts),
                under_others(of)
            )
        }
        Kind::Ambiguous => format!("several candidates fit {stake} equally well"),
        Kind::MissingInLedger => format!(
            "the partner reports {}, the ledger{}",
            told(facts),
            of_other_side(facts, " has", settled)
        ),
        Kind::MissingAtPartner => format!(
            "the ledger has {}, the partner{}",
            told(facts),
            of_other_side(facts, " reports", settled)
        ),
        Kind::AmountMismatch | Kind::Rounding => more_or_less(facts),
        Kind::CurrencyMismatch => both(facts, "currencies differ", |side| side.money.to_string()),
        Kind::DateMismatch => {
            let when = both(facts, "value dates differ", |side| {
                side.value_date.to_string()
            });
            format!("{when} ({stake})")
        }
        Kind::StatusMismatch if facts.partner.is_none() || facts.ledger.is_none() => {
            format!("{stake} failed, and was matched before")
        }
        Kind::StatusMismatch => {
            let status =
                |side: &SideFacts| side.status.map_or("no status", |s| s.name()).to_owned();
            format!("{} ({stake})", both(facts, "status differs", status))
        }
        Kind::FeeMismatch => format!("gross, fee and net do not agree by {stake}"),
    };
    let reference = one_line(&facts.reference, HEADLINE_REFERENCE_CHARACTERS_MAX);
    if reference.is_empty() {
        what
    } else {
        format!("{reference}: {what}")
    }
}

/// What a record that is there again is called, and its original, where these are not the same.
fn under_others(of: &Discrepancy) -> String {
    let own = of.partner.as_ref().or(of.ledger.as_ref());
    let both = own.zip(of.related.first());
    let called =
        both.and_then(|(own, original)| own.display_reference().zip(original.display_reference()));
    let short = |text: &str| one_line(text, HEADLINE_REFERENCE_CHARACTERS_MAX);
    match called {
        Some((own, original)) if own != original => {
            format!(", as {} after {}", short(own), short(original))
        }
        _ => String::new(),
    }
}

/// The money of the only side there is, with its sign, and as what it stands there if it did not simply move.
fn told(facts: &DiscrepancyFacts) -> String {
    match facts.partner.as_ref().or(facts.ledger.as_ref()) {
        Some(SideFacts {
            money,
            status: Some(status @ (Status::Pending | Status::Reversed | Status::Failed)),
            ..
        }) => format!("{money} as {status}"),
        Some(SideFacts { money, .. }) => money.to_string(),
        None => facts.at_stake.to_string(),
    }
}

/// What the other side has of it: nothing, or what people settled before.
fn of_other_side(facts: &DiscrepancyFacts, verb: &str, settled: Option<Settles>) -> String {
    match settled {
        Some(settled) => format!("'s {}", settled.words()),
        None => format!("{verb} {}", nothing(facts)),
    }
}

fn nothing(facts: &DiscrepancyFacts) -> &'static str {
    let mut sides = facts.partner.iter().chain(&facts.ledger);
    match sides.any(|side| side.status == Some(Status::Reversed)) {
        true => "no reversal",
        false => "nothing",
    }
}

fn more_or_less(facts: &DiscrepancyFacts) -> String {
    let Some(difference) = facts.difference else {
        return format!("amounts differ by {}", facts.at_stake);
    };
    let size = Money {
        amount: difference.amount.abs(),
        ..difference
    };
    let direction = if difference.amount.is_negative() {
        "less"
    } else {
        "more"
    };
    format!("the partner reports {size} {direction} than the ledger")
}

fn both(facts: &DiscrepancyFacts, what: &str, text: impl Fn(&SideFacts) -> String) -> String {
    match (&facts.partner, &facts.ledger) {
        (Some(partner), Some(ledger)) => {
            format!(
                "{what}: {} at the partner, {} in the ledger",
                text(partner),
                text(ledger)
            )
        }
        _ => what.to_owned(),
    }
}

/// How many and how much, in one line.
pub(super) fn summary_headline(facts: &SummaryFacts) -> String {
    let totals = facts.totals.iter().map(|total| {
        let CurrencyTotal {
            currency, at_stake, ..
        } = *total;
        let shown = at_stake.map(|amount| Money { amount, currency }.to_string());
        shown.unwrap_or_else(|| format!("{currency} beyond counting"))
    });
    let shown: Vec<String> = totals.clone().take(HEADLINE_CURRENCIES_MAX).collect();
    let rest = facts.totals.len() - shown.len();
    let more = if rest == 0 {
        String::new()
    } else {
        format!(" and {rest} more currencies")
    };
    let count = facts.count;
    format!(
        "{count} discrepancies in one run, {}{more} at stake",
        shown.join(", ")
    )
}

/// How many are open, how many of them new, in one line.
pub(super) fn digest_headline(facts: &DigestFacts) -> String {
    let count = facts.open.count;
    let discrepancies = if count == 1 {
        "discrepancy"
    } else {
        "discrepancies"
    };
    format!("{count} {discrepancies} open, {} of them new", facts.new)
}

/// Most currencies in the headline of a summary.
const HEADLINE_CURRENCIES_MAX: usize = 3;

/// Adds up discrepancies for a summary in memory that does not grow with their number.
#[derive(Default)]
pub(super) struct SummaryBuilder {
    count: u64,
    counts: BTreeMap<(Kind, Severity), u64>,
    totals: BTreeMap<Currency, CurrencyTotal>,
    /// The largest of each, largest first, at most [`SUMMARY_LINES_MAX`].
    largest: BTreeMap<(Severity, Currency), Vec<SummaryLine>>,
}

impl SummaryBuilder {
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn add(&mut self, of: &Discrepancy) {
        self.count += 1;
        *self.counts.entry((of.kind, of.severity)).or_default() += 1;
        let (currency, amount) = (of.currency, of.at_stake.abs());
        let none = CurrencyTotal {
            currency,
            count: 0,
            at_stake: Some(Amount::ZERO),
        };
        let total = self.totals.entry(currency).or_insert(none);
        total.count += 1;
        total.at_stake = total.at_stake.and_then(|sum| sum.checked_add(amount).ok());
        let lines = self.largest.entry((of.severity, currency)).or_default();
        let rank = (std::cmp::Reverse(amount), &of.id);
        let at = lines.partition_point(|l| (std::cmp::Reverse(l.at_stake.amount), &l.id) < rank);
        if at < SUMMARY_LINES_MAX {
            lines.insert(at, line(of));
            lines.truncate(SUMMARY_LINES_MAX);
        }
    }

    /// The highest severity, and the facts.
    pub(super) fn finish(self) -> (Severity, SummaryFacts) {
        let severities = self.counts.keys().map(|(_, severity)| *severity);
        let highest = severities.max().unwrap_or(Severity::Low);
        let ranked = self
            .largest
            .into_values()
            .flat_map(|lines| lines.into_iter().enumerate());
        let mut ranked: Vec<(usize, SummaryLine)> = ranked.collect();
        ranked.sort_by_key(|(rank, line)| {
            (
                std::cmp::Reverse(line.severity),
                *rank,
                line.at_stake.currency,
            )
        });
        ranked.truncate(SUMMARY_LINES_MAX);
        let facts = SummaryFacts {
            count: self.count,
            counts: self.counts,
            totals: self.totals.into_values().collect(),
            largest: ranked.into_iter().map(|(_, line)| line).collect(),
        };
        (highest, facts)
    }
}

fn line(of: &Discrepancy) -> SummaryLine {
    SummaryLine {
        id: of.id,
        kind: of.kind,
        severity: of.severity,
        reference: one_line(&of.reference, TEXT_CHARACTERS_MAX),
        at_stake: Money {
            amount: of.at_stake.abs(),
            currency: of.currency,
        },
    }
}

/// `text` on one line, without account numbers, cut to `characters_max`.
pub(super) fn one_line(text: &str, characters_max: usize) -> String {
    let text = masking::accounts_in(text.trim());
    let mut shown: String = text
        .chars()
        .take(characters_max)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if text.chars().count() > characters_max {
        shown.push('…');
    }
    shown
}
