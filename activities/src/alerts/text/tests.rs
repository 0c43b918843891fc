//! The exact words of alerts: these are what people read, so a change here is a decision.

use std::collections::BTreeMap;

use domain::alert::{CurrencyTotal, SummaryLine};
use domain::discrepancy::DiscrepancyId;
use domain::money::{Amount, Currency};
use domain::record::Status;
use domain::severity::Severity;
use jiff::civil::date;

use super::*;

const ALERT_ID: &str = "0f3a9c51d2e84b7796ab01cd23ef4567/pager";

fn money(text: &str) -> Money {
    let (amount, currency) = text.split_once(' ').expect("amount and currency");
    Money {
        amount: Amount::parse(amount).expect("an amount"),
        currency: Currency::parse(currency).expect("a currency"),
    }
}

fn side(file: &str, line: u32, amount: &str) -> SideFacts {
    SideFacts {
        money: money(amount),
        value_date: date(2026, 11, 19),
        status: None,
        file: file.to_owned(),
        line,
        counterparty: None,
    }
}

fn partner(amount: &str) -> SideFacts {
    side("settlement.csv", 18, amount)
}

fn ledger(amount: &str) -> SideFacts {
    side("ledger.csv", 4, amount)
}

fn facts(kind: Kind) -> DiscrepancyFacts {
    DiscrepancyFacts {
        id: DiscrepancyId::parse("0f3a9c51d2e84b7796ab01cd23ef4567").expect("an id"),
        kind,
        reference: "PAY-17".to_owned(),
        at_stake: money("120 EUR"),
        difference: None,
        partner: None,
        ledger: None,
        rule: "by reference".to_owned(),
        reason: "the reason in one sentence".to_owned(),
        nearest: None,
    }
}

fn content(severity: Severity, headline: &str, body: AlertBody) -> AlertContent {
    AlertContent {
        source: "acme-pay".to_owned(),
        run_id: "recon/acme-pay/2026-11-20".to_owned(),
        business_date: date(2026, 11, 20),
        severity,
        headline: headline.to_owned(),
        occasion: None,
        case_id: "case/0f3a9c51d2e84b7796ab01cd23ef4567".to_owned(),
        link: None,
        body,
    }
}

/// The plain text of an alert about one discrepancy.
fn shown(severity: Severity, headline: &str, facts: DiscrepancyFacts) -> String {
    let content = content(severity, headline, AlertBody::Discrepancy(Box::new(facts)));
    plain(&compose(ALERT_ID, &content))
}

/// The part of the text that differs between kinds: the facts and the first step.
fn core(facts: DiscrepancyFacts) -> String {
    let shown = shown(Severity::High, "headline", facts);
    let (_, facts) = shown.split_once("2026-11-20\n\n").expect("the first block");
    let (facts, rest) = facts.split_once("\n\nWhy:\n").expect("why");
    let advice = rest
        .lines()
        .find(|line| line.starts_with("- "))
        .expect("a step");
    format!("{facts}\n{advice}\n")
}

#[test]
fn an_amount_mismatch_in_full() {
    let mut facts = DiscrepancyFacts {
        difference: Some(money("120 EUR")),
        partner: Some(partner("220 EUR")),
        ledger: Some(ledger("100 EUR")),
        reason: "the partner reports 220.00 EUR, the ledger 100.00 EUR: 120.00 EUR more than the \
                 tolerance of 0.00 EUR"
            .to_owned(),
        nearest: None,
        ..facts(Kind::AmountMismatch)
    };
    facts.ledger.as_mut().expect("a ledger record").counterparty = Some("Müller & Söhne".into());
    let headline = "PAY-17: the partner reports 120.00 EUR more than the ledger";
    let mut content = content(
        Severity::Critical,
        headline,
        AlertBody::Discrepancy(Box::new(facts)),
    );
    content.link = Some("http://127.0.0.1:8233/namespaces/default/workflows/case".to_owned());
    assert_eq!(
        plain(&compose(ALERT_ID, &content)),
        "\
CRITICAL acme-pay: PAY-17: the partner reports 120.00 EUR more than the ledger

Source acme-pay, business date 2026-11-20

Reference   PAY-17
Partner     220.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger      100.00 EUR, value date 2026-11-19, ledger.csv line 4, Müller & Söhne
Difference  120.00 EUR (partner minus ledger)

Why:
the partner reports 220.00 EUR, the ledger 100.00 EUR: 120.00 EUR more than the tolerance of \
0.00 EUR (decided by: by reference)

What to do:
- Compare both records with the invoice, and have the wrong side corrected.
- See both records and how this was decided:
    trueup show 0f3a9c51d2e84b7796ab01cd23ef4567
- See all that this run found:
    trueup discrepancies --run recon/acme-pay/2026-11-20
- Open it: http://127.0.0.1:8233/namespaces/default/workflows/case

Alert 0f3a9c51. A second message with this number is a repeat.
"
    );
}

