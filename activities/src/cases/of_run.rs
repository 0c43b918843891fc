//! What a run says of the cases of earlier runs: seen again, or cleared. Done in the store for all
//! of them; those with a workflow of their own are listed, to be told.

use std::collections::{BTreeMap, BTreeSet};

use domain::case::SYSTEM;
use proto::case::Asked;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use workflows::failure;
use workflows::ports::{Run, Stored};

use super::act::{act_id, request};
use super::deciding::Deciding;
use super::follow::{LOOK_AGAIN, follow, look_again};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::staging::Folder;
use crate::store::{ACTS_PER_CALL_MAX, ActOutcome, Acting, CaseRow};

/// What one case's workflow is told: a signal and its JSON.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) discrepancy_id: String,
    pub(super) action: String,
    pub(super) input: Value,
}

/// Notes that `run` found these discrepancies again, and that others are gone by this evidence, with what people
/// settled of those that are `undone`.
/// The list of those to be told, if there are any. May be repeated, and says the same again.
pub(crate) async fn acts_of_run(
    trueup: &Trueup,
    run: &Run,
    seen_again: Vec<String>,
    cleared: Vec<(String, String)>,
    undone: &BTreeSet<String>,
    at: &str,
) -> Result<Option<Stored>, Failure> {
    let run_id = &run.run_id;
    let again = json!({ "run_id": run_id });
    let again = seen_again
        .into_iter()
        .map(|id| (id, "seen_again", again.clone()));
    let gone = cleared.into_iter().map(|(id, evidence)| {
        let mut input = json!({ "run_id": run_id, "evidence": evidence });
        if undone.contains(&id) {
            input["undoes"] = true.into();
        }
        (id, "auto_clear", input)
    });
    let told: Vec<Told> = again
        .chain(gone)
        .map(|(discrepancy_id, action, input)| Told {
            discrepancy_id,
            action: action.to_owned(),
            input,
        })
        .collect();
    let mut lines = Vec::new();
    for chunk in told.chunks(ACTS_PER_CALL_MAX) {
        for told in act(trueup, chunk, at).await? {
            serde_json::to_writer(&mut lines, told)
                .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))?;
            lines.push(b'\n');
        }
    }
    for cause in causes_that_follow(trueup, &told, at).await? {
        let told = Told {
            discrepancy_id: cause,
            action: LOOK_AGAIN.to_owned(),
            input: look_again(),
        };
        serde_json::to_writer(&mut lines, &told)
            .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))?;
        lines.push(b'\n');
    }
    if lines.is_empty() {
        return Ok(None);
    }
    Ok(Some(
        trueup.staging.put(Folder::Told { run_id }, lines).await?,
    ))
}

/// The causes of these discrepancies, once they followed.
async fn causes_that_follow(
    trueup: &Trueup,
    told: &[Told],
    at: &str,
) -> Result<BTreeSet<String>, Failure> {
    let ids = told.iter().map(|told| told.discrepancy_id.clone());
    let causes = trueup.store.causes_of(ids.collect()).await?;
    if !causes.is_empty() {
        follow(trueup, causes.clone(), timestamp(at)?).await?;
    }
    Ok(causes)
}

/// Those whose case changed and has a workflow.
async fn act<'t>(trueup: &Trueup, chunk: &'t [Told], at: &str) -> Result<Vec<&'t Told>, Failure> {
    let at = timestamp(at)?;
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    let mut acts = Vec::with_capacity(chunk.len());
    for told in chunk {
        let (_, act) = proto::case::act(&told.action, &told.input)
            .map_err(|error| Failure::last(failure::INVALID_INPUT, error))?;
        acts.push(Acting {
            id: told.discrepancy_id.clone(),
            act_id: act_id("", &act, &told.action),
            request: request(&told.action, &told.input),
        });
        asked.insert(told.discrepancy_id.clone(), act);
    }
    let deciding = Deciding::new(trueup, SYSTEM, at);
    let decide = move |row: &CaseRow| match asked.get(&row.id) {
        Some(act) => deciding.decide(row, act),
        None => Ok(super::time::unchanged(row)),
    };
    let acted = trueup.store.act_on_cases(acts, SYSTEM, at, decide).await?;
    let told = chunk.iter().zip(acted).filter(|(_, acted)| {
        acted
            .as_ref()
            .is_some_and(|acted| acted.outcome == ActOutcome::Done && acted.case.has_workflow)
    });
    Ok(told.map(|(told, _)| told).collect())
}
