//! What was compared, and the smallest change of a rule that would have matched it.

use proptest::prelude::*;

use super::generate::pools;
use super::*;
use crate::matching::explanation::{Explanation, RuleChange, WouldMatch};
use crate::policy::{Field, Key, Term, TextStep};

fn explained(policy: &SourcePolicy, records: &[&str]) -> Explanation {
    Explanation::of(policy, &only_discrepancy(policy, records))
}

#[test]
fn the_smallest_change_is_said_as_it_would_stand_in_the_file() {
    let examples: &[(&[&str], Option<&str>)] = &[
        (
            &["P INV-104 1000 EUR 5", "L INV-104 800 EUR 5"],
            Some(
                "rule by reference with `tolerances.EUR = { accepted = \"200.00\", \
                 rounding = \"200.00\" }` of the source",
            ),
        ),
        (
            &["P A 9.95 EUR 5", "L A 10 EUR 9"],
            Some(
                "rule by reference with `tolerances.EUR.accepted = \"0.05\"` and \
                 `dates.early_days = 4` of the source",
            ),
        ),
        (
            &["P A 10 EUR 9", "L A 10 EUR 5"],
            Some("rule by reference with `dates.late_days = 4` of the source"),
        ),
        // The money flows the other way; another currency; statuses: no rule takes these.
        (&["P A 10 EUR 5", "L A -10 EUR 5"], None),
        (&["P A 10 EUR 5", "L A 10 USD 5"], None),
        (
            &[
                "P A 10 EUR 5 status=reversed",
                "L A 10 EUR 5 status=settled",
            ],
            None,
        ),
        // A duplicate is one too many by any rule.
        (&["P A 10 EUR 5", "P A 10 EUR 5", "L A 10 EUR 5"], None),
        // What tells the candidates apart.
        (
            &[
                "P A 10 EUR 5 client=x",
                "P A 20 EUR 5 client=y",
                "L A 10.5 EUR 5 client=x",
                "L A 20.5 EUR 5 client=y",
            ],
            None,
        ),
    ];
    for (records, wanted) in examples {
        let said = explained(&policy(), records).would_match;
        let said = said.map(|it| it.to_string());
        assert_eq!(said.as_deref(), *wanted, "{records:?}");
    }
}

/// The partner's record stays alone, and so does ours: both say the same.
/// Such a rule may have no tolerances of its own: `trueup check` refuses it.
#[test]
fn no_rule_with_tolerances_is_told_to_take_what_is_alike() {
    let proposed = |policy: &SourcePolicy| {
        let pool = pool(&["P PAY-123546 10 EUR 5", "L PAY-123456 10 EUR 5"]);
        let found = compare(policy, &whole(), pool).discrepancies;
        let said = Explanation::of(policy, &found[0]).would_match;
        said.map(|it| it.to_string())
    };
    let mut policy = policy();
    let alike = proposed(&policy).expect("a change");
    assert!(alike.ends_with("with `alike = true`"), "{alike}");
    for rule in &mut policy.rules {
        rule.tolerances = Some(policy.tolerances.clone());
    }
    assert_eq!(proposed(&policy), None);
}

#[test]
fn a_lone_record_says_how_it_would_have_met_what_came_closest() {
    let examples: &[(&[&str], Option<&str>)] = &[
        (
            &["P inv-0104 10 EUR 5", "L INV-0104 10 EUR 5"],
            Some(
                "rule by reference with `on = [{ field = \"reference\", normalise = \
                 [\"ignore_case\"] }]`",
            ),
        ),
        (
            &["P INV-104 10 EUR 5", "L 104 10 EUR 5"],
            Some(
                "rule by reference with `on = [{ field = \"reference\", normalise = [{ prefix = \
                 \"INV-\" }] }]`",
            ),
        ),
        (
            &["P - 10 EUR 5 invoice=I77777", "L I77777 10 EUR 5"],
            Some(
                "a further rule like by reference with `on = [{ partner = \"invoice\", ledger = \
                 \"reference\" }]`",
            ),
        ),
        (
            &["P INV-1042 10 EUR 5", "L INV-1024 10 EUR 5"],
            Some("rule by reference with `alike = true`"),
        ),
        (
            &[
                "P - 10 EUR 5 description=thanks_for_INV-1042",
                "L INV-1042 10 EUR 5",
            ],
            Some(
                "a further rule like by reference with `on = [{ partner = \"description\", ledger \
                 = \"reference\" }]` and `alike = true`",
            ),
        ),
        (
            &["P PAY-5 10 EUR 5", "L PAY-5-X 10 EUR 5"],
            Some(
                "rule by reference with `on = [{ field = \"reference\", normalise = [{ suffix = \
                 \"-X\" }] }]`",
            ),
        ),
        // Another digit is another payment, and one digit in common is none.
        (&["P INV-1042 10 EUR 5", "L INV-1043 10 EUR 5"], None),
        (&["P po1 10 EUR 5", "L r1 10 EUR 5"], None),
    ];
    for (records, wanted) in examples {
        let found = compare(&policy(), &whole(), pool(records)).discrepancies;
        assert_eq!(found.len(), 2, "{records:?}: {found:?}");
        for found in found {
            let said = Explanation::of(&policy(), &found).would_match;
            let said = said.map(|it| it.to_string());
            assert_eq!(said.as_deref(), *wanted, "{records:?}");
        }
    }
}

