//! Many discrepancies with one cause: what is allowed for each is not allowed for the sum, and the
//! case of the cause stands as they do.

use super::*;
use crate::money::Money;

fn sum(text: &str, currency: &str) -> Money {
    Money {
        amount: amount(text),
        currency: Currency::parse(currency).expect(currency),
    }
}

fn behind(sums: &[Money]) -> Behind {
    Behind {
        count: 55,
        open: 55,
        cleared: 0,
        sums: sums.to_vec(),
    }
}

fn together(scene: &Scene, by: &str, act: &Act, behind: &Behind) -> Result<Applied, Refusal> {
    let change = Change {
        by,
        act,
        subject: &scene.subject,
        authority: &scene.authority,
        approval: &scene.approval,
        at: "2026-11-20T08:00:00Z".parse().expect("a time"),
        today: TODAY,
    };
    apply_together(&scene.case, &change, behind)
}

fn resolved_as(resolution: Resolution) -> Act {
    Act::Resolve {
        resolution,
        note: "a file was cut off".to_owned(),
    }
}

/// Who may resolve up to 100 EUR.
fn limited() -> Scene {
    let grant = Grant {
        role: EVERYBODY.to_owned(),
        actions: [Action::Resolve].into(),
        sources: [].into(),
        kinds: [].into(),
        resolutions: [].into(),
        amount_up_to: [(euro(), amount("100"))].into(),
    };
    let mut scene = Scene::new();
    scene.authority.grants = vec![grant];
    scene
}

#[test]
fn the_sum_of_each_currency_must_be_within_the_rights() {
    let (scene, act) = (limited(), resolved_as(Resolution::NotAnError));
    let within = behind(&[sum("100", "EUR")]);
    let applied = together(&scene, "ann", &act, &within).expect("within");
    assert_eq!(applied.case.state, CaseState::Resolved);
    assert!(applied.fields.contains(&("members", "55".to_owned())));
    assert!(applied.fields.contains(&("sums", "100.00 EUR".to_owned())));
    for sums in [
        &[sum("100.01", "EUR")][..],
        &[sum("1", "EUR"), sum("1", "USD")],
    ] {
        let refused = together(&scene, "ann", &act, &behind(sums));
        assert!(
            matches!(refused, Err(Refusal::NotAllowed { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn where_one_sum_takes_a_second_person_all_wait() {
    let mut scene = Scene::new();
    scene.approval.rules = vec![ApprovalRule {
        kinds: [].into(),
        resolutions: [].into(),
        currency: Some(euro()),
        amount_from: Some(amount("1000")),
    }];
    let act = resolved_as(Resolution::PartnerToCorrect);
    for (euros, state) in [
        ("999.99", CaseState::Resolved),
        ("1000", CaseState::Proposed),
    ] {
        for reversed in [false, true] {
            let mut sums = [sum(euros, "EUR"), sum("5", "USD")];
            if reversed {
                sums.reverse();
            }
            let applied = together(&scene, "ann", &act, &behind(&sums)).expect("allowed");
            assert_eq!(applied.case.state, state, "{euros}");
            assert_eq!(applied.case.version, 1);
        }
    }
}

#[test]
fn what_means_something_else_for_each_is_asked_for_one_by_one() {
    let scene = Scene::new();
    let euros = behind(&[sum("70", "EUR")]);
    let write_off = |text: &str| {
        resolved_as(Resolution::WriteOff {
            reason_code: "file".to_owned(),
            amount: amount(text),
            account: "4711".to_owned(),
        })
    };
    assert!(together(&scene, "ann", &write_off("70"), &euros).is_ok());
    let several = behind(&[sum("70", "EUR"), sum("9", "USD")]);
    for (act, behind, problem) in [
        (write_off("69"), &euros, "its own amount"),
        (write_off("70"), &several, "several currencies"),
        (resolved_as(Resolution::Void), &euros, "on its own"),
        (
            resolved_as(Resolution::DuplicateConfirmed),
            &euros,
            "on its own",
        ),
    ] {
        match together(&scene, "ann", &act, behind) {
            Err(Refusal::Invalid(why)) => assert!(why.contains(problem), "{why}"),
            other => panic!("{act:?}: {other:?}"),
        }
    }
}

#[test]
fn the_case_of_a_cause_follows_and_then_rests() {
    let scene = Scene::new();
    let mut cases = vec![Case::default()];
    for resolution in [
        Resolution::NotAnError,
        Resolution::InTransit { until: TODAY },
    ] {
        let act = resolved_as(resolution);
        let applied = together(&scene, "ann", &act, &behind(&[sum("1", "EUR")]));
        cases.push(applied.expect("resolved").case);
    }
    cases.push(Case {
        state: CaseState::Cleared,
        ..Case::default()
    });
    for case in &cases {
        for (open, cleared) in [(3, 0), (3, 52), (0, 55), (0, 20), (0, 0)] {
            let behind = Behind {
                open,
                cleared,
                ..behind(&[])
            };
            let after = match follow(case, &behind) {
                None => case.clone(),
                Some(act) => {
                    let applied = together(&scene, SYSTEM, &act, &behind).expect("allowed");
                    assert!(
                        applied.fields.iter().any(|(name, _)| *name == "evidence")
                            || applied.event.is_none()
                    );
                    applied.case
                }
            };
            assert_eq!(after.state.is_open(), open > 0, "{case:?} {behind:?}");
            let rests = follow(&after, &behind).is_none() || after == *case;
            assert!(rests, "{after:?} {behind:?}");
        }
    }
    let none = Behind::default();
    assert_eq!(
        follow(&Case::default(), &none),
        None,
        "nothing is known yet"
    );
    for act in [
        Act::MemberOpen {
            evidence: "1".to_owned(),
        },
        Act::MembersClosed {
            evidence: "1".to_owned(),
        },
    ] {
        assert!(
            together(&scene, "ann", &act, &none).is_err(),
            "only trueup says so"
        );
    }
}
