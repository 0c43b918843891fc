//! The files that are ours: the ledger, and the truth about the differences.

use super::scenario::{LedgerRow, Truth};

/// The ledger as CSV.
pub(super) fn ledger(rows: &[LedgerRow]) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "entry_id",
        "payment_reference",
        "invoice",
        "client_id",
        "client_name",
        "amount",
        "currency",
        "value_date",
        "status",
    ];
    let rows = rows.iter().enumerate().map(|(index, row)| {
        [
            (90_001 + index).to_string(),
            row.reference.clone(),
            row.invoice.clone(),
            row.client.clone(),
            row.customer.to_owned(),
            row.currency.plain(row.amount),
            row.currency.code.to_owned(),
            row.value_date.to_string(),
            row.status.to_string(),
        ]
    });
    table(header, rows)
}

/// `reference,kind,severity` of every discrepancy that must be found.
pub(super) fn truth(truth: &[Truth]) -> Result<Vec<u8>, csv::Error> {
    let rows = truth.iter().map(|truth| {
        let Truth {
            reference,
            kind,
            severity,
        } = truth;
        [reference.clone(), kind.to_string(), severity.to_string()]
    });
    table(["reference", "kind", "severity"], rows)
}

fn table<const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}
