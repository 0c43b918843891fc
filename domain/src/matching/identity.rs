//! What names a discrepancy for life, and the order of records that does not depend on files.
//!
//! An id holds no line number, no date of a run and no amount that may still change: the same
//! difference found by a later run, or by a run for one client, has the same id.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::key;
use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use crate::money::Money;
use crate::policy::MatchRule;
use crate::record::{Record, ReferenceKind, ShortText};

/// Order of records by what they say, then by where they stand: two records that compare equal
/// up to there are interchangeable.
pub(crate) fn canonical_order(a: &Record, b: &Record) -> Ordering {
    let money = |r: &Record| (r.money.currency, r.money.amount);
    let dates = |r: &Record| (r.value_date, r.booking_date, r.status);
    let fees = |r: &Record| {
        r.fees
            .as_deref()
            .map(|f| (f.gross, f.fee, f.net, f.derived))
    };
    money(a)
        .cmp(&money(b))
        .then_with(|| dates(a).cmp(&dates(b)))
        .then_with(|| a.references.cmp(&b.references))
        .then_with(|| a.client.cmp(&b.client))
        .then_with(|| a.counterparty.cmp(&b.counterparty))
        .then_with(|| a.description.cmp(&b.description))
        .then_with(|| fees(a).cmp(&fees(b)))
        .then_with(|| a.origin.raw.cmp(&b.origin.raw))
        .then_with(|| a.origin.file.cmp(&b.origin.file))
        .then_with(|| a.origin.line.cmp(&b.origin.line))
}

/// The first bytes of a text, in its order. Most texts are told apart by them, and need not be fetched
/// from wherever they stand.
pub(super) fn first_bytes(text: &str) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    let kept = text.len().min(bytes.len());
    bytes[..kept].copy_from_slice(&text.as_bytes()[..kept]);
    u128::from_be_bytes(bytes)
}

/// The order in which discrepancies are shown: by reference, kind and id.
#[must_use]
pub fn in_order_for_people<'d>(
    discrepancies: impl IntoIterator<Item = &'d Discrepancy>,
) -> Vec<&'d Discrepancy> {
    let places = discrepancies.into_iter().enumerate();
    in_order(places)
        .map(|(_, discrepancy)| discrepancy)
        .collect()
}

/// Puts discrepancies in [the order](in_order_for_people) in which they are shown.
pub fn sort_for_people(discrepancies: &mut [Discrepancy]) {
    // Discrepancies are large: their places are sorted, then each is moved once.
    let order = in_order(discrepancies.iter().enumerate());
    let mut order: Vec<usize> = order.map(|(place, _)| place).collect();
    // Round each circle of places: what belongs here is fetched from where it stands.
    for start in 0..order.len() {
        let mut here = start;
        loop {
            let from = std::mem::replace(&mut order[here], here);
            if from == start {
                break;
            }
            discrepancies.swap(here, from);
            here = from;
        }
    }
}

fn in_order<'d>(
    places: impl Iterator<Item = (usize, &'d Discrepancy)>,
) -> impl Iterator<Item = (usize, &'d Discrepancy)> {
    let key = |it: &'d Discrepancy| (&it.reference, it.kind, it.id);
    let by_bytes = |(place, it): (usize, &'d Discrepancy)| (first_bytes(&it.reference), place, it);
    let mut order: Vec<(u128, usize, &Discrepancy)> = places.map(by_bytes).collect();
    order.sort_by(|(a_bytes, _, a), (b_bytes, _, b)| {
        let bytes = a_bytes.cmp(b_bytes);
        bytes.then_with(|| key(a).cmp(&key(b)))
    });
    order.into_iter().map(|(_, place, it)| (place, it))
}

/// Natural keys of whatever was found among records that share these texts.
pub(super) fn shared_key(rule: &MatchRule, record: &Record) -> Vec<String> {
    let texts = key::texts(rule, record).unwrap_or_default();
    let named = rule.on.iter().zip(texts);
    let named = named.flat_map(|(key, text)| [key.name().to_owned(), text.into_owned()]);
    named.collect()
}

/// Natural keys of a duplicate: what it shares, and which amount comes again.
pub(super) fn duplicate_key(mut shared: Vec<String>, money: Money) -> Vec<String> {
    shared.extend(plain_money(money));
    shared
}

/// Natural keys of a record that found no counterpart: all its references, or what it says when
/// it has none.
pub(super) fn lone_key(record: &Record) -> Vec<String> {
    if !record.references.is_empty() {
        return named(
            record
                .references
                .iter()
                .map(|(kind, text)| (*kind, &**text)),
        );
    }
    let text = |field: &Option<ShortText>| field.as_deref().unwrap_or_default().to_owned();
    let mut keys = vec!["no reference".to_owned()];
    keys.extend(plain_money(record.money));
    keys.extend([
        record.value_date.to_string(),
        text(&record.client),
        text(&record.counterparty),
        text(&record.description),
    ]);
    keys
}

/// Money without the decimals that a currency happens to have by the list in use.
fn plain_money(money: Money) -> [String; 2] {
    [money.amount.to_string(), money.currency.to_string()]
}

fn named<'r>(references: impl Iterator<Item = (ReferenceKind, &'r str)>) -> Vec<String> {
    references
        .flat_map(|(kind, text)| [kind.name().to_owned(), text.to_owned()])
        .collect()
}

/// Gives out ids; discrepancies with equal kind and keys are told apart by their ordinal.
#[derive(Clone, Default)]
pub(super) struct Ids {
    /// The beginnings of those given: few, of many, begin as another does.
    begun: HashSet<u64>,
    /// How many were given of those that begin so.
    again: HashMap<DiscrepancyId, u32>,
}

impl Ids {
    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.begun.reserve(count);
    }

    /// The next id for this kind and these natural keys.
    pub(super) fn next(&mut self, source: &str, kind: Kind, keys: &[String]) -> DiscrepancyId {
        let mut parts: Vec<&str> = keys.iter().map(String::as_str).collect();
        let first = DiscrepancyId::fingerprint(source, kind, &parts);
        if self.begun.insert(first.beginning()) {
            return first;
        }
        let ordinal = self.again.entry(first).or_insert(1);
        *ordinal += 1;
        let ordinal = format!("number {ordinal}");
        parts.push(&ordinal);
        DiscrepancyId::fingerprint(source, kind, &parts)
    }
}