#[test]
fn a_lone_record_names_what_came_closest() {
    let facts = DiscrepancyFacts {
        partner: Some(partner("120 EUR")),
        nearest: Some("ledger.csv line 9: its reference is PAY-71".to_owned()),
        ..facts(Kind::MissingInLedger)
    };
    let text = shown(
        Severity::High,
        "PAY-17: the partner reports 120.00 EUR",
        facts,
    );
    assert!(
        text.starts_with("HIGH acme-pay: PAY-17: the partner reports 120.00 EUR\n"),
        "{text}"
    );
    let why = "Why:\nthe reason in one sentence (decided by: by reference)\n\
               What came closest: ledger.csv line 9: its reference is PAY-71\n";
    assert!(text.contains(why), "{text}");
}

#[test]
fn a_record_that_no_rule_could_look_for_names_none() {
    let facts = DiscrepancyFacts {
        partner: Some(partner("120 EUR")),
        rule: NO_RULE.to_owned(),
        ..facts(Kind::MissingInLedger)
    };
    let text = shown(Severity::High, "the partner reports 120.00 EUR", facts);
    let why = "Why:\nthe reason in one sentence (no rule could look for it)\n";
    assert!(text.contains(why), "{text}");
}

#[test]
fn every_kind_says_what_and_what_to_do() {
    let lone = |kind| DiscrepancyFacts {
        partner: Some(partner("120 EUR")),
        ..facts(kind)
    };
    let both = |kind, partner_amount, ledger_amount, difference: Option<&str>| DiscrepancyFacts {
        partner: Some(partner(partner_amount)),
        ledger: Some(ledger(ledger_amount)),
        difference: difference.map(money),
        ..facts(kind)
    };
    let mut status = both(Kind::StatusMismatch, "120 EUR", "120 EUR", Some("0 EUR"));
    status.partner.as_mut().expect("partner").status = Some(Status::Reversed);
    status.ledger.as_mut().expect("ledger").status = Some(Status::Settled);
    let mut reversed = lone(Kind::MissingInLedger);
    reversed.partner.as_mut().expect("partner").status = Some(Status::Reversed);
    let mut late = both(Kind::DateMismatch, "120 EUR", "120 EUR", None);
    late.ledger.as_mut().expect("ledger").value_date = date(2026, 11, 2);
    for (facts, expected) in [
        (
            DiscrepancyFacts {
                difference: Some(money("-0.01 EUR")),
                reference: "statement STMT-7".to_owned(),
                ..facts(Kind::StatementOutOfBalance)
            },
            "\
Reference   statement STMT-7
Difference  -0.01 EUR (stated minus computed)
- Do not use this report: nothing of it was matched. Ask the partner for a corrected one.
",
        ),
        (
            lone(Kind::DuplicateAtPartner),
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
At stake   120.00 EUR
- Do not book or refund it again before the partner says whether it is a second payment.
",
        ),
        (
            DiscrepancyFacts {
                ledger: Some(ledger("120 EUR")),
                ..facts(Kind::DuplicateInLedger)
            },
            "\
Reference  PAY-17
Ledger     120.00 EUR, value date 2026-11-19, ledger.csv line 4
At stake   120.00 EUR
- Check whether it was booked twice; if so, reverse one booking before it is paid out.
",
        ),
        (
            lone(Kind::Ambiguous),
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
At stake   120.00 EUR
- Choose the right counterpart by hand: nothing was matched here.
",
        ),
        (
            lone(Kind::MissingInLedger),
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger     nothing found
At stake   120.00 EUR
- Look for it in the ledger under another reference; if it is not there, book it.
",
        ),
        (
            DiscrepancyFacts {
                at_stake: money("0 EUR"),
                ..lone(Kind::MissingInLedger)
            },
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger     nothing found
- Nothing, if it is right that no money moved.
",
        ),
        (
            reversed,
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18, reversed
Ledger     nothing found
At stake   120.00 EUR
- Find out who took the money back and why; then book the reversal.
",
        ),
        (
            DiscrepancyFacts {
                ledger: Some(ledger("120 EUR")),
                ..facts(Kind::MissingAtPartner)
            },
            "\
Reference  PAY-17
Partner    nothing found
Ledger     120.00 EUR, value date 2026-11-19, ledger.csv line 4
At stake   120.00 EUR
- Ask the partner where the payment is: its time to settle has passed.
",
        ),
        (
            both(Kind::CurrencyMismatch, "120 EUR", "120 USD", None),
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger     120.00 USD, value date 2026-11-19, ledger.csv line 4
At stake   120.00 EUR
- Find out which currency was agreed before anything is booked or paid out.
",
        ),
        (
            both(Kind::AmountMismatch, "100 EUR", "220 EUR", Some("-120 EUR")),
            "\
Reference   PAY-17
Partner     100.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger      220.00 EUR, value date 2026-11-19, ledger.csv line 4
Difference  -120.00 EUR (partner minus ledger)
- Compare both records with the invoice, and have the wrong side corrected.
",
        ),
        (
            status,
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18, reversed
Ledger     120.00 EUR, value date 2026-11-19, ledger.csv line 4, settled
At stake   120.00 EUR
- Hold what depends on this payment until it is clear which side is right.
",
        ),
        (
            both(Kind::FeeMismatch, "120 EUR", "120 EUR", None),
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger     120.00 EUR, value date 2026-11-19, ledger.csv line 4
At stake   120.00 EUR
- Compare the fee with the contract, and claim the difference back.
",
        ),
        (
            both(Kind::Rounding, "100.01 EUR", "100 EUR", Some("0.01 EUR")),
            "\
Reference   PAY-17
Partner     100.01 EUR, value date 2026-11-19, settlement.csv line 18
Ledger      100.00 EUR, value date 2026-11-19, ledger.csv line 4
Difference  0.01 EUR (partner minus ledger)
- Nothing, unless it keeps happening: then one side rounds wrongly.
",
        ),
        (
            late,
            "\
Reference  PAY-17
Partner    120.00 EUR, value date 2026-11-19, settlement.csv line 18
Ledger     120.00 EUR, value date 2026-11-02, ledger.csv line 4
At stake   120.00 EUR
- Check that the money counts on the right day on both sides.
",
        ),
    ] {
        let kind = facts.kind;
        assert_eq!(core(facts), expected, "{kind}");
    }
}

