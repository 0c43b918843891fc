//! One cause behind many discrepancies: a report that is incomplete, a cut-off that moved, a fee
//! schedule that changed. People get one case and one alert for it instead of hundreds.
//!
//! A cause is a suspicion with its figures, never a verdict: its discrepancies stay what they are,
//! each with its own record and age, and are dealt with through the cause or one by one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::calendar::{BusinessCalendar, DayUnit};
use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use crate::matching::own_records;
use crate::money::{Amount, Currency, amount_text};
use crate::named_enum;
use crate::policy::SourcePolicy;
use crate::record::{FeeSplit, Record};
use crate::severity::Severity;

named_enum! {
    /// What many discrepancies may have in common.
    CauseKind {
        /// The partner's report lacks most of what we have: a file is missing or cut off.
        ReportIncomplete = "report_incomplete",
        /// Our records lack most of what the partner reports: a booking run did not happen.
        LedgerIncomplete = "ledger_incomplete",
        /// Value dates are all off by the same number of days.
        CutOffShifted = "cut_off_shifted",
        /// Fees follow one formula, and it is not the one agreed.
        FeesChanged = "fees_changed",
    }
}

/// From where on many discrepancies are one cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CausePolicy {
    /// At least so many discrepancies.
    pub members_min: u64,
    /// At least so many per cent: of the records compared on the side that has them, for what is
    /// missing; of all discrepancies of the kind, for dates and fees.
    pub share_percent: u64,
}

impl Default for CausePolicy {
    fn default() -> Self {
        CausePolicy {
            members_min: 20,
            share_percent: 50,
        }
    }
}

/// How many records a run compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// On the partner's side.
    pub partner: u64,
    /// On the ledger's.
    pub ledger: u64,
}

/// What many discrepancies of one run have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// 32 hexadecimal digits: the same for the same source, kind and business date.
    pub id: String,
    /// What it is.
    pub kind: CauseKind,
    /// The highest severity among its discrepancies, and at least high: together they are more
    /// than each.
    pub severity: Severity,
    /// What is the matter, and what to look at, in one sentence.
    pub explanation: String,
    /// Its discrepancies. A discrepancy has one cause at most.
    pub members: BTreeSet<DiscrepancyId>,
}

/// The causes behind `discrepancies`, which are those of one whole run. In any order of them the
/// same causes.
#[must_use]
pub fn causes(
    policy: &SourcePolicy,
    causes: CausePolicy,
    business_date: Date,
    compared: Compared,
    discrepancies: &[Discrepancy],
) -> Vec<Cause> {
    let mut suspicions = Vec::new();
    let of_kind = |kind: Kind| {
        let found = discrepancies.iter().filter(move |d| d.kind == kind);
        found.collect::<Vec<_>>()
    };
    for (kind, missing, of) in [
        (
            CauseKind::ReportIncomplete,
            Kind::MissingAtPartner,
            compared.ledger,
        ),
        (
            CauseKind::LedgerIncomplete,
            Kind::MissingInLedger,
            compared.partner,
        ),
    ] {
        let mut members = of_kind(missing);
        // No file needs to have what failed.
        members.retain(|found| !own_records(found).any(Record::has_failed));
        let (count, of) = (members.len() as u64, of.max(members.len() as u64));
        suspicions.push((kind, of, incomplete(kind, count, of), members));
    }
    let dates = of_kind(Kind::DateMismatch);
    let all = dates.len() as u64;
    if let Some((days, members)) = same_shift(&policy.calendar, &dates) {
        let explanation = shifted(days, members.len(), all);
        suspicions.push((CauseKind::CutOffShifted, all, explanation, members));
    }
    let fees = of_kind(Kind::FeeMismatch);
    let all = fees.len() as u64;
    if let Some((formula, members)) = same_formula(policy, &fees) {
        let explanation = format!(
            "{} of {all} fees that are not the agreed one are {formula}: did the partner change \
             its prices?",
            members.len()
        );
        suspicions.push((CauseKind::FeesChanged, all, explanation, members));
    }
    let is_one = |members: &[&Discrepancy], of: u64| {
        let count = members.len() as u64;
        count >= causes.members_min.max(1)
            && count.saturating_mul(100) >= of.saturating_mul(causes.share_percent)
    };
    suspicions
        .into_iter()
        .filter(|(_, of, _, members)| is_one(members, *of))
        .map(|(kind, _, explanation, members)| Cause {
            id: id(&policy.source, kind, business_date),
            kind,
            severity: highest(&members).max(Severity::High),
            explanation,
            members: members.into_iter().map(|d| d.id).collect(),
        })
        .collect()
}

fn id(source: &str, kind: CauseKind, business_date: Date) -> String {
    let mut hash = Sha256::new();
    let date = business_date.to_string();
    for text in ["trueup.cause.v1", source, kind.name(), &date] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex::encode(&hash.finalize()[..16])
}

fn highest(members: &[&Discrepancy]) -> Severity {
    let severities = members.iter().map(|member| member.severity);
    severities.max().unwrap_or(Severity::Low)
}

fn incomplete(kind: CauseKind, count: u64, of: u64) -> String {
    match kind {
        CauseKind::ReportIncomplete if count == of => {
            format!("the partner reports none of {of} payments that we have: is its file missing?")
        }
        CauseKind::ReportIncomplete => format!(
            "the partner's report lacks {count} of {of} payments that we have: is a file missing \
             or cut off?"
        ),
        _ => format!(
            "our records lack {count} of {of} payments that the partner reports: did a booking \
             run not happen?"
        ),
    }
}

