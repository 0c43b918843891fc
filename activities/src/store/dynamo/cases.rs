//! Cases: what is known of one, and its workflow's beginning. An item says how the case stands and
//! what it is about, as the last run that saw it found it; what that run found in full is with the
//! run's findings.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::AuditHead;
use domain::case::{Case, CaseState, InForce, Subject};
use domain::discrepancy::{Discrepancy, Kind};
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use jiff::Timestamp;

use super::audit;
use super::item::Item;
use super::keys::SHARDS;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, alerts, attention, causes, keys, runs};
use crate::store::case_rules::{self, Stands};
use crate::store::note::Note;
use crate::store::text::{decision, decision_text};
use crate::store::{CaseRow, RunRow, StoreError};

impl DynamoStore {
    pub(in crate::store) async fn open_case(
        &self,
        id: &str,
        at: Timestamp,
    ) -> Result<CaseRow, StoreError> {
        self.write(|unit| async move { open(&unit, id, at).await })
            .await
    }

    pub(in crate::store) async fn case(&self, id: &str) -> Result<CaseRow, StoreError> {
        self.find_case(id)
            .await?
            .ok_or_else(|| case_rules::no_discrepancy(id))
    }

    pub(super) async fn find_case(&self, id: &str) -> Result<Option<CaseRow>, StoreError> {
        // A unit that writes nothing.
        self.write(|unit| async move { find(&unit, id).await })
            .await
    }

    /// The items of those of `ids` that have a case.
    pub(super) async fn case_items(
        &self,
        ids: impl IntoIterator<Item = &String>,
    ) -> Result<BTreeMap<String, Item>, StoreError> {
        let keys = ids.into_iter().map(|id| keys::case(id));
        let found = self.get_all(keys).await?;
        Ok(found
            .into_iter()
            .map(|(key, item)| (key.sk, item))
            .collect())
    }

    /// Those of `ids` that a person or a workflow ever dealt with.
    pub(in crate::store) async fn cases_dealt_with(
        &self,
        ids: &[String],
    ) -> Result<Vec<CaseRow>, StoreError> {
        let items = self.case_items(ids).await?;
        let mut found = Vec::new();
        for id in ids {
            let Some(item) = items.get(id) else { continue };
            if item.has("has_workflow") || item.number::<u64>("version")? > 0 {
                found.extend(self.find_case(id).await?);
            }
        }
        Ok(found)
    }