#[test]
fn a_summary_in_full() {
    let line = |severity, kind, reference: &str, at_stake| SummaryLine {
        id: facts(kind).id,
        kind,
        severity,
        reference: reference.to_owned(),
        at_stake: money(at_stake),
    };
    let eur = money("15020.5 EUR");
    let facts = SummaryFacts {
        count: 60,
        counts: BTreeMap::from([
            ((Kind::DuplicateAtPartner, Severity::Critical), 18),
            ((Kind::MissingInLedger, Severity::High), 42),
        ]),
        totals: vec![
            CurrencyTotal {
                currency: eur.currency,
                count: 59,
                at_stake: Some(eur.amount),
            },
            CurrencyTotal {
                currency: money("1 JPY").currency,
                count: 1,
                at_stake: None,
            },
        ],
        largest: vec![
            line(
                Severity::Critical,
                Kind::DuplicateAtPartner,
                "PAY-1",
                "9000 EUR",
            ),
            line(Severity::High, Kind::MissingInLedger, "PAY-2", "3 JPY"),
        ],
    };
    let headline = "60 discrepancies in one run, 15020.50 EUR and more at stake";
    let content = content(Severity::Critical, headline, AlertBody::Summary(facts));
    assert_eq!(
        plain(&compose(ALERT_ID, &content)),
        "\
CRITICAL acme-pay: 60 discrepancies in one run, 15020.50 EUR and more at stake

Source acme-pay, business date 2026-11-20

Found:
18 x reported again by the partner (critical)
42 x missing in the ledger (high)

At stake:
15020.50 EUR in 59 discrepancies
JPY in 1 discrepancy: too large to add up

Largest:
CRITICAL PAY-1: reported again by the partner, 9000.00 EUR
HIGH PAY-2: missing in the ledger, 3 JPY
and 58 more

What to do:
- So many at once mostly have one cause: a file that is missing, cut short or sent twice, or a \
shifted cut-off. Check the report and the ledger export first.
- See them all:
    trueup discrepancies --run recon/acme-pay/2026-11-20

Alert 0f3a9c51. A second message with this number is a repeat.
"
    );
}

#[test]
fn data_stays_on_its_line_and_commands_are_literal() {
    let mut facts = facts(Kind::MissingInLedger);
    facts.reference = "A\r\nBcc: x@y.example\u{202E}\u{7}  B".to_owned();
    facts.reason = "r".repeat(9000);
    let headline = format!("{}\nSubject: hi", facts.reference);
    let mut content = content(
        Severity::High,
        &headline,
        AlertBody::Discrepancy(Box::new(facts)),
    );
    content.source = "it's $(here)".to_owned();
    content.run_id = format!("recon/{}/2026-11-20", content.source);
    let text = compose(ALERT_ID, &content);
    assert_eq!(
        text.title,
        "HIGH it's $(here): A Bcc: x@y.example B Subject: hi"
    );
    let plain = plain(&text);
    assert!(
        plain.contains("Reference  A Bcc: x@y.example B\n"),
        "{plain}"
    );
    assert!(
        plain.contains(r"--run 'recon/it'\''s $(here)/2026-11-20'"),
        "{plain}"
    );
    assert!(
        plain
            .lines()
            .all(|line| line.chars().count() <= LINE_CHARS_MAX),
        "{plain}"
    );
}

#[test]
fn every_alert_about_a_subject_has_a_number_of_its_own() {
    let first = "0f3a9c5188aa0000/night";
    assert_eq!(short_id(first), "0f3a9c51");
    assert_eq!(short_id("0f3a9c5188aa0000/night/2"), "0f3a9c51-2");
    assert_eq!(
        short_id("0f3a9c5188aa0000/24"),
        "0f3a9c51",
        "the channel is called so"
    );
}
