//! Where the money went, and what people decided about what was left.

use maud::{Markup, html};

use super::super::balance::Verdict;
use super::super::model::RunReport;
use super::super::text::{counted, words};
use super::parts::{Column, count, counted_sum, none, note, outside, section, sum, table};

pub(super) fn conservation(report: &RunReport) -> Markup {
    let balance = &report.balance;
    if balance.verdict == Verdict::Unknown {
        let text = "Nothing was added up: the run did not get that far.";
        return section("conservation", "Conservation", &note(text));
    }
    let columns = [
        Column::Left("Side"),
        Column::Left("Currency"),
        Column::Right("Opening"),
        Column::Right("Received"),
        Column::Right("Matched"),
        Column::Right("Written off"),
        Column::Right("Voided"),
        Column::Right("Carried forward"),
        Column::Right("Out of scope"),
        Column::Left("Balances"),
    ];
    let rows = balance.conservation.lines().map(|(side, currency, line)| {
        let cell = |part| counted_sum(part, currency);
        vec![
            html! { (words(side.name())) },
            html! { (currency) },
            cell(line.opening),
            cell(line.received),
            cell(line.matched),
            cell(line.written_off),
            cell(line.voided),
            cell(line.carried_forward),
            cell(line.out_of_scope),
            html! {
                @if line.holds() { span.yes { "✓ yes" } } @else { strong.no { "✗ no" } }
            },
        ]
    });
    let rows: Vec<_> = rows.collect();
    let content = html! {
        @if rows.is_empty() { (note("There were no records.")) } @else {
            (table("Every record and every amount, by side and currency", &columns, &rows))
        }
        @if let Verdict::Fails(imbalances) = &balance.verdict {
            ul.problems { @for imbalance in imbalances { li { (imbalance.to_string()) } } }
        }
    };
    section("conservation", "Conservation", &content)
}

pub(super) fn resolutions(report: &RunReport) -> Markup {
    let resolutions = &report.resolutions;
    let content = html! {
        @if resolutions.decisions.is_empty() {
            (note("Nobody has resolved anything yet."))
        } @else {
            (decisions(report))
        }
        @if !resolutions.write_offs.is_empty() { (write_offs(report)) }
        @if resolutions.cleared > 0 {
            (note(&format!(
                "{} cleared by later runs: the difference was gone.",
                counted(resolutions.cleared, "case was", "cases were")
            )))
        }
        @if !resolutions.assigned.is_empty() { (assigned(report)) }
    };
    section("resolutions", "Who resolved what", &content)
}

fn decisions(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("Decided by"),
        Column::Left("Approved by"),
        Column::Left("Resolution"),
        Column::Left("In force"),
        Column::Left("Currency"),
        Column::Right("Cases"),
        Column::Right("At stake"),
    ];
    let rows = report.resolutions.decisions.iter().map(|(key, stake)| {
        vec![
            outside(&key.by),
            match &key.approved_by {
                Some(person) => outside(person),
                None => none(),
            },
            html! { (words(key.resolution.name())) },
            html! { @if key.is_in_force { "yes" } @else { "waits for a second person" } },
            html! { (key.currency) },
            count(stake.count),
            sum(stake.at_stake, key.currency),
        ]
    });
    table("Decisions, by person", &columns, &rows.collect::<Vec<_>>())
}

fn write_offs(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("Reason"),
        Column::Left("Account"),
        Column::Left("Currency"),
        Column::Right("Cases"),
        Column::Right("Written off"),
    ];
    let rows = report.resolutions.write_offs.iter().map(|(key, stake)| {
        vec![
            outside(&key.reason_code),
            outside(&key.account),
            html! { (key.currency) },
            count(stake.count),
            sum(stake.at_stake, key.currency),
        ]
    });
    table(
        "Write-offs in force, by reason",
        &columns,
        &rows.collect::<Vec<_>>(),
    )
}

fn assigned(report: &RunReport) -> Markup {
    let columns = [Column::Left("Assigned to"), Column::Right("Open")];
    let rows = report.resolutions.assigned.iter().map(|(person, open)| {
        let person = match person {
            Some(person) => outside(person),
            None => html! { span.muted { "nobody" } },
        };
        vec![person, count(*open)]
    });
    table(
        "Who is to look at what is open",
        &columns,
        &rows.collect::<Vec<_>>(),
    )
}
