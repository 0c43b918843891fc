//! `trueup run`: starts a run, or finds the one that answers the request, and can wait for it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use proto::wire::{ReconciliationInput, ReconciliationResult, RunStatus, Scope};

use super::values;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::temporal::{RunHandle, Started, TemporalError, start_run};
use crate::wiring;

/// Starts one reconciliation.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Name of the source
    source: String,
    /// Business date, YYYY-MM-DD (today in the source's time zone if not given)
    #[arg(long)]
    date: Option<String>,
    /// Only this client's records
    #[arg(long, conflicts_with = "invoice")]
    client: Option<String>,
    /// Only this invoice's records
    #[arg(long)]
    invoice: Option<String>,
    /// 2, 3, … after the partner amended its report
    #[arg(long, default_value_t = 1)]
    generation: u32,
    /// Compare and report, but record nothing and alert nobody
    #[arg(long)]
    dry_run: bool,
    /// Wait until the run is completed, or compared and in review
    #[arg(long)]
    wait: bool,
}

/// The phase, and the outcome for those who wait, of a run that people look at.
const IN_REVIEW: &str = "in_review";
const POLL: Duration = Duration::from_millis(250);

/// Starts or finds the run; with `--wait`, exit 1 when it found discrepancies.
///
/// # Errors
/// Unknown source, no Temporal server, or the run's own failure.
pub async fn run(
    configuration: Configuration,
    arguments: Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let request = request(&configuration, &arguments)?;
    proto::convert::validate_request(&request)?;
    let client = wiring::client(&configuration).await?;
    let started = start_run(&client, &request).await?;
    if !arguments.wait {
        announce(&started, json)?;
        return Ok(Exit::Clean);
    }
    if !json {
        say!("{}", sentence(&started));
    }
    let result = follow(started.run()).await?;
    report(&result, json)?;
    let found = result
        .totals
        .as_ref()
        .is_some_and(|totals| totals.discrepancies > 0);
    Ok(if found { Exit::Found } else { Exit::Clean })
}

fn request(
    configuration: &Configuration,
    arguments: &Arguments,
) -> anyhow::Result<ReconciliationInput> {
    let source = configuration.source(&arguments.source)?;
    let business_date = match &arguments.date {
        Some(date) => date.clone(),
        None => source
            .business_day
            .date_at(jiff::Timestamp::now())
            .to_string(),
    };
    let scope = match (&arguments.client, &arguments.invoice) {
        (None, None) => None,
        (client, invoice) => Some(Scope {
            client: client.clone(),
            invoice: invoice.clone(),
        }),
    };
    Ok(ReconciliationInput {
        source: arguments.source.clone(),
        business_date,
        scope,
        generation: arguments.generation,
        requested_by: values::person(),
        dry_run: arguments.dry_run,
    })
}

/// Waits until a run ends or is in review, showing how far it is: a bar on a terminal, lines
/// elsewhere.
///
/// # Errors
/// The run's own failure.
pub async fn follow(run: &RunHandle) -> Result<ReconciliationResult, TemporalError> {
    let mut shown = Shown::new(&run.run_id);
    let result = run.result();
    tokio::pin!(result);
    loop {
        tokio::select! {
            result = &mut result => {
                shown.finish();
                return result;
            }
            () = tokio::time::sleep(POLL) => {}
        }
        // A worker that is busy or away is no reason to stop waiting.
        let answer = tokio::select! {
            result = &mut result => {
                shown.finish();
                return result;
            }
            answer = run.status() => answer,
        };
        if let Ok(status) = answer {
            shown.update(&status);
            if status.phase == IN_REVIEW {
                shown.finish();
                return Ok(in_review(status));
            }
        }
    }
}

/// What a run that waits for people has come to so far.
fn in_review(status: RunStatus) -> ReconciliationResult {
    let totals = status.totals.unwrap_or_default();
    let review = status.review.unwrap_or_default();
    ReconciliationResult {
        run_id: status.run_id,
        outcome: IN_REVIEW.to_owned(),
        summary: format!(
            "{} matched, {} discrepancies, {} in transit; in review until {}: {} material \
             discrepancies are open",
            totals.matched,
            totals.discrepancies,
            totals.in_transit,
            review.ends_at,
            review.material_open
        ),
        totals: Some(totals),
    }
}

/// What people see while they wait.
struct Shown {
    bar: Option<ProgressBar>,
    phase: String,
}

impl Shown {
    fn new(run_id: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{spinner} {prefix}  {bar:30} {pos}/{len} {msg}");
            let bar = ProgressBar::new(1);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(run_id.to_owned());
            bar.enable_steady_tick(POLL);
            bar
        });
        Shown {
            bar,
            phase: String::new(),
        }
    }

    fn update(&mut self, status: &RunStatus) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(u64::from(status.steps_total));
                bar.set_position(u64::from(status.steps_done));
                bar.set_message(status.phase.clone());
            }
            None if self.phase != status.phase => {
                let RunStatus {
                    run_id,
                    phase,
                    steps_done,
                    steps_total,
                    ..
                } = status;
                eprintln!("{run_id}: {phase} ({steps_done} of {steps_total} steps)");
            }
            None => {}
        }
        self.phase.clone_from(&status.phase);
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn announce(started: &Started, json: bool) -> anyhow::Result<()> {
    if !json {
        say!("{}", sentence(started));
        return Ok(());
    }
    let run = started.run();
    let outcome = match started {
        Started::New(_) => "started",
        Started::Running(_) => "already_running",
        Started::Completed(_) => "already_completed",
    };
    let answer = serde_json::json!({
        "outcome": outcome, "run_id": run.run_id, "execution": run.execution,
    });
    say!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(())
}

fn sentence(started: &Started) -> String {
    let RunHandle {
        run_id, execution, ..
    } = started.run();
    match started {
        Started::New(_) => format!("started {run_id} (execution {execution})"),
        Started::Running(_) => {
            format!("{run_id} is already under way (execution {execution}); not started again")
        }
        Started::Completed(_) => format!(
            "{run_id} is already reconciled (execution {execution}); not run again. \
             If the partner amended its report: --generation 2"
        ),
    }
}

fn report(result: &ReconciliationResult, json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(result)?);
        return Ok(());
    }
    say!("{}: {}", result.run_id, result.summary);
    let totals = result.totals.iter();
    let sides = totals.flat_map(|totals| [&totals.partner, &totals.ledger]);
    let rejected: u64 = sides.flatten().map(|counts| counts.rejected).sum();
    if rejected > 0 {
        let lines = if rejected == 1 { "line" } else { "lines" };
        let run_id = &result.run_id;
        say!("{rejected} {lines} could not be read and were left out: trueup show {run_id}");
    }
    say!("look closer: trueup discrepancies --run {}", result.run_id);
    if result.outcome == IN_REVIEW {
        say!("what is open: trueup case list --run {}", result.run_id);
        say!("sign off: trueup review sign-off {}", result.run_id);
    }
    Ok(())
}
