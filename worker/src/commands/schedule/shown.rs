//! A schedule as people and scripts see it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proto::wire::{ScheduledInput, ScheduledResult};
use serde_json::json;
use temporalio_client::Client;

use crate::temporal::{Described, Fired, launched, schedule_id};

/// How many times ahead and back are shown.
const SHOWN_TIMES: usize = 3;

/// A time that a schedule fired, and what came of it.
pub(super) struct Last {
    fired: Fired,
    came_to: Result<ScheduledResult, String>,
}

/// What the schedule did last, the latest first.
///
/// # Errors
/// When the server does not answer.
pub(super) async fn last(client: &Client, schedule: &Described) -> anyhow::Result<Vec<Last>> {
    let mut last = Vec::new();
    for fired in schedule.recent.iter().take(SHOWN_TIMES) {
        last.push(Last {
            came_to: launched(client, fired).await?,
            fired: fired.clone(),
        });
    }
    Ok(last)
}

/// An instant on the clocks of this zone, with its offset.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    local.strftime("%a %Y-%m-%d %H:%M %:z").to_string()
}

/// A schedule in a few lines.
pub(super) fn text(schedule: &Described, last: &[Last], is_configured: bool) -> String {
    let zone = TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC);
    let when = match schedule.when.as_str() {
        "" => "at times that were set outside of trueup",
        when => when,
    };
    let mut lines = vec![format!(
        "{} — {when}, {}",
        schedule.source, schedule.time_zone
    )];
    if !is_configured {
        lines.push("  source   is not configured: its runs will fail".to_owned());
    }
    lines.extend(
        schedule
            .input
            .as_ref()
            .map(|input| format!("  runs     {}", meaning(input))),
    );
    if schedule.is_paused {
        lines.push("  paused   it does not fire until it is resumed".to_owned());
    }
    if !schedule.note.is_empty() {
        lines.push(format!("  note     {}", schedule.note));
    }
    let next = schedule.next.iter().take(SHOWN_TIMES);
    lines.extend(titled("next", next.map(|at| local(*at, &zone))));
    let last = last.iter().map(|last| {
        let came_to = match &last.came_to {
            Ok(result) => result.summary.clone(),
            Err(problem) => problem.clone(),
        };
        format!("{}  {came_to}", local(last.fired.scheduled_at, &zone))
    });
    lines.extend(titled("last", last));
    if schedule.missed > 0 {
        lines.push(format!(
            "  missed   {} times in an outage of over 7 days; make up for them: trueup schedule \
             backfill {}",
            schedule.missed, schedule.source
        ));
    }
    lines.join("\n")
}

fn titled(title: &str, lines: impl Iterator<Item = String>) -> Vec<String> {
    let titles = std::iter::once(title).chain(std::iter::repeat(""));
    let lines = titles.zip(lines);
    lines
        .map(|(title, line)| format!("  {title:<8} {line}"))
        .collect()
}

/// Which day a firing is about, and what happens on days off, in words.
fn meaning(input: &ScheduledInput) -> String {
    let days = match input.holidays.as_str() {
        "run" => "day",
        _ => "business day",
    };
    let which = match input.days_back {
        0 => "the day on which it fires".to_owned(),
        1 => format!("the {days} before"),
        back => format!("the day {back} {days}s before"),
    };
    let holidays = match input.holidays.as_str() {
        "move" => "a day off moves it to the next business day",
        "run" => "also on days off",
        _ => "not on days off",
    };
    format!("{which}; {holidays}")
}

/// A schedule as scripts see it.
pub(super) fn to_json(schedule: &Described, last: &[Last]) -> serde_json::Value {
    let zone = TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC);
    let at = |at: Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    };
    let next = schedule.next.iter().take(SHOWN_TIMES);
    let last: Vec<_> = last
        .iter()
        .map(|last| {
            let mut one = json!({
                "scheduled_at": at(last.fired.scheduled_at),
                "workflow_id": last.fired.workflow_id,
            });
            match &last.came_to {
                Ok(result) => one["result"] = json!(result),
                Err(problem) => one["problem"] = json!(problem),
            }
            one
        })
        .collect();
    json!({
        "schedule_id": schedule_id(&schedule.source),
        "source": schedule.source,
        "when": schedule.when,
        "time_zone": schedule.time_zone,
        "input": schedule.input,
        "paused": schedule.is_paused,
        "note": schedule.note,
        "next": next.map(|time| at(*time)).collect::<Vec<_>>(),
        "last": last,
        "missed": schedule.missed,
    })
}
