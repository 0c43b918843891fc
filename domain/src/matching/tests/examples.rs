//! What is found, example by example.

use super::*;

/// One example: the records, and what becomes of them.
pub(super) struct Example {
    pub(super) what: &'static str,
    pub(super) records: &'static [&'static str],
    pub(super) gives: &'static [&'static str],
}

/// Holds examples against what they give, in both orders of their lines.
pub(super) fn check(policy: &SourcePolicy, context: &RunContext, examples: &[Example]) {
    for Example {
        what,
        records,
        gives,
    } in examples
    {
        let comparison = compare(policy, context, pool(records));
        assert_eq!(
            outcome(&comparison),
            *gives,
            "{what}: {:#?}",
            comparison.discrepancies
        );
        let reversed: Vec<&str> = records.iter().rev().copied().collect();
        let again = compare(policy, context, pool(&reversed));
        assert_eq!(outcome(&again), *gives, "{what}, in reverse");
    }
}

#[test]
fn two_records_are_compared_in_everything() {
    let examples = [
        Example {
            what: "equal",
            records: &["P A 100 EUR 5", "L A 100.00 EUR 5"],
            gives: &["matched A"],
        },
        Example {
            what: "date at the edges of the window",
            records: &["P A 1 EUR 7", "L A 1 EUR 5", "P B 1 EUR 3", "L B 1 EUR 5"],
            gives: &["matched A", "matched B"],
        },
        Example {
            what: "date late and early",
            records: &["P A 1 EUR 8", "L A 1 EUR 5", "P B 1 EUR 2", "L B 1 EUR 5"],
            gives: &["date_mismatch A", "date_mismatch B"],
        },
        Example {
            what: "rounding up to its limit, amount above",
            records: &[
                "P A 9.95 EUR 5",
                "L A 10 EUR 5",
                "P B 10.06 EUR 5",
                "L B 10 EUR 5",
            ],
            gives: &["amount_mismatch B", "rounding A"],
        },
        Example {
            what: "a currency without tolerance",
            records: &["P A 9.99 USD 5", "L A 10 USD 5"],
            gives: &["amount_mismatch A"],
        },
        Example {
            what: "currency before amount and date",
            records: &["P A 90 USD 25", "L A 100 EUR 5"],
            gives: &["currency_mismatch A"],
        },
        Example {
            what: "amount before status",
            records: &["P A 90 EUR 5 status=failed", "L A 100 EUR 5 status=settled"],
            gives: &["amount_mismatch A"],
        },
        Example {
            what: "settled and reversed, settled and failed",
            records: &[
                "P A 1 EUR 5 status=settled",
                "L A 1 EUR 5 status=reversed",
                "P B 1 EUR 5 status=failed",
                "L B 1 EUR 5 status=settled",
            ],
            gives: &["status_mismatch A", "status_mismatch B"],
        },
        Example {
            what: "pending contradicts nothing, and one without a status is taken as it stands",
            records: &[
                "P A 1 EUR 5 status=settled",
                "L A 1 EUR 5 status=pending",
                "P B 1 EUR 5 status=failed",
                "L B 1 EUR 5",
                "P C 1 EUR 5 status=settled",
                "L C 1 EUR 5",
            ],
            gives: &["matched A", "matched C", "status_mismatch B"],
        },
        Example {
            what: "a reversal that names its original is the reversal",
            records: &[
                "P A -1 EUR 5 status=reversed original_reference=Z",
                "L A -1 EUR 5 status=settled",
            ],
            gives: &["matched A"],
        },
        Example {
            what: "fee before rounding",
            records: &["P A 10.01 EUR 5 fee=11/1/9", "L A 10 EUR 5"],
            gives: &["fee_mismatch A"],
        },
        Example {
            what: "the fee that we booked",
            records: &["P A 10 EUR 5 fee=11/1/10", "L A 10 EUR 5 fee=11/0.5/10.5"],
            gives: &["fee_mismatch A"],
        },
        Example {
            what: "the wrong sign",
            records: &["P A 10 EUR 5", "L A -10 EUR 5"],
            gives: &["amount_mismatch A"],
        },
    ];
    check(&policy(), &whole(), &examples);
}

