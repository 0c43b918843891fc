//! Other workflows, as activities reach them: cases, and runs in review. Starts, updates and
//! signals; waits for answers, and decides nothing.

use std::time::Duration;

use proto::case::refused;
use proto::wire::CaseReply;
use serde_json::Value;
use temporalio_client::errors::{WorkflowInteractionError, WorkflowUpdateError};
use temporalio_client::errors::{WorkflowStartError, WorkflowUpdateWithStartError};
use temporalio_client::{
    Client, UntypedSignal, UntypedUpdate, UntypedWorkflow, WorkflowIdConflictPolicy,
    WorkflowIdReusePolicy, WorkflowStartOptions, WorkflowUpdateWithStartOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use workflows::{TASK_QUEUE, identity};

use crate::failures::Failure;

/// How long a case's workflow may take to answer before the activity is tried again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The workflows of the server that the worker works for.
#[derive(Clone, Default)]
pub struct Workflows {
    client: Option<Client>,
}

/// Whether a workflow runs that took a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// It will see it.
    Yes,
    /// No such workflow runs.
    Nobody,
}

impl Workflows {
    /// Reached by this client.
    #[must_use]
    pub fn reached_by(client: Client) -> Self {
        Workflows {
            client: Some(client),
        }
    }

    /// Without a server: nobody hears a signal, and nobody answers. For tests, and until the
    /// worker is connected.
    #[must_use]
    pub fn out_of_reach() -> Self {
        Workflows::default()
    }

    /// Tells a workflow something, if it runs.
    pub(crate) async fn signal(
        &self,
        workflow_id: &str,
        signal: &str,
        input: &Value,
    ) -> Result<Heard, Failure> {
        let Some(client) = &self.client else {
            return Ok(Heard::Nobody);
        };
        let handle = client.get_workflow_handle::<UntypedWorkflow>(workflow_id);
        let signal = UntypedSignal::new(signal);
        match handle.signal(signal, json(input), Default::default()).await {
            Ok(()) => Ok(Heard::Yes),
            Err(WorkflowInteractionError::NotFound(_)) => Ok(Heard::Nobody),
            Err(error) => Err(Failure::retry(format!(
                "can't signal {workflow_id}: {error}"
            ))),
        }
    }

    /// Starts a case's workflow, or has the one that runs deliver its new alerts.
    pub(crate) async fn start_case(&self, discrepancy_id: &str) -> Result<(), Failure> {
        let case_id = identity::case_id(discrepancy_id);
        let Some(client) = &self.client else {
            return Err(Failure::retry(format!("{case_id} is out of reach")));
        };
        let options = WorkflowStartOptions::new(TASK_QUEUE, case_id.clone())
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .build();
        let beginning = serde_json::json!({ "discrepancy_id": discrepancy_id });
        let case = UntypedWorkflow::new("Case");
        match client.start_workflow(case, json(&beginning), options).await {
            Ok(_) => return Ok(()),
            Err(WorkflowStartError::AlreadyStarted { .. }) => {}
            Err(error) => return Err(Failure::retry(format!("can't start {case_id}: {error}"))),
        }
        let reason = serde_json::json!({ "reason": "there are new alerts" });
        match self.signal(&case_id, "redeliver", &reason).await? {
            Heard::Yes => Ok(()),
            // Tried again in a moment, it is started.
            Heard::Nobody => Err(Failure::retry(format!("{case_id} ended just now"))),
        }
    }

    /// Has a case's own workflow do an act, starting it if it does not run, and waits for its
    /// answer. The same act twice is done once.
    pub(crate) async fn act_on_case(
        &self,
        discrepancy_id: &str,
        action: &str,
        act_id: &str,
        input: &Value,
    ) -> Result<CaseReply, Failure> {
        let case_id = identity::case_id(discrepancy_id);
        let Some(client) = &self.client else {
            return Err(Failure::retry(format!("{case_id} is out of reach")));
        };
        let options = WorkflowUpdateWithStartOptions::new(
            TASK_QUEUE,
            case_id.clone(),
            WorkflowIdConflictPolicy::UseExisting,
        )
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .update_id(act_id)
        .build();
        let beginning = serde_json::json!({ "discrepancy_id": discrepancy_id });
        let answer = client.execute_update_with_start_workflow(
            UntypedWorkflow::new("Case"),
            json(&beginning),
            UntypedUpdate::new(action),
            json(input),
            options,
        );
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
        let silent = || Failure::retry(format!("{case_id} does not answer"));
        match answer.map_err(|_| silent())? {
            Ok(answer) => reply(&case_id, &answer),
            Err(WorkflowUpdateWithStartError::Update(WorkflowUpdateError::Failed(failed))) => {
                Ok(refused(failed.message))
            }
            Err(WorkflowUpdateWithStartError::Start(WorkflowStartError::Rpc(status)))
            | Err(WorkflowUpdateWithStartError::Rpc(status)) => Err(Failure::retry(format!(
                "can't reach {case_id}: {}",
                status.message()
            ))),
            Err(error) => Err(Failure::retry(format!("can't reach {case_id}: {error}"))),
        }
    }
}

fn reply(case_id: &str, answer: &RawValue) -> Result<CaseReply, Failure> {
    let unreadable =
        |problem: String| Failure::retry(format!("{case_id} gave an unreadable answer: {problem}"));
    let payload = answer.payloads.first();
    let payload = payload.ok_or_else(|| unreadable("none".to_owned()))?;
    serde_json::from_slice(&payload.data).map_err(|error| unreadable(error.to_string()))
}

fn json(value: &Value) -> RawValue {
    RawValue::from_value(value, &PayloadConverter::default())
}
