//! One row to one record, or the first thing that is wrong with it.

use std::collections::HashMap;

use domain::money::Money;
use domain::record::{Record, RecordFields, References, ShortText, Status};
use jiff::civil::Date;

use super::date::DateReader;
use super::header::{Layout, Text};
use super::mapping::CsvMapping;
use super::number::{Notation, is_scientific, unwrapped};
use super::rounded::RoundedReferences;
use super::tokens::Row;
use crate::formats::FormatError;
use crate::formats::extract::only_match;
use crate::formats::lines::{Fault, Input};
use crate::formats::no_reference::is_reference;

/// Reads the rows of one file.
pub(super) struct RowReader<'m> {
    pub(super) mapping: &'m CsvMapping,
    pub(super) layout: Layout<'m>,
    pub(super) notation: Notation<'m>,
    dates: DateReader<'m>,
    statuses: HashMap<String, Status>,
    pub(super) rounded: RoundedReferences,
}

impl<'m> RowReader<'m> {
    pub(super) fn new(
        mapping: &'m CsvMapping,
        layout: Layout<'m>,
        input: Input<'_>,
    ) -> Result<Self, FormatError> {
        let dates = DateReader::new(mapping).map_err(|problems| FormatError::Mapping {
            file: input.file_name(),
            problems: problems.join("; "),
        })?;
        let statuses = mapping.status_values.all();
        Ok(RowReader {
            mapping,
            layout,
            notation: Notation::new(mapping),
            dates,
            statuses: statuses
                .map(|(text, s)| (text.trim().to_lowercase(), s))
                .collect(),
            rounded: RoundedReferences::default(),
        })
    }

    /// What keeps the fields of a row from being told apart.
    pub(super) fn shape_fault(&self, row: &Row<'_>) -> Option<Fault> {
        if !row.quoting_is_sound {
            let help = "a closing quote stands in the middle of a field: a quote is not doubled, \
                        or \
                        one further up has no pair and has swallowed rows";
            return Some(Fault::new("", "", help));
        }
        if row.raw.contains('\0') {
            return Some(Fault::new(
                "",
                "",
                "holds NUL bytes: the file is damaged here",
            ));
        }
        let width = self.layout.width?;
        let what = match row.len() {
            fields if fields < width.named => "few",
            _ if row
                .iter()
                .skip(width.all)
                .any(|text| !text.trim().is_empty()) =>
            {
                "many"
            }
            _ => return None,
        };
        let (found, expected) = (row.len(), width.named);
        let reason = format!("too {what} fields: {found} where the header has {expected}");
        Some(Fault::new("", "", reason))
    }

    /// The record of a row whose money is known.
    pub(super) fn record(
        &mut self,
        row: &Row<'_>,
        money: Money,
        input: Input<'_>,
    ) -> Result<Record, Fault> {
        let fees = self.fees(row, money)?;
        let layout = &self.layout;
        let zone = layout
            .time_zone
            .as_ref()
            .and_then(|source| value(row, source));
        let mut date = |source: &Option<Text<'_>>| match source {
            Some(source) => read_date(&mut self.dates, layout, row, source, zone),
            None => Ok(None),
        };
        let value_date = date(&layout.value_date)?;
        let booking_date = date(&layout.booking_date)?;
        let value_date = value_date.ok_or_else(|| {
            let column = layout
                .value_date
                .as_ref()
                .map(|source| source.label(layout));
            Fault::new(&column.unwrap_or_default(), "", "no date given")
        })?;
        let mut references = References::with_capacity(layout.references.len());
        for (kind, source) in &layout.references {
            let Some(text) = reference(row, source, &self.mapping.no_reference) else {
                continue;
            };
            if is_scientific(text) {
                let reason = "a spreadsheet has turned this reference into a number and lost its \
                              digits; ask for the original file";
                return Err(Fault::new(&source.label(layout), text, reason));
            }
            if let Text::At(index, _) = source {
                self.rounded.see(*index, text);
            }
            references.push((*kind, text.into()));
        }
        let text = |source: &Option<Text<'_>>| {
            let text = source.as_ref().and_then(|source| value(row, source));
            text.map(ShortText::from)
        };
        Ok(Record::from(RecordFields {
            side: input.side,
            origin: input.origin(row.line, row.raw),
            references,
            money,
            value_date,
            booking_date,
            status: self.status(row)?,
            fees: fees.map(Box::new),
            client: text(&layout.client),
            counterparty: text(&layout.counterparty),
            description: text(&layout.description),
            past: None,
            has_namesake: false,
            takes_back: false,
        }))
    }

    fn status(&self, row: &Row<'_>) -> Result<Option<Status>, Fault> {
        let Some(source) = &self.layout.status else {
            return Ok(None);
        };
        let Some(text) = value(row, source) else {
            return Ok(None);
        };
        self.status_of(text).map(Some).ok_or_else(|| {
            let known = self.mapping.status_values.all();
            let known: Vec<String> = known.map(|(text, _)| format!("{text:?}")).collect();
            let reason = format!("unknown status; status_values knows {}", known.join(", "));
            Fault::new(&source.label(&self.layout), text, reason)
        })
    }

    /// What a status text stands for.
    pub(super) fn status_of(&self, text: &str) -> Option<Status> {
        let mut known = self.mapping.status_values.all();
        match known.find(|(known, _)| *known == text) {
            Some((_, status)) => Some(status),
            None => self.statuses.get(&text.to_lowercase()).copied(),
        }
    }

    /// The day that a date field without a zone of its own means; `None` when it is empty.
    pub(super) fn day_of(&mut self, text: &str) -> Option<Result<Date, String>> {
        let text = unwrapped(text.trim());
        (!text.is_empty()).then(|| self.dates.read(text, None))
    }
}

impl Text<'_> {
    pub(super) fn label(&self, layout: &Layout<'_>) -> String {
        match self {
            Text::At(index, _) => layout.name(*index),
            Text::Constant(_) | Text::Absent => String::new(),
        }
    }
}

/// The text of a field; `None` when there is none.
pub(super) fn value<'r>(row: &Row<'r>, source: &Text<'r>) -> Option<&'r str> {
    match source {
        Text::Constant(text) => Some(text),
        Text::Absent => None,
        Text::At(index, pattern) => {
            let text = row.get(*index)?.trim();
            match pattern {
                Some(pattern) => only_match(&pattern.0, text),
                None => (!text.is_empty()).then_some(text),
            }
        }
    }
}

/// The reference in a field; `None` where there is none, or where the whole field or what the pattern takes of
/// it says so.
fn reference<'r>(row: &Row<'r>, source: &Text<'r>, no_reference: &[String]) -> Option<&'r str> {
    if let Text::At(index, Some(_)) = source
        && !is_reference(unwrapped(row.get(*index)?.trim()), no_reference)
    {
        return None;
    }
    let text = value(row, source).map(unwrapped)?;
    (!text.is_empty() && is_reference(text, no_reference)).then_some(text)
}

fn read_date(
    dates: &mut DateReader<'_>,
    layout: &Layout<'_>,
    row: &Row<'_>,
    source: &Text<'_>,
    zone: Option<&str>,
) -> Result<Option<Date>, Fault> {
    let Some(text) = value(row, source)
        .map(unwrapped)
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let date = dates.read(text, zone);
    date.map(Some)
        .map_err(|reason| Fault::new(&source.label(layout), text, reason))
}