#[test]
fn agreed_fees_and_accepted_differences() {
    let mut policy = policy();
    policy.agreed_fee = Some(agreed_fee());
    policy.tolerances.0.get_mut(&euro()).unwrap().accepted = amount("0.02");
    let examples = [
        Example {
            what: "as agreed, or a cent off",
            records: &[
                "P A 100 EUR 5 fee=100/3.2/96.8",
                "L A 100 EUR 5",
                "P B 100 EUR 5 fee=100/3.21/96.79",
                "L B 100 EUR 5",
            ],
            gives: &["matched A", "matched B"],
        },
        Example {
            what: "too much, too little",
            records: &[
                "P A 100 EUR 5 fee=100/3.22/96.78",
                "L A 100 EUR 5",
                "P B 100 EUR 5 fee=100/0/100",
                "L B 100 EUR 5",
            ],
            gives: &["fee_mismatch A", "fee_mismatch B"],
        },
        Example {
            what: "nothing is agreed for money out",
            records: &["P A -100 EUR 5 fee=-100/0/-100", "L A -100 EUR 5"],
            gives: &["matched A"],
        },
        Example {
            what: "an accepted difference is a match",
            records: &[
                "P A 100.02 EUR 5",
                "L A 100 EUR 5",
                "P B 100.03 EUR 5",
                "L B 100 EUR 5",
            ],
            gives: &["matched A", "rounding B"],
        },
        Example {
            what: "the accepted one of two that are near",
            records: &["P A 100.01 EUR 5", "L A 100 EUR 5", "L A 100.05 EUR 5"],
            gives: &["matched A", "missing_at_partner A"],
        },
    ];
    check(&policy, &whole(), &examples);
}

#[test]
fn many_records_under_one_reference() {
    let examples = [
        Example {
            what: "payment and refund",
            records: &[
                "P A 100 EUR 5",
                "P A -100 EUR 9",
                "L A -100 EUR 9",
                "L A 100 EUR 5",
            ],
            gives: &["matched A", "matched A"],
        },
        Example {
            what: "a refund that we don't have is not the payment",
            records: &["P A 100 EUR 5", "P A -100 EUR 9", "L A 100 EUR 5"],
            gives: &["matched A", "missing_in_ledger A"],
        },
        Example {
            what: "a refund beside a payment that differs",
            records: &["P A 100 EUR 5", "P A -100 EUR 9", "L A 90 EUR 5"],
            gives: &["amount_mismatch A", "missing_in_ledger A"],
        },
        Example {
            what: "a refund and something else are not compared",
            records: &[
                "P A 100 EUR 5",
                "P A -100 EUR 9",
                "L A 100 EUR 5",
                "L A 50 EUR 9",
            ],
            gives: &["matched A", "missing_at_partner A", "missing_in_ledger A"],
        },
        Example {
            what: "reported twice",
            records: &["P A 100 EUR 5", "P A 100 EUR 5", "L A 100 EUR 5"],
            gives: &["duplicate_at_partner A", "matched A"],
        },
        Example {
            what: "booked three times",
            records: &["P A 1 EUR 5", "L A 1 EUR 5", "L A 1 EUR 5", "L A 1 EUR 5"],
            gives: &[
                "duplicate_in_ledger A",
                "duplicate_in_ledger A",
                "matched A",
            ],
        },
        Example {
            what: "twice on both sides is two payments",
            records: &["P A 1 EUR 5", "P A 1 EUR 5", "L A 1 EUR 5", "L A 1 EUR 5"],
            gives: &["matched A", "matched A"],
        },
        Example {
            what: "as many on both sides, of another amount",
            records: &[
                "P A 1000 EUR 5",
                "P A 1000 EUR 5",
                "L A 800 EUR 5",
                "L A 800 EUR 5",
            ],
            gives: &["amount_mismatch A", "amount_mismatch A"],
        },
        Example {
            what: "reported twice, and of another amount",
            records: &["P A 1000 EUR 5", "P A 1000 EUR 5", "L A 800 EUR 5"],
            gives: &["amount_mismatch A", "duplicate_at_partner A"],
        },
        Example {
            what: "one of two equal instalments booked wrongly",
            records: &[
                "P A 100 EUR 5",
                "P A 100 EUR 5",
                "L A 100 EUR 5",
                "L A 90 EUR 5",
            ],
            gives: &["amount_mismatch A", "matched A"],
        },
        Example {
            what: "instalments, one not booked",
            records: &["P A 100 EUR 5", "P A 250 EUR 5", "L A 100 EUR 5"],
            gives: &["matched A", "missing_in_ledger A"],
        },
        Example {
            what: "nothing tells which",
            records: &[
                "P A 100 EUR 5",
                "P A 50 EUR 5",
                "L A 90 EUR 5",
                "L A 60 EUR 5",
            ],
            gives: &["ambiguous A"],
        },
        Example {
            what: "one against two that fit equally badly",
            records: &["P A 100 EUR 5", "L A 90 EUR 5", "L A 60 EUR 5"],
            gives: &["ambiguous A"],
        },
        Example {
            what: "near in amount, each to one",
            records: &[
                "P A 100.01 EUR 5",
                "P A 50.01 EUR 5",
                "L A 100 EUR 5",
                "L A 50 EUR 5",
            ],
            gives: &["rounding A", "rounding A"],
        },
        Example {
            what: "near in amount to two",
            records: &["P A 100.01 EUR 5", "L A 100 EUR 5", "L A 100.02 EUR 5"],
            gives: &["ambiguous A"],
        },
        Example {
            what: "one amount each is left in a currency",
            records: &[
                "P A 100 EUR 5",
                "P A 7 USD 5",
                "L A 90 EUR 5",
                "L A 8 USD 5",
            ],
            gives: &["amount_mismatch A", "amount_mismatch A"],
        },
        Example {
            what: "the currency of one of two",
            records: &["P A 7 EUR 5", "P A 9 EUR 5", "L A 7 EUR 5", "L A 9 USD 5"],
            gives: &["currency_mismatch A", "matched A"],
        },
        Example {
            what: "a repetition that could be of two amounts",
            records: &[
                "P A 1 EUR 5",
                "P A 1 EUR 5",
                "P A 2 EUR 5",
                "P A 2 EUR 5",
                "L A 1 EUR 5",
                "L A 2 EUR 5",
                "L A 3 EUR 5",
            ],
            gives: &["ambiguous A", "matched A", "matched A"],
        },
    ];
    check(&policy(), &whole(), &examples);
}

