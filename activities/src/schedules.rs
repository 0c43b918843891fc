//! What a scheduled time asks for, by the source's own zone, cut-off and calendar.

use domain::schedule::{self, Planned};
use proto::schedule::schedule_rule;
use proto::wire::{ReconciliationInput, ScheduledResult};
use workflows::failure;
use workflows::ports::{Scheduled, Scheduling};

use crate::Trueup;
use crate::failures::Failure;
use crate::runs::{configured, timestamp};

/// Who asks for a scheduled run, on the audit trail.
pub(crate) const REQUESTED_BY: &str = "schedule";

pub(crate) fn plan(trueup: &Trueup, input: &Scheduling) -> Result<Scheduled, Failure> {
    let invalid = |error: &dyn std::error::Error| Failure::last(failure::INVALID_INPUT, error);
    let rule = schedule_rule(&input.request).map_err(|error| invalid(&error))?;
    let source = configured(trueup, &input.request.source)?;
    let scheduled_at = timestamp(&input.scheduled_at)?;
    let calendar = &source.policy.calendar;
    let planned = schedule::plan(scheduled_at, &source.business_day, calendar, rule)
        .map_err(|error| invalid(&error))?;
    Ok(match planned {
        Planned::Run {
            business_date,
            start_at,
        } => Scheduled::Start {
            request: ReconciliationInput {
                source: input.request.source.clone(),
                business_date: business_date.to_string(),
                generation: 1,
                requested_by: REQUESTED_BY.to_owned(),
                ..ReconciliationInput::default()
            },
            start_at: (start_at > scheduled_at).then(|| start_at.to_string()),
            wait_for_report_seconds: source
                .punctuality
                .wait_for_report
                .map(|wait| wait.as_secs()),
        },
        Planned::LeftOut { day } => Scheduled::Skip {
            result: ScheduledResult {
                outcome: "skipped".to_owned(),
                run_id: String::new(),
                business_date: day.to_string(),
                summary: format!("{day} is no business day of {}", input.request.source),
            },
        },
    })
}
