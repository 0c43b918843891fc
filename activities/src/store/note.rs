//! Entries that a store itself puts on audit streams: it numbers them in the transaction that they tell
//! of, whatever the store is.

use domain::alert::AlertIntent;
use domain::audit::{AuditCursor, AuditEntry, AuditEvent, AuditHead};
use jiff::Timestamp;

use super::case_rules::Entry;
use super::text::scope_columns;
use super::{RunOpening, TRUEUP};

/// What is to be said, and on which stream.
pub(super) struct Note {
    pub(super) stream: String,
    pub(super) at: Timestamp,
    pub(super) actor: String,
    pub(super) event: AuditEvent,
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Note {
    /// The entry that says it behind where its stream ends.
    pub(super) fn behind(self, head: AuditHead) -> AuditEntry {
        let cursor = AuditCursor {
            stream: self.stream,
            head,
            at: self.at,
            actor: self.actor,
        };
        cursor.entry(self.event, self.fields).0
    }

    /// A run is opened, by whoever asked for it.
    pub(super) fn run_opened(opening: &RunOpening, attempt: u32) -> Self {
        let (scope, scope_id) = scope_columns(&opening.scope);
        let actor = match opening.requested_by.as_str() {
            "" => TRUEUP,
            person => person,
        };
        Note {
            stream: opening.run_id.clone(),
            at: opening.opened_at,
            actor: actor.to_owned(),
            event: AuditEvent::RunOpened,
            fields: vec![
                ("attempt", attempt.to_string()),
                ("business_date", opening.business_date.to_string()),
                ("generation", opening.generation.to_string()),
                ("scope", scope.to_owned()),
                ("scope_id", scope_id.to_owned()),
                ("source", opening.source.clone()),
                ("workflow_run_id", opening.workflow_run_id.clone()),
            ],
        }
    }

    /// A case begins, with so many alerts.
    pub(super) fn case_opened(
        id: &str,
        at: Timestamp,
        alerts: usize,
        first_seen_run: String,
    ) -> Self {
        let fields = vec![
            ("alerts", alerts.to_string()),
            ("first_seen_run", first_seen_run),
        ];
        Self::of_case(id, at, TRUEUP, (AuditEvent::CaseOpened, fields))
    }

    /// Somebody is reminded of a case.
    pub(super) fn escalated(id: &str, at: Timestamp, level: u32, channels: &[&str]) -> Self {
        let fields = vec![
            ("level", level.to_string()),
            ("channels", channels.join(" ")),
        ];
        Self::of_case(id, at, TRUEUP, (AuditEvent::CaseEscalated, fields))
    }

    /// What somebody did to a case.
    pub(super) fn of_case(id: &str, at: Timestamp, by: &str, (event, fields): Entry) -> Self {
        Note {
            stream: format!("case/{id}"),
            at,
            actor: by.to_owned(),
            event,
            fields,
        }
    }

    /// An alert of a case without discrepancies is to be sent.
    pub(super) fn intended(alert: &AlertIntent, at: Timestamp) -> Self {
        Note {
            stream: alert.case_id.clone(),
            at,
            actor: TRUEUP.to_owned(),
            event: AuditEvent::AlertIntended,
            fields: vec![
                ("alert", alert.id.clone()),
                ("severity", alert.severity.name().to_owned()),
                ("headline", alert.content.headline.clone()),
            ],
        }
    }

    /// What became of an alert.
    pub(super) fn of_alert(
        alert: &AlertIntent,
        event: AuditEvent,
        at: Timestamp,
        actor: &str,
        detail: Option<(&'static str, String)>,
    ) -> Self {
        let mut fields = vec![
            ("alert", alert.id.clone()),
            ("channel", alert.channel.clone()),
        ];
        fields.extend(detail);
        Note {
            stream: alert.case_id.clone(),
            at,
            actor: actor.to_owned(),
            event,
            fields,
        }
    }
}
