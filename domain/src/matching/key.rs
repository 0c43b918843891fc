//! Groups of records with equal references, and the bucket that a record is staged in.
//!
//! Records are grouped by sorting hashes of their reference texts: nothing is copied, the order
//! of groups depends on the texts alone, and texts that happen to share a hash are told apart.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::kin::Kin;
use crate::policy::{Key, MatchRule, SourcePolicy};
use crate::record::{FETCHED, Record, fetch};

/// Number of buckets that staged records are spread over. Part of the staged format: a change
/// makes records that are already staged unreadable.
pub const BUCKETS: u32 = 16;

/// Says in which bucket a record is staged: the same for ever, and the same on both sides for records that
/// the first rule can bring together, and for those that are [kin](Kin) to them.
#[derive(Clone, Debug)]
pub struct Buckets {
    kin: Kin,
    /// What the first rule compares.
    on: Vec<Key>,
}

impl Buckets {
    /// The buckets of a source.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        let first = policy.rules.first();
        Buckets {
            kin: Kin::of(policy),
            on: first.map_or_else(Vec::new, |rule| rule.on.clone()),
        }
    }

    /// The bucket of a record.
    #[must_use]
    pub fn of_record(&self, record: &Record) -> u32 {
        let kin = Some(&self.kin).filter(|kin| kin.is_any());
        let by_kin = kin.and_then(|kin| Some(hash_of_text(&kin.text(record)?)));
        let by_rule = || hash_of(&self.on, record).filter(|_| !self.on.is_empty());
        bucket(by_kin.or_else(by_rule).unwrap_or_else(|| {
            // Such a record meets its counterpart in `conclude`; any even spread will do.
            let start = hash_text(HASH_START, &record.origin.raw);
            let texts = record.references.iter();
            texts.fold(start, |hash, (_, text)| hash_text(hash, text))
        }))
    }

    /// The bucket of the records whose only text of the first rule is this one, as it is written.
    #[must_use]
    #[inline]
    pub fn of_key(&self, key: &[u8]) -> u32 {
        self.kin
            .of_key(key, |key| bucket(hash_bytes(HASH_START, key)))
    }
}

fn bucket(hash: u64) -> u32 {
    // The low bits of FNV-1a are its weakest; fold the high half in.
    ((hash ^ (hash >> 32)) % u64::from(BUCKETS)) as u32
}

/// The texts that `rule` compares, in the order of the rule; `None` when the record lacks one.
pub(super) fn texts<'r>(rule: &MatchRule, record: &'r Record) -> Option<Vec<Cow<'r, str>>> {
    let keys = rule.on.iter();
    keys.map(|key| key.of(record.side).text(record)).collect()
}

/// Whether all of them have the texts that `rule` compares, the same ones.
pub(super) fn share_texts<'r>(
    rule: &MatchRule,
    mut records: impl Iterator<Item = &'r Record>,
) -> bool {
    let first = records.next().and_then(|record| texts(rule, record));
    first.is_some() && records.all(|record| texts(rule, record) == first)
}

/// Whether `rule` can find a counterpart for this record at all.
pub(super) fn is_complete(rule: &MatchRule, record: &Record) -> bool {
    let mut keys = rule.on.iter();
    keys.all(|key| key.of(record.side).text(record).is_some())
}

