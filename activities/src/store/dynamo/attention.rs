//! Reminders of a case. Each belongs to how the case stood when it was decided: a repeated attempt
//! finds that it moved on, and writes nothing.

use domain::case::CaseState;
use jiff::Timestamp;

use super::audit;
use super::item::Item;
use super::keys::SHARDS;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, alerts, cases, keys};
use crate::store::note::Note;
use crate::store::{Attention, CaseRow, Reminding, StoreError, case_rules};

impl DynamoStore {
    pub(in crate::store) async fn remind(
        &self,
        reminding: &Reminding,
        at: Timestamp,
    ) -> Result<CaseRow, StoreError> {
        self.write(|unit| async move { remind(&unit, reminding, at).await })
            .await
    }

    pub(in crate::store) async fn concerns_anybody(
        &self,
        case_id: &str,
    ) -> Result<bool, StoreError> {
        let covered = SHARDS.map(|shard| Query::of(keys::covered(case_id, shard)));
        let covered = self.query_each(covered).await?;
        let ids: Vec<String> = covered.into_iter().map(|(key, _)| key.sk).collect();
        let items = self.case_items(&ids).await?;
        let mut is_open = ids.is_empty();
        for item in items.values() {
            is_open |= item.parse("state", CaseState::parse)?.is_open();
        }
        Ok(is_open)
    }
}

async fn remind(unit: &Unit, reminding: &Reminding, at: Timestamp) -> Result<CaseRow, StoreError> {
    let row = cases::get(unit, &reminding.id).await?;
    if !reminding.is_wanted(&row) {
        return Ok(row);
    }
    let mut channels = Vec::new();
    for alert in &reminding.alerts {
        let known = alerts::of_case(unit, &alert.case_id).await?;
        let mut of_channel = known
            .iter()
            .filter(|known| known.intent.channel == alert.channel);
        if of_channel.all(|known| case_rules::is_over(known.state)) {
            alerts::insert(unit, alert, at).await?;
            channels.push(alert.channel.as_str());
        }
    }
    let attention = row.attention.reminded(reminding.level);
    save(unit, &row.id, attention).await?;
    let note = Note::escalated(&row.id, at, reminding.level, &channels);
    audit::note(unit, note).await?;
    Ok(CaseRow { attention, ..row })
}

/// A case's workflow begins: the first time counts.
pub(super) async fn begin(
    unit: &Unit,
    row: &CaseRow,
    at: Timestamp,
) -> Result<Attention, StoreError> {
    let attention = row.attention.begun(at);
    save(unit, &row.id, attention).await?;
    Ok(attention)
}

/// A case is opened again: reminders begin anew, under new numbers.
pub(super) async fn restart(
    unit: &Unit,
    row: &CaseRow,
    at: Timestamp,
) -> Result<Attention, StoreError> {
    let attention = row.attention.restarted(at);
    save(unit, &row.id, attention).await?;
    Ok(attention)
}

/// What a case's item says.
pub(super) fn attention(item: &Item) -> Result<Attention, StoreError> {
    if !item.has("level") {
        return Ok(Attention::default());
    }
    Ok(Attention {
        since: item.time("since")?,
        level: item.number("level")?,
        reminders: item.number("reminders")?,
    })
}

async fn save(unit: &Unit, id: &str, attention: Attention) -> Result<(), StoreError> {
    let key = keys::case(id);
    let Some(mut item) = unit.get(&key).await? else {
        return Ok(());
    };
    if let Some(since) = attention.since {
        item = item.with_time("since", since);
    }
    item.set_number("level", attention.level);
    item.set_number("reminders", attention.reminders);
    unit.put(key, item);
    Ok(())
}
