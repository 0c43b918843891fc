//! Large files, the quick way: the sieve settles what agrees, and only the rest becomes records.
//!
//! What comes out is what [`read_sides`](super::read_sides) and the rules would give, byte for
//! byte. Where the sieve does not apply, or meets a file that is not plain, there is no outcome, and
//! the files are read as always.

mod look_again;
mod pile;
mod sift;
mod spill;
#[cfg(test)]
mod tests;

pub(crate) use look_again::{Scanned, show_again};
pub(crate) use sift::{Sieved, sift_sides};
