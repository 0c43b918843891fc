//! Whether the fee that a partner reports is one: it must add up, be the one agreed, and be the
//! one that we booked.

use crate::money::{Amount, Currency, amount_text};
use crate::policy::{Accepts, AgreedFee, SourcePolicy};
use crate::record::{FeePart, FeeSplit, Record};

/// What is wrong with a fee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FeeFault {
    /// Gross less fee is not net.
    DoesNotAddUp { split: FeeSplit },
    /// Not the fee that was agreed.
    NotAgreed { split: FeeSplit, agreed: Amount },
    /// Not the fee that the ledger has.
    NotBooked { split: FeeSplit, booked: FeeSplit },
}

impl FeeFault {
    /// The money that this is about, without a sign.
    pub(super) fn at_stake(&self) -> Amount {
        let gap = match self {
            FeeFault::DoesNotAddUp { split } => split
                .gross
                .checked_sub(split.fee)
                .and_then(|net| net.checked_sub(split.net)),
            FeeFault::NotAgreed { split, agreed } => split.fee.checked_sub(*agreed),
            FeeFault::NotBooked { split, booked } => split.fee.checked_sub(booked.fee),
        };
        gap.unwrap_or_default().abs()
    }

    /// The fee that was taken, and the one that it should be: gross less net, agreed, or booked.
    pub(super) fn taken_and_right(&self) -> (Amount, Option<Amount>) {
        match self {
            FeeFault::DoesNotAddUp { split } => {
                (split.fee, split.gross.checked_sub(split.net).ok())
            }
            FeeFault::NotAgreed { split, agreed } => (split.fee, Some(*agreed)),
            FeeFault::NotBooked { split, booked } => (split.fee, Some(booked.fee)),
        }
    }

    /// What is wrong, without its subject: `its fee does not add up: ...`.
    pub(super) fn clause(&self, currency: Currency) -> String {
        let text = |amount| amount_text(amount, currency);
        match self {
            FeeFault::DoesNotAddUp { split } => format!(
                "the partner's fee does not add up: gross {} less fee {} is not net {} {currency}",
                text(split.gross),
                text(split.fee),
                text(split.net)
            ),
            FeeFault::NotAgreed { split, agreed } => format!(
                "the partner took a fee of {} {currency}{} on {}{}, agreed is {}",
                text(split.fee),
                how_fee(split),
                text(split.gross),
                how_gross(split),
                text(*agreed)
            ),
            FeeFault::NotBooked { split, booked } => format!(
                "the partner took a fee of {} {currency}{}, the ledger has {}{}",
                text(split.fee),
                how_fee(split),
                text(booked.fee),
                how_fee(booked)
            ),
        }
    }
}

/// Where the fee is from, when the record does not state it.
fn how_fee(split: &FeeSplit) -> &'static str {
    match split.derived {
        Some(FeePart::Fee) => " (gross less net)",
        _ => "",
    }
}

/// Where the gross amount is from, when the record does not state it.
fn how_gross(split: &FeeSplit) -> &'static str {
    match split.derived {
        Some(FeePart::Gross) => " (net and fee)",
        _ => "",
    }
}

/// The first thing wrong with the fee of a partner record, by itself. Where it states two of gross, fee and
/// net only, they add up. Nothing is to be paid out of what failed, nor does it cost what was agreed.
pub(super) fn fault_of(policy: &SourcePolicy, partner: &Record) -> Option<FeeFault> {
    let split = *partner.fees.as_deref().filter(|_| !partner.has_failed())?;
    if split.gross.checked_sub(split.fee) != Ok(split.net) {
        return Some(FeeFault::DoesNotAddUp { split });
    }
    let agreement = policy.agreed_fee.as_ref()?;
    let currency = partner.money.currency;
    let exact = agreed_fee(agreement, split.gross, currency)?;
    let agreed = exact.rounded(currency);
    let is_agreed = |fee| is_within(split.fee, fee, agreement.tolerance);
    // Some partners state it with all of its decimals.
    (!is_agreed(agreed) && !is_agreed(exact)).then_some(FeeFault::NotAgreed { split, agreed })
}

/// The first thing wrong with the fee of a pair; what we booked counts where both state a fee.
pub(super) fn fault_of_pair(
    accepts: Accepts<'_>,
    partner: &Record,
    ledger: &Record,
) -> Option<FeeFault> {
    let split = *partner.fees.as_deref().filter(|_| !partner.has_failed())?;
    fault_of(accepts.policy, partner).or_else(|| {
        let booked = *ledger.fees.as_deref()?;
        let tolerance = accepts.tolerance(partner.money.currency);
        let allowed = tolerance.accepted.max(tolerance.rounding);
        let same_currency = partner.money.currency == ledger.money.currency;
        (same_currency && !is_within(split.fee, booked.fee, allowed))
            .then_some(FeeFault::NotBooked { split, booked })
    })
}

/// What the agreement gives for this gross amount, exactly; `None` for money that goes out, for which
/// nothing is agreed, and where the exact product does not fit.
fn agreed_fee(agreement: &AgreedFee, gross: Amount, currency: Currency) -> Option<Amount> {
    if gross.is_negative() || gross.is_zero() {
        return None;
    }
    let fixed = agreement.fixed.get(&currency).copied().unwrap_or_default();
    let share = gross.percent(agreement.percent).ok()?;
    share.checked_add(fixed).ok()
}

fn is_within(one: Amount, other: Amount, allowed: Amount) -> bool {
    one.checked_sub(other).is_ok_and(|gap| gap.abs() <= allowed)
}
