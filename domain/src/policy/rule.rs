//! One rule of a source: what has to be equal, how many records go together, what it accepts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::normalise::{self, TextStep};
use super::{DateWindow, Tolerances};
use crate::named_enum;
use crate::record::{Record, ReferenceKind, Side};

/// Records match by this rule when all of its keys are present and equal on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchRule {
    /// Shown with every decision it makes.
    pub name: String,
    /// Compared all together. Never empty.
    pub on: Vec<Key>,
    /// Whether texts may be misspelled, cut off or in the middle of others: then the amounts have to
    /// be equal, and nothing else with that amount may wait. Pairs only.
    pub is_alike: bool,
    /// How many records of each side make one match.
    pub cardinality: Cardinality,
    /// Where one record is several, and not all that share its texts: through how many combinations
    /// of half of them a search may go. None: all of them have to add up.
    pub combinations_max: Option<u32>,
    /// What it accepts instead of the source's tolerances.
    pub tolerances: Option<Tolerances>,
    /// What it accepts instead of the source's window.
    pub date_window: Option<DateWindow>,
}

impl MatchRule {
    /// One record of each side with the same references, as they are written.
    #[must_use]
    pub fn exact(name: impl Into<String>, on: &[ReferenceKind]) -> Self {
        MatchRule {
            name: name.into(),
            on: on.iter().copied().map(Key::exact).collect(),
            is_alike: false,
            cardinality: Cardinality::OneToOne,
            combinations_max: None,
            tolerances: None,
            date_window: None,
        }
    }
}

impl MatchRule {
    /// Whether it looks at all records that wait, not only at those with equal texts.
    #[must_use]
    pub fn looks_at_all(&self) -> bool {
        let mut keys = self.on.iter();
        self.is_alike || keys.any(|key| Side::BOTH.iter().any(|side| key.of(*side).names_several()))
    }

    /// Whether records of this side with equal texts are about one thing, so that of equal amounts one
    /// repeats the other. Whose they are doesn't say that, nor does what is left of a text that was cut, nor
    /// free text as people write it.
    pub(crate) fn identifies(&self, side: Side) -> bool {
        let mut terms = self.on.iter().map(|key| key.of(side));
        terms.any(Term::identifies)
    }

    /// The same of both sides.
    pub(crate) fn identifies_both(&self) -> bool {
        Side::BOTH.iter().all(|side| self.identifies(*side))
    }

    /// Whether equal texts say which payment records are of, whatever it is a part of. What was paid in one go
    /// doesn't, nor does what was found in a text: that may be about several payments.
    pub(crate) fn names_payments(&self) -> bool {
        let mut keys = self.on.iter();
        let names = |key: &Key| Side::BOTH.iter().all(|side| key.of(*side).names_payment());
        !self.looks_at_all() && keys.any(names)
    }

    /// Whether everything that `later` could bring together is decided once this rule had its turn:
    /// both go by pairs, and whatever has equal texts for `later` has equal texts for this one; or both
    /// do the same in the same limits. But for what it can't choose between, and where it only says whose records are
    /// and leaves those that don't agree.
    #[must_use]
    pub(crate) fn shadows(&self, later: &MatchRule) -> bool {
        let are_pairs =
            [self, later].map(|it| it.cardinality == Cardinality::OneToOne && !it.is_alike);
        let takes_all = self.identifies_both() || self.has_limits_of(later);
        (are_pairs == [true, true] && takes_all && self.is_implied_by(later)) || self.does_as(later)
    }

    /// Whether both accept the same differences.
    pub(crate) fn has_limits_of(&self, other: &MatchRule) -> bool {
        self.tolerances == other.tolerances && self.date_window == other.date_window
    }

    /// Whether it takes whatever the other takes, by the same texts within the same limits.
    fn does_as(&self, other: &MatchRule) -> bool {
        let takes = [other.cardinality, Cardinality::ManyToMany].contains(&self.cardinality);
        takes
            && (&self.on, self.is_alike) == (&other.on, other.is_alike)
            && self.has_limits_of(other)
            // Who looks for combinations tries the sum of all first.
            && self.combinations_max >= other.combinations_max
    }

