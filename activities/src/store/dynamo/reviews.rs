//! Reviews of runs, what was signed off, and what was restated.

use std::collections::BTreeSet;

use domain::audit::AuditEntry;
use domain::severity::Severity;

use super::item::Item;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, audit, keys, runs};
use crate::store::text::{from_json, json, scope_columns};
use crate::store::{
    BeginningReview, Restatement, ReviewRow, RunState, SignOff, StoreError, run_rules,
};

impl DynamoStore {
    pub(in crate::store) async fn begin_review(
        &self,
        run_id: &str,
        beginning: &BeginningReview,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move { begin(&unit, run_id, beginning).await })
            .await
    }

    pub(in crate::store) async fn review(
        &self,
        run_id: &str,
    ) -> Result<Option<ReviewRow>, StoreError> {
        let item = self.get(&keys::review(run_id)).await?;
        item.as_ref().map(|item| row(run_id, item)).transpose()
    }

    pub(in crate::store) async fn count_open(
        &self,
        run_id: &str,
        severities: &BTreeSet<Severity>,
    ) -> Result<u32, StoreError> {
        let cases = self.cases_found_by(run_id, severities).await?;
        let open = cases.into_iter().filter(|state| state.is_open()).count();
        Ok(u32::try_from(open).unwrap_or(u32::MAX))
    }

    /// Signs a run off unless resolutions wait for a second person. A resolution that is proposed
    /// at the same instant moves the list of those that wait, on which the sign-off depends.
    pub(in crate::store) async fn sign_off(
        &self,
        sign_off: &SignOff,
        entry: &AuditEntry,
    ) -> Result<u32, StoreError> {
        self.write(|unit| async move { self::sign_off(&unit, sign_off, entry).await })
            .await
    }

    pub(in crate::store) async fn cancel_review(
        &self,
        run_id: &str,
        by: &str,
        note: &str,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            end(&unit, run_id, "review_cancelled", Some((by, note))).await?;
            audit::append(&unit, std::slice::from_ref(entry)).await
        })
        .await
    }

    pub(in crate::store) async fn signed_off(
        &self,
        run_id: &str,
    ) -> Result<Option<SignOff>, StoreError> {
        let item = self.get(&keys::sign_off(run_id)).await?;
        item.as_ref().map(sign_off_row).transpose()
    }

    /// The last earlier generation of a run that was signed off.
    pub(in crate::store) async fn signed_off_before(
        &self,
        run_id: &str,
    ) -> Result<Option<SignOff>, StoreError> {
        let Some(later) = self.get(&keys::run(run_id)).await? else {
            return Ok(None);
        };
        let later = runs::row(later)?;
        let (scope, scope_id) = scope_columns(&later.scope);
        let business = keys::generations(&later.source, later.business_date, scope, scope_id);
        let later_key = keys::generation(business.clone(), later.generation);
        let all = self.query(Query::of(business)).await?;
        for (key, item) in all.into_iter().rev() {
            if key < later_key
                && let Some(found) = self.signed_off(&item.text("run_id")?).await?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(in crate::store) async fn restatement(
        &self,
        run_id: &str,
    ) -> Result<Option<Restatement>, StoreError> {
        let Some(item) = self.get(&keys::restatement(run_id)).await? else {
            return Ok(None);
        };
        let content = self.large(&item, "content").await?;
        Ok(Some(Restatement {
            run_id: item.text("run_id")?,
            of_run: item.text("of_run")?,
            content: from_json("content", &content)?,
        }))
    }
}

async fn begin(unit: &Unit, run_id: &str, beginning: &BeginningReview) -> Result<(), StoreError> {
    let (run, item) = runs::get(unit, run_id).await?;
    if run_rules::begins_review(&run)? {
        let item = item
            .with("state", RunState::InReview.name())
            .with("totals", json(&beginning.totals)?);
        unit.put(keys::run(run_id), item);
    }
    let review = Item::default()
        .with_time("began_at", beginning.began_at)
        .with_time("ends_at", beginning.ends_at);
    unit.put_first(keys::review(run_id), review).await?;
    if let Some(restatement) = &beginning.restatement {
        restate(unit, restatement).await?;
    }
    audit::append(unit, &beginning.audit).await
}

/// Notes how a review ended, and who ended it. The first that is told stays.
pub(super) async fn end(
    unit: &Unit,
    run_id: &str,
    how: &str,
    who: Option<(&str, &str)>,
) -> Result<(), StoreError> {
    let key = keys::review(run_id);
    let Some(item) = unit.get(&key).await? else {
        return Ok(());
    };
    if !item.has("ended") {
        let (by, note) = who.unzip();
        let item = item
            .with("ended", how)
            .with_maybe("ended_by", by)
            .with_maybe("note", note);
        unit.put(key, item);
    }
    Ok(())
}

async fn sign_off(unit: &Unit, sign_off: &SignOff, entry: &AuditEntry) -> Result<u32, StoreError> {
    let run_id = &sign_off.run_id;
    let key = keys::sign_off(run_id);
    let known = unit.get(&key).await?;
    match known.as_ref().map(sign_off_row).transpose()? {
        Some(known) if known == *sign_off => return Ok(0),
        Some(known) => return Err(run_rules::signed_off_otherwise(&known)),
        None => {}
    }
    let proposed = count_proposed(unit, run_id).await?;
    if proposed > 0 {
        return Ok(proposed);
    }
    let item = Item::default()
        .with("run_id", run_id)
        .with("signed_by", &sign_off.by)
        .with_time("signed_at", sign_off.at)
        .with("content", json(&sign_off.content)?);
    unit.put(key, item);
    let note = sign_off.content["note"].as_str().unwrap_or_default();
    let who = Some((sign_off.by.as_str(), note));
    end(unit, run_id, "signed_off", who).await?;
    audit::append(unit, std::slice::from_ref(entry)).await?;
    Ok(0)
}

/// Resolutions of discrepancies of the run that wait for a second person. The unit depends on the
/// list of all that wait for the source.
async fn count_proposed(unit: &Unit, run_id: &str) -> Result<u32, StoreError> {
    let Some(run) = unit.get(&keys::run(run_id)).await? else {
        return Ok(0);
    };
    let run = runs::row(run)?;
    let waiting = keys::proposals(&run.source);
    let guard = keys::proposals_moved(&run.source);
    let moved = unit.get(&guard).await?.unwrap_or_default();
    let mut count = 0;
    let store = unit.store();
    for (key, _) in store.query(Query::of(waiting)).await? {
        count += u32::from(store.is_found_by(&run, &key.sk).await?);
    }
    if count == 0 {
        unit.put(guard, moved.with("by", run_id));
    }
    Ok(count)
}

/// Puts on record what a run changed of one that was signed off. Part of beginning its review, or of
/// closing a run that has none.
pub(super) async fn restate(unit: &Unit, restatement: &Restatement) -> Result<(), StoreError> {
    let mut item = Item::default()
        .with("run_id", &restatement.run_id)
        .with("of_run", &restatement.of_run);
    let content = json(&restatement.content)?;
    unit.store()
        .set_large(&mut item, "content", content)
        .await?;
    unit.put_first(keys::restatement(&restatement.run_id), item)
        .await
}

fn sign_off_row(item: &Item) -> Result<SignOff, StoreError> {
    Ok(SignOff {
        run_id: item.text("run_id")?,
        by: item.text("signed_by")?,
        at: item.at("signed_at")?,
        content: from_json("content", &item.text("content")?)?,
    })
}

fn row(run_id: &str, item: &Item) -> Result<ReviewRow, StoreError> {
    Ok(ReviewRow {
        run_id: run_id.to_owned(),
        began_at: item.at("began_at")?,
        ends_at: item.at("ends_at")?,
        ended: item.maybe("ended")?,
        ended_by: item.maybe("ended_by")?,
        note: item.maybe("note")?,
    })
}
