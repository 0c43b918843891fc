//! What may be a part of a sum, and what may not for what it names.
//!
//! Where a rule says only whose records are, an invoice or order that is named tells more: a payment whose text names
//! others is not for these, whatever they add up to.

use super::claims::Search;
use super::fees;
use super::pair::{Timing, contradicts, partner_first, timing};
use super::strangers::{Named, Naming};
use super::twins::{Member, Members};
use crate::policy::Accepts;

/// Those that may be a part of one record of the other side.
pub(super) struct Candidates<'c, 'r> {
    accepts: Accepts<'c>,
    many: &'c [Member<'r>],
    /// What they name, where the rule says only whose they are.
    named: Option<(Naming<'c>, Vec<Named<'r>>)>,
}

impl<'c, 'r> Candidates<'c, 'r> {
    pub(super) fn of(accepts: Accepts<'c>, many: &'c [Member<'r>]) -> Self {
        let named = (!accepts.rule.identifies_both()).then(|| {
            let naming = Naming::of(accepts);
            let named = named(&naming, many.iter());
            (naming, named)
        });
        Candidates {
            accepts,
            many,
            named,
        }
    }

    /// Looks for the only combination of them that is `one`.
    pub(super) fn search(&self, one: Member<'r>, limit: u32) -> Search<'r> {
        let are_identified = self.accepts.rule.identifies(one.record.side.other());
        Search::of(one, self.of_one(&one), limit, are_identified)
    }

    fn of_one(&self, one: &Member<'r>) -> Vec<Member<'r>> {
        let accepts = self.accepts;
        let may_be_part = |other: &Member<'r>| {
            let (partner, ledger) = partner_first(one.record, other.record);
            timing(accepts, partner, ledger) == Timing::Within
                && !contradicts(partner, ledger)
                && fees::fault_of(accepts.policy, partner).is_none()
        };
        let own = self.named.as_ref();
        let own = own.map(|(naming, named)| (naming, named, naming.named(one.record)));
        let names_other = |at: usize| match &own {
            Some((naming, named, own)) => naming.are_of_others(own, &named[at]),
            None => false,
        };
        let many = self.many.iter().enumerate();
        let parts = many.filter(|(at, other)| may_be_part(other) && !names_other(*at));
        parts.map(|(_, other)| *other).collect()
    }
}

/// What each of these names.
fn named<'m, 'r: 'm>(
    naming: &Naming<'_>,
    members: impl Iterator<Item = &'m Member<'r>>,
) -> Vec<Named<'r>> {
    members.map(|it| naming.named(it.record)).collect()
}

impl Members<'_> {
    /// Whether they have in common only whose they are, and some name another client, invoice or order than each of
    /// the other side: it is no part of what these are.
    pub(super) fn name_others(&self, accepts: Accepts<'_>) -> bool {
        if accepts.rule.identifies_both() {
            return false;
        }
        let naming = Naming::of(accepts);
        let [partner, ledger] =
            [&self.partner, &self.ledger].map(|side| named(&naming, side.iter()));
        let is_alone = |one: &Named<'_>, others: &[Named<'_>]| {
            let mut others = others.iter();
            others.all(|other| naming.are_of_others(one, other))
        };
        partner.iter().any(|one| is_alone(one, &ledger))
            || ledger.iter().any(|one| is_alone(one, &partner))
    }
}
