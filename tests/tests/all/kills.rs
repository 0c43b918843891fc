//! SIGKILL of the worker at any moment, and of the Temporal server, change nothing in the result.
//!
//! The same sources run twice: undisturbed, and while the worker is killed again and again at moments
//! that a seed decides, on either store. Then everything that is on record and everything that arrived at Slack is
//! compared. `TRUEUP_SEED=n` repeats the moments of an earlier run, as far as a machine can.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use temporalio_client::{Client, UntypedWorkflow, WorkflowExecutionStatus};
use tests::generated::{DATE, Generated, Kind};
use tests::installation::{Installation, eventually_every};
use tests::random::Random;
use tests::site::{Site, Sources};

/// Of a hundred kills, so many must hit the worker in the middle of a step; and steps of so many
/// kinds.
const HITS_PERCENT_MIN: usize = 60;
const KINDS_HIT_MIN: usize = 3;
/// Runs that are under way at the same time.
const RUNS_AT_ONCE: usize = 2;
/// Three of four kills come some milliseconds after the worker began a step, fewer than this.
const GOES_ON_FOR: usize = 500;
/// One of four is aimed at these steps, which are short, and comes within some milliseconds.
const LATE_STEPS: [&str; 3] = ["conclude_run", "record_findings", "close_run"];
const GOES_ON_FOR_AIMED: usize = 20;
/// A small run is gone through in the step that opens it, and takes about this long.
const AT_ONCE: [&str; 1] = ["open_run"];
const GOES_ON_FOR_AT_ONCE: usize = 120;
/// To see any step, and the short ones that a kill is aimed at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOK_EVERY_AIMED: Duration = Duration::from_millis(10);
/// A step that was cut off is taken over after at most 10 seconds, and then some on a busy machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn twenty_kills_change_nothing() -> Result<()> {
    let installation = Installation::start().await?;
    kills_change_nothing(Kills::of_steps(20), installation, &sources()?).await
}

#[tokio::test]
async fn eight_kills_change_nothing_on_dynamodb() -> Result<()> {
    let installation = Installation::start_with_dynamodb().await?;
    kills_change_nothing(Kills::of_steps(8), installation, &sources()?[..4]).await
}

#[tokio::test]
async fn six_kills_of_small_runs_change_nothing() -> Result<()> {
    let installation = Installation::start().await?;
    kills_change_nothing(Kills::of_small_runs(6), installation, &small_sources()?).await
}

/// How runs are disturbed.
#[derive(Clone, Copy)]
struct Kills {
    count: usize,
    /// Whether runs are gone through in one step.
    at_once: bool,
}

impl Kills {
    fn of_steps(count: usize) -> Self {
        Kills {
            count,
            at_once: false,
        }
    }

    fn of_small_runs(count: usize) -> Self {
        Kills {
            count,
            at_once: true,
        }
    }

    async fn site(self, installation: Installation, sources: &Sources) -> Result<Site> {
        match self.at_once {
            true => Site::start_at_once(installation, sources).await,
            false => Site::start(installation, sources).await,
        }
    }

    /// Whether the kills hit what they are about.
    fn hit(self, hits: &BTreeMap<String, usize>) -> bool {
        match self.at_once {
            true => AT_ONCE.iter().all(|step| hits.contains_key(*step)),
            false => hits.len() >= KINDS_HIT_MIN,
        }
    }

    /// The steps that the next kill is aimed at, or none, and how long such a step may go on.
    fn aim(
        self,
        kill: usize,
        hits: &BTreeMap<String, usize>,
        random: &mut Random,
    ) -> (Vec<&'static str>, usize) {
        if self.at_once {
            return (AT_ONCE.to_vec(), GOES_ON_FOR_AT_ONCE);
        }
        // Whatever the seed: from the middle on at steps that were not hit, while kinds are lacking.
        let lacks_kinds = kill * 2 >= self.count && hits.len() < KINDS_HIT_MIN;
        if random.below(4) != 0 && !lacks_kinds {
            return (Vec::new(), GOES_ON_FOR);
        }
        let not_hit = |step: &&str| !lacks_kinds || !hits.contains_key(*step);
        let steps = LATE_STEPS.into_iter().filter(not_hit);
        (steps.collect(), GOES_ON_FOR_AIMED)
    }
}

