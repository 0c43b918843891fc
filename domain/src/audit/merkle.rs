//! Merkle trees as RFC 6962 has them: one hash for many leaves, of which each can be proven alone.
//!
//! Takes leaf hashes one by one and keeps one per level.

use sha2::{Digest, Sha256};

use super::Hash;

/// Before the two hashes of a node, so that no node can pass for a leaf (RFC 6962).
const NODE: u8 = 1;

/// The root of a tree whose leaves come one after the other.
#[derive(Clone, Debug, Default)]
pub struct Merkle {
    /// Roots of whole subtrees, the largest first: one for each bit that is set in `count`.
    subtrees: Vec<Hash>,
    count: u64,
}

impl Merkle {
    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut subtree = leaf;
        // As many subtrees of the same size are there to be joined as the count ends in ones.
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                subtree = node(left, subtree);
            }
        }
        self.subtrees.push(subtree);
        self.count += 1;
    }

    /// How many leaves there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The root over all leaves so far; the hash of nothing for none.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_right = self.subtrees.iter().rev().copied();
        let Some(last) = from_right.next() else {
            return Hash::of(&[]);
        };
        from_right.fold(last, |right, left| node(left, right))
    }
}

/// The root over these leaves.
#[must_use]
pub fn root_of(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut tree = Merkle::default();
    for leaf in leaves {
        tree.push(leaf);
    }
    tree.root()
}

/// The hash of a node with these two below it.
pub(super) fn node(left: Hash, right: Hash) -> Hash {
    let mut hash = Sha256::new_with_prefix([NODE]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Hash::from_bytes(hash.finalize().into())
}
