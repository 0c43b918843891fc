//! The account of a backtest, for scripts.

use domain::backtest::{Agreement, Backtest, Decided, Match, Tally};
use domain::discrepancy::Discrepancy;
use domain::money::amount_text;
use serde_json::{Map, Value, json};

use super::Days;

/// Everything, with all that is listed. Amounts are texts.
pub(crate) fn to_json(days: &Days) -> Value {
    let [new, lost, changed] = &days.tallies;
    let (from, to) = days.days;
    let (then, now) = days.discrepancies();
    json!({
        "source": days.source,
        "from": from.to_string(),
        "to": to.to_string(),
        "rules": days.rules,
        "runs": days.runs.iter().map(|(run, _)| run).collect::<Vec<_>>(),
        "left_out": days.left_out.iter()
            .map(|(run, reason)| json!({ "run": run, "reason": reason }))
            .collect::<Vec<_>>(),
        "same": tally(&days.same),
        "new": with_matches(days, new, |it| &it.new),
        "lost": with_matches(days, lost, |it| &it.lost),
        "changed": with_matches(days, changed, |it| &it.changed),
        "discrepancies": {
            "then": then,
            "now": now,
            "gone": discrepancies(days, |it| &it.gone),
            "new": discrepancies(days, |it| &it.appeared),
        },
        "people": people(days),
    })
}

fn tally(tally: &Tally) -> Value {
    let value = tally.value.iter().map(|(currency, amount)| {
        let text = amount_text(*amount, *currency);
        (currency.to_string(), Value::String(text))
    });
    json!({ "count": tally.count, "value": value.collect::<Map<_, _>>() })
}

fn with_matches(days: &Days, sums: &Tally, of: fn(&Backtest) -> &[Match]) -> Value {
    let mut value = tally(sums);
    let matches = days.runs.iter().flat_map(|(run, replayed)| {
        let matches = of(&replayed.found).iter();
        matches.map(move |it| {
            let places = it.places.iter().map(|place| {
                json!({
                    "side": place.side.name(),
                    "file": &*place.file,
                    "line": place.line,
                    "carried_from": place.carried_from.as_deref(),
                })
            });
            json!({
                "run": run,
                "rule": it.rule,
                "reference": it.reference,
                "amount": it.value.amount_text(),
                "currency": it.value.currency.code(),
                "records": places.collect::<Vec<_>>(),
            })
        })
    });
    value["matches"] = matches.collect();
    value
}

fn discrepancies(days: &Days, of: fn(&Backtest) -> &[Discrepancy]) -> Vec<Value> {
    let all = days.runs.iter().flat_map(|(run, replayed)| {
        let found = of(&replayed.found).iter();
        found.map(move |it| {
            json!({
                "run": run,
                "discrepancy_id": it.id.as_str(),
                "kind": it.kind.name(),
                "reference": it.reference.as_str(),
                "at_stake": amount_text(it.at_stake, it.currency),
                "currency": it.currency.code(),
                "reason": it.reason,
            })
        })
    });
    all.collect()
}

fn people(days: &Days) -> Value {
    let count = |agreement: Agreement| days.decided(agreement);
    let decided = |run: &str, it: &Decided| {
        json!({
            "run": run,
            "discrepancy_id": it.discrepancy.as_str(),
            "reference": it.reference,
            "resolution": it.resolution.kind().name(),
            "agreement": it.agreement.name(),
        })
    };
    let all = days.runs.iter().flat_map(|(run, replayed)| {
        let all = replayed.found.decided.iter();
        all.map(|it| decided(run, it)).collect::<Vec<_>>()
    });
    json!({
        "agrees": count(Agreement::Agrees),
        "asks_again": count(Agreement::AsksAgain),
        "contradicts": count(Agreement::Contradicts),
        "decisions": all.collect::<Vec<_>>(),
    })
}
