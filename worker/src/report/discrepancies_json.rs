//! Discrepancies as JSON: everything that is known, one object per line.
//!
//! Amounts are texts: JSON numbers lose digits.

use std::collections::BTreeMap;

use domain::discrepancy::Discrepancy;
use domain::money::amount_text;
use domain::record::{FeePart, Record};
use serde::Serialize;

/// One discrepancy as JSON: both records with file, line and raw text, the rule, the reason, the
/// nearest candidate.
///
/// # Errors
/// None in practice: the object has text keys only.
pub fn discrepancy_json(discrepancy: &Discrepancy) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(DiscrepancyJson::from(discrepancy))
}

/// One discrepancy, in the words of `discrepancies.ndjson`.
#[derive(Serialize)]
pub(crate) struct DiscrepancyJson<'a> {
    discrepancy_id: &'a str,
    kind: &'static str,
    severity: &'static str,
    reference: &'a str,
    currency: &'a str,
    at_stake: String,
    difference: Option<String>,
    rule: &'a str,
    reason: &'a str,
    partner: Option<RecordJson<'a>>,
    ledger: Option<RecordJson<'a>>,
    related: Vec<RecordJson<'a>>,
    nearest: Option<NearestJson<'a>>,
}

#[derive(Serialize)]
struct NearestJson<'a> {
    kept_apart_by: &'a str,
    record: RecordJson<'a>,
}

#[derive(Serialize)]
struct RecordJson<'a> {
    side: &'static str,
    file: &'a str,
    line: u32,
    references: BTreeMap<&'static str, &'a str>,
    amount: String,
    currency: &'a str,
    value_date: String,
    booking_date: Option<String>,
    status: Option<&'static str>,
    fees: Option<FeesJson>,
    client: Option<&'a str>,
    counterparty: Option<&'a str>,
    description: Option<&'a str>,
    /// The run that received it, when it was an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    carried_from: Option<&'a str>,
    raw: &'a str,
}

#[derive(Serialize)]
struct FeesJson {
    gross: String,
    fee: String,
    net: String,
    /// The one that the record does not state.
    #[serde(skip_serializing_if = "Option::is_none")]
    derived: Option<&'static str>,
}

impl<'a> From<&'a Discrepancy> for DiscrepancyJson<'a> {
    fn from(discrepancy: &'a Discrepancy) -> Self {
        let currency = discrepancy.currency;
        DiscrepancyJson {
            discrepancy_id: discrepancy.id.as_str(),
            kind: discrepancy.kind.name(),
            severity: discrepancy.severity.name(),
            reference: &discrepancy.reference,
            currency: discrepancy.currency.code(),
            at_stake: amount_text(discrepancy.at_stake, currency),
            difference: discrepancy
                .difference
                .map(|difference| amount_text(difference, currency)),
            rule: &discrepancy.rule,
            reason: &discrepancy.reason,
            partner: discrepancy.partner.as_ref().map(RecordJson::from),
            ledger: discrepancy.ledger.as_ref().map(RecordJson::from),
            related: discrepancy.related.iter().map(RecordJson::from).collect(),
            nearest: discrepancy.nearest.as_ref().map(|nearest| NearestJson {
                kept_apart_by: &nearest.kept_apart_by,
                record: RecordJson::from(&nearest.record),
            }),
        }
    }
}

impl<'a> From<&'a Record> for RecordJson<'a> {
    fn from(record: &'a Record) -> Self {
        let currency = record.money.currency;
        let references = record.references.iter();
        RecordJson {
            side: record.side.name(),
            file: &record.origin.file,
            line: record.origin.line,
            references: references
                .map(|(kind, text)| (kind.name(), &**text))
                .collect(),
            amount: record.money.amount_text(),
            currency: record.money.currency.code(),
            value_date: record.value_date.to_string(),
            booking_date: record.booking_date.map(|date| date.to_string()),
            status: record.status.map(|status| status.name()),
            fees: record.fees.as_deref().map(|fees| FeesJson {
                gross: amount_text(fees.gross, currency),
                fee: amount_text(fees.fee, currency),
                net: amount_text(fees.net, currency),
                derived: fees.derived.map(FeePart::name),
            }),
            client: record.client.as_deref(),
            counterparty: record.counterparty.as_deref(),
            description: record.description.as_deref(),
            carried_from: record.carried_from(),
            raw: &record.origin.raw,
        }
    }
}
