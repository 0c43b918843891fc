//! Positions of sources, and whose turn it is to make the next one.

use workflows::ports::Stored;

use super::item::Item;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, keys, runs};
use crate::store::{Committed, NewPosition, StoreError, Turn, run_rules};

impl DynamoStore {
    /// The source's last position.
    pub(in crate::store) async fn position(
        &self,
        source: &str,
    ) -> Result<Option<Stored>, StoreError> {
        Ok(self
            .last_position(source)
            .await?
            .map(|(_, manifest)| manifest))
    }

    /// The position that the run's last attempt made.
    pub(in crate::store) async fn position_of_run(
        &self,
        run_id: &str,
    ) -> Result<Option<Stored>, StoreError> {
        let Some(run) = self.get(&keys::run(run_id)).await? else {
            return Ok(None);
        };
        let key = keys::position_of_run(run_id, run.number("attempt")?);
        self.get(&key).await?.as_ref().map(manifest).transpose()
    }

    pub(in crate::store) async fn commit_position(
        &self,
        new: &NewPosition,
    ) -> Result<Committed, StoreError> {
        self.write(|unit| async move { commit(&unit, new).await })
            .await
    }

    pub(in crate::store) async fn renew_turn(&self, turn: &Turn) -> Result<(), StoreError> {
        self.write(|unit| async move { renew(&unit, turn).await })
            .await
    }

    async fn last_position(&self, source: &str) -> Result<Option<(u64, Stored)>, StoreError> {
        let last = self
            .query(Query::of(keys::positions(source)).last())
            .await?;
        let Some((_, item)) = last.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some((item.number("sequence")?, manifest(&item)?)))
    }
}

/// Appends a position if the one that it follows is still the last; gives the turn back. Of two at
/// once the second finds its place taken.
async fn commit(unit: &Unit, new: &NewPosition) -> Result<Committed, StoreError> {
    let (run, _) = runs::get(unit, &new.run_id).await?;
    let own = keys::position_of_run(&run.run_id, run.attempt);
    let known = unit.get(&own).await?;
    if known.as_ref().map(manifest).transpose()?.as_ref() == Some(&new.manifest) {
        return Ok(Committed::Done);
    }
    let (sequence, last) = match unit.store().last_position(&run.source).await? {
        Some((sequence, last)) => (sequence, Some(last)),
        None => (0, None),
    };
    if last != new.follows {
        return Ok(Committed::Overtaken);
    }
    let item = Item::default()
        .with_number("sequence", sequence + 1)
        .with("run_id", &run.run_id)
        .with_number("attempt", run.attempt)
        .with("business_date", run.business_date.to_string())
        .with("manifest_key", &new.manifest.key)
        .with_number("manifest_bytes", new.manifest.bytes)
        .with("manifest_sha256", &new.manifest.sha256);
    unit.put(keys::position(&run.source, sequence + 1), item.clone());
    unit.put(own, item);
    give_back(unit, &run.source, &run.run_id).await?;
    Ok(Committed::Done)
}

/// Takes the turn, or keeps it: when nobody has it, when the same run does, or when whoever has it
/// gave no sign for too long. Otherwise the run that has it.
pub(super) async fn take(unit: &Unit, turn: &Turn) -> Result<Option<String>, StoreError> {
    let key = keys::turn(&turn.source);
    let held = unit.get(&key).await?;
    if let Some(held) = &held {
        let holder = held.text("run_id")?;
        if run_rules::has_turn(&holder, held.at("renewed_at")?, turn) {
            return Ok(Some(holder));
        }
    }
    let item = held
        .unwrap_or_default()
        .with("run_id", &turn.run_id)
        .with("workflow_run_id", &turn.workflow_run_id)
        .with_time("renewed_at", turn.at);
    unit.put(key, item);
    Ok(None)
}

/// A sign of life. Does nothing for an execution that has the turn no longer.
async fn renew(unit: &Unit, turn: &Turn) -> Result<(), StoreError> {
    let key = keys::turn(&turn.source);
    let Some(held) = unit.get(&key).await? else {
        return Ok(());
    };
    let holder = (held.text("run_id")?, held.text("workflow_run_id")?);
    if holder == (turn.run_id.clone(), turn.workflow_run_id.clone()) {
        unit.put(key, held.with_time("renewed_at", turn.at));
    }
    Ok(())
}

/// Lets the next run have its turn.
pub(super) async fn give_back(unit: &Unit, source: &str, run_id: &str) -> Result<(), StoreError> {
    let key = keys::turn(source);
    if let Some(held) = unit.get(&key).await?
        && held.text("run_id")? == run_id
    {
        unit.delete(key);
    }
    Ok(())
}

fn manifest(item: &Item) -> Result<Stored, StoreError> {
    Ok(Stored {
        key: item.text("manifest_key")?,
        bytes: item.number("manifest_bytes")?,
        sha256: item.text("manifest_sha256")?,
    })
}
