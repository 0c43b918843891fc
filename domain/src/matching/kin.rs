//! Records that may be about the same as those of a group of the first rule, as a later rule says: its
//! reference in another spelling, or named in a text.
//!
//! `INV-1042` was paid and matched by the reference as it is written; `inv 1042`, paid two days later, is
//! that payment again, though a rule that ignores case finds nothing of the ledger's any more. So records
//! are spread over buckets by what they are kin in, and whoever settles a group of the first rule sees
//! what else there is.

use std::borrow::Cow;
use std::str;

use super::sieve;
use crate::policy::{
    AsciiSteps, Cardinality, Key, MatchRule, Room, SourcePolicy, TextStep, normalised,
};
use crate::record::{Record, Side};

/// Between texts, where the first rule compares several.
pub(crate) const BETWEEN: &str = "\u{1f}";

/// What records are kin in. Nothing where no later rule says so, or the first one does not go by pairs of equal
/// texts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kin {
    /// What the first rule compares.
    own: Vec<Key>,
    /// Whether that says what a record is about.
    identifies: bool,
    spelled: Option<Spelled>,
    named: Vec<Named>,
}

/// How a later rule spells the texts of the first one.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Spelled {
    /// The rule, by its index.
    rule: usize,
    /// What is done to each text.
    steps: Vec<Vec<TextStep>>,
    /// The same for the keys of millions of rows, where that can be.
    ascii: Option<AsciiSteps>,
}

/// Where a later rule finds the texts that the first one compares.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Named {
    /// The rule, by its index.
    rule: usize,
    /// Of whose records it does.
    side: Side,
    keys: Vec<Key>,
}

impl Kin {
    /// What the records of a source are kin in.
    #[must_use]
    pub fn of(policy: &SourcePolicy) -> Self {
        let mut rules = policy.rules.iter().enumerate();
        let Some((_, first)) = rules.next().filter(|(_, first)| is_of_pairs(first)) else {
            return Kin::default();
        };
        let own = &first.on;
        let as_many = |rule: &MatchRule| rule.on.len() == own.len();
        let later: Vec<(usize, &MatchRule)> = rules
            .filter(|(_, rule)| is_of_pairs(rule) && as_many(rule) && rule.identifies_both())
            .collect();
        let spelled = |&(rule, later): &(usize, &MatchRule)| {
            let keys = later.on.iter().zip(own);
            let steps = keys.map(|(key, own)| Some(key.respells(own)?.to_vec()));
            let steps: Vec<Vec<TextStep>> = steps.collect::<Option<_>>()?;
            let ascii = match &steps[..] {
                [only] => AsciiSteps::of(only),
                _ => None,
            };
            let is_any = steps.iter().any(|steps| !steps.is_empty());
            is_any.then_some(Spelled { rule, steps, ascii })
        };
        let named = |&(rule, later): &(usize, &MatchRule)| {
            let mut sides = Side::BOTH.into_iter();
            // The other side's is compared as the first rule compares it.
            let side = sides.find(|side| {
                let mut keys = later.on.iter().zip(own);
                let is_same =
                    |(key, own): (&Key, &Key)| key.of(side.other()) == own.of(side.other());
                let fields =
                    |keys: &[Key]| keys.iter().map(|it| it.of(*side).field).collect::<Vec<_>>();
                keys.all(is_same) && fields(&later.on) != fields(own)
            })?;
            let keys = later.on.clone();
            Some(Named { rule, side, keys })
        };
        Kin {
            own: own.clone(),
            identifies: first.identifies_both(),
            named: later.iter().filter_map(named).collect(),
            spelled: later.iter().find_map(spelled),
        }
    }

    /// Whether records can be kin without being of one group of the first rule.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.spelled.is_some() || !self.named.is_empty()
    }

    /// What this record is kin in; none where it says nothing of the kind. Equal for those with equal texts
    /// by the first rule.
    #[must_use]
    pub fn text<'r>(&self, record: &'r Record) -> Option<Cow<'r, str>> {
        let text = self.written(record)?;
        Some(match text {
            Cow::Borrowed(text) => self.spelled(text),
            Cow::Owned(text) => self.spelled(&text).into_owned().into(),
        })
    }

    /// The same as it is written, before it is spelled in one way.
    #[must_use]
    pub fn written<'r>(&self, record: &'r Record) -> Option<Cow<'r, str>> {
        let own = joined(&self.own, record);
        own.or_else(|| self.name(record).map(|(_, text)| text))
    }

    /// Whether it says what a record is about, so that the same text with the same money is the same payment.
    #[must_use]
    pub fn identifies(&self) -> bool {
        self.identifies
    }

    /// The text of a record that says what it is about.
    pub(crate) fn identity<'r>(&self, record: &'r Record) -> Option<Cow<'r, str>> {
        self.text(record).filter(|_| self.identifies)
    }

    /// Whether some rule spells it otherwise.
    pub(super) fn is_spelled(&self) -> bool {
        self.spelled.is_some()
    }

    /// Whether this rule spells it otherwise.
    pub(super) fn is_spelled_by(&self, rule: usize) -> bool {
        self.spelled.as_ref().is_some_and(|it| it.rule == rule)
    }

    /// Whether records are kin by this rule, though not by the first one.
    pub(super) fn is_by(&self, rule: usize) -> bool {
        self.is_spelled_by(rule) || self.named.iter().any(|named| named.rule == rule)
    }

    /// The rule, by its index, that says of this record what it is kin in, when it is not the first one.
    pub(super) fn rule_of(&self, record: &Record) -> Option<usize> {
        match joined(&self.own, record) {
            Some(_) => self.spelled.as_ref().map(|it| it.rule),
            None => self.name(record).map(|(rule, _)| rule),
        }
    }

    fn name<'r>(&self, record: &'r Record) -> Option<(usize, Cow<'r, str>)> {
        let named = self.named.iter();
        let mut named = named.filter(|named| named.side == record.side);
        named.find_map(|named| Some((named.rule, joined(&named.keys, record)?)))
    }

    /// The texts of the first rule in the one spelling; themselves where nothing would be left of one.
    fn spelled<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.spelled.as_ref().map(|spelled| &spelled.steps[..]) {
            None => Cow::Borrowed(text),
            Some([steps]) => normalised(steps, text).unwrap_or(Cow::Borrowed(text)),
            Some(several) => {
                let texts = text.splitn(several.len(), BETWEEN).zip(several);
                let texts = texts.map(|(text, steps)| normalised(steps, text));
                let texts: Option<Vec<Cow<str>>> = texts.collect();
                texts.map_or(Cow::Borrowed(text), |texts| texts.join(BETWEEN).into())
            }
        }
    }

    /// A hash of what records with this text of the first rule are kin in, for the [`sieve`].
    #[must_use]
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.of_key(key, sieve::hash)
    }

    /// Does something with a key in the one spelling.
    #[inline]
    pub(crate) fn of_key<T>(&self, key: &[u8], what: impl FnOnce(&[u8]) -> T) -> T {
        let Some(spelled) = &self.spelled else {
            return what(key);
        };
        let mut room: Room = [0; _];
        let ascii = spelled.ascii.as_ref();
        if let Some(text) = ascii.and_then(|steps| steps.apply(key, &mut room)) {
            return what(if text.is_empty() { key } else { text });
        }
        match str::from_utf8(key) {
            Ok(text) => what(self.spelled(text).as_bytes()),
            Err(_) => what(key),
        }
    }
}

