//! What matched and what was found: rates, kinds, severities, ages.

use domain::discrepancy::Kind;
use domain::severity::Severity;
use maud::{Markup, html};

use super::super::age::AgeBucket;
use super::super::balance::Rate;
use super::super::charts::{self, About, Bar, Scale, Segment, severity_class};
use super::super::figures::Tally;
use super::super::model::RunReport;
use super::super::text::{counted, words};
use super::super::wording;
use super::parts::{Column, amount, count, none, note, section, sum, table};

/// What the colours of severities mean.
const SEVERITIES: [(&str, &str); 3] = [("critical", "critical"), ("high", "high"), ("low", "low")];

pub(super) fn match_rates(report: &RunReport) -> Markup {
    if report.rates.is_empty() {
        let text = "No records were compared.";
        return section("matched", "What matched", &note(text));
    }
    let bars: Vec<Bar> = report
        .rates
        .iter()
        .map(|rate| rate_bar(report, rate))
        .collect();
    let columns = [
        Column::Left("Side"),
        Column::Left("Currency"),
        Column::Right("Matched"),
        Column::Right("Records"),
        Column::Right("By count"),
        Column::Right("Matched sum"),
        Column::Right("Sum"),
        Column::Right("By value"),
    ];
    let rows: Vec<_> = report.rates.iter().map(rate_row).collect();
    let about = About {
        id: "matched-chart",
        title: "Matched, settled otherwise and open, by side and currency",
        description: "One bar per side and currency, by count of records. The table below has the \
                      figures.",
    };
    let entries = [
        ("matched", "matched"),
        ("settled", "written off or voided"),
        ("open", "carried forward, open"),
    ];
    let content = html! {
        figure {
            figcaption { "Where the records went, by count" }
            (charts::legend(&entries))
            (charts::horizontal(about, &bars, Scale::Each))
        }
        (table("Match rate per side and currency", &columns, &rows))
        (note(wording::ROUNDED_DOWN))
    };
    section("matched", "What matched", &content)
}

fn rate_bar(report: &RunReport, rate: &Rate) -> Bar {
    let mut lines = report.balance.conservation.lines();
    let line = lines.find(|(side, currency, _)| (*side, *currency) == (rate.side, rate.currency));
    let [matched, settled, open] = line.map_or([0; 3], |(_, _, line)| {
        let settled = line.written_off.count().saturating_add(line.voided.count());
        [line.matched.count(), settled, line.carried_forward.count()]
    });
    let share = rate
        .by_count
        .map_or("no records".to_owned(), |share| share.to_string());
    let segment = |count, class, what| Segment {
        count,
        class,
        title: format!("{count} {what}"),
    };
    Bar {
        label: format!("{} {}", words(rate.side.name()), rate.currency),
        value: format!("{share} · {open} open"),
        segments: vec![
            segment(matched, "matched", "matched"),
            segment(settled, "settled", "written off or voided"),
            segment(open, "open", "carried forward"),
        ],
    }
}

fn rate_row(rate: &Rate) -> Vec<Markup> {
    let share = |share: Option<super::super::Share>| match share {
        Some(share) => html! { (share) },
        None => html! { span.muted { "none" } },
    };
    vec![
        html! { (words(rate.side.name())) },
        html! { (rate.currency) },
        count(rate.matched),
        count(rate.records),
        share(rate.by_count),
        amount(rate.matched_sum, rate.currency),
        amount(rate.sum, rate.currency),
        share(rate.by_value),
    ]
}

pub(super) fn discrepancies(report: &RunReport) -> Markup {
    let figures = &report.figures;
    if figures.total.found == 0 {
        let text = nothing(report, "No discrepancies were found.");
        return section("found", "What was found", &note(text));
    }
    let content = html! {
        (kinds_chart(report))
        (kinds_table(report))
        (stakes_table(report))
    };
    section("found", "What was found", &content)
}

/// What nothing means: without a result, it says nothing.
pub(super) fn nothing<'t>(report: &RunReport, text: &'t str) -> &'t str {
    if report.is_compared() {
        text
    } else {
        "Not known: the run did not get that far."
    }
}

/// Counts of a kind, the most urgent first.
fn of_kind(report: &RunReport, kind: Kind) -> Vec<(Severity, Tally)> {
    let by_kind = &report.figures.by_kind;
    let severities = Severity::ALL.iter().rev();
    severities
        .filter_map(|severity| Some((*severity, *by_kind.get(&(kind, *severity))?)))
        .collect()
}

fn kinds_chart(report: &RunReport) -> Markup {
    let bars = Kind::ALL.iter().filter_map(|kind| {
        let counts = of_kind(report, *kind);
        let total: u64 = counts.iter().map(|(_, tally)| tally.found).sum();
        let parts = counts
            .iter()
            .map(|(severity, tally)| format!("{} {severity}", tally.found));
        let segments = counts.iter().map(|(severity, tally)| Segment {
            count: tally.found,
            class: severity_class(*severity),
            title: format!("{} {severity}", tally.found),
        });
        (total > 0).then(|| Bar {
            label: words(kind.name()),
            value: parts.collect::<Vec<_>>().join(" · "),
            segments: segments.collect(),
        })
    });
    let about = About {
        id: "kinds-chart",
        title: "Discrepancies by kind and severity",
        description: "One bar per kind, divided by severity. The table below has the figures.",
    };
    html! {
        figure {
            figcaption { "Found, by kind and severity" }
            (charts::legend(&SEVERITIES))
            (charts::horizontal(about, &bars.collect::<Vec<_>>(), Scale::Largest))
        }
    }
}

