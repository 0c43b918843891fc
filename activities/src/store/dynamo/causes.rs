//! Causes, their discrepancies and their cases. The case of a cause is decided by how its
//! discrepancies stand, which may be more than a transaction can depend on: whoever changes one
//! looks at the cause afterwards, and looks again until it stands as they do.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::case::{Act, Applied, Case, CaseState};
use domain::cause::{Cause, CauseKind};
use domain::discrepancy::Discrepancy;
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::Date;

use super::item::Item;
use super::keys::SHARDS;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, acts, cases, keys};
use crate::store::case_rules::{self, CauseRow, Standing, Stands};
use crate::store::{
    ActOutcome, Acted, Acting, CaseRow, CauseFilter, Denied, Reopening, RunRow, StoreError,
};

/// The partition in the index `list` of all causes.
pub(super) const LISTED: &str = "causes";
/// How often the case of a cause is looked at again after it changed.
const LOOKS_MAX: usize = 10;

impl DynamoStore {
    pub(in crate::store) async fn causes(
        &self,
        filter: &CauseFilter,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let mut found = Vec::new();
        for (_, item) in self.query(Query::listed(LISTED)).await? {
            let id = item.text("cause_id")?;
            let source = item.text("source")?;
            if filter
                .source
                .as_ref()
                .is_some_and(|wanted| *wanted != source)
            {
                continue;
            }
            if let Some(run_id) = &filter.run_id
                && self.get(&keys::cause_of_run(run_id, &id)).await?.is_none()
            {
                continue;
            }
            let Some(row) = self.find_case(&id).await? else {
                continue;
            };
            if !filter.open || row.case.state.is_open() {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// Ids of the discrepancies behind a cause, in order.
    pub(in crate::store) async fn behind(&self, cause: &str) -> Result<Vec<String>, StoreError> {
        let members = SHARDS.map(|shard| Query::of(keys::behind(cause, shard)));
        let members = self.query_each(members).await?;
        Ok(members.into_iter().map(|(key, _)| key.sk).collect())
    }

    pub(in crate::store) async fn causes_of(
        &self,
        ids: &[String],
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut causes = BTreeSet::new();
        for item in self.case_items(ids).await?.values() {
            causes.extend(item.maybe("cause")?);
        }
        Ok(causes)
    }

    pub(in crate::store) async fn caused_on_other_days(
        &self,
        ids: &[String],
        business_date: Date,
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut of_others = BTreeSet::new();
        let mut days = std::collections::BTreeMap::new();
        for (id, item) in self.case_items(ids).await? {
            let Some(cause) = item.maybe("cause")? else {
                continue;
            };
            if !days.contains_key(&cause) {
                let found = self.get(&keys::cause(&cause)).await?.unwrap_or_default();
                let day: Date = found.parse("business_date", |text| text.parse().ok())?;
                days.insert(cause.clone(), day);
            }
            if days.get(&cause) != Some(&business_date) {
                of_others.insert(id);
            }
        }
        Ok(of_others)
    }

    /// Acts on the case of a cause, and keeps what is to be done to its members, once.
    pub(in crate::store) async fn act_on_cause(
        &self,
        acting: &Acting,
        by: &str,
        at: Timestamp,
        decide: &(impl Fn(&CaseRow) -> Result<Applied, Denied> + Sync),
        then: &(impl Fn(&Case, &Case) -> Option<String> + Sync),
    ) -> Result<Option<Acted>, StoreError> {
        self.write(|unit| async move { act(&unit, acting, by, at, decide, then).await })
            .await
    }

    pub(in crate::store) async fn done_behind(
        &self,
        cause: &str,
        acting: &str,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let key = keys::cause(cause);
            if let Some(mut item) = unit.get(&key).await?
                && item.maybe("acting")?.as_deref() == Some(acting)
            {
                item.unset("acting");
                unit.put(key, item);
            }
            Ok(())
        })
        .await
    }

    /// Has the case of a cause stand as its members do; the case if that changed it.
    pub(in crate::store) async fn follow(
        &self,
        id: &str,
        by: &str,
        at: Timestamp,
        decide: &(impl Fn(&CaseRow, &Act) -> Result<Applied, Denied> + Sync),
    ) -> Result<Option<CaseRow>, StoreError> {
        let mut changed = None;
        // A member may have moved while the case was written.
        for _ in 0..LOOKS_MAX {
            let followed =
                self.write(|unit| async move { follow(&unit, id, by, at, decide).await });
            match followed.await? {
                Some(row) => changed = Some(row),
                None => break,
            }
        }
        Ok(changed)
    }
}

/// Puts a cause and its case on record. What it is stays; what is said of it is the latest.
pub(super) async fn record(unit: &Unit, run: &RunRow, cause: &Cause) -> Result<(), StoreError> {
    let key = keys::case(&cause.id);
    let case = match unit.get(&key).await? {
        Some(case) => case.with("last_seen_run", &run.run_id),
        None => cases::new_item(&run.source, &run.run_id, 0),
    };
    unit.put(key, case);
    let key = keys::cause(&cause.id);
    let date = run.business_date;
    let item = match unit.get(&key).await? {
        Some(item) => item,
        None => Item::default()
            .with("cause_id", &cause.id)
            .with("source", &run.source)
            .with("business_date", date.to_string())
            .with("kind", cause.kind.name())
            .with("first_seen_run", &run.run_id)
            .listed(LISTED, format!("{}#{}", keys::latest_first(date), cause.id)),
    };
    let item = item
        .with("run_id", &run.run_id)
        .with("severity", cause.severity.name())
        .with("explanation", &cause.explanation)
        .with("last_seen_run", &run.run_id);
    unit.put(key, item);
    of_run(unit, run, &cause.id).await
}

/// Says what a discrepancy's cause is, unless that is known.
pub(super) async fn record_member(
    unit: &Unit,
    cause: &str,
    found: &Discrepancy,
) -> Result<(), StoreError> {
    let (id, key) = (found.id.as_str(), keys::case(found.id.as_str()));
    if let Some(case) = unit.get(&key).await?
        && !case.has("cause")
    {
        unit.put(key, case.with("cause", cause));
        let member = Item::default().with("cause", cause);
        unit.put_first(keys::member(cause, id), member).await?;
    }
    Ok(())
}

/// The cause that a discrepancy has was seen by this run, too.
pub(super) async fn seen(unit: &Unit, run: &RunRow, found: &Discrepancy) -> Result<(), StoreError> {
    let case = unit.get(&keys::case(found.id.as_str())).await?;
    let cause = case.map(|case| case.maybe("cause")).transpose()?.flatten();
    let Some(cause) = cause else {
        return Ok(());
    };
    let key = keys::cause(&cause);
    if let Some(item) = unit.get(&key).await?
        && item.text("last_seen_run")? != run.run_id
    {
        unit.put(key, item.with("last_seen_run", &run.run_id));
    }
    of_run(unit, run, &cause).await
}

/// That a run found something of a cause.
async fn of_run(unit: &Unit, run: &RunRow, cause: &str) -> Result<(), StoreError> {
    let item = Item::default().with("cause", cause);
    unit.put_first(keys::cause_of_run(&run.run_id, cause), item)
        .await
}

/// The case of a cause.
pub(super) async fn row(
    unit: &Unit,
    id: &str,
    item: &Item,
    stands: Stands,
) -> Result<CaseRow, StoreError> {
    let store = unit.store();
    let mut standing = Standing::default();
    for member in store.case_items(&store.behind(id).await?).await?.values() {
        let state = member.parse("state", CaseState::parse)?;
        let has_both_sides = cases::has_both_sides(member)?;
        standing.add(state, cases::at_stake(member)?, has_both_sides)?;
    }
    let cause = CauseRow {
        id: id.to_owned(),
        source: item.text("source")?,
        business_date: item.parse("business_date", |text| text.parse().ok())?,
        kind: item.parse("kind", CauseKind::parse)?,
        severity: item.parse("severity", Severity::parse)?,
        explanation: item.text("explanation")?,
        first_seen_run: item.text("first_seen_run")?,
        last_seen_run: item.text("last_seen_run")?,
        acting: item.maybe("acting")?,
    };
    case_rules::cause(cause, standing, stands)
}

/// Nobody is told that the case of a cause is opened again: it follows its members.
fn nobody(_: &Reopening) -> Result<Vec<AlertIntent>, StoreError> {
    Ok(Vec::new())
}

async fn act(
    unit: &Unit,
    acting: &Acting,
    by: &str,
    at: Timestamp,
    decide: &(impl Fn(&CaseRow) -> Result<Applied, Denied> + Sync),
    then: &(impl Fn(&Case, &Case) -> Option<String> + Sync),
) -> Result<Option<Acted>, StoreError> {
    let before = acts::before(unit, acting).await?;
    let acted = acts::act(unit, acting, by, at, decide, &nobody).await?;
    let (Some(before), Some(acted)) = (before, acted) else {
        return Ok(None);
    };
    let key = keys::cause(&acting.id);
    if let Some(then) = case_rules::left_to_do(&before, &acted, then)
        && let Some(item) = unit.get(&key).await?
    {
        unit.put(key, item.with("acting", then));
    }
    Ok(Some(acted))
}

async fn follow(
    unit: &Unit,
    id: &str,
    by: &str,
    at: Timestamp,
    decide: &(impl Fn(&CaseRow, &Act) -> Result<Applied, Denied> + Sync),
) -> Result<Option<CaseRow>, StoreError> {
    let Some(row) = cases::find(unit, id).await? else {
        return Ok(None);
    };
    let Some((act, acting)) = case_rules::following(&row) else {
        return Ok(None);
    };
    let decide = |row: &CaseRow| decide(row, &act);
    let acted = acts::act(unit, &acting, by, at, &decide, &nobody).await?;
    let changed = acted.filter(|acted| acted.outcome == ActOutcome::Done);
    Ok(changed.map(|acted| acted.case))
}
