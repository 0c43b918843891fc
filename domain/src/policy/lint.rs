//! What can't be meant in a list of rules: rules that never decide, or decide what another is there for.

use std::fmt;

use super::normalise::TextStep;
use super::rule::{Cardinality, MatchRule, Term};
use crate::record::Side;

/// Something in a rule that can't be meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleFlaw {
    /// Whatever it could bring together is decided before.
    Shadowed {
        /// By the rule of this name.
        by: String,
    },
    /// It takes pairs that are alike before a later rule takes those that are equal.
    AlikeBeforeEqual {
        /// The later rule.
        later: String,
    },
    /// It takes several as one before a later rule takes its pairs.
    SeveralBeforePairs {
        /// The later rule.
        later: String,
    },
    /// The key at this index is there twice.
    SameKeyTwice {
        /// Index of the second.
        key: usize,
    },
    /// What this step looks for can't be there: the steps before it change or remove it.
    NeverThere {
        /// Index of the key.
        key: usize,
        /// The step, as it is written.
        step: String,
    },
    /// What this step finds may be a part of a longer number, which names something else.
    CutsNumbers {
        /// Index of the key.
        key: usize,
        /// The step, as it is written.
        step: String,
    },
}

impl fmt::Display for RuleFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleFlaw::Shadowed { by } => {
                write!(f, "this rule never decides: `{by}` has decided before")
            }
            RuleFlaw::AlikeBeforeEqual { later } => write!(
                f,
                "what is alike is matched before `{later}` has matched what is equal"
            ),
            RuleFlaw::SeveralBeforePairs { later } => write!(
                f,
                "several are matched as one before `{later}` has matched pairs by the same keys"
            ),
            RuleFlaw::SameKeyTwice { .. } => f.write_str("the same is compared twice"),
            RuleFlaw::NeverThere { step, .. } => write!(
                f,
                "{step} never finds anything: the steps before it leave no such text"
            ),
            RuleFlaw::CutsNumbers { step, .. } => {
                write!(
                    f,
                    "{step} also finds a part of a longer number: another reference"
                )
            }
        }
    }
}

impl RuleFlaw {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            RuleFlaw::Shadowed { .. } => "match on something else, or drop it",
            RuleFlaw::AlikeBeforeEqual { .. } => "put it behind the rules that take what is equal",
            RuleFlaw::SeveralBeforePairs { .. } => "put the rule that takes pairs first",
            RuleFlaw::SameKeyTwice { .. } => "drop one of them",
            RuleFlaw::NeverThere { .. } => {
                "put it before the other steps, or write it as they leave it"
            }
            RuleFlaw::CutsNumbers { .. } => {
                "write `\\b` where the number begins or ends, or `+` for any number of digits"
            }
        }
    }

    /// The key that it is about; none when it is the whole rule.
    #[must_use]
    pub fn key(&self) -> Option<usize> {
        match self {
            RuleFlaw::SameKeyTwice { key }
            | RuleFlaw::NeverThere { key, .. }
            | RuleFlaw::CutsNumbers { key, .. } => Some(*key),
            _ => None,
        }
    }
}

/// All flaws of the rules, with the index of the rule that each is in, in the order of the rules.
#[must_use]
pub fn flaws(rules: &[MatchRule]) -> Vec<(usize, RuleFlaw)> {
    let each = rules.iter().enumerate();
    each.flat_map(|(index, rule)| {
        let (before, after) = (&rules[..index], &rules[index + 1..]);
        let flaws = shadowed(rule, before).into_iter();
        let flaws = flaws.chain(too_early(rule, after)).chain(in_keys(rule));
        flaws.map(move |flaw| (index, flaw))
    })
    .collect()
}

fn shadowed(rule: &MatchRule, before: &[MatchRule]) -> Option<RuleFlaw> {
    let by = before.iter().find(|earlier| earlier.shadows(rule))?;
    Some(RuleFlaw::Shadowed {
        by: by.name.clone(),
    })
}

