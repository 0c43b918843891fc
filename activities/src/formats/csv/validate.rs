//! Mistakes in a mapping that only show when settings are seen together.

use std::collections::BTreeMap;

use domain::money::Currency;

use super::columns::FieldSource;
use super::date::DateReader;
use super::mapping::{ComparedAmount, CsvMapping, Grouping};
use crate::formats::no_reference;

impl CsvMapping {
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
            ComparedAmount::Amount if fields.amount.is_none() && split => {
                Some("say which amount is compared: compare = \"gross\" or compare = \"net\"")
            }
            ComparedAmount::Amount if fields.amount.is_none() => {
                Some("fields.amount is missing: name the column of the amount")
            }
            ComparedAmount::Amount if split => Some(
                "fields.amount stands alone: with gross, fee and net, leave it out and set \
                 compare = \"gross\" or \"net\"",
            ),
            ComparedAmount::Gross | ComparedAmount::Net if fields.amount.is_some() => {
                Some("compare is set, so leave fields.amount out")
            }
            ComparedAmount::Gross if fields.gross.is_none() => {
                Some("compare = \"gross\" needs fields.gross")
            }
            ComparedAmount::Net if fields.net.is_none() => {
                Some("compare = \"net\" needs fields.net")
            }
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
        problems.extend(no_reference::problem(&self.no_reference));
        if !self.no_reference.is_empty() && fields.references().is_empty() {
            problems.push(
                "no_reference without a reference: map one in fields, or leave it out".to_owned(),
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
