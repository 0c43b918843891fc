//! Test R6 with checkpoints: what a chain alone can't show is found, as far as checkpoints reach.

use jiff::Timestamp;

use super::super::*;
use super::{LENGTH, STREAM, chain, head};

/// Stands in for a signature: what only its holder knows is the key.
const KEY: &str = "5eed";

fn sign(checkpoint: &Checkpoint) -> Vec<u8> {
    let signed = [KEY.as_bytes(), &checkpoint.bytes()].concat();
    Hash::of(&signed).as_bytes().to_vec()
}

fn is_signed(signed: &SignedCheckpoint) -> Result<(), String> {
    match signed.signature == sign(&signed.checkpoint) {
        true => Ok(()),
        false => Err("not signed".to_owned()),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// Every tenth entry is followed by a checkpoint, which names another stream, too.
fn checkpoints(entries: &[AuditEntry]) -> Vec<SignedCheckpoint> {
    let mut made: Vec<SignedCheckpoint> = Vec::new();
    for length in (10..=entries.len()).step_by(10) {
        let of_stream = head(&entries[..length]);
        let heads = [(STREAM, of_stream), ("case/1", entries[0].head())];
        let mut heads = heads
            .map(|(stream, head)| StreamHead {
                stream: stream.to_owned(),
                length: head.length,
                hash: head.hash,
            })
            .to_vec();
        heads.sort();
        let previous = made.last().map(|last| &last.checkpoint);
        let checkpoint = Checkpoint::over(&heads, previous, at(length as i64), "key");
        made.push(SignedCheckpoint {
            signature: sign(&checkpoint),
            checkpoint,
            heads,
        });
    }
    made
}

fn pins(checkpoints: &[SignedCheckpoint]) -> Vec<Pin> {
    let of_stream = |signed: &SignedCheckpoint| {
        let found = signed.heads.iter().find(|head| head.stream == STREAM)?;
        let (checkpoint, head) = (signed.checkpoint.number, found.head());
        Some(Pin { checkpoint, head })
    };
    checkpoints.iter().filter_map(of_stream).collect()
}

fn verify_all(entries: &[AuditEntry], checkpoints: &[SignedCheckpoint]) -> Result<(), String> {
    let wrong = verify_checkpoints(checkpoints, is_signed);
    if let Some(first) = wrong.first() {
        return Err(first.to_string());
    }
    // Whoever rewrites a stream rewrites its head, too.
    verify(STREAM, entries, head(entries)).map_err(|error| error.to_string())?;
    verify_pins(STREAM, entries, &pins(checkpoints)).map_err(|error| error.to_string())
}

/// Rewrites a stream from an entry on, all hashes and the head included.
fn rewritten(entries: &[AuditEntry], from: usize) -> Vec<AuditEntry> {
    let mut cursor = AuditCursor {
        stream: STREAM.to_owned(),
        head: head(&entries[..from]),
        at: entries[from].at,
        actor: "mallory".to_owned(),
    };
    let mut all = entries[..from].to_vec();
    for entry in &entries[from..] {
        let (entry, next) = cursor.entry(entry.event, []);
        all.push(entry);
        cursor = next;
    }
    all
}

#[test]
fn what_is_cut_or_rewritten_before_a_checkpoint_is_found_and_nothing_after_the_last() {
    let entries = chain(LENGTH + 5, "trueup");
    let signed = checkpoints(&entries);
    assert_eq!(verify_all(&entries, &signed), Ok(()));
    for at in 0..entries.len() {
        let (cut, rewritten) = (&entries[..at], rewritten(&entries, at));
        // A chain alone can't tell.
        assert_eq!(verify(STREAM, cut, head(cut)), Ok(()));
        assert_eq!(verify(STREAM, &rewritten, head(&rewritten)), Ok(()));
        let is_pinned = at < LENGTH;
        assert_eq!(verify_all(cut, &signed).is_err(), is_pinned, "cut at {at}");
        let found = verify_all(&rewritten, &signed);
        assert_eq!(found.is_err(), is_pinned, "rewritten from {at}");
        if let Err(problem) = found {
            let next = at / 10 * 10 + 9;
            assert!(
                problem.contains(&format!("entry {next} of")),
                "{at}: {problem}"
            );
        }
    }
}

#[test]
fn a_deleted_or_inserted_entry_that_everything_was_rehashed_for_is_found() {
    let entries = chain(LENGTH, "trueup");
    let signed = checkpoints(&entries);
    for at in 0..LENGTH {
        let mut without = entries.clone();
        without.remove(at);
        let other = (at + 1) % LENGTH;
        let with = [&entries[..at], &entries[other..=other], &entries[at..]].concat();
        for tampered in [without, with] {
            let mut cursor = AuditCursor {
                stream: STREAM.to_owned(),
                head: AuditHead::EMPTY,
                at: entries[0].at,
                actor: "trueup".to_owned(),
            };
            let mut rehashed = Vec::new();
            for entry in tampered {
                let fields = entry.fields.iter();
                let fields = fields.map(|(name, value)| (name.as_str(), value.clone()));
                let (entry, next) = cursor.entry(entry.event, fields);
                rehashed.push(entry);
                cursor = next;
            }
            assert_eq!(verify(STREAM, &rehashed, cursor.head), Ok(()));
            assert!(verify_all(&rehashed, &signed).is_err(), "at {at}");
        }
    }
}

#[test]
fn every_changed_bit_of_a_checkpoint_is_found() {
    let entries = chain(LENGTH, "trueup");
    let signed = checkpoints(&entries);
    let mut changed = 0;
    let mut check = |at: usize, altered: SignedCheckpoint| {
        let mut all = signed.clone();
        all[at] = altered;
        assert!(verify_all(&entries, &all).is_err(), "{all:?}");
        changed += 1;
    };
    let flip = |hash: Hash, bit: usize| {
        let mut bytes = *hash.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        Hash::from_bytes(bytes)
    };
    for (number, original) in signed.iter().enumerate() {
        for bit in 0..256 {
            let mut altered = original.clone();
            altered.checkpoint.previous = flip(altered.checkpoint.previous, bit);
            check(number, altered);
            let mut altered = original.clone();
            altered.checkpoint.root = flip(altered.checkpoint.root, bit);
            check(number, altered);
            let mut altered = original.clone();
            altered.signature[bit / 8] ^= 1 << (bit % 8);
            check(number, altered);
            for head in 0..original.heads.len() {
                let mut altered = original.clone();
                altered.heads[head].hash = flip(altered.heads[head].hash, bit);
                check(number, altered);
            }
        }
        for bit in 0..64 {
            let mut altered = original.clone();
            altered.checkpoint.number ^= 1 << bit;
            check(number, altered);
            let mut altered = original.clone();
            altered.checkpoint.count ^= 1 << bit;
            check(number, altered);
            let mut altered = original.clone();
            altered.heads[0].length ^= 1 << bit;
            check(number, altered);
        }
        let mut altered = original.clone();
        altered.checkpoint.at = at(0);
        check(number, altered);
        let mut altered = original.clone();
        altered.checkpoint.key_id = "other".to_owned();
        check(number, altered);
        let mut altered = original.clone();
        altered.heads.pop();
        check(number, altered);
        let mut altered = original.clone();
        altered.heads.reverse();
        check(number, altered);
        let mut altered = original.clone();
        altered.heads[0].stream = "case/2".to_owned();
        check(number, altered);
    }
    assert!(changed > 5_000, "{changed}");
}

#[test]
fn forged_replaced_and_removed_checkpoints_are_found_and_missing_ones_at_the_end_are_not() {
    let entries = chain(LENGTH, "trueup");
    let signed = checkpoints(&entries);
    let forged_past = rewritten(&entries, 3);
    let forger = |mut forged: Vec<SignedCheckpoint>| {
        for checkpoint in &mut forged {
            checkpoint.signature = Hash::of(&checkpoint.checkpoint.bytes()).as_bytes().to_vec();
        }
        forged
    };
    // Without the key: all of them made anew over another past.
    let forged = forger(checkpoints(&forged_past));
    assert!(verify_all(&forged_past, &forged).is_err());
    // One that was signed, in the place of another.
    for at in 0..signed.len() {
        for other in (0..signed.len()).filter(|other| *other != at) {
            let mut swapped = signed.clone();
            swapped[at] = signed[other].clone();
            assert!(verify_all(&entries, &swapped).is_err(), "{other} at {at}");
        }
        let mut removed = signed.clone();
        removed.remove(at);
        let is_last = at + 1 == signed.len();
        assert_eq!(verify_all(&entries, &removed).is_err(), !is_last, "{at}");
    }
    // A store that was rolled back, checkpoints and all, agrees with itself: only a copy elsewhere
    // shows that there was more.
    let back = &entries[..20];
    assert_eq!(verify_all(back, &signed[..2]), Ok(()));
    assert!(verify_all(back, &signed).is_err());
    // Who has the key can make another past: only a copy elsewhere shows that there was another.
    let second_past = checkpoints(&forged_past);
    assert_eq!(verify_all(&forged_past, &second_past), Ok(()));
    assert_ne!(
        second_past[3].checkpoint.hash(),
        signed[3].checkpoint.hash()
    );
}
