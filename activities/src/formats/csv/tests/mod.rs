//! Every trap of a delimited report, a small file each.

mod amounts;
mod dates;
mod mapping;
mod rows;
mod texts;
mod totals;

use super::super::Format;
use super::super::testing::{check, format};

/// A mapping of the columns `ref`, `amount`, `currency`, `date`, with more settings.
fn simple(settings: &str) -> Format {
    format(&format!(
        "[csv]\n{settings}\n[csv.fields]\nreference = \"ref\"\namount = \"amount\"\n\
         currency = \"currency\"\nvalue_date = \"date\"\n"
    ))
}

/// Reads rows below the header of [`simple`].
#[track_caller]
fn check_rows(settings: &str, rows: &str, expected: &str) {
    let file = format!("ref,amount,currency,date\n{rows}");
    check(&simple(settings), file.as_bytes(), expected);
}
