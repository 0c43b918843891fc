//! Payments that were matched, and of which both sides say since that their money did not stay: one in the place of
//! the payment, the other there, too, or by a record that takes it back. Nobody counts them any more; what is paid
//! then is another payment, and what shows one as it was before says something new.

use super::paid::Payments;
use crate::matching::Superseded;
use crate::record::Record;

/// Whether a record is one that an earlier run matched and that both sides give up, by those that it was used up with.
pub(super) fn is_given_up<'r>(
    record: &Record,
    together: impl IntoIterator<Item = &'r Record>,
) -> bool {
    let back = record.money.opposite();
    let says_so =
        |other: &Record| other.side != record.side && (other.is_undone() || other.money == back);
    record.is_changed() && together.into_iter().any(says_so)
}

/// Superseded records, those together that give a payment up.
pub(super) fn together<'s>(
    payments: &mut Payments,
    superseded: &'s [Superseded],
) -> Vec<Vec<&'s Record>> {
    let records = superseded.iter().map(|it| &it.record);
    let (changed, mut others): (Vec<&Record>, Vec<&Record>) =
        records.partition(|record| record.is_changed());
    let mut together: Vec<Vec<&Record>> = Vec::new();
    for record in changed {
        let undoing = payments.undoing(record);
        let takes_back = |other: &&Record| {
            other.side != record.side && undoing.is_some() && payments.of_record(other) == undoing
        };
        let back = others.iter().position(takes_back);
        let back = back.map(|at| others.remove(at));
        together.push([record].into_iter().chain(back).collect());
    }
    together.extend(others.into_iter().map(|record| vec![record]));
    together
}
