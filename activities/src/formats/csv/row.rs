//! One row to one record, or the first thing that is wrong with it.

use std::collections::HashMap;

use domain::money::{Amount, Currency, Money};
use domain::record::{FeeSplit, Record, Status};
use jiff::civil::Date;

use super::amount::{NotAnAmount, Notation, is_scientific, unwrapped};
use super::date::DateReader;
use super::field::Sign;
use super::header::{Amounts, Layout, Places, Text};
use super::mapping::{Compared, CsvMapping};
use super::rounded::RoundedReferences;
use super::rules::same;
use super::tokens::Row;
use crate::formats::FormatError;
use crate::formats::extract::only_match;
use crate::formats::lines::{Fault, Input};

/// Reads the rows of one file.
pub(super) struct RowReader<'m> {
    mapping: &'m CsvMapping,
    pub(super) layout: Layout<'m>,
    notation: Notation<'m>,
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
            let help = "a closing quote stands in the middle of a field: a quote is not doubled, or \
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
        let extra_are_empty =
            (width..row.len()).all(|i| row.get(i).is_none_or(|t| t.trim().is_empty()));
        if row.len() < width || !extra_are_empty {
            let what = if row.len() < width {
                "too few"
            } else {
                "too many"
            };
            let reason = format!("{what} fields: {} where the header has {width}", row.len());
            return Some(Fault::new("", "", reason));
        }
        None
    }

    /// What the row is compared by.
    pub(super) fn money(&self, row: &Row<'_>) -> Result<Money, Fault> {
        let layout = &self.layout;
        let (source, own_currency) = match self.mapping.compare {
            Compared::Amount => (&layout.amount, &None),
            Compared::Gross => (&layout.gross, &layout.gross_currency),
            Compared::Net => (&layout.net, &layout.net_currency),
        };
        let currency = self.currency(row, own_currency.as_ref().or(layout.currency.as_ref()))?;
        let source = source
            .as_ref()
            .ok_or_else(|| Fault::new("", "", "no amount is mapped"))?;
        let amount = self
            .amount(row, source, currency.exponent())?
            .ok_or_else(|| {
                let reason = "no amount given: a payment of nothing would have to say 0";
                Fault::new(&layout.name(source.first_place()), "", reason)
            })?;
        Ok(Money { amount, currency })
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
        let mut references = Vec::with_capacity(layout.references.len());
        for (kind, source) in &layout.references {
            let Some(text) = value(row, source).map(unwrapped).filter(|t| !t.is_empty()) else {
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
            text.map(Box::from)
        };
        Ok(Record {
            side: input.side,
            origin: input.origin(row.line, row.raw),
            references,
            money,
            value_date,
            booking_date,
            status: self.status(row)?,
            fees,
            client: text(&layout.client),
            counterparty: text(&layout.counterparty),
            description: text(&layout.description),
        })
    }

    /// The total that a totals row states, and its currency when the row names one.
    pub(super) fn stated_total(
        &self,
        row: &Row<'_>,
        source: &Amounts<'m>,
        only_currency: Option<Currency>,
    ) -> Result<Option<Money>, Fault> {
        let layout = &self.layout;
        let own = match self.mapping.compare {
            Compared::Amount => &None,
            Compared::Gross => &layout.gross_currency,
            Compared::Net => &layout.net_currency,
        };
        let source_of_currency = own.as_ref().or(layout.currency.as_ref());
        let named = source_of_currency.and_then(|source| value(row, source));
        let currency = match named {
            Some(_) => Some(self.currency(row, source_of_currency)?),
            None => only_currency,
        };
        let exponent = currency.map_or(2, |currency| currency.exponent());
        let amount = self.amount(row, source, exponent)?.ok_or_else(|| {
            let column = layout.name(source.first_place());
            Fault::new(&column, "", "a totals row without its total")
        })?;
        Ok(currency.map(|currency| Money { amount, currency }))
    }

    /// The split, when the row states all of it in one currency.
    fn fees(&self, row: &Row<'_>, money: Money) -> Result<Option<FeeSplit>, Fault> {
        let layout = &self.layout;
        let (Some(gross), Some(fee), Some(net)) = (&layout.gross, &layout.fee, &layout.net) else {
            return Ok(None);
        };
        for other in [&layout.gross_currency, &layout.net_currency] {
            if other.is_some() && self.currency(row, other.as_ref())? != money.currency {
                return Ok(None);
            }
        }
        let exponent = money.currency.exponent();
        let gross = self.amount(row, gross, exponent)?;
        let fee = self.amount(row, fee, exponent)?;
        let net = self.amount(row, net, exponent)?;
        Ok(match (gross, fee, net) {
            (Some(gross), Some(fee), Some(net)) => Some(FeeSplit { gross, fee, net }),
            _ => None,
        })
    }

    fn currency(&self, row: &Row<'_>, source: Option<&Text<'_>>) -> Result<Currency, Fault> {
        let label = || {
            source
                .map(|source| source.label(&self.layout))
                .unwrap_or_default()
        };
        let Some(text) = source.and_then(|source| value(row, source)) else {
            return Err(Fault::new(&label(), "", "no currency given"));
        };
        Currency::parse(text).map_err(|error| Fault::new(&label(), text, error.to_string()))
    }

    fn status(&self, row: &Row<'_>) -> Result<Option<Status>, Fault> {
        let Some(source) = &self.layout.status else {
            return Ok(None);
        };
        let Some(text) = value(row, source) else {
            return Ok(None);
        };
        let exact = self
            .mapping
            .status_values
            .all()
            .find(|(known, _)| *known == text);
        if let Some((_, status)) = exact {
            return Ok(Some(status));
        }
        self.statuses
            .get(&text.to_lowercase())
            .copied()
            .map(Some)
            .ok_or_else(|| {
                let known = self.mapping.status_values.all();
                let known: Vec<String> = known.map(|(text, _)| format!("{text:?}")).collect();
                let reason = format!("unknown status; status_values knows {}", known.join(", "));
                Fault::new(&source.label(&self.layout), text, reason)
            })
    }

    /// An amount as the row states it; `None` when its cells are empty.
    fn amount(
        &self,
        row: &Row<'_>,
        source: &Amounts<'_>,
        exponent: usize,
    ) -> Result<Option<Amount>, Fault> {
        let cell = |place: usize| {
            let text = row.get(place).unwrap_or_default();
            self.notation
                .read(text, exponent)
                .map_err(|NotAnAmount(reason)| Fault::new(&self.layout.name(place), text, reason))
        };
        let unsigned = |place: usize| match cell(place)? {
            Some(amount) if amount.is_negative() => {
                let reason =
                    "has a sign of its own, though its column or marker tells the direction";
                let text = row.get(place).unwrap_or_default();
                Err(Fault::new(&self.layout.name(place), text, reason))
            }
            amount => Ok(amount),
        };
        let amount = match &source.places {
            Places::Signed(place) => cell(*place)?,
            Places::Sum(places) => {
                let mut sum: Option<Amount> = None;
                for &place in places {
                    let Some(part) = cell(place)? else { continue };
                    sum = Some(sum.unwrap_or_default().checked_add(part).map_err(|error| {
                        Fault::new(&self.layout.name(place), "", error.to_string())
                    })?);
                }
                sum
            }
            Places::Split { debit, credit } => {
                let both = (unsigned(*debit)?, unsigned(*credit)?);
                self.one_of(both, *debit, *credit)?
            }
            Places::Directed {
                amount,
                direction,
                credit,
                debit,
            } => match unsigned(*amount)? {
                Some(value) => Some(match self.direction(row, *direction, credit, debit)? {
                    Direction::Credit => value,
                    Direction::Debit => value.negated(),
                }),
                None => None,
            },
        };
        Ok(match source.sign {
            Sign::Signed => amount,
            Sign::Inverted => amount.map(Amount::negated),
        })
    }

    fn one_of(
        &self,
        (debit, credit): (Option<Amount>, Option<Amount>),
        debit_place: usize,
        credit_place: usize,
    ) -> Result<Option<Amount>, Fault> {
        match (
            debit.filter(|a| !a.is_zero()),
            credit.filter(|a| !a.is_zero()),
        ) {
            (Some(debit), None) => Ok(Some(debit.negated())),
            (None, Some(credit)) => Ok(Some(credit)),
            (None, None) => Ok(debit.or(credit)),
            (Some(debit), Some(credit)) => Err(Fault::new(
                &self.layout.name(debit_place),
                &format!("{debit} and {credit}"),
                format!(
                    "both this and {:?} are filled",
                    self.layout.name(credit_place)
                ),
            )),
        }
    }

    fn direction(
        &self,
        row: &Row<'_>,
        place: usize,
        credit: &[String],
        debit: &[String],
    ) -> Result<Direction, Fault> {
        let marker = row.get(place).unwrap_or_default().trim();
        if credit.iter().any(|known| same(marker, known)) {
            return Ok(Direction::Credit);
        }
        if debit.iter().any(|known| same(marker, known)) {
            return Ok(Direction::Debit);
        }
        let reason = format!("unknown direction; credit is {credit:?}, debit is {debit:?}");
        Err(Fault::new(&self.layout.name(place), marker, reason))
    }
}

enum Direction {
    Credit,
    Debit,
}

impl Text<'_> {
    fn label(&self, layout: &Layout<'_>) -> String {
        match self {
            Text::At(index, _) => layout.name(*index),
            Text::Constant(_) | Text::Absent => String::new(),
        }
    }
}

impl Amounts<'_> {
    fn first_place(&self) -> usize {
        match &self.places {
            Places::Signed(place) => *place,
            Places::Sum(places) => places.first().copied().unwrap_or_default(),
            Places::Split { debit, .. } => *debit,
            Places::Directed { amount, .. } => *amount,
        }
    }
}

/// The text of a field; `None` when there is none.
fn value<'r>(row: &Row<'r>, source: &Text<'r>) -> Option<&'r str> {
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
