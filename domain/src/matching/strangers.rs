//! Whose records are: somebody else's each, by their clients or the names of their counterparties.

use std::collections::BTreeSet;
use std::iter;

use smallvec::SmallVec;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::policy::{Accepts, Field, Key};
use crate::record::{Record, ReferenceKind, ShortText};

/// Whether both say whose they are, and it is somebody else each.
pub(crate) fn are_strangers(one: &Record, other: &Record) -> bool {
    have_other_clients(one, other) || have_other_names(one, other)
}

/// Whether both say whose they are by the same field, whether or not it is the same one.
pub(super) fn both_say_whose(one: &Record, other: &Record) -> bool {
    let clients = one.client.is_some() && other.client.is_some();
    clients || (one.counterparty.is_some() && other.counterparty.is_some())
}

/// Whether both name a client, and not the same.
pub(super) fn have_other_clients(one: &Record, other: &Record) -> bool {
    let clients = one.client.as_deref().zip(other.client.as_deref());
    clients.is_some_and(|(one, other)| one.to_uppercase() != other.to_uppercase())
}

/// Whether both name a counterparty, and not the same.
pub(super) fn have_other_names(one: &Record, other: &Record) -> bool {
    let names = one.counterparty.as_deref();
    let names = names.zip(other.counterparty.as_deref());
    names.is_some_and(|(one, other)| are_other_names(one, other))
}

/// A name as those of the same words, in whatever order, have it in common.
pub(super) fn common_name(name: &str) -> ShortText {
    words(name, Umlauts::Two).join(" ").into()
}

/// Whether two records that say the same by these keys are about different things all the same: somebody else's
/// each, or of another invoice or order. Of one invoice they are about the same, whatever the order.
pub(super) fn are_of_others(on: &[Key], one: &Record, other: &Record) -> bool {
    are_strangers(one, other) || are_of_other_invoices(on, one, other)
}

/// Whether both name another invoice, or another order where these keys compare no invoice.
fn are_of_other_invoices(on: &[Key], one: &Record, other: &Record) -> bool {
    telling(on).any(|kind| have_other(kind, one, other))
}

/// By which references records that say the same by these keys are told to be about different things.
pub(super) fn telling(on: &[Key]) -> impl Iterator<Item = ReferenceKind> {
    let is_compared = |kind: ReferenceKind| {
        let terms = on.iter().flat_map(|key| [&key.partner, &key.ledger]);
        let mut fields = terms.map(|term| term.field);
        fields.any(|field| field == Field::Reference(kind))
    };
    let tells = !is_compared(ReferenceKind::Invoice);
    let kinds = [ReferenceKind::Invoice, ReferenceKind::Order].into_iter();
    kinds.filter(move |kind| tells && !is_compared(*kind))
}

/// Whether two records have only a batch or a mandate in common, and references of their own beside it.
pub(super) fn are_of_many(on: &[Key], one: &Record, other: &Record) -> bool {
    let mut of_one = OF_ONE.into_iter();
    hold_many(on) && of_one.any(|kind| have_other(kind, one, other))
}

/// The same of records of one side, where of one batch or mandate each may be a payment of its own.
pub(super) fn telling_apart(on: &[Key]) -> impl Iterator<Item = ReferenceKind> {
    let of_one = OF_ONE.into_iter().filter(|_| hold_many(on));
    telling(on).chain(of_one)
}

/// Whether both have a reference of this kind, and not the same.
fn have_other(kind: ReferenceKind, one: &Record, other: &Record) -> bool {
    let both = one.reference(kind).zip(other.reference(kind));
    both.is_some_and(|(one, other)| one != other)
}

/// What tells the payments of one batch, or of one mandate, from each other.
const OF_ONE: [ReferenceKind; 4] = [
    ReferenceKind::Reference,
    ReferenceKind::EndToEndId,
    ReferenceKind::TransactionId,
    ReferenceKind::Uetr,
];

/// Whether a reference of this kind is one payment's own.
pub(crate) fn is_of_one(kind: ReferenceKind) -> bool {
    OF_ONE.contains(&kind)
}

