//! Which of the texts of an entry and its transaction become references, client and description.

use domain::record::{ReferenceKind, References, ShortText};
use regex::Regex;

use super::entry::Entry;
use super::mapping::{Camt053Mapping, Element, Extraction};
use super::transaction::{Party, Transaction};
use crate::formats::extract::only_match;
use crate::formats::no_reference::is_reference;

/// The texts of one record to be.
pub(super) struct Texts<'t> {
    pub(super) mapping: &'t Camt053Mapping,
    pub(super) entry: &'t Entry<'t>,
    pub(super) transaction: Option<&'t Transaction<'t>>,
    pub(super) counterparty: Option<&'t Party>,
    pub(super) account: Option<&'t str>,
}

/// The elements that are references by themselves.
const OWN_KINDS: [(ReferenceKind, Element); 8] = [
    (ReferenceKind::EndToEndId, Element::EndToEndId),
    (ReferenceKind::TransactionId, Element::TransactionId),
    (ReferenceKind::InstructionId, Element::InstructionId),
    (ReferenceKind::Uetr, Element::Uetr),
    (ReferenceKind::ServicerReference, Element::ServicerReference),
    (ReferenceKind::CreditorReference, Element::CreditorReference),
    (ReferenceKind::MandateId, Element::MandateId),
    (ReferenceKind::OriginalReference, Element::OriginalReference),
];

