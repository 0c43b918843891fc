//! The sieve: settles the rows that nobody will ever look at, before anything is built of them.
//!
//! Nearly all rows of a day are one row of the partner and one of the ledger under one reference
//! that agree in everything. The sieve finds exactly those among rows in their smallest form
//! ([`Partition`]) and leaves all others, whole groups of equal references together, to the rules.
//! What a match is, is said by the rules alone:
//!
//! > the sieve, then the rules on what it left = the rules on everything
//!
//! for any rows, in any order, in any partitions. Leaving a group is always right; the sieve
//! settles only what the first rule would pair off without a word.

mod agreement;
mod hash;
mod join;
mod pairs;
mod partition;
mod row;
mod tally;

#[cfg(test)]
mod tests;

pub use agreement::{Agreement, key_of};
pub use hash::hash;
pub use join::{Join, Sifted};
pub use pairs::{KeptRow, KeptRows, Pairing, PairingSide};
pub use partition::{CHUNK_BYTES, Partition, Rows};
pub use row::{Day, Facts, KEY_BYTES_MAX, Place, PlainAmount, ROW_FORM};
pub use tally::Tally;
