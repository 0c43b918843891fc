//! A whole comparison in this process: no Temporal, no store, nobody alerted.
//!
//! The same reading and the same rules as in a run, on files that somebody names: for trying rules
//! and formats. Keeps both sides in memory; a run does not.

mod account;
mod compare;
mod matches;
mod sides;
mod summary;

pub(crate) use account::account;
pub(crate) use compare::compare;
pub(crate) use matches::{Match, Matches};
pub(crate) use sides::{SideInput, SideRead, read_sides};
pub(crate) use summary::Summary;

#[cfg(test)]
mod tests;
