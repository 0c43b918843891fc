//! A report as one page: readable on a screen of any width and on paper, in light and in dark.
//!
//! It stands alone: no script, no resource from elsewhere, and a policy that forbids both. Markup is
//! made by maud, which escapes every value.

mod found;
mod listing;
mod money;
mod parts;
mod record;

use domain::record::Side;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Share;
use super::balance::matched_of;
use super::ending::Trail;
use super::model::RunReport;
use super::text::{scope, time, visible};
use super::wording::{self, Answer, Tone};
use parts::{count, outside};

const STYLE: &str = include_str!("style.css");
/// Nothing is fetched, nothing runs, whatever a page says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
pub(super) fn page(report: &RunReport) -> String {
    let run = &report.run;
    let title = format!("{}, {}", report.title, run.business_date);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Reconciliation: " (visible(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(report))
                main {
                    (answers(report))
                    (found::match_rates(report))
                    (found::discrepancies(report))
                    (found::ageing(report))
                    (money::conservation(report))
                    (money::resolutions(report))
                    (listing::open_items(report))
                    (listing::all(report))
                    (record::inputs(report))
                    (record::rejects(report))
                    (record::steps(report))
                }
                (footer(report))
            }
        }
    };
    page.into_string()
}

fn header(report: &RunReport) -> Markup {
    let run = &report.run;
    let state = report.ending.state.name().replace('_', " ");
    html! {
        header {
            p.over { "Reconciliation report" }
            h1 { (outside(&report.title)) }
            dl.facts {
                div { dt { "Business date" } dd { (run.business_date) } }
                div { dt { "Scope" } dd { (outside(&scope(&run.scope))) } }
                div { dt { "Generation" } dd { (run.generation) } }
                div { dt { "State" } dd { (state) } }
                div { dt { "Run" } dd { code { (outside(&run.run_id)) } } }
                div { dt { "Asked for by" } dd { (outside(requested_by(report))) } }
                div { dt { "Report made" } dd { (time(report.made_at)) } }
            }
            (warnings(report))
        }
    }
}

fn requested_by(report: &RunReport) -> &str {
    match report.run.requested_by.as_str() {
        "" => "nobody in particular",
        somebody => somebody,
    }
}

/// What a reader must know before anything else.
fn warnings(report: &RunReport) -> Markup {
    html! {
        @if let Trail::Broken(problem) = &report.trail {
            p.warning.bad role="alert" {
                strong { "The audit trail of this run is broken." } " " (outside(problem))
            }
        }
        @if let Some(problem) = &report.ending.problem {
            p.warning.bad role="alert" {
                strong { "This run ended without a result." } " " (outside(problem))
            }
        }
        @if report.run.totals.is_none() && report.ending.problem.is_none() {
            p.warning {
                strong { "This run has not ended." }
                " What follows is what is on record so far, and may change."
            }
        }
    }
}

fn answers(report: &RunReport) -> Markup {
    html! {
        section.answers aria-label="Five questions" {
            @for answer in wording::answers(report) { (card(&answer)) }
            (headline_rate(report))
        }
    }
}

fn card(answer: &Answer) -> Markup {
    let (tone, sign) = match answer.tone {
        Tone::Good => ("good", "✓"),
        Tone::Bad => ("bad", "!"),
        Tone::Neutral => ("neutral", "·"),
    };
    html! {
        article.card.(tone) {
            h2 { (answer.question) }
            p.answer { span.sign aria-hidden="true" { (sign) } (outside(&answer.answer)) }
            @if !answer.details.is_empty() {
                ul { @for detail in &answer.details { li { (outside(detail)) } } }
            }
        }
    }
}

/// Counts of records are no money: they are added up over currencies.
fn headline_rate(report: &RunReport) -> Markup {
    let sides = Side::BOTH.map(|side| (side, matched_of(&report.rates, side)));
    let shares = sides.map(|(_, (matched, records))| Share::of_counts(matched, records));
    let shown: Vec<String> = shares.iter().flatten().map(ToString::to_string).collect();
    html! {
        article.card.neutral {
            h2 { "How much matched, by count?" }
            p.answer {
                @if shown.is_empty() { "No records" } @else { (shown.join(" · ")) }
            }
            ul {
                @for (side, (matched, records)) in sides {
                    li { (side) ": " (count(matched)) " of " (count(records)) " records" }
                }
            }
        }
    }
}

fn footer(report: &RunReport) -> Markup {
    html! {
        footer {
            h2 { "How to read this page" }
            dl {
                dt { "Match rate by count" }
                dd { "The " (wording::RATE_BY_COUNT) ". Per side and currency." }
                dt { "Match rate by value" }
                dd { "Of the records in a pair that agrees: " (wording::RATE_BY_VALUE) "." }
                dt { "Rounding" }
                dd { (wording::ROUNDED_DOWN) " Amounts are exact and never rounded." }
                dt { "Value at risk" }
                dd {
                    "What is at stake in discrepancies whose case is open or proposed, without signs: "
                    "the difference where both sides exist, else the record's amount. "
                    "Nothing is added up across currencies."
                }
                dt { "Age" }
                dd {
                    "Business days from the earliest value date of the two records to the business "
                    "date of the run, "
                    @if report.is_calendar_known { "in the source's calendar." } @else {
                        "Monday to Friday: the source is not configured any more, and its calendar "
                        "not known."
                    }
                }
                dt { "Conservation" }
                dd {
                    "Per side and currency: opening + received = matched + written off + voided + "
                    "carried forward + out of scope, by count and by exact sum, as the run recorded it."
                }
                dt { "Cases" }
                dd { "States, people and resolutions are as they stood at " (time(report.made_at)) "." }
            }
        }
    }
}
