//! What a run found: discrepancies, their cases, the alerts about them and the audit entries that
//! say so.
//!
//! A chunk is more than one transaction can hold. Each part of it is one: some discrepancies with
//! their cases and with the alerts that are about them first, so that neither is lost alone. The
//! audit entries come last: they never speak of something that is not there.

use std::collections::BTreeMap;

use domain::alert::AlertIntent;
use domain::discrepancy::Discrepancy;
use domain::severity::Severity;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::item::Item;
use super::table_access::AT_ONCE;
use super::unit::{BYTES_MAX, Unit, WRITES_MAX};
use super::{DynamoStore, alerts, cases, causes, keys, told};
use crate::store::{Finding, Findings, RunRow, StoreError, content, run_rules};

/// What a part needs of a transaction beside its findings: the source, a cause that was seen.
const WRITES_KEPT_FREE: usize = 4;
/// What a finding takes beside its text, about: keys, attributes, its case.
const BYTES_PER_FINDING: usize = 2_000;

/// Some findings that are written together, and the alerts that are.
#[derive(Default)]
struct Part<'a> {
    findings: Vec<(&'a Finding, Item)>,
    alerts: Vec<&'a AlertIntent>,
    writes: usize,
    bytes: usize,
}

impl DynamoStore {
    pub(in crate::store) async fn record_findings(
        &self,
        run_id: &str,
        chunk: &Findings,
    ) -> Result<(), StoreError> {
        let run = &self.run(run_id).await?;
        for cause in &chunk.causes {
            self.write(|unit| async move { causes::record(&unit, run, cause).await })
                .await?;
        }
        let parts = self.parts(chunk).await?;
        // What an alert tells of is written after it.
        let at_once = match chunk.alerts.is_empty() {
            true => AT_ONCE,
            false => 1,
        };
        let each = parts.iter().map(|part| {
            self.write(move |unit| async move { record(&unit, run, part, chunk.at).await })
        });
        let each: Vec<_> = each.collect();
        stream::iter(each)
            .buffered(at_once)
            .try_collect::<Vec<()>>()
            .await?;
        self.append_audit(&chunk.audit).await
    }

    async fn parts<'a>(&self, chunk: &'a Findings) -> Result<Vec<Part<'a>>, StoreError> {
        let mut due: BTreeMap<&str, &AlertIntent> = chunk
            .alerts
            .iter()
            .map(|alert| (alert.id.as_str(), alert))
            .collect();
        let mut parts = Vec::new();
        let mut part = Part::default();
        for finding in &chunk.findings {
            let text = content::discrepancy_text(&finding.discrepancy)?;
            let bytes = text.len() + BYTES_PER_FINDING;
            // The finding, its case, its place behind a cause; each telling and what it covers;
            // each alert and the way to it.
            let ids = finding.alert_ids.iter();
            let alerts: Vec<_> = ids.filter_map(|id| due.remove(id.as_str())).collect();
            let writes = 3 + 2 * finding.alert_ids.len() + 2 * alerts.len();
            if part.writes + writes + WRITES_KEPT_FREE > WRITES_MAX
                || part.bytes + bytes > BYTES_MAX
            {
                parts.push(std::mem::take(&mut part));
            }
            let mut item = Item::default();
            self.set_large(&mut item, "content", text).await?;
            part.findings.push((finding, item));
            part.alerts.extend(alerts);
            part.writes += writes;
            part.bytes += bytes;
        }
        // About none of these findings.
        let others: Vec<_> = due.into_values().collect();
        part.alerts.extend(others);
        parts.push(part);
        Ok(parts)
    }

    /// Those of `ids` that another run than `run_id` found first.
    pub(in crate::store) async fn seen_before(
        &self,
        ids: Vec<String>,
        run_id: &str,
    ) -> Result<Vec<String>, StoreError> {
        let items = self.case_items(&ids).await?;
        let mut seen = Vec::new();
        for id in ids {
            if let Some(item) = items.get(&id)
                && item.text("first_seen_run")? != run_id
            {
                seen.push(id);
            }
        }
        Ok(seen)
    }

    /// Whether the last attempt at a run found this.
    pub(super) async fn is_found_by(&self, run: &RunRow, id: &str) -> Result<bool, StoreError> {
        let key = |severity: &Severity| keys::finding(&run.run_id, run.attempt, *severity, id);
        let found = self.get_all(Severity::ALL.iter().map(key)).await?;
        Ok(!found.is_empty())
    }
}

async fn record(
    unit: &Unit,
    run: &RunRow,
    part: &Part<'_>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let keys_of = |finding: &Finding| {
        let found = &finding.discrepancy;
        [keys::case(found.id.as_str()), finding_key(run, found)]
    };
    let findings = part.findings.iter();
    unit.read_ahead(findings.flat_map(|(finding, _)| keys_of(finding)))
        .await?;
    if !part.findings.is_empty() {
        let source = Item::default().with("source", &run.source);
        unit.put_first(keys::source(&run.source), source).await?;
    }
    for alert in &part.alerts {
        alerts::insert(unit, alert, at).await?;
    }
    for (finding, item) in &part.findings {
        let found = &finding.discrepancy;
        insert(unit, run, found, item).await?;
        upsert_case(unit, run, found).await?;
        match &finding.cause {
            Some(cause) => causes::record_member(unit, cause, found).await?,
            None => causes::seen(unit, run, found).await?,
        }
        for alert_id in &finding.alert_ids {
            told::cover(unit, &run.run_id, found, alert_id).await?;
        }
    }
    Ok(())
}

fn finding_key(run: &RunRow, found: &Discrepancy) -> keys::Key {
    keys::finding(&run.run_id, run.attempt, found.severity, found.id.as_str())
}

async fn upsert_case(unit: &Unit, run: &RunRow, found: &Discrepancy) -> Result<(), StoreError> {
    let key = keys::case(found.id.as_str());
    let item = match unit.get(&key).await? {
        Some(item) => item
            .with("last_seen_run", &run.run_id)
            .with_number("last_seen_attempt", run.attempt),
        None => cases::new_item(&run.source, &run.run_id, run.attempt)
            .with_time("first_seen_at", run.opened_at),
    };
    unit.put(key, cases::about(item, found)?);
    Ok(())
}

/// A finding is written once; the same attempt finds the same.
async fn insert(
    unit: &Unit,
    run: &RunRow,
    found: &Discrepancy,
    item: &Item,
) -> Result<(), StoreError> {
    let key = finding_key(run, found);
    let same = match unit.get(&key).await? {
        Some(known) => {
            let store = unit.store();
            store.large(&known, "content").await? == store.large(item, "content").await?
        }
        None => {
            unit.put(key, item.clone());
            !is_found_otherwise(unit, run, found).await?
        }
    };
    if same {
        return Ok(());
    }
    Err(run_rules::found_otherwise(&run.run_id, found))
}

/// Whether this attempt found it in another severity: under another key.
async fn is_found_otherwise(
    unit: &Unit,
    run: &RunRow,
    found: &Discrepancy,
) -> Result<bool, StoreError> {
    let Some(case) = unit.get(&keys::case(found.id.as_str())).await? else {
        return Ok(false);
    };
    let is_of_attempt = case.text("last_seen_run")? == run.run_id
        && case.number::<u32>("last_seen_attempt")? == run.attempt;
    Ok(is_of_attempt && case.text("severity")? != found.severity.name())
}
