//! What a source's file says about a delimited report: `[partner.format.csv]`.
//!
//! Each value checks itself while the TOML is read; what only shows when settings are seen together
//! is for [`CsvMapping::validate`].

use std::collections::BTreeMap;

use domain::money::Currency;
use domain::record::{ReferenceKind, Status};
use encoding_rs::Encoding;
use serde::Deserialize;

use super::date::DateReader;
use super::field::{AmountSource, FieldSource};
use super::rules::{SkipRule, TotalsRule};
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
    /// The character between groups of digits; none by default. A space stands for every kind of it.
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

    /// Formats of dates (`strptime`), all tried; a text that two of them read differently is refused.
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
    pub compare: Compared,
    /// Where the fields of a record are.
    pub fields: Fields,
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

/// The columns of a record's fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the references are documented at `ReferenceKind`
pub struct Fields {
    pub reference: Option<FieldSource>,
    pub invoice: Option<FieldSource>,
    pub order: Option<FieldSource>,
    pub batch: Option<FieldSource>,
    pub end_to_end_id: Option<FieldSource>,
    pub transaction_id: Option<FieldSource>,
    pub instruction_id: Option<FieldSource>,
    pub uetr: Option<FieldSource>,
    pub servicer_reference: Option<FieldSource>,
    pub creditor_reference: Option<FieldSource>,
    pub mandate_id: Option<FieldSource>,
    pub original_reference: Option<FieldSource>,
    /// The amount, when there is only one.
    pub amount: Option<AmountSource>,
    /// Before fees.
    pub gross: Option<AmountSource>,
    /// The fee; positive lowers the net.
    pub fee: Option<AmountSource>,
    /// After fees.
    pub net: Option<AmountSource>,
    /// Currency of all amounts.
    pub currency: Option<FieldSource>,
    /// Currency of the gross amount, where it is not that of the net.
    pub gross_currency: Option<FieldSource>,
    /// Currency of the net amount, where it is not that of the gross.
    pub net_currency: Option<FieldSource>,
    /// The day on which the money counts.
    pub value_date: Option<FieldSource>,
    /// The day on which it was entered.
    pub booking_date: Option<FieldSource>,
    /// Zone of the row's times.
    pub time_zone: Option<FieldSource>,
    /// Where the payment stands.
    pub status: Option<FieldSource>,
    /// Our client's identifier.
    pub client: Option<FieldSource>,
    /// The other party.
    pub counterparty: Option<FieldSource>,
    /// Free text.
    pub description: Option<FieldSource>,
}

impl Fields {
    fn amounts(&self) -> impl Iterator<Item = &AmountSource> {
        [&self.amount, &self.gross, &self.fee, &self.net]
            .into_iter()
            .flatten()
    }

    fn others(&self) -> impl Iterator<Item = &FieldSource> {
        [
            &self.currency,
            &self.gross_currency,
            &self.net_currency,
            &self.value_date,
            &self.booking_date,
            &self.time_zone,
            &self.status,
            &self.client,
            &self.counterparty,
            &self.description,
        ]
        .into_iter()
        .flatten()
    }

    /// The references that are mapped, in the order of their kinds.
    pub(super) fn references(&self) -> Vec<(ReferenceKind, &FieldSource)> {
        let of_kind = |kind| match kind {
            ReferenceKind::Reference => &self.reference,
            ReferenceKind::Invoice => &self.invoice,
            ReferenceKind::Order => &self.order,
            ReferenceKind::Batch => &self.batch,
            ReferenceKind::EndToEndId => &self.end_to_end_id,
            ReferenceKind::TransactionId => &self.transaction_id,
            ReferenceKind::InstructionId => &self.instruction_id,
            ReferenceKind::Uetr => &self.uetr,
            ReferenceKind::ServicerReference => &self.servicer_reference,
            ReferenceKind::CreditorReference => &self.creditor_reference,
            ReferenceKind::MandateId => &self.mandate_id,
            ReferenceKind::OriginalReference => &self.original_reference,
        };
        ReferenceKind::ALL
            .iter()
            .filter_map(|&kind| of_kind(kind).as_ref().map(|field| (kind, field)))
            .collect()
    }
}

/// Which amount a record is compared by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compared {
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

/// The texts that stand for each status.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusValues {
    /// Announced, not final.
    pub pending: Vec<String>,
    /// Final.
    pub settled: Vec<String>,
    /// Taken back after settlement.
    pub reversed: Vec<String>,
    /// Never happened.
    pub failed: Vec<String>,
}

impl StatusValues {
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Status)> {
        let lists = [
            (&self.pending, Status::Pending),
            (&self.settled, Status::Settled),
            (&self.reversed, Status::Reversed),
            (&self.failed, Status::Failed),
        ];
        lists
            .into_iter()
            .flat_map(|(texts, status)| texts.iter().map(move |text| (text.as_str(), status)))
    }
}

macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident($inner:ty), $parse:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(pub(super) $inner);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(&text).map($name)
            }
        }
    };
}

