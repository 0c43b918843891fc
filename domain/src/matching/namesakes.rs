//! What a later rule knows by name, where a rule says only whose records are.
//!
//! A rule by client, before the one by reference, finds all payments of a client. Of those that have one text
//! for the later rule, one of each side that agree go together. All others of that text wait for the later
//! rule: no payment of the same amount, nearer by its day, is meant.

use std::collections::BTreeSet;

use super::twins::{Member, Members};
use super::{key, pair};
use crate::policy::{Accepts, Cardinality, MatchRule};

/// Records of a group, by whether a later rule knows them by name.
pub(super) struct Namesakes<'r> {
    /// One of each side that agree.
    pub(super) pairs: Vec<(Member<'r>, Member<'r>)>,
    /// Those without a namesake, in the order in which they came.
    pub(super) others: Members<'r>,
}

impl<'r> Namesakes<'r> {
    /// None where the rule says what records are about, or no later rule finds a name on both sides.
    pub(super) fn of(
        accepts: Accepts<'_>,
        partner: &[Member<'r>],
        ledger: &[Member<'r>],
    ) -> Option<Self> {
        if accepts.rule.identifies_both() {
            return None;
        }
        let mut pairs = Vec::new();
        let mut waiting = BTreeSet::new();
        let by_name =
            |it: &&MatchRule| it.cardinality == Cardinality::OneToOne && it.names_payments();
        for later in accepts.later().filter(by_name) {
            let all = partner.iter().chain(ledger).copied();
            let named = all.filter(|it| {
                let is_free = !waiting.contains(&(it.record.side, it.slot));
                is_free && key::is_complete(later, it.record)
            });
            let groups = Members::alike_in(named, |record| key::texts(later, record));
            let on_both = |it: &Members| !it.partner.is_empty() && !it.ledger.is_empty();
            for Members { partner, ledger } in groups.filter(on_both).collect::<Vec<_>>() {
                if let ([one], [other]) = (&partner[..], &ledger[..])
                    && pair::agree(accepts, one.record, other.record)
                {
                    pairs.push((*one, *other));
                }
                let namesakes = partner.iter().chain(&ledger);
                waiting.extend(namesakes.map(|it| (it.record.side, it.slot)));
            }
        }
        if waiting.is_empty() {
            return None;
        }
        let all = partner.iter().chain(ledger).copied();
        let others = all.filter(|it| !waiting.contains(&(it.record.side, it.slot)));
        let others = others.collect();
        Some(Namesakes { pairs, others })
    }
}
