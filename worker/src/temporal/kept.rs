//! Schedules that follow from the configuration: the watch and the digest of a source, and the
//! checkpoints of the audit trail. The worker makes sure at its start that the server has these, as they are configured, and no others.
//!
//! Of several workers the last one to start is right. What people paused stays paused.

use std::collections::BTreeMap;
use std::time::Duration;

use activities::audit::Audit;
use activities::punctuality::{DigestTime, Punctuality};
use activities::source::Source;
use futures::TryStreamExt;
use jiff::tz::TimeZone;
use proto::wire::ScheduledInput;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::schedules::ListSchedulesOptions;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, WorkflowType};
use temporalio_common::protos::temporal::api::schedule::v1::{
    IntervalSpec, Schedule, ScheduleAction, SchedulePolicies, ScheduleSpec, ScheduleState,
    schedule_action,
};
use temporalio_common::protos::temporal::api::sdk::v1::UserMetadata;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CreateScheduleRequest, UpdateScheduleRequest,
};
use workflows::TASK_QUEUE;

use super::schedules::{
    OVERLAP_ALLOW_ALL, OVERLAP_SKIP, json, known, memo_of, refused, request_id, schedule_error,
};
use super::{TemporalError, Timing};

/// What a kept schedule starts: its workflow type, and what ids of the schedules begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Watch,
    Digest,
    Checkpoint,
}

/// A schedule as the configuration wants it.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    kind: Kind,
    /// What it is about.
    name: String,
    input: Payload,
    /// When it fires, in words, and for the server.
    when: String,
    spec: ScheduleSpec,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Watch, Kind::Digest, Kind::Checkpoint];

    fn prefix(self) -> &'static str {
        match self {
            Kind::Watch => "watch/",
            Kind::Digest => "digest/",
            Kind::Checkpoint => "checkpoint/",
        }
    }

    fn workflow_type(self) -> &'static str {
        match self {
            Kind::Watch => "Watch",
            Kind::Digest => "Digest",
            Kind::Checkpoint => "Checkpoint",
        }
    }

    /// What an outage of the server delayed by no more is made up for. Each day that has no run is
    /// told; a digest of yesterday tells nobody anything.
    fn catch_up(self) -> Duration {
        match self {
            Kind::Watch => Duration::from_secs(7 * 24 * 3600),
            Kind::Digest => Duration::from_secs(12 * 3600),
            // One checkpoint makes up for all that were missed.
            Kind::Checkpoint => Duration::from_secs(60),
        }
    }

    /// What becomes of one that is due while the one before still works.
    fn overlap(self) -> i32 {
        match self {
            Kind::Watch | Kind::Digest => OVERLAP_ALLOW_ALL,
            Kind::Checkpoint => OVERLAP_SKIP,
        }
    }
}

impl Kept {
    fn id(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.name)
    }

    fn schedule(&self, state: ScheduleState) -> Schedule {
        let when = &self.when;
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
                payloads: vec![self.input.clone()],
            }),
            memo: Some(memo_of([("when", json(when))])),
            user_metadata: Some(UserMetadata {
                summary: Some(json(when)),
                details: None,
            }),
            ..NewWorkflowExecutionInfo::default()
        };
        Schedule {
            spec: Some(self.spec.clone()),
            action: Some(ScheduleAction {
                action: Some(schedule_action::Action::StartWorkflow(action)),
            }),
            policies: Some(SchedulePolicies {
                overlap_policy: self.kind.overlap(),
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
        let data = |payload: &Payload| payload.data.clone();
        let input = action
            .input
            .as_ref()
            .and_then(|input| input.payloads.first());
        let memo = action
            .memo
            .as_ref()
            .and_then(|memo| memo.fields.get("when"));
        input.map(data) == Some(self.input.data.clone())
            && memo.map(data) == Some(json(&self.when).data)
    }
}

/// The schedules that the configuration asks for.
#[must_use]
pub fn configured(sources: &BTreeMap<String, Source>, audit: &Audit) -> Vec<Kept> {
    let kept = sources.iter().flat_map(|(name, source)| {
        let zone = &source.business_day.time_zone;
        of_source(name, zone, &source.punctuality)
    });
    kept.chain(of_audit(audit)).collect()
}

/// The checkpoints; none without a key.
fn of_audit(audit: &Audit) -> Option<Kept> {
    audit.signer.as_ref()?;
    let every = Duration::try_from(audit.every).ok()?;
    Some(Kept {
        kind: Kind::Checkpoint,
        name: "audit".to_owned(),
        input: json(&serde_json::json!({})),
        when: format!("every {:#}", audit.every),
        spec: ScheduleSpec {
            interval: vec![IntervalSpec {
                interval: every.try_into().ok(),
                phase: None,
            }],
            ..ScheduleSpec::default()
        },
    })
}

fn of_source(name: &str, zone: &TimeZone, punctuality: &Punctuality) -> Vec<Kept> {
    let zone = zone.iana_name().unwrap_or("UTC");
    let kept = |kind, timing: Timing, days_back, holidays: &str| Kept {
        kind,
        name: name.to_owned(),
        input: json(&ScheduledInput {
            source: name.to_owned(),
            days_back,
            holidays: holidays.to_owned(),
        }),
        when: format!("{timing}, {zone}"),
        spec: timing.spec(zone),
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

/// Makes the server's watches, digests and checkpoints those that are `wanted`.
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
                tracing::info!(schedule = id, when = kept.when, "made");
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
    tracing::info!(schedule = id, when = kept.when, "changed");
    Ok(())
}
