//! Fuzzing, for a bounded time: files are damaged again and again, and whatever is read in a way that
//! nothing was before is kept and damaged further.
//!
//! `TRUEUP_FUZZ_SECONDS` sets the time for each target (3 in the suite), `TRUEUP_FUZZ_SEED` repeats a
//! run. What breaks is printed with the seed, and as a text to paste into a test.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use super::laws::hold;
use super::testing::read_bytes;
use super::{Format, Line};

/// Longest file that is kept.
const BYTES_MAX: usize = 1 << 14;
/// What parsers look for.
const TOKENS: [&[u8]; 30] = [
    b"\"",
    b"\n",
    b"\r\n",
    b"\r",
    b";",
    b",",
    b"\t",
    b"\0",
    b"<",
    b"</",
    b"/>",
    b"&amp;",
    b"&#0;",
    b"&x;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"<!DOCTYPE x [",
    b"<?xml version='1.0' encoding='UTF-16'?>",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"9999999999999999999999999999",
    b"-",
    b"+0.0",
    b"1e9",
    b"\xe2\x88\x92",
    b"2026-02-30",
    b"NaN",
    b"Ccy=\"EUR\"",
];

/// Damages files, beginning with `seed`, and gives them to `read`, which tells them apart by a text and
/// panics where something is broken.
pub(super) fn fuzz(name: &str, seed: &[u8], read: impl Fn(&[u8]) -> String) {
    let variable = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let random_seed = || RandomState::new().hash_one(name);
    let start = variable("TRUEUP_FUZZ_SEED").unwrap_or_else(random_seed);
    let seconds = variable("TRUEUP_FUZZ_SECONDS").unwrap_or(3);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut random = fastrand::Rng::with_seed(start);
    let mut known = BTreeSet::from([read(seed)]);
    let mut kept = vec![seed.to_vec()];
    let mut count = 0_u64;
    while Instant::now() < end {
        let mut bytes = kept[random.usize(..kept.len())].clone();
        for _ in 0..random.usize(1..6) {
            damage(&mut bytes, &kept, &mut random);
        }
        bytes.truncate(BYTES_MAX);
        count += 1;
        let result = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        match result {
            Ok(way) => {
                if known.insert(way) {
                    kept.push(bytes);
                }
            }
            Err(panic) => {
                let text = bytes.escape_ascii();
                eprintln!(
                    "{name}: broken by file {count} of TRUEUP_FUZZ_SEED={start}:\nb\"{text}\""
                );
                resume_unwind(panic);
            }
        }
    }
    println!(
        "{name}: {count} files, {} ways of reading, seed {start}",
        known.len()
    );
}

fn damage(bytes: &mut Vec<u8>, kept: &[Vec<u8>], random: &mut fastrand::Rng) {
    let from = random.usize(..=bytes.len());
    let to = (from + random.usize(0..24)).min(bytes.len());
    match random.u8(..7) {
        0 => drop(bytes.drain(from..to)),
        1 => {
            let token = TOKENS[random.usize(..TOKENS.len())];
            bytes.splice(from..from, token.iter().copied());
        }
        2 => {
            let token = TOKENS[random.usize(..TOKENS.len())];
            bytes.splice(from..to, token.iter().copied());
        }
        3 if !bytes.is_empty() => {
            let at = from.min(bytes.len() - 1);
            bytes[at] = random.u8(..);
        }
        4 => {
            let copy = bytes[from..to].to_vec();
            let at = random.usize(..=bytes.len());
            bytes.splice(at..at, copy);
        }
        5 => {
            let other = &kept[random.usize(..kept.len())];
            let start = random.usize(..=other.len());
            bytes.truncate(from);
            bytes.extend_from_slice(&other[start..]);
        }
        _ => bytes.truncate(to),
    }
}

/// Reads by `format`, holds what comes out to its laws, and says how it went.
pub(super) fn read_by(format: &Format) -> impl Fn(&[u8]) -> String {
    move |bytes| {
        let (lines, summary) = read_bytes(format, bytes);
        hold(&lines, &summary).unwrap_or_else(|broken| panic!("{broken}"));
        let problems: BTreeSet<String> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Reject(reject) => {
                    Some(kind(&format!("{}: {}", reject.column, reject.reason)))
                }
                Line::Record(_) => None,
            })
            .collect();
        match summary {
            Ok(summary) => format!("{} {problems:?}", summary.accepted.min(3)),
            Err(error) => format!("{} {problems:?}", kind(&error.to_string())),
        }
    }
}

/// A sentence without what is only said of this file: digits, and what is quoted.
fn kind(sentence: &str) -> String {
    let outside = sentence.split('`').step_by(2).collect::<String>();
    outside
        .chars()
        .filter(|letter| !letter.is_ascii_digit())
        .take(80)
        .collect()
}
