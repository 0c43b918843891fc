//! What the tests of all formats share: one file in, one readable text out.

use std::fmt::Write;
use std::sync::Arc;

use domain::record::{Record, Side};

use super::{Format, FormatError, Line, ReadLimits, ReadSummary, read};

/// The format of a mapping in TOML.
pub(super) fn format(toml: &str) -> Format {
    toml::from_str(toml).unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// Reads with the default limits.
pub(super) fn read_bytes(
    format: &Format,
    bytes: &[u8],
) -> (Vec<Line>, Result<ReadSummary, FormatError>) {
    read_within(format, bytes, &ReadLimits::default())
}

pub(super) fn read_within(
    format: &Format,
    bytes: &[u8],
    limits: &ReadLimits,
) -> (Vec<Line>, Result<ReadSummary, FormatError>) {
    let mut lines = Vec::new();
    let mut emit = |line| lines.push(line);
    let file = Arc::from("file");
    let summary = read(format, Side::Partner, &file, bytes, limits, &mut emit);
    (lines, summary)
}

/// Everything that reading gives, a line each.
pub(super) fn shown(format: &Format, bytes: &[u8]) -> String {
    let (lines, summary) = read_bytes(format, bytes);
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut text = String::new();
    for line in lines {
        match line {
            Line::Record(record) => text.push_str(&shown_record(&record)),
            Line::Reject(reject) => {
                _ = writeln!(
                    text,
                    "{}: reject {}={:?}: {}",
                    reject.origin.line, reject.column, reject.value, reject.reason
                )
            }
        }
    }
    for check in &summary.controls {
        let verdict = if check.holds() { "ok" } else { "NOT" };
        _ = writeln!(text, "{verdict} {}", check.sentence());
    }
    let ReadSummary {
        rows_read,
        accepted,
        rejected,
        skipped,
        ..
    } = summary;
    _ = writeln!(text, "{rows_read} = {accepted} + {rejected} + {skipped}");
    text
}

fn shown_record(record: &Record) -> String {
    let mut text = format!("{}:", record.origin.line);
    for (kind, reference) in &record.references {
        _ = write!(text, " {kind}={reference}");
    }
    _ = write!(text, " | {} {}", record.money, record.value_date);
    if let Some(date) = record.booking_date {
        _ = write!(text, " booked {date}");
    }
    if let Some(status) = record.status {
        _ = write!(text, " {status}");
    }
    if let Some(fees) = &record.fees {
        _ = write!(text, " {} - {} = {}", fees.gross, fees.fee, fees.net);
        if let Some(part) = fees.derived {
            _ = write!(text, " without {part}");
        }
    }
    for (name, value) in [
        ("client", &record.client),
        ("with", &record.counterparty),
        ("about", &record.description),
    ] {
        if let Some(value) = value {
            _ = write!(text, " {name}={value:?}");
        }
    }
    text.push('\n');
    text
}

/// Compares what reading gives with what is expected, a line each. Indentation is dropped, and a
/// backslash at the end of a line goes on with the next.
#[track_caller]
pub(super) fn check(format: &Format, bytes: &[u8], expected: &str) {
    let mut wanted = String::new();
    for line in expected
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
    {
        match line.strip_suffix('\\') {
            Some(part) => wanted.push_str(part),
            None => wanted.push_str(&format!("{line}\n")),
        }
    }
    let found = shown(format, bytes);
    assert_eq!(found, wanted, "found:\n{found}\nexpected:\n{wanted}");
}
