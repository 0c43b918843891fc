//! Which claims two sides have in common. Each counts as often as it is made.

use std::collections::HashMap;

use super::claim::{Claim, Key};

/// Claims of both sides, by their places in the lists.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Compared {
    /// Expected and found.
    pub(super) correct: Vec<(usize, usize)>,
    /// Expected only.
    pub(super) missed: Vec<usize>,
    /// Found only.
    pub(super) wrong: Vec<usize>,
}

/// Compares what is expected with what is found; all three lists are in their order.
pub(super) fn compared(expected: &[Claim], found: &[Claim]) -> Compared {
    let mut open: HashMap<Key<'_>, Vec<usize>> = HashMap::with_capacity(expected.len());
    // From the end, so that the first of equal ones is taken first.
    for (index, claim) in expected.iter().enumerate().rev() {
        open.entry(claim.key()).or_default().push(index);
    }
    let mut compared = Compared::default();
    for (index, claim) in found.iter().enumerate() {
        match open.get_mut(&claim.key()).and_then(Vec::pop) {
            Some(counterpart) => compared.correct.push((counterpart, index)),
            None => compared.wrong.push(index),
        }
    }
    compared.missed = open.into_values().flatten().collect();
    compared.missed.sort_unstable();
    compared
}
