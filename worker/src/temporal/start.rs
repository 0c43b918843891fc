//! Starting a run once, however often it is asked for, and following it.

use proto::wire::{ReconciliationInput, ReconciliationResult, RunStatus};
use temporalio_client::errors::{
    WorkflowGetResultError, WorkflowInteractionError, WorkflowStartError,
};
use temporalio_client::{
    Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowIdReusePolicy, WorkflowStartOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_common::error::IncomingError;
use workflows::{Case, Reconciliation, TASK_QUEUE, identity};

use super::TemporalError;

/// A run on the server.
pub struct RunHandle {
    /// Its workflow id.
    pub run_id: String,
    /// Which execution of that id.
    pub execution: String,
    handle: WorkflowHandle<Client, Reconciliation>,
}

/// What a request to start came to. Every caller learns which run answers it.
pub enum Started {
    /// This request started it.
    New(RunHandle),
    /// Somebody else did, and it goes on.
    Running(RunHandle),
    /// It was completed before; it does not run again.
    Completed(RunHandle),
}

impl Started {
    /// The run, whoever started it.
    #[must_use]
    pub fn run(&self) -> &RunHandle {
        match self {
            Started::New(run) | Started::Running(run) | Started::Completed(run) => run,
        }
    }
}

/// Starts the run under its business id, unless it runs or is completed. One that failed before
/// is started again.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn start_run(
    client: &Client,
    request: &ReconciliationInput,
) -> Result<Started, TemporalError> {
    let run_id = identity::run_id(request);
    let options = WorkflowStartOptions::new(TASK_QUEUE, run_id.clone())
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicateFailedOnly)
        .build();
    match client
        .start_workflow(Reconciliation::run, json(request), options)
        .await
    {
        Ok(started) => {
            let execution = started.run_id().unwrap_or_default().to_owned();
            Ok(Started::New(attach(client, run_id, execution)))
        }
        Err(WorkflowStartError::AlreadyStarted {
            run_id: execution, ..
        }) => {
            let run = attach(client, run_id, execution.unwrap_or_default());
            match run.execution_status().await? {
                WorkflowExecutionStatus::Running => Ok(Started::Running(run)),
                _ => Ok(Started::Completed(run)),
            }
        }
        Err(WorkflowStartError::Rpc(status)) => Err(refused("start the run", &status)),
        Err(error) => Err(TemporalError::Settings(error.to_string())),
    }
}

/// How the latest execution of a run stands; none when there was none, as far as the server knows.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn run_status(
    client: &Client,
    run_id: &str,
) -> Result<Option<WorkflowExecutionStatus>, TemporalError> {
    let handle = client.get_workflow_handle::<Reconciliation>(run_id);
    match handle.describe(Default::default()).await {
        Ok(description) => Ok(Some(description.status())),
        Err(WorkflowInteractionError::NotFound(_)) => Ok(None),
        Err(error) => Err(TemporalError::Refused {
            action: "describe the run",
            problem: error.to_string(),
        }),
    }
}

/// Makes the case look at its alerts again, starting its workflow if it does not run.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn wake_case(client: &Client, discrepancy_id: &str) -> Result<(), TemporalError> {
    let case_id = identity::case_id(discrepancy_id);
    let input = serde_json::json!({ "discrepancy_id": discrepancy_id });
    let options = WorkflowStartOptions::new(TASK_QUEUE, case_id).build();
    let signal = json(&serde_json::json!({ "reason": "redriven" }));
    client
        .signal_with_start_workflow(Case::run, json(&input), Case::redeliver, signal, options)
        .await
        .map(|_| ())
        .map_err(|error| TemporalError::Refused {
            action: "wake the case",
            problem: error.to_string(),
        })
}

impl RunHandle {
    /// Where the run stands, by its query `status`.
    ///
    /// # Errors
    /// When the server or the worker does not answer.
    pub async fn status(&self) -> Result<RunStatus, TemporalError> {
        self.handle
            .query(Reconciliation::status, (), Default::default())
            .await
            .map_err(|error| TemporalError::Refused {
                action: "query the run",
                problem: error.to_string(),
            })
    }

    /// Waits for the end of the run.
    ///
    /// # Errors
    /// [`TemporalError::Failed`] with the run's own words.
    pub async fn result(&self) -> Result<ReconciliationResult, TemporalError> {
        let result = self.handle.get_result(Default::default()).await;
        result.map_err(|error| self.failed(&error))
    }

    async fn execution_status(&self) -> Result<WorkflowExecutionStatus, TemporalError> {
        match self.handle.describe(Default::default()).await {
            Ok(description) => Ok(description.status()),
            Err(error) => Err(TemporalError::Refused {
                action: "describe the run",
                problem: error.to_string(),
            }),
        }
    }

    fn failed(&self, error: &WorkflowGetResultError) -> TemporalError {
        let problem = match error {
            WorkflowGetResultError::Failed(failure) => failure_text(failure),
            other => other.to_string(),
        };
        TemporalError::Failed {
            workflow_id: self.run_id.clone(),
            problem,
        }
    }
}

fn attach(client: &Client, run_id: String, execution: String) -> RunHandle {
    let handle = client.get_workflow_handle::<Reconciliation>(run_id.clone());
    RunHandle {
        run_id,
        execution,
        handle,
    }
}

pub(super) fn failure_text(failure: &IncomingError) -> String {
    match failure {
        IncomingError::Application(failure) => {
            let name = failure.type_name().unwrap_or("failure");
            format!("{failure} [{name}]")
        }
        other => other.to_string(),
    }
}

fn refused(action: &'static str, status: &tonic::Status) -> TemporalError {
    TemporalError::Refused {
        action,
        problem: status.message().to_owned(),
    }
}

fn json<T: serde::Serialize>(value: &T) -> RawValue {
    let value = serde_json::to_value(value).unwrap_or_default();
    RawValue::from_value(&value, &PayloadConverter::default())
}