fn shifted(days: i64, count: usize, all: u64) -> String {
    let direction = if days < 0 { "earlier" } else { "later" };
    let size = crate::matching::counted_days(days.abs(), DayUnit::Business);
    format!(
        "{count} of {all} value dates outside of the window are {size} {direction} than ours: did \
         a cut-off move?"
    )
}

/// The most frequent shift of value dates in business days, and what has it.
fn same_shift<'d>(
    calendar: &BusinessCalendar,
    dates: &[&'d Discrepancy],
) -> Option<(i64, Vec<&'d Discrepancy>)> {
    let mut by_shift: BTreeMap<i64, Vec<&Discrepancy>> = BTreeMap::new();
    for &discrepancy in dates {
        let both = discrepancy
            .partner
            .as_ref()
            .zip(discrepancy.ledger.as_ref());
        let Some((partner, ledger)) = both else {
            continue;
        };
        let days = calendar.business_days_between(ledger.value_date, partner.value_date);
        by_shift.entry(days).or_default().push(discrepancy);
    }
    by_shift
        .into_iter()
        .max_by_key(|(_, members)| members.len())
}

/// A fee of some per cent of the gross amount and a fixed part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Formula {
    percent: Amount,
    fixed: Amount,
    currency: Currency,
}

/// The formula that most of these fees follow, in words, and those that do. The fixed part is the
/// agreed one, or none; of the fees only the percentage is guessed, from each of the largest.
fn same_formula<'d>(
    policy: &SourcePolicy,
    fees: &[&'d Discrepancy],
) -> Option<(String, Vec<&'d Discrepancy>)> {
    let agreed = policy.agreed_fee.as_ref()?;
    let mut largest: Vec<(&Discrepancy, FeeSplit, Currency)> = fees
        .iter()
        .filter_map(|discrepancy| {
            split_of(discrepancy.partner.as_ref()?).map(|(s, c)| (*discrepancy, s, c))
        })
        .collect();
    largest.sort_by(|a, b| b.1.gross.cmp(&a.1.gross).then_with(|| a.0.id.cmp(&b.0.id)));
    let mut formulas = BTreeSet::new();
    for (_, split, currency) in largest.iter().take(FORMULAS_TRIED_MAX) {
        let agreed_part = agreed.fixed.get(currency).copied().unwrap_or_default();
        for fixed in [agreed_part, Amount::ZERO] {
            let percent = percent_of(split, fixed);
            formulas.extend(percent.map(|percent| Formula {
                percent,
                fixed,
                currency: *currency,
            }));
        }
    }
    let followers = |formula: &Formula| -> Vec<&'d Discrepancy> {
        let mut following: Vec<&'d Discrepancy> = Vec::new();
        for (discrepancy, split, currency) in &largest {
            if *currency == formula.currency && follows(formula, split, agreed.tolerance) {
                following.push(discrepancy);
            }
        }
        following
    };
    let best = formulas
        .iter()
        .map(|formula| (followers(formula), formula))
        .max_by_key(|(following, formula)| (following.len(), std::cmp::Reverse(**formula)))?;
    let (
        members,
        Formula {
            percent,
            fixed,
            currency,
        },
    ) = best;
    let words = match fixed.is_zero() {
        true => format!("{percent} % of the gross amount"),
        false => format!(
            "{percent} % of the gross amount and {} {currency}",
            amount_text(*fixed, *currency)
        ),
    };
    Some((words, members))
}

/// Fees whose percentage is tried on all others.
const FORMULAS_TRIED_MAX: usize = 20;

fn split_of(record: &Record) -> Option<(FeeSplit, Currency)> {
    let split = *record.fees.as_deref()?;
    let is_usable = !split.gross.is_zero() && !split.gross.is_negative();
    is_usable.then_some((split, record.money.currency))
}

/// The percentage that this fee is of its gross amount, to two decimals.
fn percent_of(split: &FeeSplit, fixed: Amount) -> Option<Amount> {
    let variable = split.fee.checked_sub(fixed).ok()?;
    let (fee, fee_scale) = variable.to_scaled();
    let (gross, gross_scale) = split.gross.to_scaled();
    // fee / gross * 100, times 100 for two decimals, rounded half up.
    let factor = 10i128.checked_pow(gross_scale.checked_add(4)?)?;
    let divisor = gross.checked_mul(10i128.checked_pow(fee_scale)?)?;
    let scaled = fee.checked_mul(factor)?;
    let rounded = scaled
        .checked_mul(2)?
        .checked_add(divisor)?
        .div_euclid(divisor.checked_mul(2)?);
    Amount::from_scaled(rounded, 2)
        .ok()
        .filter(|percent| !percent.is_negative())
}

fn follows(formula: &Formula, split: &FeeSplit, tolerance: Amount) -> bool {
    let expected = split.gross.percent(formula.percent);
    let expected = expected.and_then(|share| share.checked_add(formula.fixed));
    let gap = expected.and_then(|expected| expected.checked_sub(split.fee));
    gap.is_ok_and(|gap| gap.abs() <= tolerance)
}

#[cfg(test)]
mod tests;
