//! Schedules that follow from the configuration: the watch and the digest of a source. The worker
//! makes sure at its start that the server has these, as they are configured, and no others.
//!
//! Of several workers the last one to start is right. What people paused stays paused.

use std::collections::BTreeMap;
use std::time::Duration;

use activities::punctuality::{DigestTime, Punctuality};
use activities::source::Source;
use futures::TryStreamExt;
use jiff::tz::TimeZone;
use proto::wire::ScheduledInput;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::schedules::ListSchedulesOptions;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::common::v1::{Payloads, WorkflowType};
use temporalio_common::protos::temporal::api::schedule::v1::{
    Schedule, ScheduleAction, SchedulePolicies, ScheduleState, schedule_action,
};
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CreateScheduleRequest, UpdateScheduleRequest,
};
use workflows::TASK_QUEUE;

use super::schedules::{
    OVERLAP_ALLOW_ALL, json, known, memo_of, refused, request_id, schedule_error,
};
use super::{TemporalError, Timing};

/// What a kept schedule starts: its workflow type, and what ids of the schedules begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Watch,
    Digest,
}

/// A schedule as the configuration wants it.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    kind: Kind,
    input: ScheduledInput,
    timing: Timing,
    time_zone: String,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Watch, Kind::Digest];

    fn prefix(self) -> &'static str {
        match self {
            Kind::Watch => "watch/",
            Kind::Digest => "digest/",
        }
    }

    fn workflow_type(self) -> &'static str {
        match self {
            Kind::Watch => "Watch",
            Kind::Digest => "Digest",
        }
    }

    /// What an outage of the server delayed by no more is made up for. Each day that has no run is
    /// told; a digest of yesterday tells nobody anything.
    fn catch_up(self) -> Duration {
        match self {
            Kind::Watch => Duration::from_secs(7 * 24 * 3600),
            Kind::Digest => Duration::from_secs(12 * 3600),
        }
    }
}

impl Kept {
    fn id(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.input.source)
    }

    /// When it fires, in words.
    fn when(&self) -> String {
        format!("{}, {}", self.timing, self.time_zone)
    }

    fn schedule(&self, state: ScheduleState) -> Schedule {
        let when = self.when();
        let action = NewWorkflowExecutionInfo {
            workflow_id: self.id(),
            workflow_type: Some(WorkflowType {
                name: self.kind.workflow_type().to_owned(),
            }),
            task_queue: Some(TaskQueue {
                name: TASK_QUEUE.to_owned(),
                ..TaskQueue::default()
            }),
            input: Some(Payloads {
                payloads: vec![json(&self.input)],
            }),
            memo: Some(memo_of([("when", json(&when))])),
            user_metadata: Some(UserMetadata {
                summary: Some(json(&when)),
                details: None,
            }),
            ..NewWorkflowExecutionInfo::default()
        };
        Schedule {
            spec: Some(self.timing.spec(&self.time_zone)),
            action: Some(ScheduleAction {
                action: Some(schedule_action::Action::StartWorkflow(action)),
            }),
            policies: Some(SchedulePolicies {
                overlap_policy: OVERLAP_ALLOW_ALL,
                catchup_window: self.kind.catch_up().try_into().ok(),
                ..SchedulePolicies::default()
            }),
            state: Some(state),
        }
    }

    /// Whether the server has it like this already, as far as it follows from the configuration.
    fn is_like(&self, found: &Schedule) -> bool {
        let Some(ScheduleAction {
            action: Some(schedule_action::Action::StartWorkflow(action)),
        }) = &found.action
        else {
            return false;
        };
        let data = |payload: &temporalio_common::protos::temporal::api::common::v1::Payload| {
            payload.data.clone()
        };
        let input = action
            .input
            .as_ref()
            .and_then(|input| input.payloads.first());
        let memo = action
            .memo
            .as_ref()
            .and_then(|memo| memo.fields.get("when"));
        input.map(data) == Some(json(&self.input).data)
            && memo.map(data) == Some(json(&self.when()).data)
    }
}

