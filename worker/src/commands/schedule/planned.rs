//! Which runs a schedule asks for at given times, and how these runs stand before it does.
//!
//! The worker decides by its own configuration; this is what it will decide if that is the same.

use activities::source::Source;
use domain::schedule::{self, Planned};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proto::wire::{ReconciliationInput, ScheduledInput};
use serde_json::json;
use temporalio_client::{Client, WorkflowExecutionStatus};
use workflows::identity;

use super::shown::local;
use crate::temporal::run_status;

/// What a schedule asks for at one time.
pub(super) struct Asked {
    scheduled_at: Timestamp,
    what: What,
}

enum What {
    LeftOut(Date),
    Run {
        run_id: String,
        start_at: Timestamp,
        standing: Standing,
    },
}

/// How a run stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    New,
    Again,
    Running,
    Completed,
    /// An earlier time of the same list asks for it.
    Twice,
}

impl Standing {
    fn name(self) -> &'static str {
        match self {
            Standing::New => "starts",
            Standing::Again => "starts_again",
            Standing::Running => "already_running",
            Standing::Completed => "already_completed",
            Standing::Twice => "already_asked_for",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Standing::New => "starts",
            Standing::Again => "failed before, starts again",
            Standing::Running => "is already under way, not started again",
            Standing::Completed => "is already reconciled, not run again",
            Standing::Twice => "the same run",
        }
    }
}

/// What `input` asks for at each of these times.
///
/// # Errors
/// When the server does not answer.
pub(super) async fn asked(
    client: &Client,
    source: &Source,
    input: &ScheduledInput,
    times: &[Timestamp],
) -> anyhow::Result<Vec<Asked>> {
    let rule = proto::schedule::schedule_rule(input)?;
    let (day, calendar) = (&source.business_day, &source.policy.calendar);
    let mut asked: Vec<Asked> = Vec::new();
    for scheduled_at in times.iter().copied() {
        let what = match schedule::plan(scheduled_at, day, calendar, rule)? {
            Planned::LeftOut { day } => What::LeftOut(day),
            Planned::Run {
                business_date,
                start_at,
            } => {
                let run_id = identity::run_id(&ReconciliationInput {
                    source: input.source.clone(),
                    business_date: business_date.to_string(),
                    ..ReconciliationInput::default()
                });
                let standing = match asked.iter().any(|earlier| earlier.is_about(&run_id)) {
                    true => Standing::Twice,
                    false => standing(client, &run_id).await?,
                };
                What::Run {
                    run_id,
                    start_at,
                    standing,
                }
            }
        };
        asked.push(Asked { scheduled_at, what });
    }
    Ok(asked)
}

async fn standing(client: &Client, run_id: &str) -> anyhow::Result<Standing> {
    Ok(match run_status(client, run_id).await? {
        None => Standing::New,
        Some(WorkflowExecutionStatus::Running) => Standing::Running,
        Some(WorkflowExecutionStatus::Completed) => Standing::Completed,
        Some(_) => Standing::Again,
    })
}

impl Asked {
    fn is_about(&self, run_id: &str) -> bool {
        matches!(&self.what, What::Run { run_id: known, .. } if known == run_id)
    }

    /// For people, with local times.
    pub(super) fn sentence(&self, zone: &TimeZone) -> String {
        let scheduled_at = local(self.scheduled_at, zone);
        match &self.what {
            What::LeftOut(day) => format!("{scheduled_at}  {day} is no business day: left out"),
            What::Run {
                run_id,
                start_at,
                standing,
            } => {
                let moved = match *start_at > Timestamp::now() {
                    true => format!(" at {}", local(*start_at, zone)),
                    false => String::new(),
                };
                format!("{scheduled_at}  {run_id}: {}{moved}", standing.words())
            }
        }
    }

    /// For scripts.
    pub(super) fn to_json(&self) -> serde_json::Value {
        let scheduled_at = self.scheduled_at.to_string();
        match &self.what {
            What::LeftOut(day) => json!({
                "scheduled_at": scheduled_at, "outcome": "skipped", "day": day.to_string(),
            }),
            What::Run {
                run_id,
                start_at,
                standing,
            } => json!({
                "scheduled_at": scheduled_at,
                "outcome": standing.name(),
                "run_id": run_id,
                "start_at": start_at.to_string(),
            }),
        }
    }
}
