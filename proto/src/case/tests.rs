//! What people type, right and wrong.

use domain::case::{Act, Case, Decision, Resolution, ResolutionKind, Subject};
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use domain::severity::Severity;
use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::wire::{CaseBatchInput, CaseFilter};

fn problem(action: &str, input: Value) -> String {
    act(action, &input).expect_err(action).to_string()
}

#[test]
fn a_mistake_in_an_act_is_named() {
    let resolve = |field: &str, value: &str| {
        let mut input = json!({ "by": "ann", "note": "n", "resolution": "accept" });
        input[field] = value.into();
        problem("resolve", input)
    };
    for (found, expected) in [
        (problem("assign", json!({})), "missing field `by`"),
        (
            problem("assign", json!({ "by": "ann", "to": " " })),
            "missing field `to`",
        ),
        (
            problem("comment", json!({ "by": "ann" })),
            "missing field `note`",
        ),
        (
            problem("reject", json!({ "by": "ann" })),
            "missing field `note`",
        ),
        (
            problem("reopen", json!({ "by": "ann" })),
            "missing field `note`",
        ),
        (
            problem("approve", json!({ "note": "fine" })),
            "missing field `by`",
        ),
        (
            problem("resolve", json!({ "by": "ann" })),
            "missing field `resolution`",
        ),
        (resolve("note", ""), "missing field `note`"),
        (resolve("resolution", "match"), "missing field `match_with`"),
        (
            resolve("resolution", "write_off"),
            "missing field `reason_code`",
        ),
        (resolve("resolution", "in_transit"), "missing field `until`"),
        (
            resolve("amount", "1"),
            "field `amount`: belongs to the resolution write_off only, given `1`",
        ),
        (
            resolve("until", "2026-11-20"),
            "field `until`: belongs to the resolution in_transit only, given `2026-11-20`",
        ),
        (
            resolve("match_with", "INV-1"),
            "field `match_with`: belongs to the resolution match only, given `INV-1`",
        ),
        (
            resolve("resolution", "writeoff"),
            "field `resolution`: must be match, accept, write_off, duplicate_confirmed, \
             in_transit, partner_to_correct, ledger_to_correct, not_an_error or void, given \
             `writeoff`",
        ),
        (problem("seen_again", json!({})), "missing field `run_id`"),
        (
            problem("auto_clear", json!({ "run_id": "r" })),
            "missing field `evidence`",
        ),
        (
            problem("close", json!({})),
            "field `action`: must be assign, comment, resolve, approve, reject, reopen or \
             acknowledge, given `close`",
        ),
        (problem("", json!({})), "missing field `action`"),
    ] {
        assert_eq!(found, expected);
    }
    let unknown = problem("approve", json!({ "by": "ann", "nope": 1 }));
    assert_eq!(unknown, "unknown field `nope`, expected `by` or `note`");
    let other = problem("assign", json!({ "by": "ann", "to": 7 }));
    assert!(other.starts_with("invalid type: integer `7`"), "{other}");
    assert!(problem("comment", json!("text")).starts_with("invalid type"));
}

#[test]
fn amounts_and_days_are_read_strictly() {
    let write_off = |amount: &str| {
        let input = json!({
            "by": "ann", "note": "n", "resolution": "write_off", "reason_code": "fx",
            "account": "4711", "amount": amount,
        });
        act("resolve", &input)
    };
    for amount in ["1e3", "1,50", " 1", "0x1", "1.", "NaN"] {
        let error = write_off(amount).expect_err(amount).to_string();
        let expected = format!(
            "field `amount`: must be a plain decimal number such as 12.50, given `{amount}`"
        );
        assert_eq!(error, expected);
    }
    let (by, asked) = write_off("12.50").unwrap();
    let stake = Amount::parse("99").unwrap();
    let amount_of = |asked: Asked| match asked.act(stake) {
        Act::Resolve {
            resolution: Resolution::WriteOff { amount, .. },
            ..
        } => amount,
        other => panic!("{other:?}"),
    };
    assert_eq!(by, "ann");
    assert_eq!(amount_of(asked), Amount::parse("12.5").unwrap());
    let (_, all) = write_off("").unwrap();
    assert_eq!(all.resolution(), Some(ResolutionKind::WriteOff));
    assert_eq!(amount_of(all), stake, "all that is at stake");

    for day in ["2026-02-30", "20.11.2026", "2026-1-2"] {
        let input = json!({ "by": "a", "note": "n", "resolution": "in_transit", "until": day });
        let error = problem("resolve", input);
        assert!(error.starts_with("field `until`: must be a day"), "{error}");
    }
}

