//! `trueup review`: runs whose findings people look at, sign-off, and what was restated since.

use activities::store::{Page, Restatement, RunFilter, RunRow, RunState, SignOff, Store};
use anyhow::Context;
use proto::wire::ReviewInput;
use serde_json::{Value, json};
use workflows::ports::Stored;

use super::values;
use crate::account::conservation_table;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::table::{self, Column};
use crate::temporal::decide_review;
use crate::wiring;

/// Lists the runs in review, shows one, and ends a review.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Runs in review: what is open, and until when
    List,
    /// The review of one run: what is open, who signed it off, what it restated
    Show {
        /// The run
        run: String,
    },
    /// Signs a run off: freezes it with its totals, hashes and rules
    SignOff(Decision),
    /// Ends the review without a sign-off; what is open is carried forward
    Cancel(Decision),
}

/// Which run, who, and why.
#[derive(clap::Args, Debug)]
pub struct Decision {
    /// The run
    run: String,
    /// Anything to add
    #[arg(long)]
    note: Option<String>,
    /// Who does this (you, if not given)
    #[arg(long, value_name = "PERSON", default_value_t = values::person(), hide_default_value = true)]
    by: String,
}

/// Does it.
///
/// # Errors
/// When the store or the Temporal server can't be used, or there is no such run.
pub async fn run(
    store: &Store,
    configuration: &Configuration,
    command: Command,
    json: bool,
) -> anyhow::Result<Exit> {
    match command {
        Command::List => list(store, json).await,
        Command::Show { run } => show(store, configuration, &run, json).await,
        Command::SignOff(decision) => {
            decide(store, configuration, "sign_off", decision, json).await
        }
        Command::Cancel(decision) => {
            decide(store, configuration, "cancel_review", decision, json).await
        }
    }
}

async fn list(store: &Store, json: bool) -> anyhow::Result<Exit> {
    let filter = RunFilter {
        source: None,
        business_date: None,
        state: Some(RunState::InReview),
        page: Page::default(),
    };
    let mut rows = Vec::new();
    for run in store.runs(filter).await? {
        let review = store.review(&run.run_id).await?;
        let ends_at = review.map_or(String::new(), |review| review.ends_at.to_string());
        rows.push((run, ends_at));
    }
    if json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(run, ends_at)| json!({ "run_id": run.run_id, "ends_at": ends_at }))
            .collect();
        say!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Clean);
    }
    let columns = [
        Column::Left("run"),
        Column::Right("discrepancies"),
        Column::Left("ends"),
    ];
    let first = rows.first().map(|(run, _)| run.run_id.clone());
    let cells = rows.into_iter().map(|(run, ends_at)| {
        let found = run.totals.map_or(0, |totals| totals.discrepancies);
        vec![run.run_id, found.to_string(), ends_at]
    });
    table::print(&columns, cells.collect(), "no run is in review");
    if let Some(run) = first {
        say!("\nlook: trueup review show {run}");
    }
    Ok(Exit::Clean)
}

async fn show(
    store: &Store,
    configuration: &Configuration,
    run_id: &str,
    json: bool,
) -> anyhow::Result<Exit> {
    let run = store.run(run_id).await?;
    let review = store.review(run_id).await?;
    let signed_off = store.signed_off(run_id).await?;
    let restatement = store.restatement(run_id).await?;
    let changes = match &restatement {
        Some(restatement) => Some(changes(configuration, restatement).await?),
        None => None,
    };
    if json {
        let review = review.map(|review| {
            json!({
                "began_at": review.began_at.to_string(),
                "ends_at": review.ends_at.to_string(),
                "ended": review.ended,
                "ended_by": review.ended_by,
                "note": review.note,
            })
        });
        let signed_off = signed_off.map(|sign_off| {
            json!({
                "by": sign_off.by,
                "at": sign_off.at.to_string(),
                "content": sign_off.content,
            })
        });
        let value = json!({
            "run_id": run_id,
            "state": run.state.name(),
            "review": review,
            "signed_off": signed_off,
            "restatement": changes,
        });
        say!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(Exit::Clean);
    }
    say!("{run_id}");
    say!("  state        {}", run.state);
    match review {
        None => say!("  review       none: nothing material was open, or the source has none"),
        Some(review) => {
            say!("  review       since {:.0}", review.began_at);
            match (&review.ended, &review.ended_by) {
                (None, _) => say!("  ends         {:.0}, by itself", review.ends_at),
                (Some(how), None) => say!("  ended        {}", how.replace('_', " ")),
                (Some(how), Some(by)) => say!("  ended        {} by {by}", how.replace('_', " ")),
            }
            if let Some(note) = review.note.filter(|note| !note.is_empty()) {
                say!("  note         {note}");
            }
        }
    }
    if let Some(sign_off) = &signed_off {
        print_sign_off(sign_off);
    }
    if let Some(changes) = &changes {
        print_changes(changes);
    }
    next_commands(&run);
    Ok(Exit::Clean)
}

