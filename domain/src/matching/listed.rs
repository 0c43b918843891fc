//! What keeps all that a text names from being taken: said of the record whose text it is, and of each that it
//! names.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::explain::counted;
use super::twins::Member;
use crate::money::Money;
use crate::record::Side;

/// Most names that a sentence lists.
const NAMES_MAX: usize = 3;

/// Why nothing was taken of what a text names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listed {
    /// The side of the record whose text it is.
    side: Side,
    /// How many it names.
    names: usize,
    /// That record, by its money and day: none where this is said of itself. Its text may be for nobody else.
    by: Option<(Money, Date)>,
    fault: Fault,
}

/// The first of what stands in the way.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Fault {
    /// Nobody has them, or not any more.
    Gone(Vec<String>),
    /// So many have the one name.
    Several(String, usize),
    /// So many others of its side name it.
    OfOthers(String, usize),
}

impl Listed {
    /// What stands in the way of a list of these names; none where each is there once, and `rivals` are none.
    pub(super) fn of(
        one: &Member<'_>,
        texts: &[&String],
        named: &BTreeMap<String, Vec<Member<'_>>>,
        rivals: impl Fn(&str) -> usize,
    ) -> Option<Self> {
        let count = |text: &String| named.get(text).map_or(0, Vec::len);
        let gone = texts.iter().filter(|text| count(text) == 0);
        let gone: Vec<String> = gone.map(|text| (*text).clone()).collect();
        let several = || {
            let text = texts.iter().find(|text| count(text) > 1)?;
            Some(Fault::Several((*text).clone(), count(text)))
        };
        let of_others = || {
            let text = texts.iter().find(|text| rivals(text) > 0)?;
            Some(Fault::OfOthers((*text).clone(), rivals(text)))
        };
        let fault = match gone.is_empty() {
            false => Some(Fault::Gone(gone)),
            true => several().or_else(of_others),
        };
        Some(Listed {
            side: one.record.side,
            names: texts.len(),
            by: None,
            fault: fault?,
        })
    }

    /// The same, said of what this one names.
    pub(super) fn by(&self, one: &Member<'_>) -> Self {
        Listed {
            by: Some((one.record.money, one.record.value_date)),
            ..self.clone()
        }
    }

    /// In words, of a record for which nothing was found.
    pub(super) fn said(&self) -> String {
        let (side, other) = (self.side, self.side.other());
        let fault = match &self.fault {
            Fault::Gone(gone) => format!("no {other} record of {} is left", names(gone)),
            Fault::Several(name, count) => {
                format!(
                    "{} have {name}",
                    counted(*count, &format!("{other} record"))
                )
            }
            Fault::OfOthers(name, count) => {
                let others = counted(*count, &format!("other {side} record"));
                format!("{name} is named by {others}, too")
            }
        };
        let whose = match side {
            Side::Partner => "the partner's",
            Side::Ledger => "the ledger's",
        };
        match &self.by {
            Some((money, day)) => format!(
                "{whose} {money} of {day} names it with others, but {fault}, so none of them was taken"
            ),
            None => format!(
                "its text names {}, but {fault}, so none of them was taken",
                counted(self.names, &format!("{other} record"))
            ),
        }
    }
}

/// `I1, I2 and 4 more`.
pub(super) fn names(all: &[String]) -> String {
    let shown = &all[..all.len().min(NAMES_MAX)];
    match all.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