    /// Whether whatever has equal texts for `other` has equal texts for this one.
    pub(crate) fn is_implied_by(&self, other: &MatchRule) -> bool {
        let implied = |key: &Key| {
            let mut keys = other.on.iter();
            keys.any(|other| {
                Side::BOTH
                    .iter()
                    .all(|side| key.of(*side).follows(other.of(*side)))
            })
        };
        !self.on.is_empty() && self.on.iter().all(implied)
    }
}

named_enum! {
    /// How many records of the partner and of the ledger make one match.
    Cardinality {
        /// One of each.
        OneToOne = "1:1",
        /// One of the partner's is several of ours.
        OneToMany = "1:N",
        /// Several of the partner's are one of ours.
        ManyToOne = "N:1",
        /// All of the partner's together are all of ours together.
        ManyToMany = "N:M",
    }
}

impl Cardinality {
    /// Whether several records of this side make one match.
    #[must_use]
    pub fn has_several(self, side: Side) -> bool {
        match self {
            Cardinality::OneToOne => false,
            Cardinality::OneToMany => side == Side::Ledger,
            Cardinality::ManyToOne => side == Side::Partner,
            Cardinality::ManyToMany => true,
        }
    }
}

/// Texts of both sides that have to be equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Of the partner's records.
    pub partner: Term,
    /// Of ours.
    pub ledger: Term,
}

impl Key {
    /// The same reference on both sides, as it is written.
    #[must_use]
    pub fn exact(kind: ReferenceKind) -> Self {
        Key::same(Term {
            field: Field::Reference(kind),
            steps: Vec::new(),
        })
    }

    /// The same on both sides.
    #[must_use]
    pub fn same(term: Term) -> Self {
        Key {
            partner: term.clone(),
            ledger: term,
        }
    }

    /// The steps by which texts that are equal for `finer` are made equal in more spellings, on one side or
    /// both; no steps where it is the same, nothing where it compares something else.
    pub(crate) fn respells(&self, finer: &Key) -> Option<&[TextStep]> {
        let more = |side: Side| self.of(side).more_steps(finer.of(side));
        match more(Side::Partner).zip(more(Side::Ledger))? {
            (partner, ledger) if partner == ledger || ledger.is_empty() => Some(partner),
            ([], ledger) => Some(ledger),
            _ => None,
        }
    }

    /// What is compared of records of this side.
    #[must_use]
    pub fn of(&self, side: Side) -> &Term {
        match side {
            Side::Partner => &self.partner,
            Side::Ledger => &self.ledger,
        }
    }

    /// What it is called where both sides are meant: as our side calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.ledger.field.name()
    }
}

/// As it stands in a source's file: `"reference"`, `{ field = "reference", normalise = [...] }`,
/// `{ partner = "order", ledger = "invoice" }`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.partner == self.ledger {
            true => self.ledger.fmt(f),
            false => write!(
                f,
                "{{ partner = {}, ledger = {} }}",
                self.partner, self.ledger
            ),
        }
    }
}

/// A text of a record, made comparable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// Where it stands.
    pub field: Field,
    /// What is done to it, in order.
    pub steps: Vec<TextStep>,
}

impl Term {
    /// Whether it is made from what `other` is: of equal texts there, equal texts come out here.
    fn follows(&self, other: &Term) -> bool {
        self.more_steps(other).is_some()
    }

    /// What is done to it beyond what is done to `other`, if it is made from what `other` is.
    fn more_steps(&self, other: &Term) -> Option<&[TextStep]> {
        let more = self.steps.strip_prefix(&other.steps[..])?;
        (self.field == other.field).then_some(more)
    }

    fn identifies(&self) -> bool {
        let says_what = match self.field {
            Field::Client | Field::Counterparty => false,
            Field::Description => self.steps.iter().any(TextStep::finds),
            Field::Reference(_) => true,
        };
        says_what && !self.loses_some()
    }

    /// Whether equal texts are of one client, however each of them is written.
    pub(crate) fn says_client(&self) -> bool {
        self.field == Field::Client && !self.loses_some()
    }

