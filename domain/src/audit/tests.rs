//! Test R6: whatever is done to a stored chain of 40 entries is found, and where.

use jiff::Timestamp;

use super::*;

mod checkpoints;
mod leaves;
mod merkle;

const STREAM: &str = "recon/acme-pay/2026-11-20";
const LENGTH: usize = 40;

fn chain(length: usize, actor: &str) -> Vec<AuditEntry> {
    let mut cursor = AuditCursor {
        stream: STREAM.to_owned(),
        head: AuditHead::EMPTY,
        at: "2026-11-20T06:30:00.123456789Z".parse().unwrap(),
        actor: actor.to_owned(),
    };
    let mut entries = Vec::new();
    for n in 0..length {
        let event = AuditEvent::ALL[n % AuditEvent::ALL.len()];
        let fields = [("sha256", format!("{n:08x}")), ("rows", n.to_string())];
        let (entry, next) = cursor.entry(event, fields);
        entries.push(entry);
        cursor = next;
    }
    entries
}

fn head(entries: &[AuditEntry]) -> AuditHead {
    entries.last().map_or(AuditHead::EMPTY, AuditEntry::head)
}

/// The fields of an entry as a store would keep them.
fn serialised(entry: &AuditEntry) -> Vec<Vec<u8>> {
    let mut fields = vec![
        entry.stream.clone().into_bytes(),
        entry.sequence.to_be_bytes().to_vec(),
        entry.previous.as_bytes().to_vec(),
        entry.at.as_nanosecond().to_be_bytes().to_vec(),
        entry.actor.clone().into_bytes(),
        entry.event.name().to_owned().into_bytes(),
    ];
    for (name, value) in &entry.fields {
        fields.push(name.clone().into_bytes());
        fields.push(value.clone().into_bytes());
    }
    fields
}

/// What a store would read back; `None` when it is not an entry at all.
fn read_back(fields: &[Vec<u8>]) -> Option<AuditEntry> {
    let text = |at: usize| String::from_utf8(fields[at].clone()).ok();
    let pairs = fields[6..].chunks(2).map(|pair| {
        let [name, value] = pair else { return None };
        Some((
            String::from_utf8(name.clone()).ok()?,
            String::from_utf8(value.clone()).ok()?,
        ))
    });
    Some(AuditEntry {
        stream: text(0)?,
        sequence: u64::from_be_bytes(fields[1].clone().try_into().ok()?),
        previous: Hash::from_bytes(fields[2].clone().try_into().ok()?),
        at: Timestamp::from_nanosecond(i128::from_be_bytes(fields[3].clone().try_into().ok()?))
            .ok()?,
        actor: text(4)?,
        event: AuditEvent::parse(&text(5)?)?,
        fields: pairs.collect::<Option<_>>()?,
    })
}

fn place(error: &ChainError) -> u64 {
    match error {
        ChainError::OutOfPlace { sequence, .. }
        | ChainError::OtherStream { sequence, .. }
        | ChainError::Altered { sequence, .. } => *sequence,
        ChainError::Rewritten { sequence, .. } => *sequence,
        ChainError::Length { found, .. } | ChainError::Cut { found, .. } => *found,
    }
}

#[test]
fn every_flipped_bit_is_found_in_its_entry() {
    let entries = chain(LENGTH, "trueup");
    let stored = head(&entries);
    assert_eq!(verify(STREAM, &entries, stored), Ok(()));
    let (mut flipped, mut verified) = (0, 0);
    for at in 0..LENGTH {
        let original = serialised(&entries[at]);
        for field in 0..original.len() {
            for bit in 0..original[field].len() * 8 {
                let mut fields = original.clone();
                fields[field][bit / 8] ^= 1 << (bit % 8);
                flipped += 1;
                let Some(altered) = read_back(&fields) else {
                    continue;
                };
                let mut chain = entries.clone();
                chain[at] = altered;
                let error = verify(STREAM, &chain, stored).expect_err("a flipped bit");
                assert_eq!(place(&error), at as u64, "field {field} bit {bit}: {error}");
                verified += 1;
            }
        }
    }
    println!("{flipped} bits flipped, {verified} left a readable entry");
    assert!(
        flipped > 30_000 && verified > 25_000,
        "{flipped} {verified}"
    );
}