#[test]
fn twins_pair_by_references_and_dates() {
    let policy = policy();
    let comparison = compare(
        &policy,
        &whole(),
        pool(&[
            "P - 10 EUR 5 invoice=I order=2",
            "P - 10 EUR 5 invoice=I order=1",
            "L - 10 EUR 5 invoice=I order=2",
        ]),
    );
    let again = comparison.discrepancies[0].partner.as_ref().unwrap();
    let order = again.reference(ReferenceKind::Order);
    assert_eq!(
        order,
        Some("1"),
        "the other one has its order number in the ledger"
    );

    let example = Example {
        what: "by date where that is possible for both, though not in order of lines",
        records: &[
            "P A 10 EUR 5",
            "P A 10 EUR 9",
            "L A 10 EUR 4",
            "L A 10 EUR 10",
        ],
        gives: &["matched A", "matched A"],
    };
    let late_copy = Example {
        what: "the copy that has no date near it is left over",
        records: &["P A 10 EUR 1", "P A 10 EUR 9", "L A 10 EUR 9"],
        gives: &["duplicate_at_partner A", "matched A"],
    };
    check(&policy, &whole(), &[example, late_copy]);
}

#[test]
fn later_rules_see_what_is_left() {
    let examples = [
        Example {
            what: "by invoice, where the reference is not known",
            records: &["P - 10 EUR 5 invoice=I", "L A 10 EUR 5 invoice=I"],
            gives: &["matched A"],
        },
        Example {
            what: "a record is used once",
            records: &[
                "P A 10 EUR 5",
                "P - 10 EUR 5 invoice=I",
                "L A 10 EUR 5 invoice=I",
            ],
            gives: &["matched A", "missing_in_ledger I"],
        },
        Example {
            what: "a later rule takes one, so the rest is plain",
            records: &[
                "P A 100 EUR 5 invoice=I",
                "P A 50 EUR 5",
                "L A 90 EUR 5",
                "L - 100 EUR 5 invoice=I",
            ],
            gives: &["amount_mismatch A", "matched I"],
        },
        Example {
            what: "no reference that a rule goes by",
            records: &["P - 10 EUR 5", "L - 10 EUR 5 order=O"],
            gives: &["missing_at_partner O", "missing_in_ledger "],
        },
        Example {
            what: "alone, and again",
            records: &["P A 10 EUR 5", "P A 10 EUR 5", "L B 7 EUR 5", "L B 7 EUR 6"],
            gives: &[
                "duplicate_at_partner A",
                "duplicate_in_ledger B",
                "missing_at_partner B",
                "missing_in_ledger A",
            ],
        },
    ];
    check(&policy(), &whole(), &examples);
}
