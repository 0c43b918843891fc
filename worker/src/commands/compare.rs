//! `trueup compare`: a comparison of two files without Temporal and without a store.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use domain::money::MoneyError;
use domain::policy::{RunContext, Scope};
use domain::record::Reject;
use domain::threads::at_once;
use jiff::civil::Date;

use crate::config::Configuration;
use crate::exit::Exit;
use crate::offline::{
    Matches, SideInput, SideRead, Summary, account, compare, read_sides, sift_sides,
};
use crate::output::say;
use crate::process::huge_pages;
use crate::report::{
    OutputFolder, write_discrepancy_files, write_in_transit_csv, write_matches_csv,
    write_rejects_csv, write_superseded_csv,
};

/// What is always written.
const FILES: [&str; 6] = [
    "discrepancies.csv",
    "discrepancies.ndjson",
    "summary.json",
    "rejects.csv",
    "in_transit.csv",
    "superseded.csv",
];

/// Compares a partner file with a ledger file by the rules of a source; alerts nobody, records
/// nothing
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Name of the source
    source: String,
    /// The partner's report
    #[arg(long, value_name = "FILE")]
    partner: PathBuf,
    /// Our records
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// Folder for discrepancies.csv, discrepancies.ndjson, summary.json, rejects.csv,
    /// in_transit.csv and superseded.csv
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also lists what belongs together, in matches.csv
    #[arg(long)]
    matches: bool,
    /// The day that is reconciled, YYYY-MM-DD (the latest value date of both files if not given)
    #[arg(long, value_name = "DATE")]
    business_date: Option<Date>,
    /// Only this client's records
    #[arg(long, conflicts_with = "invoice")]
    client: Option<String>,
    /// Only this invoice's records
    #[arg(long)]
    invoice: Option<String>,
}

/// Compares, writes the files, and says what was found: exit 1 when there are discrepancies.
///
/// # Errors
/// Unknown source, a file that can't be read as its format, an output folder that can't be
/// written.
pub fn run(
    configuration: &Configuration,
    arguments: &Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let started = Instant::now();
    huge_pages(true);
    let source = configuration.source(&arguments.source)?;
    let inputs = SideInput::of_both(source, &arguments.partner, &arguments.ledger);
    let scope = scope(arguments);
    let (policy, limits) = (&source.policy, &configuration.limits);
    let memory = configuration.work.compare_memory_bytes();
    let wanted = match arguments.matches {
        true => Matches::Listed,
        false => Matches::Counted,
    };
    // The sieve only counts what it settles.
    let sifted = match wanted {
        Matches::Counted => sift_sides(inputs, policy, &scope, limits, memory, &arguments.out)?,
        Matches::Listed => None,
    };
    let mut sides = match sifted {
        Some(sides) => sides,
        None => read_sides(inputs, policy, limits)?,
    };
    let latest = || sides.iter().filter_map(SideRead::latest).max();
    let context = RunContext {
        business_date: arguments.business_date.or_else(latest).unwrap_or_default(),
        scope,
    };
    let rejects: Vec<Reject> = sides
        .iter_mut()
        .flat_map(|side| std::mem::take(&mut side.rejects))
        .collect();
    let mut summary = Summary::of_sides(source, &context, &sides);
    let too_large = "the sums of these files are too large to be exact";
    let explained = |error: anyhow::Error| match error.is::<MoneyError>() {
        true => error.context(too_large),
        false => error,
    };
    let outcome = compare(&source.policy, &context, sides, wanted).map_err(explained)?;
    summary.add_outcome(&outcome).context(too_large)?;

    let out = OutputFolder::open(&arguments.out)?;
    let mut written = FILES.to_vec();
    if wanted == Matches::Listed {
        written.push("matches.csv");
    }
    let discrepancies = outcome.discrepancies.iter().flatten();
    let (account, files) = at_once(
        || {
            let account = || account(&summary, discrepancies, &rejects, out.path(), &written);
            (!json).then(account)
        },
        || write_discrepancy_files(&out, &outcome.in_order(), &source.policy),
    );
    files?;
    out.write("rejects.csv", |file| write_rejects_csv(file, &rejects))?;
    out.write("in_transit.csv", |file| {
        write_in_transit_csv(file, &outcome.in_transit)
    })?;
    out.write("superseded.csv", |file| {
        write_superseded_csv(file, &outcome.superseded)
    })?;
    if wanted == Matches::Listed {
        out.write("matches.csv", |file| {
            write_matches_csv(file, &source.policy, &outcome.matches)
        })?;
    }
    summary.took(started.elapsed());
    let summary_json = serde_json::to_string_pretty(&summary)?;
    out.write("summary.json", |file| writeln!(file, "{summary_json}"))?;
    match account {
        None => say!("{summary_json}"),
        Some(account) => print!("{account}"),
    }
    let clean = outcome.discrepancies.iter().all(Vec::is_empty);
    // The process ends here; taking millions of texts apart first would only take time.
    std::mem::forget(outcome);
    Ok(if clean { Exit::Clean } else { Exit::Found })
}

fn scope(arguments: &Arguments) -> Scope {
    match (&arguments.client, &arguments.invoice) {
        (Some(client), _) => Scope::Client(client.clone()),
        (None, Some(invoice)) => Scope::Invoice(invoice.clone()),
        (None, None) => Scope::Whole,
    }
}
