//! Putting a run's findings on record: discrepancies, the alerts about them, the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert::{self, AlertIntent, AlertPlan, AlertRun, Background};
use domain::audit::{AuditCursor, AuditEntry, AuditEvent};
use domain::discrepancy::Discrepancy;
use jiff::Timestamp;
use proto::wire::SideCounts;
use temporalio_sdk::activities::ActivityContext;
use workflows::ports::{Record, Recorded};

use super::admit::{context, source};
use super::open::{cursor, timestamp, to_port};
use super::parts::{self, Found};
use super::review;
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::store::{Finding, Findings, TRUEUP};

/// Discrepancies per transaction: small enough for any store.
const FINDINGS_PER_TRANSACTION: usize = 1_000;

pub(crate) async fn record(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: Record,
) -> Result<Recorded, Failure> {
    if input.run.request.dry_run {
        return Ok(Recorded {
            cases: Vec::new(),
            audit: input.audit,
            told: None,
            totals: None,
            review: None,
        });
    }
    let progress = Progress::new(0usize);
    alive(ctx, &progress, work(trueup, &progress, input)).await
}

async fn work(
    trueup: &Trueup,
    progress: &Progress<usize>,
    input: Record,
) -> Result<Recorded, Failure> {
    let found: Found = parts::get(&trueup.staging, &input.findings).await?;
    let mut discrepancies = trueup
        .staging
        .get_all::<Discrepancy>(&found.discrepancies)
        .await?;
    // The store's own order: twice as fast to write.
    discrepancies.sort_by(|a, b| a.id.cmp(&b.id));
    let plan = plan(trueup, &input, &discrepancies).await?;
    let (entries, audit) = entries(trueup, &input, &found, &plan)?;
    write(
        trueup,
        progress,
        &input,
        discrepancies,
        &plan,
        timestamp(&input.at)?,
    )
    .await?;
    // After what they are about: an entry never speaks of something that is not there.
    trueup.store.append_audit(entries).await?;
    let cases: BTreeSet<&str> = plan
        .plan
        .intents
        .iter()
        .map(|intent| case_subject(&intent.case_id))
        .collect();
    Ok(Recorded {
        cases: cases.into_iter().map(str::to_owned).collect(),
        audit: to_port(audit.head),
        told: None,
        totals: None,
        review: review::planned(trueup, &input.run, &input.at).await?,
    })
}

fn case_subject(case_id: &str) -> &str {
    case_id.strip_prefix("case/").unwrap_or(case_id)
}

/// The alerts of this run, and whom nobody has to be told about again.
struct Planned {
    plan: AlertPlan,
    told_before: BTreeSet<String>,
}

async fn plan(
    trueup: &Trueup,
    input: &Record,
    discrepancies: &[Discrepancy],
) -> Result<Planned, Failure> {
    let source = source(trueup, &input.run)?;
    let alerted = discrepancies
        .iter()
        .filter(|d| alert::is_alerted(d.severity, &source.alerts));
    let ids = alerted
        .clone()
        .map(|discrepancy| discrepancy.id.to_string())
        .collect();
    let told_before = trueup.store.already_alerted(ids, &input.run.run_id).await?;
    let run = AlertRun {
        run_id: input.run.run_id.clone(),
        source: source.policy.source.clone(),
        business_date: context(&input.run)?.business_date,
    };
    let candidates = alerted.filter(|discrepancy| !told_before.contains(discrepancy.id.as_str()));
    let plan = alert::plan(candidates, &Background::default(), &source.alerts, &run);
    Ok(Planned { plan, told_before })
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
            alerts: Vec::new(),
            audit: Vec::new(),
            at,
        };
        for discrepancy in discrepancies.by_ref().take(FINDINGS_PER_TRANSACTION) {
            let alert_ids = match planned.told_before.contains(discrepancy.id.as_str()) {
                true => Vec::new(),
                false => planned.plan.alert_ids(&discrepancy),
            };
            let due = alert_ids
                .iter()
                .filter_map(|id| intents.remove(id.as_str()));
            batch.alerts.extend(due.cloned());
            batch.findings.push(Finding {
                discrepancy,
                alert_ids,
            });
        }
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
    let version = source(trueup, &input.run)?.version.clone();
    add(AuditEvent::RulesVersioned, vec![("sha256", version)]);
    for (side, fetched) in [
        ("partner", &input.sides.partner),
        ("ledger", &input.sides.ledger),
    ] {
        for fields in sealed(side, &fetched.counts) {
            add(AuditEvent::InputSealed, fields);
        }
    }
    let totals = &input.totals;
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
    add(AuditEvent::Compared, compared);
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
