//! Two records that were brought together: do they agree, and if not, in what?
//!
//! Every pair goes through here, also those of equal amounts. A pair is one discrepancy at most:
//! the first kind in the order of [`Kind`] names it, its reason tells the rest.

use jiff::civil::Date;

use super::explain;
use super::fees::{self, FeeFault};
use super::strangers::{are_of_many, are_of_others, name_others};
use crate::calendar::BusinessCalendar;
use crate::discrepancy::Kind;
use crate::money::{Amount, Money};
use crate::policy::{Accepts, DateWindow, Key};
use crate::record::{Record, ShortText, Side, Status};

/// How the partner's value date lies to the ledger's, by the rule's window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Timing {
    /// Near enough.
    Within,
    /// The partner's is earlier by this many days.
    Early(i64),
    /// The partner's is later by this many days.
    Late(i64),
}

/// Two records of different sides, the partner's first.
pub(super) fn partner_first<'r>(one: &'r Record, other: &'r Record) -> (&'r Record, &'r Record) {
    match one.side {
        Side::Partner => (one, other),
        Side::Ledger => (other, one),
    }
}

/// One thing in which two records differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Finding {
    /// Other currency.
    Currency,
    /// Partner less ledger is beyond every tolerance (`None`: too large to be exact).
    Amount(Option<Amount>),
    /// One says reversed or failed, the other settled; or failed, the other nothing.
    Status(Option<Status>, Option<Status>),
    /// The partner's fee is wrong.
    Fee(FeeFault),
    /// Partner less ledger is within the rounding tolerance.
    Rounding(Amount),
    /// The value date is outside the window.
    Date(Timing),
}

impl Finding {
    fn kind(&self) -> Kind {
        match self {
            Finding::Currency => Kind::CurrencyMismatch,
            Finding::Amount(_) => Kind::AmountMismatch,
            Finding::Status(..) => Kind::StatusMismatch,
            Finding::Fee(_) => Kind::FeeMismatch,
            Finding::Rounding(_) => Kind::Rounding,
            Finding::Date(_) => Kind::DateMismatch,
        }
    }
}

/// What a discrepancy says of a pair that does not agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    pub(super) at_stake: Amount,
    pub(super) difference: Option<Amount>,
    pub(super) reason: String,
}

/// How two records differ; `None` when they agree. `subject` names what they share.
pub(super) fn difference(
    accepts: Accepts<'_>,
    partner: &Record,
    ledger: &Record,
    subject: impl FnOnce() -> ShortText,
) -> Option<Difference> {
    let findings = findings(accepts, partner, ledger);
    let first = findings.first()?;
    let same_currency = partner.money.currency == ledger.money.currency;
    let difference = same_currency
        .then(|| amount_difference(partner, ledger))
        .flatten();
    let is_paid_in_question = findings.iter().any(|it| matches!(it, Finding::Status(..)));
    let at_stake = match first {
        // The whole amount is in question when even its currency or its being paid is.
        Finding::Currency | Finding::Amount(None) => partner.money.amount.abs(),
        _ if is_paid_in_question => {
            let (reported, booked) = (partner.money.amount.abs(), ledger.money.amount.abs());
            // Some report of what failed that nothing was paid.
            reported.max(booked)
        }
        Finding::Fee(fault) => fault.at_stake(),
        _ => difference.unwrap_or_default().abs(),
    };
    Some(Difference {
        kind: first.kind(),
        at_stake,
        difference,
        reason: explain::pair(accepts, &subject(), partner, ledger, &findings),
    })
}

/// Whether two records agree in everything that is compared.
pub(super) fn agree(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    findings(accepts, partner, ledger).is_empty()
}

/// Whether two records have in common only whose they are, and are of days too far from each other, or name
/// other invoices or orders: that makes them no pair.
pub(super) fn are_strange(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    !accepts.rule.identifies_both()
        && (timing(accepts, partner, ledger) != Timing::Within
            || name_others(accepts, partner, ledger))
}

/// Whether nothing keeps two records from being one payment: the money, the days, where it stands, or what they
/// name.
pub(super) fn may_be_one(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    let is_against = |it: &Finding| {
        matches!(
            it,
            Finding::Currency | Finding::Amount(_) | Finding::Status(..)
        )
    };
    !are_strange(accepts, partner, ledger)
        && !findings(accepts, partner, ledger).iter().any(is_against)
}

/// Whether two records are of different currencies, or of amounts beyond every tolerance.
pub(super) fn differ_in_money(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    partner.money != ledger.money
        && findings(accepts, partner, ledger)
            .iter()
            .any(|it| matches!(it, Finding::Currency | Finding::Amount(_)))
}

