//! The schedule of a source as a Temporal Schedule: one per source, under an id that follows from
//! its name, so that setting it again changes it.
//!
//! When it fires is computed by the server; which day that is about, by the workflow that it starts.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use proto::wire::{ScheduledInput, ScheduledResult};
use temporalio_client::errors::{WorkflowGetResultError, WorkflowInteractionError};
use temporalio_client::grpc::WorkflowService;
use temporalio_client::schedules::{
    ListSchedulesOptions, ScheduleBackfill, ScheduleDescription, ScheduleError,
    ScheduleOverlapPolicy,
};
use temporalio_client::{Client, NamespacedClient, WorkflowExecutionStatus};
use temporalio_common::protos::temporal::api::common::v1::{Memo, Payload, Payloads, WorkflowType};
use temporalio_common::protos::temporal::api::schedule::v1::{
    Schedule, ScheduleAction, SchedulePolicies, ScheduleState, schedule_action,
};
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CreateScheduleRequest, ListScheduleMatchingTimesRequest, UpdateScheduleRequest,
};
use workflows::{ScheduledReconciliation, TASK_QUEUE};

use super::{TemporalError, Timing, start::failure_text};

/// Schedule ids begin with this, then comes the source.
const SCHEDULE_PREFIX: &str = "recon/";
/// After an outage of the server, times that were missed by no more than this are made up for.
const CATCH_UP: Duration = Duration::from_secs(7 * 24 * 3600);
/// Most times that the server lists at once.
pub const MATCHING_TIMES_MAX: usize = 1000;

/// A schedule as somebody wants it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it starts.
    pub input: ScheduledInput,
    /// When it fires.
    pub timing: Timing,
    /// The zone of its times of day, by IANA name.
    pub time_zone: String,
    /// Remark for people; the one that is there stays when none is given.
    pub note: Option<String>,
    /// Who wants it.
    pub set_by: String,
}

/// A schedule as it is on the server.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its source.
    pub source: String,
    /// When it fires, in words; empty when somebody set its times elsewhere.
    pub when: String,
    /// The zone of its times of day.
    pub time_zone: String,
    /// What it starts; none when that is no input of ours.
    pub input: Option<ScheduledInput>,
    /// Whether it fires at all.
    pub is_paused: bool,
    /// Remark for people.
    pub note: String,
    /// When it fires next.
    pub next: Vec<Timestamp>,
    /// What it did last, the latest first.
    pub recent: Vec<Fired>,
    /// Times that were missed for good, in an outage longer than the catch-up window.
    pub missed: i64,
}

/// One time that a schedule fired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired {
    /// The time meant.
    pub scheduled_at: Timestamp,
    /// The workflow that it started.
    pub workflow_id: String,
}

/// Whether a schedule was there before it was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetOutcome {
    /// No.
    Created,
    /// Yes; it is changed in place.
    Changed,
}

/// Id of a source's schedule.
#[must_use]
pub fn schedule_id(source: &str) -> String {
    format!("{SCHEDULE_PREFIX}{source}")
}

/// Creates the schedule, or changes it in place: then it stays paused if it is, and keeps its note
/// unless there is a new one.
///
/// # Errors
/// What the server does not like, such as a cron expression or a zone that it does not know.
pub async fn set_schedule(client: &Client, wanted: &Wanted) -> Result<SetOutcome, TemporalError> {
    let source = &wanted.input.source;
    let mut service = client.clone();
    let handle = client.get_schedule_handle(schedule_id(source));
    let found = known(
        handle.describe(Default::default()).await,
        "look at the schedule",
    )?;
    let Some(found) = found else {
        let request = CreateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: schedule_id(source),
            schedule: Some(schedule(wanted, ScheduleState::default())),
            identity: client.identity(),
            request_id: request_id("set", source),
            memo: Some(memo(wanted)),
            ..CreateScheduleRequest::default()
        };
        let request = tonic::Request::new(request);
        let created = WorkflowService::create_schedule(&mut service, request).await;
        created.map_err(|status| refused("set the schedule", &status))?;
        return Ok(SetOutcome::Created);
    };
    let found = found.into_raw();
    let state = found.schedule.and_then(|schedule| schedule.state);
    let request = UpdateScheduleRequest {
        namespace: client.namespace(),
        schedule_id: schedule_id(source),
        schedule: Some(schedule(wanted, state.unwrap_or_default())),
        // Somebody who pauses it at this moment is not overruled.
        conflict_token: found.conflict_token,
        identity: client.identity(),
        request_id: request_id("set", source),
        ..UpdateScheduleRequest::default()
    };
    let changed = service.update_schedule(tonic::Request::new(request)).await;
    changed.map_err(|status| refused("change the schedule", &status))?;
    Ok(SetOutcome::Changed)
}

/// The schedule of a source, if there is one.
///
/// # Errors
/// When the server does not answer.
pub async fn describe_schedule(
    client: &Client,
    source: &str,
) -> Result<Option<Described>, TemporalError> {
    let handle = client.get_schedule_handle(schedule_id(source));
    let found = known(
        handle.describe(Default::default()).await,
        "look at the schedule",
    )?;
    Ok(found.map(|found| described(source, &found)))
}

