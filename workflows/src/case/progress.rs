//! How a case stands, for people: the query's answer, the page in the Temporal UI, the search
//! attributes.

use std::fmt::Write;

use proto::wire::{CaseDecision, CaseStatus};
use temporalio_workflow::WorkflowContext;

use super::Case;
use super::inbox::Inbox;
use crate::search;

/// Answer to the query `status`.
pub(super) fn status(case: &Case, case_id: &str) -> CaseStatus {
    let mut status = case.status.clone();
    // Before the first answer of the store, and from workers that told of the alerts only.
    status.case_id = case_id.to_owned();
    if status.state.is_empty() {
        "open".clone_into(&mut status.state);
    }
    status
}

/// How the case stands at the end of its workflow. One that nobody can resolve, as it tells of
/// many discrepancies or of none, is over once people were told.
pub(super) fn ended(status: &CaseStatus) -> CaseStatus {
    let mut status = status.clone();
    if status.state == "open" {
        "closed".clone_into(&mut status.state);
    }
    status
}

/// Puts how the case stands on its page in the Temporal UI.
pub(super) fn show(ctx: &WorkflowContext<Case>) {
    let details = ctx.state(|case| details(&case.status, &case.inbox));
    ctx.set_current_details(details);
}

/// Makes the case findable by what changed.
pub(super) fn tag(ctx: &WorkflowContext<Case>, now: &CaseStatus) {
    let before = ctx.state(|case| search::case(&case.status));
    let now = search::case(now);
    if before != now {
        let [source, state, severity] = now;
        ctx.upsert_search_attributes([
            search::SOURCE.value_set(source),
            search::PHASE.value_set(state),
            search::HIGHEST_SEVERITY.value_set(severity),
        ]);
    }
}

/// In Markdown: what it is, how it stands, what one can do.
pub(super) fn details(case: &CaseStatus, inbox: &Inbox) -> String {
    let mut text = String::new();
    // Writing to a text can't fail.
    let _ = what_it_is(&mut text, case)
        .and_then(|()| how_it_stands(&mut text, case))
        .and_then(|()| what_went_wrong(&mut text, inbox))
        .and_then(|()| what_one_can_do(&mut text, case));
    text
}

fn what_it_is(text: &mut String, case: &CaseStatus) -> std::fmt::Result {
    let CaseStatus {
        kind,
        reference,
        source,
        severity,
        at_stake,
        currency,
        ..
    } = case;
    match (kind.is_empty(), reference.is_empty()) {
        (_, true) => return Ok(()),
        (true, false) => writeln!(text, "**{reference}**")?,
        (false, false) => writeln!(text, "**{kind}: {reference}**")?,
    }
    writeln!(
        text,
        "\n{severity}, {at_stake} {currency} at stake, source {source}"
    )
}

fn how_it_stands(text: &mut String, case: &CaseStatus) -> std::fmt::Result {
    if !case.state.is_empty() {
        writeln!(text, "\nState: **{}**", case.state)?;
    }
    for (who, what) in [
        (&case.assigned_to, "assigned to"),
        (&case.acknowledged_by, "acknowledged by"),
    ] {
        if !who.is_empty() {
            writeln!(text, "- {what} {who}")?;
        }
    }
    if let Some(decision) = &case.decision {
        writeln!(text, "- {}", decided(decision))?;
    }
    if !case.due_at.is_empty() {
        writeln!(text, "- next reminder or change: {}", case.due_at)?;
    }
    for alert in &case.alerts {
        let why = match alert.problem.is_empty() {
            true => String::new(),
            false => format!(": {}", alert.problem),
        };
        let held = match alert.deliver_after.is_empty() {
            true => String::new(),
            false => format!(", held until {}", alert.deliver_after),
        };
        let state = &alert.state;
        writeln!(text, "- alert by {}: {state}{held}{why}", alert.channel)?;
    }
    Ok(())
}

fn decided(decision: &CaseDecision) -> String {
    let CaseDecision {
        resolution,
        by,
        at,
        note,
        approved_by,
        ..
    } = decision;
    let approved = match approved_by.is_empty() {
        true => String::new(),
        false => format!(", approved by {approved_by}"),
    };
    format!("{resolution} by {by} at {at}{approved}: {note}")
}

fn what_went_wrong(text: &mut String, inbox: &Inbox) -> std::fmt::Result {
    let mut problems = inbox.problems().peekable();
    if problems.peek().is_some() {
        writeln!(text, "\nNot done:")?;
    }
    problems.try_for_each(|problem| writeln!(text, "- {problem}"))
}

fn what_one_can_do(text: &mut String, case: &CaseStatus) -> std::fmt::Result {
    let (name, input) = match case.state.as_str() {
        "open" => (
            "resolve",
            r#"{"by":"you","resolution":"accept","note":"why"}"#,
        ),
        "proposed" => ("approve", r#"{"by":"you"}"#),
        "resolved" | "cleared" => ("reopen", r#"{"by":"you","note":"why"}"#),
        _ => return Ok(()),
    };
    writeln!(
        text,
        "\n```\ntemporal workflow update execute -w {} --name {name} --input '{input}'\n```",
        case.case_id
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_it_is_how_it_stands_and_what_one_can_do() {
        let case = CaseStatus {
            case_id: "case/c0ffee".to_owned(),
            state: "proposed".to_owned(),
            kind: "amount_mismatch".to_owned(),
            reference: "P-3".to_owned(),
            source: "shop".to_owned(),
            severity: "critical".to_owned(),
            currency: "EUR".to_owned(),
            at_stake: "90.00".to_owned(),
            assigned_to: "ann".to_owned(),
            decision: Some(CaseDecision {
                resolution: "accept".to_owned(),
                by: "ben".to_owned(),
                at: "2026-11-20T08:00:00Z".to_owned(),
                note: "as agreed".to_owned(),
                ..CaseDecision::default()
            }),
            ..CaseStatus::default()
        };
        let mut inbox = Inbox::default();
        inbox.complain("signal `assign`: missing field `to`".to_owned());
        assert_eq!(
            details(&case, &inbox),
            "**amount_mismatch: P-3**\n\n\
             critical, 90.00 EUR at stake, source shop\n\n\
             State: **proposed**\n\
             - assigned to ann\n\
             - accept by ben at 2026-11-20T08:00:00Z: as agreed\n\n\
             Not done:\n\
             - signal `assign`: missing field `to`\n\n\
             ```\n\
             temporal workflow update execute -w case/c0ffee --name approve --input \
             '{\"by\":\"you\"}'\n\
             ```\n"
        );
    }
}
