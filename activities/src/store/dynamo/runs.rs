//! Runs: opened once per business key, closed once with a result, as often as it takes without.

use domain::policy::Scope;

use super::audit;
use super::item::Item;
use super::unit::Unit;
use super::{DynamoStore, incidents, keys, positions, reviews};
use crate::store::note::Note;
use crate::store::text::{from_json, json, scope, scope_columns};
use crate::store::{
    Opened, RunCompletion, RunFailure, RunOpening, RunRow, RunState, StoreError, run_rules,
};

impl DynamoStore {
    pub(in crate::store) async fn open_run(
        &self,
        opening: &RunOpening,
    ) -> Result<Opened, StoreError> {
        self.write(|unit| async move { open(&unit, opening).await })
            .await
    }

    pub(in crate::store) async fn complete_run(
        &self,
        run_id: &str,
        completion: &RunCompletion,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move { complete(&unit, run_id, completion).await })
            .await
    }

    pub(in crate::store) async fn fail_run(
        &self,
        run_id: &str,
        failure: &RunFailure,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move { fail(&unit, run_id, failure).await })
            .await
    }

    pub(in crate::store) async fn run(&self, run_id: &str) -> Result<RunRow, StoreError> {
        let item = DynamoStore::get(self, &keys::run(run_id)).await?;
        row(item.ok_or_else(|| run_rules::no_run(run_id))?)
    }
}

/// The run of this id, and its item.
pub(super) async fn get(unit: &Unit, run_id: &str) -> Result<(RunRow, Item), StoreError> {
    let item = unit.get(&keys::run(run_id)).await?;
    let item = item.ok_or_else(|| run_rules::no_run(run_id))?;
    Ok((row(item.clone())?, item))
}

async fn open(unit: &Unit, opening: &RunOpening) -> Result<Opened, StoreError> {
    let key = keys::run(&opening.run_id);
    let item = unit.get(&key).await?;
    let known = item.clone().map(row).transpose()?;
    if opening.scope == Scope::Whole && !known.as_ref().is_some_and(|run| run.state.has_result()) {
        let turn = run_rules::turn(opening);
        if let Some(for_run) = positions::take(unit, &turn).await? {
            return Ok(Opened::Waiting { for_run });
        }
    }
    let (Some(run), Some(mut item)) = (known, item) else {
        insert(unit, opening).await?;
        audit::note(unit, Note::run_opened(opening, 1)).await?;
        return Ok(Opened::New(audit::head(unit, &opening.run_id).await?));
    };
    run_rules::same_business(&run, opening)?;
    match run.state {
        RunState::Completed => return Ok(Opened::Closed(Box::new(run))),
        RunState::InReview => {
            let head = audit::head(unit, &opening.run_id).await?;
            return Ok(Opened::InReview(Box::new(run), head));
        }
        RunState::Running | RunState::Failed | RunState::Quarantined => {}
    }
    if run.state != RunState::Running || run.workflow_run_id != opening.workflow_run_id {
        let attempt = run.attempt + 1;
        item.set("workflow_run_id", &opening.workflow_run_id);
        item.set_number("attempt", attempt);
        item.set("requested_by", &opening.requested_by);
        item.set("state", RunState::Running.name());
        item.unset("problem");
        item.unset("closed_at");
        unit.put(key, item);
        audit::note(unit, Note::run_opened(opening, attempt)).await?;
    }
    Ok(Opened::Resumed(audit::head(unit, &opening.run_id).await?))
}

async fn insert(unit: &Unit, opening: &RunOpening) -> Result<(), StoreError> {
    let (scope, scope_id) = scope_columns(&opening.scope);
    let date = opening.business_date;
    let order = format!(
        "{}#{}",
        keys::newest_first(opening.opened_at),
        opening.run_id
    );
    let run = Item::default()
        .with("run_id", &opening.run_id)
        .with("workflow_run_id", &opening.workflow_run_id)
        .with("source", &opening.source)
        .with("business_date", date.to_string())
        .with("scope", scope)
        .with("scope_id", scope_id)
        .with_number("generation", opening.generation)
        .with("requested_by", &opening.requested_by)
        .with_number("attempt", 1u32)
        .with_time("opened_at", opening.opened_at)
        .with("state", RunState::Running.name())
        .listed("runs", order);
    unit.put(keys::run(&opening.run_id), run);
    let business = keys::generations(&opening.source, date, scope, scope_id);
    let generation = Item::default().with("run_id", &opening.run_id);
    let key = keys::generation(business, opening.generation);
    // A dry run shares its generation with the real one; the first one is named.
    unit.put_first(key, generation).await
}

async fn complete(unit: &Unit, run_id: &str, completion: &RunCompletion) -> Result<(), StoreError> {
    let (run, item) = get(unit, run_id).await?;
    if run_rules::completes(&run, completion)? {
        let item = item
            .with("state", RunState::Completed.name())
            .with("totals", json(&completion.totals)?)
            .with_time("closed_at", completion.completed_at);
        unit.put(keys::run(run_id), item);
    }
    if !completion.review.is_empty() {
        reviews::end(unit, run_id, &completion.review, None).await?;
    }
    if let Some(restatement) = &completion.restatement {
        reviews::restate(unit, restatement).await?;
    }
    positions::give_back(unit, &run.source, run_id).await?;
    audit::append(unit, &completion.audit).await
}

async fn fail(unit: &Unit, run_id: &str, failure: &RunFailure) -> Result<(), StoreError> {
    let (run, item) = get(unit, run_id).await?;
    if let Some(failed) = run_rules::fails(&run, failure)? {
        let item = item
            .with("state", failed.name())
            .with("problem", &failure.problem)
            .with_time("closed_at", failure.failed_at);
        unit.put(keys::run(run_id), item);
    }
    if let Some(incident) = &failure.incident {
        incidents::raise(unit, incident, failure.failed_at).await?;
    }
    positions::give_back(unit, &run.source, run_id).await?;
    audit::append(unit, &failure.audit).await
}

/// What a run's item says.
pub(super) fn row(item: Item) -> Result<RunRow, StoreError> {
    let scope_id = item.text("scope_id")?;
    let totals = item.maybe("totals")?;
    Ok(RunRow {
        run_id: item.text("run_id")?,
        workflow_run_id: item.text("workflow_run_id")?,
        source: item.text("source")?,
        business_date: item.parse("business_date", |text| text.parse().ok())?,
        scope: item.parse("scope", |name| scope(name, scope_id))?,
        generation: item.number("generation")?,
        requested_by: item.text("requested_by")?,
        attempt: item.number("attempt")?,
        opened_at: item.at("opened_at")?,
        state: item.parse("state", RunState::parse)?,
        problem: item.maybe("problem")?,
        totals: totals
            .map(|totals| from_json("totals", &totals))
            .transpose()?,
        closed_at: item.time("closed_at")?,
    })
}
