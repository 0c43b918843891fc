//! Changing personal texts in place, item by item. A pass goes over the runs of a source; what is
//! changed meanwhile is looked at again.

use domain::audit::AuditEvent;
use domain::record::Side;
use jiff::Timestamp;

use super::audit;
use super::item::Item;
use super::keys::{Key, SHARDS};
use super::large::part_key;
use super::table_access::Query;
use super::{DynamoStore, alerts, keys, runs};
use crate::store::note::Note;
use crate::store::personal::{Change, Passed, PersonalRows, changed_content};
use crate::store::text::{from_json, json};
use crate::store::{RunRow, StoreError};

impl DynamoStore {
    pub(in crate::store) async fn note_privacy(
        &self,
        stream: &str,
        at: Timestamp,
        actor: &str,
        event: AuditEvent,
        fields: &[(&'static str, String)],
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let note = Note {
                stream: stream.to_owned(),
                at,
                actor: actor.to_owned(),
                event,
                fields: fields.to_vec(),
            };
            audit::note(&unit, note).await
        })
        .await
    }

    /// One run after the other, by their ids; alerts all at once, there are few.
    pub(in crate::store) async fn change_personal(
        &self,
        rows: PersonalRows,
        source: Option<&str>,
        after: &str,
        change: &mut Change,
    ) -> Result<Passed, StoreError> {
        if rows == PersonalRows::Alerts {
            let changed = self.change_alerts(source, change).await?;
            return Ok(Passed {
                next: None,
                changed,
            });
        }
        let Some(run) = self.next_run(source, after).await? else {
            return Ok(Passed {
                next: None,
                changed: 0,
            });
        };
        let mut changed = 0;
        for attempt in 1..=run.attempt {
            changed += match rows {
                PersonalRows::Discrepancies => self.change_found(&run, attempt, change).await?,
                _ => self.change_rejects(&run, attempt, change).await?,
            };
        }
        Ok(Passed {
            next: Some(run.run_id),
            changed,
        })
    }

    async fn next_run(
        &self,
        source: Option<&str>,
        after: &str,
    ) -> Result<Option<RunRow>, StoreError> {
        let mut next: Option<RunRow> = None;
        for (_, item) in self.query(Query::listed("runs")).await? {
            let run = runs::row(item)?;
            let is_wanted = source.is_none_or(|source| source == run.source)
                && run.run_id.as_str() > after
                && next.as_ref().is_none_or(|next| run.run_id < next.run_id);
            if is_wanted {
                next = Some(run);
            }
        }
        Ok(next)
    }

    async fn change_found(
        &self,
        run: &RunRow,
        attempt: u32,
        change: &mut Change,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for shard in SHARDS {
            let partition = keys::found(&run.run_id, attempt, shard);
            for (key, item) in self.query(Query::of(partition)).await? {
                let kept = self.large(&item, "content").await?;
                let rows = PersonalRows::Discrepancies;
                let Some((text, reference)) = changed_content(rows, &kept, change)? else {
                    continue;
                };
                let mut new = item.clone();
                for name in ["content", "content_sha256", "content_parts"] {
                    new.unset(name);
                }
                self.set_large(&mut new, "content", text).await?;
                self.replace(&key, &item, &new).await?;
                self.empty_parts(&item, "content").await?;
                if let (Some(reference), Some((_, id))) = (reference, key.sk.split_once('#')) {
                    self.rename(id, &reference).await?;
                }
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// What the case of a discrepancy is called, too.
    async fn rename(&self, id: &str, reference: &str) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let key = keys::case(id);
            if let Some(case) = unit.get(&key).await?
                && case.text("reference")? != reference
            {
                unit.put(key, case.with("reference", reference));
            }
            Ok(())
        })
        .await
    }

    async fn change_rejects(
        &self,
        run: &RunRow,
        attempt: u32,
        change: &mut Change,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        let inputs = Query::of(keys::run(&run.run_id).pk).beginning(keys::inputs(attempt));
        for (_, input) in self.query(inputs).await? {
            let side = input.parse("side", Side::parse)?;
            let name = input.text("name")?;
            let partition = keys::rejects(&run.run_id, attempt, side, &name);
            for (key, item) in self.query(Query::of(partition)).await? {
                let mut texts: Vec<String> = from_json("rejects", &item.text("rejects")?)?;
                let mut is_changed = false;
                for text in &mut texts {
                    if let Some((new, _)) = changed_content(PersonalRows::Rejects, text, change)? {
                        *text = new;
                        is_changed = true;
                        changed += 1;
                    }
                }
                if is_changed {
                    let new = item.clone().with("rejects", json(&texts)?);
                    self.replace(&key, &item, &new).await?;
                }
            }
        }
        Ok(changed)
    }

    async fn change_alerts(
        &self,
        source: Option<&str>,
        change: &mut Change,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for (key, listed) in self.query(Query::listed(alerts::LISTED)).await? {
            let of = listed.text("source")?;
            if source.is_some_and(|source| source != of) {
                continue;
            }
            // As it is now: it may be on its way.
            while let Some(item) = self.get(&key).await? {
                let kept = item.text("content")?;
                let Some((text, _)) = changed_content(PersonalRows::Alerts, &kept, change)? else {
                    break;
                };
                let new = item.clone().with("content", text);
                if self.replaced(&key, &item, &new).await? {
                    changed += 1;
                    break;
                }
            }
        }
        Ok(changed)
    }

    /// Puts an item in the place of one that only this pass changes.
    async fn replace(&self, key: &Key, old: &Item, new: &Item) -> Result<(), StoreError> {
        match self.replaced(key, old, new).await? {
            true => Ok(()),
            false => Err(StoreError::Unavailable(
                "somebody else changes the same; begin again, and it goes on".to_owned(),
            )),
        }
    }

    /// Puts an item in the place of another; not when that changed meanwhile.
    async fn replaced(&self, key: &Key, old: &Item, new: &Item) -> Result<bool, StoreError> {
        self.write(|unit| async move {
            let found = unit.get(key).await?;
            // An earlier try may have come through.
            if found
                .as_ref()
                .is_some_and(|found| found.says_the_same_as(new))
            {
                return Ok(true);
            }
            if found.as_ref() != Some(old) {
                return Ok(false);
            }
            unit.put(key.clone(), new.clone());
            Ok(true)
        })
        .await
    }

    /// Nothing of a text that was replaced is left in its parts.
    async fn empty_parts(&self, item: &Item, name: &str) -> Result<(), StoreError> {
        let parts = format!("{name}_parts");
        if !item.has(&parts) {
            return Ok(());
        }
        let sha256 = item.text(&format!("{name}_sha256"))?;
        for part in 0..item.number(&parts)? {
            let key = &part_key(&sha256, part);
            self.write(|unit| async move {
                if let Some(item) = unit.get(key).await? {
                    unit.put(key.clone(), item.with("text", ""));
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}
