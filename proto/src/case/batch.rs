//! The same act on many cases: which act, and which cases.

use domain::case::CaseState;
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use domain::severity::Severity;
use serde_json::Value;

use super::{Asked, act, amount, invalid, no_action, required};
use crate::convert::RequestError;
use crate::wire::{CaseBatchInput, CaseFilter};

/// An act on many cases, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// Who does it.
    pub by: String,
    /// Its JSON for a single case, `by` included.
    pub input: Value,
    /// What it is.
    pub asked: Asked,
    /// Which cases.
    pub selection: Selection,
}

/// Which cases an act is meant for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection {
    /// Of these discrepancies.
    Ids(Vec<String>),
    /// All that fit.
    Filter(Box<Filter>),
}

/// Which cases fit. Everything given must hold; something is given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Of this source.
    pub source: Option<String>,
    /// Of discrepancies that this run found.
    pub run_id: Option<String>,
    /// Behind this cause.
    pub cause: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// In this state.
    pub state: Option<CaseState>,
    /// In this currency. Always given with amounts.
    pub currency: Option<Currency>,
    /// Assigned to this person.
    pub assigned_to: Option<String>,
    /// With at least this much at stake.
    pub amount_from: Option<Amount>,
    /// With at most this much at stake.
    pub amount_to: Option<Amount>,
}

/// A request for the same act on many cases.
///
/// # Errors
/// The first field at fault. What only runs do is refused.
pub fn batch(request: &CaseBatchInput) -> Result<Batch, RequestError> {
    let by = required("by", request.by.clone())?;
    if request.action.is_empty() || matches!(&*request.action, "seen_again" | "auto_clear") {
        return Err(no_action(&request.action));
    }
    let problem = "must be the act's own input, one JSON object";
    let mut input = match &*request.input {
        "" => Value::Object(serde_json::Map::new()),
        text => serde_json::from_str(text).map_err(|_| invalid("input", problem, text))?,
    };
    let Some(fields) = input.as_object_mut() else {
        return Err(invalid("input", problem, &request.input));
    };
    match fields.get("by").map(|named| named.as_str() == Some(&by)) {
        None | Some(true) => fields.insert("by".to_owned(), Value::String(by.clone())),
        Some(false) => {
            let problem = "names somebody else than the batch in its `by`; leave it out";
            return Err(invalid("input", problem, &request.input));
        }
    };
    if fields.contains_key("discrepancy_id") {
        let problem = "names one discrepancy; say which cases by `ids` or `filter`";
        return Err(invalid("input", problem, &request.input));
    }
    let (by, asked) = act(&request.action, &input)?;
    let selection = match (request.ids.is_empty(), &request.filter) {
        (false, None) => Selection::Ids(ids(&request.ids)?),
        (true, Some(asked)) => Selection::Filter(Box::new(filter(asked)?)),
        (no_ids, _) => {
            let given = if no_ids { "neither" } else { "both" };
            return Err(invalid(
                "ids",
                "exactly one of `ids` and `filter` says which cases",
                given,
            ));
        }
    };
    Ok(Batch {
        by,
        input,
        asked,
        selection,
    })
}

/// Each once, in the order given.
fn ids(given: &[String]) -> Result<Vec<String>, RequestError> {
    let mut seen = std::collections::HashSet::new();
    let mut ids = Vec::with_capacity(given.len());
    for id in given {
        if id.is_empty()
            || id
                .chars()
                .any(|letter| letter.is_control() || letter == ' ')
        {
            return Err(invalid("ids", "must be ids of discrepancies", id));
        }
        if seen.insert(id) {
            ids.push(id.clone());
        }
    }
    Ok(ids)
}

/// A filter, of which something must be given: nobody acts on everything by leaving it out.
///
/// # Errors
/// The first field at fault.
pub fn filter(asked: &CaseFilter) -> Result<Filter, RequestError> {
    if *asked == CaseFilter::default() {
        return Err(invalid(
            "filter",
            "must say something: an empty filter would be every case there is",
            "{}",
        ));
    }
    let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    let amount_of = |field, value: &str| match value {
        "" => Ok(None),
        value => amount(field, value).map(Some),
    };
    let filter = Filter {
        source: text(&asked.source),
        run_id: text(&asked.run_id),
        cause: text(&asked.cause),
        kind: named("filter.kind", &asked.kind, Kind::parse)?,
        severity: named("filter.severity", &asked.severity, Severity::parse)?,
        state: named("filter.state", &asked.state, CaseState::parse)?,
        currency: named("filter.currency", &asked.currency, |code| {
            Currency::parse(code).ok()
        })?,
        assigned_to: text(&asked.assigned_to),
        amount_from: amount_of("filter.amount_from", &asked.amount_from)?,
        amount_to: amount_of("filter.amount_to", &asked.amount_to)?,
    };
    let has_amount = filter.amount_from.is_some() || filter.amount_to.is_some();
    match filter.currency {
        None if has_amount => Err(RequestError::Missing("filter.currency")),
        _ => Ok(filter),
    }
}

fn named<T>(
    field: &'static str,
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, RequestError> {
    match name {
        "" => Ok(None),
        name => parse(name)
            .map(Some)
            .ok_or_else(|| invalid(field, "is not one that there is", name)),
    }
}