fn kinds_table(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("Kind"),
        Column::Right("Critical"),
        Column::Right("High"),
        Column::Right("Low"),
        Column::Right("Found"),
        Column::Right("Open"),
    ];
    let figures = &report.figures;
    let kinds = Kind::ALL.iter().filter_map(|kind| {
        let counts = of_kind(report, *kind);
        (!counts.is_empty()).then(|| (words(kind.name()), counts))
    });
    let severities = figures.by_severity.iter();
    let all = severities.map(|(severity, tally)| (*severity, *tally));
    let rows = kinds
        .chain(std::iter::once(("All kinds".to_owned(), all.collect())))
        .map(|(name, counts)| kind_row(&name, &counts));
    table(
        "Discrepancies by kind and severity",
        &columns,
        &rows.collect::<Vec<_>>(),
    )
}

fn kind_row(name: &str, counts: &[(Severity, Tally)]) -> Vec<Markup> {
    let found = |severity| {
        let of_severity = counts.iter().find(|(of, _)| *of == severity);
        of_severity.map_or_else(none, |(_, tally)| count(tally.found))
    };
    let sum = |part: fn(&Tally) -> u64| count(counts.iter().map(|(_, tally)| part(tally)).sum());
    vec![
        html! { (name) },
        found(Severity::Critical),
        found(Severity::High),
        found(Severity::Low),
        sum(|tally| tally.found),
        sum(|tally| tally.open),
    ]
}

fn stakes_table(report: &RunReport) -> Markup {
    let columns = [
        Column::Left("Currency"),
        Column::Left("Kind"),
        Column::Right("Found"),
        Column::Right("At stake"),
        Column::Right("Open"),
        Column::Right("Value at risk"),
        Column::Right("Critical open"),
        Column::Right("At stake in these"),
    ];
    let mut rows = Vec::new();
    for (currency, all) in &report.figures.by_currency {
        let of_currency = report.figures.stakes.iter();
        let of_currency = of_currency.filter(|((_, of), _)| of == currency);
        let kinds = of_currency.map(|((kind, _), figures)| (words(kind.name()), figures, false));
        let all = std::iter::once(("All kinds".to_owned(), all, true));
        for (name, figures, is_total) in kinds.chain(all) {
            let name = html! { @if is_total { strong { (name) } } @else { (name) } };
            rows.push(vec![
                html! { (currency) },
                name,
                count(figures.found.count),
                sum(figures.found.at_stake, *currency),
                count(figures.open.count),
                sum(figures.open.at_stake, *currency),
                count(figures.critical.count),
                sum(figures.critical.at_stake, *currency),
            ]);
        }
    }
    table("What is at stake, per currency and kind", &columns, &rows)
}

pub(super) fn ageing(report: &RunReport) -> Markup {
    let figures = &report.figures;
    if figures.total.open == 0 {
        let text = nothing(report, "Nothing is open.");
        return section("ageing", "How old what is open is", &note(text));
    }
    let bars = AgeBucket::ALL.iter().map(|bucket| {
        let severities = Severity::ALL.iter().rev();
        let segments = severities.map(|severity| {
            let count = figures.ageing.get(&(*bucket, *severity));
            let count = count.copied().unwrap_or_default();
            Segment {
                count,
                class: severity_class(*severity),
                title: format!("{count} {severity}, {bucket} business days"),
            }
        });
        let segments: Vec<_> = segments.collect();
        let total: u64 = segments.iter().map(|segment| segment.count).sum();
        Bar {
            label: bucket.name().replace("over ", ">").replace('-', "–"),
            value: total.to_string(),
            segments,
        }
    });
    let about = About {
        id: "ageing-chart",
        title: "Open discrepancies by age",
        description: "One column per range of business days, divided by severity. The table below \
                      has the amounts.",
    };
    let columns = [
        Column::Left("Business days"),
        Column::Left("Currency"),
        Column::Right("Open"),
        Column::Right("Value at risk"),
    ];
    let rows = figures
        .ageing_stakes
        .iter()
        .map(|((bucket, currency), stake)| {
            vec![
                html! { (bucket) },
                html! { (currency) },
                count(stake.count),
                sum(stake.at_stake, *currency),
            ]
        });
    let oldest = figures.oldest_open.unwrap_or(0);
    let content = html! {
        figure {
            figcaption { "Open, by age in business days" }
            (charts::legend(&SEVERITIES))
            (charts::columns(about, &bars.collect::<Vec<_>>()))
        }
        (table("Open discrepancies by age and currency", &columns, &rows.collect::<Vec<_>>()))
        (note(&format!("The oldest is {} old.", counted(oldest, "business day", "business days"))))
    };
    section("ageing", "How old what is open is", &content)
}
