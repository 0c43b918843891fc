//! What a report is made of, as the store has it: read once, before anything is computed.

use activities::store::{
    AuditStream, DiscrepancyRow, InputRow, RejectRow, RunRow, Store, StoreError,
};
use domain::calendar::BusinessCalendar;
use jiff::Timestamp;

/// Everything on record about one run, and what its source's file says of it.
#[derive(Clone, Debug)]
pub struct Material {
    /// When it was read: people go on working on cases.
    pub read_at: Timestamp,
    /// What the configuration says; `None` when the source is not configured any more.
    pub source: Option<SourceFacts>,
    /// The run.
    pub run: RunRow,
    /// What it read.
    pub inputs: Vec<InputRow>,
    /// What it could not read.
    pub rejects: Vec<RejectRow>,
    /// What it found, the most severe first, with the cases as they stand now.
    pub discrepancies: Vec<DiscrepancyRow>,
    /// Its audit stream, or why that can't be read.
    pub audit: Result<AuditStream, String>,
}

/// What a report takes from a source's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFacts {
    /// What people call the source.
    pub title: String,
    /// The days that ages are counted in.
    pub calendar: BusinessCalendar,
}

/// Reads all about the run `run_id`.
///
/// # Errors
/// There is no such run, or the store can't be read. A damaged audit stream is part of the answer.
pub async fn collect(
    store: &Store,
    run_id: &str,
    source: impl FnOnce(&str) -> Option<SourceFacts>,
    read_at: Timestamp,
) -> Result<Material, StoreError> {
    let run = store.run(run_id).await?;
    let audit = match store.audit(run_id).await {
        Ok(stream) => Ok(stream),
        Err(error @ (StoreError::Corrupt(_) | StoreError::NotFound(_))) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    Ok(Material {
        read_at,
        source: source(&run.source),
        inputs: store.inputs(run_id).await?,
        rejects: store.rejects(run_id).await?,
        discrepancies: store.discrepancies_of(run_id).await?,
        audit,
        run,
    })
}
