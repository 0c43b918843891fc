//! Rules by which one text names several records: one payment for the invoices that its text lists.
//!
//! All that are named have to wait, each the only one of its name, named by this record alone, and to be
//! in its currency. Then they belong together: as a match where their sum and days agree, else, when no
//! other rule took them, as a discrepancy of all of them. Where one that is named is not there, nothing is
//! taken: which part of them is meant would be a guess. A text that names the same over the same money is that
//! payment again.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Decision, Look};
use super::identity::canonical_order;
use super::twins::{Member, Members};
use crate::money::Money;
use crate::policy::{Accepts, Cardinality};
use crate::record::{Movement, Side};

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
    let lists = lists(&naming);
    // By payments that were made, and by others.
    let mut claims: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for list in &lists {
        for text in list.texts {
            let (made, others) = claims.entry(text).or_default();
            *if list.is_made() { made } else { others } += 1;
        }
    }
    let mut decisions = Vec::new();
    for list in &lists {
        let List { texts, ones } = list;
        let parts = texts.iter().map(|text| {
            let is_claimed_once = match claims.get(text.as_str()) {
                Some((made, _)) if list.is_made() => *made == 1,
                other => other == Some(&(0, 1)),
            };
            match named.get(text).map(Vec::as_slice) {
                Some([only]) if is_claimed_once => Some(*only),
                _ => None,
            }
        });
        let Some(parts) = parts.collect::<Option<Vec<Member>>>() else {
            continue;
        };
        let (first, again) = (ones[0], &ones[1..]);
        let currency = first.record.money.currency;
        let is_one_currency = parts.iter().all(|it| it.record.money.currency == currency);
        if parts.is_empty() || !is_one_currency {
            continue;
        }
        let (partner, ledger) = match one {
            Side::Partner => (vec![first], parts),
            Side::Ledger => (parts, vec![first]),
        };
        let members = Members { partner, ledger };
        match (members.whole(accepts), look) {
            (Some(together), _) => {
                let duplicates = again
                    .iter()
                    .map(|copy| Decision::duplicate(copy, &first, ones.len(), 1));
                decisions.extend(duplicates);
                decisions.push(together);
            }
            (None, Look::Last) if again.is_empty() => decisions.push(members.undecided(accepts)),
            (None, _) => {}
        }
    }
    decisions
}

/// What texts name, and the records that name just that over the same money, in canonical order: one is the
/// payment, the others are it again.
struct List<'n, 'r> {
    texts: &'n BTreeSet<String>,
    ones: Vec<Member<'r>>,
}

impl List<'_, '_> {
    fn is_made(&self) -> bool {
        self.ones[0].record.movement() == Movement::Made
    }
}

/// Payments that failed, or were taken back, are lists of their own: where one was made, that is meant.
fn lists<'n, 'r>(naming: &'n [(Member<'r>, BTreeSet<String>)]) -> Vec<List<'n, 'r>> {
    let mut lists: BTreeMap<_, Vec<Member<'r>>> = BTreeMap::new();
    for (member, texts) in naming {
        let Money { amount, currency } = member.record.money;
        let made = (member.record.movement() == Movement::Made).then_some((currency, amount));
        let is_other = made.is_none().then_some(member.slot);
        let list = lists.entry((texts, made, is_other)).or_default();
        list.push(*member);
    }
    let lists = lists.into_iter().map(|((texts, ..), mut ones)| {
        ones.sort_by(|a, b| canonical_order(a.record, b.record));
        List { texts, ones }
    });
    lists.collect()
}