fn next_commands(run: &RunRow) {
    if let Some(totals) = &run.totals {
        say!("\n{}", conservation_table(&totals.conservation));
    }
    if run.state == RunState::InReview {
        say!("\nwhat is open: trueup case list --run {}", run.run_id);
        say!("done with it: trueup review sign-off {}", run.run_id);
    }
}

fn print_sign_off(sign_off: &SignOff) {
    say!("  signed off   by {} at {:.0}", sign_off.by, sign_off.at);
    for (title, name) in [
        ("totals", "totals_sha256"),
        ("rules", "rules_sha256"),
        ("differences", "discrepancies_sha256"),
        ("engine", "engine"),
        ("version", "version"),
    ] {
        if let Some(value) = sign_off.content[name].as_str() {
            say!("    {title:<11} {value}");
        }
    }
}

/// What a run changed of one that was signed off, from the object store.
async fn changes(
    configuration: &Configuration,
    restatement: &Restatement,
) -> anyhow::Result<Value> {
    let staging = wiring::staging(configuration)?;
    let text = |name: &str| {
        restatement.content[name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let stored = Stored {
        key: text("key"),
        bytes: restatement.content["bytes"].as_u64().unwrap_or_default(),
        sha256: text("sha256"),
    };
    let content = staging.get(&stored).await.context("the restatement")?;
    Ok(serde_json::from_slice(&content)?)
}

fn print_changes(changes: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    say!(
        "\nrestates {}, which {} signed off",
        text(&changes["of_run"]),
        text(&changes["signed_off_by"])
    );
    say!(
        "  matched      {} before, {} now",
        changes["matched"]["before"],
        changes["matched"]["after"]
    );
    let columns = [
        Column::Left("what"),
        Column::Left("kind"),
        Column::Left("reference"),
        Column::Right("at stake"),
        Column::Left("id"),
    ];
    let row = |what: &str, one: &Value| {
        let stake = format!("{} {}", text(&one["at_stake"]), text(&one["currency"]));
        let (kind, reference) = (text(&one["kind"]), text(&one["reference"]));
        let id = text(&one["discrepancy_id"]);
        vec![what.to_owned(), kind, reference, stake, id]
    };
    let list = |name: &str| changes[name].as_array().cloned().unwrap_or_default();
    let mut rows: Vec<Vec<String>> = list("new").iter().map(|one| row("new", one)).collect();
    rows.extend(list("gone").iter().map(|one| row("gone", one)));
    for both in list("changed") {
        rows.push(row("was", &both["before"]));
        rows.push(row("is", &both["after"]));
    }
    table::print(&columns, rows, "  no discrepancy is new, gone or different");
    for line in list("conservation") {
        let sum = |of: &Value| match of.is_null() {
            true => "nothing".to_owned(),
            false => format!("{} matched", text(&of["matched"]["amount"])),
        };
        let named = match line["after"].is_null() {
            true => &line["before"],
            false => &line["after"],
        };
        let (side, currency) = (text(&named["side"]), text(&named["currency"]));
        let (before, after) = (sum(&line["before"]), sum(&line["after"]));
        say!("  {side} {currency}: {before} before, {after} now");
    }
}

async fn decide(
    store: &Store,
    configuration: &Configuration,
    action: &str,
    decision: Decision,
    json: bool,
) -> anyhow::Result<Exit> {
    let Decision { run, note, by } = decision;
    store.run(&run).await?;
    let client = wiring::client(configuration).await?;
    let input = ReviewInput {
        by,
        note: note.unwrap_or_default(),
    };
    let reply = decide_review(&client, &run, action, &input).await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&reply)?);
    }
    if reply.outcome == "refused" {
        eprintln!("refused: {}", reply.reason);
        return Ok(Exit::Refused);
    }
    if !json {
        match action {
            "sign_off" => say!("{run} is signed off by {}", input.by),
            _ => say!("the review of {run} is cancelled; what is open is carried forward"),
        }
        say!("look: trueup review show {run}");
    }
    Ok(Exit::Clean)
}