/// Sources that have a schedule. One that was just set or deleted may be missing or still there.
///
/// # Errors
/// When the server does not answer.
pub async fn scheduled_sources(client: &Client) -> Result<Vec<String>, TemporalError> {
    use futures::TryStreamExt;
    let listed = client.list_schedules(ListSchedulesOptions::default());
    let listed: Result<Vec<_>, _> = listed.try_collect().await;
    let listed = listed.map_err(|error| schedule_error("list schedules", error))?;
    let sources = listed
        .iter()
        .filter_map(|summary| summary.schedule_id().strip_prefix(SCHEDULE_PREFIX));
    Ok(sources.map(str::to_owned).collect())
}

/// Pauses the schedule, or lets it go on.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn pause_schedule(
    client: &Client,
    source: &str,
    paused: bool,
    note: String,
) -> Result<(), TemporalError> {
    let handle = client.get_schedule_handle(schedule_id(source));
    let done = match paused {
        true => handle.pause(Some(note), Default::default()).await,
        false => handle.unpause(Some(note), Default::default()).await,
    };
    done.map_err(|error| schedule_error("pause or resume the schedule", error))
}

/// Lets the schedule fire now, even if it is paused.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn trigger_schedule(client: &Client, source: &str) -> Result<(), TemporalError> {
    let handle = client.get_schedule_handle(schedule_id(source));
    let now = ScheduleOverlapPolicy::AllowAll;
    let done = handle.trigger(now, Default::default()).await;
    done.map_err(|error| schedule_error("trigger the schedule", error))
}

/// Lets the schedule fire for all its times from `first` to `last`, both included, one after the
/// other, even if it is paused.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn backfill_schedule(
    client: &Client,
    source: &str,
    first: Timestamp,
    last: Timestamp,
) -> Result<(), TemporalError> {
    let handle = client.get_schedule_handle(schedule_id(source));
    // In order, so that what one day leaves open is there for the next.
    let backfill = ScheduleBackfill::new(just_before(first), last.into())
        .overlap_policy(ScheduleOverlapPolicy::BufferAll)
        .build();
    let done = handle.backfill([backfill], Default::default()).await;
    done.map_err(|error| schedule_error("backfill the schedule", error))
}

/// The times at which the schedule fires from `first` to `last`, both included, as the server
/// computes them; at most [`MATCHING_TIMES_MAX`].
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn matching_times(
    client: &Client,
    source: &str,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<Timestamp>, TemporalError> {
    let request = ListScheduleMatchingTimesRequest {
        namespace: client.namespace(),
        schedule_id: schedule_id(source),
        start_time: Some(just_before(first).into()),
        end_time: Some(SystemTime::from(last).into()),
    };
    let request = tonic::Request::new(request);
    let answer = client.clone().list_schedule_matching_times(request).await;
    let answer = answer.map_err(|status| refused("list the schedule's times", &status))?;
    let times = answer.into_inner().start_time;
    let times = times
        .iter()
        .filter_map(|at| Timestamp::new(at.seconds, at.nanos).ok());
    Ok(times.filter(|at| (first..=last).contains(at)).collect())
}

/// Deletes the schedule. What it started goes on.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn delete_schedule(client: &Client, source: &str) -> Result<(), TemporalError> {
    let handle = client.get_schedule_handle(schedule_id(source));
    let done = handle.delete(Default::default()).await;
    done.map_err(|error| schedule_error("delete the schedule", error))
}

/// What one firing came to: its result, or in words why there is none yet.
///
/// # Errors
/// When the server does not answer.
pub async fn launched(
    client: &Client,
    fired: &Fired,
) -> Result<Result<ScheduledResult, String>, TemporalError> {
    let handle = client.get_workflow_handle::<ScheduledReconciliation>(&fired.workflow_id);
    let status = match handle.describe(Default::default()).await {
        Ok(description) => description.status(),
        Err(WorkflowInteractionError::NotFound(_)) => {
            return Ok(Err("no longer on the server".to_owned()));
        }
        Err(error) => {
            return Err(TemporalError::Refused {
                action: "look at what the schedule started",
                problem: error.to_string(),
            });
        }
    };
    if status == WorkflowExecutionStatus::Running {
        return Ok(Err("under way".to_owned()));
    }
    let result = handle.get_result(Default::default()).await;
    Ok(result.map_err(|error| match &error {
        WorkflowGetResultError::Failed(failure) => format!("failed: {}", failure_text(failure)),
        other => other.to_string(),
    }))
}

