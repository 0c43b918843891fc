//! `trueup discrepancies`: what differs, most urgent first.

use activities::store::{DiscrepancyFilter, DiscrepancyRow, Page, Store};
use anyhow::Context;
use domain::discrepancy::Kind;
use domain::matching::own_sum;
use domain::money::amount_text;
use domain::record::Side;
use domain::severity::Severity;
use serde_json::Value;

use super::case::selection::whole_cause;
use super::values::{kind, severity};
use crate::exit::Exit;
use crate::output::say;
use crate::report::{discrepancy_json, write_discrepancies_csv};
use crate::table::{self, Column};

/// Lists discrepancies, as the last run that saw each of them found it.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// As this run found them
    #[arg(long)]
    run: Option<String>,
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// Only what this cause is behind
    #[arg(long, value_name = "ID")]
    cause: Option<String>,
    /// Only of this kind, such as amount_mismatch
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Only low, high or critical ones
    #[arg(long, value_parser = severity)]
    severity: Option<Severity>,
    /// Only of this reference
    #[arg(long)]
    reference: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Skip so many
    #[arg(long, default_value_t = 0)]
    offset: u32,
    /// As CSV, with the columns of discrepancies.csv
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Prints them.
///
/// # Errors
/// When the store can't be read, or there is no such run.
pub async fn run(store: &Store, arguments: Arguments, json: bool) -> anyhow::Result<Exit> {
    if let Some(run) = &arguments.run {
        store.run(run).await?;
    }
    let cause = match &arguments.cause {
        Some(given) => Some(whole_cause(store, given).await?),
        None => None,
    };
    let filter = DiscrepancyFilter {
        run_id: arguments.run,
        cause,
        source: arguments.source,
        kind: arguments.kind,
        severity: arguments.severity,
        reference: arguments.reference,
        page: Page {
            limit: arguments.limit,
            offset: arguments.offset,
        },
        ..DiscrepancyFilter::default()
    };
    let rows = store.discrepancies(filter).await?;
    if arguments.csv {
        let discrepancies = rows.iter().map(|row| &row.discrepancy);
        write_discrepancies_csv(std::io::stdout().lock(), discrepancies)?;
    } else if json {
        let rows = rows
            .iter()
            .map(to_json)
            .collect::<anyhow::Result<Vec<_>>>()?;
        say!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print_table(&rows, arguments.limit);
    }
    Ok(Exit::Clean)
}

fn print_table(rows: &[DiscrepancyRow], limit: u32) {
    let columns = [
        Column::Left("severity"),
        Column::Left("kind"),
        Column::Left("reference"),
        Column::Right("partner"),
        Column::Right("ledger"),
        Column::Right("difference"),
        Column::Left("case"),
        Column::Left("owner"),
        Column::Left("resolution"),
        Column::Left("id"),
    ];
    table::print(
        &columns,
        rows.iter().map(row).collect(),
        "no discrepancies on record",
    );
    if rows.len() == limit as usize {
        say!("\nthere may be more: --limit N, --offset N");
    }
    if let Some(row) = rows.first() {
        say!("\nall about one: trueup show {}", row.discrepancy.id);
    }
}

fn row(row: &DiscrepancyRow) -> Vec<String> {
    let discrepancy = &row.discrepancy;
    let amount = |side| own_sum(discrepancy, side).map_or("-".to_owned(), |it| it.to_string());
    let difference = discrepancy.difference.map_or("-".to_owned(), |difference| {
        format!(
            "{} {}",
            amount_text(difference, discrepancy.currency),
            discrepancy.currency
        )
    });
    vec![
        discrepancy.severity.to_string(),
        discrepancy.kind.to_string(),
        discrepancy.reference.to_string(),
        amount(Side::Partner),
        amount(Side::Ledger),
        difference,
        row.case.state.to_string(),
        row.case.assigned_to.clone().unwrap_or("-".to_owned()),
        resolution(row),
        discrepancy.id.to_string(),
    ]
}

fn resolution(row: &DiscrepancyRow) -> String {
    let decision = row.case.decision.as_ref();
    decision.map_or("-".to_owned(), |decision| {
        decision.resolution.kind().to_string()
    })
}

/// A discrepancy on record as scripts see it: as in `discrepancies.ndjson`, and where it stands.
pub(super) fn to_json(row: &DiscrepancyRow) -> anyhow::Result<Value> {
    let mut value = discrepancy_json(&row.discrepancy)?;
    let object = value
        .as_object_mut()
        .context("a discrepancy is a JSON object")?;
    object.insert("run_id".to_owned(), row.run_id.clone().into());
    object.insert("source".to_owned(), row.source.clone().into());
    let (case, currency) = (&row.case, row.discrepancy.currency);
    let decision = case.decision.as_ref();
    let decision = decision.map(|decision| proto::case::decision(decision, currency));
    object.insert("case".to_owned(), case.state.name().into());
    object.insert("assigned_to".to_owned(), case.assigned_to.clone().into());
    object.insert(
        "acknowledged_by".to_owned(),
        case.acknowledged_by.clone().into(),
    );
    object.insert("decision".to_owned(), serde_json::to_value(decision)?);
    object.insert("case_version".to_owned(), case.version.into());
    object.insert(
        "first_seen_run".to_owned(),
        row.first_seen_run.clone().into(),
    );
    object.insert("last_seen_run".to_owned(), row.last_seen_run.clone().into());
    object.insert("alerts".to_owned(), row.alert_ids.clone().into());
    object.insert("cause".to_owned(), row.cause.clone().into());
    Ok(value)
}
