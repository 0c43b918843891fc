//! What can't be meant in a list of rules: rules that never decide, or decide what another is there for.

mod flaw;

use super::normalise::TextStep;
use super::rule::{Cardinality, Field, Key, MatchRule, Term};
use crate::record::Side;

pub use flaw::RuleFlaw;

/// All flaws of the rules, with the index of the rule that each is in, in the order of the rules.
#[must_use]
pub fn flaws(rules: &[MatchRule]) -> Vec<(usize, RuleFlaw)> {
    let each = rules.iter().enumerate();
    each.flat_map(|(index, rule)| {
        let (before, after) = (&rules[..index], &rules[index + 1..]);
        let of_rule = [
            shadowed(rule, before),
            too_early(rule, after),
            only_whose(rule),
        ];
        let mut of_rule: Vec<RuleFlaw> = of_rule.into_iter().flatten().collect();
        if index == 0 && of_rule.is_empty() {
            of_rule.extend(several_first(rule));
        }
        let flaws = of_rule.into_iter().chain(in_keys(rule));
        flaws.map(move |flaw| (index, flaw))
    })
    .collect()
}

fn shadowed(rule: &MatchRule, before: &[MatchRule]) -> Option<RuleFlaw> {
    let by = before.iter().find(|earlier| earlier.shadows(rule))?;
    let name = by.name.clone();
    let are_limits_same = by.has_limits_of(rule);
    Some(match (rule.is_implied_by(by), are_limits_same) {
        (true, true) => RuleFlaw::Shadowed { by: name },
        (true, false) => RuleFlaw::BehindSame { by: name },
        (false, _) => RuleFlaw::BehindCoarser { coarser: name },
    })
}

/// A first rule that takes several as one by what says which payment each is of: the memory of payments goes by
/// a first rule of pairs.
fn several_first(rule: &MatchRule) -> Option<RuleFlaw> {
    let is_flaw = rule.cardinality != Cardinality::OneToOne && rule.names_payments();
    is_flaw.then_some(RuleFlaw::SeveralFirst)
}

