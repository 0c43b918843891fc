//! The files that people and scripts take away: discrepancies as CSV and NDJSON, rejects and
//! what is in transit as CSV, and the report of a run in [`run_report`].
//!
//! Written from domain values, by `trueup compare` and by the exports of a stored run alike. The
//! same values give the same bytes. Decides nothing.

mod discrepancies_csv;
mod discrepancies_json;
mod discrepancies_ndjson;
mod discrepancy_files;
mod explanation_json;
mod folder;
mod in_transit_csv;
mod inputs_json;
mod matches_csv;
mod open_items_csv;
mod rejects_csv;
pub mod run_report;
mod spreadsheet;

pub use discrepancies_csv::write_discrepancies_csv;
pub use discrepancies_json::discrepancy_json;
pub use discrepancies_ndjson::write_discrepancies_ndjson;
pub(crate) use discrepancy_files::write_discrepancy_files;
pub(crate) use explanation_json::ExplanationJson;
pub use folder::OutputFolder;
pub use in_transit_csv::{write_in_transit_csv, write_superseded_csv};
pub use inputs_json::{input_json, reject_json};
pub(crate) use matches_csv::{listed_lines, write_matches_csv};
pub use open_items_csv::{
    IN_TRANSIT, discrepancy_of, open_item_json, standing, write_open_items_csv,
};
pub use rejects_csv::write_rejects_csv;
pub(crate) use spreadsheet::plain_text;

#[cfg(test)]
mod tests;