fn is_of_pairs(rule: &MatchRule) -> bool {
    rule.cardinality == Cardinality::OneToOne && !rule.looks_at_all() && !rule.on.is_empty()
}

/// The texts of these keys, if the record has all of them.
pub(super) fn joined<'r>(keys: &[Key], record: &'r Record) -> Option<Cow<'r, str>> {
    let text = |key: &Key| key.of(record.side).text(record);
    match keys {
        [] => None,
        [only] => text(only),
        several => {
            let texts: Option<Vec<Cow<str>>> = several.iter().map(text).collect();
            Some(texts?.join(BETWEEN).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::tests::policy;
    use super::*;
    use crate::policy::{Field, Pattern, Term};
    use crate::record::ReferenceKind;

    const REFERENCE: Field = Field::Reference(ReferenceKind::Reference);

    /// The reference as it is written, then by these terms of the partner's and of ours.
    fn kin(later: &[(Term, Term)]) -> Kin {
        let mut policy = policy();
        policy.rules.truncate(1);
        policy
            .rules
            .extend(later.iter().map(|(partner, ledger)| MatchRule {
                on: vec![Key {
                    partner: partner.clone(),
                    ledger: ledger.clone(),
                }],
                ..MatchRule::exact("later", &[])
            }));
        Kin::of(&policy)
    }

    fn term(field: Field, steps: &[TextStep]) -> Term {
        Term {
            field,
            steps: steps.to_vec(),
        }
    }

    proptest! {
        #[test]
        fn keys_hash_as_they_are_spelled(
            key in "[A-Ca-c0-2 /äÄ-]{0,12}|[A-Ca-c0-2 /-]{0,80}",
            steps in vec(select(vec![
                TextStep::IgnoreCase,
                TextStep::IgnoreSeparators,
                TextStep::IgnoreLeadingZeros,
                TextStep::Prefix("A".into()),
            ]), 1..4),
        ) {
            let spelled = term(REFERENCE, &steps);
            let kin = kin(&[(spelled.clone(), spelled)]);
            let expected = normalised(&steps, &key).unwrap_or(Cow::Borrowed(&key)).into_owned();
            prop_assert_eq!(kin.of_key(key.as_bytes(), <[u8]>::to_vec), expected.as_bytes());
            prop_assert_eq!(kin.hash(key.as_bytes()), sieve::hash(expected.as_bytes()));
        }
    }

    #[test]
    fn only_rules_of_pairs_that_say_what_a_record_is_make_kin() {
        let plain = || term(REFERENCE, &[]);
        let any_case = || term(REFERENCE, &[TextStep::IgnoreCase]);
        let text = |steps: &[TextStep]| term(Field::Description, steps);
        let found = TextStep::Capture(Pattern::parse("INV-[0-9]+").expect("a pattern"));
        for (is_any, partner, ledger) in [
            (true, any_case(), any_case()),
            (true, any_case(), plain()),
            (true, text(std::slice::from_ref(&found)), plain()),
            (false, text(&[]), plain()),
            (false, text(std::slice::from_ref(&found)), any_case()),
            (
                false,
                term(REFERENCE, &[TextStep::First(4)]),
                term(REFERENCE, &[TextStep::First(4)]),
            ),
            (false, term(Field::Client, &[]), term(Field::Client, &[])),
        ] {
            let shown = format!("{partner} = {ledger}");
            assert_eq!(kin(&[(partner, ledger)]).is_any(), is_any, "{shown}");
        }
        assert!(!kin(&[]).is_any());
    }

    #[test]
    fn the_first_spelling_counts() {
        let by = |step| {
            let term = term(REFERENCE, &[step]);
            (term.clone(), term)
        };
        let kin = kin(&[by(TextStep::IgnoreCase), by(TextStep::IgnoreLeadingZeros)]);
        assert_eq!(kin.of_key(b"inv-07", <[u8]>::to_vec), b"INV-07");
    }
}
