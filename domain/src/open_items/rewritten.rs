//! Open items that an input which shows records again has in other words: with a reference that was empty, or with
//! another amount.
//!
//! A record that says something else has another [`fingerprint`](super::fingerprint()). Where the input has an open item
//! no more, and a new row says all that the item says, and more, or the same of another amount, the row is that item: where
//! no other row can be the item, and the row can be no other item. So a row that may be an item waits until the whole
//! input is read, and what is not certain by then is a record of its own.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::item::Item;
use crate::matching::{are_strangers, holds_many, is_of_one};
use crate::money::{Currency, Money};
use crate::record::{Record, ReferenceKind, ShortText};

/// Most items of one day under one reference, or over one amount: of more, no row can be told to be one.
const ALIKE_MAX: usize = 16;

/// What an input has that may be open items in other words.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// Places of items that have a reference of their own, by their days and such references.
    pub(super) named: HashMap<(Date, ReferenceKind), HashMap<ShortText, Vec<usize>>>,
    /// Those of the others, by their days and their money in units of the smallest amount.
    pub(super) unnamed: HashMap<(Date, Currency, i128), Vec<usize>>,
    /// New rows with the items that they may be.
    waiting: Vec<(Record, Vec<usize>)>,
    /// How many rows may be an item.
    rows: HashMap<usize, usize>,
    /// Items whose references a record has that runs knew, too: those don't tell one record from another.
    of_several: HashSet<usize>,
}

/// A row that is an open item.
#[derive(Debug)]
pub(super) struct Identified {
    /// The item, by its place.
    pub(super) place: usize,
    pub(super) row: Record,
}

impl Rewritten {
    /// Looks for an item in other words.
    pub(super) fn look_for(&mut self, place: usize, item: &Record) {
        if item.is_undone() {
            return;
        }
        let day = item.value_date;
        for (kind, text) in own_references(item) {
            let of_kind = self.named.entry((day, kind)).or_default();
            of_kind.entry(text.clone()).or_default().push(place);
        }
        if !is_named(item)
            && let Ok(units) = item.money.amount.to_units()
        {
            let of_money = self.unnamed.entry((day, item.money.currency, units));
            of_money.or_default().push(place);
        }
    }

    /// Is shown a record of the input that some run had.
    pub(super) fn see_known(&mut self, record: &Record, items: &[Item]) {
        for place in self.named_as(record).unwrap_or_default() {
            let item = &items[place].record;
            if item.references == record.references && item.money != record.money {
                self.of_several.insert(place);
            }
        }
    }

    /// Takes a record that no run had; gives it back unless it may be one of the items.
    pub(super) fn hold(&mut self, record: Record, items: &[Item]) -> Option<Record> {
        let places = self.may_be(&record, items);
        let mut is_first = false;
        for place in &places {
            let rows = self.rows.entry(*place).or_default();
            *rows += 1;
            is_first |= *rows == 1;
        }
        if !is_first {
            return Some(record);
        }
        self.waiting.push((record, places));
        None
    }

    /// Which rows are items that the input does not show as they were, where nothing else can be meant and `may_be`
    /// agrees; and the other rows that waited.
    pub(super) fn decide(
        self,
        items: &[Item],
        may_be: impl Fn(&Identified) -> bool,
    ) -> (Vec<Identified>, Vec<Record>) {
        let (mut identified, mut others) = (Vec::new(), Vec::new());
        for (row, mut places) in self.waiting {
            places.retain(|place| items[*place].is_open());
            let [place] = places[..] else {
                others.push(row);
                continue;
            };
            let item = &items[place].record;
            let is_sure = match item.money == row.money {
                true => is_named(item) || tells(item, &row),
                false => !self.of_several.contains(&place),
            };
            let one = Identified { place, row };
            match is_sure && self.rows[&place] == 1 && may_be(&one) {
                true => identified.push(one),
                false => others.push(one.row),
            }
        }
        (identified, others)
    }

    /// The items that a row may be. Where it has a reference of its own in common with one, it is none without.
    fn may_be(&self, row: &Record, items: &[Item]) -> Vec<usize> {
        let may_be = |place: &usize| may_be(&items[*place].record, row);
        let Some(named) = self.named_as(row) else {
            return Vec::new();
        };
        let named: Vec<usize> = named.into_iter().filter(may_be).collect();
        if !named.is_empty() || row.is_undone() {
            return named;
        }
        let Money { amount, currency } = row.money;
        let units = amount.to_units().ok();
        let unnamed = units.and_then(|units| self.unnamed.get(&(row.value_date, currency, units)));
        let unnamed = unnamed.filter(|places| places.len() <= ALIKE_MAX);
        let unnamed = unnamed.into_iter().flatten().filter(|it| may_be(it));
        unnamed.copied().collect()
    }

    /// The items that have a reference of its own in common with a record; none where those are too many.
    fn named_as(&self, record: &Record) -> Option<BTreeSet<usize>> {
        let mut places = BTreeSet::new();
        if self.named.is_empty() {
            return Some(places);
        }
        for (kind, text) in own_references(record) {
            let of_kind = self.named.get(&(record.value_date, kind));
            let alike = of_kind.and_then(|of_kind| of_kind.get(text));
            let alike = alike.map_or(&[][..], Vec::as_slice);
            if alike.len() > ALIKE_MAX {
                return None;
            }
            places.extend(alike);
        }
        Some(places)
    }
}

/// Whether nothing that both say speaks against it that a row is an item of the same day: it has all its references,
/// and the same money; or no others, and another amount.
fn may_be(item: &Record, row: &Record) -> bool {
    let money = |record: &Record| (record.money.currency, record.money.amount.is_negative());
    let is_alike = money(item) == money(row) && !row.is_undone() && !are_strangers(item, row);
    is_alike
        && match item.money == row.money {
            true => item.references.iter().all(|it| row.references.contains(it)),
            false => is_named(item) && item.references == row.references,
        }
}

/// Whether more than a day and an amount says that a row is an item without a reference of its own: a reference, whose
/// it is, or what it is for.
fn tells(item: &Record, row: &Record) -> bool {
    let texts = |of: fn(&Record) -> &Option<ShortText>| of(item).as_ref().zip(of(row).as_ref());
    let description = texts(|it| &it.description);
    let all = [
        texts(|it| &it.client),
        texts(|it| &it.counterparty),
        description,
    ];
    let is_same = |texts: (&ShortText, &ShortText)| texts.0 == texts.1;
    let mut kinds = item.references.iter().map(|(kind, _)| *kind);
    let has_reference = kinds.any(|kind| !holds_many(kind));
    let has_text = all.into_iter().flatten().any(is_same);
    description.is_none_or(is_same) && (has_reference || has_text)
}

/// Whether it has a reference that is its own.
pub(super) fn is_named(record: &Record) -> bool {
    own_references(record).next().is_some()
}

/// References of a record that are its own.
fn own_references(record: &Record) -> impl Iterator<Item = (ReferenceKind, &ShortText)> {
    let references = record.references.iter();
    let own = references.filter(|(kind, _)| is_of_one(*kind));
    own.map(|(kind, text)| (*kind, text))
}
