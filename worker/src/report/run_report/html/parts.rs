//! What the sections of the page are made of: texts, amounts, tables.
//!
//! maud escapes every value that is put between or into tags. Text from outside comes through
//! [`outside`] besides: it is isolated, so that a name written from right to left, or with
//! direction marks in it, leaves the line around it alone.

use domain::conservation::CountAndSum;
use domain::money::{Amount, Currency, amount_text};
use maud::{Markup, html};

use crate::report::run_report::text::{counted, sum_text, visible};

/// Text that somebody else wrote.
pub(super) fn outside(text: &str) -> Markup {
    html! { bdi { (visible(text)) } }
}

/// An amount, exact, its thousands set apart for the eye only: copied, it is a plain decimal.
pub(super) fn amount(amount: Amount, currency: Currency) -> Markup {
    grouped(&amount_text(amount, currency))
}

/// A sum, or that there is none that can be shown.
pub(super) fn sum(sum: Option<Amount>, currency: Currency) -> Markup {
    match sum {
        Some(sum) => amount(sum, currency),
        None => html! { span.muted { (sum_text(None, currency)) } },
    }
}

/// A sum, and below it of how many records.
pub(super) fn counted_sum(part: CountAndSum, currency: Currency) -> Markup {
    html! {
        @match part.sum() {
            Ok(sum) => { (amount(sum, currency)) },
            Err(_) => { (sum_text(None, currency)) },
        }
        small { (counted(part.count(), "record", "records")) }
    }
}

/// Where there is nothing.
pub(super) fn none() -> Markup {
    html! { span.muted { "–" } }
}

/// A count, its thousands set apart for the eye.
pub(super) fn count(count: u64) -> Markup {
    grouped(&count.to_string())
}

fn grouped(text: &str) -> Markup {
    let (sign, digits) = text.split_at(usize::from(text.starts_with('-')));
    let (whole, decimals) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let (first, rest) = whole.split_at(whole.len() % 3);
    html! {
        (sign) (first)
        @for (index, group) in rest.as_bytes().chunks(3).enumerate() {
            @let group = String::from_utf8_lossy(group);
            @if index == 0 && first.is_empty() { (group) } @else { span.group { (group) } }
        }
        (decimals)
    }
}

/// A column of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    /// Text.
    Left(&'static str),
    /// Numbers and amounts.
    Right(&'static str),
}

/// A table under its caption; it scrolls inside of the page where it is wider.
pub(super) fn table(caption: &str, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    @for column in columns {
                        @match column {
                            Column::Left(title) => th scope="col" { (title) },
                            Column::Right(title) => th.number scope="col" { (title) },
                        }
                    }
                } }
                tbody {
                    @for row in rows { tr {
                        @for (index, (cell, column)) in row.iter().zip(columns).enumerate() {
                            @match (index, column) {
                                (0, _) => th scope="row" { (cell) },
                                (_, Column::Left(_)) => td { (cell) },
                                (_, Column::Right(_)) => td.number { (cell) },
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// A section with its heading, which links lead to.
pub(super) fn section(id: &str, heading: &str, content: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby=(format!("{id}-heading")) {
            h2 id=(format!("{id}-heading")) { (heading) }
            (content)
        }
    }
}

/// A remark below a table or chart.
pub(super) fn note(text: &str) -> Markup {
    html! { p.note { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_without_a_character() {
        let shown = |text| grouped(text).into_string();
        assert_eq!(shown("7"), "7");
        assert_eq!(shown("-100.25"), "-100.25");
        assert_eq!(shown("1234.5"), "1<span class=\"group\">234</span>.5");
        assert_eq!(
            shown("-123456789"),
            "-123<span class=\"group\">456</span><span class=\"group\">789</span>"
        );
    }
}
