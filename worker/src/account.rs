//! A run's findings as a readable account: what was read, what matched, what did not and why.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use domain::discrepancy::{Discrepancy, Kind};
use domain::money::Currency;
use domain::record::Reject;
use domain::severity::Severity;
use proto::wire::{ConservationLine, CountAndSum, RunTotals, SideCounts};

use crate::counted::counted;
use crate::table::{Column, render};

/// Most discrepancies and rejects that are shown one by one.
const SHOWN_MAX: usize = 10;

/// The account of one run, several paragraphs of plain text.
pub(crate) fn run_account<'d>(
    totals: &RunTotals,
    discrepancies: impl Iterator<Item = &'d Discrepancy> + Clone,
    rejects: &[Reject],
) -> String {
    let mut parts = vec![
        inputs(totals),
        outcome(totals, discrepancies.clone()),
        conservation_table(&totals.conservation),
    ];
    if discrepancies.clone().next().is_some() {
        parts.push(first_discrepancies(discrepancies));
    }
    if !rejects.is_empty() {
        parts.push(first_rejects(rejects));
    }
    parts.join("\n\n") + "\n"
}

/// Where the money of each side and currency went.
pub(crate) fn conservation_table(lines: &[ConservationLine]) -> String {
    let mut columns = vec![Column::Left("side"), Column::Left("currency")];
    let parts: Vec<_> = PARTS
        .iter()
        .filter(|part| part.is_always_told || lines.iter().any(|line| has_records((part.of)(line))))
        .collect();
    columns.extend(parts.iter().map(|part| Column::Right(part.name)));
    columns.push(Column::Left("balances"));
    let cell = |part: &Option<CountAndSum>| {
        let part = part.clone().unwrap_or_default();
        format!("{} ({})", part.amount, part.count)
    };
    let rows = lines.iter().map(|line| {
        let mut row = vec![line.side.clone(), line.currency.clone()];
        row.extend(parts.iter().map(|part| cell((part.of)(line))));
        row.push((if line.holds { "yes" } else { "NO" }).to_owned());
        row
    });
    render(&columns, rows.collect())
}

/// One part of a conservation line.
struct Part {
    name: &'static str,
    of: fn(&ConservationLine) -> &Option<CountAndSum>,
    /// Told even when there is nothing in it.
    is_always_told: bool,
}

const PARTS: [Part; 7] = [
    Part {
        name: "opening",
        of: |line| &line.opening,
        is_always_told: false,
    },
    Part {
        name: "received",
        of: |line| &line.received,
        is_always_told: true,
    },
    Part {
        name: "matched",
        of: |line| &line.matched,
        is_always_told: true,
    },
    Part {
        name: "written off",
        of: |line| &line.written_off,
        is_always_told: false,
    },
    Part {
        name: "voided",
        of: |line| &line.voided,
        is_always_told: false,
    },
    Part {
        name: "carried forward",
        of: |line| &line.carried_forward,
        is_always_told: true,
    },
    Part {
        name: "out of scope",
        of: |line| &line.out_of_scope,
        is_always_told: false,
    },
];

fn has_records(part: &Option<CountAndSum>) -> bool {
    part.as_ref().is_some_and(|part| part.count > 0)
}

fn inputs(totals: &RunTotals) -> String {
    let side = |name: &str, counts: &Option<SideCounts>| {
        let counts = counts.clone().unwrap_or_default();
        let files: Vec<&str> = counts
            .inputs
            .iter()
            .map(|input| input.name.as_str())
            .collect();
        format!(
            "  {name:<8} {}: {}, {} accepted, {} rejected, {} skipped",
            files.join(", "),
            counted(counts.read, "row", "rows"),
            counts.accepted,
            counts.rejected,
            counts.skipped
        )
    };
    format!(
        "{}\n{}",
        side("partner", &totals.partner),
        side("ledger", &totals.ledger)
    )
}

