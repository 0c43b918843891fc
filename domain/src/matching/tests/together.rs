//! Rules by which several records are one: what they bring together, and what is said of the rest.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::examples::{Example, check};
use super::generate::numbered;
use super::*;
use crate::policy::{Field, Key, Pattern, Term, TextStep};

/// By reference, then by batch as the cardinality says.
fn batches(cardinality: Cardinality, combinations_max: Option<u32>) -> SourcePolicy {
    let batch = MatchRule {
        cardinality,
        combinations_max,
        ..rule("by batch", &[ReferenceKind::Batch])
    };
    SourcePolicy {
        rules: vec![rule("by reference", &[ReferenceKind::Reference]), batch],
        ..policy()
    }
}

#[test]
fn a_payout_is_the_payments_in_it() {
    let examples = [
        Example {
            what: "all of them, less the refund and the fee",
            records: &[
                "P - 170 EUR 5 batch=B1",
                "L A 100 EUR 5 batch=B1",
                "L B 100 EUR 4 batch=B1",
                "L C -25 EUR 5 batch=B1",
                "L D -5 EUR 5 batch=B1",
            ],
            gives: &["matched C"],
        },
        Example {
            what: "one is missing from it",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "L A 100 EUR 5 batch=B1",
                "L B 90 EUR 5 batch=B1",
            ],
            gives: &["amount_mismatch B1"],
        },
        Example {
            what: "what was matched one by one before is no part of it",
            records: &[
                "P A 100 EUR 5 batch=B1",
                "P - 90 EUR 5 batch=B1",
                "L A 100 EUR 5 batch=B1",
                "L B 90 EUR 5 batch=B1",
            ],
            gives: &["matched A", "matched B"],
        },
        Example {
            what: "two payouts of one batch: nobody knows which is in which",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "P - 90 EUR 5 batch=B1",
                "L A 60 EUR 5 batch=B1",
                "L B 130 EUR 5 batch=B1",
            ],
            gives: &["ambiguous B1"],
        },
        Example {
            what: "currencies are apart",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "P - 50 USD 5 batch=B1",
                "L A 60 EUR 5 batch=B1",
                "L B 40 EUR 5 batch=B1",
                "L C 50 USD 5 batch=B1",
            ],
            gives: &["matched B", "matched C"],
        },
        Example {
            what: "a value date beyond the window",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "L A 60 EUR 5 batch=B1",
                "L B 40 EUR 25 batch=B1",
            ],
            gives: &["date_mismatch B1"],
        },
        Example {
            what: "a part that was taken back",
            records: &[
                "P - 100 EUR 5 batch=B1 status=settled",
                "L A 60 EUR 5 batch=B1",
                "L B 40 EUR 5 batch=B1 status=failed",
            ],
            gives: &["status_mismatch B1"],
        },
    ];
    check(&batches(Cardinality::OneToMany, None), &whole(), &examples);
}

#[test]
fn a_payment_in_parts_is_one_of_ours() {
    let examples = [Example {
        what: "two parts",
        records: &[
            "P - 60 EUR 5 batch=B1",
            "P - 40 EUR 6 batch=B1",
            "L A 100 EUR 5 batch=B1",
        ],
        gives: &["matched A"],
    }];
    check(&batches(Cardinality::ManyToOne, None), &whole(), &examples);
}

#[test]
fn parts_of_equal_size_are_no_duplicates_of_each_other() {
    let parts = MatchRule {
        cardinality: Cardinality::ManyToOne,
        ..rule("in parts", &[ReferenceKind::Reference])
    };
    let policy = SourcePolicy {
        rules: vec![rule("by reference", &[ReferenceKind::Reference]), parts],
        ..policy()
    };
    let examples = [
        Example {
            what: "two halves",
            records: &["P A 50 EUR 5", "P A 50 EUR 6", "L A 100 EUR 5"],
            gives: &["matched A"],
        },
        Example {
            what: "a payment that came twice",
            records: &["P A 100 EUR 5", "P A 100 EUR 6", "L A 100 EUR 5"],
            gives: &["duplicate_at_partner A", "matched A"],
        },
        Example {
            what: "a half too many",
            records: &[
                "P A 50 EUR 5",
                "P A 50 EUR 5",
                "P A 50 EUR 5",
                "L A 100 EUR 5",
            ],
            gives: &["duplicate_at_partner A", "matched A"],
        },
    ];
    check(&policy, &whole(), &examples);
}

