//! Past runs, done again without putting anything on record: what several commands need for that.

use std::collections::BTreeMap;
use std::sync::Arc;

use activities::alerts::Channels;
use activities::formats::ReadLimits;
use activities::past::{PastProblem, PastRun};
use activities::source::Source;
use activities::staging::Staging;
use activities::store::{RunRow, Store, StoreError};
use activities::{Pace, Trueup, Workflows};
use domain::case::Authority;
use jiff::civil::Date;

use crate::cli::unusable;
use crate::config::{Configuration, RulesText, as_recorded};
use crate::wiring;

/// The object store, to be read.
pub(super) fn staging(configuration: &Configuration) -> Result<Staging, PastProblem> {
    wiring::staging(configuration).map_err(failed)
}

/// The source as the run had it.
pub(super) fn its_source(
    configuration: &Configuration,
    past: &PastRun,
) -> Result<Source, PastProblem> {
    let file = source_file(past);
    let (source, _) = recorded(configuration, past, its_rules(&file, past))?;
    Ok(source)
}

/// Configured as the run was.
pub(super) fn with_its_rules(
    configuration: &Configuration,
    store: Store,
    staging: &Staging,
    past: &PastRun,
) -> Result<Arc<Trueup>, PastProblem> {
    let file = source_file(past);
    let rules = its_rules(&file, past);
    with_rules(configuration, store, staging, past, rules)
}

fn source_file(past: &PastRun) -> String {
    format!("sources/{}.toml", past.row.source)
}

fn its_rules<'a>(file: &'a str, past: &'a PastRun) -> RulesText<'a> {
    RulesText {
        file,
        text: &past.rules,
    }
}

fn recorded(
    configuration: &Configuration,
    past: &PastRun,
    rules: RulesText<'_>,
) -> Result<(Source, ReadLimits), PastProblem> {
    as_recorded(&past.row.source, rules, &past.settings)
        .map_err(|problems| failed(unusable(&configuration.folder, &problems)))
}

/// Configured as the run was, but for its source's file.
pub(super) fn with_rules(
    configuration: &Configuration,
    store: Store,
    staging: &Staging,
    past: &PastRun,
    rules: RulesText<'_>,
) -> Result<Arc<Trueup>, PastProblem> {
    let name = &past.row.source;
    let (source, limits) = recorded(configuration, past, rules)?;
    let channels = Channels::open(&BTreeMap::new(), |_| None);
    Ok(Arc::new(Trueup {
        folder: configuration.folder.clone(),
        sources: Arc::new(BTreeMap::from([(name.clone(), source)])),
        authority: Authority::default(),
        limits,
        pace: Pace {
            records_per_task: configuration.work.records_per_task,
            compare_tasks_max: configuration.work.compare_tasks_max,
            heartbeat_timeout_seconds: configuration.work.heartbeat_timeout_seconds,
            small_run_bytes: configuration.work.small_run_bytes(),
        },
        store,
        staging: staging.over(),
        channels: Arc::new(channels.map_err(|error| failed(error.into()))?),
        audit: Arc::new(wiring::audit_without_secrets(configuration).map_err(failed)?),
        settings: past.settings.clone(),
        workflows: Workflows::out_of_reach(),
    }))
}

/// Runs that have a result, of these days.
pub(super) async fn with_result(
    store: &Store,
    source: Option<&str>,
    is_meant: impl Fn(Date) -> bool,
) -> Result<Vec<RunRow>, StoreError> {
    let mut runs = store.runs_of(source).await?;
    runs.retain(|run| run.state.has_result() && is_meant(run.business_date));
    Ok(runs)
}

fn failed(error: anyhow::Error) -> PastProblem {
    PastProblem::Failed(format!("{error:#}"))
}