/// What a rule in force was asked for, and left because of others, is no change: nor is it of another rule, where
/// that one would be asked for no more.
#[test]
fn what_is_in_force_already_is_no_change() {
    let respelled = |steps: &[TextStep]| {
        vec![Key::same(Term {
            field: Field::Reference(ReferenceKind::Reference),
            steps: steps.to_vec(),
        })]
    };
    let mut policy = policy();
    let spelled = MatchRule {
        on: respelled(&[TextStep::IgnoreCase, TextStep::IgnoreSeparators]),
        ..rule("spelled", &[])
    };
    let alike = MatchRule {
        is_alike: true,
        ..rule("alike", &[ReferenceKind::Reference])
    };
    policy.rules = vec![
        rule("by reference", &[ReferenceKind::Reference]),
        spelled,
        alike,
    ];
    let records = [
        "P INV-1042 10 EUR 5",
        "L INV-1024 10 EUR 5",
        "L INV-1038 10 EUR 5",
    ];
    let found = compare(&policy, &whole(), pool(&records)).discrepancies;
    assert_eq!(found.len(), 3, "{found:?}");
    for found in found {
        assert_eq!(
            Explanation::of(&policy, &found).would_match,
            None,
            "{found:?}"
        );
    }
    // What the rule in force does not find alike, another spelling may.
    let records = ["P inv-1042 10 EUR 5", "L INV-1024 10 EUR 5"];
    for found in compare(&policy, &whole(), pool(&records)).discrepancies {
        let said = Explanation::of(&policy, &found).would_match;
        let said = said.map(|it| it.to_string());
        assert_eq!(said.as_deref(), Some("rule spelled with `alike = true`"));
    }
}

/// Another way to compare one key leaves the others as they are.
#[test]
fn a_changed_key_stands_beside_the_others() {
    let mut policy = policy();
    let keys = [ReferenceKind::Invoice, ReferenceKind::Order];
    policy.rules = vec![MatchRule::exact("both", &keys)];
    let records = [
        "P - 10 EUR 5 invoice=I71 order=o-1",
        "L - 10 EUR 5 invoice=I71 order=O-1",
    ];
    for found in compare(&policy, &whole(), pool(&records)).discrepancies {
        let said = Explanation::of(&policy, &found).would_match;
        let wanted = "rule both with `on = [\"invoice\", { field = \"order\", normalise = \
                      [\"ignore_case\"] }]`";
        assert_eq!(said.map(|it| it.to_string()).as_deref(), Some(wanted));
    }
}

/// A refund among the parts does not make the sum flow the other way.
#[test]
fn a_sum_of_payments_and_refunds_may_differ_by_what_is_accepted() {
    let mut policy = policy();
    policy.rules[0].cardinality = Cardinality::OneToMany;
    let records = ["P A 30 EUR 5", "L A -10 EUR 5", "L A 50 EUR 5"];
    let said = explained(&policy, &records).would_match;
    let wanted = "rule by reference with `tolerances.EUR = { accepted = \"10.00\", \
                  rounding = \"10.00\" }` of the source";
    assert_eq!(said.map(|it| it.to_string()).as_deref(), Some(wanted));
}

#[test]
fn of_several_records_all_days_and_statuses_are_told() {
    let mut policy = policy();
    policy.rules[0].cardinality = Cardinality::OneToMany;
    let explained = explained(
        &policy,
        &[
            "P A 30 EUR 5 status=settled",
            "L A 10 EUR 5 status=settled",
            "L A 10 EUR 7 status=pending",
        ],
    );
    let days = ("value_date", "2026-01-05", "2026-01-05 to 2026-01-07", true);
    let statuses = ("status", "settled", "pending, settled", true);
    assert_eq!(shown(&explained)[2..], [days, statuses]);
}

