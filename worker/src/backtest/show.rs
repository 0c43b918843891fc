//! The account of a backtest, for people.

use domain::backtest::{Agreement, Backtest, Match, Tally};
use domain::discrepancy::Discrepancy;
use domain::money::{Money, amount_text};
use domain::record::Side;

use super::Days;
use crate::table::{Column, listed, render};

/// Most that is listed of each kind.
const LISTED_MAX: usize = 20;

/// The account, several paragraphs of plain text.
pub(crate) fn account(days: &Days, all: bool) -> String {
    let listed_max = if all { usize::MAX } else { LISTED_MAX };
    let mut parts = vec![
        heading(days),
        matches(days),
        discrepancies(days),
        people(days),
    ];
    let [new, lost, changed]: [fn(&Backtest) -> &[Match]; 3] =
        [|it| &it.new, |it| &it.lost, |it| &it.changed];
    for (title, of) in [
        ("New matches", new),
        ("Lost matches", lost),
        ("Changed matches", changed),
    ] {
        parts.extend(listed_matches(days, title, of, listed_max));
    }
    let [appeared, gone]: [fn(&Backtest) -> &[Discrepancy]; 2] = [|it| &it.appeared, |it| &it.gone];
    for (title, of) in [
        ("New discrepancies", appeared),
        ("Discrepancies no longer found", gone),
    ] {
        parts.extend(listed_discrepancies(days, title, of, listed_max));
    }
    for (run, reason) in &days.left_out {
        parts.push(format!("Left out: {run}: {reason}"));
    }
    parts.join("\n\n")
}

fn heading(days: &Days) -> String {
    let (from, to) = days.days;
    let count = days.runs.len();
    let plural = if count == 1 { "" } else { "s" };
    format!(
        "{}, {from} to {to}: {count} run{plural} by the rules of then, and by those of {}",
        days.source, days.rules
    )
}

fn matches(days: &Days) -> String {
    let [new, lost, changed] = &days.tallies;
    let named = [
        ("same", &days.same),
        ("new", new),
        ("lost", lost),
        ("changed", changed),
    ];
    let rows = named
        .into_iter()
        .map(|(name, tally)| vec![name.to_owned(), tally.count.to_string(), value(tally)]);
    let columns = [
        Column::Left("matches"),
        Column::Right("count"),
        Column::Left("value reported by the partner"),
    ];
    render(&columns, rows.collect())
}

fn value(tally: &Tally) -> String {
    let sums = tally.value.iter();
    let sums: Vec<String> = sums
        .map(|(currency, amount)| format!("{} {currency}", amount_text(*amount, *currency)))
        .collect();
    sums.join(", ")
}

fn discrepancies(days: &Days) -> String {
    let (then, now) = days.discrepancies();
    let found = || days.runs.iter().map(|(_, run)| &run.found);
    format!(
        "Discrepancies: {then} by the rules of then, {now} by the new ones; {} no longer found, {} new.",
        found().map(|it| it.gone.len()).sum::<usize>(),
        found().map(|it| it.appeared.len()).sum::<usize>(),
    )
}

fn people(days: &Days) -> String {
    let [agrees, asks_again, contradicts] = Agreement::ALL.map(|it| days.decided(it));
    if agrees + asks_again + contradicts == 0 {
        return "People decided none of these.".to_owned();
    }
    let mut said = format!(
        "People decided {} of these. The new rules agree with {agrees}, ask again for {asks_again} \
         and contradict {contradicts}.",
        agrees + asks_again + contradicts
    );
    for (run, replayed) in &days.runs {
        for decided in &replayed.found.decided {
            let what = match decided.agreement {
                Agreement::Agrees => continue,
                Agreement::AsksAgain => "asks again",
                Agreement::Contradicts => "contradicts",
            };
            said.push_str(&format!(
                "\n  {what}: {} was resolved as {} (case/{}, {run})",
                decided.reference,
                decided.resolution.kind(),
                decided.discrepancy
            ));
        }
    }
    said
}

fn listed_matches(
    days: &Days,
    title: &str,
    of: fn(&Backtest) -> &[Match],
    listed_max: usize,
) -> Option<String> {
    let all = days.runs.iter().flat_map(|(run, replayed)| {
        let matches = of(&replayed.found).iter();
        matches.map(move |it| {
            vec![
                it.reference.clone(),
                it.value.to_string(),
                it.rule.clone(),
                places(it, Side::Partner),
                places(it, Side::Ledger),
                run.clone(),
            ]
        })
    });
    let columns = [
        Column::Left("reference"),
        Column::Right("value"),
        Column::Left("rule"),
        Column::Left("partner"),
        Column::Left("ledger"),
        Column::Left("run"),
    ];
    listed(title, &columns, all, listed_max)
}

fn listed_discrepancies(
    days: &Days,
    title: &str,
    of: fn(&Backtest) -> &[Discrepancy],
    listed_max: usize,
) -> Option<String> {
    let all = days.runs.iter().flat_map(|(run, replayed)| {
        let found = of(&replayed.found).iter();
        found.map(move |it| {
            let at_stake = Money {
                amount: it.at_stake,
                currency: it.currency,
            };
            vec![
                it.kind.to_string(),
                it.reference.to_string(),
                at_stake.to_string(),
                it.reason.clone(),
                run.clone(),
            ]
        })
    });
    let columns = [
        Column::Left("kind"),
        Column::Left("reference"),
        Column::Right("at stake"),
        Column::Left("why"),
        Column::Left("run"),
    ];
    listed(title, &columns, all, listed_max)
}

/// `report.csv 12 13`.
fn places(found: &Match, side: Side) -> String {
    let mut said = String::new();
    let mut file: Option<&str> = None;
    for place in found.places.iter().filter(|place| place.side == side) {
        if file != Some(&*place.file) {
            let comma = if file.is_some() { ", " } else { "" };
            said.push_str(&format!("{comma}{}", place.file));
            file = Some(&place.file);
        }
        said.push_str(&format!(" {}", place.line));
    }
    said
}