/// Everything in which two records differ, in order of precedence.
fn findings(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rounding = None;
    if partner.money.currency != ledger.money.currency {
        findings.push(Finding::Currency);
    } else if partner.money.amount != ledger.money.amount {
        let tolerance = accepts.tolerance(partner.money.currency);
        match amount_difference(partner, ledger) {
            Some(gap) if gap.abs() <= tolerance.accepted_of(ledger.money.amount) => {}
            Some(gap) if gap.abs() <= tolerance.rounding => rounding = Some(gap),
            gap => findings.push(Finding::Amount(gap)),
        }
    }
    findings.extend(contradiction(partner, ledger));
    findings.extend(fees::fault_of_pair(accepts, partner, ledger).map(Finding::Fee));
    findings.extend(rounding.map(Finding::Rounding));
    match timing(accepts, partner, ledger) {
        Timing::Within => {}
        outside => findings.push(Finding::Date(outside)),
    }
    findings
}

/// The side that says failed or reversed where the other says settled, or failed where the other says
/// nothing: a record without a status is money that moved. Whether one that is reversed was taken back,
/// or takes another back, can't be told beside it.
#[inline]
pub(super) fn undone_at(at_partner: Option<Status>, in_ledger: Option<Status>) -> Option<Side> {
    use Status::{Failed, Reversed, Settled};
    match (at_partner, in_ledger) {
        (Some(Settled), Some(Reversed | Failed)) | (None, Some(Failed)) => Some(Side::Ledger),
        (Some(Reversed | Failed), Some(Settled)) | (Some(Failed), None) => Some(Side::Partner),
        _ => None,
    }
}

/// Whether one says that the money moved, and the other that it did not.
pub(super) fn contradicts(partner: &Record, ledger: &Record) -> bool {
    contradiction(partner, ledger).is_some()
}

/// Settled on one side, reversed or failed on the other.
///
/// `pending` contradicts nothing: it says that more will be heard. Nor does a record that takes
/// a payment back: it is the reversal, it was not itself reversed.
fn contradiction(partner: &Record, ledger: &Record) -> Option<Finding> {
    let undone = match undone_at(partner.status, ledger.status)? {
        Side::Partner => partner,
        Side::Ledger => ledger,
    };
    (!undone.is_reversal()).then_some(Finding::Status(partner.status, ledger.status))
}

/// How the two value dates lie to each other.
pub(super) fn timing(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> Timing {
    let (window, calendar) = (accepts.window(), &accepts.policy.calendar);
    timing_of(window, calendar, partner.value_date, ledger.value_date)
}

/// Whether of two records of one side one may repeat the other: they are about the same. Where the rule says only
/// whose they are, they have the same references, or are of days near each other and have no other texts.
pub(super) fn may_repeat(accepts: Accepts<'_>, one: &Record, other: &Record) -> bool {
    let rule = accepts.rule;
    let are_about_one = || {
        let texts = one.description.as_ref().zip(other.description.as_ref());
        let are_named = !one.references.is_empty() && one.references == other.references;
        let are_other = texts.is_some_and(|(one, other)| one != other);
        are_named || are_near(accepts, one.value_date, other.value_date) && !are_other
    };
    let are_other_numbers = |key: &Key| {
        let (one, other) = (
            key.of(one.side).numbers(one),
            key.of(other.side).numbers(other),
        );
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    !are_of_others(&rule.on, one, other)
        && !rule.on.iter().any(are_other_numbers)
        && !are_of_many(&rule.on, one, other)
        && (rule.identifies(one.side) || are_about_one())
}

/// Whether two days are within the window of each other, either way.
pub(super) fn are_near(accepts: Accepts<'_>, one: Date, other: Date) -> bool {
    let (window, calendar) = (accepts.window(), &accepts.policy.calendar);
    let is_within = |one, other| timing_of(window, calendar, one, other) == Timing::Within;
    is_within(one, other) || is_within(other, one)
}

/// How two days lie to each other.
pub(super) fn timing_of(
    window: DateWindow,
    calendar: &BusinessCalendar,
    partner: Date,
    ledger: Date,
) -> Timing {
    if partner == ledger {
        return Timing::Within;
    }
    let days = calendar.days_between(ledger, partner, window.unit);
    if days > i64::from(window.late_days) {
        Timing::Late(days)
    } else if -days > i64::from(window.early_days) {
        Timing::Early(-days)
    } else {
        Timing::Within
    }
}

/// Partner less ledger, exact.
fn amount_difference(partner: &Record, ledger: &Record) -> Option<Amount> {
    let (reported, booked) = (partner.money.amount, ledger.money.amount);
    reported.checked_sub(booked).ok()
}

/// Whether the money flows one way on one side and the other way on the other.
pub(super) fn are_opposite(partner: Money, ledger: Money) -> bool {
    let (reported, booked) = (partner.amount, ledger.amount);
    let any_zero = reported.is_zero() || booked.is_zero();
    !any_zero && reported.is_negative() != booked.is_negative()
}
