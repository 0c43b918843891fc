//! A run as its trail has it, and its inputs read again from what was sealed: for doing it again. Nothing
//! of that is put on record.

use std::collections::BTreeMap;

use domain::audit::AuditEvent;
use domain::policy::Scope;
use domain::record::Side;
use proto::wire::ReconciliationInput;
use workflows::ports::{Compare, Fetch, Fetched, Run, Sides, Stored};

use super::fetch;
use crate::Trueup;
use crate::failures::Failure;
use crate::inputs::pin_name;
use crate::staging::{Folder, SETTINGS, Staging, StagingError};
use crate::store::{RunRow, Store, StoreError};

/// A run as its trail has it.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// The run.
    pub row: RunRow,
    /// The text of its source's file, as it was.
    pub rules: String,
    /// The text of `trueup.toml`, as it was.
    pub settings: String,
    pub(super) versioned: BTreeMap<String, String>,
    pub(super) compared: BTreeMap<String, String>,
}

/// Why a run can't be done again.
#[derive(Debug, thiserror::Error)]
pub enum PastProblem {
    /// The store can't be read, or has no such run.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that it needs is not there, or is another.
    #[error("{what}: {reason}")]
    Gone {
        /// What it needs.
        what: String,
        /// Why it can't have it.
        reason: String,
    },
    /// Its trail does not say enough.
    #[error(
        "the trail of {0} does not say what it began with: it was not compared yet, or by a version \
         that did not keep it"
    )]
    Unsaid(String),
    /// A step failed.
    #[error("{0}")]
    Failed(String),
}

impl PastRun {
    /// What the store and the object store have of a run.
    ///
    /// # Errors
    /// [`PastProblem`].
    pub async fn load(store: &Store, staging: &Staging, run_id: &str) -> Result<Self, PastProblem> {
        let row = store.run(run_id).await?;
        let entries = store.audit(run_id).await?.entries;
        let last = |event: AuditEvent| {
            let mut entries = entries.iter().rev();
            let found = entries.find(|entry| entry.event == event);
            found.map(|entry| entry.fields.iter().cloned().collect())
        };
        let unsaid = || PastProblem::Unsaid(run_id.to_owned());
        let versioned: BTreeMap<String, String> =
            last(AuditEvent::RulesVersioned).ok_or_else(unsaid)?;
        let compared: BTreeMap<String, String> = last(AuditEvent::Compared).ok_or_else(unsaid)?;
        if !compared.contains_key("begun_with_sha256") {
            return Err(unsaid());
        }
        let text = async |what: &str, of: &str, field: &str| {
            let sha256 = versioned.get(field).ok_or_else(unsaid)?;
            let (_, bytes) = kept(staging, what, Folder::Rules { of }, sha256).await?;
            String::from_utf8(bytes).map_err(|error| PastProblem::Gone {
                what: what.to_owned(),
                reason: error.to_string(),
            })
        };
        Ok(PastRun {
            rules: text("the rules", &row.source, "sha256").await?,
            settings: text("the settings", SETTINGS, "settings_sha256").await?,
            row,
            versioned,
            compared,
        })
    }
}

/// What it began with, read again.
pub(super) struct Again {
    pub(super) run: Run,
    pub(super) sides: Sides,
    pub(super) position: Option<Stored>,
}

impl Again {
    /// Reads it. `trueup` is configured as it is to be done; what it stores is to be thrown away: see
    /// [`Staging::over`].
    pub(super) async fn read(trueup: &Trueup, past: &PastRun) -> Result<Self, PastProblem> {
        let run = Run {
            run_id: past.row.run_id.clone(),
            request: request(&past.row),
        };
        let position = position(&trueup.staging, past).await?;
        let partner = side(trueup, past, &run, Side::Partner, position.clone()).await?;
        let ledger = side(trueup, past, &run, Side::Ledger, position.clone()).await?;
        Ok(Again {
            run,
            sides: Sides { partner, ledger },
            position,
        })
    }

    /// All of it, to be compared.
    pub(super) fn all(&self) -> Compare {
        Compare::part(&self.run, &self.sides, self.position.clone(), 0, 1)
    }
}

/// As it was asked for, but for nothing that it decides is put on record.
fn request(row: &RunRow) -> ReconciliationInput {
    let scope = match &row.scope {
        Scope::Whole => None,
        Scope::Client(client) => Some(proto::wire::Scope {
            client: Some(client.clone()),
            invoice: None,
        }),
        Scope::Invoice(invoice) => Some(proto::wire::Scope {
            client: None,
            invoice: Some(invoice.clone()),
        }),
    };
    ReconciliationInput {
        source: row.source.clone(),
        business_date: row.business_date.to_string(),
        scope,
        generation: row.generation,
        requested_by: row.requested_by.clone(),
        dry_run: true,
    }
}

/// The position that it began with.
async fn position(staging: &Staging, past: &PastRun) -> Result<Option<Stored>, PastProblem> {
    let sha256 = past
        .compared
        .get("begun_with_sha256")
        .map_or("none", String::as_str);
    if sha256 == "none" {
        return Ok(None);
    }
    let source = &past.row.source;
    let folder = Folder::Positions { source };
    let (stored, _) = kept(staging, "the position it began with", folder, sha256).await?;
    Ok(Some(stored))
}

/// Reads one side again, from the inputs that the run's last attempt sealed.
async fn side(
    trueup: &Trueup,
    past: &PastRun,
    run: &Run,
    side: Side,
    position: Option<Stored>,
) -> Result<Fetched, PastProblem> {
    let attempt = &past.row.workflow_run_id;
    let what = format!("the {side}'s inputs");
    let folder = Folder::Staged {
        run_id: &run.run_id,
        side,
    };
    // Without it, whatever is there today would be read.
    let pinned = trueup.staging.get_named(folder, &pin_name(attempt)).await;
    if pinned.map_err(|error| unread(&what, error))?.is_none() {
        return Err(gone(&what, "the list of what was sealed is not there"));
    }
    let input = Fetch {
        run: run.clone(),
        side: side.name().to_owned(),
        position,
    };
    let fetched = fetch::from_the_start(trueup, input, attempt).await;
    fetched.map_err(|failure| gone(&what, failure.problem()))
}

pub(super) async fn kept(
    staging: &Staging,
    what: &str,
    folder: Folder<'_>,
    sha256: &str,
) -> Result<(Stored, Vec<u8>), PastProblem> {
    let kept = staging.get_by_hash(folder, sha256).await;
    kept.map_err(|error| unread(what, error))
}

/// What is gone for good is a difference; what can't be read here and now says nothing of the run.
pub(super) fn unread(what: &str, error: StagingError) -> PastProblem {
    match error {
        StagingError::Missing { .. }
        | StagingError::Damaged { .. }
        | StagingError::Redacted { .. } => gone(what, error),
        error => PastProblem::Failed(format!("{what}: {error}")),
    }
}

fn gone(what: &str, reason: impl ToString) -> PastProblem {
    PastProblem::Gone {
        what: what.to_owned(),
        reason: reason.to_string(),
    }
}

pub(super) fn failed(failure: Failure) -> PastProblem {
    PastProblem::Failed(failure.problem().to_owned())
}
