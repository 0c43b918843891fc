//! Open items: what is carried forward, as `trueup open-items` lists it.

use std::io::{self, Write};

use domain::record::Record;
use serde_json::{Value, json};

use super::in_transit_csv::{OF_RECORD, cells};

/// What is said of a record that is in no discrepancy.
pub const IN_TRANSIT: &str = "in_transit";

/// The kind of the discrepancy that an open item is in, else [`IN_TRANSIT`].
#[must_use]
pub fn standing(item: &Record) -> &'static str {
    item.found_in().map_or(IN_TRANSIT, |(_, kind)| kind.name())
}

/// Writes the header and one line per open item, in the order given.
///
/// # Errors
/// What `out` fails with.
pub fn write_open_items_csv<'r>(
    out: impl Write,
    items: impl IntoIterator<Item = &'r Record>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let behind = ["received_by", "standing", "discrepancy_id"];
    csv.write_record(["side"].into_iter().chain(OF_RECORD).chain(behind))?;
    for item in items {
        let mut line = cells(item).to_vec();
        line.insert(0, item.side.name().to_owned());
        line.push(item.carried_from().unwrap_or_default().to_owned());
        line.push(standing(item).to_owned());
        line.push(discrepancy_of(item).unwrap_or_default());
        csv.write_record(line)?;
    }
    csv.flush()
}

/// An open item as scripts see it.
#[must_use]
pub fn open_item_json(item: &Record) -> Value {
    let references = item.references.iter();
    let references: serde_json::Map<String, Value> = references
        .map(|(kind, text)| (kind.name().to_owned(), (**text).into()))
        .collect();
    json!({
        "side": item.side.name(),
        "reference": item.display_reference(),
        "references": references,
        "amount": item.money.amount_text(),
        "currency": item.money.currency.code(),
        "value_date": item.value_date.to_string(),
        "client": item.client.as_deref(),
        "file": &*item.origin.file,
        "line": item.origin.line,
        "received_by": item.carried_from(),
        "standing": standing(item),
        "discrepancy_id": discrepancy_of(item),
    })
}

/// The id of the discrepancy that an open item is in.
#[must_use]
pub fn discrepancy_of(item: &Record) -> Option<String> {
    item.found_in().map(|(id, _)| id.to_string())
}
