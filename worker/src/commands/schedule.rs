//! `trueup schedule`: when runs happen by themselves. Each source has one schedule, a Temporal
//! Schedule that the Temporal UI and CLI show and change as well.

mod planned;
mod shown;

use anyhow::{Context, ensure};
use domain::schedule::{DAYS_BACK_MAX, Holidays};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proto::wire::ScheduledInput;
use serde_json::json;
use temporalio_client::Client;

use super::values::{self, date};
use crate::config::{Configuration, FromText};
use crate::exit::Exit;
use crate::output::say;
use crate::temporal::{
    Described, MATCHING_TIMES_MAX, SetOutcome, Timing, Wanted, backfill_schedule, delete_schedule,
    describe_schedule, matching_times, pause_schedule, schedule_id, scheduled_sources,
    set_schedule, trigger_schedule,
};
use crate::wiring;
use planned::Asked;

/// When runs happen by themselves.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Sets when a source is reconciled, or changes it
    Set(SetArguments),
    /// Lists schedules: when they fire next, and what they did last
    List(ListArguments),
    /// Stops a schedule from firing
    Pause(NoteArguments),
    /// Lets a paused schedule go on
    Resume(NoteArguments),
    /// Lets a schedule fire now, also a paused one
    Trigger(SourceArgument),
    /// Lets a schedule fire for past days; runs that exist are found, not repeated
    Backfill(BackfillArguments),
    /// Deletes a schedule; what it started goes on
    Delete(SourceArgument),
}

/// What is scheduled, and when.
#[derive(clap::Args, Debug)]
pub struct SetArguments {
    /// Name of the source
    source: String,
    #[command(flatten)]
    when: When,
    /// Zone of the time of day, as Europe/Berlin (else the source's)
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Days from the day on which it fires back to the one that is reconciled
    #[arg(long, value_name = "DAYS", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(..=i64::from(DAYS_BACK_MAX)))]
    days_back: u32,
    /// What happens on days without business: skip, move (to the next business day), or run
    #[arg(long, default_value = "skip", value_parser = holidays)]
    holidays: Holidays,
    /// Remark for people; without one the earlier remark stays
    #[arg(long)]
    note: Option<String>,
}

/// One of four ways to say it. Times are HH:MM.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
pub struct When {
    /// Every day
    #[arg(long, value_name = "TIME")]
    daily: Option<String>,
    /// On days of the week: mon,thu 06:30
    #[arg(long, num_args = 2, value_names = ["DAYS", "TIME"])]
    weekly: Option<Vec<String>>,
    /// On days of the month: 1,15 06:30, or last 06:30
    #[arg(long, num_args = 2, value_names = ["DAYS", "TIME"])]
    monthly: Option<Vec<String>>,
    /// By a cron expression: "30 6 * * 1-5"
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
}

/// Which schedules.
#[derive(clap::Args, Debug)]
pub struct ListArguments {
    /// Only of this source
    source: Option<String>,
}

/// Whose schedule.
#[derive(clap::Args, Debug)]
pub struct SourceArgument {
    /// Name of the source
    source: String,
}

/// Whose schedule, and why.
#[derive(clap::Args, Debug)]
pub struct NoteArguments {
    /// Name of the source
    source: String,
    /// Why; shown with the schedule
    #[arg(long)]
    note: Option<String>,
}

/// Which days are made up for.
#[derive(clap::Args, Debug)]
pub struct BackfillArguments {
    /// Name of the source
    source: String,
    /// First day on which the schedule should have fired, YYYY-MM-DD in its zone
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Date,
    /// Last such day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Date,
}

/// Does it.
///
/// # Errors
/// Unknown source, no such schedule, what the server refuses, or no server.
pub async fn run(
    configuration: &Configuration,
    command: Command,
    json: bool,
) -> anyhow::Result<Exit> {
    let wanted = match &command {
        // Mistakes of the command line are told also when there is no server.
        Command::Set(arguments) => Some(wanted(configuration, arguments)?),
        _ => None,
    };
    let client = wiring::client(configuration).await?;
    let desk = Desk {
        configuration,
        client,
        json,
    };
    match command {
        Command::Set(_) => desk.set(wanted.context("what was read before")?).await?,
        Command::List(arguments) => desk.list(arguments.source).await?,
        Command::Pause(arguments) => desk.pause(arguments, true).await?,
        Command::Resume(arguments) => desk.pause(arguments, false).await?,
        Command::Trigger(SourceArgument { source }) => desk.trigger(&source).await?,
        Command::Backfill(arguments) => desk.backfill(arguments).await?,
        Command::Delete(SourceArgument { source }) => desk.delete(&source).await?,
    }
    Ok(Exit::Clean)
}

