//! The sentences, word for word, and the figures beside them.

use super::*;
use crate::policy::{Field, Key, Term, TextStep};

#[test]
fn reasons_name_amounts_dates_and_limits() {
    let examples: &[(&[&str], &str)] = &[
        (
            &["P INV-104 1000 EUR 5", "L INV-104 800 EUR 5"],
            "partner reports 1000.00 EUR for INV-104, the ledger has 800.00 EUR: partner is \
             200.00 EUR higher, tolerance is 0.05",
        ),
        (
            &["P A 10 EUR 5", "L A -10 EUR 5"],
            "partner reports 10.00 EUR for A, the ledger has -10.00 EUR: partner is 20.00 EUR \
             higher, tolerance is 0.05, and the money flows the other way",
        ),
        (
            &["P A 9.95 EUR 5", "L A 10 EUR 9"],
            "partner reports 9.95 EUR for A, the ledger has 10.00 EUR: partner is 0.05 EUR lower, \
             within the rounding tolerance of 0.05; also partner's value date is 2026-01-05, the \
             ledger's is 2026-01-09: 4 days early, 2 accepted",
        ),
        (
            &["P A 10 EUR 5", "L A 10 USD 5"],
            "partner reports 10.00 EUR for A, the ledger has 10.00 USD: the currencies differ",
        ),
        (
            &[
                "P A 10 EUR 5 status=reversed",
                "L A 10 EUR 5 status=settled",
            ],
            "partner reports 10.00 EUR for A as reversed, the ledger has it as settled",
        ),
        (
            &["P A 10 EUR 5 fee=12/1/10", "L A 10 EUR 5"],
            "10.00 EUR for A: the partner's fee does not add up: gross 12.00 less fee 1.00 is not \
             net 10.00 EUR",
        ),
        (
            &["P A 10 EUR 5 fee=10/1/9", "L A 10 EUR 5 fee=10/2/8"],
            "10.00 EUR for A: the partner took a fee of 1.00 EUR, the ledger has 2.00",
        ),
        (
            &["P A 10 EUR 5 fee=12/?/10", "L A 10 EUR 5 fee=10/?/9"],
            "10.00 EUR for A: the partner took a fee of 2.00 EUR (gross less net), the ledger has 1.00 \
             (gross less net)",
        ),
        (
            &["P A 10 EUR 9", "L A 10 EUR 5"],
            "partner's value date for A is 2026-01-09, the ledger's is 2026-01-05: 4 days late, 2 \
             accepted",
        ),
        (
            &["P A 10 EUR 5", "P A 10 EUR 5", "L A 10 EUR 5"],
            "partner reports 10.00 EUR for A twice, the ledger has it once",
        ),
        (
            &["P A 10 EUR 5", "L A 10 EUR 5", "L A 10 EUR 5"],
            "ledger has 10.00 EUR for A twice, the partner reports it once",
        ),
        (
            &["P A 10 EUR 5", "P A 20 EUR 5", "L A 15 EUR 5"],
            "2 partner records (10.00 EUR, 20.00 EUR) and 1 ledger record (15.00 EUR) share A, \
             and their amounts don't say which belong together, so nothing was chosen",
        ),
        (
            &["P A 10 EUR 5 invoice=I"],
            "partner reports 10.00 EUR for A with value date 2026-01-05, no ledger record goes \
             with it by reference or by invoice",
        ),
        (
            &["P - 10 EUR 5 fee=12/1/10"],
            "partner reports 10.00 EUR with value date 2026-01-05, it carries no reference to \
             match by; also the partner's fee does not add up: gross 12.00 less fee 1.00 is not \
             net 10.00 EUR",
        ),
    ];
    for (records, reason) in examples {
        assert_eq!(only_discrepancy(&policy(), records).reason, *reason);
    }
}

#[test]
fn a_missing_payment_names_what_it_was_looked_for_by_once() {
    let mut policy = policy();
    policy.rules = ["as it is", "in parts"]
        .map(|name| rule(name, &[ReferenceKind::Reference]))
        .into();
    let found = only_discrepancy(&policy, &["P A 10 EUR 5"]);
    assert_eq!(
        found.reason,
        "partner reports 10.00 EUR for A with value date 2026-01-05, no ledger record goes with it by \
         reference"
    );
}

#[test]
fn a_missing_payment_says_how_late_it_is() {
    let mut policy = policy();
    policy.settlement_window_days = 3;
    policy.agreed_fee = Some(agreed_fee());
    let found = only_discrepancy(&policy, &["L A 10 EUR 5"]);
    assert_eq!(
        found.reason,
        "ledger has 10.00 EUR for A with value date 2026-01-05, no partner record goes with it by \
         reference, 39 business days after its value date (3 allowed)"
    );
    let found = only_discrepancy(&policy, &["P A 100 EUR 5 fee=100/4/96", "L A 100 EUR 5"]);
    assert_eq!(
        found.reason,
        "100.00 EUR for A: the partner took a fee of 4.00 EUR on 100.00, agreed is 3.20"
    );
}

