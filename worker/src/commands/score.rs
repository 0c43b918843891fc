//! `trueup score`: a result held against the truth.

use std::path::PathBuf;

use anyhow::Context;

use crate::exit::Exit;
use crate::output::say;
use crate::score::{Card, account, found_in, to_json, truth_in};

/// What is missed or false is listed up to here, unless all is wanted.
const LISTED_MAX: usize = 20;

/// Says how much of a truth a result found, and how much of the result is true: precision and
/// recall by count and by value, for each kind
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// What is true: a CSV file with reference and kind, or the folder that `generate` wrote it to
    #[arg(value_name = "TRUTH")]
    truth: PathBuf,
    /// What was found: the --out folder of `compare`, or a discrepancies.csv
    #[arg(value_name = "RESULT")]
    result: PathBuf,
    /// Lists all that is missed or false, not only the first 20 of each
    #[arg(long)]
    all: bool,
}

/// Prints the score: exit 1 when something is missed or false.
///
/// # Errors
/// A file that is not there or can't be understood.
pub fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let truth = truth_in(&arguments.truth, &arguments.result)?;
    let found = found_in(&arguments.result)?;
    let card = Card::of(&truth, &found).context("the sums of these files can't be exact")?;
    let listed_max = match arguments.all {
        true => usize::MAX,
        false => LISTED_MAX,
    };
    match json {
        true => say!(
            "{}",
            serde_json::to_string_pretty(&to_json(&card, listed_max))?
        ),
        false => say!("{}", account(&card, listed_max)),
    }
    Ok(match card.is_exact() {
        true => Exit::Clean,
        false => Exit::Found,
    })
}
