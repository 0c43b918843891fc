//! Doing a past run again: from its sealed inputs, its rules and the position it began with, by the
//! same steps; nothing of it is put on record.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::audit::discrepancy_leaf;
use domain::discrepancy::Discrepancy;
use domain::engine::ENGINE;

use super::conclude;
use super::parts::{self, Found};
use super::past::{Again, PastProblem, PastRun, failed, kept, unread};
use crate::Trueup;
use crate::staging::{Folder, StagingError};

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

/// Does it again; what differs, the reasons first. Nothing when it gives the same.
///
/// `trueup` is configured as the run was; what it stores is to be thrown away: see
/// [`Staging::over`].
///
/// # Errors
/// [`PastProblem`].
pub async fn reproduce(
    trueup: Arc<Trueup>,
    past: &PastRun,
) -> Result<Vec<Difference>, PastProblem> {
    let again = Again::read(&trueup, past).await?;
    let attempt = &past.row.workflow_run_id;
    let Again {
        run,
        sides,
        position,
    } = again;
    let concluded = conclude::both_sides(&trueup, run, sides, position, attempt).await;
    let concluded = concluded.map_err(failed)?;
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

/// The first discrepancy, by id, that is not as it was.
async fn first_discrepancy(
    trueup: &Trueup,
    past: &PastRun,
    found: &Found,
) -> Result<Option<Difference>, PastProblem> {
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
