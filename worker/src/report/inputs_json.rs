//! What a run read, and what it could not read, as JSON. Amounts are texts: JSON numbers lose digits.

use activities::store::{InputRow, RejectRow};
use serde_json::json;

/// One input: what exactly was read.
#[must_use]
pub fn input_json(input: &InputRow) -> serde_json::Value {
    let totals: Vec<_> = input
        .totals
        .iter()
        .map(|sum| json!({ "currency": sum.currency.code(), "amount": sum.amount_text() }))
        .collect();
    json!({
        "side": input.side.name(),
        "name": input.name,
        "sha256": input.sha256,
        "bytes": input.bytes,
        "rows_read": input.rows.read,
        "rows_accepted": input.rows.accepted,
        "rows_rejected": input.rows.rejected,
        "rows_skipped": input.rows.skipped,
        "totals": totals,
        "declared_id": input.declared_id,
    })
}

/// One line that could not become a record.
#[must_use]
pub fn reject_json(row: &RejectRow) -> serde_json::Value {
    let reject = &row.reject;
    json!({
        "side": reject.side.name(),
        "file": &*reject.origin.file,
        "line": reject.origin.line,
        "column": &*reject.column,
        "value": &*reject.value,
        "reason": &*reject.reason,
        "raw": &*reject.origin.raw,
    })
}
