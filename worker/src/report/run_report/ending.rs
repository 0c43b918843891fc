//! How a run ended, who signed it off, and what its audit stream says of the way there.
//!
//! Sign-offs are read from the audit stream: what is not on it did not happen.

use activities::store::{AuditStream, RunRow, RunState};
use domain::audit::{self, AuditEntry, AuditEvent, Hash};
use jiff::Timestamp;

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Where the run stands.
    pub state: RunState,
    /// What went wrong, when it failed.
    pub problem: Option<String>,
    /// Who signed it off; none when nobody did.
    pub signed_off: Option<SignOff>,
}

/// A sign-off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignOff {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they wrote; may be empty.
    pub note: String,
}

/// Something that happened to the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who did it: a person's name or `trueup`.
    pub actor: String,
    /// What.
    pub event: AuditEvent,
    /// The details by name.
    pub fields: Vec<(String, String)>,
}

/// Whether the run's audit stream is whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trail {
    /// Every hash of it is right.
    Whole {
        /// How many entries it has.
        entries: u64,
        /// Hash of the last: note it elsewhere, and a rewritten past shows.
        head: Hash,
    },
    /// It was altered or can't be read, and why.
    Broken(String),
}

impl Trail {
    pub(super) fn of(stream: &str, found: &Result<AuditStream, String>) -> Self {
        let AuditStream { entries, head } = match found {
            Ok(stream) => stream,
            Err(problem) => return Trail::Broken(problem.clone()),
        };
        match audit::verify(stream, entries, *head) {
            Ok(()) => Trail::Whole {
                entries: head.length,
                head: head.hash,
            },
            Err(error) => Trail::Broken(error.to_string()),
        }
    }
}

impl Ending {
    pub(super) fn of(run: &RunRow, entries: &[AuditEntry]) -> Self {
        // What an earlier attempt left behind is not about this one.
        let opened = entries
            .iter()
            .rposition(|entry| entry.event == AuditEvent::RunOpened);
        let since = entries.get(opened.unwrap_or(0)..).unwrap_or_default();
        let last = |event| since.iter().rfind(|entry| entry.event == event);
        Ending {
            state: run.state,
            problem: run.problem.clone(),
            signed_off: last(AuditEvent::RunSignedOff).map(sign_off),
        }
    }
}

fn sign_off(entry: &AuditEntry) -> SignOff {
    let note = entry.fields.iter().find(|(name, _)| name == "note");
    SignOff {
        by: entry.actor.clone(),
        at: entry.at,
        note: note.map_or(String::new(), |(_, note)| note.clone()),
    }
}

/// The steps of the run's life. Alerts are many, and are not about how the run went.
pub(super) fn steps(entries: &[AuditEntry]) -> Vec<Step> {
    let is_alert = |event| {
        matches!(
            event,
            AuditEvent::AlertIntended
                | AuditEvent::AlertSent
                | AuditEvent::AlertDead
                | AuditEvent::AlertRedriven
        )
    };
    let steps = entries.iter().filter(|entry| !is_alert(entry.event));
    steps.map(step).collect()
}

fn step(entry: &AuditEntry) -> Step {
    Step {
        at: entry.at,
        actor: entry.actor.clone(),
        event: entry.event,
        fields: entry.fields.clone(),
    }
}