#[test]
fn deleted_swapped_and_inserted_entries_are_found() {
    let entries = chain(LENGTH, "trueup");
    let stored = head(&entries);
    let foreign = chain(LENGTH, "mallory");
    for at in 0..LENGTH {
        let mut deleted = entries.clone();
        deleted.remove(at);
        let error = verify(STREAM, &deleted, stored).expect_err("a deleted entry");
        assert_eq!(place(&error), at as u64, "{error}");
        for other in at + 1..LENGTH {
            let mut swapped = entries.clone();
            swapped.swap(at, other);
            let error = verify(STREAM, &swapped, stored).expect_err("swapped entries");
            assert_eq!(place(&error), at as u64, "{error}");
        }
        for inserted in [&entries[at], &foreign[at]] {
            let mut chain = entries.clone();
            chain.insert(at, inserted.clone());
            assert!(verify(STREAM, &chain, stored).is_err(), "inserted at {at}");
        }
        for event in AuditEvent::ALL
            .iter()
            .filter(|event| **event != entries[at].event)
        {
            let mut chain = entries.clone();
            chain[at].event = *event;
            let error = verify(STREAM, &chain, stored).expect_err("another event");
            assert_eq!(place(&error), at as u64, "{error}");
        }
    }
}

#[test]
fn a_cut_or_rewritten_end_is_found_with_the_head() {
    let entries = chain(LENGTH, "trueup");
    let stored = head(&entries);
    let foreign = chain(LENGTH, "mallory");
    for length in 0..LENGTH {
        let cut = &entries[..length];
        assert_eq!(
            verify(STREAM, cut, head(cut)),
            Ok(()),
            "a chain alone cannot tell"
        );
        let error = verify(STREAM, cut, stored).expect_err("a cut end");
        assert_eq!(place(&error), length as u64, "{error}");

        let mut cursor = AuditCursor {
            stream: STREAM.to_owned(),
            head: head(cut),
            at: entries[length].at,
            actor: "mallory".to_owned(),
        };
        let mut rewritten = cut.to_vec();
        for entry in &entries[length..] {
            let (entry, next) = cursor.entry(entry.event, []);
            rewritten.push(entry);
            cursor = next;
        }
        assert_eq!(verify(STREAM, &rewritten, cursor.head), Ok(()));
        assert!(
            verify(STREAM, &rewritten, stored).is_err(),
            "rewritten from {length}"
        );
    }
    assert!(verify(STREAM, &foreign, stored).is_err());
    let longer = chain(LENGTH + 1, "trueup");
    assert!(
        verify(STREAM, &longer, stored).is_err(),
        "entries after the head"
    );
    assert!(verify("recon/other/2026-11-20", &entries, stored).is_err());
}

#[test]
fn neighbouring_texts_do_not_run_together() {
    let cursor = |stream: &str, actor: &str| AuditCursor {
        stream: stream.to_owned(),
        head: AuditHead::EMPTY,
        at: Timestamp::UNIX_EPOCH,
        actor: actor.to_owned(),
    };
    let hash = |name, value: &str| {
        let fields = [(name, value.to_owned())];
        cursor("s", "a")
            .entry(AuditEvent::Compared, fields)
            .0
            .hash()
    };
    assert_ne!(hash("ab", "c"), hash("a", "bc"));
    let with = cursor("s", "a").entry(AuditEvent::Compared, [("b", "2".into()), ("a", "1".into())]);
    let sorted =
        cursor("s", "a").entry(AuditEvent::Compared, [("a", "1".into()), ("b", "2".into())]);
    assert_eq!(with.0, sorted.0);
}

#[test]
fn the_documented_test_vector_holds() {
    let document = include_str!("../../../docs/audit-format.md");
    let cursor = AuditCursor {
        stream: "recon/acme-pay/2026-11-20".to_owned(),
        head: AuditHead::EMPTY,
        at: "2026-11-20T06:30:00.5Z".parse().unwrap(),
        actor: "trueup".to_owned(),
    };
    let opened = [
        ("source", "acme-pay".to_owned()),
        ("generation", "1".to_owned()),
    ];
    let (first, cursor) = cursor.entry(AuditEvent::RunOpened, opened);
    let cursor = AuditCursor {
        actor: "Zoë".to_owned(),
        ..cursor
    };
    let (second, cursor) = cursor.entry(AuditEvent::RunCompleted, []);
    let lines: Vec<String> = [&first, &second]
        .into_iter()
        .flat_map(|entry| {
            [
                format!("bytes {}", hex::encode(entry.bytes())),
                format!("hash  {}", entry.hash()),
            ]
        })
        .chain([format!("head  {} {}", cursor.head.length, cursor.head.hash)])
        .collect();
    for line in &lines {
        assert!(
            document.contains(line),
            "docs/audit-format.md lacks\n{}",
            lines.join("\n")
        );
    }
}
