//! `trueup open-items`: what is carried forward, record by record: the figure of the report, explained.

use std::collections::BTreeMap;

use activities::open_items_of;
use activities::store::Store;
use anyhow::bail;
use domain::conservation::CountAndSum;
use domain::money::amount_text;
use domain::record::{Record, Side};

use super::past_runs;
use super::values::side;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::{self, say};
use crate::report::{IN_TRANSIT, discrepancy_of, open_item_json, standing, write_open_items_csv};
use crate::table::{self, Column};

/// Lists open items: the records that a run left without a counterpart or in a discrepancy, and that are
/// carried forward. Without those that people settled since
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The run (recon/…), or a source: its last run
    #[arg(value_name = "RUN|SOURCE")]
    of: String,
    /// Only of this side: partner or ledger
    #[arg(long, value_parser = side)]
    side: Option<Side>,
    /// Only what is in transit: in no discrepancy
    #[arg(long)]
    in_transit: bool,
    /// As CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Lists them.
///
/// # Errors
/// There is no such run or source, or what is on record can't be read.
pub async fn run(
    store: &Store,
    configuration: &Configuration,
    arguments: Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let of = &arguments.of;
    if !of.contains('/') && !configuration.sources.contains_key(of) {
        bail!("no source is called {of}; give a source, or a run as `trueup runs` lists them");
    }
    let staging = past_runs::staging(configuration)?;
    let Some(mut items) = open_items_of(store, &staging, of).await? else {
        bail!(
            "{of} carries nothing forward: only runs of a whole source do, once they are compared"
        );
    };
    items.retain(|item| {
        let is_of_side = arguments.side.is_none_or(|side| item.side == side);
        is_of_side && (!arguments.in_transit || standing(item) == IN_TRANSIT)
    });
    if arguments.csv {
        output::file(|out| write_open_items_csv(out, &items))?;
    } else if json {
        let items: Vec<_> = items.iter().map(open_item_json).collect();
        say!("{}", serde_json::to_string_pretty(&items)?);
    } else {
        print_table(&items)?;
    }
    Ok(Exit::Clean)
}

fn print_table(items: &[Record]) -> anyhow::Result<()> {
    let columns = [
        Column::Left("side"),
        Column::Left("reference"),
        Column::Right("amount"),
        Column::Left("value date"),
        Column::Left("standing"),
        Column::Left("received by"),
        Column::Left("where"),
        Column::Left("discrepancy"),
    ];
    let rows = items.iter().map(row).collect();
    table::print(&columns, rows, "nothing is open");
    if items.is_empty() {
        return Ok(());
    }
    let mut sums: BTreeMap<_, CountAndSum> = BTreeMap::new();
    for item in items {
        let sum = sums.entry((item.side, item.money.currency)).or_default();
        sum.merge(CountAndSum::new(1, item.money.amount)?)?;
    }
    say!("");
    for ((side, currency), sum) in sums {
        let (count, amount) = (sum.count(), amount_text(sum.sum()?, currency));
        say!("{side}: {count} open, {amount} {currency}");
    }
    Ok(())
}

fn row(item: &Record) -> Vec<String> {
    vec![
        item.side.to_string(),
        item.display_reference().unwrap_or("-").to_owned(),
        item.money.to_string(),
        item.value_date.to_string(),
        standing(item).to_owned(),
        item.carried_from().unwrap_or("-").to_owned(),
        item.origin.place(),
        discrepancy_of(item).unwrap_or("-".to_owned()),
    ]
}
