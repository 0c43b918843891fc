//! Every link of every stream, and every head that a checkpoint pins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::audit::{AuditEntry, AuditHead, ChainError, Pin, verify, verify_pins};
use tokio::task::JoinSet;

use super::checkpoints::Pins;
use super::facts::StreamFacts;
use super::{Report, VerifyProblem, Verifying, Wrong};
use crate::store::{StoreError, TrailEntry};

/// Entries that are read at once.
const ENTRIES_PER_PAGE: u32 = 10_000;
/// Heads that are read at once.
const HEADS_PER_PAGE: u32 = 10_000;
/// Pages that are hashed side by side, while the next is read.
const PAGES_AT_ONCE: usize = 4;

/// A stream as read, whole.
struct Stream {
    name: String,
    entries: Vec<TrailEntry>,
}

/// What streams are held against.
struct Ends {
    heads: BTreeMap<String, AuditHead>,
    pins: Pins,
}

/// What became of some streams.
#[derive(Default)]
struct Checked {
    facts: Vec<StreamFacts>,
    wrong: Vec<Wrong>,
    streams: u64,
    entries: u64,
    entries_not_covered: u64,
    streams_not_covered: u64,
}

/// Checks one stream.
pub(super) async fn one(
    with: &Verifying,
    stream: &str,
    pins: &Pins,
    report: &mut Report,
) -> Result<Vec<StreamFacts>, VerifyProblem> {
    let head = with.store.audit_head(stream).await?;
    let (heads, mut entries) = (BTreeMap::from([(stream.to_owned(), head)]), Vec::new());
    loop {
        let last = entries.last().map(|entry: &TrailEntry| entry.sequence);
        // Nothing is before 0: the page begins behind the streams that come before this one.
        let after = match last {
            Some(last) => (stream.to_owned(), last),
            None => (before(stream), 0),
        };
        let page = with.store.trail(Some(after), ENTRIES_PER_PAGE).await?;
        let of_stream: Vec<_> = page.into_iter().filter(|it| it.stream == stream).collect();
        if of_stream.is_empty() {
            break;
        }
        entries.extend(of_stream);
    }
    if entries.is_empty() && head == AuditHead::EMPTY && !pins.contains_key(stream) {
        // Says that there is no such stream.
        with.store.audit(stream).await?;
    }
    let (name, pins) = (stream.to_owned(), pins.clone());
    let ends = Ends { heads, pins };
    let checked = check(vec![Stream { name, entries }], &ends);
    Ok(add(again(with, &ends, checked).await?, report))
}

/// The greatest text that sorts before `stream` and is no stream's name.
fn before(stream: &str) -> String {
    let mut name = stream.to_owned();
    let last = name
        .pop()
        .map(u32::from)
        .and_then(|last| last.checked_sub(1));
    name.extend(last.and_then(char::from_u32));
    name.push(char::MAX);
    name
}

/// Checks all streams: those that have entries, a head or a pin.
pub(super) async fn all(
    with: &Verifying,
    pins: Pins,
    report: &mut Report,
) -> Result<Vec<StreamFacts>, VerifyProblem> {
    let heads = heads(with).await?;
    let ends = Arc::new(Ends { heads, pins });
    let mut facts = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut hashing = JoinSet::new();
    let mut open: Option<Stream> = None;
    let mut after = None;
    loop {
        let page = with.store.trail(after.take(), ENTRIES_PER_PAGE).await?;
        let is_last = page.is_empty();
        after = page.last().map(|last| (last.stream.clone(), last.sequence));
        let mut whole = Vec::new();
        for entry in page {
            match &mut open {
                Some(stream) if stream.name == entry.stream => stream.entries.push(entry),
                _ => {
                    let name = entry.stream.clone();
                    seen.push(name.clone());
                    let entries = vec![entry];
                    whole.extend(open.replace(Stream { name, entries }));
                }
            }
        }
        if is_last {
            whole.extend(open.take());
        }
        if hashing.len() >= PAGES_AT_ONCE || is_last {
            let checked = collect_one(&mut hashing).await?;
            facts.extend(add(again(with, &ends, checked).await?, report));
        }
        let ends = Arc::clone(&ends);
        hashing.spawn_blocking(move || check(whole, &ends));
        if is_last {
            break;
        }
    }
    while !hashing.is_empty() {
        let checked = collect_one(&mut hashing).await?;
        facts.extend(add(again(with, &ends, checked).await?, report));
    }
    let without = ends.heads.keys().chain(ends.pins.keys());
    let without = without.filter(|name| seen.binary_search(name).is_err());
    let without: BTreeSet<&String> = without.collect();
    let without = without.into_iter().map(|name| Stream {
        name: name.clone(),
        entries: Vec::new(),
    });
    let checked = check(without.collect(), &ends);
    facts.extend(add(again(with, &ends, checked).await?, report));
    Ok(facts)
}