#[test]
fn all_of_one_batch_are_all_of_the_other() {
    let examples = [Example {
        what: "three and two",
        records: &[
            "P - 60 EUR 5 batch=B1",
            "P - 40 EUR 6 batch=B1",
            "P - 7 EUR 6 batch=B1",
            "L A 100 EUR 5 batch=B1",
            "L B 7 EUR 5 batch=B1",
        ],
        gives: &["matched B"],
    }];
    check(&batches(Cardinality::ManyToMany, None), &whole(), &examples);
}

#[test]
fn what_is_said_of_a_sum_that_differs() {
    let policy = batches(Cardinality::OneToMany, None);
    let found = only_discrepancy(
        &policy,
        &[
            "P - 180 EUR 5 batch=B1",
            "L A 100 EUR 5 batch=B1",
            "L B 90 EUR 5 batch=B1",
        ],
    );
    assert_eq!(
        found.reason,
        "partner reports 180.00 EUR for B1 in 1 record, the ledger has 190.00 EUR in 2 records: \
         partner is 10.00 EUR lower, tolerance is 0.05"
    );
    assert_eq!((found.at_stake, found.related.len()), (amount("10"), 1));
}

#[test]
fn of_statuses_that_differ_only_what_is_said_is_told() {
    let policy = batches(Cardinality::OneToMany, None);
    let found = only_discrepancy(
        &policy,
        &[
            "P - 0 EUR 5 batch=B1 status=failed",
            "L A 10 EUR 5 batch=B1",
            "L B -10 EUR 5 batch=B1",
        ],
    );
    assert_eq!(
        found.reason,
        "partner reports 0.00 EUR for B1 in 1 record, the ledger has 0.00 EUR in 2 records: \
         the partner has one as failed, the ledger one without a status"
    );
}

#[test]
fn combinations_are_looked_for_where_the_rule_says_so() {
    let examples = [
        Example {
            what: "two payouts, each its only combination",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "P - 95 EUR 5 batch=B1",
                "L A 60 EUR 5 batch=B1",
                "L B 40 EUR 5 batch=B1",
                "L C 95 EUR 5 batch=B1",
            ],
            gives: &["matched B", "matched C"],
        },
        Example {
            what: "what one takes leaves only one to the other",
            records: &[
                "P - 50 EUR 5 batch=B1",
                "P - 110 EUR 5 batch=B1",
                "L A 50 EUR 5 batch=B1",
                "L B 60 EUR 5 batch=B1",
                "L C 50 EUR 5 batch=B1",
            ],
            gives: &["matched A", "matched C"],
        },
        Example {
            what: "equal amounts are interchangeable",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "L A 50 EUR 5 batch=B1",
                "L B 50 EUR 5 batch=B1",
                "L C 50 EUR 5 batch=B1",
            ],
            gives: &["matched A", "missing_at_partner C"],
        },
        Example {
            what: "different amounts give it: none is chosen",
            records: &[
                "P - 100 EUR 5 batch=B1",
                "L A 50 EUR 5 batch=B1",
                "L B 50 EUR 5 batch=B1",
                "L C 40 EUR 5 batch=B1",
                "L D 60 EUR 5 batch=B1",
            ],
            gives: &[
                "missing_at_partner B1",
                "missing_at_partner B1",
                "missing_at_partner B1",
                "missing_in_ledger B1",
                "duplicate_in_ledger B1",
            ],
        },
    ];
    let policy = batches(Cardinality::OneToMany, Some(1_000));
    check(&policy, &whole(), &examples[..3]);
    let comparison = compare(&policy, &whole(), pool(examples[3].records));
    assert!(comparison.matched.is_empty(), "{:?}", outcome(&comparison));
}

