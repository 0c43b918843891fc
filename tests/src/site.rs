//! An installation with generated sources that are told at Slack, to be run undisturbed and
//! disturbed, and compared.

use anyhow::Result;

use crate::Installation;
use crate::generated::{DATE, Generated};
use crate::outcome::Outcome;
use crate::servers::SlackReceiver;
use crate::shop;

/// More than so many alerts of one run are one summary; runs go step by step, and steps are taken over
/// soon.
const SETTINGS: &str = "
[alerts]
summary_above = 12

[work]
small_run_kibibytes = 0
records_per_task = 2000
compare_tasks_max = 4
heartbeat_timeout_seconds = 2
";

/// Sources, by their names.
pub type Sources = [(String, Generated)];

/// An installation with all sources, its Slack and a worker.
pub struct Site {
    /// The installation.
    pub installation: Installation,
    /// Where its alerts arrive.
    pub slack: SlackReceiver,
    /// The process id of the worker.
    pub worker: u32,
}

impl Site {
    /// Puts the sources into an installation that has nothing yet, and starts its worker. All runs
    /// go step by step.
    pub async fn start(installation: Installation, sources: &Sources) -> Result<Self> {
        Site::start_with(installation, sources, SETTINGS).await
    }

    /// [`start`](Site::start), with small runs gone through at once.
    pub async fn start_at_once(installation: Installation, sources: &Sources) -> Result<Self> {
        let settings = SETTINGS.replace("small_run_kibibytes = 0\n", "");
        Site::start_with(installation, sources, &settings).await
    }

    async fn start_with(
        mut installation: Installation,
        sources: &Sources,
        settings: &str,
    ) -> Result<Self> {
        let slack = SlackReceiver::start().await?;
        let channel =
            shop::SLACK.replace("interval_milliseconds = 10", "interval_milliseconds = 50");
        installation.write("trueup.toml", format!("{settings}\n{channel}"))?;
        installation.set_variable("SHOP_SLACK", &slack.url);
        sources
            .iter()
            .try_for_each(|(_, source)| source.install(&installation))?;
        let worker = installation.start_worker()?;
        installation.worker_says("worker polls").await?;
        Ok(Site {
            installation,
            slack,
            worker,
        })
    }

    /// Starts the run of each source, without waiting for any.
    pub async fn all_begin(&self, sources: &Sources) -> Result<()> {
        for (name, _) in sources {
            let run = ["run", name, "--date", DATE];
            self.installation.json(&run).await?;
        }
        Ok(())
    }

    /// Waits for the end of all runs, and starts those that nobody started.
    pub async fn all_end(&self, sources: &Sources) -> Result<()> {
        for (name, _) in sources {
            let run = [name, "--date", DATE];
            self.installation.run_to_the_end(&run).await?;
        }
        Ok(())
    }

    /// What is on record and was told once all alerts are delivered.
    pub async fn outcome(&self, sources: &Sources) -> Result<Outcome> {
        let runs: Vec<String> = sources.iter().map(|(name, _)| run_id(name)).collect();
        Outcome::of(&self.installation, &self.slack, &runs).await
    }
}

/// The run of a whole source.
#[must_use]
pub fn run_id(source: &str) -> String {
    format!("recon/{source}/{DATE}")
}
