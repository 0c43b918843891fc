//! `trueup case list`: what somebody has to look at.

use activities::store::{CaseRow, CauseFilter, DiscrepancyFilter, DiscrepancyRow, Page, Store};
use anyhow::Context;
use domain::calendar::DayUnit;
use domain::money::amount_text;
use jiff::civil::Date;
use proto::wire::CaseFilter;

use super::selection::FilterArguments;
use super::{cause, incident};
use crate::commands::discrepancies;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::table::{self, Column};

/// Lists cases: without --state those that somebody has to look at.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    filter: FilterArguments,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Skip so many
    #[arg(long, default_value_t = 0)]
    offset: u32,
}

pub(super) async fn run(
    store: &Store,
    configuration: &Configuration,
    arguments: Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let asked = arguments.filter.clone().whole(store).await?.to_wire();
    let filter = match asked == CaseFilter::default() {
        true => DiscrepancyFilter::default(),
        false => proto::case::filter(&asked)?.into(),
    };
    let filter = DiscrepancyFilter {
        open: arguments.filter.state.is_none(),
        page: Page {
            limit: arguments.limit,
            offset: arguments.offset,
        },
        ..filter
    };
    let (incidents, causes) = match is_about_everything(&arguments, &filter) {
        true => (
            incidents(store, &filter).await?,
            causes(store, &filter).await?,
        ),
        false => (Vec::new(), Vec::new()),
    };
    let all = store.count_and_sums(filter.clone()).await?;
    let rows = store.discrepancies(filter).await?;
    let now = jiff::Timestamp::now();
    let age = |row: &DiscrepancyRow| age(configuration, row, now);
    if json {
        let rows = rows.iter().map(|row| {
            let mut value = discrepancies::to_json(row)?;
            let object = value.as_object_mut().context("a JSON object")?;
            object.insert("age_business_days".to_owned(), age(row).into());
            anyhow::Ok(value)
        });
        let rows = rows.collect::<anyhow::Result<Vec<_>>>()?;
        let causes = causes.iter().map(cause::to_json);
        let causes = causes.collect::<anyhow::Result<Vec<_>>>()?;
        let incidents = incidents.iter().map(incident::to_json).collect();
        let all = [incidents, causes, rows].concat();
        say!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(Exit::Clean);
    }
    let columns = [
        Column::Left("severity"),
        Column::Left("kind"),
        Column::Left("reference"),
        Column::Right("at stake"),
        Column::Right("age"),
        Column::Left("owner"),
        Column::Left("state"),
        Column::Left("due"),
        Column::Left("cause"),
        Column::Left("id"),
    ];
    if !incidents.is_empty() {
        incident::print(&incidents);
    }
    if !causes.is_empty() {
        let count = all.iter().map(|total| total.count).sum();
        cause::print(&causes, count);
    }
    let cells = rows.iter().map(|one| row(one, age(one))).collect();
    table::print(
        &columns,
        cells,
        "no such discrepancies: nobody has to look at any",
    );
    if rows.len() == arguments.limit as usize {
        say!("\nthere may be more: --limit N, --offset N");
    }
    if let Some(row) = rows.first() {
        say!(
            "\nage in business days; all about one: trueup case show {}",
            row.discrepancy.id
        );
    }
    Ok(Exit::Clean)
}

/// Whether it is the first page, and nothing was asked for that only a discrepancy has.
fn is_about_everything(arguments: &Arguments, filter: &DiscrepancyFilter) -> bool {
    let of_any = DiscrepancyFilter {
        run_id: filter.run_id.clone(),
        source: filter.source.clone(),
        open: filter.open,
        page: filter.page,
        ..DiscrepancyFilter::default()
    };
    *filter == of_any && arguments.offset == 0
}

async fn causes(store: &Store, filter: &DiscrepancyFilter) -> anyhow::Result<Vec<CaseRow>> {
    let causes = CauseFilter {
        source: filter.source.clone(),
        run_id: filter.run_id.clone(),
        open: filter.open,
    };
    Ok(store.causes(causes).await?)
}

/// The open ones; a run that is asked for by its name has none.
async fn incidents(store: &Store, filter: &DiscrepancyFilter) -> anyhow::Result<Vec<CaseRow>> {
    match filter.open && filter.run_id.is_none() {
        true => Ok(store.incident_cases(filter.source.clone()).await?),
        false => Ok(Vec::new()),
    }
}

fn row(row: &DiscrepancyRow, age: Option<i64>) -> Vec<String> {
    let (discrepancy, case) = (&row.discrepancy, &row.case);
    let stake = amount_text(discrepancy.at_stake, discrepancy.currency);
    let decision = case.decision.as_ref();
    let decision = decision.map(|made| proto::case::decision(made, discrepancy.currency));
    let until = decision.map(|decision| decision.until);
    let dash = || "-".to_owned();
    vec![
        discrepancy.severity.to_string(),
        discrepancy.kind.to_string(),
        discrepancy.reference.to_string(),
        format!("{stake} {}", discrepancy.currency),
        age.map_or_else(dash, |days| days.to_string()),
        case.assigned_to.clone().unwrap_or_else(dash),
        case.state.to_string(),
        until.filter(|until| !until.is_empty()).unwrap_or_else(dash),
        row.cause.as_deref().map_or_else(dash, cause::short),
        discrepancy.id.to_string(),
    ]
}

/// Business days since the day that the case was found for, by its source's calendar. None when
/// the source is not configured any more.
fn age(configuration: &Configuration, row: &DiscrepancyRow, now: jiff::Timestamp) -> Option<i64> {
    let source = configuration.sources.get(&row.source)?;
    let found: Date = row.first_seen_run.split('/').nth(2)?.parse().ok()?;
    let today = source.business_day.date_at(now);
    let calendar = &source.policy.calendar;
    Some(
        calendar
            .days_between(found, today, DayUnit::Business)
            .max(0),
    )
}