fn outcome<'d>(totals: &RunTotals, discrepancies: impl Iterator<Item = &'d Discrepancy>) -> String {
    let mut text = format!(
        "{} matched, {}",
        totals.matched,
        counted(totals.discrepancies, "discrepancy", "discrepancies")
    );
    let beside = [
        (totals.in_transit, "in transit"),
        (totals.superseded, "superseded"),
        (totals.out_of_scope, "out of scope"),
    ];
    for (count, what) in beside.into_iter().filter(|(count, _)| *count > 0) {
        // Writing to a text can't fail.
        let _ = write!(text, ", {count} {what}");
    }
    let mut counts: BTreeMap<Kind, BTreeMap<Severity, u64>> = BTreeMap::new();
    for Discrepancy { kind, severity, .. } in discrepancies {
        let of_kind = counts.entry(*kind).or_default();
        *of_kind.entry(*severity).or_default() += 1;
    }
    if counts.is_empty() {
        return text;
    }
    let rows = counts.iter().map(|(kind, of_kind)| {
        let severities = Severity::ALL.iter().rev();
        let counts = severities.map(|severity| of_kind.get(severity));
        let counts = counts.map(|count| count.map_or_else(String::new, u64::to_string));
        std::iter::once(kind.to_string()).chain(counts).collect()
    });
    let columns = [
        Column::Left("kind"),
        Column::Right("critical"),
        Column::Right("high"),
        Column::Right("low"),
    ];
    format!("{text}\n\n{}", render(&columns, rows.collect()))
}

/// The most urgent first; of these the largest of every currency, then the second largest, and so
/// on: amounts of different currencies are not compared.
fn first_discrepancies<'d>(discrepancies: impl Iterator<Item = &'d Discrepancy>) -> String {
    let mut count = 0;
    let mut classes: BTreeMap<(Reverse<Severity>, Currency), Vec<&Discrepancy>> = BTreeMap::new();
    for discrepancy in discrepancies {
        count += 1;
        let class = (Reverse(discrepancy.severity), discrepancy.currency);
        classes.entry(class).or_default().push(discrepancy);
    }
    let mut ranked = Vec::new();
    for ((severity, currency), mut class) in classes {
        let by_stake = |a: &&Discrepancy, b: &&Discrepancy| {
            let larger = b.at_stake.cmp(&a.at_stake);
            let names = [a, b].map(|it| (&it.reference, it.kind, it.id));
            larger.then_with(|| names[0].cmp(&names[1]))
        };
        if class.len() > SHOWN_MAX {
            class.select_nth_unstable_by(SHOWN_MAX, by_stake);
            class.truncate(SHOWN_MAX);
        }
        class.sort_by(by_stake);
        let class = class.into_iter().enumerate();
        ranked.extend(class.map(|(rank, d)| ((severity, rank, currency), d)));
    }
    ranked.sort_by_key(|(order, _)| *order);
    let lines = ranked.iter().take(SHOWN_MAX).map(|(_, d)| {
        format!(
            "  {:<8} {:<22} {}: {}{}",
            d.severity,
            d.kind,
            d.reference,
            d.reason,
            places(d)
        )
    });
    let lines: Vec<String> = lines.collect();
    let title = match count {
        count if count > SHOWN_MAX => format!("The first {SHOWN_MAX} of {count}:"),
        _ => "In words:".to_owned(),
    };
    format!("{title}\n{}", lines.join("\n"))
}

/// Where the first record of each side stands: ` (partner.csv line 2, ledger.csv line 7)`.
fn places(discrepancy: &Discrepancy) -> String {
    let records = [&discrepancy.partner, &discrepancy.ledger];
    let places: Vec<String> = records
        .into_iter()
        .flatten()
        .map(|record| record.origin.place())
        .collect();
    match places.is_empty() {
        true => String::new(),
        false => format!(" ({})", places.join(", ")),
    }
}

fn first_rejects(rejects: &[Reject]) -> String {
    let lines = rejects.iter().take(SHOWN_MAX).map(|reject| {
        let (file, line) = (&reject.origin.file, reject.origin.line);
        match reject.column.is_empty() {
            true => format!("  {file}, line {line}: {}", reject.reason),
            false => format!(
                "  {file}, line {line}, {}: {}",
                reject.column, reject.reason
            ),
        }
    });
    let lines: Vec<String> = lines.collect();
    let more = rejects.len().saturating_sub(SHOWN_MAX);
    let rest = if more > 0 {
        format!("\n  and {more} more")
    } else {
        String::new()
    };
    format!(
        "{} could not be read:\n{}{rest}",
        counted(rejects.len() as u64, "line", "lines"),
        lines.join("\n")
    )
}
