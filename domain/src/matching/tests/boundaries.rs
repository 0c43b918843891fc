//! What a run does not report: what is still on its way, and what it is not about.

use super::examples::{Example, check};
use super::*;

#[test]
fn in_transit_until_the_settlement_window_ends() {
    let mut policy = policy();
    policy.settlement_window_days = 2;
    let context = RunContext {
        // A Friday: two business days after Wednesday the 14th.
        business_date: date(2026, 1, 16),
        scope: Scope::Whole,
    };
    let examples = [
        Example {
            what: "up to two business days",
            records: &[
                "L A 1 EUR 16",
                "L B 1 EUR 14",
                "L C 1 EUR 13",
                "L D 1 EUR 20",
            ],
            gives: &[
                "in_transit A",
                "in_transit B",
                "in_transit D",
                "missing_at_partner C",
            ],
        },
        Example {
            what: "the partner's records don't travel",
            records: &["P A 1 EUR 16"],
            gives: &["missing_in_ledger A"],
        },
        Example {
            what: "two on their way may be two payments",
            records: &["L A 1 EUR 16", "L A 1 EUR 16"],
            gives: &["in_transit A", "in_transit A"],
        },
    ];
    check(&policy, &context, &examples);
    policy.settlement_window_days = 0;
    let none = Example {
        what: "no window, nothing in transit, not even from the future",
        records: &["L A 1 EUR 16", "L B 1 EUR 20"],
        gives: &["missing_at_partner A", "missing_at_partner B"],
    };
    check(&policy, &context, &[none]);
}

#[test]
fn a_scope_puts_the_rest_aside() {
    let clients = [
        Example {
            what: "the counterpart says whose it is",
            records: &[
                "P A 1 EUR 5",
                "L A 1 EUR 5 client=x",
                "P B 1 EUR 5",
                "L B 1 EUR 5 client=y",
            ],
            gives: &["matched A", "out_of_scope B", "out_of_scope B"],
        },
        Example {
            what: "nobody knows whose this is",
            records: &["P A 1 EUR 5", "P A 1 EUR 5", "L B 1 EUR 5"],
            gives: &["missing_at_partner B", "out_of_scope A", "out_of_scope A"],
        },
        Example {
            what: "a copy goes with its original",
            records: &["P A 1 EUR 5", "P A 1 EUR 5", "L A 1 EUR 5 client=x"],
            gives: &["duplicate_at_partner A", "matched A"],
        },
        Example {
            what: "a copy of another client's",
            records: &["P A 1 EUR 5", "P A 1 EUR 5", "L A 1 EUR 5 client=y"],
            gives: &["out_of_scope A", "out_of_scope A", "out_of_scope A"],
        },
        Example {
            what: "one of two clients that share a reference",
            records: &[
                "P A 1 EUR 5",
                "P A 2 EUR 5",
                "L A 1 EUR 5 client=x",
                "L A 3 EUR 5 client=y",
            ],
            gives: &["matched A", "out_of_scope A", "out_of_scope A"],
        },
    ];
    check(&policy(), &context(Scope::Client("x".to_owned())), &clients);
    let invoices = [Example {
        what: "by invoice number, or by whatever carries it",
        records: &[
            "P - 1 EUR 5 invoice=I1",
            "L - 1 EUR 5 invoice=I1",
            "P I1 2 EUR 5",
            "P - 1 EUR 5 invoice=I2",
            "L - 1 EUR 5 invoice=I2",
        ],
        gives: &[
            "matched I1",
            "missing_in_ledger I1",
            "out_of_scope I2",
            "out_of_scope I2",
        ],
    }];
    check(
        &policy(),
        &context(Scope::Invoice("I1".to_owned())),
        &invoices,
    );
}
