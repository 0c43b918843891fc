//! Whose records are: somebody else's each, by their clients or the names of their counterparties.

use std::collections::BTreeSet;

use crate::policy::{Field, Key};
use crate::record::{Record, ReferenceKind};

/// Whether both say whose they are, and it is somebody else each.
pub(super) fn are_strangers(one: &Record, other: &Record) -> bool {
    let clients = one.client.as_deref().zip(other.client.as_deref());
    let names = one.counterparty.as_deref();
    let names = names.zip(other.counterparty.as_deref());
    clients.is_some_and(|(one, other)| one.to_uppercase() != other.to_uppercase())
        || names.is_some_and(|(one, other)| are_other_names(one, other))
}

/// Whether two records that say the same by these keys are about different things all the same: somebody else's
/// each, or of another invoice or order. Of one invoice they are about the same, whatever the order.
pub(super) fn are_of_others(on: &[Key], one: &Record, other: &Record) -> bool {
    let are_of_other = |kind: ReferenceKind| {
        let both = one.reference(kind).zip(other.reference(kind));
        both.is_some_and(|(one, other)| one != other)
    };
    let is_compared = |kind: ReferenceKind| {
        let terms = on.iter().flat_map(|key| [&key.partner, &key.ledger]);
        let mut fields = terms.map(|term| term.field);
        fields.any(|field| field == Field::Reference(kind))
    };
    let (invoice, order) = (ReferenceKind::Invoice, ReferenceKind::Order);
    are_strangers(one, other)
        || !is_compared(invoice)
            && (are_of_other(invoice) || !is_compared(order) && are_of_other(order))
}

/// Whether each has a word that the other lacks, or the beginning of it: a first name in common makes nobody
/// the same, nor does a trade.
fn are_other_names(one: &str, other: &str) -> bool {
    let (one, other) = (words(one), words(other));
    let is_known = |word: &String, words: &BTreeSet<String>| {
        let mut words = words.iter();
        words.any(|it| it.starts_with(word.as_str()) || word.starts_with(it.as_str()))
    };
    let lacks = |some: &BTreeSet<String>, words| some.iter().any(|word| !is_known(word, words));
    lacks(&one, &other) && lacks(&other, &one)
}

/// What many names have: forms of companies, titles, and words between words.
const OF_MANY_NAMES: [&str; 52] = [
    "AB",
    "AG",
    "AND",
    "APS",
    "AS",
    "BV",
    "CO",
    "COMPANY",
    "CORP",
    "CORPORATION",
    "DA",
    "DE",
    "DER",
    "DI",
    "DR",
    "DU",
    "E",
    "EK",
    "ET",
    "EV",
    "FRAU",
    "GBR",
    "GMBH",
    "HERR",
    "INC",
    "KG",
    "LA",
    "LE",
    "LIMITED",
    "LLC",
    "LLP",
    "LTD",
    "MR",
    "MRS",
    "MS",
    "NV",
    "OF",
    "OHG",
    "OY",
    "PLC",
    "PROF",
    "PTY",
    "SA",
    "SARL",
    "SE",
    "SL",
    "SPA",
    "SRL",
    "THE",
    "UG",
    "UND",
    "Y",
];

/// The words of a name by which it is known, in one case and spelling; all of them where it has no other.
fn words(name: &str) -> BTreeSet<String> {
    let folded = name.to_uppercase();
    let folded = folded
        .replace('Ä', "AE")
        .replace('Ö', "OE")
        .replace('Ü', "UE");
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    let words: BTreeSet<&str> = words.filter(|word| !word.is_empty()).collect();
    let own = words
        .iter()
        .copied()
        .filter(|it| !OF_MANY_NAMES.contains(it));
    let own: BTreeSet<String> = own.map(str::to_owned).collect();
    match (own.is_empty(), words.is_empty()) {
        (false, _) => own,
        (true, false) => words.into_iter().map(str::to_owned).collect(),
        (true, true) => BTreeSet::from([name.to_owned()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_another_name_is_somebody_else() {
        for (one, other) in [
            ("Isar Kajak GmbH", "Donau Boot GmbH"),
            ("Dr. Weber", "Dr. Klein"),
            ("Smith and Co", "Jones and Co"),
            ("Sommer", "Winter"),
            ("Anna Maier", "Anna Kohl"),
            ("Hotel Adler GmbH", "Hotel Krone AG"),
            ("Stadtwerke München", "Stadtwerke Köln"),
        ] {
            assert!(are_other_names(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("Isar Kajak GmbH", "ISAR KAJAK"),
            ("MUELLER", "Müller GmbH & Co. KG"),
            ("Ms. Anna Weber", "Weber, Anna"),
            ("A. Weber", "Anna Weber"),
            ("Anna Weber-Klein", "Weber Klein, Ann"),
            ("The Company", "The Company Ltd."),
        ] {
            assert!(!are_other_names(one, other), "{one} {other}");
        }
    }
}
