//! Delimited text through a mapping: settlement reports, carrier invoices, ledger exports.

mod amounts;
mod columns;
mod date;
mod fields;
mod header;
mod mapping;
mod number;
pub(super) mod plain;
mod rounded;
mod row;
mod rules;
mod settings;
#[cfg(test)]
mod tests;
mod tokens;
mod totals;
mod validate;

use header::{Layout, NoHeader};
use row::RowReader;
use tokens::{Row, Rows};
use totals::RunningTotals;

pub use columns::{AmountColumns, AmountSource, Column, FieldSource, Sign};
pub(super) use date::YEARS;
pub use fields::{Fields, StatusValues};
pub use mapping::{ComparedAmount, CsvMapping, Grouping, Units};
pub use rules::{RowRule, SkipRule, TotalsRule};
pub use settings::{Delimiter, Quote, Separator, TextEncoding};

use super::decode::decode;
use super::lines::{Input, Output};
use super::{FormatError, Line, ReadSummary};

/// Reads one delimited file.
pub(super) fn read(
    mapping: &CsvMapping,
    input: Input<'_>,
    bytes: &[u8],
    emit: &mut dyn FnMut(Line),
) -> Result<ReadSummary, FormatError> {
    let text = decode(input, bytes, mapping.encoding.0)?;
    if text.trim().is_empty() {
        return Err(FormatError::Empty {
            file: input.file_name(),
        });
    }
    let mut rows = Rows::new(input, &text, mapping.delimiter.0, mapping.quote.0);
    let layout = match mapping.has_header() {
        true => find_header(mapping, input, &mut rows)?.0,
        false => Layout::of_columns(mapping).map_err(|error| error.into_error(input))?,
    };
    let mut reader = RowReader::new(mapping, layout, input)?;
    let mut totals: Vec<_> = mapping.totals.iter().map(RunningTotals::new).collect();
    let mut output = Output::new(input, emit);
    while let Some(row) = rows.next()? {
        output.row(row.line)?;
        read_row(mapping, &mut reader, &mut totals, &mut output, &row);
    }
    if let Some((column, seen)) = reader.rounded.lost_column() {
        return Err(FormatError::ReferencesRounded {
            file: input.file_name(),
            column: reader.layout.name(column),
            count: seen.count,
            example: seen.example.to_string(),
        });
    }
    let mut summary = output.summary;
    let checks = totals
        .into_iter()
        .flat_map(|totals| totals.finish(input.file));
    summary.controls = checks.collect();
    Ok(summary)
}

/// The first row that has all the columns, with its text; what stands above it is left out.
fn find_header<'m>(
    mapping: &'m CsvMapping,
    input: Input<'_>,
    rows: &mut Rows<'_>,
) -> Result<(Layout<'m>, String), FormatError> {
    let mut nearest: Option<NoHeader> = None;
    for _ in 0..mapping.header_within_rows {
        let Some(row) = rows.next()? else {
            break;
        };
        match Layout::of_header(mapping, &row) {
            Ok(layout) => return Ok((layout, row.raw.to_owned())),
            Err(miss) => nearest = Some(miss.nearest(nearest)),
        }
    }
    Err(match nearest {
        Some(miss) => miss.into_error(input),
        None => FormatError::Empty {
            file: input.file_name(),
        },
    })
}

/// Decides what one row is: nothing, a header again, a total, to be left out, or a payment.
fn read_row<'m>(
    mapping: &'m CsvMapping,
    reader: &mut RowReader<'m>,
    totals: &mut [RunningTotals<'m>],
    output: &mut Output<'_>,
    row: &Row<'_>,
) {
    if row.is_blank() {
        return output.skip();
    }
    if reader.layout.may_be_header(row)
        && let Ok(layout) = Layout::of_header(mapping, row)
    {
        reader.layout = layout;
        return output.skip();
    }
    if row.quoting_is_sound
        && let Some(stated) = totals_rule(mapping, reader, row)
    {
        return close_totals(stated, reader, totals, output, row);
    }
    let skipped = skip_rule(mapping, reader, row);
    if let Some(rule) = skipped
        && !rule.in_totals
    {
        return output.skip();
    }
    let shape = reader.shape_fault(row);
    let money = match shape {
        None => reader.money(row),
        Some(fault) => Err(fault),
    };
    for totals in totals {
        totals.add(money.as_ref().ok().copied());
    }
    if skipped.is_some() {
        return output.skip();
    }
    match money.and_then(|money| reader.record(row, money, output.input)) {
        Ok(record) => output.accept(record),
        Err(fault) => output.reject(output.input.origin(row.line, row.raw), fault),
    }
}

fn totals_rule(mapping: &CsvMapping, reader: &RowReader<'_>, row: &Row<'_>) -> Option<usize> {
    let rules = mapping.totals.iter().zip(&reader.layout.totals);
    let mut rules = rules.enumerate();
    rules.find_map(|(at, (rule, columns))| rule.rows.fits(row, columns.rows).then_some(at))
}

fn skip_rule<'m>(
    mapping: &'m CsvMapping,
    reader: &RowReader<'_>,
    row: &Row<'_>,
) -> Option<&'m super::SkipRule> {
    let mut rules = mapping.skip.iter().zip(&reader.layout.skip);
    rules.find_map(|(rule, place)| rule.rows.fits(row, *place).then_some(rule))
}

fn close_totals(
    stated: usize,
    reader: &RowReader<'_>,
    totals: &mut [RunningTotals<'_>],
    output: &mut Output<'_>,
    row: &Row<'_>,
) {
    let (Some(running), Some(columns)) = (totals.get_mut(stated), reader.layout.totals.get(stated))
    else {
        return output.skip();
    };
    match running.close(output.input.file, row, columns, reader) {
        Ok(()) => output.skip(),
        Err(fault) => output.reject(output.input.origin(row.line, row.raw), fault),
    }
}
