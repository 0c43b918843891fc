//! Putting a run's findings on record: discrepancies, the alerts about them, the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert::{self, AlertIntent, AlertPlan, AlertRun, Background};
use domain::audit::{AuditCursor, AuditEntry, AuditEvent, Hash};
use domain::discrepancy::{Discrepancy, Kind};
use domain::engine::ENGINE;
use domain::policy::Scope;
use jiff::Timestamp;
use proto::wire::{RunTotals, SideCounts};
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Record, Recorded, Run, Stored};

use super::admit::{context, source};
use super::again::{TellingAgain, telling_again};
use super::causes::Causes;
use super::open::{cursor, timestamp, to_port};
use super::parts::{self, Found};
use super::review;
use crate::Trueup;
use crate::cases::acts_of_run;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::positions::{during_turn, worth_a_note};
use crate::staging::{Folder, SETTINGS};
use crate::store::{
    CaseState, Committed, DiscrepancyFilter, Finding, Findings, NewPosition, RunFilter, TRUEUP,
};

/// Discrepancies per transaction: small enough for any store.
const FINDINGS_PER_TRANSACTION: usize = 1_000;

pub(crate) async fn record(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: Record,
) -> Result<Recorded, Failure> {
    let progress = Progress::new(0usize);
    let run = input.run.clone();
    let work = work(trueup, &progress, input);
    alive(ctx, &progress, during_turn(trueup, ctx, &run, work)).await
}

pub(super) async fn work(
    trueup: &Trueup,
    progress: &Progress<usize>,
    input: Record,
) -> Result<Recorded, Failure> {
    if input.run.request.dry_run {
        return Ok(Recorded::silently(input.audit));
    }
    let mut found: Found = parts::get(&trueup.staging, &input.findings).await?;
    if is_overtaken(trueup, &input, &found).await? {
        return Ok(Recorded {
            is_overtaken: true,
            ..Recorded::silently(input.audit)
        });
    }
    let mut discrepancies = trueup
        .staging
        .get_all::<Discrepancy>(&found.discrepancies)
        .await?;
    // The store's own order: twice as fast to write.
    discrepancies.sort_by_key(|a| a.id);
    let plan = plan(trueup, &input, &discrepancies, &found.open_before).await?;
    let at = timestamp(&input.at)?;
    if found.position.is_some() {
        found.cleared.extend(add_up_now(trueup, &input).await?);
    }
    let ids: Vec<String> = discrepancies.iter().map(|d| d.id.to_string()).collect();
    let seen_again = trueup.store.seen_before(ids, &input.run.run_id).await?;
    let mut totals = input.totals.clone();
    totals.seen_again = seen_again.len() as u64;
    totals.cleared = found.cleared.len() as u64;
    seal_rules(trueup, &input.run).await?;
    let (entries, audit) = entries(trueup, &input, &totals, &found, &plan)?;
    write(trueup, progress, &input, discrepancies, &plan, at).await?;
    let cleared = std::mem::take(&mut found.cleared);
    let again = worth_a_note(trueup, seen_again, &input.run.run_id, &found.open_before).await?;
    let told = acts_of_run(trueup, &input.run, again, cleared, &found.undone, &input.at);
    let told = told.await?;
    // After what they are about: an entry never speaks of something that is not there.
    trueup.store.append_audit(entries).await?;
    commit(trueup, &input, found.position).await?;
    let cases: BTreeSet<&str> = plan
        .plan
        .intents
        .iter()
        .map(|intent| case_subject(&intent.case_id))
        .collect();
    Ok(Recorded {
        cases: cases.into_iter().map(str::to_owned).collect(),
        told,
        totals: Some(totals),
        review: review::planned(trueup, &input.run, &input.at).await?,
        ..Recorded::silently(to_port(audit.head))
    })
}

/// Whether another run of the source has made a position since this one began: what was found may
/// be matched, or used up, by now.
async fn is_overtaken(trueup: &Trueup, input: &Record, found: &Found) -> Result<bool, Failure> {
    let Some(own) = &found.position else {
        return Ok(false);
    };
    // An earlier attempt at this step may have come through.
    if trueup
        .store
        .position_of_run(&input.run.run_id)
        .await?
        .as_ref()
        == Some(own)
    {
        return Ok(false);
    }
    Ok(trueup.store.position(&input.run.request.source).await? != input.position)
}