impl Texts<'_> {
    /// All references, sorted by kind.
    pub(super) fn references(&self) -> References {
        let found = |extraction: &Option<Extraction>| {
            extraction
                .as_ref()
                .and_then(|extraction| self.find(extraction))
        };
        let mapped = [
            (ReferenceKind::Reference, self.find(&self.mapping.reference)),
            (ReferenceKind::Invoice, found(&self.mapping.invoice)),
            (ReferenceKind::Order, found(&self.mapping.order)),
            (ReferenceKind::Batch, self.batch()),
        ];
        let own = OWN_KINDS.map(|(kind, element)| (kind, self.one(element).map(str::to_owned)));
        mapped
            .into_iter()
            .chain(own)
            .filter_map(|(kind, text)| Some((kind, text?.into())))
            .collect()
    }

    pub(super) fn client(&self) -> Option<ShortText> {
        let extraction = self.mapping.client.as_ref()?;
        self.find(extraction).map(ShortText::from)
    }

    /// Remittance information, else what the bank adds.
    pub(super) fn description(&self) -> Option<ShortText> {
        let unstructured = self.all(Element::Unstructured);
        match unstructured.as_slice() {
            [] => self
                .one(Element::AdditionalInformation)
                .map(ShortText::from),
            lines => Some(lines.join(" ").into()),
        }
    }

    /// The batch that the bank names, else the entry itself when it holds several transactions.
    fn batch(&self) -> Option<String> {
        let place = self.transaction.and_then(|transaction| {
            let all = &self.entry.transactions;
            all.iter()
                .position(|other| std::ptr::eq(other, transaction))
        });
        let holds =
            |range: &std::ops::Range<usize>| place.is_none_or(|place| range.contains(&place));
        let named = self
            .entry
            .batches
            .iter()
            .find(|batch| holds(&batch.transactions))
            .and_then(|batch| batch.id.as_deref());
        let stated = named
            .filter(|id| self.is_reference(id))
            .or_else(|| self.one(Element::PaymentInformationId));
        let of_entry = || match self.entry.transactions.len() {
            0 | 1 => None,
            _ => self.of_entry(Element::ServicerReference).next(),
        };
        stated.or_else(of_entry).map(str::to_owned)
    }

    /// The first element that has what is wanted.
    fn find(&self, extraction: &Extraction) -> Option<String> {
        extraction
            .from
            .iter()
            .find_map(|&element| match &extraction.pattern {
                None => self.one(element).map(str::to_owned),
                Some(pattern) => taken(&pattern.0, &self.all(element)),
            })
    }

    /// The one text of an element; several different ones are none.
    fn one(&self, element: Element) -> Option<&str> {
        let mut all = self.all(element).into_iter();
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }

    /// Every text of an element that says something.
    fn all(&self, element: Element) -> Vec<&str> {
        let transaction = self.transaction;
        let party = self.counterparty;
        let own: Vec<&str> = match element {
            Element::Unstructured => {
                let lines = transaction.into_iter().flat_map(|t| &t.unstructured);
                return lines.map(|line| &**line).collect();
            }
            Element::AdditionalInformation => {
                let of_transaction = transaction.and_then(|t| t.additional.as_deref());
                return of_transaction
                    .or(self.entry.additional.as_deref())
                    .into_iter()
                    .collect();
            }
            Element::Counterparty => return party.and_then(Party::any_name).into_iter().collect(),
            Element::CounterpartyAccount => {
                return party
                    .and_then(|p| p.account.as_deref())
                    .into_iter()
                    .collect();
            }
            Element::Account => return self.account.into_iter().collect(),
            Element::EntryReference => self.of_entry(element).collect(),
            _ => self.of_transaction(element).collect(),
        };
        if !own.is_empty() {
            return own;
        }
        match element {
            // The entry's own reference is that of a payment only when there is one payment.
            Element::ServicerReference if self.is_alone() => self.of_entry(element).collect(),
            Element::OriginalReference if self.is_taken_back() => {
                self.of_transaction(Element::EndToEndId).collect()
            }
            _ => own,
        }
    }

    fn of_transaction(&self, element: Element) -> impl Iterator<Item = &str> {
        let transactions = self.transaction.into_iter();
        let references = transactions.flat_map(|transaction| &transaction.references);
        self.usable(references, element)
    }

    fn of_entry(&self, element: Element) -> impl Iterator<Item = &str> {
        self.usable(self.entry.references.iter(), element)
    }

    fn usable<'r>(
        &'r self,
        references: impl Iterator<Item = &'r (Element, Box<str>)>,
        element: Element,
    ) -> impl Iterator<Item = &'r str> {
        references
            .filter(move |(of, text)| *of == element && self.is_reference(text))
            .map(|(_, text)| &**text)
    }

    fn is_reference(&self, text: &str) -> bool {
        is_reference(text, &self.mapping.no_reference)
    }

    fn is_alone(&self) -> bool {
        self.transaction.is_none() || self.entry.transactions.len() == 1
    }

    fn is_taken_back(&self) -> bool {
        self.entry.reversal
            || self
                .transaction
                .is_some_and(|transaction| transaction.returned)
    }
}

/// What people call an entry: the bank's reference, its own, or where it stands.
pub(super) fn entry_name(entry: &Entry<'_>, mapping: &Camt053Mapping, statement: &str) -> String {
    let named = |wanted: Element| {
        let mut references = entry.references.iter();
        references.find(|(of, text)| *of == wanted && is_reference(text, &mapping.no_reference))
    };
    match named(Element::ServicerReference).or_else(|| named(Element::EntryReference)) {
        Some((_, text)) => text.to_string(),
        None => format!("in line {} of statement {statement}", entry.line),
    }
}

/// What the pattern finds in texts that the bank may have cut into lines in the middle of a word.
///
/// Read with and without a space at the cuts; where that makes a difference, nothing is taken.
fn taken(pattern: &Regex, lines: &[&str]) -> Option<String> {
    let spaced = lines.join(" ");
    let spaced = only_match(pattern, &spaced).map(str::to_owned);
    if lines.len() < 2 {
        return spaced;
    }
    let glued = lines.concat();
    let glued = only_match(pattern, &glued).map(str::to_owned);
    match (spaced, glued) {
        (Some(spaced), Some(glued)) if spaced != glued => None,
        (spaced, glued) => spaced.or(glued),
    }
}