/// Whether these keys only say in what payments are, of which there are many.
fn hold_many(on: &[Key]) -> bool {
    let is_of_many = |field: Field| matches!(field, Field::Reference(kind) if holds_many(kind));
    on.iter()
        .all(|key| is_of_many(key.partner.field) && is_of_many(key.ledger.field))
}

/// Whether a reference of this kind only says in what a payment is, of which there are many.
pub(crate) fn holds_many(kind: ReferenceKind) -> bool {
    matches!(kind, ReferenceKind::Batch | ReferenceKind::MandateId)
}

/// Whether both name a client, an invoice or an order, and not the same: each in its field, or where an earlier rule
/// finds it. Somebody else may pay, so other names of counterparties don't say that.
pub(super) fn name_others(accepts: Accepts<'_>, partner: &Record, ledger: &Record) -> bool {
    let naming = Naming::of(accepts);
    naming.are_of_others_by_field(partner, ledger) || {
        let [one, other] = [partner, ledger].map(|record| naming.named(record));
        one.finds_others(&other)
    }
}

/// By what records of both sides name another client, invoice or order, for one rule.
pub(super) struct Naming<'p> {
    on: &'p [Key],
    /// The keys by which earlier rules find an invoice or an order.
    found_by: Vec<&'p Key>,
}

/// A record, and the invoices and orders that are found in it: to hold it against many, its texts are looked at once.
pub(super) struct Named<'r> {
    pub(super) record: &'r Record,
    found: Vec<BTreeSet<String>>,
}

impl<'p> Naming<'p> {
    pub(super) fn of(accepts: Accepts<'p>) -> Self {
        let names_what = |key: &&Key| {
            let fields = [key.partner.field, key.ledger.field];
            [ReferenceKind::Invoice, ReferenceKind::Order]
                .iter()
                .any(|kind| fields.contains(&Field::Reference(*kind)))
        };
        let earlier = accepts
            .earlier()
            .filter(|rule| !rule.is_alike && rule.identifies_both());
        Naming {
            on: &accepts.rule.on,
            found_by: earlier
                .flat_map(|rule| rule.on.iter().filter(names_what))
                .collect(),
        }
    }

    pub(super) fn named<'r>(&self, record: &'r Record) -> Named<'r> {
        let found = self.found_by.iter();
        let found = found.map(|key| key.of(record.side).names(record));
        Named {
            record,
            found: found.collect(),
        }
    }

    /// Whether these of different sides do.
    pub(super) fn are_of_others(&self, one: &Named<'_>, other: &Named<'_>) -> bool {
        self.are_of_others_by_field(one.record, other.record) || one.finds_others(other)
    }

    fn are_of_others_by_field(&self, one: &Record, other: &Record) -> bool {
        self.are_of_other_clients(one, other) || are_of_other_invoices(self.on, one, other)
    }

    /// Whether these of different sides name another client.
    pub(super) fn are_of_other_clients(&self, one: &Record, other: &Record) -> bool {
        let says_client = |key: &Key| key.partner.says_client() && key.ledger.says_client();
        let is_one_client = || self.on.iter().any(says_client);
        have_other_clients(one, other) && !is_one_client()
    }
}

impl Named<'_> {
    /// Whether some rule finds something in it.
    pub(super) fn names_any(&self) -> bool {
        self.found.iter().any(|found| !found.is_empty())
    }

    /// Whether some rule finds the same in both.
    pub(super) fn shares(&self, other: &Named<'_>) -> bool {
        let mut found = self.found.iter().zip(&other.found);
        found.any(|(some, others)| !some.is_disjoint(others))
    }

    /// Whether it names something, and these have all of it, each what some rule finds.
    pub(super) fn is_found_in<'n>(
        &self,
        others: impl Iterator<Item = &'n Named<'n>> + Clone,
    ) -> bool {
        let mut found = self.found.iter().enumerate();
        found.any(|(at, some)| {
            let has = |text: &String| others.clone().any(|other| other.found[at].contains(text));
            !some.is_empty() && some.iter().all(has)
        })
    }

    /// Whether some rule finds something in both, and nothing that is the same.
    fn finds_others(&self, other: &Named<'_>) -> bool {
        let mut found = self.found.iter().zip(&other.found);
        found.any(|(some, others)| {
            !some.is_empty() && !others.is_empty() && some.is_disjoint(others)
        })
    }
}