#[test]
fn every_action_is_read() {
    let note = |text: &str| json!({ "by": "ann", "note": text });
    let to = json!({ "by": "ann", "to": "bob" });
    let transit =
        json!({ "by": "ann", "note": "n", "resolution": "in_transit", "until": "2026-11-25" });
    let cleared = json!({ "run_id": "r", "evidence": "e" });
    let text = |text: &str| text.to_owned();
    for (action, input, by, expected) in [
        (
            "assign",
            to,
            "ann",
            Act::Assign {
                to: text("bob"),
                note: text(""),
            },
        ),
        (
            "comment",
            note("n"),
            "ann",
            Act::Comment { note: text("n") },
        ),
        ("approve", note(""), "ann", Act::Approve { note: text("") }),
        ("reject", note("n"), "ann", Act::Reject { note: text("n") }),
        ("reopen", note("n"), "ann", Act::Reopen { note: text("n") }),
        (
            "acknowledge",
            note(""),
            "ann",
            Act::Acknowledge { note: text("") },
        ),
        (
            "seen_again",
            json!({ "run_id": "r" }),
            SYSTEM,
            Act::SeenAgain { run_id: text("r") },
        ),
        (
            "auto_clear",
            cleared,
            SYSTEM,
            Act::AutoClear {
                run_id: text("r"),
                evidence: text("e"),
                undoes: false,
            },
        ),
        (
            "auto_clear",
            json!({ "run_id": "r", "evidence": "e", "undoes": true }),
            SYSTEM,
            Act::AutoClear {
                run_id: text("r"),
                evidence: text("e"),
                undoes: true,
            },
        ),
        (
            "resolve",
            transit,
            "ann",
            Act::Resolve {
                resolution: Resolution::InTransit {
                    until: date(2026, 11, 25),
                },
                note: text("n"),
            },
        ),
    ] {
        assert!(ACTIONS.contains(&action));
        let read = act(action, &input).unwrap();
        assert_eq!(read, (text(by), Asked::Act(expected)));
    }
    for kind in ResolutionKind::ALL {
        let mut input = json!({ "by": "ann", "note": "n", "resolution": kind.name() });
        match kind {
            ResolutionKind::Match => input["match_with"] = "INV-1".into(),
            ResolutionKind::InTransit => input["until"] = "2026-11-25".into(),
            ResolutionKind::WriteOff => {
                input["reason_code"] = "fx".into();
                input["account"] = "4711".into();
            }
            _ => {}
        }
        assert_eq!(act("resolve", &input).unwrap().1.resolution(), Some(*kind));
    }
}

fn comment_on(ids: &[&str], filter: Option<CaseFilter>) -> CaseBatchInput {
    CaseBatchInput {
        action: "comment".to_owned(),
        by: "ann".to_owned(),
        input: r#"{"note":"seen"}"#.to_owned(),
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        filter,
    }
}