    /// The resolutions in force, of those that have one.
    pub(in crate::store) async fn resolutions(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, InForce>, StoreError> {
        let mut found = BTreeMap::new();
        for (id, item) in self.case_items(ids).await? {
            let is_resolved = item.text("state")? == CaseState::Resolved.name();
            if let Some(decided) = item.maybe("decision")?.filter(|_| is_resolved) {
                let in_force = InForce {
                    resolution: decision(&decided)?.resolution,
                    at_stake: at_stake(&item)?.amount,
                };
                found.insert(id, in_force);
            }
        }
        Ok(found)
    }

    pub(in crate::store) async fn is_anything_open(
        &self,
        run_id: &str,
        severities: &BTreeSet<Severity>,
    ) -> Result<bool, StoreError> {
        let Some(run) = self.get(&keys::run(run_id)).await? else {
            return Ok(false);
        };
        let run = runs::row(run)?;
        // Shard by shard: where anything is open, the first page shows it nearly always.
        for query in found_by(&run, severities) {
            let mut from = None;
            loop {
                let page = self.query_page(&query, from).await?;
                let states = self
                    .states_of(page.items.iter().map(|(key, _)| &key.sk))
                    .await?;
                if states.iter().any(|state| state.is_open()) {
                    return Ok(true);
                }
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(false)
    }

    /// How the cases of what a run found in these severities stand.
    pub(super) async fn cases_found_by(
        &self,
        run_id: &str,
        severities: &BTreeSet<Severity>,
    ) -> Result<Vec<CaseState>, StoreError> {
        let Some(run) = self.get(&keys::run(run_id)).await? else {
            return Ok(Vec::new());
        };
        let found = self
            .query_each(found_by(&runs::row(run)?, severities))
            .await?;
        self.states_of(found.iter().map(|(key, _)| &key.sk)).await
    }

    async fn states_of(
        &self,
        findings: impl IntoIterator<Item = &String>,
    ) -> Result<Vec<CaseState>, StoreError> {
        // A finding is called by its rank and its id.
        let ids: Vec<String> = findings
            .into_iter()
            .filter_map(|sort| sort.split_once('#').map(|(_, id)| id.to_owned()))
            .collect();
        let items = self.case_items(&ids).await?;
        let states = items
            .values()
            .map(|item| item.parse("state", CaseState::parse));
        states.collect()
    }
}

/// What finds the findings of a run's last attempt, of these severities.
pub(super) fn found_by(run: &RunRow, severities: &BTreeSet<Severity>) -> Vec<Query> {
    let of_severity = |severity: &Severity| {
        let prefix = format!("{}#", keys::rank(*severity));
        let partition = |shard| keys::found(&run.run_id, run.attempt, shard);
        SHARDS.map(|shard| Query::of(partition(shard)).beginning(prefix.clone()))
    };
    severities.iter().flat_map(of_severity).collect()
}

/// Begins a case's workflow, and its audit stream if that has not begun.
async fn open(unit: &Unit, id: &str, at: Timestamp) -> Result<CaseRow, StoreError> {
    let row = get(unit, id).await?;
    begin(unit, &row, at).await?;
    let key = keys::case(id);
    if let Some(mut item) = unit.get(&key).await? {
        item.set("has_workflow", "yes");
        unit.put(key, item);
    }
    Ok(CaseRow {
        attention: attention::begin(unit, &row, at).await?,
        has_workflow: true,
        ..row
    })
}

/// The case of this id.
pub(super) async fn get(unit: &Unit, id: &str) -> Result<CaseRow, StoreError> {
    find(unit, id)
        .await?
        .ok_or_else(|| case_rules::no_discrepancy(id))
}

pub(super) async fn find(unit: &Unit, id: &str) -> Result<Option<CaseRow>, StoreError> {
    if id.is_empty() {
        return Ok(None);
    }
    let item = unit.get(&keys::case(id)).await?;
    if let Some(item) = item.as_ref().filter(|item| item.has("kind")) {
        return row(id, item).map(Some);
    }
    let stands = item.as_ref().map(stands).transpose()?.unwrap_or_default();
    if let Some(cause) = unit.get(&keys::cause(id)).await? {
        return causes::row(unit, id, &cause, stands).await.map(Some);
    }
    // A summary and an incident have alerts of their own, and no discrepancy.
    let alerts = alerts::of_case(unit, &format!("case/{id}")).await?;
    let alert = alerts.into_iter().next();
    alert
        .map(|alert| case_rules::summary(id, alert, stands))
        .transpose()
}

/// Puts the case of a summary on record, and `case_opened` on the stream of any case, once.
pub(super) async fn begin(unit: &Unit, row: &CaseRow, at: Timestamp) -> Result<(), StoreError> {
    let key = keys::case(&row.id);
    if row.is_summary {
        let item = new_item(&row.subject.source, &row.last_seen_run, 0);
        unit.put_first(key.clone(), item).await?;
    }
    let stream = format!("case/{}", row.id);
    if audit::head(unit, &stream).await? != AuditHead::EMPTY {
        return Ok(());
    }
    let item = unit.get(&key).await?;
    let item = item.ok_or_else(|| case_rules::no_discrepancy(&row.id))?;
    let alerts = alerts::of_case(unit, &stream).await?.len();
    let first_seen_run = item.text("first_seen_run")?;
    let note = Note::case_opened(&row.id, at, alerts, first_seen_run);
    audit::note(unit, note).await
}

/// A case that nobody has touched.
pub(super) fn new_item(source: &str, run_id: &str, attempt: u32) -> Item {
    Item::default()
        .with("source", source)
        .with("state", CaseState::Open.name())
        .with("first_seen_run", run_id)
        .with("last_seen_run", run_id)
        .with_number("last_seen_attempt", attempt)
        .with_number("version", 0u64)
}

/// What the case is about, as a run found it, and where it is listed.
pub(super) fn about(item: Item, found: &Discrepancy) -> Result<Item, StoreError> {
    let has_both_sides = found.partner.is_some() && found.ledger.is_some();
    let item = item
        .with("kind", found.kind.name())
        .with("severity", found.severity.name())
        .with("reference", found.reference.as_str())
        .with("currency", found.currency.code())
        .with("at_stake", found.at_stake.to_string())
        .with("both_sides", if has_both_sides { "yes" } else { "no" });
    listed(item, found.id.as_str())
}

/// In the list of its source's cases, by its severity; open ones apart from the others.
fn listed(item: Item, id: &str) -> Result<Item, StoreError> {
    let is_open = item.parse("state", CaseState::parse)?.is_open();
    let severity = item.parse("severity", Severity::parse)?;
    let partition = keys::listed_cases(&item.text("source")?, is_open, keys::shard(id));
    Ok(item.listed(partition, format!("{}#{id}", keys::rank(severity))))
}

/// Writes how a case stands; and, of a discrepancy, whether it waits for a second person.
pub(super) async fn save(unit: &Unit, row: &CaseRow, case: &Case) -> Result<(), StoreError> {
    let key = keys::case(&row.id);
    let Some(mut item) = unit.get(&key).await? else {
        return Ok(());
    };
    let currency = row.subject.currency;
    let decided = case.decision.as_ref();
    let decided = decided.map(|it| decision_text(it, currency)).transpose()?;
    item.set("state", case.state.name());
    item.set_maybe("assigned_to", case.assigned_to.as_deref());
    item.set_maybe("acknowledged_by", case.acknowledged_by.as_deref());
    item.set_maybe("decision", decided.as_deref());
    item.set_maybe("seen_again_run", case.last_seen_run.as_deref());
    item.set_number("version", case.version);
    if item.has("kind") {
        item = listed(item, &row.id)?;
        wait_or_not(unit, row, case).await?;
    }
    unit.put(key, item);
    Ok(())
}

/// Keeps the list of resolutions that wait for a second person, on which signing off depends.
async fn wait_or_not(unit: &Unit, row: &CaseRow, case: &Case) -> Result<(), StoreError> {
    let waits = case.state == CaseState::Proposed;
    if waits == (row.case.state == CaseState::Proposed) {
        return Ok(());
    }
    let source = &row.subject.source;
    let key = keys::Key::new(keys::proposals(source), &row.id);
    let known = unit.get(&key).await?;
    if !waits {
        if known.is_some() {
            unit.delete(key);
        }
        return Ok(());
    }
    unit.put(key, known.unwrap_or_default().with("case", &row.id));
    let guard = keys::proposals_moved(source);
    let moved = unit.get(&guard).await?.unwrap_or_default();
    unit.put(guard, moved.with("by", &row.id));
    Ok(())
}

/// How a case stands, by its item.
pub(super) fn case(item: &Item) -> Result<Case, StoreError> {
    let decided = item.maybe("decision")?;
    Ok(Case {
        state: item.parse("state", CaseState::parse)?,
        assigned_to: item.maybe("assigned_to")?,
        acknowledged_by: item.maybe("acknowledged_by")?,
        decision: decided.map(|decided| decision(&decided)).transpose()?,
        last_seen_run: item.maybe("seen_again_run")?,
        version: item.number("version")?,
    })
}

fn stands(item: &Item) -> Result<Stands, StoreError> {
    Ok(Stands {
        case: case(item)?,
        has_workflow: item.has("has_workflow"),
        attention: attention::attention(item)?,
    })
}

/// What is at stake in a discrepancy, by its case's item.
pub(super) fn at_stake(item: &Item) -> Result<Money, StoreError> {
    Ok(Money {
        amount: item.parse("at_stake", |text| Amount::parse_computed(text).ok())?,
        currency: item.parse("currency", |code| Currency::parse(code).ok())?,
    })
}

pub(super) fn has_both_sides(item: &Item) -> Result<bool, StoreError> {
    Ok(item.text("both_sides")? == "yes")
}

fn row(id: &str, item: &Item) -> Result<CaseRow, StoreError> {
    let at_stake = at_stake(item)?;
    let Stands {
        case,
        has_workflow,
        attention,
    } = stands(item)?;
    Ok(CaseRow {
        id: id.to_owned(),
        is_summary: false,
        reference: item.text("reference")?,
        subject: Subject {
            source: item.text("source")?,
            kind: item.parse("kind", Kind::parse)?,
            severity: item.parse("severity", Severity::parse)?,
            currency: at_stake.currency,
            at_stake: at_stake.amount,
            has_both_sides: has_both_sides(item)?,
        },
        case,
        has_workflow,
        first_seen_run: item.text("first_seen_run")?,
        last_seen_run: item.text("last_seen_run")?,
        cause: None,
        attention,
    })
}