checked_text!(
    /// What separates fields.
    Delimiter(u8),
    |text| match text.as_bytes() {
        b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(*byte),
        _ => Err("the delimiter is one ASCII character, or \"tab\"".to_owned()),
    }
);
checked_text!(
    /// What stands around a field that holds delimiters or line ends.
    Quote(Option<u8>),
    |text| match text.as_bytes() {
        b"none" => Ok(None),
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(Some(*byte)),
        _ => Err("the quote is one ASCII character, or \"none\"".to_owned()),
    }
);
checked_text!(
    /// One character inside a number.
    Separator(char),
    |text| {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if !one.is_ascii_digit() && !"+-()".contains(one) => Ok(one),
            _ => Err("a separator is one character that no number has otherwise".to_owned()),
        }
    }
);

/// The encoding of a file; `None` finds out.
#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct TextEncoding(pub(super) Option<&'static Encoding>);

impl TryFrom<String> for TextEncoding {
    type Error = String;

    fn try_from(label: String) -> Result<Self, String> {
        if label == "auto" {
            return Ok(TextEncoding(None));
        }
        match Encoding::for_label(label.as_bytes()) {
            Some(encoding) if encoding != encoding_rs::REPLACEMENT => {
                Ok(TextEncoding(Some(encoding)))
            }
            _ => Err(format!(
                "{label:?} is not an encoding: write \"auto\" or a WHATWG label such as \
                 \"windows-1252\", \"utf-16le\", \"shift_jis\""
            )),
        }
    }
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

    /// Mistakes that only show when settings are seen together.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.check_text(&mut problems);
        self.check_amounts(&mut problems);
        self.check_fields(&mut problems);
        if let Err(mut found) = DateReader::new(self) {
            problems.append(&mut found);
        }
        problems
    }

    fn check_text(&self, problems: &mut Vec<String>) {
        if self.quote.0 == Some(self.delimiter.0) {
            problems.push("delimiter and quote are the same character".to_owned());
        }
        if self.thousands_separator.map(|s| s.0) == Some(self.decimal_separator.0) {
            problems.push(
                "decimal_separator and thousands_separator are the same: one of them is wrong"
                    .to_owned(),
            );
        }
        if self.grouping == Grouping::Indian && self.thousands_separator.is_none() {
            problems.push("grouping needs a thousands_separator".to_owned());
        }
        let empty = |texts: &[String]| texts.iter().any(|text| text.trim().is_empty());
        if [
            &self.credit_suffixes,
            &self.debit_suffixes,
            &self.currency_symbols,
        ]
        .iter()
        .any(|texts| empty(texts))
        {
            problems.push("a suffix or currency symbol is empty: leave it out".to_owned());
        }
    }

    fn check_amounts(&self, problems: &mut Vec<String>) {
        let fields = &self.fields;
        let split = fields.gross.is_some() || fields.fee.is_some() || fields.net.is_some();
        let message = match self.compare {
            Compared::Amount if fields.amount.is_none() && split => {
                Some("say which amount is compared: compare = \"gross\" or compare = \"net\"")
            }
            Compared::Amount if fields.amount.is_none() => {
                Some("fields.amount is missing: name the column of the amount")
            }
            Compared::Amount if split => Some(
                "fields.amount stands alone: with gross, fee and net, leave it out and set \
                 compare = \"gross\" or \"net\"",
            ),
            Compared::Gross | Compared::Net if fields.amount.is_some() => {
                Some("compare is set, so leave fields.amount out")
            }
            Compared::Gross if fields.gross.is_none() => {
                Some("compare = \"gross\" needs fields.gross")
            }
            Compared::Net if fields.net.is_none() => Some("compare = \"net\" needs fields.net"),
            _ => None,
        };
        problems.extend(message.map(str::to_owned));
        let (any, gross, net) = (
            fields.currency.is_some(),
            fields.gross_currency.is_some(),
            fields.net_currency.is_some(),
        );
        if !(any ^ (gross && net)) || (any && (gross || net)) {
            problems.push(
                "name the currency once: fields.currency (a column, or { constant = \"EUR\" }), \
                 or both gross_currency and net_currency"
                    .to_owned(),
            );
        }
        for (name, field) in [
            ("currency", &fields.currency),
            ("gross_currency", &fields.gross_currency),
            ("net_currency", &fields.net_currency),
        ] {
            if let Some(FieldSource::Constant(code)) = field
                && Currency::parse(code).is_err()
            {
                problems.push(format!(
                    "fields.{name} = {code:?} is not a three-letter ISO 4217 code"
                ));
            }
        }
    }

    fn check_fields(&self, problems: &mut Vec<String>) {
        let fields = &self.fields;
        if self.header_within_rows == 0 {
            problems.push("header_within_rows counts from 1".to_owned());
        }
        if fields.value_date.is_none() {
            problems.push("fields.value_date is missing: name the column of the date".to_owned());
        }
        if fields.status.is_some() && self.status_values.all().next().is_none() {
            problems.push(
                "fields.status needs status_values: which texts mean settled, reversed, failed, \
                 pending"
                    .to_owned(),
            );
        }
        let mut known = BTreeMap::new();
        for (text, status) in self.status_values.all() {
            let other = known.insert(text.trim().to_lowercase(), status);
            if other.is_some_and(|other| other != status) {
                problems.push(format!("status_values has {text:?} for two statuses"));
            }
        }
    }
}
