//! `trueup audit verify`: whether all that is on record is what was written, as far as that can be
//! shown; and how far that is.
//!
//! Reads the whole trail once, in pages, and hashes on all processors. Changes nothing. What is wrong
//! is a finding, not an error: an error is a store or a place that can't be read.

mod cases;
mod chains;
mod checkpoints;
pub(in crate::audit) mod facts;
mod files;
mod report;
pub(in crate::audit) mod runs;

use std::collections::BTreeSet;

use domain::audit::CommitmentKey;

use super::{PublicKeys, Published};
use crate::staging::{Staging, StagingError};
use crate::store::{Store, StoreError};

use facts::{Fields, StreamFacts};
pub use report::{Covered, Report, Wrong};

/// What a verification reads.
#[derive(Clone, Debug)]
pub struct Verifying {
    /// What is on record.
    pub store: Store,
    /// Inputs, matches and rules.
    pub staging: Staging,
    /// Keys that checkpoints may be signed with.
    pub keys: PublicKeys,
    /// Where checkpoints are published.
    pub published: Option<Published>,
    /// The key of commitments to personal texts.
    pub commitments: CommitmentKey,
}

impl Verifying {
    /// Whether the key at hand is the one that a run's discrepancies are committed to with.
    fn has_key_of(&self, compared: &Fields) -> bool {
        let key = compared.get("commitment_key");
        key.is_none_or(|key| *key == self.commitments.id())
    }
}

/// Why a verification could not be made.
#[derive(Debug, thiserror::Error)]
pub enum VerifyProblem {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store can't be read at the moment.
    #[error(transparent)]
    Place(#[from] StagingError),
    /// A computation was cut off.
    #[error("the verification was cut off: {0}")]
    CutOff(String),
}

/// Verifies everything, or one stream and what it speaks of; all checkpoints in any case.
///
/// # Errors
/// [`VerifyProblem`]; [`StoreError::NotFound`] when there is no such stream.
pub async fn verify(with: &Verifying, stream: Option<&str>) -> Result<Report, VerifyProblem> {
    let mut report = Report::default();
    let pins = checkpoints::check(with, &mut report).await?;
    let facts = match stream {
        Some(stream) => chains::one(with, stream, &pins, &mut report).await?,
        None => chains::all(with, pins, &mut report).await?,
    };
    for of_stream in &facts {
        let mut found = outside(with, of_stream).await?;
        if !found.broken.is_empty()
            && let Ok(now) = with.store.audit(&of_stream.stream).await
            && now.head.length != of_stream.length
        {
            // It grew since it was read, and what it speaks of with it.
            let now = StreamFacts::of(&of_stream.stream, &now.entries);
            found = outside(with, &now).await?;
        }
        report.add(found);
    }
    if stream.is_none() {
        let known: BTreeSet<&str> = facts.iter().filter_map(StreamFacts::case).collect();
        cases::check_untold(with, &known, &mut report).await?;
    }
    report.sort();
    Ok(report)
}

/// What one stream says, against what is outside of it.
async fn outside(with: &Verifying, facts: &StreamFacts) -> Result<Report, VerifyProblem> {
    let mut report = Report::default();
    if let Some(run_id) = facts.run() {
        files::check(with, run_id, facts, &mut report).await?;
        runs::check(with, run_id, facts, &mut report).await?;
    }
    if let Some(case) = facts.case() {
        cases::check(with, case, facts, &mut report).await?;
    }
    Ok(report)
}
