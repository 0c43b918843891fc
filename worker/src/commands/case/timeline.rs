//! An entry of a case's audit trail as a sentence.

use domain::audit::{AuditEntry, AuditEvent};

/// When it happened, and what.
pub(super) fn line(entry: &AuditEntry) -> String {
    format!("{:.0}  {}", entry.at, words(entry))
}

/// What happened, who did it, and why.
pub(super) fn words(entry: &AuditEntry) -> String {
    let field = |name: &str| {
        let found = entry.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let by = &entry.actor;
    let what = match entry.event {
        AuditEvent::CaseOpened => format!("found by {}", field("first_seen_run")),
        AuditEvent::CaseAssigned => format!("{by} assigned it to {}", field("to")),
        AuditEvent::CaseAcknowledged => format!("{by} saw it"),
        AuditEvent::CaseCommented => format!("{by} wrote"),
        AuditEvent::CaseProposed => format!("{by} proposed {}", decision(&field)),
        AuditEvent::CaseRejected => {
            format!(
                "{by} sent back {} of {}",
                decision(&field),
                field("proposed_by")
            )
        }
        AuditEvent::CaseResolved => match field("proposed_by") {
            "" => format!("{by} resolved it: {}", decision(&field)),
            proposed_by => format!("{by} approved {} of {proposed_by}", decision(&field)),
        },
        AuditEvent::CaseCleared => match field("run") {
            "" => format!("closed: {}", field("evidence")),
            run => format!("cleared by {run}: {}", field("evidence")),
        },
        AuditEvent::CaseReopened => match field("evidence") {
            "" => format!("{by} opened it again"),
            evidence => format!("open again: {evidence}"),
        },
        AuditEvent::CaseSeenAgain => format!("found again by {}", field("run")),
        AuditEvent::CaseDenied => {
            format!(
                "{by} tried to {} it, refused: {}",
                field("action"),
                field("reason")
            )
        }
        AuditEvent::AlertIntended => format!("alert {} was decided", field("alert")),
        AuditEvent::CaseEscalated => reminded(field("level"), field("channels")),
        AuditEvent::AlertSent => format!("alert {} arrived", field("alert")),
        AuditEvent::AlertDead => format!("alert {} was refused for good", field("alert")),
        AuditEvent::AlertDiverted => format!(
            "alert {} did not arrive in time: {} is told",
            field("alert"),
            field("told_by")
        ),
        AuditEvent::AlertRedriven => format!("{by} sent alert {} again", field("alert")),
        other => format!("{} by {by}", other.name().replace('_', " ")),
    };
    let acting_for = match field("acting_for") {
        "" => String::new(),
        person => format!(" (for {person})"),
    };
    let note = match field("note") {
        "" => String::new(),
        note => format!(": {note}"),
    };
    let behind = match field("sums") {
        "" => String::new(),
        sums => format!(" ({} discrepancies, {sums})", field("members")),
    };
    format!("{what}{behind}{acting_for}{note}")
}

fn reminded(level: &str, channels: &str) -> String {
    match channels.is_empty() {
        true => format!("reminder {level}, while earlier alerts still wait"),
        false => format!("reminder {level} to {}", channels.replace(' ', ", ")),
    }
}

fn decision<'f>(field: &impl Fn(&str) -> &'f str) -> String {
    let mut text = field("resolution").to_owned();
    let details = [
        (" with ", "match_with"),
        (" of ", "amount"),
        (" to account ", "account"),
        (", reason ", "reason_code"),
        (" until ", "until"),
    ];
    for (words, name) in details {
        if !field(name).is_empty() {
            text += words;
            text += field(name);
        }
        if name == "amount" && !field(name).is_empty() {
            text += " ";
            text += field("currency");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::audit::Hash;

    fn entry(event: AuditEvent, fields: &[(&str, &str)]) -> AuditEntry {
        AuditEntry {
            stream: "case/1".to_owned(),
            sequence: 0,
            previous: Hash::NONE,
            at: "2026-11-20T08:00:00Z".parse().expect("a time"),
            actor: "ann".to_owned(),
            event,
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn an_entry_reads_as_a_sentence() {
        let write_off = [
            ("resolution", "write_off"),
            ("amount", "12.00"),
            ("currency", "EUR"),
            ("account", "4711"),
            ("reason_code", "fx"),
            ("note", "bank fee"),
        ];
        assert_eq!(
            line(&entry(AuditEvent::CaseResolved, &write_off)),
            "2026-11-20T08:00:00Z  ann resolved it: write_off of 12.00 EUR to account 4711, \
             reason fx: bank fee"
        );
        let approved = [("resolution", "accept"), ("proposed_by", "ben")];
        assert_eq!(
            words(&entry(AuditEvent::CaseResolved, &approved)),
            "ann approved accept of ben"
        );
        let denied = [("action", "approve"), ("reason", "ann proposed this")];
        assert_eq!(
            words(&entry(AuditEvent::CaseDenied, &denied)),
            "ann tried to approve it, refused: ann proposed this"
        );
        let reminded = [("level", "2"), ("channels", "desk night")];
        assert_eq!(
            words(&entry(AuditEvent::CaseEscalated, &reminded)),
            "reminder 2 to desk, night"
        );
        let other = entry(AuditEvent::ReviewBegun, &[]);
        assert_eq!(words(&other), "review begun by ann");
    }
}