/// Reports of this day that broke their own arithmetic, which this one replaces.
async fn add_up_now(trueup: &Trueup, input: &Record) -> Result<Vec<(String, String)>, Failure> {
    let run_id = &input.run.run_id;
    let of_day = RunFilter {
        source: Some(input.run.request.source.clone()),
        business_date: Some(context(&input.run)?.business_date),
        ..RunFilter::default()
    };
    let mut cleared = Vec::new();
    for run in trueup.store.runs(of_day).await? {
        if run.scope != Scope::Whole || run.run_id == *run_id {
            continue;
        }
        let broken = DiscrepancyFilter {
            run_id: Some(run.run_id),
            kind: Some(Kind::StatementOutOfBalance),
            state: Some(CaseState::Open),
            ..DiscrepancyFilter::default()
        };
        for row in trueup.store.discrepancies(broken).await? {
            let evidence = format!("the amended report of {run_id} adds up");
            cleared.push((row.discrepancy.id.to_string(), evidence));
        }
    }
    Ok(cleared)
}

/// Makes what the run leaves open the beginning of the next one. The last of its writes: a run that
/// is cut off before is done again from where it began.
async fn commit(trueup: &Trueup, input: &Record, position: Option<Stored>) -> Result<(), Failure> {
    let Some(manifest) = position else {
        return Ok(());
    };
    let new = NewPosition {
        run_id: input.run.run_id.clone(),
        follows: input.position.clone(),
        manifest,
    };
    match trueup.store.commit_position(new).await? {
        Committed::Done => Ok(()),
        Committed::Overtaken => Err(Failure::last(
            failure::OVERTAKEN,
            "another run of the source was concluded while this one stood still; start it again",
        )),
    }
}

fn case_subject(case_id: &str) -> &str {
    case_id.strip_prefix("case/").unwrap_or(case_id)
}

/// The causes and alerts of this run, and whom nobody has to be told about again.
struct Planned {
    causes: Causes,
    plan: AlertPlan,
    known: BTreeSet<String>,
}

async fn plan(
    trueup: &Trueup,
    input: &Record,
    discrepancies: &[Discrepancy],
    open_before: &BTreeSet<String>,
) -> Result<Planned, Failure> {
    let source = source(trueup, &input.run)?;
    let causes = Causes::find(trueup, input, discrepancies).await?;
    let is_alerted = |discrepancy: &&Discrepancy| {
        // Behind a cause also what is worth no alert of its own.
        let cause = causes.of(discrepancy).map(|cause| cause.severity);
        alert::is_alerted(cause.unwrap_or(discrepancy.severity), &source.alerts)
    };
    let alerted: Vec<&Discrepancy> = discrepancies.iter().filter(is_alerted).collect();
    let run_id = &input.run.run_id;
    let TellingAgain { known, again } =
        telling_again(trueup, &source.policy, run_id, &alerted, open_before).await?;
    let run = AlertRun {
        run_id: input.run.run_id.clone(),
        source: source.policy.source.clone(),
        business_date: context(&input.run)?.business_date,
    };
    let candidates = alerted
        .into_iter()
        .filter(|it| !known.contains(it.id.as_str()));
    let background = Background {
        again,
        causes: causes.all.clone(),
    };
    let plan = alert::plan(candidates, &background, &source.alerts, &run);
    Ok(Planned {
        causes,
        plan,
        known,
    })
}

/// Writes everything in transactions of bounded size, each alert with the first discrepancy that
/// it is about.
async fn write(
    trueup: &Trueup,
    progress: &Progress<usize>,
    input: &Record,
    discrepancies: Vec<Discrepancy>,
    planned: &Planned,
    at: Timestamp,
) -> Result<(), Failure> {
    let mut intents: BTreeMap<&str, &AlertIntent> = planned
        .plan
        .intents
        .iter()
        .map(|intent| (intent.id.as_str(), intent))
        .collect();
    let mut written = 0;
    let mut discrepancies = discrepancies.into_iter().peekable();
    while discrepancies.peek().is_some() {
        let mut batch = Findings {
            findings: Vec::new(),
            causes: Vec::new(),
            alerts: Vec::new(),
            audit: Vec::new(),
            at,
        };
        for discrepancy in discrepancies.by_ref().take(FINDINGS_PER_TRANSACTION) {
            let alert_ids = match planned.known.contains(discrepancy.id.as_str()) {
                true => Vec::new(),
                false => planned.plan.alert_ids(&discrepancy),
            };
            let due = alert_ids
                .iter()
                .filter_map(|id| intents.remove(id.as_str()));
            batch.alerts.extend(due.cloned());
            batch.findings.push(Finding {
                cause: planned.causes.of(&discrepancy).map(|it| it.id.clone()),
                discrepancy,
                alert_ids,
            });
        }
        let found = batch.findings.iter().map(|finding| &finding.discrepancy);
        batch.causes = planned.causes.of_some(found);
        written += batch.findings.len();
        trueup
            .store
            .record_findings(&input.run.run_id, batch)
            .await?;
        progress.set(written);
    }
    Ok(())
}