/// A rule before another one that is stricter by the same keys.
fn too_early(rule: &MatchRule, after: &[MatchRule]) -> Option<RuleFlaw> {
    let pairs = |it: &MatchRule| it.cardinality == Cardinality::OneToOne && !it.is_alike;
    let later = after.iter().find(|later| {
        let is_loose = rule.is_alike || !pairs(rule);
        is_loose && pairs(later) && same_fields(rule, later)
    })?;
    let later = later.name.clone();
    Some(match rule.is_alike {
        true => RuleFlaw::AlikeBeforeEqual { later },
        false => RuleFlaw::SeveralBeforePairs { later },
    })
}

/// Whether both compare the same fields, however they are written.
fn same_fields(rule: &MatchRule, other: &MatchRule) -> bool {
    let fields = |rule: &MatchRule| {
        let fields = rule
            .on
            .iter()
            .map(|key| (key.partner.field, key.ledger.field));
        let mut fields: Vec<_> = fields.collect();
        fields.sort_unstable();
        fields
    };
    fields(rule) == fields(other)
}

fn in_keys(rule: &MatchRule) -> Vec<RuleFlaw> {
    let mut flaws = Vec::new();
    for (index, key) in rule.on.iter().enumerate() {
        if rule.on[..index].contains(key) {
            flaws.push(RuleFlaw::SameKeyTwice { key: index });
        }
        let step = |find: fn(&Term) -> Option<&TextStep>| {
            let mut sides = Side::BOTH.iter();
            let step = sides.find_map(|side| find(key.of(*side)))?;
            Some(step.to_string())
        };
        let key = index;
        flaws.extend(step(never_there).map(|step| RuleFlaw::NeverThere { key, step }));
        flaws.extend(step(cuts_numbers).map(|step| RuleFlaw::CutsNumbers { key, step }));
    }
    flaws
}

/// A step that looks for a text that the steps before it would have changed.
fn never_there(term: &Term) -> Option<&TextStep> {
    let mut steps = term.steps.iter().enumerate();
    let found = steps.find(|(index, step)| {
        let wanted = match step {
            TextStep::Prefix(text) | TextStep::Suffix(text) => vec![text.to_string()],
            TextStep::Capture(pattern) | TextStep::Each(pattern) => pattern.required(),
            _ => Vec::new(),
        };
        let before = term.steps[..*index].iter();
        let mut letters = before.filter(|step| changes_letters(step));
        letters.any(|step| wanted.iter().any(|text| step.changes(text)))
    });
    found.map(|(_, step)| step)
}

/// A step that finds a part of a number where all of it is there.
fn cuts_numbers(term: &Term) -> Option<&TextStep> {
    let mut steps = term.steps.iter();
    steps.find(|step| match step {
        TextStep::Capture(pattern) | TextStep::Each(pattern) => pattern.cuts_numbers(),
        _ => false,
    })
}