/// The schedules that the sources' files ask for.
#[must_use]
pub fn configured(sources: &BTreeMap<String, Source>) -> Vec<Kept> {
    let kept = sources.iter().flat_map(|(name, source)| {
        let zone = &source.business_day.time_zone;
        of_source(name, zone, &source.punctuality)
    });
    kept.collect()
}

fn of_source(name: &str, zone: &TimeZone, punctuality: &Punctuality) -> Vec<Kept> {
    let kept = |kind, timing, days_back, holidays: &str| Kept {
        kind,
        input: ScheduledInput {
            source: name.to_owned(),
            days_back,
            holidays: holidays.to_owned(),
        },
        timing,
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    };
    let watch = punctuality.run_deadline.map(|deadline| {
        let timing = Timing::Daily(deadline.time);
        kept(Kind::Watch, timing, deadline.days_back, "skip")
    });
    let digest = punctuality.digest.as_ref().map(|digest| match digest.time {
        DigestTime::Daily(time) => kept(Kind::Digest, Timing::Daily(time), 0, "skip"),
        // A week without a digest because its Monday is a holiday would be long.
        DigestTime::Weekly(day, time) => {
            kept(Kind::Digest, Timing::Weekly(vec![day], time), 0, "run")
        }
    });
    watch.into_iter().chain(digest).collect()
}

/// Makes the server's watches and digests those that are `wanted`.
///
/// # Errors
/// When the server does not answer or refuses.
pub async fn keep_schedules(client: &Client, wanted: &[Kept]) -> Result<(), TemporalError> {
    for kept in wanted {
        put(client, kept).await?;
    }
    let listed = client.list_schedules(ListSchedulesOptions::default());
    let listed: Result<Vec<_>, _> = listed.try_collect().await;
    for found in listed.map_err(|error| schedule_error("list schedules", error))? {
        let id = found.schedule_id();
        let is_ours = Kind::ALL.iter().any(|kind| id.starts_with(kind.prefix()));
        if is_ours && !wanted.iter().any(|kept| kept.id() == id) {
            let deleted = client
                .get_schedule_handle(id)
                .delete(Default::default())
                .await;
            // Another worker may have been first, and lists lag behind.
            if known(deleted, "delete a schedule")?.is_some() {
                tracing::info!(schedule = id, "no longer configured: deleted");
            }
        }
    }
    Ok(())
}

/// Creates a schedule, or changes it in place where it is another.
async fn put(client: &Client, kept: &Kept) -> Result<(), TemporalError> {
    let id = kept.id();
    let mut service = client.clone();
    let handle = client.get_schedule_handle(&id);
    let found = handle.describe(Default::default()).await;
    let Some(found) = known(found, "look at a schedule")? else {
        let request = CreateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: id.clone(),
            schedule: Some(kept.schedule(ScheduleState::default())),
            identity: client.identity(),
            request_id: request_id("keep", &id),
            ..CreateScheduleRequest::default()
        };
        let request = tonic::Request::new(request);
        return match WorkflowService::create_schedule(&mut service, request).await {
            // Another worker was first.
            Err(status) if status.code() == tonic::Code::AlreadyExists => Ok(()),
            Err(status) => Err(refused("make a schedule", &status)),
            Ok(_) => {
                tracing::info!(schedule = id, when = kept.when(), "made");
                Ok(())
            }
        };
    };
    let found = found.into_raw().schedule.unwrap_or_default();
    if kept.is_like(&found) {
        return Ok(());
    }
    let request = UpdateScheduleRequest {
        namespace: client.namespace(),
        schedule_id: id.clone(),
        schedule: Some(kept.schedule(found.state.unwrap_or_default())),
        identity: client.identity(),
        request_id: request_id("keep", &id),
        ..UpdateScheduleRequest::default()
    };
    let changed = service.update_schedule(tonic::Request::new(request)).await;
    changed.map_err(|status| refused("change a schedule", &status))?;
    tracing::info!(schedule = id, when = kept.when(), "changed");
    Ok(())
}