fn schedule(wanted: &Wanted, mut state: ScheduleState) -> Schedule {
    if let Some(note) = &wanted.note {
        state.notes.clone_from(note);
    }
    let when = format!("{}, {}", wanted.timing, wanted.time_zone);
    let action = NewWorkflowExecutionInfo {
        workflow_id: format!("scheduled/{}", wanted.input.source),
        workflow_type: Some(WorkflowType {
            name: "ScheduledReconciliation".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: TASK_QUEUE.to_owned(),
            ..TaskQueue::default()
        }),
        input: Some(Payloads {
            payloads: vec![json(&wanted.input)],
        }),
        memo: Some(memo_of([
            ("when", json(&when)),
            ("set_by", json(&wanted.set_by)),
        ])),
        user_metadata: Some(UserMetadata {
            summary: Some(json(&when)),
            details: None,
        }),
        ..NewWorkflowExecutionInfo::default()
    };
    Schedule {
        spec: Some(wanted.timing.spec(&wanted.time_zone)),
        action: Some(ScheduleAction {
            action: Some(schedule_action::Action::StartWorkflow(action)),
        }),
        policies: Some(SchedulePolicies {
            // What is started is short, or waits for a day that a holiday moved it to; its runs
            // have ids of their own. None of them has to wait for another, and none is left out.
            overlap_policy: OVERLAP_ALLOW_ALL,
            catchup_window: CATCH_UP.try_into().ok(),
            ..SchedulePolicies::default()
        }),
        state: Some(state),
    }
}

/// `SCHEDULE_OVERLAP_POLICY_ALLOW_ALL` of the server's API.
pub(super) const OVERLAP_ALLOW_ALL: i32 =
    temporalio_common::protos::temporal::api::enums::v1::ScheduleOverlapPolicy::AllowAll as i32;

/// `SCHEDULE_OVERLAP_POLICY_SKIP`.
pub(super) const OVERLAP_SKIP: i32 =
    temporalio_common::protos::temporal::api::enums::v1::ScheduleOverlapPolicy::Skip as i32;

/// What never changes, for the Temporal UI and `temporal schedule describe`: the server does not
/// let a schedule's own memo be changed. When it fires is told by the comment beside its times, and
/// by the summary and memo of what it starts.
fn memo(wanted: &Wanted) -> Memo {
    memo_of([
        ("source", json(&wanted.input.source)),
        ("created_by", json(&wanted.set_by)),
    ])
}

pub(super) fn memo_of<const N: usize>(fields: [(&str, Payload); N]) -> Memo {
    Memo {
        fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

fn described(source: &str, found: &ScheduleDescription) -> Described {
    let raw = found.raw();
    let schedule = raw.schedule.clone().unwrap_or_default();
    let spec = schedule.spec.unwrap_or_default();
    let input = match schedule.action.and_then(|action| action.action) {
        Some(schedule_action::Action::StartWorkflow(action)) => action.input,
        None => None,
    };
    let input = input.and_then(|input| {
        let [payload] = input.payloads.as_slice() else {
            return None;
        };
        serde_json::from_slice(&payload.data).ok()
    });
    let info = raw.info.clone().unwrap_or_default();
    let fired = info.recent_actions.iter().rev().filter_map(|action| {
        let at = action.schedule_time.as_ref()?;
        Some(Fired {
            scheduled_at: Timestamp::new(at.seconds, at.nanos).ok()?,
            workflow_id: action.start_workflow_result.as_ref()?.workflow_id.clone(),
        })
    });
    let next = info.future_action_times.iter();
    Described {
        source: source.to_owned(),
        when: spec
            .structured_calendar
            .first()
            .map_or(String::new(), |calendar| calendar.comment.clone()),
        time_zone: match spec.timezone_name.is_empty() {
            true => "UTC".to_owned(),
            false => spec.timezone_name,
        },
        input,
        is_paused: found.paused(),
        note: found.note().unwrap_or_default().to_owned(),
        next: next
            .filter_map(|at| Timestamp::new(at.seconds, at.nanos).ok())
            .collect(),
        recent: fired.collect(),
        missed: found.missed_catchup_window(),
    }
}

pub(super) fn known<T>(
    found: Result<T, ScheduleError>,
    action: &'static str,
) -> Result<Option<T>, TemporalError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ScheduleError::Rpc(status)) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(error) => Err(schedule_error(action, error)),
    }
}

pub(super) fn schedule_error(action: &'static str, error: ScheduleError) -> TemporalError {
    match error {
        ScheduleError::Rpc(status) => refused(action, &status),
        other => TemporalError::Refused {
            action,
            problem: other.to_string(),
        },
    }
}

pub(super) fn refused(action: &'static str, status: &tonic::Status) -> TemporalError {
    TemporalError::Refused {
        action,
        problem: status.message().to_owned(),
    }
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: serde_json::to_vec(value).unwrap_or_default(),
        ..Payload::default()
    }
}

/// Names this request, so that the server takes it once.
pub(super) fn request_id(what: &str, source: &str) -> String {
    let now = Timestamp::now().as_nanosecond();
    format!("{what}-{source}-{}-{now}", std::process::id())
}

/// The server leaves out the beginning of a range, and knows no parts of seconds.
fn just_before(first: Timestamp) -> SystemTime {
    SystemTime::from(first) - Duration::from_secs(1)
}