/// Whether it is the name of somebody else.
fn are_other_names(one: &str, other: &str) -> bool {
    one != other && Name::of(one).is_other_than(&Name::of(other))
}

/// A name, in whatever order and form, by each way to write umlauts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Name([Words; 2]);

impl Name {
    pub(super) fn of(name: &str) -> Self {
        Name([Umlauts::Two, Umlauts::One].map(|umlauts| words(name, umlauts)))
    }

    /// Whether each has a word that the other lacks, or the beginning of it, however both write umlauts: a first
    /// name in common makes nobody the same, nor does a trade.
    pub(super) fn is_other_than(&self, other: &Name) -> bool {
        let is_known = |word: &ShortText, words: &Words| {
            let mut words = words.iter();
            words.any(|it| it.starts_with(word.as_str()) || word.starts_with(it.as_str()))
        };
        let lacks = |some: &Words, words| some.iter().any(|word| !is_known(word, words));
        let mut spellings = self.0.iter().zip(&other.0);
        spellings.all(|(one, other)| lacks(one, other) && lacks(other, one))
    }
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

/// Words of a name, each once, sorted.
type Words = SmallVec<[ShortText; 4]>;

/// In how many letters umlauts are written where there are none: `MUELLER` or `MULLER`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Umlauts {
    One,
    Two,
}

/// The words of a name by which it is known, in one case and spelling; all of them where it has no other.
fn words(name: &str, umlauts: Umlauts) -> Words {
    let upper = name.to_uppercase();
    let folded = match upper.is_ascii() {
        true => upper,
        false => without_accents(&upper, umlauts),
    };
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let own = words
        .clone()
        .filter(|word| OF_MANY_NAMES.binary_search(word).is_err());
    let mut found: Words = own.map(ShortText::from).collect();
    if found.is_empty() {
        found = words.map(ShortText::from).collect();
    }
    if found.is_empty() {
        found.push(name.into());
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// As banks write it that know only the letters of ASCII.
fn without_accents(upper: &str, umlauts: Umlauts) -> String {
    let mut plain = String::with_capacity(upper.len());
    for letter in upper.nfc() {
        match (letter, umlauts) {
            ('Ä' | 'Æ', Umlauts::Two) => plain.push_str("AE"),
            ('Ö' | 'Ø' | 'Œ', Umlauts::Two) => plain.push_str("OE"),
            ('Ü', Umlauts::Two) => plain.push_str("UE"),
            ('Å', Umlauts::Two) => plain.push_str("AA"),
            ('Æ', Umlauts::One) => plain.push('A'),
            ('Ø' | 'Œ', Umlauts::One) => plain.push('O'),
            ('Ł', _) => plain.push('L'),
            ('Đ', _) => plain.push('D'),
            _ => plain.extend(
                iter::once(letter)
                    .nfd()
                    .filter(|it| !is_combining_mark(*it)),
            ),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_names_have_is_found() {
        assert!(OF_MANY_NAMES.is_sorted());
    }

    #[test]
    fn a_name_is_the_same_in_any_order_and_form() {
        for name in ["Frey Metall GmbH", "METALL, Frey", "frey metall"] {
            assert_eq!(common_name(name), "FREY METALL");
        }
        assert_eq!(common_name("Müller & Co. KG"), "MUELLER");
    }

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
            ("SENOR MONTANA SL", "Señor Montaña SL"),
            ("MULLER", "Müller"),
            ("CAFE CENTRAL", "Cafe\u{301} Central"),
            ("Lukasz Sorensen", "Łukasz Sørensen"),
        ] {
            assert!(!are_other_names(one, other), "{one} {other}");
        }
    }
}
