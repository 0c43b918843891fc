//! Past runs, done again without putting anything on record: what several commands need for that.

use std::collections::BTreeMap;
use std::sync::Arc;

use activities::alerts::Channels;
use activities::past::{PastProblem, PastRun};
use activities::staging::Staging;
use activities::store::Store;
use activities::{Pace, Trueup, Workflows};
use domain::case::Authority;

use crate::cli::unusable;
use crate::config::{Configuration, RulesText, as_recorded};
use crate::wiring;

/// The object store, to be read.
pub(super) fn staging(configuration: &Configuration) -> Result<Staging, PastProblem> {
    wiring::staging(configuration).map_err(failed)
}

/// Configured as the run was.
pub(super) fn with_its_rules(
    configuration: &Configuration,
    store: Store,
    staging: &Staging,
    past: &PastRun,
) -> Result<Arc<Trueup>, PastProblem> {
    let file = format!("sources/{}.toml", past.row.source);
    let rules = RulesText {
        file: &file,
        text: &past.rules,
    };
    with_rules(configuration, store, staging, past, rules)
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
    let (source, limits) = as_recorded(name, rules, &past.settings)
        .map_err(|problems| failed(unusable(&configuration.folder, &problems)))?;
    let channels = Channels::open(&BTreeMap::new(), |_| None);
    Ok(Arc::new(Trueup {
        folder: configuration.folder.clone(),
        sources: BTreeMap::from([(name.clone(), source)]),
        authority: Authority::default(),
        limits,
        pace: Pace {
            records_per_task: configuration.work.records_per_task,
            compare_tasks_max: configuration.work.compare_tasks_max,
            heartbeat_timeout_seconds: configuration.work.heartbeat_timeout_seconds,
        },
        store,
        staging: staging.over(),
        channels: channels.map_err(|error| failed(error.into()))?,
        audit: wiring::audit_without_secrets(configuration).map_err(failed)?,
        settings: past.settings.clone(),
        workflows: Workflows::out_of_reach(),
    }))
}

fn failed(error: anyhow::Error) -> PastProblem {
    PastProblem::Failed(format!("{error:#}"))
}
