//! What the run read, what it could not read, and what its audit stream says.

use activities::store::{InputRow, RejectRow};
use maud::{Markup, html};

use super::super::ending::{Step, Trail};
use super::super::model::RunReport;
use super::super::text::{counted, words};
use super::parts::{Column, amount, count, note, outside, section, table};

/// Most rejects that the page shows.
const REJECTS_SHOWN_MAX: usize = 100;
/// Most steps that the page shows: first and last half of them.
const STEPS_SHOWN_MAX: usize = 60;

pub(super) fn inputs(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("Input"),
        Column::Left("Side"),
        Column::Right("Bytes"),
        Column::Right("Read"),
        Column::Right("Accepted"),
        Column::Right("Rejected"),
        Column::Right("Skipped"),
        Column::Right("Sums of the accepted"),
    ];
    let rows: Vec<_> = report.inputs.iter().map(input).collect();
    let content = html! {
        @if rows.is_empty() { (note("No input is on record.")) } @else {
            (table("What was read, sealed by its hash", &columns, &rows))
        }
    };
    section("inputs", "Inputs", &content)
}

fn input(input: &InputRow) -> Vec<Markup> {
    vec![
        html! {
            (outside(&input.name))
            @if let Some(id) = &input.declared_id { small { "calls itself " (outside(id)) } }
            small.hash { "SHA-256 " code { (input.sha256) } }
        },
        html! { (words(input.side.name())) },
        count(input.bytes),
        count(input.rows.read),
        count(input.rows.accepted),
        count(input.rows.rejected),
        count(input.rows.skipped),
        html! {
            @for total in &input.totals {
                div { (amount(total.amount, total.currency)) " " (total.currency) }
            }
        },
    ]
}

pub(super) fn rejects(report: &RunReport) -> Markup {
    let rejected = report.rejected();
    if rejected == 0 {
        let text = "Every line could be read.";
        return section("rejects", "Rejected lines", &note(text));
    }
    let columns = [
        Column::Left("Line"),
        Column::Left("Side"),
        Column::Left("Column"),
        Column::Left("Value"),
        Column::Left("Why"),
    ];
    let shown = report.rejects.iter().take(REJECTS_SHOWN_MAX);
    let rows: Vec<_> = shown.map(reject).collect();
    let more = rejected.saturating_sub(rows.len() as u64);
    let content = html! {
        (table("Lines that could not become records", &columns, &rows))
        @if more > 0 {
            (note(&format!(
                "The first {} are shown; {more} more are not. The workbook and the JSON have more.",
                rows.len()
            )))
        }
    };
    let heading = counted(rejected, "rejected line", "rejected lines");
    section("rejects", &heading, &content)
}

fn reject(row: &RejectRow) -> Vec<Markup> {
    let reject = &row.reject;
    vec![
        html! { (outside(&reject.origin.file)) small { "line " (reject.origin.line) } },
        html! { (words(reject.side.name())) },
        outside(&reject.column),
        outside(&reject.value),
        html! { div.reason { (outside(&reject.reason)) } },
    ]
}

pub(super) fn steps(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("When (UTC)"),
        Column::Left("What"),
        Column::Left("Who"),
        Column::Left("Details"),
    ];
    let steps = &report.steps;
    let half = STEPS_SHOWN_MAX / 2;
    let hidden = steps.len().saturating_sub(STEPS_SHOWN_MAX);
    let shown = steps
        .iter()
        .enumerate()
        .filter(|(index, _)| hidden == 0 || *index < half || *index >= half + hidden);
    let rows: Vec<_> = shown.map(|(_, step)| row(step)).collect();
    let trail = match &report.trail {
        Trail::Whole { entries, head } => html! {
            p.note {
                "The audit trail of this run is whole: " (counted(*entries, "entry", "entries"))
                ", the last with hash " code.hash { (head) } ". Cases have trails of their own."
            }
        },
        Trail::Broken(problem) => html! {
            p.note.no { strong { "The audit trail is broken. " } (outside(problem)) }
        },
    };
    let content = html! {
        (table("What happened, by the audit trail", &columns, &rows))
        @if hidden > 0 { (note(&format!("{hidden} steps in between are not shown."))) }
        (trail)
    };
    section("steps", "How the run went", &content)
}

fn row(step: &Step) -> Vec<Markup> {
    vec![
        html! { span.date { (step.at.strftime("%Y-%m-%d %H:%M:%S").to_string()) } },
        html! { (words(step.event.name())) },
        outside(&step.actor),
        html! {
            @for (name, value) in step.fields.iter().filter(|(_, value)| !value.is_empty()) {
                div.detail { span.muted { (name.replace('_', " ")) ": " } (outside(value)) }
            }
        },
    ]
}
