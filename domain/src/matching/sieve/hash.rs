//! Hash of a key: spreads rows over partitions, and keys over a partition's table.
//!
//! Never stored and never shown: another one would change nothing but the time it takes. Whether
//! two keys are equal is decided by their bytes.

const FIRST: u64 = 0x8c3f_1d27_b54a_9e61;
const SECOND: u64 = 0x5be7_0a93_c6d8_124f;
const THIRD: u64 = 0xd1b5_4a32_d192_ed03;

/// Hash of the bytes of a key; all of its bits are good.
#[must_use]
#[inline]
pub fn hash(key: &[u8]) -> u64 {
    let length = key.len() as u64;
    let (low, high) = match key {
        _ if key.len() > 16 => return of_long(key),
        _ if key.len() >= 8 => (head(key), tail(key)),
        _ if key.len() >= 4 => (half_head(key), half_tail(key)),
        [first, .., last] => (
            u64::from(*first),
            u64::from(key[key.len() / 2]) << 8 | u64::from(*last),
        ),
        [only] => (u64::from(*only), 0),
        [] => (0, 0),
    };
    finish(low, high, length)
}

fn of_long(key: &[u8]) -> u64 {
    let mut state = 0;
    for pair in key[..key.len() - 1].chunks_exact(16) {
        state = mixed(head(pair) ^ FIRST ^ state, tail(pair) ^ SECOND);
    }
    let last = &key[key.len() - 16..];
    finish(head(last) ^ state, tail(last), key.len() as u64)
}

fn finish(low: u64, high: u64, length: u64) -> u64 {
    mixed(mixed(low ^ FIRST, high ^ SECOND) ^ length, THIRD)
}

/// Both halves of the product, so that every bit of both counts.
fn mixed(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product as u64) ^ (product >> 64) as u64
}

fn head(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

fn tail(bytes: &[u8]) -> u64 {
    bytes
        .last_chunk()
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

fn half_head(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |chunk| u64::from(u32::from_le_bytes(*chunk)))
}

fn half_tail(bytes: &[u8]) -> u64 {
    bytes
        .last_chunk()
        .map_or(0, |chunk| u64::from(u32::from_le_bytes(*chunk)))
}
