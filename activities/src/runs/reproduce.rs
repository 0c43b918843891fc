//! Doing a past run again: from its sealed inputs, its rules and the position it began with, by the
//! same steps; nothing of it is put on record.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::audit::{AuditEvent, discrepancy_leaf};
use domain::discrepancy::Discrepancy;
use domain::engine::ENGINE;
use domain::matching::BUCKETS;
use domain::policy::Scope;
use domain::record::Side;
use proto::wire::ReconciliationInput;
use workflows::ports::{Compare, Conclude, Fetch, Fetched, Run, Sides, Stored};

use super::parts::{self, Found};
use super::{compare, conclude, fetch};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::Progress;
use crate::inputs::pin_name;
use crate::staging::{Folder, SETTINGS, StageProgress, Staging, StagingError};
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
    versioned: BTreeMap<String, String>,
    compared: BTreeMap<String, String>,
}

/// Something that is not as it was.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// As the trail has it.
    pub recorded: String,
    /// As it comes out now.
    pub now: String,
}

/// Why a run can't be done again.
#[derive(Debug, thiserror::Error)]
pub enum ReproduceProblem {
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
    /// [`ReproduceProblem`].
    pub async fn load(
        store: &Store,
        staging: &Staging,
        run_id: &str,
    ) -> Result<Self, ReproduceProblem> {
        let row = store.run(run_id).await?;
        let entries = store.audit(run_id).await?.entries;
        let last = |event: AuditEvent| {
            let mut entries = entries.iter().rev();
            let found = entries.find(|entry| entry.event == event);
            found.map(|entry| entry.fields.iter().cloned().collect())
        };
        let unsaid = || ReproduceProblem::Unsaid(run_id.to_owned());
        let versioned: BTreeMap<String, String> =
            last(AuditEvent::RulesVersioned).ok_or_else(unsaid)?;
        let compared: BTreeMap<String, String> = last(AuditEvent::Compared).ok_or_else(unsaid)?;
        if !compared.contains_key("begun_with_sha256") {
            return Err(unsaid());
        }
        let text = async |what: &str, of: &str, field: &str| {
            let sha256 = versioned.get(field).ok_or_else(unsaid)?;
            let (_, bytes) = kept(staging, what, Folder::Rules { of }, sha256).await?;
            String::from_utf8(bytes).map_err(|error| ReproduceProblem::Gone {
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

/// Does it again; what differs, the reasons first. Nothing when it gives the same.
///
/// `trueup` is configured as the run was; what it stores is to be thrown away: see
/// [`Staging::over`].
///
/// # Errors
/// [`ReproduceProblem`].
pub async fn reproduce(
    trueup: Arc<Trueup>,
    past: &PastRun,
) -> Result<Vec<Difference>, ReproduceProblem> {
    let run = Run {
        run_id: past.row.run_id.clone(),
        request: request(&past.row),
    };
    let position = position(&trueup.staging, past).await?;
    let partner = side(&trueup, past, &run, Side::Partner, position.clone()).await?;
    let ledger = side(&trueup, past, &run, Side::Ledger, position.clone()).await?;
    let sides = Sides { partner, ledger };
    let attempt = past.row.workflow_run_id.clone();
    let mut compared = Vec::new();
    if sides.partner.broken_controls + sides.ledger.broken_controls == 0 {
        let all = Compare {
            run: run.clone(),
            partner: sides.partner.manifest.clone(),
            ledger: sides.ledger.manifest.clone(),
            bucket_from: 0,
            bucket_to: BUCKETS,
            position: position.clone(),
        };
        let progress = Progress::new("");
        let work = compare::work(Arc::clone(&trueup), &progress, all, attempt.clone());
        compared.push(work.await.map_err(failed)?);
    }
    let conclusion = Conclude {
        run,
        sides,
        compared,
        position,
    };
    let progress = Progress::new("");
    let work = conclude::work(Arc::clone(&trueup), &progress, conclusion, attempt);
    let concluded = work.await.map_err(failed)?;
    let found: Found = parts::get(&trueup.staging, &concluded.findings)
        .await
        .map_err(failed)?;
    let seals = found.seals.as_ref();
    let now = [
        ("matched", concluded.totals.matched.to_string()),
        ("in_transit", concluded.totals.in_transit.to_string()),
        ("discrepancies", concluded.totals.discrepancies.to_string()),
        (
            "matches_root",
            seals.map_or(String::new(), |it| it.matches_root.clone()),
        ),
        (
            "commitment_key",
            seals.map_or(String::new(), |it| it.commitment_key.clone()),
        ),
        (
            "discrepancies_root",
            seals.map_or(String::new(), |it| it.discrepancies_root.clone()),
        ),
    ];
    let mut differences = Vec::new();
    differ(
        &mut differences,
        "engine",
        past.versioned.get("engine"),
        &ENGINE.to_string(),
    );
    let is_engine = differences.len();
    for (name, now) in now {
        differ(&mut differences, name, past.compared.get(name), &now);
    }
    if differences.len() > is_engine {
        differences.extend(first_discrepancy(&trueup, past, &found).await?);
        return Ok(differences);
    }
    // Another engine that gives the same is no difference.
    Ok(Vec::new())
}

fn differ(differences: &mut Vec<Difference>, what: &str, recorded: Option<&String>, now: &str) {
    let recorded = recorded.cloned().unwrap_or_default();
    if recorded != now {
        differences.push(Difference {
            what: what.to_owned(),
            recorded,
            now: now.to_owned(),
        });
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
async fn position(staging: &Staging, past: &PastRun) -> Result<Option<Stored>, ReproduceProblem> {
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
) -> Result<Fetched, ReproduceProblem> {
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
    let resume = StageProgress::default();
    let work = fetch::work(trueup, &Progress::new(resume), input, resume, attempt).await;
    work.map_err(|failure| gone(&what, failure.problem()))
}

/// The first discrepancy, by id, that is not as it was.
async fn first_discrepancy(
    trueup: &Trueup,
    past: &PastRun,
    found: &Found,
) -> Result<Option<Difference>, ReproduceProblem> {
    let run_id = &past.row.run_id;
    let sha256 = past
        .compared
        .get("discrepancies_sha256")
        .map_or("", String::as_str);
    let folder = Folder::Compared { run_id };
    let (stored, _) = kept(&trueup.staging, "the discrepancies", folder, sha256).await?;
    let damaged = |error: StagingError| unread("the discrepancies", error);
    let before: Vec<Discrepancy> = trueup.staging.get_all(&stored).await.map_err(damaged)?;
    let now: Vec<Discrepancy> = trueup
        .staging
        .get_all(&found.discrepancies)
        .await
        .map_err(damaged)?;
    let key = trueup.audit.commitments;
    let by_id = |all: Vec<Discrepancy>| {
        let all = all.into_iter();
        let all = all.map(|it| (it.id.to_string(), it));
        all.collect::<BTreeMap<String, Discrepancy>>()
    };
    let (before, now) = (by_id(before), by_id(now));
    let leaf =
        |it: &Discrepancy| discrepancy_leaf(it, &domain::audit::Commitment::of(key, &it.id)).leaf();
    let differs = |id: &&String| before.get(*id).map(leaf) != now.get(*id).map(leaf);
    let mut ids: Vec<&String> = before.keys().chain(now.keys()).collect();
    ids.sort();
    let said = |it: Option<&Discrepancy>| {
        it.map_or("not found".to_owned(), |it| {
            format!("{}: {}", it.kind, it.reason)
        })
    };
    Ok(ids.into_iter().find(differs).map(|id| Difference {
        what: format!("discrepancy {id}"),
        recorded: said(before.get(id)),
        now: said(now.get(id)),
    }))
}

async fn kept(
    staging: &Staging,
    what: &str,
    folder: Folder<'_>,
    sha256: &str,
) -> Result<(Stored, Vec<u8>), ReproduceProblem> {
    let kept = staging.get_by_hash(folder, sha256).await;
    kept.map_err(|error| unread(what, error))
}

/// What is gone for good is a difference; what can't be read here and now says nothing of the run.
fn unread(what: &str, error: StagingError) -> ReproduceProblem {
    match error {
        StagingError::Missing { .. }
        | StagingError::Damaged { .. }
        | StagingError::Redacted { .. } => gone(what, error),
        error => ReproduceProblem::Failed(format!("{what}: {error}")),
    }
}

fn gone(what: &str, reason: impl ToString) -> ReproduceProblem {
    ReproduceProblem::Gone {
        what: what.to_owned(),
        reason: reason.to_string(),
    }
}

fn failed(failure: Failure) -> ReproduceProblem {
    ReproduceProblem::Failed(failure.problem().to_owned())
}
