//! That one leaf is in a tree, shown by one hash per level.

use super::Hash;
use super::merkle::{node, root_of};

/// The way from a leaf to the root of its tree (RFC 6962, 2.1.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Place of the leaf, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The hashes beside the way, from the leaf up.
    pub path: Vec<Hash>,
}

impl Proof {
    /// Whether `leaf` is where the proof says in the tree with this root.
    #[must_use]
    pub fn holds(&self, leaf: Hash, root: Hash) -> bool {
        if self.index >= self.size {
            return false;
        }
        let (mut at, mut last) = (self.index, self.size - 1);
        let mut reached = leaf;
        for beside in &self.path {
            if last == 0 {
                return false;
            }
            if at % 2 == 1 || at == last {
                reached = node(*beside, reached);
                // A last node without a neighbour goes up as it is.
                while at % 2 == 0 && at != 0 {
                    at /= 2;
                    last /= 2;
                }
            } else {
                reached = node(reached, *beside);
            }
            at /= 2;
            last /= 2;
        }
        last == 0 && reached == root
    }
}

/// The proof for the leaf at `index`; none when there is no such leaf.
#[must_use]
pub fn prove(leaves: &[Hash], index: usize) -> Option<Proof> {
    leaves.get(index)?;
    let mut path = Vec::new();
    let (mut part, mut at) = (leaves, index);
    while part.len() > 1 {
        // The left half is the largest power of two below the whole.
        let middle = part.len().next_power_of_two() / 2;
        let (left, right) = part.split_at(middle);
        let beside = match at < middle {
            true => right,
            false => left,
        };
        path.push(root_of(beside.iter().copied()));
        (part, at) = match at < middle {
            true => (left, at),
            false => (right, at - middle),
        };
    }
    path.reverse();
    Some(Proof {
        index: index as u64,
        size: leaves.len() as u64,
        path,
    })
}
