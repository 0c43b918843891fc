//! What people were told of discrepancies: of which run, how often, and again when a case is opened
//! again. What is kept of each telling is what a later decision asks for.

use std::collections::BTreeMap;

use domain::alert::{AlertIntent, AlertRun, Told};
use domain::discrepancy::Discrepancy;
use domain::severity::Severity;
use jiff::Timestamp;

use super::item::Item;
use super::table_access::{AT_ONCE, Query};
use super::unit::Unit;
use super::{DynamoStore, alerts, cases, keys, runs};
use crate::store::text::{from_json, json};
use crate::store::{CaseRow, Reopening, StoreError, ToldBefore, case_rules};
use futures::stream::{self, StreamExt, TryStreamExt};

impl DynamoStore {
    pub(in crate::store) async fn told_before(
        &self,
        ids: &[String],
        run_id: &str,
    ) -> Result<BTreeMap<String, ToldBefore>, StoreError> {
        let each = ids.iter().map(|id| async move {
            let query = Query::of(keys::of_case(id)).beginning("told#");
            let tellings = self.query(query).await?;
            let tellings: Vec<Item> = tellings.into_iter().map(|(_, item)| item).collect();
            Ok::<_, StoreError>((id.clone(), before(id, run_id, &tellings)?))
        });
        let each: Vec<_> = each.collect();
        let found: Vec<_> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
        let found = found.into_iter();
        Ok(found.filter_map(|(id, told)| Some((id, told?))).collect())
    }
}

/// What they were told last because of another run, and whether this one told them again.
fn before(id: &str, run_id: &str, tellings: &[Item]) -> Result<Option<ToldBefore>, StoreError> {
    let (mut by_run, mut others) = (Vec::new(), Vec::new());
    for telling in tellings {
        match telling.text("run_id")? == run_id {
            true => by_run.push(telling),
            false => others.push(telling),
        }
    }
    let mut last: Option<(Timestamp, &Item)> = None;
    for telling in &others {
        let at = telling.at("intended_at")?;
        if last.is_none_or(|(latest, _)| at > latest) {
            last = Some((at, telling));
        }
    }
    let Some((_, last)) = last else {
        return Ok(None);
    };
    let times = times(&others)?;
    let mut at_stake = cases::at_stake(last)?;
    at_stake.amount = at_stake.amount.abs();
    Ok(Some(ToldBefore {
        last: Told {
            severity: last.parse("severity", Severity::parse)?,
            at_stake,
            times,
        },
        again: again(id, &by_run, times)?,
    }))
}

/// How often they were told on any one channel.
fn times(tellings: &[&Item]) -> Result<u32, StoreError> {
    let mut by_channel: BTreeMap<String, u32> = BTreeMap::new();
    for telling in tellings {
        *by_channel.entry(telling.text("channel")?).or_default() += 1;
    }
    Ok(by_channel.into_values().max().unwrap_or(0))
}

/// Why this run told them again after so many times: what the alert says that it wrote.
fn again(id: &str, by_run: &[&Item], times: u32) -> Result<Option<String>, StoreError> {
    for telling in by_run {
        let alert_id = telling.text("alert_id")?;
        if case_rules::is_of_people(&alert_id, id, times) {
            continue;
        }
        return Ok(Some(telling.maybe("occasion")?.unwrap_or_default()));
    }
    Ok(None)
}

/// Puts on record that an alert, which is on record, tells of a discrepancy because of a run.
pub(super) async fn cover(
    unit: &Unit,
    run_id: &str,
    found: &Discrepancy,
    alert_id: &str,
) -> Result<(), StoreError> {
    let id = found.id.as_str();
    let key = keys::told(id, alert_id);
    let known = unit.get(&key).await?;
    let is_of_this_run = match &known {
        Some(known) => known.text("run_id")? == run_id,
        None => true,
    };
    if !is_of_this_run {
        return Ok(());
    }
    let alert = alerts::get(unit, alert_id).await?;
    let item = known
        .unwrap_or_default()
        .with("run_id", run_id)
        .with("alert_id", alert_id)
        .with("channel", &alert.intent.channel)
        .with_time("intended_at", alert.intended_at)
        .with_maybe("occasion", alert.intent.content.occasion.as_deref())
        // As the last attempt at the run found it.
        .with("severity", found.severity.name())
        .with("at_stake", found.at_stake.to_string())
        .with("currency", found.currency.code());
    unit.put(key, item);
    let covered = Item::default().with("discrepancy", id);
    let coverage = keys::coverage(&alert.intent.case_id, id);
    unit.put_first(coverage, covered).await?;
    let key = keys::case(id);
    if let Some(case) = unit.get(&key).await? {
        let mut ids = alert_ids(&case)?;
        if let Err(place) = ids.binary_search_by(|known| known.as_str().cmp(alert_id)) {
            ids.insert(place, alert_id.to_owned());
            unit.put(key, case.with("alert_ids", json(&ids)?));
        }
    }
    Ok(())
}

/// The alerts that tell of a discrepancy, by its case's item.
pub(super) fn alert_ids(case: &Item) -> Result<Vec<String>, StoreError> {
    match case.maybe("alert_ids")? {
        Some(ids) => from_json("alert_ids", &ids),
        None => Ok(Vec::new()),
    }
}

/// Writes what `tell` has to say of a discrepancy whose case was opened again.
pub(super) async fn reopened(
    unit: &Unit,
    row: &CaseRow,
    note: String,
    at: Timestamp,
    tell: &(impl Fn(&Reopening) -> Result<Vec<AlertIntent>, StoreError> + Sync),
) -> Result<(), StoreError> {
    if row.is_summary {
        return Ok(());
    }
    let found = unit.store().discrepancy(&row.id).await?;
    let (run, _) = runs::get(unit, &found.run_id).await?;
    let tellings = unit.query(&keys::of_case(&row.id), "told#").await?;
    let tellings: Vec<&Item> = tellings.values().collect();
    let reopening = Reopening {
        run: AlertRun {
            run_id: found.run_id,
            source: found.source,
            business_date: run.business_date,
        },
        times: times(&tellings)?,
        discrepancy: found.discrepancy,
        note,
    };
    for alert in tell(&reopening)? {
        alerts::insert(unit, &alert, at).await?;
        let run_id = &reopening.run.run_id;
        cover(unit, run_id, &reopening.discrepancy, &alert.id).await?;
    }
    Ok(())
}
