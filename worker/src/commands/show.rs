//! `trueup show`: all that is on record about one run or one discrepancy.

use activities::past::PastRun;
use activities::store::{DiscrepancyRow, InputRow, RejectRow, RunRow, Store, StoreError};
use anyhow::bail;
use domain::case::{CaseState, Resolution};
use domain::discrepancy::Kind;
use domain::matching::explanation::Explanation;
use domain::policy::Scope;
use domain::record::Record;

use super::case::cause;
use super::{discrepancies, past_runs, runs};
use crate::account::conservation_table;
use crate::config::Configuration;
use crate::counted::counted;
use crate::exit::Exit;
use crate::output::say;
use crate::report::{ExplanationJson, input_json, reject_json};

/// Shows one thing in full.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// A run (recon/…), the id of a discrepancy or a cause, or its case (case/…)
    id: String,
}

/// Rejects that are shown of a run; `--json` shows more.
const REJECTS_SHOWN: usize = 20;

/// Prints it.
///
/// # Errors
/// When the store can't be read, or nothing of that name is on record.
pub async fn run(
    store: &Store,
    configuration: &Configuration,
    arguments: Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    if arguments.id.starts_with("recon/") {
        return show_run(store, &arguments.id, json).await;
    }
    let id = arguments.id.trim_start_matches("case/");
    let row = match store.discrepancy(id).await {
        Err(StoreError::NotFound(problem)) => return show_cause(store, id, problem, json).await,
        found => found?,
    };
    let explanation = explanation(store, configuration, &row).await;
    if json {
        let mut value = discrepancies::to_json(&row)?;
        let explanation = explanation.ok().map(ExplanationJson::from);
        value["explanation"] = serde_json::to_value(explanation)?;
        say!("{}", serde_json::to_string_pretty(&value)?);
    } else {
        print_discrepancy(&row, &explanation);
    }
    Ok(Exit::Clean)
}

/// By the rules of the run that found it like this.
async fn explanation(
    store: &Store,
    configuration: &Configuration,
    row: &DiscrepancyRow,
) -> anyhow::Result<Explanation> {
    let staging = past_runs::staging(configuration)?;
    let past = PastRun::load(store, &staging, &row.run_id).await?;
    let source = past_runs::its_source(configuration, &past)?;
    Ok(Explanation::of(&source.policy, &row.discrepancy))
}

/// What is neither a run nor a discrepancy may be a cause.
async fn show_cause(store: &Store, id: &str, problem: String, json: bool) -> anyhow::Result<Exit> {
    let row = match store.case(id).await {
        Ok(row) if row.cause.is_some() => row,
        Ok(_) | Err(StoreError::NotFound(_)) => bail!(problem),
        Err(error) => return Err(error.into()),
    };
    if json {
        let shown = cause::to_json(&row)?;
        say!("{}", serde_json::to_string_pretty(&shown)?);
    } else {
        cause::print_one(&row);
    }
    Ok(Exit::Clean)
}

async fn show_run(store: &Store, run_id: &str, json: bool) -> anyhow::Result<Exit> {
    let run = store.run(run_id).await?;
    let inputs = store.inputs(run_id).await?;
    let rejects = store.rejects(run_id).await?;
    if json {
        let mut value = runs::to_json(store, &run).await?;
        value["inputs"] = inputs.iter().map(input_json).collect();
        value["rejects"] = rejects.iter().map(reject_json).collect();
        say!("{}", serde_json::to_string_pretty(&value)?);
    } else {
        print_run(&run, &inputs, &rejects);
    }
    Ok(Exit::Clean)
}

fn print_run(run: &RunRow, inputs: &[InputRow], rejects: &[RejectRow]) {
    say!("{}", run.run_id);
    say!("  state      {}", run.state);
    if let Some(problem) = &run.problem {
        say!("  problem    {problem}");
    }
    say!("  asked by   {}", run.requested_by);
    say!("  opened     {:.0}", run.opened_at);
    if let Some(at) = run.closed_at {
        say!("  closed     {at:.0}");
    }
    for input in inputs {
        let InputRow {
            side,
            name,
            sha256,
            rows,
            ..
        } = input;
        say!(
            "  {side:<10} {name}: {} read, {} accepted, {} rejected, {} skipped",
            counted(rows.read, "row", "rows"),
            rows.accepted,
            rows.rejected,
            rows.skipped
        );
        say!("             SHA-256 {sha256}");
    }
    if let Some(totals) = &run.totals {
        say!("  matched    {}", totals.matched);
        say!("  differing  {}", totals.discrepancies);
        for (kind, count) in &totals.by_kind {
            say!("             {count:>6} {kind}");
        }
        say!("  in transit {}", totals.in_transit);
        say!("  superseded {}", totals.superseded);
        say!("  seen again {}", totals.seen_again);
        say!("  cleared    {}", totals.cleared);
        say!("  known      {} records of earlier runs", totals.known);
        say!("\n{}\n", conservation_table(&totals.conservation));
        if run.scope == Scope::Whole {
            say!(
                "  what is carried forward: trueup open-items {}\n",
                run.run_id
            );
        }
    }
    if !rejects.is_empty() {
        say!("  rejected lines");
    }
    for RejectRow { reject, .. } in rejects.iter().take(REJECTS_SHOWN) {
        let origin = &reject.origin;
        say!(
            "    {} line {}, {}: {} (`{}`)",
            origin.file,
            origin.line,
            reject.column,
            reject.reason,
            reject.value
        );
    }
}

