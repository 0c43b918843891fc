//! What people do to cases and reviews, given to the workflows that answer for them.

use std::time::Duration;

use proto::wire::{CaseBatchInput, CaseBatchResult, CaseReply, ReviewInput, ReviewReply};
use serde::de::DeserializeOwned;
use serde_json::Value;
use temporalio_client::errors::{
    WorkflowGetResultError, WorkflowUpdateError, WorkflowUpdateWithStartError,
};
use temporalio_client::{
    Client, UntypedUpdate, UntypedWorkflow, WorkflowExecuteUpdateOptions, WorkflowHandle,
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions,
    WorkflowUpdateWithStartOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use workflows::{CaseBatch, TASK_QUEUE, identity};

use super::TemporalError;

/// How long a workflow may take to answer a person before we say that nobody answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Does one act to a case through its workflow, starting that if it does not run.
///
/// # Errors
/// When the server refuses, or no worker answers. A refusal of the case is an answer.
pub async fn act_on_case(
    client: &Client,
    discrepancy_id: &str,
    action: &str,
    input: &Value,
) -> Result<CaseReply, TemporalError> {
    let case_id = identity::case_id(discrepancy_id);
    let conflict = WorkflowIdConflictPolicy::UseExisting;
    let options = WorkflowUpdateWithStartOptions::new(TASK_QUEUE, case_id.clone(), conflict)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .update_id(unique_id(action))
        .build();
    let beginning = serde_json::json!({ "discrepancy_id": discrepancy_id });
    let asked = client.execute_update_with_start_workflow(
        UntypedWorkflow::new("Case"),
        json(&beginning),
        UntypedUpdate::new(action),
        json(input),
        options,
    );
    match in_time(&case_id, asked).await? {
        Ok(answer) => read(&answer),
        Err(WorkflowUpdateWithStartError::Update(WorkflowUpdateError::Failed(failed))) => {
            Err(refused("do this to the case", failed.message))
        }
        Err(error) => Err(refused("reach the case", error.to_string())),
    }
}

/// Decides about the review of a run: `sign_off` or `cancel_review`.
///
/// # Errors
/// When the run is not under way, or no worker answers. A refusal of the run is an answer.
pub async fn decide_review(
    client: &Client,
    run_id: &str,
    action: &str,
    input: &ReviewInput,
) -> Result<ReviewReply, TemporalError> {
    let handle = client.get_workflow_handle::<UntypedWorkflow>(run_id);
    let options = WorkflowExecuteUpdateOptions::builder()
        .update_id(unique_id(action))
        .build();
    let update = UntypedUpdate::new(action);
    let input = serde_json::to_value(input).unwrap_or_default();
    let asked = handle.execute_update(update, json(&input), options);
    match in_time(run_id, asked).await? {
        Ok(answer) => read(&answer),
        Err(WorkflowUpdateError::NotFound(_)) => Err(refused(
            "reach the run",
            format!("{run_id} is not under way; `trueup runs` lists runs and how they stand"),
        )),
        Err(WorkflowUpdateError::Failed(failed)) => {
            Err(refused("do this to the run", failed.message))
        }
        Err(error) => Err(refused("reach the run", error.to_string())),
    }
}

/// A batch on the server.
pub struct BatchHandle {
    /// Its workflow id.
    pub batch_id: String,
    handle: WorkflowHandle<Client, CaseBatch>,
}

/// Starts the same act on many cases.
///
/// # Errors
/// When the server refuses.
pub async fn start_batch(
    client: &Client,
    request: &CaseBatchInput,
) -> Result<BatchHandle, TemporalError> {
    let batch_id = format!("batch/{}", unique_id(&request.action));
    let options = WorkflowStartOptions::new(TASK_QUEUE, batch_id.clone())
        .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
        .build();
    let input = json(&serde_json::to_value(request).unwrap_or_default());
    client
        .start_workflow(CaseBatch::run, input, options)
        .await
        .map_err(|error| refused("start the batch", error.to_string()))?;
    let handle = client.get_workflow_handle::<CaseBatch>(batch_id.clone());
    Ok(BatchHandle { batch_id, handle })
}

impl BatchHandle {
    /// Waits for the end of the batch.
    ///
    /// # Errors
    /// [`TemporalError::Failed`] with the batch's own words.
    pub async fn result(&self) -> Result<CaseBatchResult, TemporalError> {
        let result = self.handle.get_result(Default::default()).await;
        result.map_err(|error| TemporalError::Failed {
            workflow_id: self.batch_id.clone(),
            problem: match error {
                WorkflowGetResultError::Failed(failure) => super::start::failure_text(&failure),
                other => other.to_string(),
            },
        })
    }

    /// How many cases were acted on so far, as far as the worker has said. None before it began.
    pub async fn done(&self) -> Option<u64> {
        let described = self.handle.describe(Default::default()).await.ok()?;
        let pending = described.raw().pending_activities.first()?.clone();
        let details = pending.heartbeat_details?.payloads;
        serde_json::from_slice(&details.first()?.data).ok()
    }
}

async fn in_time<T>(workflow_id: &str, asked: impl Future<Output = T>) -> Result<T, TemporalError> {
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, asked).await;
    answer.map_err(|_| TemporalError::Silent {
        workflow_id: workflow_id.to_owned(),
        seconds: ANSWER_TIMEOUT.as_secs(),
    })
}

/// Names one act of this process for ever.
fn unique_id(action: &str) -> String {
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{action}-{now:x}-{:x}", std::process::id())
}

fn read<T: DeserializeOwned>(answer: &RawValue) -> Result<T, TemporalError> {
    let payload = answer.payloads.first().map(|payload| &payload.data[..]);
    serde_json::from_slice(payload.unwrap_or_default())
        .map_err(|error| refused("understand the answer", error.to_string()))
}

fn refused(action: &'static str, problem: String) -> TemporalError {
    TemporalError::Refused { action, problem }
}

fn json(value: &Value) -> RawValue {
    RawValue::from_value(value, &PayloadConverter::default())
}
