//! What a discrepancy carries beside its kind: what is at stake, the rule that decided, the records
//! that it shows, the candidate that came closest.

use super::*;
use crate::discrepancy::DiscrepancyId;
use crate::record::Past;
use crate::severity::Severity;

/// All that these lines give under a policy, in the order in which people see it.
fn found(policy: &SourcePolicy, lines: &[&str]) -> Vec<Discrepancy> {
    compare(policy, &whole(), pool(lines)).discrepancies
}

#[test]
fn at_stake_among_several_is_the_largest_amount_of_the_first_currency() {
    let lines = [
        "P A 100 EUR 5",
        "P A -50 EUR 5",
        "P A 50 EUR 5",
        "L A 90 EUR 5",
        "L A 160 EUR 5",
    ];
    let ambiguous = found(&policy(), &lines);
    let ambiguous = ambiguous.iter().find(|it| it.kind == Kind::Ambiguous);
    assert_eq!(ambiguous.expect("it is").at_stake, amount("160"));
    let currencies = [
        "P A 100 EUR 5",
        "P A 50 EUR 5",
        "L A 900 USD 5",
        "L A 600 USD 5",
    ];
    let ambiguous = only_discrepancy(&policy(), &currencies);
    let figures = (ambiguous.currency.code(), ambiguous.at_stake);
    assert_eq!(figures, ("EUR", amount("100")));
}

#[test]
fn what_failed_with_nothing_paid_has_what_we_booked_at_stake() {
    let lines = ["P A 0 EUR 5 status=failed", "L A 4990 EUR 5"];
    let found = only_discrepancy(&policy(), &lines);
    assert_eq!(
        (found.kind, found.at_stake),
        (Kind::AmountMismatch, amount("4990"))
    );
}

#[test]
fn nothing_is_at_stake_when_only_days_differ_and_all_when_some_failed() {
    let rules = vec![MatchRule {
        cardinality: Cardinality::OneToMany,
        ..rule("by batch", &[ReferenceKind::Batch])
    }];
    let policy = SourcePolicy { rules, ..policy() };
    let late = [
        "P - 100 EUR 5 batch=B",
        "L A 60 EUR 5 batch=B",
        "L B 40 EUR 25 batch=B",
    ];
    let found = only_discrepancy(&policy, &late);
    assert_eq!(
        (found.kind, found.at_stake),
        (Kind::DateMismatch, Amount::ZERO)
    );
    let failed = [
        "P - 100 EUR 5 batch=B status=settled",
        "L A 60 EUR 5 batch=B",
        "L B 40 EUR 5 batch=B status=failed",
    ];
    let found = only_discrepancy(&policy, &failed);
    assert_eq!(
        (found.kind, found.at_stake),
        (Kind::StatusMismatch, amount("100"))
    );
}

#[test]
fn a_lone_record_names_the_first_rule_that_looked_for_its_counterpart() {
    let rule_of = |line: &str| only_discrepancy(&policy(), &[line]).rule;
    assert_eq!(rule_of("P A 10 EUR 5 invoice=I"), "by reference");
    assert_eq!(rule_of("P - 10 EUR 5 invoice=I"), "by invoice");
    assert_eq!(rule_of("L - 10 EUR 5 order=O"), "none");
}

#[test]
fn a_copy_shows_its_original_and_no_candidate() {
    let lines = ["P A 10 EUR 5", "P A 10 EUR 6", "L B 10 EUR 5"];
    let found = found(&policy(), &lines);
    let kinds: Vec<Kind> = found.iter().map(|it| it.kind).collect();
    let expected = [
        Kind::DuplicateAtPartner,
        Kind::MissingInLedger,
        Kind::MissingAtPartner,
    ];
    assert_eq!(kinds, expected);
    let [copy, missing, _] = &found[..] else {
        panic!("{kinds:?}");
    };
    let original = missing.partner.as_ref().expect("the partner's");
    assert_eq!(copy.related, std::slice::from_ref(original));
    assert!(copy.nearest.is_none() && missing.nearest.is_some());
}

#[test]
fn a_failed_payment_puts_nothing_at_stake_and_wakes_nobody() {
    let lone = |line: &str| {
        let found = only_discrepancy(&policy(), &[line]);
        let stated = found.at_stake.to_string();
        (found.kind, found.severity, stated, found.reason)
    };
    assert_eq!(
        lone("P A 9000 EUR 5 status=failed"),
        (
            Kind::MissingInLedger,
            Severity::Low,
            "0".to_owned(),
            "partner reports 9000.00 EUR for A with value date 2026-01-05 as failed: no money moved, \
             and no ledger record goes with it by reference"
                .to_owned()
        )
    );
    let (kind, severity, ..) = lone("L A 9000 EUR 5 status=failed");
    assert_eq!((kind, severity), (Kind::MissingAtPartner, Severity::Low));
    for status in ["pending", "settled", "reversed"] {
        let (_, severity, stake, _) = lone(&format!("P A 9000 EUR 5 status={status}"));
        assert_eq!(
            (severity, &*stake),
            (Severity::Critical, "9000"),
            "{status}"
        );
    }
    let (.., reason) = lone("L A 9000 EUR 5 status=pending");
    let announced =
        "ledger has 9000.00 EUR for A with value date 2026-01-05 as pending, not final yet: no";
    assert!(reason.starts_with(announced), "{reason}");
    let (_, severity, ..) = lone("P A 0 EUR 5");
    assert_eq!(severity, Severity::Low, "a payment of nothing");
}

#[test]
fn a_failed_attempt_is_not_counted_among_the_copies() {
    let lines = [
        "P A 10 EUR 5 status=failed",
        "P A 10 EUR 5 status=settled",
        "P A 10 EUR 6 status=settled",
        "L A 10 EUR 5",
    ];
    let found = found(&policy(), &lines);
    let reasons: Vec<&str> = found.iter().map(|it| &*it.reason).collect();
    let expected = [
        "partner reports 10.00 EUR for A twice (value dates 2026-01-05 and 2026-01-06), the ledger \
         has it once",
        "partner reports 10.00 EUR for A with value date 2026-01-05 as failed: no money moved, and no \
         ledger record goes with it by reference",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn what_failed_or_was_reversed_repeats_none_that_an_earlier_run_had() {
    let mut pool = pool(&[
        "P A 10 EUR 5 status=failed",
        "P B 10 EUR 5 status=settled",
        "P C 10 EUR 5 status=reversed",
    ]);
    for record in &mut pool.partner {
        record.past = Some(Box::new(Past {
            received_by: None,
            since: record.value_date,
            found_in: None,
            repeats: Some("recon/example/2026-01-04".into()),
        }));
    }
    // As earlier versions marked what failed.
    let known = (
        DiscrepancyId::fingerprint("acme", Kind::MissingInLedger, &["A"]),
        Kind::MissingInLedger,
    );
    let past = pool.partner[0].past.as_mut();
    past.expect("given above").found_in = Some(known);
    let found = compare(&policy(), &whole(), pool).discrepancies;
    let kinds: Vec<(&str, Kind)> = found.iter().map(|it| (&*it.reference, it.kind)).collect();
    let expected = [
        ("A", Kind::MissingInLedger),
        ("B", Kind::DuplicateAtPartner),
        ("C", Kind::MissingInLedger),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(
        found[2].reason,
        "partner reports 10.00 EUR for C with value date 2026-01-05 as reversed: \
         recon/example/2026-01-04 had the same record before, and no ledger record goes with it by \
         reference"
    );
}