/// Order of two records by the texts that are compared.
pub(super) fn order(on: &[Key], a: &Record, b: &Record) -> Ordering {
    on.iter()
        .map(|key| {
            let (of_a, of_b) = (key.of(a.side), key.of(b.side));
            of_a.text(a).cmp(&of_b.text(b))
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Slots of both sides, grouped by equal texts. Only groups in which both sides are present.
pub(super) struct KeyGroups {
    slots: Vec<usize>,
    /// Where in `slots` a group begins, where its ledger part does, and where it ends.
    bounds: Vec<(usize, usize, usize)>,
}

impl KeyGroups {
    /// Takes in a group in which both sides are present, the partner's entries first.
    fn push(&mut self, group: &[Entry]) {
        let (start, size) = (self.slots.len(), group.len());
        let of_partner = group.partition_point(|entry| !entry.is_ledger);
        if (1..size).contains(&of_partner) {
            self.slots.extend(group.iter().map(|entry| entry.slot));
            self.bounds.push((start, start + of_partner, start + size));
        }
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Partner slots and ledger slots of every group, in an order that depends on texts alone.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[usize], &[usize])> {
        let slots = &self.slots;
        self.bounds
            .iter()
            .map(|&(start, middle, end)| (&slots[start..middle], &slots[middle..end]))
    }
}

/// One record to be grouped; sorts by hash, then side, then slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    is_ledger: bool,
    slot: usize,
}

/// Groups the records that `rule` can bring together and that are offered to it. Empty slots and records
/// without all texts of the rule take no part.
pub(super) fn groups(
    rule: &MatchRule,
    [partner, ledger]: [&[Option<Record>]; 2],
    is_offered: impl Fn(usize, &Record) -> bool,
) -> KeyGroups {
    let mut entries = Vec::with_capacity(partner.len() + ledger.len());
    for (is_ledger, slots) in [(false, partner), (true, ledger)] {
        for (slot, record) in slots.iter().enumerate() {
            if slot.is_multiple_of(FETCHED) {
                fetch(slots[slot..].iter().take(FETCHED).flatten());
            }
            let record = record.as_ref().filter(|it| is_offered(slot, it));
            if let Some(hash) = record.and_then(|it| hash_of(&rule.on, it)) {
                entries.push(Entry {
                    hash,
                    is_ledger,
                    slot,
                });
            }
        }
    }
    entries.sort_unstable();
    let record = |entry: &Entry| {
        let slots = if entry.is_ledger { ledger } else { partner };
        slots[entry.slot].as_ref().expect("only full slots entered")
    };
    let same_texts = |a: &Entry, b: &Entry| order(&rule.on, record(a), record(b)).is_eq();
    let mut groups = KeyGroups {
        slots: Vec::with_capacity(entries.len()),
        bounds: Vec::new(),
    };
    for run in entries.chunk_by_mut(|a, b| a.hash == b.hash) {
        if run.windows(2).any(|pair| !same_texts(&pair[0], &pair[1])) {
            run.sort_by(|a, b| order(&rule.on, record(a), record(b)).then(a.cmp(b)));
        }
        for group in run.chunk_by(same_texts) {
            match apart(rule, group, record) {
                None => groups.push(group),
                Some(parts) => parts.iter().for_each(|part| groups.push(part)),
            }
        }
    }
    groups
}

/// The parts of a group whose texts are the same only without their separators: those with other numbers, and those
/// that don't tell which. None where all may be the same.
fn apart<'r>(
    rule: &MatchRule,
    group: &[Entry],
    record: impl Fn(&Entry) -> &'r Record,
) -> Option<Vec<Vec<Entry>>> {
    let keys = || rule.on.iter();
    let ignores = |key: &Key| {
        [&key.partner, &key.ledger]
            .iter()
            .any(|it| it.ignores_separators())
    };
    if group.len() < 2 || !keys().any(ignores) {
        return None;
    }
    let mut parts: BTreeMap<Option<Vec<_>>, Vec<Entry>> = BTreeMap::new();
    for entry in group {
        let record = record(entry);
        let numbers: Vec<_> = keys()
            .map(|key| key.of(record.side).numbers(record))
            .collect();
        let says = numbers.iter().any(Option::is_some);
        parts
            .entry(says.then_some(numbers))
            .or_default()
            .push(*entry);
    }
    let several = parts.keys().flatten().count() > 1;
    several.then(|| parts.into_values().collect())
}

/// A hash of the texts that are compared; none when the record lacks one. Equal texts have the same.
pub(super) fn hash_of(on: &[Key], record: &Record) -> Option<u64> {
    on.iter().try_fold(HASH_START, |hash, key| {
        Some(hash_text(hash, &key.of(record.side).text(record)?))
    })
}

const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// A hash of one text.
pub(super) fn hash_of_text(text: &str) -> u64 {
    hash_text(HASH_START, text)
}

fn hash_text(start: u64, text: &str) -> u64 {
    hash_bytes(start, text.as_bytes())
}

/// FNV-1a, 64 bits, with a byte between texts that UTF-8 never contains.
#[inline]
fn hash_bytes(start: u64, text: &[u8]) -> u64 {
    let hashed = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    hashed(text.iter().copied().fold(start, hashed), 0xff)
}