#[test]
fn what_was_compared_stands_side_by_side() {
    let explained = explained(
        &policy(),
        &[
            "P A 10.02 EUR 9 status=pending",
            "L A 10 EUR 5 status=settled",
        ],
    );
    assert_eq!(
        shown(&explained),
        [
            ("reference", "A", "A", true),
            ("amount", "10.02 EUR", "10.00 EUR", false),
            ("value_date", "2026-01-09", "2026-01-05", false),
            ("status", "pending", "settled", true),
        ]
    );
    assert_eq!(explained.score(), "2 of 4");
    let fee = only_discrepancy(
        &policy(),
        &["P A 10 EUR 5 fee=10/1/9", "L A 10 EUR 5 fee=10/2/8"],
    );
    let fee = Explanation::of(&policy(), &fee).compared.pop().expect("it");
    assert_eq!(
        (fee.what, &*fee.partner, &*fee.ledger, fee.agrees),
        ("fee", "1.00 EUR", "2.00 EUR", false)
    );
}

#[test]
fn what_is_alone_stands_beside_nothing() {
    let alone = explained(&policy(), &["P A 10 EUR 5 status=settled"]);
    let expected = [
        ("reference", "A", "", false),
        ("amount", "10.00 EUR", "", false),
        ("value_date", "2026-01-05", "", false),
    ];
    assert_eq!(shown(&alone), expected);
    assert_eq!(alone.score(), "0 of 3");
    let again = explained(&policy(), &["L A 10 EUR 5", "L A 10 EUR 5", "P A 10 EUR 5"]);
    let expected = expected.map(|(what, one, other, agrees)| (what, other, one, agrees));
    assert_eq!(shown(&again), expected);
}

fn shown(explained: &Explanation) -> Vec<(&str, &str, &str, bool)> {
    let compared = explained.compared.iter();
    compared
        .map(|it| (it.what, &*it.partner, &*it.ledger, it.agrees))
        .collect()
}

#[test]
fn keys_read_as_they_are_written() {
    let term = |field, steps| Term { field, steps };
    let plain = Key::exact(ReferenceKind::Invoice);
    assert_eq!(plain.to_string(), "\"invoice\"");
    let key = Key {
        partner: term(
            Field::Description,
            vec![TextStep::First(7), TextStep::Suffix("/A".into())],
        ),
        ledger: term(Field::Client, Vec::new()),
    };
    assert_eq!(
        key.to_string(),
        "{ partner = { field = \"description\", normalise = [{ first = 7 }, { suffix = \"/A\" }] \
         }, ledger = \"client\" }"
    );
}

/// Whether the rule with these changes, alone, makes matches of all that a discrepancy is about.
fn match_with(policy: &SourcePolicy, changed: &WouldMatch, found: &Discrepancy) -> bool {
    let mut rules = policy.rules.iter();
    let rule = rules.find(|rule| rule.name == changed.rule).unwrap();
    let policy = changed.applied(policy, rule);
    let mut pool = Pool::default();
    let nearest = found.nearest.iter().map(|nearest| &nearest.record);
    for record in own_records(found).chain(nearest) {
        pool.push(record.clone());
    }
    let comparison = compare(&policy, &whole(), pool);
    comparison.discrepancies.is_empty() && comparison.in_transit.is_empty()
}

proptest! {
    /// Whatever is found: with the change it matches, with any less it does not.
    #[test]
    fn a_change_is_enough_and_no_larger_than_needed(records in pools()) {
        let policy = policy();
        for found in compare(&policy, &whole(), records).discrepancies {
            let Some(enough) = Explanation::of(&policy, &found).would_match else {
                continue;
            };
            prop_assert!(match_with(&policy, &enough, &found), "{found:?} {enough}");
            for index in 0..enough.changes.len() {
                let mut less = enough.clone();
                less.changes.remove(index);
                prop_assert!(!match_with(&policy, &less, &found), "{found:?} {less}");
            }
            for index in 0..enough.of_source.len() {
                let mut less = enough.clone();
                match &mut less.of_source[index] {
                    RuleChange::Accepted { amount: accepted, .. } => {
                        *accepted = accepted.checked_sub(amount("0.01")).unwrap();
                    }
                    RuleChange::LateDays(days) | RuleChange::EarlyDays(days) => *days -= 1,
                    other => panic!("{other}"),
                }
                prop_assert!(!match_with(&policy, &less, &found), "{found:?} {less}");
            }
        }
    }
}
