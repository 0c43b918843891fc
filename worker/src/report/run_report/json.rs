//! A report as JSON: every figure, and every discrepancy with its case. `docs/report.md` names the
//! fields.
//!
//! Amounts and percentages are texts: JSON numbers lose digits.

use std::io::{self, Write};

use domain::case::{Decision, Resolution};
use domain::conservation::{CountAndSum, Line};
use domain::money::{Currency, MoneyError, amount_text};
use domain::policy::Scope;
use domain::record::Side;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::balance::{Rate, Verdict};
use super::ending::{Step, Trail};
use super::figures::{CurrencyFigures, Figures, Stake};
use super::model::{Item, RunReport};
use super::resolutions::Resolutions;
use super::text::{stake_text, sum_text};
use crate::report::discrepancies_json::DiscrepancyJson;
use crate::report::inputs_json::{input_json, reject_json};

pub(super) fn write(report: &RunReport, mut out: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, &report_json(report)?)?;
    out.write_all(b"\n")
}

/// The discrepancies are written one by one: there may be many.
#[derive(Serialize)]
struct ReportJson<'a> {
    made_at: String,
    run: Value,
    ending: Value,
    balance: Value,
    match_rates: Vec<Value>,
    figures: Value,
    resolutions: Value,
    inputs: Vec<Value>,
    rejected: u64,
    rejects: Vec<Value>,
    steps: Vec<Value>,
    #[serde(serialize_with = "each_item")]
    discrepancies: &'a [Item],
}

#[derive(Serialize)]
struct ItemJson<'a> {
    #[serde(flatten)]
    discrepancy: DiscrepancyJson<'a>,
    state: &'static str,
    assigned_to: Option<&'a str>,
    decision: Option<Value>,
    age_business_days: u64,
    first_seen_run: &'a str,
}

fn each_item<S: Serializer>(items: &[Item], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(items.iter().map(item))
}

fn item(item: &Item) -> ItemJson<'_> {
    ItemJson {
        discrepancy: DiscrepancyJson::from(&item.discrepancy),
        state: item.case.state.name(),
        assigned_to: item.case.assigned_to.as_deref(),
        decision: item
            .decision()
            .map(|decision| decision_json(decision, item.discrepancy.currency)),
        age_business_days: item.age_business_days,
        first_seen_run: &item.first_seen_run,
    }
}

fn report_json(report: &RunReport) -> io::Result<ReportJson<'_>> {
    Ok(ReportJson {
        made_at: report.made_at.to_string(),
        run: run(report),
        ending: ending(report),
        balance: balance(report).map_err(io::Error::other)?,
        match_rates: report.rates.iter().map(rate).collect(),
        figures: figures(&report.figures),
        resolutions: resolutions(&report.resolutions),
        inputs: report.inputs.iter().map(input_json).collect(),
        rejected: report.rejected(),
        rejects: report.rejects.iter().map(reject_json).collect(),
        steps: report.steps.iter().map(step).collect(),
        discrepancies: &report.items,
    })
}

fn run(report: &RunReport) -> Value {
    let run = &report.run;
    let scope = match &run.scope {
        Scope::Whole => Value::Null,
        Scope::Client(client) => json!({ "client": client }),
        Scope::Invoice(invoice) => json!({ "invoice": invoice }),
    };
    json!({
        "run_id": run.run_id,
        "source": run.source,
        "title": report.title,
        "business_date": run.business_date.to_string(),
        "scope": scope,
        "generation": run.generation,
        "requested_by": run.requested_by,
        "opened_at": run.opened_at.to_string(),
        "closed_at": run.closed_at.map(|at| at.to_string()),
        "attempt": run.attempt,
        "in_transit": run.totals.as_ref().map(|totals| totals.in_transit),
        "superseded": run.totals.as_ref().map(|totals| totals.superseded),
        "ages_in_own_calendar": report.is_calendar_known,
    })
}

fn ending(report: &RunReport) -> Value {
    let ending = &report.ending;
    let signed_off = ending.signed_off.as_ref();
    let trail = match &report.trail {
        Trail::Whole { entries, head } => {
            json!({ "whole": true, "entries": entries, "head": head.to_string() })
        }
        Trail::Broken(problem) => json!({ "whole": false, "problem": problem }),
    };
    json!({
        "state": ending.state.name(),
        "problem": ending.problem,
        "signed_off": signed_off.map(|sign_off| json!({
            "by": sign_off.by, "at": sign_off.at.to_string(), "note": sign_off.note,
        })),
        "audit": trail,
    })
}

fn balance(report: &RunReport) -> Result<Value, MoneyError> {
    let balance = &report.balance;
    let (holds, imbalances) = match &balance.verdict {
        Verdict::Unknown => (None, Vec::new()),
        Verdict::Holds => (Some(true), Vec::new()),
        Verdict::Fails(imbalances) => {
            let texts = imbalances.iter().map(ToString::to_string).collect();
            (Some(false), texts)
        }
    };
    let lines = balance.conservation.lines();
    let lines = lines.map(|(side, currency, line)| conservation_line(side, currency, line));
    Ok(json!({
        "holds": holds,
        "imbalances": imbalances,
        "statements_out_of_balance": balance.statements_out_of_balance,
        "conservation": lines.collect::<Result<Vec<_>, _>>()?,
    }))
}