/// Where schedules are looked after.
struct Desk<'c> {
    configuration: &'c Configuration,
    client: Client,
    json: bool,
}

impl Desk<'_> {
    async fn set(&self, wanted: Wanted) -> anyhow::Result<()> {
        let outcome = match set_schedule(&self.client, &wanted).await? {
            SetOutcome::Created => "created",
            SetOutcome::Changed => "changed",
        };
        let schedule = self.found(&wanted.input.source).await?;
        let zone = TimeZone::get(&wanted.time_zone)?;
        let today = Timestamp::now().to_zoned(zone.clone()).date();
        let swallowed = wanted.timing.swallowed(&zone, today);
        let mut warnings: Vec<String> = Vec::new();
        warnings.extend(swallowed.map(|day| {
            format!(
                "the clocks of {} jump over this time of day on {day}: nothing will run then",
                wanted.time_zone
            )
        }));
        if schedule.next.is_empty() {
            warnings.push("these times never come: nothing will ever run".to_owned());
        }
        if self.json {
            let mut answer = shown::to_json(&schedule, &[]);
            answer["outcome"] = json!(outcome);
            answer["warnings"] = json!(warnings);
            return print_json(&answer);
        }
        say!("{outcome} {}", schedule_id(&schedule.source));
        say!("{}", shown::text(&schedule, &[], true));
        for warning in warnings {
            say!("  warning  {warning}");
        }
        Ok(())
    }

    async fn list(&self, source: Option<String>) -> anyhow::Result<()> {
        let schedules = match source {
            Some(source) => vec![self.found(&source).await?],
            None => self.all().await?,
        };
        let mut answer = Vec::new();
        for schedule in &schedules {
            let last = shown::last(&self.client, schedule).await?;
            let is_configured = self.configuration.sources.contains_key(&schedule.source);
            if self.json {
                let mut one = shown::to_json(schedule, &last);
                one["configured"] = json!(is_configured);
                answer.push(one);
            } else {
                say!("{}", shown::text(schedule, &last, is_configured));
            }
        }
        if self.json {
            return print_json(&json!(answer));
        }
        if schedules.is_empty() {
            say!("no schedules; set one: trueup schedule set SOURCE --daily 06:30");
        }
        Ok(())
    }

    /// Those of all sources. The server's list lags behind by a second or so, and is asked only
    /// for those of sources that are no longer configured.
    async fn all(&self) -> anyhow::Result<Vec<Described>> {
        let mut names: Vec<String> = self.configuration.sources.keys().cloned().collect();
        names.extend(scheduled_sources(&self.client).await?);
        names.sort();
        names.dedup();
        let asked = names
            .iter()
            .map(|name| describe_schedule(&self.client, name));
        let found = futures::future::try_join_all(asked).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn pause(&self, arguments: NoteArguments, paused: bool) -> anyhow::Result<()> {
        let source = self.found(&arguments.source).await?.source;
        let outcome = if paused { "paused" } else { "resumed" };
        let note = match arguments.note {
            Some(note) => signed(&note),
            None => format!("{outcome} by {}", values::person()),
        };
        pause_schedule(&self.client, &source, paused, note).await?;
        let schedule = self.found(&source).await?;
        if self.json {
            let mut answer = shown::to_json(&schedule, &[]);
            answer["outcome"] = json!(outcome);
            return print_json(&answer);
        }
        say!("{outcome} {}", schedule_id(&source));
        say!("{}", shown::text(&schedule, &[], true));
        Ok(())
    }

    async fn trigger(&self, source: &str) -> anyhow::Result<()> {
        let schedule = self.found(source).await?;
        let asked = self.asked(&schedule, &[Timestamp::now()]).await?;
        trigger_schedule(&self.client, source).await?;
        self.tell("triggered", &schedule, &asked)
    }

    async fn backfill(&self, arguments: BackfillArguments) -> anyhow::Result<()> {
        let BackfillArguments { source, from, to } = arguments;
        ensure!(from <= to, "--from {from} is after --to {to}");
        let schedule = self.found(&source).await?;
        let zone = TimeZone::get(&schedule.time_zone)?;
        let first = from.to_zoned(zone.clone())?.timestamp();
        let end = to.tomorrow()?.to_zoned(zone)?.timestamp();
        let last = end.checked_sub(jiff::SignedDuration::from_secs(1))?;
        // What is to come will fire by itself.
        let last = last.min(Timestamp::now());
        ensure!(first <= last, "--from {from} is in the future");
        let times = matching_times(&self.client, &source, first, last).await?;
        ensure!(
            times.len() < MATCHING_TIMES_MAX,
            "these are {MATCHING_TIMES_MAX} times or more: take a shorter range"
        );
        let asked = self.asked(&schedule, &times).await?;
        if !times.is_empty() {
            backfill_schedule(&self.client, &source, first, last).await?;
        }
        self.tell("backfilling", &schedule, &asked)
    }

    async fn delete(&self, source: &str) -> anyhow::Result<()> {
        let schedule_id = schedule_id(&self.found(source).await?.source);
        delete_schedule(&self.client, source).await?;
        if self.json {
            return print_json(&json!({ "outcome": "deleted", "schedule_id": schedule_id }));
        }
        say!("deleted {schedule_id}; what it started goes on");
        Ok(())
    }

    /// What the schedule asks for at these times, and how that stands so far.
    async fn asked(&self, schedule: &Described, times: &[Timestamp]) -> anyhow::Result<Vec<Asked>> {
        let source = self.configuration.source(&schedule.source)?;
        let input = schedule.input.as_ref();
        let input = input.context("the schedule's input was changed to none of trueup's")?;
        planned::asked(&self.client, source, input, times).await
    }

    fn tell(&self, outcome: &str, schedule: &Described, asked: &[Asked]) -> anyhow::Result<()> {
        let schedule_id = schedule_id(&schedule.source);
        if self.json {
            let runs: Vec<_> = asked.iter().map(Asked::to_json).collect();
            return print_json(&json!({
                "outcome": outcome, "schedule_id": schedule_id, "runs": runs,
            }));
        }
        if asked.is_empty() {
            say!("{schedule_id} does not fire on these days");
            return Ok(());
        }
        say!("{outcome} {schedule_id}");
        let zone = TimeZone::get(&schedule.time_zone)?;
        for asked in asked {
            say!("  {}", asked.sentence(&zone));
        }
        say!("follow it: trueup schedule list {}", schedule.source);
        Ok(())
    }

    /// The schedule of this source; a schedule may outlive its source's file.
    async fn found(&self, source: &str) -> anyhow::Result<Described> {
        if let Some(schedule) = describe_schedule(&self.client, source).await? {
            return Ok(schedule);
        }
        self.configuration.source(source)?;
        anyhow::bail!(
            "{source} has no schedule; set one: trueup schedule set {source} --daily 06:30"
        )
    }
}