#[test]
fn a_batch_says_which_cases_and_who() {
    let read = batch(&comment_on(&["b", "a", "b"], None)).unwrap();
    assert_eq!(read.input, json!({ "by": "ann", "note": "seen" }));
    assert_eq!(read.selection, Selection::Ids(vec!["b".into(), "a".into()]));
    let euros = CaseFilter {
        kind: "rounding".into(),
        currency: "EUR".into(),
        amount_to: "0.05".into(),
        ..CaseFilter::default()
    };
    let Selection::Filter(filter) = batch(&comment_on(&[], Some(euros.clone())))
        .unwrap()
        .selection
    else {
        panic!("a filter was given");
    };
    assert_eq!(filter.kind, Some(Kind::Rounding));
    assert_eq!(filter.amount_to, Some(Amount::parse("0.05").unwrap()));

    let refused = |request: CaseBatchInput| batch(&request).expect_err("a mistake").to_string();
    for (request, expected) in [
        (
            comment_on(&[], None),
            "exactly one of `ids` and `filter` says which cases, given `neither`",
        ),
        (comment_on(&["a"], Some(euros.clone())), "given `both`"),
        (
            comment_on(&["a\nb"], None),
            "field `ids`: must be ids of discrepancies",
        ),
        (
            comment_on(&[], Some(CaseFilter::default())),
            "field `filter`: must say something: an empty filter would be every case there is",
        ),
        (
            comment_on(
                &[],
                Some(CaseFilter {
                    currency: String::new(),
                    ..euros.clone()
                }),
            ),
            "missing field `filter.currency`",
        ),
        (
            comment_on(
                &[],
                Some(CaseFilter {
                    state: "closed".into(),
                    ..euros
                }),
            ),
            "field `filter.state`: is not one that there is, given `closed`",
        ),
        (
            CaseBatchInput {
                input: r#"{"by":"bob","note":"n"}"#.into(),
                ..comment_on(&["a"], None)
            },
            "names somebody else than the batch",
        ),
        (
            CaseBatchInput {
                input: "[]".into(),
                ..comment_on(&["a"], None)
            },
            "field `input`: must be the act's own input, one JSON object, given `[]`",
        ),
        (
            CaseBatchInput {
                input: r#"{"note":""}"#.into(),
                ..comment_on(&["a"], None)
            },
            "missing field `note`",
        ),
        (
            CaseBatchInput {
                action: "auto_clear".into(),
                ..comment_on(&["a"], None)
            },
            "field `action`: must be assign",
        ),
        (
            CaseBatchInput {
                by: String::new(),
                ..comment_on(&["a"], None)
            },
            "missing field `by`",
        ),
    ] {
        let found = refused(request);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_decision_comes_back_as_it_was() {
    let euro = Currency::parse("EUR").unwrap();
    let text = |text: &str| text.to_owned();
    let resolutions = [
        Resolution::Match {
            with: text("INV-1"),
        },
        Resolution::Accept,
        Resolution::WriteOff {
            reason_code: text("fx"),
            amount: Amount::parse("12.5").unwrap(),
            account: text("4711"),
        },
        Resolution::DuplicateConfirmed,
        Resolution::InTransit {
            until: date(2026, 11, 25),
        },
        Resolution::PartnerToCorrect,
        Resolution::LedgerToCorrect,
        Resolution::NotAnError,
        Resolution::Void,
    ];
    assert_eq!(resolutions.len(), ResolutionKind::ALL.len());
    for resolution in resolutions {
        let decided = Decision {
            resolution,
            note: text("why"),
            by: text("ann"),
            at: "2026-11-20T08:00:00.5Z".parse().unwrap(),
            approved_by: Some(text("bob")),
        };
        let message = decision(&decided, euro);
        assert_eq!(decision_from_wire(&message), Ok(decided));
        let json = serde_json::to_string(&message).unwrap();
        assert_eq!(
            serde_json::from_str::<wire::CaseDecision>(&json).unwrap(),
            message
        );
    }
    let nothing = decision_from_wire(&wire::CaseDecision::default());
    assert!(nothing.is_err());
}

#[test]
fn a_status_says_what_it_is_about() {
    let subject = Subject {
        source: "acme-pay".to_owned(),
        kind: Kind::Rounding,
        severity: Severity::Low,
        currency: Currency::parse("EUR").unwrap(),
        at_stake: Amount::parse("0.5").unwrap(),
        has_both_sides: true,
    };
    let about = About {
        case_id: "case/1".to_owned(),
        subject: &subject,
        kind: Some(subject.kind),
        cause: None,
        reference: "INV-1",
        due_at: String::new(),
    };
    let told = status(about, &Case::default(), Vec::new());
    let expected = json!({
        "case_id": "case/1", "state": "open", "alerts": [], "source": "acme-pay",
        "kind": "rounding", "severity": "low", "reference": "INV-1", "currency": "EUR",
        "at_stake": "0.50", "assigned_to": "", "acknowledged_by": "", "decision": null,
        "version": 0, "due_at": "", "escalation_level": 0, "members": 0, "members_open": 0,
    });
    assert_eq!(serde_json::to_value(&told).unwrap(), expected);
}