fn conservation_line(side: Side, currency: Currency, line: &Line) -> Result<Value, MoneyError> {
    let mut object = Map::new();
    object.insert("side".to_owned(), side.name().into());
    object.insert("currency".to_owned(), currency.code().into());
    for (name, part) in line_parts(line) {
        let part = json!({
            "count": part.count(), "amount": amount_text(part.sum()?, currency),
        });
        object.insert(name.to_owned(), part);
    }
    object.insert("holds".to_owned(), line.holds().into());
    Ok(object.into())
}

/// The parts of a conservation line by name: what came, then where it went.
pub(super) fn line_parts(line: &Line) -> [(&'static str, CountAndSum); 7] {
    [
        ("opening", line.opening),
        ("received", line.received),
        ("matched", line.matched),
        ("written_off", line.written_off),
        ("voided", line.voided),
        ("carried_forward", line.carried_forward),
        ("out_of_scope", line.out_of_scope),
    ]
}

fn rate(rate: &Rate) -> Value {
    let currency = rate.currency;
    json!({
        "side": rate.side.name(),
        "currency": currency.code(),
        "matched": rate.matched,
        "records": rate.records,
        "matched_sum": amount_text(rate.matched_sum, currency),
        "sum": amount_text(rate.sum, currency),
        "percent_by_count": rate.by_count.map(|share| share.percent_text()),
        "percent_by_value": rate.by_value.map(|share| share.percent_text()),
    })
}

fn figures(figures: &Figures) -> Value {
    let by_kind = figures.by_kind.iter().map(|((kind, severity), tally)| {
        json!({
            "kind": kind.name(), "severity": severity.name(),
            "found": tally.found, "open": tally.open,
        })
    });
    let stakes = figures.stakes.iter().map(|((kind, currency), figures)| {
        let mut value = currency_json(*currency, figures);
        value["kind"] = kind.name().into();
        value
    });
    let by_currency = figures.by_currency.iter();
    let by_currency = by_currency.map(|(currency, figures)| currency_json(*currency, figures));
    let ageing = figures.ageing.iter().map(|((bucket, severity), count)| {
        json!({ "business_days": bucket.name(), "severity": severity.name(), "open": count })
    });
    let ageing_stakes = figures.ageing_stakes.iter();
    let ageing_stakes = ageing_stakes.map(|((bucket, currency), stake)| {
        let mut value = stake_json(stake, *currency);
        value["business_days"] = bucket.name().into();
        value["currency"] = currency.code().into();
        value
    });
    json!({
        "found": figures.total.found,
        "open": figures.total.open,
        "oldest_open_business_days": figures.oldest_open,
        "by_kind": by_kind.collect::<Vec<_>>(),
        "by_kind_and_currency": stakes.collect::<Vec<_>>(),
        "by_currency": by_currency.collect::<Vec<_>>(),
        "ageing": ageing.collect::<Vec<_>>(),
        "ageing_by_currency": ageing_stakes.collect::<Vec<_>>(),
    })
}

fn currency_json(currency: Currency, figures: &CurrencyFigures) -> Value {
    json!({
        "currency": currency.code(),
        "found": stake_json(&figures.found, currency),
        "open": stake_json(&figures.open, currency),
        "critical_open": stake_json(&figures.critical, currency),
    })
}

fn stake_json(stake: &Stake, currency: Currency) -> Value {
    let at_stake = stake.at_stake.map(|_| stake_text(stake, currency));
    json!({ "count": stake.count, "at_stake": at_stake })
}

fn resolutions(resolutions: &Resolutions) -> Value {
    let decisions = resolutions.decisions.iter().map(|(key, stake)| {
        let mut value = stake_json(stake, key.currency);
        value["by"] = key.by.as_str().into();
        value["approved_by"] = key.approved_by.as_deref().into();
        value["resolution"] = key.resolution.name().into();
        value["in_force"] = key.is_in_force.into();
        value["currency"] = key.currency.code().into();
        value
    });
    let write_offs = resolutions.write_offs.iter().map(|(key, stake)| {
        json!({
            "reason_code": key.reason_code,
            "account": key.account,
            "currency": key.currency.code(),
            "count": stake.count,
            "amount": stake.at_stake.map(|sum| sum_text(Some(sum), key.currency)),
        })
    });
    let assigned = resolutions.assigned.iter();
    let assigned = assigned.map(|(to, open)| json!({ "assigned_to": to, "open": open }));
    json!({
        "resolved": resolutions.resolved,
        "proposed": resolutions.proposed,
        "cleared": resolutions.cleared,
        "decisions": decisions.collect::<Vec<_>>(),
        "write_offs": write_offs.collect::<Vec<_>>(),
        "assigned": assigned.collect::<Vec<_>>(),
    })
}

fn decision_json(decision: &Decision, currency: Currency) -> Value {
    let mut value = json!({
        "resolution": decision.resolution.kind().name(),
        "note": decision.note,
        "by": decision.by,
        "at": decision.at.to_string(),
        "approved_by": decision.approved_by,
    });
    match &decision.resolution {
        Resolution::Match { with } => value["match_with"] = with.as_str().into(),
        Resolution::WriteOff {
            reason_code,
            amount,
            account,
        } => {
            value["reason_code"] = reason_code.as_str().into();
            value["amount"] = amount_text(*amount, currency).into();
            value["account"] = account.as_str().into();
        }
        Resolution::InTransit { until } => value["until"] = until.to_string().into(),
        _ => {}
    }
    value
}

fn step(step: &Step) -> Value {
    let fields = step.fields.iter();
    let fields: Map<_, _> = fields
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "at": step.at.to_string(), "actor": step.actor, "event": step.event.name(),
        "fields": fields,
    })
}
