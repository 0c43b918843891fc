//! The worker: workflows and activities of this process, polling the one task queue.

use std::time::Duration;

use activities::{Trueup, Workflows};
use anyhow::Context;
use temporalio_client::Client;
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use workflows::{
    Case, CaseBatch, Checkpoint, Digest, Reconciliation, ScheduledReconciliation, TASK_QUEUE,
    Watch, update_id,
};

use crate::temporal::{
    TemporalError, configured_schedules, keep_schedules, register_search_attributes,
};

/// How long running activities may take to notice that the worker stops.
const GRACE: Duration = Duration::from_secs(5);
/// After this the process ends, whatever still runs: it is taken over elsewhere.
const GRACE_AT_MOST: Duration = Duration::from_secs(15);

/// Told once the worker polls.
pub type Ready = tokio::sync::oneshot::Sender<()>;

/// Works until `stop` completes, then lets activities finish or hand over.
///
/// # Errors
/// When the worker can't start or polling ends by itself.
pub async fn run_worker(
    client: Client,
    mut activities: Trueup,
    ready: Option<Ready>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    tokio::pin!(stop);
    tokio::select! {
        prepared = prepare(&client, &activities) => prepared?,
        () = &mut stop => return Ok(()),
    }
    let options = RuntimeOptions::builder()
        .build()
        .map_err(|error| anyhow::anyhow!(error))?;
    let runtime = Runtime::from_current_tokio(options)?;
    activities.workflows = Workflows::reached_by(client.clone());
    let options = WorkerOptions::new(TASK_QUEUE)
        .graceful_shutdown_period(GRACE)
        .register_activities(activities)
        .register_workflow::<Reconciliation>()?
        .register_workflow::<ScheduledReconciliation>()?
        .register_workflow::<Watch>()?
        .register_workflow::<Digest>()?
        .register_workflow::<Checkpoint>()?
        .register_workflow::<Case>()?
        .register_workflow::<CaseBatch>()?
        .workflow_interceptor(update_id::interceptor())
        .build();
    let mut worker = Worker::new(&runtime, client, options)?;
    let shut_down = worker.shutdown_handle();
    tracing::info!(task_queue = TASK_QUEUE, "worker polls");
    if let Some(ready) = ready {
        // Nobody may be waiting any more; that is no reason not to work.
        let _ = ready.send(());
    }
    let polling = worker.run();
    tokio::pin!(polling);
    tokio::select! {
        ended = &mut polling => return ended.context("the worker stopped polling"),
        () = &mut stop => {}
    }
    tracing::info!("stopping: no new work, running activities may finish");
    shut_down();
    match tokio::time::timeout(GRACE_AT_MOST, polling).await {
        Ok(ended) => ended.context("the worker did not stop cleanly"),
        Err(_) => {
            tracing::warn!("activities did not stop in time, they will be taken over elsewhere");
            Ok(())
        }
    }
}

/// What the server has to know before there is work: search attributes, and the schedules that the
/// configuration names.
async fn prepare(client: &Client, activities: &Trueup) -> Result<(), TemporalError> {
    register_search_attributes(client).await?;
    let wanted = configured_schedules(&activities.sources, &activities.audit);
    keep_schedules(client, &wanted).await
}
