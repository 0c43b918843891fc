//! The JSON in which a store keeps what an alert says. The domain's types have no wire form of
//! their own; reading parses back to them or says what is wrong.

use std::collections::BTreeMap;

use domain::alert::{
    AlertBody, AlertContent, CauseFacts, CurrencyTotal, DigestFacts, DiscrepancyFacts,
    IncidentFacts, IncidentKind, SideFacts, SummaryFacts, SummaryLine,
};
use domain::cause::CauseKind;
use domain::discrepancy::{DiscrepancyId, Kind};
use domain::money::{Amount, Currency, Money};
use domain::record::Status;
use domain::severity::Severity;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::StoreError;

#[derive(Serialize, Deserialize)]
pub(super) struct ContentJson {
    source: String,
    run_id: String,
    business_date: String,
    severity: String,
    headline: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occasion: Option<String>,
    case_id: String,
    link: Option<String>,
    body: BodyJson,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BodyJson {
    Discrepancy(Box<FactsJson>),
    Summary(SummaryJson),
    Cause(CauseJson),
    Incident(IncidentJson),
    Digest(DigestJson),
}

#[derive(Serialize, Deserialize)]
struct CauseJson {
    kind: String,
    explanation: String,
    members: SummaryJson,
}

#[derive(Serialize, Deserialize)]
struct IncidentJson {
    kind: String,
    problem: String,
}

#[derive(Serialize, Deserialize)]
struct DigestJson {
    open: SummaryJson,
    new: u64,
    ages: Vec<(u32, Option<u32>, u64)>,
}

#[derive(Serialize, Deserialize)]
struct FactsJson {
    id: String,
    kind: String,
    reference: String,
    at_stake: MoneyJson,
    difference: Option<MoneyJson>,
    partner: Option<SideJson>,
    ledger: Option<SideJson>,
    rule: String,
    reason: String,
    nearest: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SideJson {
    money: MoneyJson,
    value_date: String,
    status: Option<String>,
    file: String,
    line: u32,
    counterparty: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SummaryJson {
    count: u64,
    counts: Vec<(String, String, u64)>,
    totals: Vec<TotalJson>,
    largest: Vec<LineJson>,
}

#[derive(Serialize, Deserialize)]
struct TotalJson {
    currency: String,
    count: u64,
    at_stake: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct LineJson {
    id: String,
    kind: String,
    severity: String,
    reference: String,
    at_stake: MoneyJson,
}

#[derive(Serialize, Deserialize)]
struct MoneyJson {
    amount: String,
    currency: String,
}

impl From<&AlertContent> for ContentJson {
    fn from(content: &AlertContent) -> Self {
        ContentJson {
            source: content.source.clone(),
            run_id: content.run_id.clone(),
            business_date: content.business_date.to_string(),
            severity: content.severity.to_string(),
            headline: content.headline.clone(),
            occasion: content.occasion.clone(),
            case_id: content.case_id.clone(),
            link: content.link.clone(),
            body: match &content.body {
                AlertBody::Discrepancy(facts) => BodyJson::Discrepancy(Box::new(facts_json(facts))),
                AlertBody::Summary(facts) => BodyJson::Summary(summary_json(facts)),
                AlertBody::Cause(facts) => BodyJson::Cause(CauseJson {
                    kind: facts.kind.to_string(),
                    explanation: facts.explanation.clone(),
                    members: summary_json(&facts.members),
                }),
                AlertBody::Incident(facts) => BodyJson::Incident(IncidentJson {
                    kind: facts.kind.to_string(),
                    problem: facts.problem.clone(),
                }),
                AlertBody::Digest(facts) => BodyJson::Digest(DigestJson {
                    open: summary_json(&facts.open),
                    new: facts.new,
                    ages: facts.ages.clone(),
                }),
            },
        }
    }
}

fn facts_json(facts: &DiscrepancyFacts) -> FactsJson {
    FactsJson {
        id: facts.id.to_string(),
        kind: facts.kind.to_string(),
        reference: facts.reference.clone(),
        at_stake: money_json(facts.at_stake),
        difference: facts.difference.map(money_json),
        partner: facts.partner.as_ref().map(side_json),
        ledger: facts.ledger.as_ref().map(side_json),
        rule: facts.rule.clone(),
        reason: facts.reason.clone(),
        nearest: facts.nearest.clone(),
    }
}

fn side_json(side: &SideFacts) -> SideJson {
    SideJson {
        money: money_json(side.money),
        value_date: side.value_date.to_string(),
        status: side.status.map(|status| status.to_string()),
        file: side.file.clone(),
        line: side.line,
        counterparty: side.counterparty.clone(),
    }
}

fn summary_json(facts: &SummaryFacts) -> SummaryJson {
    let counts = facts.counts.iter();
    let totals = facts.totals.iter().map(|total| TotalJson {
        currency: total.currency.to_string(),
        count: total.count,
        at_stake: total.at_stake.map(|amount| amount.to_string()),
    });
    let lines = facts.largest.iter().map(|line| LineJson {
        id: line.id.to_string(),
        kind: line.kind.to_string(),
        severity: line.severity.to_string(),
        reference: line.reference.clone(),
        at_stake: money_json(line.at_stake),
    });
    SummaryJson {
        count: facts.count,
        counts: counts
            .map(|((kind, severity), count)| (kind.to_string(), severity.to_string(), *count))
            .collect(),
        totals: totals.collect(),
        largest: lines.collect(),
    }
}

fn money_json(money: Money) -> MoneyJson {
    MoneyJson {
        amount: money.amount.to_string(),
        currency: money.currency.to_string(),
    }
}

impl TryFrom<ContentJson> for AlertContent {
    type Error = StoreError;

    fn try_from(json: ContentJson) -> Result<Self, StoreError> {
        Ok(AlertContent {
            source: json.source,
            run_id: json.run_id,
            business_date: date(&json.business_date)?,
            severity: named(&json.severity, Severity::parse)?,
            headline: json.headline,
            occasion: json.occasion,
            case_id: json.case_id,
            link: json.link,
            body: match json.body {
                BodyJson::Discrepancy(json) => AlertBody::Discrepancy(Box::new(facts(*json)?)),
                BodyJson::Summary(json) => AlertBody::Summary(summary(json)?),
                BodyJson::Cause(json) => AlertBody::Cause(CauseFacts {
                    kind: named(&json.kind, CauseKind::parse)?,
                    explanation: json.explanation,
                    members: summary(json.members)?,
                }),
                BodyJson::Incident(json) => AlertBody::Incident(IncidentFacts {
                    kind: named(&json.kind, IncidentKind::parse)?,
                    problem: json.problem,
                }),
                BodyJson::Digest(json) => AlertBody::Digest(DigestFacts {
                    open: summary(json.open)?,
                    new: json.new,
                    ages: json.ages,
                }),
            },
        })
    }
}

fn facts(json: FactsJson) -> Result<DiscrepancyFacts, StoreError> {
    Ok(DiscrepancyFacts {
        id: named(&json.id, DiscrepancyId::parse)?,
        kind: named(&json.kind, Kind::parse)?,
        reference: json.reference,
        at_stake: money(&json.at_stake)?,
        difference: json.difference.as_ref().map(money).transpose()?,
        partner: json.partner.map(side).transpose()?,
        ledger: json.ledger.map(side).transpose()?,
        rule: json.rule,
        reason: json.reason,
        nearest: json.nearest,
    })
}

fn side(json: SideJson) -> Result<SideFacts, StoreError> {
    let status = json.status.as_deref();
    Ok(SideFacts {
        money: money(&json.money)?,
        value_date: date(&json.value_date)?,
        status: status.map(|name| named(name, Status::parse)).transpose()?,
        file: json.file,
        line: json.line,
        counterparty: json.counterparty,
    })
}

fn summary(json: SummaryJson) -> Result<SummaryFacts, StoreError> {
    let mut counts = BTreeMap::new();
    for (kind, severity, count) in &json.counts {
        let key = (named(kind, Kind::parse)?, named(severity, Severity::parse)?);
        counts.insert(key, *count);
    }
    let totals = json.totals.iter().map(|total| {
        Ok(CurrencyTotal {
            currency: currency(&total.currency)?,
            count: total.count,
            at_stake: total.at_stake.as_deref().map(amount).transpose()?,
        })
    });
    let totals = totals.collect::<Result<_, StoreError>>()?;
    let lines = json.largest.into_iter().map(|line| {
        Ok(SummaryLine {
            id: named(&line.id, DiscrepancyId::parse)?,
            kind: named(&line.kind, Kind::parse)?,
            severity: named(&line.severity, Severity::parse)?,
            reference: line.reference,
            at_stake: money(&line.at_stake)?,
        })
    });
    let largest = lines.collect::<Result<_, StoreError>>()?;
    Ok(SummaryFacts {
        count: json.count,
        counts,
        totals,
        largest,
    })
}

fn money(json: &MoneyJson) -> Result<Money, StoreError> {
    Ok(Money {
        amount: amount(&json.amount)?,
        currency: currency(&json.currency)?,
    })
}

fn amount(text: &str) -> Result<Amount, StoreError> {
    Amount::parse_computed(text).map_err(|error| unreadable(text, error))
}

fn currency(text: &str) -> Result<Currency, StoreError> {
    Currency::parse(text).map_err(|error| unreadable(text, error))
}

fn date(text: &str) -> Result<Date, StoreError> {
    text.parse()
        .map_err(|error: jiff::Error| unreadable(text, error))
}

fn named<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(text).ok_or_else(|| unreadable(text, "not a known name"))
}

fn unreadable(text: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(format_args!("an alert's content has {text:?}"), why)
}