    /// Whether different things may come out the same: some of the text is cut off.
    fn loses_some(&self) -> bool {
        // The digits of what a pattern found are its number; those of a whole text may be anything.
        let is_number = |at: usize| self.steps[..at].iter().any(TextStep::finds);
        let loses = |(at, step): (usize, &TextStep)| match step {
            TextStep::First(_) => true,
            TextStep::Digits => !is_number(at),
            _ => false,
        };
        self.steps.iter().enumerate().any(loses)
    }

    fn names_payment(&self) -> bool {
        let Field::Reference(kind) = self.field else {
            return false;
        };
        let is_of_many = matches!(
            kind,
            ReferenceKind::Batch | ReferenceKind::MandateId | ReferenceKind::OriginalReference
        );
        let mut steps = self.steps.iter();
        !is_of_many && self.identifies() && !steps.any(|step| matches!(step, TextStep::Capture(_)))
    }

    /// Whether a text of it may name several records.
    #[must_use]
    pub fn names_several(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, TextStep::Each(_)))
    }

    /// All that it names.
    pub(crate) fn texts(&self, record: &Record) -> BTreeSet<String> {
        let text = self.field.text(record);
        text.map_or_else(BTreeSet::new, |text| normalise::each(&self.steps, text))
    }

    /// All that it may be about: what is found in a text of which a rule leaves nothing, as it finds several.
    pub(crate) fn names(&self, record: &Record) -> BTreeSet<String> {
        let text = self.field.text(record);
        text.map_or_else(BTreeSet::new, |text| {
            normalise::all_found(&self.steps, text)
        })
    }

    /// The text before anything is done to it.
    pub(crate) fn written<'r>(&self, record: &'r Record) -> Option<&'r str> {
        self.field.text(record)
    }

    /// Whether it is compared without its separators.
    pub(crate) fn ignores_separators(&self) -> bool {
        self.steps.contains(&TextStep::IgnoreSeparators)
    }

    /// The numbers of a text whose separators are ignored, where it has several: `1-23` is not `12-3`.
    pub(crate) fn numbers(&self, record: &Record) -> Option<Vec<String>> {
        let mut steps = self.steps.iter();
        let at = steps.position(|step| *step == TextStep::IgnoreSeparators)?;
        let text = normalise::apply(&self.steps[..at], self.field.text(record)?)?;
        Some(normalise::numbers(&text)).filter(|numbers| numbers.len() > 1)
    }

    /// What is compared; `None` where the record has no such text, or nothing is left of it.
    #[must_use]
    pub fn text<'r>(&self, record: &'r Record) -> Option<Cow<'r, str>> {
        normalise::apply(&self.steps, self.field.text(record)?)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.name();
        let [first, more @ ..] = &self.steps[..] else {
            return write!(f, "\"{name}\"");
        };
        write!(f, "{{ field = \"{name}\", normalise = [{first}")?;
        more.iter().try_for_each(|step| write!(f, ", {step}"))?;
        f.write_str("] }")
    }
}

/// A text of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Field {
    /// One of its references.
    Reference(ReferenceKind),
    /// Our client's identifier.
    Client,
    /// The other party's name.
    Counterparty,
    /// Free text.
    Description,
}

impl Field {
    /// Its name, as in the source's file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Field::Reference(kind) => kind.name(),
            Field::Client => "client",
            Field::Counterparty => "counterparty",
            Field::Description => "description",
        }
    }

    /// All that a rule can compare: references first.
    pub fn all() -> impl Iterator<Item = Field> {
        let references = ReferenceKind::ALL.iter().copied().map(Field::Reference);
        references.chain([Field::Client, Field::Counterparty, Field::Description])
    }

    /// The field of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Field::all().find(|field| field.name() == name)
    }

    fn text(self, record: &Record) -> Option<&str> {
        match self {
            Field::Reference(kind) => record.reference(kind),
            Field::Client => record.client.as_deref(),
            Field::Counterparty => record.counterparty.as_deref(),
            Field::Description => record.description.as_deref(),
        }
    }
}