async fn kills_change_nothing(
    kills: Kills,
    installation: Installation,
    sources: &Sources,
) -> Result<()> {
    let mut random = Random::seeded()?;
    let undisturbed = kills
        .site(Installation::start_with_sqlite().await?, sources)
        .await?;
    undisturbed.all_begin(sources).await?;
    undisturbed.all_end(sources).await?;
    let expected = undisturbed.outcome(sources).await?;
    assert_eq!(
        expected.repeats, 0,
        "nobody is told twice when nothing is wrong"
    );
    ensure!(
        expected.told.len() * 2 > sources.len() * 5,
        "too little is told: {:?}",
        expected.told.keys()
    );
    drop(undisturbed);

    let mut disturbed = kills.site(installation, sources).await?;
    let mut hits = disturb(&mut disturbed, sources, kills, &mut random).await?;
    disturbed.all_end(sources).await?;
    let found = disturbed.outcome(sources).await?;
    hits.insert("deliver_alert".to_owned(), found.cut_off_deliveries);
    println!(
        "steps that were cut off: {hits:?}; alerts that came again: {}",
        found.repeats
    );
    found.must_equal(&expected);
    let cut_off: usize = hits.values().sum();
    assert!(
        cut_off >= kills.count * HITS_PERCENT_MIN / 100,
        "only {cut_off} kills hit a step: {hits:?}"
    );
    hits.retain(|_, count| *count > 0);
    assert!(kills.hit(&hits), "only these steps were hit: {hits:?}");
    Ok(())
}

/// Kills the worker again and again while the sources are reconciled; counts the kinds of steps
/// that were cut off. In between, the server is killed too: once with the worker, once without.
async fn disturb(
    site: &mut Site,
    sources: &Sources,
    kills: Kills,
    random: &mut Random,
) -> Result<BTreeMap<String, usize>> {
    let (with_server, only_server) = (random.below(kills.count), random.below(kills.count));
    let mut supply = Supply::of(sources);
    let mut under_way = BTreeSet::new();
    let mut hits = BTreeMap::new();
    for kill in 0..kills.count {
        let mut client = site.installation.client().await?;
        under_way = open_runs(&client, &under_way).await?;
        while under_way.len() < RUNS_AT_ONCE {
            let answer = site.installation.json(&supply.next_run()).await?;
            under_way.insert(answer["run_id"].as_str().context("a run")?.to_owned());
        }
        let (aim, goes_on_for) = kills.aim(kill, &hits, random);
        begins(&client, &under_way, site.worker, &aim).await?;
        if kill == only_server {
            site.installation.temporal.restart().await?;
            client = site.installation.client().await?;
            begins(&client, &under_way, site.worker, &[]).await?;
        }
        // Not a wait for something: this moment is what the test is about.
        let goes_on_for = random.below(goes_on_for) as u64;
        tokio::time::sleep(Duration::from_millis(goes_on_for)).await;
        site.installation.kill_worker()?;
        for step in steps_of(&client, &under_way, site.worker).await? {
            if !step.run.ends_with("/dry") {
                *hits.entry(step.name).or_default() += 1;
            }
        }
        if kill == with_server {
            site.installation.temporal.restart().await?;
        }
        site.worker = site.installation.start_worker()?;
    }
    Ok(hits)
}

/// What is run while the worker is killed: every source once, and after that, on a machine that is
/// faster than the kills, dry runs, which must leave nothing.
struct Supply<'s> {
    names: Vec<&'s str>,
    next: usize,
}

impl<'s> Supply<'s> {
    fn of(sources: &'s Sources) -> Self {
        let names = sources.iter().map(|(name, _)| name.as_str()).collect();
        Supply { names, next: 0 }
    }

