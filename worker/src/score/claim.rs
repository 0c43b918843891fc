//! One thing that a truth or a result says.

use std::fmt;
use std::sync::Arc;

use domain::discrepancy::Kind;
use domain::money::Money;

/// What is said of some records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum What {
    /// That they are a discrepancy.
    Kind(Kind),
    /// That they belong together and agree.
    Match,
}

impl What {
    /// The kind's name, or `match`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            What::Kind(kind) => kind.name(),
            What::Match => "match",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where the records stand, ascending.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) partner: Box<[u32]>,
    pub(crate) ledger: Box<[u32]>,
}

/// One discrepancy, or one group of records that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Claim {
    pub(crate) what: What,
    /// What people call it; empty for a match.
    pub(crate) reference: Box<str>,
    pub(crate) lines: Lines,
    /// What is at stake, without a sign; for a match what the partner reports.
    pub(crate) value: Option<Money>,
    /// The truth's label, where it has labels.
    pub(crate) trouble: Option<Arc<str>>,
}

/// What two claims have in common when they say the same: reference and kind of a discrepancy, both
/// sets of lines of a match.
#[derive(PartialEq, Eq, Hash, Debug)]
pub(super) enum Key<'c> {
    Discrepancy(Kind, &'c str),
    Match(&'c Lines),
}

impl Claim {
    pub(super) fn key(&self) -> Key<'_> {
        match self.what {
            What::Kind(kind) => Key::Discrepancy(kind, &self.reference),
            What::Match => Key::Match(&self.lines),
        }
    }
}

/// All that a truth or a result says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Claims {
    pub(crate) discrepancies: Vec<Claim>,
    /// None where it says nothing about what belongs together.
    pub(crate) matches: Option<Vec<Claim>>,
}
