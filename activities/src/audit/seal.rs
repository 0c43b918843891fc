//! The roots that seal what a run found: its matches and its discrepancies, each provable alone.
//!
//! The order of the leaves follows from the leaves, not from how the work was divided.

use domain::audit::{
    Commitment, CommitmentKey, Hash, MatchedLine, Statement, discrepancy_leaf, match_leaf, root_of,
};
use domain::discrepancy::Discrepancy;
use proto::staged::{MatchLine, MatchedRecord};

/// Roots over what a run found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seals {
    /// Over all matches, in order of their leaves' hashes.
    pub(crate) matches: Hash,
    /// How many they are.
    pub(crate) count: u64,
    /// Over all discrepancies, in order of their ids.
    pub(crate) discrepancies: Hash,
    /// The id of the key under which these commit to personal texts.
    pub(crate) commitment_key: String,
}

/// The leaf of one line of a file of matches.
pub(crate) fn of_match<'l>(line: &'l MatchLine) -> Statement {
    fn matched(record: &MatchedRecord) -> MatchedLine<'_> {
        MatchedLine {
            file: &record.file,
            line: record.line,
            money: record.money,
        }
    }
    let all = |first, more: &'l [MatchedRecord]| -> Vec<MatchedLine<'l>> {
        std::iter::once(first).chain(more).map(matched).collect()
    };
    let partner = all(&line.partner, &line.more_partner);
    let ledger = all(&line.ledger, &line.more_ledger);
    match_leaf(&line.rule, &line.references, &partner, &ledger)
}

/// The leaf of a discrepancy.
pub(crate) fn of_discrepancy(discrepancy: &Discrepancy, key: CommitmentKey) -> Statement {
    discrepancy_leaf(discrepancy, &Commitment::of(key, &discrepancy.id))
}

/// Leaf hashes of all matches of a run in the order of their tree.
pub(crate) fn in_order(mut leaves: Vec<Hash>) -> Vec<Hash> {
    leaves.sort_unstable();
    leaves
}

/// Leaf hashes of all discrepancies of a run in the order of their tree.
pub(crate) fn discrepancy_leaves<'a>(
    discrepancies: impl IntoIterator<Item = &'a Discrepancy>,
    key: CommitmentKey,
) -> Vec<Hash> {
    let mut by_id: Vec<&Discrepancy> = discrepancies.into_iter().collect();
    by_id.sort_by_key(|a| a.id);
    let leaves = by_id.into_iter().map(|it| of_discrepancy(it, key).leaf());
    leaves.collect()
}

/// Both roots of a run.
pub(crate) fn seals(
    matches: Vec<Hash>,
    discrepancies: &[Discrepancy],
    key: CommitmentKey,
) -> Seals {
    Seals {
        count: matches.len() as u64,
        matches: root_of(in_order(matches)),
        discrepancies: root_of(discrepancy_leaves(discrepancies, key)),
        commitment_key: key.id(),
    }
}

/// Leaf hashes as an object.
pub(crate) fn to_bytes(leaves: &[Hash]) -> Vec<u8> {
    leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect()
}

/// Leaf hashes of an object; none when it holds something else.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (leaves, rest) = bytes.as_chunks();
    rest.is_empty()
        .then(|| leaves.iter().copied().map(Hash::from_bytes).collect())
}