#[test]
fn a_fee_that_is_not_stated_is_said_to_follow() {
    let mut policy = policy();
    policy.agreed_fee = Some(agreed_fee());
    let examples = [
        ("100/4/?", "4.00 EUR on 100.00"),
        ("100/?/96", "4.00 EUR (gross less net) on 100.00"),
        ("?/4/96", "4.00 EUR on 100.00 (net and fee)"),
    ];
    for (stated, taken) in examples {
        let partner = format!("P A 100 EUR 5 fee={stated}");
        let found = only_discrepancy(&policy, &[&partner, "L A 100 EUR 5"]);
        assert_eq!(
            found.reason,
            format!("100.00 EUR for A: the partner took a fee of {taken}, agreed is 3.20")
        );
    }
}

#[test]
fn a_payment_again_is_told_in_both_spellings() {
    let any_case = Term {
        field: Field::Reference(ReferenceKind::Reference),
        steps: vec![TextStep::IgnoreCase],
    };
    let mut policy = policy();
    policy.rules[1].on = vec![Key::same(any_case)];
    let found = only_discrepancy(
        &policy,
        &["P PAY-1 10 EUR 5", "P pay-1 10 EUR 7", "L PAY-1 10 EUR 5"],
    );
    assert_eq!(
        found.reason,
        "partner reports 10.00 EUR for pay-1 (also written PAY-1) twice (value dates 2026-01-05 and \
         2026-01-07), the ledger has it once"
    );
    assert_eq!(found.kind, Kind::DuplicateAtPartner);
    assert_eq!(found.rule, policy.rules[1].name);
    assert_eq!(found.related[0].origin.line, 1, "the original is shown");
}

#[test]
fn figures_are_signed_and_in_one_currency() {
    let figures = |lines: &[&str]| {
        let found = only_discrepancy(&policy(), lines);
        let difference = found.difference.map(|difference| difference.to_string());
        (
            found.at_stake.to_string(),
            difference,
            found.currency.code().to_owned(),
        )
    };
    let given = |at_stake: &str, difference: Option<&str>, currency: &str| {
        (
            at_stake.to_owned(),
            difference.map(str::to_owned),
            currency.to_owned(),
        )
    };
    let lower = figures(&["P A 800 EUR 5", "L A 1000 EUR 5"]);
    assert_eq!(lower, given("200", Some("-200"), "EUR"));
    let currencies = figures(&["P A 8 USD 5", "L A 10 EUR 5"]);
    assert_eq!(currencies, given("8", None, "USD"));
    let missing = figures(&["L A -10 EUR 5"]);
    assert_eq!(missing, given("10", None, "EUR"));
    let fee = figures(&["P A 10 EUR 5 fee=12/1/10", "L A 10 EUR 5"]);
    assert_eq!(fee, given("1", Some("0"), "EUR"));
    let status = figures(&["P A 10 EUR 5 status=failed", "L A 10 EUR 5 status=settled"]);
    assert_eq!(status, given("10", Some("0"), "EUR"));
    let date = figures(&["P A 10 EUR 15", "L A 10 EUR 5"]);
    assert_eq!(date, given("0", Some("0"), "EUR"));
}

#[test]
fn of_several_records_the_sum_is_shown() {
    let policy = SourcePolicy {
        rules: vec![MatchRule {
            cardinality: Cardinality::OneToMany,
            ..rule("in parts", &[ReferenceKind::Reference])
        }],
        ..policy()
    };
    let records = ["P A 1000 EUR 5", "L A 200 EUR 5", "L A 700 EUR 5"];
    let found = only_discrepancy(&policy, &records);
    let money = |side| own_sum(&found, side).map(|money| money.to_string());
    assert_eq!(money(Side::Partner).as_deref(), Some("1000.00 EUR"));
    assert_eq!(money(Side::Ledger).as_deref(), Some("900.00 EUR"));
    let missing = only_discrepancy(&policy, &["P A 10 EUR 5"]);
    assert_eq!(own_sum(&missing, Side::Ledger), None);
}

#[test]
fn severity_follows_the_policy() {
    use crate::severity::{Materiality, Severity, SeverityRule};
    let mut policy = policy();
    policy.severity.materiality = Materiality([(euro(), amount("100"))].into());
    let severity = |policy: &SourcePolicy, lines: &[&str]| only_discrepancy(policy, lines).severity;
    let below = ["P A 199 EUR 5", "L A 100 EUR 5"];
    assert_eq!(severity(&policy, &below), Severity::High);
    assert_eq!(
        severity(&policy, &["P A 200 EUR 5", "L A 100 EUR 5"]),
        Severity::Critical
    );
    policy.severity.rules.push(SeverityRule {
        kinds: vec![Kind::AmountMismatch],
        currency: None,
        amount_from: None,
        // From the earlier value date, 5 January, to 27 February.
        age_days_from: Some(53),
        severity: Severity::Low,
    });
    assert_eq!(
        severity(&policy, &["P A 199 EUR 6", "L A 100 EUR 5"]),
        Severity::Low
    );
    assert_eq!(
        severity(&policy, &["P A 199 EUR 6", "L A 100 EUR 6"]),
        Severity::High
    );
}