/// Whether what a step leaves of a text does not depend on where in it each letter stands.
fn changes_letters(step: &TextStep) -> bool {
    matches!(
        step,
        TextStep::IgnoreCase | TextStep::IgnoreSeparators | TextStep::Digits
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Field, Key, Pattern, Tolerances};
    use crate::record::ReferenceKind;

    fn on(name: &str, keys: Vec<Key>) -> MatchRule {
        MatchRule {
            on: keys,
            ..MatchRule::exact(name, &[])
        }
    }

    fn invoice(steps: &[TextStep]) -> Key {
        Key::same(Term {
            field: Field::Reference(ReferenceKind::Invoice),
            steps: steps.to_vec(),
        })
    }

    fn said(rules: &[MatchRule]) -> Vec<(usize, String)> {
        let flaws = flaws(rules).into_iter();
        flaws
            .map(|(index, flaw)| (index, flaw.to_string()))
            .collect()
    }

    #[test]
    fn rules_in_a_sensible_order_have_no_flaw() {
        let rules = [
            on("exact", vec![invoice(&[])]),
            on(
                "spelled",
                vec![invoice(&[
                    TextStep::IgnoreCase,
                    TextStep::Prefix("INV".into()),
                ])],
            ),
            MatchRule {
                cardinality: Cardinality::ManyToOne,
                ..on("parts", vec![invoice(&[])])
            },
            MatchRule {
                is_alike: true,
                ..on("alike", vec![invoice(&[])])
            },
        ];
        assert_eq!(said(&rules), []);
    }

    #[test]
    fn loose_rules_come_last() {
        let alike = MatchRule {
            is_alike: true,
            ..on("alike", vec![invoice(&[])])
        };
        let parts = MatchRule {
            cardinality: Cardinality::ManyToOne,
            ..on("parts", vec![invoice(&[])])
        };
        let spelled = on("spelled", vec![invoice(&[TextStep::IgnoreCase])]);
        let flaws = said(&[alike, parts, spelled]);
        assert_eq!(
            flaws,
            [
                (
                    0,
                    "what is alike is matched before `spelled` has matched what is equal".to_owned()
                ),
                (
                    1,
                    "several are matched as one before `spelled` has matched pairs by the same keys"
                        .to_owned()
                ),
            ]
        );
    }

    #[test]
    fn a_rule_that_never_decides_is_named() {
        let digits = on("digits", vec![invoice(&[TextStep::Digits])]);
        let exact = on("exact", vec![invoice(&[])]);
        let shadowed = "this rule never decides: `exact` has decided before".to_owned();
        assert_eq!(said(&[digits.clone(), exact.clone()]).len(), 1);
        assert_eq!(
            said(&[exact.clone(), on("again", vec![invoice(&[])])]),
            [(1, shadowed)]
        );
        assert_eq!(said(&[exact, digits]), []);
    }

    #[test]
    fn what_does_the_same_again_never_decides() {
        let several = |cardinality, combinations_max| MatchRule {
            cardinality,
            combinations_max,
            ..on("several", vec![invoice(&[])])
        };
        let alike = MatchRule {
            is_alike: true,
            ..on("alike", vec![invoice(&[])])
        };
        let one_to_many = several(Cardinality::OneToMany, None);
        let searching = several(Cardinality::OneToMany, Some(100));
        let many_to_many = several(Cardinality::ManyToMany, None);
        let own_limits = MatchRule {
            tolerances: Some(Tolerances::default()),
            ..one_to_many.clone()
        };
        for (rules, flaws) in [
            ([&alike, &alike], 1),
            ([&one_to_many, &one_to_many], 1),
            ([&many_to_many, &one_to_many], 1),
            ([&searching, &one_to_many], 1),
            ([&one_to_many, &searching], 0),
            ([&one_to_many, &many_to_many], 0),
            ([&one_to_many, &own_limits], 0),
            ([&one_to_many, &alike], 0),
        ] {
            let found = said(&rules.map(MatchRule::clone));
            assert_eq!(found.len(), flaws, "{rules:?} {found:?}");
        }
    }

    #[test]
    fn patterns_that_cut_numbers_are_named() {
        let step = TextStep::Each(Pattern::parse("PAY-[0-9]{8}").unwrap());
        assert_eq!(
            said(&[on("several", vec![invoice(&[step])])]),
            [(
                0,
                "{ each = 'PAY-[0-9]{8}' } also finds a part of a longer number: another reference"
                    .to_owned()
            )]
        );
    }

    #[test]
    fn keys_that_say_nothing_new_and_steps_that_find_nothing_are_named() {
        let twice = on("twice", vec![invoice(&[]), invoice(&[])]);
        assert_eq!(
            said(&[twice]),
            [(0, "the same is compared twice".to_owned())]
        );
        let never = |steps: &[TextStep]| said(&[on("never", vec![invoice(steps)])]);
        let small = TextStep::Prefix("inv-".into());
        let large = TextStep::Prefix("INV-".into());
        let capture = |text: &str| TextStep::Capture(Pattern::parse(text).unwrap());
        for steps in [
            [TextStep::IgnoreCase, small.clone()],
            [TextStep::IgnoreSeparators, large.clone()],
            [TextStep::Digits, large.clone()],
            [TextStep::Digits, capture("INV-?([0-9]+)")],
            [TextStep::IgnoreSeparators, capture("([0-9]+)/2026")],
        ] {
            assert_eq!(never(&steps).len(), 1, "{steps:?}");
        }
        for steps in [
            [small, TextStep::IgnoreCase],
            [TextStep::IgnoreCase, large],
            [TextStep::Digits, TextStep::Suffix("00".into())],
            [TextStep::IgnoreCase, capture("INV-?([0-9]+)")],
            [TextStep::IgnoreSeparators, capture("(?:RE-|INV)([0-9]+)")],
        ] {
            assert_eq!(never(&steps), [], "{steps:?}");
        }
    }
}
