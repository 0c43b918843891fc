//! The report of one run: one page that a controller reads, and the same as files for other
//! programs. `docs/report.md` says what every figure is.
//!
//! [`material::collect`] reads the store, [`RunReport::new`] computes every figure once, a renderer
//! per format writes them down. The same report gives the same bytes.

mod age;
mod balance;
mod charts;
mod csv;
mod ending;
mod figures;
mod html;
mod json;
mod material;
mod model;
mod resolutions;
mod share;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod wording;
mod xlsx;

use std::io::{self, Write};

use domain::named_enum;

pub use age::AgeBucket;
pub use balance::{Balance, Rate, Verdict};
pub use ending::{Ending, SignOff, Step, Trail};
pub use figures::{CurrencyFigures, Figures, Stake, Tally};
pub use material::{Material, SourceFacts, collect};
pub use model::{Item, RunReport};
pub use resolutions::{DecisionKey, Resolutions, WriteOffKey};
pub use share::Share;

named_enum! {
    /// What a report is written as.
    Format {
        /// One page for people.
        Html = "html",
        /// The discrepancies, one line each.
        Csv = "csv",
        /// A workbook.
        Xlsx = "xlsx",
        /// Everything, for programs.
        Json = "json",
    }
}

/// Writes the report.
///
/// # Errors
/// What `out` fails with; for a workbook also more discrepancies than one holds.
pub fn write(report: &RunReport, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Html => out.write_all(html::page(report).as_bytes()),
        Format::Csv => csv::write(report, out),
        Format::Xlsx => xlsx::write(report, out),
        Format::Json => json::write(report, out),
    }
}
