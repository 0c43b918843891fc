//! The discrepancies one by one, as many as a page bears; the other formats have all of them.

use std::collections::BTreeSet;

use domain::discrepancy::Discrepancy;
use domain::matching::{own_records, own_sum};
use domain::money::Currency;
use domain::record::{Record, Side};
use domain::severity::Severity;
use maud::{Markup, html};

use super::super::charts::severity_class;
use super::super::model::{Item, RunReport};
use super::super::text::{counted, words};
use super::found::nothing;
use super::parts::{Column, amount, count, counted_sum, none, note, outside, section, sum, table};

/// Most discrepancies of one severity that the page shows.
pub(super) const SHOWN_MAX: usize = 500;

/// What is open at the end, per currency, and what is in transit.
pub(super) fn open_items(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("Currency"),
        Column::Right("Open discrepancies"),
        Column::Right("Value at risk"),
        Column::Right("Critical of them"),
        Column::Right("At stake in these"),
        Column::Right("Partner carries forward"),
        Column::Right("Ledger carries forward"),
    ];
    let mut currencies: BTreeSet<Currency> = report.figures.by_currency.keys().copied().collect();
    let conservation = &report.balance.conservation;
    currencies.extend(conservation.lines().map(|(_, currency, _)| currency));
    let rows = currencies.into_iter().map(|currency| {
        let figures = report.figures.by_currency.get(&currency);
        let figures = figures.copied().unwrap_or_default();
        vec![
            html! { (currency) },
            count(figures.open.count),
            sum(figures.open.at_stake, currency),
            count(figures.critical.count),
            sum(figures.critical.at_stake, currency),
            carried_forward(report, Side::Partner, currency),
            carried_forward(report, Side::Ledger, currency),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let in_transit = report
        .run
        .totals
        .as_ref()
        .map_or(0, |totals| totals.in_transit);
    let content = html! {
        @if rows.is_empty() { (note(nothing(report, "Nothing is open."))) } @else {
            (table("Open at the end, per currency", &columns, &rows))
        }
        @if in_transit > 0 {
            (note(&format!(
                "{} in transit: not due at the partner yet, and no discrepancy; trueup open-items lists them.",
                counted(in_transit, "ledger record is", "ledger records are")
            )))
        }
    };
    section("open", "Open items at the end", &content)
}

/// What one side's records carry forward into the next run.
fn carried_forward(report: &RunReport, side: Side, currency: Currency) -> Markup {
    let mut lines = report.balance.conservation.lines();
    let line = lines.find(|(of, in_currency, _)| (*of, *in_currency) == (side, currency));
    line.map_or_else(none, |(_, _, line)| {
        counted_sum(line.carried_forward, currency)
    })
}

/// Every discrepancy, by severity.
pub(super) fn all(report: &RunReport) -> Markup {
    if report.items.is_empty() {
        return html! {};
    }
    let content = html! {
        @for severity in Severity::ALL.iter().rev() {
            @let found = report.figures.of_severity(*severity).found;
            @if found > 0 { (of_severity(report, *severity, found)) }
        }
    };
    html! { div.wide { (section("discrepancies", "The discrepancies", &content)) } }
}

fn of_severity(report: &RunReport, severity: Severity, found: u64) -> Markup {
    let columns = [
        Column::Left("Reference"),
        Column::Left("Kind"),
        Column::Left("Case"),
        Column::Right("Age"),
        Column::Right("Partner"),
        Column::Right("Ledger"),
        Column::Right("Difference"),
        Column::Left("Currency"),
        Column::Left("Value date"),
        Column::Left("Why"),
    ];
    let items = report.items.iter();
    let items = items.filter(|item| item.discrepancy.severity == severity);
    let rows: Vec<_> = items.take(SHOWN_MAX).map(row).collect();
    let more = found.saturating_sub(rows.len() as u64);
    let caption = format!(
        "{}: {}",
        words(severity.name()),
        counted(found, "discrepancy", "discrepancies")
    );
    html! {
        div.of.(severity_class(severity)) { (table(&caption, &columns, &rows)) }
        @if more > 0 {
            p.note {
                strong { "The first " (rows.len()) " are shown; " (count(more)) " more are not. " }
                "All of them: " code { "trueup report RUN --format csv" } " or "
                code { "--format xlsx" } "."
            }
        }
    }
}

fn row(item: &Item) -> Vec<Markup> {
    let discrepancy = &item.discrepancy;
    vec![
        html! {
            (outside(&discrepancy.reference))
            small.id { code { (discrepancy.id) } }
        },
        html! { (words(discrepancy.kind.name())) },
        case(item),
        count(item.age_business_days),
        of_side(discrepancy, Side::Partner),
        of_side(discrepancy, Side::Ledger),
        match discrepancy.difference {
            Some(difference) => amount(difference, discrepancy.currency),
            None => none(),
        },
        html! { (discrepancy.currency) },
        value_dates(discrepancy),
        html! {
            div.reason {
                (outside(&discrepancy.reason))
                @if let Some(nearest) = &discrepancy.nearest {
                    small { "closest: " (outside(&nearest.to_string())) }
                }
            }
        },
    ]
}

fn case(item: &Item) -> Markup {
    let decision = item.decision();
    html! {
        (words(item.case.state.name()))
        @if let Some(decision) = decision {
            small {
                (words(decision.resolution.kind().name())) " by " (outside(&decision.by))
                @if let Some(other) = &decision.approved_by { ", agreed by " (outside(other)) }
            }
            small.reason { (outside(&decision.note)) }
        } @else if let Some(person) = &item.case.assigned_to {
            small { "with " (outside(person)) }
        }
    }
}

/// The amount of a side's record, or what its records come to; with its currency where that is not the
/// row's.
fn of_side(discrepancy: &Discrepancy, side: Side) -> Markup {
    let records = own_records(discrepancy).filter(|record| record.side == side);
    let records: Vec<&Record> = records.collect();
    let (Some(first), Some(money)) = (records.first(), own_sum(discrepancy, side)) else {
        return none();
    };
    html! {
        (amount(money.amount, money.currency))
        @if money.currency != discrepancy.currency { small { (money.currency) } }
        @if records.len() > 1 { small { (records.len()) " records" } }
        small { @if records.len() > 1 { "from " } "line " (first.origin.line) }
    }
}

fn value_dates(discrepancy: &Discrepancy) -> Markup {
    let date = |record: &Option<Record>| record.as_ref().map(|record| record.value_date);
    let (partner, ledger) = (date(&discrepancy.partner), date(&discrepancy.ledger));
    match (partner, ledger) {
        (Some(partner), Some(ledger)) if partner != ledger => {
            html! { span.date { (partner) } small.date { "ledger " (ledger) } }
        }
        (Some(date), _) | (None, Some(date)) => html! { span.date { (date) } },
        (None, None) => none(),
    }
}
