//! Alerts on their way: pending, sending, then sent or dead; dead ones again on request. An alert
//! is among those of its case; its id leads there.
//!
//! Each end is on the audit stream of the alert's case, in the transaction that changes the alert.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::audit::AuditEvent;
use domain::severity::Severity;
use jiff::Timestamp;

use super::audit;
use super::item::Item;
use super::table_access::Query;
use super::unit::Unit;
use super::{DynamoStore, keys};
use crate::store::note::Note;
use crate::store::{
    AlertFilter, AlertRow, AlertState, Delivery, Redrive, StoreError, TRUEUP, case_rules, content,
};

impl DynamoStore {
    pub(in crate::store) async fn alert(&self, alert_id: &str) -> Result<AlertRow, StoreError> {
        self.write(|unit| async move { get(&unit, alert_id).await })
            .await
    }

    /// Alerts, newest first.
    pub(in crate::store) async fn alerts(
        &self,
        filter: &AlertFilter,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let mut listed = Vec::new();
        for (key, item) in self.query(Query::listed(LISTED)).await? {
            let alert = row(&key.sk, &item)?;
            let is_wanted = |wanted: &Option<String>, is: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == is)
            };
            if is_wanted(&filter.source, &alert.intent.source)
                && is_wanted(&filter.run_id, &alert.intent.run_id)
                && filter.state.is_none_or(|state| state == alert.state)
            {
                listed.push(alert);
            }
        }
        Ok(filter.page.of(listed))
    }

    pub(in crate::store) async fn alerts_of_case(
        &self,
        case_id: &str,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let found = self.query(Query::of(keys::alerts(case_id))).await?;
        found.iter().map(|(key, item)| row(&key.sk, item)).collect()
    }

    /// A delivery is about to begin, unless it is over.
    pub(in crate::store) async fn begin_delivery(
        &self,
        alert_id: &str,
    ) -> Result<Delivery, StoreError> {
        self.write(|unit| async move {
            let mut alert = get(&unit, alert_id).await?;
            if case_rules::is_over(alert.state) {
                return Ok(Delivery::Over(Box::new(alert)));
            }
            alert.state = AlertState::Sending;
            alert.attempts = alert.attempts.saturating_add(1);
            save(&unit, &alert).await?;
            Ok(Delivery::Due(Box::new(alert)))
        })
        .await
    }

    /// A delivery failed and will be tried again.
    pub(in crate::store) async fn delivery_failed(
        &self,
        alert_id: &str,
        error: &str,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let mut alert = get(&unit, alert_id).await?;
            if !case_rules::is_over(alert.state) {
                alert.last_error = Some(case_rules::shortened(error));
                save(&unit, &alert).await?;
            }
            Ok(())
        })
        .await
    }

    /// The channel took it.
    pub(in crate::store) async fn alert_sent(
        &self,
        alert_id: &str,
        at: Timestamp,
        provider_reference: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let mut alert = get(&unit, alert_id).await?;
            if alert.state == AlertState::Sent {
                return Ok(());
            }
            alert.state = AlertState::Sent;
            alert.sent_at = Some(at);
            alert.provider_reference = provider_reference.map(str::to_owned);
            save(&unit, &alert).await?;
            let reference = provider_reference.unwrap_or_default().to_owned();
            let detail = Some(("provider_reference", reference));
            let note = Note::of_alert(&alert.intent, AuditEvent::AlertSent, at, TRUEUP, detail);
            audit::note(&unit, note).await
        })
        .await
    }

    /// The channel refused it for good. An alert that was sent stays sent.
    pub(in crate::store) async fn alert_dead(
        &self,
        alert_id: &str,
        at: Timestamp,
        error: &str,
        instead: Option<&AlertIntent>,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let mut alert = get(&unit, alert_id).await?;
            if case_rules::is_over(alert.state) {
                return Ok(());
            }
            if let Some(instead) = instead {
                insert(&unit, instead, at).await?;
            }
            let error = case_rules::shortened(error);
            alert.state = AlertState::Dead;
            alert.last_error = Some(error.clone());
            save(&unit, &alert).await?;
            let detail = Some(("error", error));
            let note = Note::of_alert(&alert.intent, AuditEvent::AlertDead, at, TRUEUP, detail);
            audit::note(&unit, note).await
        })
        .await
    }

    /// The channel did not take it in time: another one is told, unless it is over.
    pub(in crate::store) async fn divert_alert(
        &self,
        alert_id: &str,
        at: Timestamp,
        instead: &AlertIntent,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let mut alert = get(&unit, alert_id).await?;
            if case_rules::is_over(alert.state) {
                return Ok(());
            }
            insert(&unit, instead, at).await?;
            alert.state = AlertState::Diverted;
            save(&unit, &alert).await?;
            let detail = Some(("told_by", instead.channel.clone()));
            let note = Note::of_alert(&alert.intent, AuditEvent::AlertDiverted, at, TRUEUP, detail);
            audit::note(&unit, note).await
        })
        .await
    }

    /// Makes dead alerts pending again. Gives the cases to wake: also of alerts that were redriven
    /// before and have not moved since, so that it can be repeated when waking them failed.
    pub(in crate::store) async fn redrive(
        &self,
        selection: &Redrive,
        actor: &str,
        at: Timestamp,
    ) -> Result<BTreeSet<String>, StoreError> {
        let ids = match selection {
            Redrive::All => self.redrivable().await?,
            Redrive::Ids(ids) => {
                // Nothing is redriven when one of them is unknown.
                for id in ids {
                    self.alert(id).await?;
                }
                ids.clone()
            }
        };
        let mut cases = BTreeSet::new();
        for id in &ids {
            let redriven = self.write(|unit| async move { redrive(&unit, id, actor, at).await });
            cases.extend(redriven.await?);
        }
        Ok(cases)
    }

    async fn redrivable(&self) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for (key, item) in self.query(Query::listed(LISTED)).await? {
            let state = item.parse("state", AlertState::parse)?;
            let was_redriven = state == AlertState::Pending && item.has("redriven_at");
            if state == AlertState::Dead || was_redriven {
                ids.push(key.sk);
            }
        }
        ids.sort();
        Ok(ids)
    }
}