/// Looks again at streams that seem to be broken: one that grew while its pages were read is whole
/// when it is read at once.
async fn again(
    with: &Verifying,
    ends: &Ends,
    mut checked: Checked,
) -> Result<Checked, VerifyProblem> {
    for wrong in std::mem::take(&mut checked.wrong) {
        let name = wrong.subject.as_str();
        let now = match with.store.audit(name).await {
            Ok(now) => now,
            Err(StoreError::Corrupt(_) | StoreError::NotFound(_)) => {
                checked.wrong.push(wrong);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let pins = ends.pins.get(name).map_or(&[][..], Vec::as_slice);
        let whole = verify(name, &now.entries, now.head)
            .and_then(|()| verify_pins(name, &now.entries, pins));
        match whole {
            Ok(()) => checked.facts.push(StreamFacts::of(name, &now.entries)),
            Err(_) => checked.wrong.push(wrong),
        }
    }
    Ok(checked)
}

async fn collect_one(hashing: &mut JoinSet<Checked>) -> Result<Checked, VerifyProblem> {
    match hashing.join_next().await {
        None => Ok(Checked::default()),
        Some(done) => done.map_err(|error| VerifyProblem::CutOff(error.to_string())),
    }
}

fn add(checked: Checked, report: &mut Report) -> Vec<StreamFacts> {
    report.streams += checked.streams;
    report.entries += checked.entries;
    report.covered.entries_not_covered += checked.entries_not_covered;
    report.covered.streams_not_covered += checked.streams_not_covered;
    report.broken.extend(checked.wrong);
    checked.facts
}

async fn heads(with: &Verifying) -> Result<BTreeMap<String, AuditHead>, StoreError> {
    let mut heads: BTreeMap<String, AuditHead> = BTreeMap::new();
    loop {
        let after = heads.last_key_value().map(|(name, _)| name.clone());
        let after = after.unwrap_or_default();
        let page = with.store.trail_heads(&after, HEADS_PER_PAGE).await?;
        if page.is_empty() {
            return Ok(heads);
        }
        heads.extend(page.into_iter().map(|it| (it.stream.clone(), it.head())));
    }
}

fn check(streams: Vec<Stream>, ends: &Ends) -> Checked {
    let mut checked = Checked::default();
    for Stream { name, entries } in streams {
        checked.streams += 1;
        checked.entries += entries.len() as u64;
        let head = ends.heads.get(&name).copied().unwrap_or(AuditHead::EMPTY);
        let pins = ends.pins.get(&name).map_or(&[][..], Vec::as_slice);
        let pinned = pins.iter().map(|pin| pin.head.length).max().unwrap_or(0);
        let not_covered = (entries.len() as u64).saturating_sub(pinned);
        checked.entries_not_covered += not_covered;
        checked.streams_not_covered += u64::from(not_covered > 0);
        match whole(&name, entries, head, pins) {
            Ok(entries) => checked.facts.push(StreamFacts::of(&name, &entries)),
            Err((sequence, problem)) => checked.wrong.push(Wrong {
                subject: name,
                sequence: Some(sequence),
                problem,
            }),
        }
    }
    checked
}

/// The entries of a stream that is whole; else the first bad entry, and what is wrong.
fn whole(
    name: &str,
    read: Vec<TrailEntry>,
    head: AuditHead,
    pins: &[Pin],
) -> Result<Vec<AuditEntry>, (u64, String)> {
    let mut entries = Vec::with_capacity(read.len());
    for TrailEntry {
        sequence, entry, ..
    } in read
    {
        entries.push(entry.map_err(|why| (sequence, why))?);
    }
    let checked = verify(name, &entries, head).and_then(|()| verify_pins(name, &entries, pins));
    match checked {
        Ok(()) => Ok(entries),
        Err(error) => Err((place(&error), error.to_string())),
    }
}

/// The entry that an error is about.
fn place(error: &ChainError) -> u64 {
    match error {
        ChainError::OutOfPlace { sequence, .. }
        | ChainError::OtherStream { sequence, .. }
        | ChainError::Altered { sequence, .. }
        | ChainError::Rewritten { sequence, .. } => *sequence,
        ChainError::Length { found, .. } | ChainError::Cut { found, .. } => *found,
    }
}