fn print_discrepancy(row: &DiscrepancyRow, explanation: &anyhow::Result<Explanation>) {
    let discrepancy = &row.discrepancy;
    say!(
        "{} {}  {}",
        discrepancy.severity.to_string().to_uppercase(),
        discrepancy.kind,
        discrepancy.reference
    );
    say!("  why        {}", discrepancy.reason);
    say!("  rule       {}", discrepancy.rule);
    for (title, record) in [
        ("partner", &discrepancy.partner),
        ("ledger", &discrepancy.ledger),
    ] {
        match record {
            Some(record) => print_record(title, record, OPEN_SINCE),
            None => say!("  {title:<10} no record"),
        }
    }
    let related = match discrepancy.kind {
        // The original may be matched.
        Kind::DuplicateAtPartner | Kind::DuplicateInLedger => "received by",
        _ => OPEN_SINCE,
    };
    for record in &discrepancy.related {
        print_record("related", record, related);
    }
    if let Some(nearest) = &discrepancy.nearest {
        say!("  nearest    {}", nearest.kept_apart_by);
        print_record("", &nearest.record, OPEN_SINCE);
    }
    match explanation {
        Ok(explanation) => print_explanation(explanation),
        Err(problem) => say!("  compared   the rules of then can't be read: {problem:#}"),
    }
    print_case(row);
    if let Some(cause) = &row.cause {
        say!("  cause      case/{cause}");
    }
    say!("  first seen {}", row.first_seen_run);
    say!("  last seen  {}", row.last_seen_run);
    for alert in &row.alert_ids {
        say!("  alert      {alert}");
    }
}

fn print_explanation(explanation: &Explanation) {
    let compared = &explanation.compared;
    if !compared.is_empty() {
        say!("  compared   {} agree", explanation.score());
    }
    for it in compared {
        let or_none = |text: &str| match text.is_empty() {
            true => "none".to_owned(),
            false => text.to_owned(),
        };
        let (partner, ledger) = (or_none(&it.partner), or_none(&it.ledger));
        match it.agrees && partner == ledger {
            true => say!("             {:<12} {partner}", it.what),
            false => {
                let sign = if it.agrees { "~" } else { "≠" };
                say!("             {:<12} {partner} {sign} {ledger}", it.what);
            }
        }
    }
    if let Some(would_match) = &explanation.would_match {
        say!("  change     would match by {would_match}");
    }
}

fn print_case(row: &DiscrepancyRow) {
    let (case, discrepancy) = (&row.case, &row.discrepancy);
    say!("  case       case/{} ({})", discrepancy.id, case.state);
    if let Some(owner) = &case.assigned_to {
        say!("  owner      {owner}");
    }
    if let Some(person) = &case.acknowledged_by {
        say!("  seen by    {person}");
    }
    let Some(decision) = &case.decision else {
        return;
    };
    let told = proto::case::decision(decision, discrepancy.currency);
    let (match_with, until) = (told.match_with, told.until);
    let with = match &decision.resolution {
        Resolution::Match { .. } => format!(" with {match_with}"),
        Resolution::WriteOff { .. } => format!(
            " of {} {}, {}, account {}",
            told.amount, discrepancy.currency, told.reason_code, told.account
        ),
        Resolution::InTransit { .. } => format!(" until {until}"),
        _ => String::new(),
    };
    let standing = match case.state {
        CaseState::Proposed => "proposed",
        _ => "resolution",
    };
    say!("  {standing:<10} {}{with}", told.resolution);
    say!("             by {} on {}: {}", told.by, told.at, told.note);
    if !told.approved_by.is_empty() {
        say!("             approved by {}", told.approved_by);
    }
}

/// What is said of the earlier run that received a record.
const OPEN_SINCE: &str = "open since";

fn print_record(title: &str, record: &Record, received: &str) {
    let origin = &record.origin;
    say!(
        "  {title:<10} {} of {} ({} line {})",
        record.money,
        record.value_date,
        origin.file,
        origin.line
    );
    if let Some(run) = record.carried_from() {
        say!("             {received} {run}");
    }
    for line in origin.raw.lines() {
        say!("             {line}");
    }
}