/// The partition in the index `list` of all alerts.
pub(super) const LISTED: &str = "alerts";

pub(super) async fn get(unit: &Unit, alert_id: &str) -> Result<AlertRow, StoreError> {
    let not_found = || case_rules::no_alert(alert_id);
    let case = unit.get(&keys::case_of_alert(alert_id)).await?;
    let case_id = case.ok_or_else(not_found)?.text("case_id")?;
    let item = unit.get(&keys::alert(&case_id, alert_id)).await?;
    row(alert_id, &item.ok_or_else(not_found)?)
}

/// The alerts of a case, by id.
pub(super) async fn of_case(unit: &Unit, case_id: &str) -> Result<Vec<AlertRow>, StoreError> {
    let found = unit.query(&keys::alerts(case_id), "").await?;
    found.iter().map(|(key, item)| row(&key.sk, item)).collect()
}

/// An alert that is on record stays as it is: it may have been sent, and is sent once.
pub(super) async fn insert(
    unit: &Unit,
    alert: &AlertIntent,
    intended_at: Timestamp,
) -> Result<(), StoreError> {
    let pointer = keys::case_of_alert(&alert.id);
    if unit.get(&pointer).await?.is_some() {
        return Ok(());
    }
    unit.put(pointer, Item::default().with("case_id", &alert.case_id));
    let order = format!("{}#{}", keys::newest_first(intended_at), alert.id);
    let item = Item::default()
        .with("case_id", &alert.case_id)
        .with("run_id", &alert.run_id)
        .with("source", &alert.source)
        .with("severity", alert.severity.name())
        .with("channel", &alert.channel)
        .with("content", content::alert_text(&alert.content)?)
        .with("state", AlertState::Pending.name())
        .with_time("intended_at", intended_at)
        .with_number("attempts", 0u32)
        .listed(LISTED, order);
    unit.put(keys::alert(&alert.case_id, &alert.id), item);
    // What is new in the next digest is what came after the last one.
    let source = &alert.source;
    if alert.case_id.starts_with(&format!("case/digest/{source}/")) {
        let key = keys::last_digest(source);
        let last = unit.get(&key).await?.unwrap_or_default();
        if last.time("at")?.is_none_or(|last| last < intended_at) {
            unit.put(key, last.with_time("at", intended_at));
        }
    }
    Ok(())
}

/// Writes what changes of an alert.
async fn save(unit: &Unit, alert: &AlertRow) -> Result<(), StoreError> {
    let key = keys::alert(&alert.intent.case_id, &alert.intent.id);
    let item = unit.get(&key).await?.unwrap_or_default();
    let mut item = item
        .with("state", alert.state.name())
        .with_number("attempts", alert.attempts)
        .with_maybe("last_error", alert.last_error.as_deref())
        .with_maybe("provider_reference", alert.provider_reference.as_deref());
    if let Some(sent_at) = alert.sent_at {
        item = item.with_time("sent_at", sent_at);
    }
    unit.put(key, item);
    Ok(())
}

/// The case to wake, if the alert is to be sent again.
async fn redrive(
    unit: &Unit,
    alert_id: &str,
    actor: &str,
    at: Timestamp,
) -> Result<Option<String>, StoreError> {
    let alert = get(unit, alert_id).await?;
    let case_id = alert.intent.case_id.clone();
    match alert.state {
        AlertState::Sent | AlertState::Diverted => return Ok(None),
        AlertState::Pending | AlertState::Sending => return Ok(Some(case_id)),
        AlertState::Dead => {}
    }
    let key = keys::alert(&case_id, alert_id);
    let item = unit.get(&key).await?.unwrap_or_default();
    let item = item
        .with("state", AlertState::Pending.name())
        .with_time("redriven_at", at);
    unit.put(key, item);
    let event = AuditEvent::AlertRedriven;
    let note = Note::of_alert(&alert.intent, event, at, actor, None);
    audit::note(unit, note).await?;
    Ok(Some(case_id))
}

fn row(alert_id: &str, item: &Item) -> Result<AlertRow, StoreError> {
    Ok(AlertRow {
        intent: AlertIntent {
            id: alert_id.to_owned(),
            case_id: item.text("case_id")?,
            run_id: item.text("run_id")?,
            source: item.text("source")?,
            severity: item.parse("severity", Severity::parse)?,
            channel: item.text("channel")?,
            content: content::alert(&item.text("content")?)?,
        },
        state: item.parse("state", AlertState::parse)?,
        intended_at: item.at("intended_at")?,
        attempts: item.number("attempts")?,
        last_error: item.maybe("last_error")?,
        sent_at: item.time("sent_at")?,
        provider_reference: item.maybe("provider_reference")?,
    })
}
