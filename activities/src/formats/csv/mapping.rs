//! What a source's file says about a delimited report: `[partner.format.csv]`.
//!
//! Each value checks itself while the TOML is read; what only shows when settings are seen together
//! is for [`CsvMapping::validate`].

use std::collections::BTreeMap;

use serde::Deserialize;

use super::columns::FieldSource;
use super::fields::{Fields, StatusValues};
use super::rules::{SkipRule, TotalsRule};
use super::settings::{Delimiter, Quote, Separator, TextEncoding};
use crate::formats::settings::Zone;

/// How a delimited report is written and what its columns mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvMapping {
    /// One ASCII character between fields, or `tab`. A first line `sep=;` in the file overrides it.
    #[serde(default = "comma")]
    pub delimiter: Delimiter,
    /// One ASCII character around fields, or `none`. Inside, it is doubled.
    #[serde(default = "double_quote")]
    pub quote: Quote,
    /// `auto` (byte order mark, else strict UTF-8) or a WHATWG label such as `windows-1252`.
    #[serde(default)]
    pub encoding: TextEncoding,
    /// The columns of a file without a header, in order. A mapping that names no column at all, and
    /// goes by position everywhere, reads a file without a header too.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Rows from the top among which the header is looked for.
    #[serde(default = "header_within_rows")]
    pub header_within_rows: usize,

    /// The character before the decimals.
    #[serde(default = "point")]
    pub decimal_separator: Separator,
    /// The character between groups of digits; none by default. A space stands for every kind of
    /// it.
    pub thousands_separator: Option<Separator>,
    /// How digits are grouped.
    #[serde(default)]
    pub grouping: Grouping,
    /// What one stands for.
    #[serde(default)]
    pub units: Units,
    /// `5.00-` is minus five.
    #[serde(default)]
    pub trailing_minus: bool,
    /// `(5.00)` is minus five.
    #[serde(default)]
    pub parentheses: bool,
    /// Endings of an amount that make it money to us: `Cr`.
    #[serde(default)]
    pub credit_suffixes: Vec<String>,
    /// Endings of an amount that make it money from us: `Dr`.
    #[serde(default)]
    pub debit_suffixes: Vec<String>,
    /// What may stand around an amount without meaning anything: `€`, `EUR`.
    #[serde(default)]
    pub currency_symbols: Vec<String>,

    /// Formats of dates (`strptime`), all tried; a text that two of them read differently is
    /// refused.
    #[serde(default = "iso_date")]
    pub dates: Vec<String>,
    /// Zone in which the report writes times that carry no offset.
    pub time_zone: Option<Zone>,
    /// Zone whose day counts for a time. Without it, the day as written.
    pub date_zone: Option<Zone>,
    /// Zones that the report calls by other names than IANA: `CEST = "Europe/Berlin"`.
    #[serde(default)]
    pub zone_names: BTreeMap<String, Zone>,

    /// Which of the amounts is compared, when there are several.
    #[serde(default)]
    pub compare: ComparedAmount,
    /// Where the fields of a record are.
    pub fields: Fields,
    /// Texts that the report writes where there is no reference; case does not count.
    #[serde(default)]
    pub no_reference: Vec<String>,
    /// What the status column says for each status.
    #[serde(default)]
    pub status_values: StatusValues,
    /// Rows that are no payments.
    #[serde(default)]
    pub skip: Vec<SkipRule>,
    /// Rows that state totals.
    #[serde(default)]
    pub totals: Vec<TotalsRule>,
}

/// Which amount a record is compared by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComparedAmount {
    /// The only one.
    #[default]
    Amount,
    /// Before fees.
    Gross,
    /// After fees.
    Net,
}

/// How digits before the decimal point are grouped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// By three: `1,000,000`.
    #[default]
    Thousands,
    /// The last three, then by two: `10,00,000`.
    Indian,
}

/// What one in an amount column stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Units {
    /// One euro, one yen.
    #[default]
    Major,
    /// One of the currency's minor unit by ISO 4217: a cent, a yen, a fils.
    Minor,
    /// A hundredth whatever the currency, as PayPal's settlement files have it.
    Hundredths,
}

fn comma() -> Delimiter {
    Delimiter(b',')
}

fn double_quote() -> Quote {
    Quote(Some(b'"'))
}

fn point() -> Separator {
    Separator('.')
}

fn header_within_rows() -> usize {
    100
}

fn iso_date() -> Vec<String> {
    vec!["%Y-%m-%d".to_owned()]
}

impl CsvMapping {
    /// Whether files have a header line: they do as soon as the mapping goes by names that it does
    /// not list itself.
    pub(super) fn has_header(&self) -> bool {
        let texts = self
            .fields
            .others()
            .chain(self.fields.references().into_iter().map(|r| r.1));
        let columns = texts.filter_map(|field| match field {
            FieldSource::Column { column, .. } => Some(column),
            FieldSource::Constant(_) => None,
        });
        let rules = self.skip.iter().map(|skip| &skip.rows.column);
        let totals = self.totals.iter().flat_map(|totals| {
            let amounts = totals.amount.iter().flat_map(|amount| amount.columns.all());
            amounts.chain(&totals.count).chain([&totals.rows.column])
        });
        let amounts = self
            .fields
            .amounts()
            .flat_map(|amount| amount.columns.all());
        let mut all = columns.chain(amounts).chain(rules).chain(totals);
        self.columns.is_empty() && all.any(|column| column.position.is_none())
    }
}
