//! A whole comparison in this process: no Temporal, no store, nobody alerted.
//!
//! The same reading and the same rules as in a run, on files that somebody names: for trying rules
//! and formats. Large files of one kind go through the [`sieve`]; of others both sides are kept in
//! memory, which a run does not do.

mod account;
mod compare;
mod matches;
mod sides;
mod sieve;
mod summary;

pub(crate) use account::account;
pub(crate) use compare::compare;
pub(crate) use matches::{Match, Matches};
pub(crate) use sides::{SideInput, SideRead, read_sides};
pub(crate) use sieve::sift_sides;
pub(crate) use summary::Summary;

#[cfg(test)]
mod tests;