#[test]
fn a_search_that_was_not_made_or_found_nothing_is_said() {
    let reason = |limit, records: &[&str]| {
        let policy = batches(Cardinality::OneToMany, Some(limit));
        let comparison = compare(&policy, &whole(), pool(records));
        let mut found = comparison.discrepancies.into_iter();
        let of_payout = found.find(|found| found.kind == Kind::MissingInLedger);
        of_payout.expect("it is missing").reason
    };
    let records = [
        "P - 100 EUR 5 batch=B1",
        "L A 51 EUR 5 batch=B1",
        "L B 50 EUR 5 batch=B1",
        "L C 47 EUR 5 batch=B1",
    ];
    let none = "no combination of the 3 ledger records for B1 gives this amount";
    assert!(
        reason(100, &records).contains(none),
        "{}",
        reason(100, &records)
    );
    let many = "the 3 ledger records for B1 have more combinations than `combinations_max` of rule \
                by batch allows, so none was looked for";
    assert!(
        reason(3, &records).contains(many),
        "{}",
        reason(3, &records)
    );
    let several = [
        "P - 100 EUR 5 batch=B1",
        "L A 60 EUR 5 batch=B1",
        "L B 40 EUR 5 batch=B1",
        "L C 100 EUR 5 batch=B1",
    ];
    let said = reason(100, &several);
    assert!(
        said.contains("several combinations of the 3 ledger records"),
        "{said}"
    );
}

#[test]
fn what_a_search_left_out_is_said() {
    let by_name = MatchRule {
        on: vec![Key::same(Term {
            field: Field::Counterparty,
            steps: Vec::new(),
        })],
        cardinality: Cardinality::OneToMany,
        combinations_max: Some(100),
        ..rule("by name", &[])
    };
    let policy = SourcePolicy {
        rules: vec![by_name],
        ..policy()
    };
    let records = [
        "P - 100 EUR 5 counterparty=Acme invoice=I1",
        "L A 50 EUR 5 counterparty=Acme invoice=I1",
        "L B 30 EUR 5 counterparty=Acme invoice=I2",
        "L C 20 EUR 5 counterparty=Acme invoice=I3",
        "L D 20 EUR 25 counterparty=Acme",
    ];
    let comparison = compare(&policy, &whole(), pool(&records));
    let mut found = comparison.discrepancies.into_iter();
    let payment = found.find(|found| found.kind == Kind::MissingInLedger);
    let reason = payment.expect("it is missing").reason;
    let said = "no combination of the 1 ledger record for Acme gives this amount; left out: 2 of another \
                invoice, order or client, 1 for value date, status or fee";
    assert!(reason.contains(said), "{reason}");
}

#[test]
fn texts_of_two_fields_are_compared_as_the_rule_reads_them() {
    let text = |pattern: &str| Term {
        field: Field::Description,
        steps: vec![TextStep::Capture(Pattern::parse(pattern).unwrap())],
    };
    let invoice = Term {
        field: Field::Reference(ReferenceKind::Invoice),
        steps: vec![TextStep::Digits, TextStep::IgnoreLeadingZeros],
    };
    let named = MatchRule {
        on: vec![Key {
            partner: text("INV-?([0-9]+)"),
            ledger: invoice,
        }],
        ..rule("invoice in the text", &[])
    };
    let policy = SourcePolicy {
        rules: vec![rule("by reference", &[ReferenceKind::Reference]), named],
        ..policy()
    };
    let examples = [
        Example {
            what: "however it is written",
            records: &[
                "P - 100 EUR 5 description=for_INV-104,thanks",
                "L A 100 EUR 5 invoice=inv/000104",
            ],
            gives: &["matched A"],
        },
        Example {
            what: "another amount under it",
            records: &[
                "P - 99 EUR 5 description=INV104",
                "L A 100 EUR 5 invoice=INV-104",
            ],
            gives: &["amount_mismatch INV-104"],
        },
        Example {
            what: "a text that names two",
            records: &[
                "P - 100 EUR 5 description=INV-104_and_INV-105",
                "L A 100 EUR 5 invoice=INV-104",
            ],
            gives: &["missing_at_partner A", "missing_in_ledger "],
        },
    ];
    check(&policy, &whole(), &examples);
}

