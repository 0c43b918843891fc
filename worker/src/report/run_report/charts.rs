//! Charts as SVG: bars that grow with the page, their texts readable at any width, their colours the
//! page's own.
//!
//! Widths are whole tenths of a per cent, from integers. Colour never says anything alone: every
//! figure of a chart is written next to its bar and stands in a table besides.

use domain::severity::Severity;
use maud::{Markup, html};

/// A part of a bar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    /// How much of it.
    pub(super) count: u64,
    /// The class that colours it.
    pub(super) class: &'static str,
    /// What it is.
    pub(super) title: String,
}

/// A bar of a chart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bar {
    /// What it is about.
    pub(super) label: String,
    /// Its figures in words.
    pub(super) value: String,
    /// Its parts, in order.
    pub(super) segments: Vec<Segment>,
}

/// What a chart is called, and all that it shows, in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct About<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    /// What it is called.
    pub(super) title: &'a str,
    /// How it is to be read.
    pub(super) description: &'a str,
}

/// The class that colours a severity.
pub(super) fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Low => "low",
    }
}

const ROW_HEIGHT: usize = 40;
const COLUMNS_HEIGHT: u64 = 120;
/// A whole, in the unit of widths.
const TENTHS: u64 = 1000;

/// What the bars of a chart are long by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scale {
    /// The longest is as long as the chart: bars are compared with each other.
    Largest,
    /// Every bar is: the parts of each are compared.
    Each,
}

/// Bars from left to right below each other.
pub(super) fn horizontal(about: About<'_>, bars: &[Bar], scale: Scale) -> Markup {
    let largest = bars.iter().map(total).max().unwrap_or(0);
    let height = bars.len() * ROW_HEIGHT;
    let content = html! {
        @for (row, bar) in bars.iter().enumerate() {
            @let whole = match scale { Scale::Largest => largest, Scale::Each => total(bar) };
            text x="0" y=(row * ROW_HEIGHT + 14) { (bar.label) }
            text.value x="100%" y=(row * ROW_HEIGHT + 14) text-anchor="end" { (bar.value) }
            rect.track x="0" y=(row * ROW_HEIGHT + 21) width="100%" height="10" {}
            @for (from, width, segment) in spans(bar, whole) {
                rect class=(segment.class) x=(percent(from)) y=(row * ROW_HEIGHT + 21)
                    width=(percent(width)) height="10" { title { (segment.title) } }
            }
        }
    };
    svg(about, height, &content)
}

/// Columns next to each other, their parts on top of each other.
pub(super) fn columns(about: About<'_>, bars: &[Bar]) -> Markup {
    let largest = bars.iter().map(total).max().unwrap_or(0);
    let slot = TENTHS / (bars.len() as u64).max(1);
    let base = COLUMNS_HEIGHT + 24;
    let content = html! {
        @for (index, bar) in (0u64..).zip(bars) {
            @let middle = percent(index * slot + slot / 2);
            @let left = percent(index * slot + slot / 5);
            @for (from, height, segment) in spans(bar, largest) {
                rect class=(segment.class) x=(left) width=(percent(slot - 2 * (slot / 5)))
                    y=(base - pixels(from + height)) height=(pixels(from + height) - pixels(from)) {
                    title { (segment.title) }
                }
            }
            text.value x=(middle) y=(base - pixels(scaled(total(bar), largest)) - 6)
                text-anchor="middle" { (bar.value) }
            text x=(middle) y=(base + 18) text-anchor="middle" { (bar.label) }
        }
        line.axis x1="0" x2="100%" y1=(base) y2=(base) {}
    };
    svg(about, usize::try_from(base).unwrap_or(0) + 26, &content)
}

/// What the colours mean.
pub(super) fn legend(entries: &[(&'static str, &str)]) -> Markup {
    html! {
        ul.legend {
            @for (class, name) in entries { li { span.swatch.(class) {} (name) } }
        }
    }
}

fn svg(about: About<'_>, height: usize, content: &Markup) -> Markup {
    let (title, description) = (format!("{}-title", about.id), format!("{}-text", about.id));
    html! {
        svg role="img" width="100%" height=(height)
            aria-labelledby=(format!("{title} {description}")) {
            title id=(title) { (about.title) }
            desc id=(description) { (about.description) }
            (content)
        }
    }
}

/// Where each part of a bar begins and how long it is, in tenths of a per cent of `whole`. What is
/// there is seen: at least three tenths.
fn spans(bar: &Bar, whole: u64) -> Vec<(u64, u64, &Segment)> {
    let mut from = 0;
    let parts = bar.segments.iter().filter(|segment| segment.count > 0);
    let spans = parts.map(|segment| {
        let width = scaled(segment.count, whole).max(3);
        let start = from;
        from += width;
        (start, width, segment)
    });
    spans.collect()
}

fn total(bar: &Bar) -> u64 {
    let counts = bar.segments.iter().map(|segment| segment.count);
    counts.fold(0, u64::saturating_add)
}

/// `count` of `whole` in tenths of a per cent.
fn scaled(count: u64, whole: u64) -> u64 {
    let tenths = u128::from(count) * u128::from(TENTHS) / u128::from(whole.max(1));
    u64::try_from(tenths).unwrap_or(TENTHS).min(TENTHS)
}

fn percent(tenths: u64) -> String {
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn pixels(tenths: u64) -> u64 {
    tenths * COLUMNS_HEIGHT / TENTHS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(counts: &[u64]) -> Bar {
        let segment = |count: &u64| Segment {
            count: *count,
            class: "low",
            title: String::new(),
        };
        Bar {
            label: String::new(),
            value: String::new(),
            segments: counts.iter().map(segment).collect(),
        }
    }

    #[test]
    fn parts_follow_each_other_and_small_ones_are_seen() {
        let bar = bar(&[500, 0, 1, 499]);
        let spans = spans(&bar, 1000);
        let placed: Vec<_> = spans
            .iter()
            .map(|(from, width, _)| (*from, *width))
            .collect();
        assert_eq!(placed, [(0, 500), (500, 3), (503, 499)]);
    }

    #[test]
    fn any_count_has_a_place() {
        assert_eq!(scaled(u64::MAX, u64::MAX), TENTHS);
        assert_eq!(scaled(7, 0), TENTHS);
        assert_eq!(scaled(0, 0), 0);
        assert_eq!(percent(1), "0.1%");
        assert_eq!(percent(TENTHS), "100.0%");
    }
}
