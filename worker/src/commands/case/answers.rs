//! How a case stands, for people.

use std::fmt::Write;

use proto::wire::{AlertStatus, CaseDecision, CaseStatus};

/// Several lines, the most important first.
pub(super) fn standing(case: &CaseStatus) -> String {
    let CaseStatus {
        case_id,
        state,
        kind,
        severity,
        reference,
        currency,
        at_stake,
        ..
    } = case;
    let mut text = format!("{case_id}  {state}");
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a text can't fail.
            let _ = write!(text, "\n  {name:<12} {value}");
        }
    };
    line("what", format!("{severity} {kind} {reference}").trim());
    line("at stake", &format!("{at_stake} {currency}"));
    if case.members > 0 {
        let (members, open) = (case.members, case.members_open);
        line(
            "behind it",
            &format!("{members} discrepancies, {open} open"),
        );
    }
    line("owner", &case.assigned_to);
    line("seen by", &case.acknowledged_by);
    if let Some(decision) = &case.decision {
        let name = match state.as_str() {
            "proposed" => "proposed",
            _ => "resolution",
        };
        line(name, &decided(decision, currency));
    }
    if case.escalation_level > 0 {
        line("reminders", &case.escalation_level.to_string());
    }
    line("next", &case.due_at);
    for alert in &case.alerts {
        let problem = match alert.problem.is_empty() {
            true => String::new(),
            false => format!(": {}", alert.problem),
        };
        line(
            "alert",
            &format!("{} {}{}{problem}", alert.channel, alert.state, held(alert)),
        );
    }
    if state == "proposed" {
        line(
            "waits for",
            "a second person: trueup case approve, or reject",
        );
    }
    text
}

fn held(alert: &AlertStatus) -> String {
    match alert.deliver_after.is_empty() {
        true => String::new(),
        false => format!(", held until {}", alert.deliver_after),
    }
}

/// A decision in one line.
pub(super) fn decided(decision: &CaseDecision, currency: &str) -> String {
    let CaseDecision {
        resolution,
        note,
        by,
        match_with,
        amount,
        account,
        until,
        approved_by,
        ..
    } = decision;
    let mut text = resolution.clone();
    let mut add = |given: &str, words: String| {
        if !given.is_empty() {
            text += &words;
        }
    };
    add(match_with, format!(" with {match_with}"));
    add(amount, format!(" of {amount} {currency}"));
    add(account, format!(" to {account}"));
    add(until, format!(" until {until}"));
    add(by, format!(", by {by}"));
    add(approved_by, format!(", approved by {approved_by}"));
    add(note, format!(": {note}"));
    text
}
