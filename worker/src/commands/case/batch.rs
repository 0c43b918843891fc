//! The same act on many cases: first what it is about, then a batch on the server.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use activities::store::Store;
use anyhow::{Context, bail};
use domain::alert::CurrencyTotal;
use domain::money::{Amount, amount_text};
use indicatif::{ProgressBar, ProgressStyle};
use proto::wire::{CaseBatchInput, CaseBatchResult};
use serde::{Deserialize, Serialize};
use workflows::ports::Stored;

use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::table::{self, Column};
use crate::temporal::{BatchHandle, TemporalError, start_batch};
use crate::wiring;

const POLL: Duration = Duration::from_millis(500);

/// What became of one case.
#[derive(Serialize, Deserialize)]
struct Line {
    discrepancy_id: String,
    outcome: String,
    reason: String,
}

pub(super) async fn run(
    store: &Store,
    configuration: &Configuration,
    request: &CaseBatchInput,
    yes: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    proto::case::batch(request)?;
    let totals = preview(store, request).await?;
    let count: u64 = totals.iter().map(|total| total.count).sum();
    if count == 0 {
        say!(
            "{}",
            if json {
                "[]"
            } else {
                "no case fits; nothing done"
            }
        );
        return Ok(Exit::Clean);
    }
    if !yes {
        print_preview(&request.action, count, &totals);
        if !goes_on()? {
            eprintln!("nothing done");
            return Ok(Exit::Refused);
        }
    }
    let client = wiring::client(configuration).await?;
    let batch = start_batch(&client, request).await?;
    let result = follow(&batch, count).await?;
    let lines = lines(configuration, &result).await?;
    print(&batch.batch_id, &result, &lines, json)?;
    Ok(match result.refused {
        0 => Exit::Clean,
        _ => Exit::Refused,
    })
}

/// How many cases it is about, and what is at stake, per currency.
async fn preview(store: &Store, request: &CaseBatchInput) -> anyhow::Result<Vec<CurrencyTotal>> {
    if let Some(filter) = &request.filter {
        let filter = proto::case::filter(filter)?;
        return Ok(store.count_and_sums(filter.into()).await?);
    }
    let mut totals: Vec<CurrencyTotal> = Vec::new();
    for id in &request.ids {
        let row = store.case(id).await?;
        let (currency, stake) = (row.subject.currency, row.subject.at_stake);
        let known = totals.iter_mut().find(|total| total.currency == currency);
        match known {
            Some(total) => {
                total.count += 1;
                total.at_stake = total.at_stake.and_then(|sum| add(sum, stake));
            }
            None => totals.push(CurrencyTotal {
                currency,
                count: 1,
                at_stake: Some(stake.abs()),
            }),
        }
    }
    totals.sort_by_key(|total| total.currency);
    Ok(totals)
}

fn add(sum: Amount, stake: Amount) -> Option<Amount> {
    sum.checked_add(stake.abs()).ok()
}

fn print_preview(action: &str, count: u64, totals: &[CurrencyTotal]) {
    let columns = [
        Column::Left("currency"),
        Column::Right("cases"),
        Column::Right("at stake"),
    ];
    let rows = totals.iter().map(|total| {
        let stake = total
            .at_stake
            .map(|stake| amount_text(stake, total.currency));
        vec![
            total.currency.to_string(),
            total.count.to_string(),
            stake.unwrap_or_else(|| "too large to add up".to_owned()),
        ]
    });
    // Beside the result on standard output, which scripts read.
    eprintln!(
        "{action} {count} cases:\n{}",
        table::render(&columns, rows.collect())
    );
}

/// Asks a person. Where there is none, nobody has agreed.
fn goes_on() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody is here to ask: look at the count above, and add --yes");
    }
    eprint!("Go on? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Waits for the end of the batch, showing how far it is.
async fn follow(batch: &BatchHandle, count: u64) -> Result<CaseBatchResult, TemporalError> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("{spinner} {prefix}  {bar:30} {pos}/{len} cases");
        let bar = ProgressBar::new(count);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(batch.batch_id.clone());
        bar.enable_steady_tick(POLL);
        bar
    });
    let result = batch.result();
    tokio::pin!(result);
    let result = loop {
        tokio::select! {
            result = &mut result => break result,
            () = tokio::time::sleep(POLL) => {}
        }
        if let (Some(bar), Some(done)) = (&bar, batch.done().await) {
            bar.set_position(done);
        }
    };
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    result
}

/// What became of each case, from the object store.
async fn lines(
    configuration: &Configuration,
    result: &CaseBatchResult,
) -> anyhow::Result<Vec<Line>> {
    let staging = wiring::staging(configuration)?;
    let stored = Stored {
        key: result.results_key.clone(),
        bytes: result.results_bytes,
        sha256: result.results_sha256.clone(),
    };
    let content = staging
        .get(&stored)
        .await
        .context("the results of the batch")?;
    let lines = serde_json::Deserializer::from_slice(&content).into_iter();
    Ok(lines.collect::<Result<_, _>>()?)
}

fn print(
    batch_id: &str,
    result: &CaseBatchResult,
    lines: &[Line],
    json: bool,
) -> anyhow::Result<()> {
    if json {
        for line in lines {
            say!("{}", serde_json::to_string(line)?);
        }
        return Ok(());
    }
    let columns = [
        Column::Left("case"),
        Column::Left("outcome"),
        Column::Left("reason"),
    ];
    let rows = lines.iter().map(|line| {
        vec![
            line.discrepancy_id.clone(),
            line.outcome.clone(),
            line.reason.clone(),
        ]
    });
    table::print(&columns, rows.collect(), "no case was selected");
    let CaseBatchResult {
        done,
        unchanged,
        refused,
        ..
    } = result;
    say!("\n{done} done, {unchanged} unchanged, {refused} refused  ({batch_id})");
    Ok(())
}
