//! What the audit trail says of a change to a case, and of a refused one. Names of fields and the
//! texts of cases are part of hashed bytes: they are never changed for what is written already.

use super::act::{Act, Change, Refusal};
use super::resolution::Resolution;
use super::{Case, CaseState, Decision, Subject};
use crate::audit::AuditEvent;
use crate::money::{Amount, Currency, Money, amount_text};

/// The fields of one audit entry.
type Fields = Vec<(&'static str, String)>;

/// The fields of the entry about a change; whose rights were used, if not the author's own.
pub(super) fn fields(
    before: &Case,
    after: &Case,
    change: &Change<'_>,
    acting_for: Option<&str>,
) -> Fields {
    let currency = change.subject.currency;
    let mut fields = vec![
        ("before", before.text(currency)),
        ("after", after.text(currency)),
    ];
    if !change.act.note().is_empty() {
        fields.push(("note", change.act.note().to_owned()));
    }
    fields.extend(acting_for.map(|person| ("acting_for", person.to_owned())));
    match change.act {
        Act::Assign { to, .. } => fields.push(("to", to.clone())),
        Act::Resolve { resolution, .. } => fields.extend(decided(resolution, change.subject)),
        Act::Approve { .. } | Act::Reject { .. } => {
            if let Some(decision) = &before.decision {
                fields.extend(decided(&decision.resolution, change.subject));
                fields.push(("proposed_by", decision.by.clone()));
            }
        }
        Act::SeenAgain { run_id } => fields.push(("run", run_id.clone())),
        Act::AutoClear {
            run_id,
            evidence,
            undoes,
        } => {
            fields.push(("run", run_id.clone()));
            let void = before.decision.as_ref().filter(|_| *undoes);
            let void = void.filter(|_| before.state == CaseState::Resolved);
            fields.push((
                "evidence",
                match void {
                    Some(decision) => format!("{evidence}; {}", decision.void(currency)),
                    None => evidence.clone(),
                },
            ));
        }
        Act::MemberOpen { evidence } | Act::MembersClosed { evidence } => {
            fields.push(("evidence", evidence.clone()));
        }
        Act::Comment { .. } | Act::Reopen { .. } | Act::Acknowledge { .. } => {}
    }
    fields
}

/// The entry about a refused attempt: `action`, `reason`, `state` and, for an attempt to resolve,
/// `resolution`. What was given along is left out: it may be anything, and of any size.
#[must_use]
pub fn denied(case: &Case, change: &Change<'_>, refusal: &Refusal) -> (AuditEvent, Fields) {
    let mut fields = vec![
        ("action", change.act.name().to_owned()),
        ("reason", refusal.to_string()),
        ("state", case.state.name().to_owned()),
    ];
    if let Act::Resolve { resolution, .. } = change.act {
        fields.push(("resolution", resolution.kind().name().to_owned()));
    }
    (AuditEvent::CaseDenied, fields)
}

/// What is decided, and over how much.
fn decided(resolution: &Resolution, subject: &Subject) -> Fields {
    let in_currency = |amount: Amount| amount_text(amount, subject.currency);
    let mut fields = vec![
        ("resolution", resolution.kind().name().to_owned()),
        ("at_stake", in_currency(subject.at_stake)),
        ("currency", subject.currency.code().to_owned()),
    ];
    match resolution {
        Resolution::Match { with } => fields.push(("match_with", with.clone())),
        Resolution::WriteOff {
            reason_code,
            amount,
            account,
        } => fields.extend([
            ("reason_code", reason_code.clone()),
            ("amount", in_currency(*amount)),
            ("account", account.clone()),
        ]),
        Resolution::InTransit { until } => fields.push(("until", until.to_string())),
        Resolution::Accept
        | Resolution::DuplicateConfirmed
        | Resolution::PartnerToCorrect
        | Resolution::LedgerToCorrect
        | Resolution::NotAnError
        | Resolution::Void => {}
    }
    fields
}

impl Case {
    /// The whole case in one line, for the audit trail: equal cases have equal texts, different
    /// ones different texts.
    ///
    /// State, then what there is of: assignment, acknowledgement, decision, last run that saw it;
    /// then the version, all set apart by `; `. Texts of letters, digits and `-_.@/` stand as they
    /// are, all others in quotes with `\` before `"`, `\` and (as `\n`, `\t`) breaks and tabs:
    /// `resolved; assigned to alice; write_off of 12.00 EUR, reason_code fx, account 4711, by alice
    /// at 2026-11-20T08:00:00Z, note "bank fee", approved by bob; version 3`.
    #[must_use]
    pub fn text(&self, currency: Currency) -> String {
        let mut parts = vec![self.state.name().to_owned()];
        let mut part = |start: &str, value: &Option<String>| {
            let value = value.as_deref().map(quoted);
            parts.extend(value.map(|value| format!("{start} {value}")));
        };
        part("assigned to", &self.assigned_to);
        part("acknowledged by", &self.acknowledged_by);
        let decision = self.decision.as_ref();
        parts.extend(decision.map(|decision| decision.text(currency)));
        let seen = self.last_seen_run.as_deref().map(quoted);
        parts.extend(seen.map(|run| format!("last seen by {run}")));
        parts.push(format!("version {}", self.version));
        parts.join("; ")
    }
}

impl Decision {
    /// That there is nothing any more that it was about.
    fn void(&self, currency: Currency) -> String {
        let (kind, by) = (self.resolution.kind(), &self.by);
        match &self.resolution {
            Resolution::WriteOff {
                amount, account, ..
            } => {
                let amount = *amount;
                let written_off = Money { amount, currency };
                format!(
                    "what {by} wrote off to account {account}, {written_off}, is not there any more: book it back"
                )
            }
            _ => format!("what {by} decided, {kind}, has no effect any more"),
        }
    }

    /// As a part of [`Case::text`].
    fn text(&self, currency: Currency) -> String {
        let kind = self.resolution.kind();
        let what = match &self.resolution {
            Resolution::Match { with } => format!("{kind} with {}", quoted(with)),
            Resolution::WriteOff {
                reason_code,
                amount,
                account,
            } => {
                let amount = Money {
                    amount: *amount,
                    currency,
                };
                let (reason_code, account) = (quoted(reason_code), quoted(account));
                format!("{kind} of {amount}, reason_code {reason_code}, account {account}")
            }
            Resolution::InTransit { until } => format!("{kind} until {until}"),
            _ => kind.name().to_owned(),
        };
        let (by, at, note) = (quoted(&self.by), self.at, quoted(&self.note));
        let agreed = self.approved_by.as_deref().map(quoted);
        let agreed = agreed.map_or(String::new(), |person| format!(", approved by {person}"));
        format!("{what}, by {by} at {at}, note {note}{agreed}")
    }
}

/// A text that cannot be mistaken for what stands around it.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_.@/".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
