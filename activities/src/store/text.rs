//! Values as texts of a store, the same in every store. What can't be read back is an error that
//! names the column; nothing gets a default.

use domain::case::Decision;
use domain::money::{Amount, Currency, Money};
use domain::policy::Scope;
use jiff::Timestamp;
use proto::wire::CaseDecision;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// RFC 3339 in UTC, always with nine decimals: sorts as text.
pub(super) fn time_text(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// As many digits for every amount: compares as text.
pub(super) fn digits(amount: Amount) -> String {
    let text = amount.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole:0>28}.{part:0<28}")
}

pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt("writing JSON", error))
}

pub(super) fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    let unreadable = |error| StoreError::corrupt(format_args!("column {column}"), error);
    serde_json::from_str(text).map_err(unreadable)
}

pub(super) fn scope(name: &str, id: String) -> Option<Scope> {
    match name {
        "whole" => Some(Scope::Whole),
        "client" => Some(Scope::Client(id)),
        "invoice" => Some(Scope::Invoice(id)),
        _ => None,
    }
}

/// Name and id of a scope.
pub(super) fn scope_columns(scope: &Scope) -> (&'static str, &str) {
    match scope {
        Scope::Whole => ("whole", ""),
        Scope::Client(id) => ("client", id),
        Scope::Invoice(id) => ("invoice", id),
    }
}

/// Pairs of amount and currency, as JSON.
pub(super) fn totals_text(totals: &[Money]) -> Result<String, StoreError> {
    let pair = |total: &Money| (total.amount.to_string(), total.currency.code().to_owned());
    json(&totals.iter().map(pair).collect::<Vec<_>>())
}

pub(super) fn totals(text: &str) -> Option<Vec<Money>> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    let money = |(amount, currency): (String, String)| {
        Some(Money {
            amount: Amount::parse_computed(&amount).ok()?,
            currency: Currency::parse(&currency).ok()?,
        })
    };
    pairs.into_iter().map(money).collect()
}

/// What was decided of a case, in the currency of what is at stake.
pub(super) fn decision_text(decided: &Decision, currency: Currency) -> Result<String, StoreError> {
    json(&proto::case::decision(decided, currency))
}

pub(super) fn decision(text: &str) -> Result<Decision, StoreError> {
    let message: CaseDecision = from_json("decision", text)?;
    proto::case::decision_from_wire(&message)
        .map_err(|error| StoreError::corrupt("column decision", error))
}