fn wanted(configuration: &Configuration, arguments: &SetArguments) -> anyhow::Result<Wanted> {
    let source = configuration.source(&arguments.source)?;
    let zone = match &arguments.time_zone {
        Some(name) => TimeZone::from_text(name).map_err(anyhow::Error::msg)?,
        None => source.business_day.time_zone.clone(),
    };
    let time_zone = zone.iana_name().unwrap_or("UTC").to_owned();
    Ok(Wanted {
        input: ScheduledInput {
            source: arguments.source.clone(),
            days_back: arguments.days_back,
            holidays: arguments.holidays.name().to_owned(),
        },
        timing: timing(&arguments.when).map_err(anyhow::Error::msg)?,
        time_zone,
        note: arguments.note.as_deref().map(signed),
        set_by: values::person(),
    })
}

fn timing(when: &When) -> Result<Timing, String> {
    let pair = |values: &Option<Vec<String>>| match values.as_deref() {
        Some([days, time]) => Some((days.clone(), time.clone())),
        _ => None,
    };
    if let Some(time) = &when.daily {
        Timing::daily(time)
    } else if let Some((days, time)) = pair(&when.weekly) {
        Timing::weekly(&days, &time)
    } else if let Some((days, time)) = pair(&when.monthly) {
        Timing::monthly(&days, &time)
    } else {
        Timing::cron(when.cron.as_deref().unwrap_or_default())
    }
}

fn holidays(text: &str) -> Result<Holidays, String> {
    Holidays::parse(text).ok_or_else(|| "must be skip, move or run".to_owned())
}

/// A remark with the name of who made it.
fn signed(note: &str) -> String {
    format!("{note} ({})", values::person())
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