#[test]
fn a_rule_may_accept_more_than_its_source() {
    let percent = Tolerance {
        accepted_percent: amount("1.5"),
        ..Tolerance::default()
    };
    let loose = MatchRule {
        tolerances: Some(Tolerances([(euro(), percent)].into())),
        date_window: Some(DateWindow {
            early_days: 0,
            late_days: 7,
            unit: DayUnit::Calendar,
        }),
        ..rule("by invoice", &[ReferenceKind::Invoice])
    };
    let policy = SourcePolicy {
        rules: vec![rule("by reference", &[ReferenceKind::Reference]), loose],
        ..policy()
    };
    let examples = [
        Example {
            what: "its own tolerance, of the ledger's amount, and its own window",
            records: &["P - 98.5 EUR 12 invoice=I1", "L - 100 EUR 5 invoice=I1"],
            gives: &["matched I1"],
        },
        Example {
            what: "a cent more, a day more",
            records: &[
                "P - 98.49 EUR 5 invoice=I1",
                "L - 100 EUR 5 invoice=I1",
                "P - 100 EUR 13 invoice=I2",
                "L - 100 EUR 5 invoice=I2",
            ],
            gives: &["amount_mismatch I1", "date_mismatch I2"],
        },
        Example {
            what: "the source's for the other rules",
            records: &["P A 98.5 EUR 5", "L A 100 EUR 5"],
            gives: &["amount_mismatch A"],
        },
    ];
    check(&policy, &whole(), &examples);
}

/// The sums of the ledger's subsets that are the payout, by how often each amount is in them.
fn obvious_combinations(target: i64, amounts: &[i64]) -> std::collections::BTreeSet<Vec<i64>> {
    let subsets = 1u32..1 << amounts.len();
    let taken = |subset: u32| {
        let taken = (0..amounts.len()).filter(move |at| subset >> at & 1 == 1);
        let mut taken: Vec<i64> = taken.map(|at| amounts[at]).collect();
        taken.sort_unstable();
        taken
    };
    let all = subsets.map(taken);
    all.filter(|taken| taken.iter().sum::<i64>() == target)
        .collect()
}

proptest! {
    /// One payout against every subset there is.
    #[test]
    fn the_only_combination_is_found_and_no_other(
        target in 1i64..60, amounts in vec(select(vec![-7i64, -3, 4, 5, 9, 10, 10, 20, 21, 33]), 0..9),
    ) {
        let mut lines = vec![format!("P - {target} EUR 5 batch=B1")];
        lines.extend(amounts.iter().enumerate().map(|(at, amount)| {
            format!("L R{at} {amount} EUR 5 batch=B1")
        }));
        let comparison = compare(
            &batches(Cardinality::OneToMany, Some(10_000)), &whole(), numbered(lines),
        );
        let obvious = obvious_combinations(target, &amounts);
        let is_whole = amounts.iter().sum::<i64>() == target && !amounts.is_empty();
        let found = comparison.matched.first();
        match (found, obvious.len()) {
            (None, count) => prop_assert!(count != 1, "{obvious:?}"),
            (Some(found), count) => {
                prop_assert!(count == 1 || is_whole, "{obvious:?}");
                let ledger = found.of(Side::Ledger);
                let mut taken: Vec<i64> = ledger
                    .map(|record| record.money.amount.to_string().parse().unwrap())
                    .collect();
                taken.sort_unstable();
                prop_assert!(obvious.contains(&taken));
            }
        }
    }
}