fn entries(
    trueup: &Trueup,
    input: &Record,
    totals: &RunTotals,
    found: &Found,
    planned: &Planned,
) -> Result<(Vec<AuditEntry>, AuditCursor), Failure> {
    let mut cursor = cursor(&input.run.run_id, &input.audit, &input.at, TRUEUP)?;
    let mut entries = Vec::new();
    let mut add = |event, fields: Vec<(&'static str, String)>| {
        let (entry, next) = cursor.clone().entry(event, fields);
        cursor = next;
        entries.push(entry);
    };
    let versions = vec![
        ("sha256", source(trueup, &input.run)?.version.clone()),
        (
            "settings_sha256",
            Hash::of(trueup.settings.as_bytes()).to_string(),
        ),
        ("engine", ENGINE.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    add(AuditEvent::RulesVersioned, versions);
    for (side, fetched) in [
        ("partner", &input.sides.partner),
        ("ledger", &input.sides.ledger),
    ] {
        for fields in sealed(side, &fetched.counts) {
            add(AuditEvent::InputSealed, fields);
        }
    }
    let mut compared = vec![
        ("matched", totals.matched.to_string()),
        ("discrepancies", totals.discrepancies.to_string()),
        ("discrepancies_sha256", found.discrepancies.sha256.clone()),
        ("in_transit", totals.in_transit.to_string()),
    ];
    let matches: Vec<_> = found
        .matches
        .iter()
        .map(|stored| stored.sha256.as_str())
        .collect();
    compared.push(("matches_sha256", matches.join(" ")));
    if let Some(seals) = &found.seals {
        compared.push(("matches_root", seals.matches_root.clone()));
        compared.push(("matches_count", seals.matches_count.to_string()));
        compared.push(("discrepancies_root", seals.discrepancies_root.clone()));
        compared.push(("commitment_key", seals.commitment_key.clone()));
    }
    let begun_with = input.position.as_ref();
    let begun_with = begun_with.map_or("none", |position| &position.sha256);
    compared.push(("begun_with_sha256", begun_with.to_owned()));
    if let Some(position) = &found.position {
        compared.push(("seen_again", totals.seen_again.to_string()));
        compared.push(("cleared", totals.cleared.to_string()));
        compared.push(("position_sha256", position.sha256.clone()));
    }
    add(AuditEvent::Compared, compared);
    for (event, fields) in planned.causes.entries() {
        add(event, fields);
    }
    for intent in &planned.plan.intents {
        let fields = vec![
            ("alert", intent.id.clone()),
            ("severity", intent.severity.name().to_owned()),
            ("headline", intent.content.headline.clone()),
        ];
        add(AuditEvent::AlertIntended, fields);
    }
    Ok((entries, cursor))
}

/// Keeps what decides in this run under the hashes that its trail names.
async fn seal_rules(trueup: &Trueup, run: &Run) -> Result<(), Failure> {
    let source = source(trueup, run)?;
    let texts = [
        (source.policy.source.as_str(), &source.text),
        (SETTINGS, &trueup.settings),
    ];
    for (of, text) in texts {
        let bytes = text.clone().into_bytes();
        trueup
            .staging
            .put_known(Folder::Rules { of }, bytes)
            .await?;
    }
    Ok(())
}

fn sealed(side: &'static str, counts: &SideCounts) -> Vec<Vec<(&'static str, String)>> {
    let inputs = counts.inputs.iter().map(|input| {
        vec![
            ("side", side.to_owned()),
            ("name", input.name.clone()),
            ("sha256", input.sha256.clone()),
            ("bytes", input.bytes.to_string()),
        ]
    });
    inputs.collect()
}
