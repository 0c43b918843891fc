//! The score for people: one table by count, one by value, one by trouble, and what to look at.

use domain::money::amount_text;

use super::card::{Card, Figures, Part};
use super::claim::Claim;
use crate::report::listed_lines;
use crate::report::run_report::Share;
use crate::table::{self, Column, render};

/// The account of a score, several paragraphs of plain text, with at most `listed_max` each of what
/// is missed and what is false.
pub(crate) fn account(card: &Card, listed_max: usize) -> String {
    let mut parts = vec![verdict(card), by_count(card), by_value(card)];
    if !card.troubles.is_empty() {
        parts.push(by_trouble(card));
    }
    parts.extend(listed("Missed", &card.missed, listed_max));
    parts.extend(listed("False", &card.wrong, listed_max));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn verdict(card: &Card) -> String {
    let verdict = match card.is_exact() {
        true => "Exact: all that is true was found, and nothing else.".to_owned(),
        false => format!("{} missed, {} false.", card.missed.len(), card.wrong.len()),
    };
    match card.has_matches {
        true => verdict,
        false => format!(
            "{verdict} Matches are not scored: that takes the folder of a comparison with \
             --matches, and a truth with its -matches.csv."
        ),
    }
}

const FIGURES: [Column; 5] = [
    Column::Right("expected"),
    Column::Right("found"),
    Column::Right("correct"),
    Column::Right("precision %"),
    Column::Right("recall %"),
];

fn by_count(card: &Card) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (what, figures) in &card.kinds {
        rows.push(row([what.to_string()], counts(figures)));
    }
    let all = ["all discrepancies".to_owned()];
    rows.push(row(all, counts(&card.discrepancies)));
    render(&columns([Column::Left("by count")]), rows)
}

fn by_value(card: &Card) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (what, figures) in &card.kinds {
        for currency in figures.currencies() {
            let amount = |part: &Part| {
                let amount = part.value_in(currency);
                amount.map_or_else(unknown, |amount| amount_text(amount, currency))
            };
            let figures = [
                amount(&figures.expected),
                amount(&figures.found),
                amount(&figures.correct),
                share(figures.precision_in(currency)),
                share(figures.recall_in(currency)),
            ];
            rows.push(row([what.to_string(), currency.to_string()], figures));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let heads = [Column::Left("by value"), Column::Left("currency")];
    render(&columns(heads), rows)
}

fn by_trouble(card: &Card) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (trouble, [discrepancies, matches]) in &card.troubles {
        for (of, figures) in [("discrepancies", discrepancies), ("matches", matches)] {
            if figures.expected.count + figures.found.count > 0 {
                rows.push(row([trouble.to_string(), of.to_owned()], counts(figures)));
            }
        }
    }
    render(
        &columns([Column::Left("by trouble"), Column::Left("of")]),
        rows,
    )
}

fn columns<const N: usize>(heads: [Column; N]) -> Vec<Column> {
    heads.into_iter().chain(FIGURES).collect()
}

fn row<const N: usize>(heads: [String; N], figures: [String; 5]) -> Vec<String> {
    heads.into_iter().chain(figures).collect()
}

fn counts(figures: &Figures) -> [String; 5] {
    [
        figures.expected.count.to_string(),
        figures.found.count.to_string(),
        figures.correct.count.to_string(),
        share(figures.precision()),
        share(figures.recall()),
    ]
}

fn share(share: Option<Share>) -> String {
    share.map_or_else(unknown, |share| share.fine_percent_text())
}

fn unknown() -> String {
    "-".to_owned()
}

fn listed(title: &str, claims: &[Claim], listed_max: usize) -> Option<String> {
    let rows = claims.iter().map(|claim| {
        vec![
            claim.what.to_string(),
            claim.reference.to_string(),
            listed_lines(&claim.lines.partner),
            listed_lines(&claim.lines.ledger),
            claim.trouble.as_deref().unwrap_or_default().to_owned(),
        ]
    });
    let columns = [
        Column::Left("kind"),
        Column::Left("reference"),
        Column::Left("partner lines"),
        Column::Left("ledger lines"),
        Column::Left("trouble"),
    ];
    table::listed(title, &columns, rows, listed_max)
}