/// A rule of pairs by nothing but whose records are.
fn only_whose(rule: &MatchRule) -> Option<RuleFlaw> {
    let is_whose = |field: &Field| matches!(field, Field::Client | Field::Counterparty);
    let whose = |key: &Key| {
        let fields = [key.partner.field, key.ledger.field];
        fields.into_iter().find(is_whose)
    };
    let fields: Option<Vec<Field>> = rule.on.iter().map(whose).collect();
    let field = fields?.first()?.name();
    let is_of_pairs = rule.cardinality == Cardinality::OneToOne && !rule.is_alike;
    is_of_pairs.then_some(RuleFlaw::OnlyWhose { field })
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
        flaws.extend(step(any_number).map(|step| RuleFlaw::AnyNumber { key, step }));
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

/// The first step that looks for something in people's texts, if any number will do.
fn any_number(term: &Term) -> Option<&TextStep> {
    let mut steps = term.steps.iter();
    let (step, pattern) = steps.find_map(|step| match step {
        TextStep::Capture(pattern) | TextStep::Each(pattern) => Some((step, pattern)),
        _ => None,
    })?;
    let is_any = || !pattern.cuts_numbers() && pattern.finds_any_number();
    (term.field == Field::Description && is_any()).then_some(step)
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
    use crate::policy::{Pattern, Tolerances};
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
        let behind = "this rule gets only what `digits`, which compares less of the same, can't choose between before";
        assert_eq!(
            said(&[digits.clone(), exact.clone()]),
            [(1, behind.to_owned())]
        );
        assert_eq!(
            said(&[exact.clone(), on("again", vec![invoice(&[])])]),
            [(1, shadowed)]
        );
        assert_eq!(said(&[exact, digits]), []);
    }

    #[test]
    fn the_same_texts_within_other_limits_come_too_late() {
        let wider = |rule: MatchRule| MatchRule {
            tolerances: Some(Tolerances::default()),
            ..rule
        };
        let exact = || on("exact", vec![invoice(&[])]);
        let late = "this rule gets only what `exact`, which compares the same texts, can't choose between before";
        assert_eq!(said(&[exact(), wider(exact())]), [(1, late.to_owned())]);
        // Of somebody's records those that don't agree are left to it.
        let client = || {
            let term = Term {
                field: Field::Client,
                steps: Vec::new(),
            };
            on("client", vec![Key::same(term)])
        };
        let is_late = |(_, flaw): &(usize, RuleFlaw)| !matches!(flaw, RuleFlaw::OnlyWhose { .. });
        let flaws_of = |rules: [MatchRule; 2]| flaws(&rules).into_iter().filter(is_late).count();
        assert_eq!(flaws_of([client(), wider(client())]), 0);
        assert_eq!(flaws_of([client(), client()]), 1);
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
            let mut found = said(&rules.map(MatchRule::clone));
            found.retain(|(index, _)| *index == 1);
            assert_eq!(found.len(), flaws, "{rules:?} {found:?}");
        }
    }

    #[test]
    fn a_rule_that_goes_by_nothing_but_whose_records_are_is_named() {
        let whose = |field| {
            Key::same(Term {
                field,
                steps: Vec::new(),
            })
        };
        let client = || on("client", vec![whose(Field::Client)]);
        let named = |field: &str| {
            format!("equal amounts of one {field} are matched, though their references differ")
        };
        let both = vec![whose(Field::Counterparty), whose(Field::Client)];
        let of_one = Key {
            partner: invoice(&[]).partner,
            ledger: whose(Field::Client).ledger,
        };
        for (field, rule) in [
            ("client", client()),
            ("counterparty", on("both", both)),
            ("client", on("of one side", vec![of_one])),
        ] {
            assert_eq!(said(&[rule]), [(0, named(field))]);
        }
        let with_invoice = on("more", vec![whose(Field::Client), invoice(&[])]);
        let alike = MatchRule {
            is_alike: true,
            ..client()
        };
        let all = MatchRule {
            cardinality: Cardinality::ManyToMany,
            ..client()
        };
        for rule in [with_invoice, alike, all] {
            assert_eq!(said(&[rule]), []);
        }
    }

    #[test]
    fn a_first_rule_of_several_payments_is_named() {
        let several = |key| MatchRule {
            cardinality: Cardinality::ManyToMany,
            ..on("several", vec![key])
        };
        let not_told = "a first rule of several as one remembers no payments: what is settled or paid again in a later run is not known";
        assert_eq!(said(&[several(invoice(&[]))]), [(0, not_told.to_owned())]);
        let batch = Key::exact(ReferenceKind::Batch);
        assert_eq!(said(&[several(batch.clone())]), []);
        assert_eq!(said(&[on("pairs", vec![batch]), several(invoice(&[]))]), []);
    }

    #[test]
    fn patterns_that_find_any_number_are_named() {
        let named = |field, steps: &[TextStep]| {
            let term = Term {
                field,
                steps: steps.to_vec(),
            };
            let key = Key {
                partner: term,
                ledger: invoice(&[]).ledger,
            };
            let found = flaws(&[on("named", vec![key])]).into_iter();
            let found = found.map(|(_, flaw)| flaw);
            found
                .filter(|flaw| matches!(flaw, RuleFlaw::AnyNumber { key: 0, .. }))
                .count()
        };
        let pattern = |text: &str| Pattern::parse(text).unwrap();
        let invoice_of = Field::Reference(ReferenceKind::Invoice);
        for text in ["[0-9]+", r"\b([0-9]{2,})\b", r"#?(\d+)"] {
            for step in [
                TextStep::Capture(pattern(text)),
                TextStep::Each(pattern(text)),
            ] {
                assert_eq!(
                    named(Field::Description, std::slice::from_ref(&step)),
                    1,
                    "{text}"
                );
                // A field for references has nothing else in it.
                assert_eq!(named(invoice_of, &[step]), 0, "{text}");
            }
        }
        for text in ["INV-?([0-9]+)", "[0-9]{2}", "[0-9]{6,}"] {
            let step = TextStep::Each(pattern(text));
            assert_eq!(named(Field::Description, &[step]), 0, "{text}");
        }
        let steps = ["RE: (.+)", "[0-9]+"].map(|text| TextStep::Capture(pattern(text)));
        assert_eq!(named(Field::Description, &steps), 0);
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