    fn next_run(&mut self) -> Vec<&'s str> {
        let name = self.names[self.next % self.names.len()];
        let is_dry = self.next >= self.names.len();
        self.next += 1;
        let mut arguments = vec!["run", name, "--date", DATE];
        if is_dry {
            arguments.push("--dry-run");
        }
        arguments
    }
}

/// Waits until this worker is at one of the steps named, or at any if none is, or all runs ended.
async fn begins(client: &Client, runs: &BTreeSet<String>, worker: u32, aim: &[&str]) -> Result<()> {
    let what = format!("a step of {runs:?} in the hands of worker {worker}");
    let look_every = match aim.is_empty() {
        true => LOOK_EVERY,
        false => LOOK_EVERY_AIMED,
    };
    eventually_every(look_every, &what, TAKEN_OVER_WITHIN, async || {
        let steps = steps_of(client, runs, worker).await?;
        let is_wanted = |step: &Step| aim.is_empty() || aim.contains(&step.name.as_str());
        let is_over = steps.iter().any(is_wanted) || open_runs(client, runs).await?.is_empty();
        Ok(is_over.then_some(()))
    })
    .await
}

/// A step of a run that a worker is at.
struct Step {
    run: String,
    name: String,
}

/// The steps that the server thinks this worker is at.
async fn steps_of(client: &Client, runs: &BTreeSet<String>, worker: u32) -> Result<Vec<Step>> {
    let identity = format!("trueup-{worker}");
    let mut steps = Vec::new();
    for run in runs {
        let handle = client.get_workflow_handle::<UntypedWorkflow>(run);
        let description = handle.describe(Default::default()).await?;
        for activity in &description.raw().pending_activities {
            let is_started = activity.state().as_str_name().ends_with("_STARTED");
            if is_started && activity.last_worker_identity == identity {
                let name = activity.activity_type.as_ref();
                steps.push(Step {
                    run: run.clone(),
                    name: name.map(|kind| kind.name.clone()).unwrap_or_default(),
                });
            }
        }
    }
    Ok(steps)
}

async fn open_runs(client: &Client, runs: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut open = BTreeSet::new();
    for run in runs {
        let handle = client.get_workflow_handle::<UntypedWorkflow>(run);
        let description = handle.describe(Default::default()).await?;
        if description.status() == WorkflowExecutionStatus::Running {
            open.insert(run.clone());
        }
    }
    Ok(open)
}

/// Both formats, some thousand payments each; the findings of the last are told as one summary.
fn sources() -> Result<Vec<(String, Generated)>> {
    let last = [("bank-4", Kind::Camt053, "40")];
    let others = NAMES.map(|(name, kind)| (name, kind, "2"));
    made("6000", others.into_iter().chain(last))
}

/// Both formats, few payments each.
fn small_sources() -> Result<Vec<(String, Generated)>> {
    made("400", NAMES.map(|(name, kind)| (name, kind, "2")))
}

const NAMES: [(&str, Kind); 7] = [
    ("pay-1", Kind::Csv),
    ("bank-1", Kind::Camt053),
    ("pay-2", Kind::Csv),
    ("bank-2", Kind::Camt053),
    ("pay-3", Kind::Csv),
    ("bank-3", Kind::Camt053),
    ("pay-4", Kind::Csv),
];

fn made<'n>(
    rows: &str,
    sources: impl IntoIterator<Item = (&'n str, Kind, &'n str)>,
) -> Result<Vec<(String, Generated)>> {
    let made = sources
        .into_iter()
        .enumerate()
        .map(|(seed, (name, kind, per_kind))| {
            let seed = (seed + 1).to_string();
            let arguments = ["--rows", rows, "--per-kind", per_kind, "--seed", &seed];
            Ok((
                name.to_owned(),
                Generated::make(name, kind, &arguments)?.alerting("night"),
            ))
        });
    made.collect()
}
