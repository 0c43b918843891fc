//! Rules by which one text names several records: one payment for the invoices that its text lists.
//!
//! All that are named have to wait, each the only one of its name, named by this record alone, and to be
//! in its currency. Then they belong together: as a match where their sum and days agree, else, when no
//! other rule took them, as a discrepancy of all of them. Where one that is named is not there, nothing is
//! taken: which part of them is meant would be a guess.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Decision, Look};
use super::twins::{Member, Members};
use crate::policy::{Accepts, Cardinality};
use crate::record::Side;

/// Decides about all that waits.
pub(super) fn decide<'r>(
    accepts: Accepts<'_>,
    waiting: impl Iterator<Item = Member<'r>>,
    look: Look,
) -> Vec<Decision> {
    let [key] = &accepts.rule.on[..] else {
        return Vec::new();
    };
    let one = match accepts.rule.cardinality {
        Cardinality::ManyToOne => Side::Ledger,
        _ => Side::Partner,
    };
    let mut naming: Vec<(Member<'r>, BTreeSet<String>)> = Vec::new();
    let mut named: BTreeMap<String, Vec<Member<'r>>> = BTreeMap::new();
    for member in waiting {
        let term = key.of(member.record.side);
        match member.record.side == one {
            true => naming.push((member, term.texts(member.record))),
            false => {
                if let Some(text) = term.text(member.record) {
                    named.entry(text.into_owned()).or_default().push(member);
                }
            }
        }
    }
    let mut claims: BTreeMap<&str, usize> = BTreeMap::new();
    for text in naming.iter().flat_map(|(_, texts)| texts) {
        *claims.entry(text).or_default() += 1;
    }
    let together = naming.iter().filter_map(|(member, texts)| {
        let parts = texts.iter().map(|text| {
            let is_claimed_once = claims.get(text.as_str()) == Some(&1);
            match named.get(text).map(Vec::as_slice) {
                Some([only]) if is_claimed_once => Some(*only),
                _ => None,
            }
        });
        let parts: Vec<Member> = parts.collect::<Option<_>>()?;
        let currency = member.record.money.currency;
        let is_one_currency = parts.iter().all(|it| it.record.money.currency == currency);
        if parts.is_empty() || !is_one_currency {
            return None;
        }
        let (partner, ledger) = match one {
            Side::Partner => (vec![*member], parts),
            Side::Ledger => (parts, vec![*member]),
        };
        let members = Members { partner, ledger };
        match (members.whole(accepts), look) {
            (Some(together), _) => Some(together),
            (None, Look::First) => None,
            (None, Look::Last) => Some(members.undecided(accepts)),
        }
    });
    together.collect()
}
