//! The command line: what each command takes, and which module does it.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::commands::{
    alerts, audit, backtest, case, check, codec, compare, dev, discrepancies, history, keys,
    open_items, privacy, report, reproduce, review, run, runs, schedule, score, show, store,
    worker,
};
use crate::config::{Configuration, Problem, choose_folder, load};
use crate::exit::Exit;
use crate::{generate, process, wiring};

/// Reconciles what partners report with your own records, on Temporal.
///
/// Exit codes: 0 done and clean, 1 discrepancies found (or an altered audit trail, a store that is
/// not as it should be, a score that is not exact, matches lost by new rules, or an act refused), 2 error.
#[derive(Parser, Debug)]
#[command(name = "trueup", version, max_term_width = 100)]
pub struct CommandLine {
    /// Configuration folder (else TRUEUP_CONFIG, else the current folder)
    #[arg(long, global = true, value_name = "DIR")]
    config: Option<PathBuf>,
    /// JSON for scripts instead of tables for people
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Everything on one machine: Temporal server, worker, store, and the sample sources
    Dev(dev::Arguments),
    /// The worker process: does the work until it is told to stop
    Worker,
    /// Validates the configuration
    Check(check::Arguments),
    /// Compares two files, without Temporal or a store
    Compare(compare::Arguments),
    /// Starts a run, or finds the one that answers
    Run(run::Arguments),
    /// When runs happen by themselves
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// Makes the store, or says what it is like
    #[command(subcommand)]
    Store(store::Command),
    #[command(flatten)]
    Recorded(Recorded),
    /// Shows, signs and verifies the audit trail, and writes evidence of it
    #[command(subcommand)]
    Audit(audit::Command),
    /// Does a past run again, and says whether it gives the same
    Reproduce(reproduce::Arguments),
    /// Does past runs again under other rules: new, lost and changed matches
    Backtest(backtest::Arguments),
    /// Exports a workflow's history, for replay
    History(history::Arguments),
    /// Shows sealed payloads to the Temporal UI and CLI
    Codec(codec::Arguments),
    /// Makes keys, and seals what is kept with the newest one
    #[command(subcommand)]
    Keys(keys::Command),
    /// Makes labelled sample data for both sides, and the truth about it
    Generate(generate::GenerateArguments),
    /// Says how much of a truth a comparison found, and how much of what it found is true
    Score(score::Arguments),
}

/// Commands about what is on record.
#[derive(Subcommand, Debug)]
enum Recorded {
    /// Lists runs
    Runs(runs::Arguments),
    /// Lists discrepancies
    Discrepancies(discrepancies::Arguments),
    /// Lists what a run carried forward, record by record
    OpenItems(open_items::Arguments),
    /// Shows all about one run or discrepancy
    Show(show::Arguments),
    /// Writes the report of one run: a page, a workbook, CSV or JSON
    Report(report::Arguments),
    /// Works on cases: who looks, what is decided, and why
    #[command(subcommand)]
    Case(Box<case::Command>),
    /// Reviews runs: what is open, sign-off, restatements
    #[command(subcommand)]
    Review(review::Command),
    /// Lists alerts, or sends dead ones again
    #[command(subcommand)]
    Alerts(alerts::Command),
    /// Erases a person's data
    #[command(subcommand)]
    Privacy(privacy::Command),
}

impl CommandLine {
    /// Does what the command line says.
    ///
    /// # Errors
    /// What kept it from being done, for people.
    pub async fn execute(self) -> anyhow::Result<Exit> {
        let json = self.json;
        let is_service = matches!(self.command, Command::Worker | Command::Codec(_));
        process::init_logging(if is_service { "info" } else { "warn" });
        match self.command {
            Command::Dev(arguments) => dev::run(self.config, arguments).await,
            Command::Generate(arguments) => generate::run(arguments),
            Command::Score(arguments) => score::run(&arguments, json),
            Command::Check(arguments) => check::run(&choose_folder(self.config), &arguments, json),
            Command::Worker => worker::run(configuration(self.config)?).await,
            Command::Compare(arguments) => {
                compare::run(&configuration(self.config)?, &arguments, json)
            }
            Command::Run(arguments) => run::run(configuration(self.config)?, arguments, json).await,
            Command::Schedule(command) => {
                schedule::run(&configuration(self.config)?, command, json).await
            }
            Command::Store(command) => {
                store::run(&configuration(self.config)?, command, json).await
            }
            Command::History(arguments) => {
                history::run(&configuration(self.config)?, arguments).await
            }
            Command::Reproduce(arguments) => {
                reproduce::run(configuration(self.config)?, arguments, json).await
            }
            Command::Backtest(arguments) => {
                backtest::run(&configuration(self.config)?, &arguments, json).await
            }
            Command::Audit(command) => audit::run(self.config, command, json).await,
            Command::Codec(arguments) => codec::run(&configuration(self.config)?, &arguments).await,
            Command::Keys(command) => keys::run(command, || configuration(self.config), json).await,
            Command::Recorded(command) => command.execute(configuration(self.config)?, json).await,
        }
    }
}

impl Recorded {
    async fn execute(self, configuration: Configuration, json: bool) -> anyhow::Result<Exit> {
        let store = wiring::recorded(&configuration).await?;
        match self {
            Recorded::Runs(arguments) => runs::run(&store, arguments, json).await,
            Recorded::Discrepancies(arguments) => discrepancies::run(&store, arguments, json).await,
            Recorded::OpenItems(arguments) => {
                open_items::run(&store, &configuration, arguments, json).await
            }
            Recorded::Show(arguments) => show::run(&store, &configuration, arguments, json).await,
            Recorded::Report(arguments) => {
                report::run(&store, &configuration, arguments, json).await
            }
            Recorded::Case(command) => case::run(&store, &configuration, *command, json).await,
            Recorded::Review(command) => review::run(&store, &configuration, command, json).await,
            Recorded::Alerts(command) => alerts::run(&store, &configuration, command, json).await,
            Recorded::Privacy(command) => privacy::run(store, &configuration, command, json).await,
        }
    }
}

/// The configuration, or all that is wrong with it.
pub(crate) fn configuration(folder: Option<PathBuf>) -> anyhow::Result<Configuration> {
    let folder = choose_folder(folder);
    let (configuration, warnings) =
        load(&folder).map_err(|problems| unusable(&folder, &problems))?;
    for warning in warnings {
        tracing::debug!("{warning}");
    }
    Ok(configuration)
}

/// All problems of a configuration as one error.
pub(crate) fn unusable(folder: &Path, problems: &[Problem]) -> anyhow::Error {
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let folder = folder.display();
    anyhow::anyhow!(
        "the configuration in {folder} can't be used\n\n{}",
        problems.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_and_argument_is_well_made() {
        CommandLine::command().debug_assert();
    }
}
