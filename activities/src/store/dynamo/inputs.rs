//! Sealed inputs and their rejects. Rejects are written first, many to an item; they count once
//! their input is on record.

use domain::audit::AuditEntry;
use domain::record::{Reject, Side};

use super::item::Item;
use super::keys::Key;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, audit, keys, runs};
use crate::store::text::{from_json, json, totals, totals_text};
use crate::store::{
    InputRow, REJECTS_PER_INPUT_MAX, RejectRow, RowCounts, RunRow, RunState, SEEN_MAX, SeenInput,
    StoreError, content, run_rules,
};

/// Bytes of rejects to one item, about; a single one may have more.
pub(super) const REJECTS_BYTES: usize = 200_000;

impl DynamoStore {
    pub(in crate::store) async fn seal_input(
        &self,
        run_id: &str,
        input: &InputRow,
        rejects: &[Reject],
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let run = self.run(run_id).await?;
        let key = input_key(&run, input);
        if DynamoStore::get(self, &key).await?.is_none() {
            self.write_rejects(&run, input, rejects).await?;
        }
        self.write(|unit| async move { seal(&unit, run_id, input, audit).await })
            .await
    }

    async fn write_rejects(
        &self,
        run: &RunRow,
        input: &InputRow,
        rejects: &[Reject],
    ) -> Result<(), StoreError> {
        let partition = keys::rejects(&run.run_id, run.attempt, input.side, &input.name);
        let mut texts: Vec<String> = Vec::new();
        let mut position = 0;
        let kept = rejects.iter().take(REJECTS_PER_INPUT_MAX);
        let mut kept = kept.map(content::reject_text).peekable();
        while let Some(text) = kept.next() {
            texts.push(text?);
            let bytes: usize = texts.iter().map(String::len).sum();
            if bytes >= REJECTS_BYTES || kept.peek().is_none() {
                let key = keys::reject(partition.clone(), position);
                let item = Item::default().with("rejects", json(&texts)?);
                self.put_first(&key, &item).await?;
                texts.clear();
                position += 1;
            }
        }
        Ok(())
    }

    /// Completed runs of `source`, other than `run_id`, that read these bytes; the earliest first.
    pub(in crate::store) async fn input_seen(
        &self,
        source: &str,
        sha256: &str,
        run_id: &str,
    ) -> Result<Vec<SeenInput>, StoreError> {
        let found = self.query(Query::of(keys::seen(source, sha256))).await?;
        let mut seen = Vec::new();
        for (_, item) in found {
            let reader = self.run(&item.text("run_id")?).await?;
            let is_last = reader.attempt == item.number::<u32>("attempt")?;
            if reader.run_id == run_id || reader.state != RunState::Completed || !is_last {
                continue;
            }
            let side = item.parse("side", Side::parse)?;
            seen.push((reader, side, item.text("name")?));
        }
        seen.sort_by(|(a, a_side, a_name), (b, b_side, b_name)| {
            let key = |run: &RunRow, side: &Side| (run.opened_at, run.run_id.clone(), side.name());
            (key(a, a_side), a_name).cmp(&(key(b, b_side), b_name))
        });
        seen.truncate(usize::try_from(SEEN_MAX).unwrap_or(usize::MAX));
        let row = |(run, _, name): (RunRow, Side, String)| SeenInput {
            run_id: run.run_id,
            business_date: run.business_date,
            scope: run.scope,
            generation: run.generation,
            name,
        };
        Ok(seen.into_iter().map(row).collect())
    }

    /// Inputs of the run's last attempt, the partner's first.
    pub(in crate::store) async fn inputs(&self, run_id: &str) -> Result<Vec<InputRow>, StoreError> {
        let run = self.run(run_id).await?;
        let query = Query::of(keys::run(run_id).pk).beginning(keys::inputs(run.attempt));
        let found = self.query(query).await?;
        found.iter().map(|(_, item)| row(item)).collect()
    }

    /// Rejects of the run's last attempt.
    pub(in crate::store) async fn rejects(
        &self,
        run_id: &str,
    ) -> Result<Vec<RejectRow>, StoreError> {
        let run = self.run(run_id).await?;
        let mut rejects = Vec::new();
        for input in self.inputs(run_id).await? {
            let partition = keys::rejects(run_id, run.attempt, input.side, &input.name);
            for (_, item) in self.query(Query::of(partition)).await? {
                let texts: Vec<String> = from_json("rejects", &item.text("rejects")?)?;
                for text in texts {
                    rejects.push(RejectRow {
                        input: input.name.clone(),
                        reject: content::reject(&text)?,
                    });
                }
            }
        }
        Ok(rejects)
    }
}

async fn seal(
    unit: &Unit,
    run_id: &str,
    input: &InputRow,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    let (run, _) = runs::get(unit, run_id).await?;
    let key = input_key(&run, input);
    match unit.get(&key).await?.as_ref().map(row).transpose()? {
        None => {
            unit.put(key, item(input)?);
            let sort = format!(
                "{run_id}#{}#{}#{}",
                run.attempt,
                input.side.name(),
                input.name
            );
            let seen = Item::default()
                .with("run_id", run_id)
                .with_number("attempt", run.attempt)
                .with("side", input.side.name())
                .with("name", &input.name);
            unit.put(Key::new(keys::seen(&run.source, &input.sha256), sort), seen);
        }
        Some(known) if known == *input => {}
        Some(known) => return Err(run_rules::sealed_otherwise(run_id, &known, input)),
    }
    audit::append(unit, entries).await
}

fn input_key(run: &RunRow, input: &InputRow) -> Key {
    keys::input(&run.run_id, run.attempt, input.side, &input.name)
}

fn item(input: &InputRow) -> Result<Item, StoreError> {
    Ok(Item::default()
        .with("side", input.side.name())
        .with("name", &input.name)
        .with("sha256", &input.sha256)
        .with_number("bytes", input.bytes)
        .with_number("rows_read", input.rows.read)
        .with_number("rows_accepted", input.rows.accepted)
        .with_number("rows_rejected", input.rows.rejected)
        .with_number("rows_skipped", input.rows.skipped)
        .with("totals", totals_text(&input.totals)?)
        .with_maybe("declared_id", input.declared_id.as_deref()))
}

fn row(item: &Item) -> Result<InputRow, StoreError> {
    Ok(InputRow {
        side: item.parse("side", Side::parse)?,
        name: item.text("name")?,
        sha256: item.text("sha256")?,
        bytes: item.number("bytes")?,
        rows: RowCounts {
            read: item.number("rows_read")?,
            accepted: item.number("rows_accepted")?,
            rejected: item.number("rows_rejected")?,
            skipped: item.number("rows_skipped")?,
        },
        totals: item.parse("totals", totals)?,
        declared_id: item.maybe("declared_id")?,
    })
}
