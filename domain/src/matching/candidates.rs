//! What may be a part of a sum, and what may not for what it names.
//!
//! Where a rule says only whose records are, an invoice or order that is named tells more: a payment whose text names
//! others is not for these, whatever they add up to.

use super::claims::{LeftOut, Search};
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

    /// Looks for the only combination of them that is `one`: of those that it may name, or else of all that it names
    /// and others, as a credit note that is kept back from what is paid.
    pub(super) fn search(&self, one: Member<'r>, limit: u32) -> Search<'r> {
        let parts = self.parts(&one);
        let (all, near) = (self.many.len(), parts.len());
        let mut search = self.search_among(one, parts, limit);
        search.left_out = LeftOut {
            by_name: near - search.candidates(),
            otherwise: all - near,
        };
        search
    }

    fn search_among(&self, one: Member<'r>, parts: Vec<usize>, limit: u32) -> Search<'r> {
        let are_identified = self.accepts.rule.identifies(one.record.side.other());
        let of = |candidates: Vec<Member<'r>>| Search::of(one, candidates, limit, are_identified);
        let Some((naming, named)) = &self.named else {
            return of(parts.into_iter().map(|at| self.many[at]).collect());
        };
        let own = naming.named(one.record);
        let names_other = |at: &usize| naming.are_of_others(&own, &named[*at]);
        let (others, may_be_named): (Vec<usize>, Vec<usize>) =
            parts.iter().copied().partition(names_other);
        let search = of(may_be_named.iter().map(|at| self.many[*at]).collect());
        let shares = |at: &&usize| own.shares(&named[**at]);
        let meant: Vec<usize> = may_be_named.iter().filter(shares).copied().collect();
        let is_all = !others.is_empty() && own.is_found_in(meant.iter().map(|at| &named[*at]));
        if search.parts().is_some() || !is_all {
            return search;
        }
        let with_others = parts.iter().map(|at| self.many[*at]);
        let is_of_client = |it: &Member<'r>| !naming.are_of_other_clients(one.record, it.record);
        let with_others = of(with_others.filter(is_of_client).collect());
        let meant = meant.iter().map(|at| self.many[*at]);
        match with_others.has_all(meant) {
            true => with_others,
            false => search,
        }
    }

    /// The places of those that may be a part of one, whatever is named.
    fn parts(&self, one: &Member<'r>) -> Vec<usize> {
        let accepts = self.accepts;
        let may_be_part = |other: &Member<'r>| {
            let (partner, ledger) = partner_first(one.record, other.record);
            timing(accepts, partner, ledger) == Timing::Within
                && !contradicts(partner, ledger)
                && fees::fault_of(accepts.policy, partner).is_none()
        };
        let many = self.many.iter().enumerate();
        let parts = many.filter(|(_, other)| may_be_part(other));
        parts.map(|(at, _)| at).collect()
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
    /// the other side: it is no part of what these are. Where one side has all that the other names, it may have more.
    pub(super) fn name_others(&self, accepts: Accepts<'_>) -> bool {
        if accepts.rule.identifies_both() {
            return false;
        }
        let naming = Naming::of(accepts);
        let [partner, ledger] =
            [&self.partner, &self.ledger].map(|side| named(&naming, side.iter()));
        let has_all = |of: &[Named<'_>], others: &[Named<'_>]| {
            let mut naming_some = of.iter().filter(|it| it.names_any()).peekable();
            naming_some.peek().is_some() && naming_some.all(|it| it.is_found_in(others.iter()))
        };
        let has_more = has_all(&partner, &ledger) || has_all(&ledger, &partner);
        let is_alone = |one: &Named<'_>, others: &[Named<'_>]| {
            let mut others = others.iter();
            others.all(|other| match has_more {
                true => naming.are_of_other_clients(one.record, other.record),
                false => naming.are_of_others(one, other),
            })
        };
        partner.iter().any(|one| is_alone(one, &ledger))
            || ledger.iter().any(|one| is_alone(one, &partner))
    }
}
