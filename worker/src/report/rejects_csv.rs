//! `rejects.csv`: the lines that could not become records, to be sent back to whoever wrote them.

use std::borrow::Borrow;
use std::io::{self, Write};

use domain::record::Reject;

use super::spreadsheet::safe_text;

const COLUMNS: [&str; 7] = ["side", "file", "line", "column", "value", "reason", "raw"];

/// Writes the header and one line per reject, in the order given.
///
/// # Errors
/// What `out` fails with.
pub fn write_rejects_csv<R: Borrow<Reject>>(
    out: impl Write,
    rejects: impl IntoIterator<Item = R>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    for reject in rejects {
        let Reject {
            side,
            origin,
            column,
            value,
            reason,
        } = reject.borrow();
        csv.write_record([
            side.name(),
            &safe_text(&origin.file),
            &origin.line.to_string(),
            &safe_text(column),
            &safe_text(value),
            &safe_text(reason),
            &safe_text(&origin.raw),
        ])?;
    }
    csv.flush()
}
