//! Each transition once, with its refusals and its words on the audit trail.

use super::*;
use AuditEvent::{
    CaseAcknowledged, CaseAssigned, CaseCleared, CaseCommented, CaseProposed, CaseRejected,
    CaseReopened, CaseResolved, CaseSeenAgain,
};

fn field<'f>(fields: &'f [(&'static str, String)], name: &str) -> Option<&'f str> {
    let named = fields.iter().find(|(it, _)| *it == name);
    named.map(|(_, value)| value.as_str())
}

#[test]
fn one_person_resolves_and_the_trail_says_it_all() {
    let mut scene = Scene::new();
    scene.does("zoe", assign("alice"), CaseAssigned);
    scene.is_unchanged_by("bob", &assign("alice"));
    scene.does("alice", acknowledge(), CaseAcknowledged);
    scene.is_unchanged_by("alice", &acknowledge());
    let mut fields = scene.does("alice", resolve(write_off("12.5")), CaseResolved);
    fields.sort();
    let before = "open; assigned to alice; acknowledged by alice; version 2";
    let after = "resolved; assigned to alice; acknowledged by alice; write_off of 12.50 EUR, \
                 reason_code \"bank fee\", account 4711, by alice at 2026-11-20T08:00:00Z, \
                 note \"looked at it\"; version 3";
    let expected = [
        ("account", "4711"),
        ("after", after),
        ("amount", "12.50"),
        ("at_stake", "1200.00"),
        ("before", before),
        ("currency", "EUR"),
        ("note", "looked at it"),
        ("reason_code", "bank fee"),
        ("resolution", "write_off"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name, note(value))));
}

#[test]
fn what_is_resolved_is_closed_until_somebody_reopens_it() {
    let mut scene = Scene::new();
    scene.does("alice", resolve(Resolution::Void), CaseResolved);
    scene.is_unchanged_by("alice", &resolve(Resolution::Void));
    let closed = "the case is resolved already, by alice; reopen it first";
    assert_eq!(scene.refused("bob", &resolve(Resolution::Void)), closed);
    let other = resolve(Resolution::NotAnError);
    assert_eq!(scene.refused("alice", &other), closed);
    assert_eq!(scene.refused("alice", &assign("bob")), closed);
    assert_eq!(scene.refused("alice", &acknowledge()), closed);
    scene.does("bob", comment(), CaseCommented);
    let fields = scene.does("bob", reopen(), CaseReopened);
    assert_eq!(field(&fields, "note"), Some("it was a mistake"));
    assert_eq!(field(&fields, "after"), Some("open; version 3"));
    assert_eq!(scene.refused("bob", &reopen()), "the case is open");
    scene.does("bob", other, CaseResolved);
}

#[test]
fn a_second_person_approves_or_rejects() {
    let mut scene = Scene::with_second_person();
    let nothing = "nothing is proposed that could be approved or rejected; the case is open";
    assert_eq!(scene.refused("bob", &approve()), nothing);
    assert_eq!(scene.refused("bob", &reject()), nothing);
    scene.does("alice", resolve(in_transit()), CaseProposed);
    let waits = "alice proposed in_transit; approve or reject that first";
    assert_eq!(scene.refused("bob", &resolve(Resolution::Void)), waits);
    scene.does("bob", acknowledge(), CaseAcknowledged);
    let fields = scene.does("bob", reject(), CaseRejected);
    assert_eq!(field(&fields, "proposed_by"), Some("alice"));
    assert_eq!(field(&fields, "until"), Some("2026-11-24"));
    assert_eq!(scene.case.state, CaseState::Open);
    assert_eq!(scene.case.decision, None);

    scene.does("alice", resolve(in_transit()), CaseProposed);
    for own in ["alice", "Alice", "ALICE"] {
        let refused = format!("{own} proposed this; it takes another person to approve it");
        assert_eq!(scene.refused(own, &approve()), refused);
    }
    let fields = scene.does("bob", approve(), CaseResolved);
    assert_eq!(field(&fields, "proposed_by"), Some("alice"));
    assert_eq!(field(&fields, "note"), None);
    let decision = scene.case.decision.as_ref().expect("it is decided");
    assert_eq!(decision.by, "alice");
    assert_eq!(decision.approved_by.as_deref(), Some("bob"));
    assert!(
        scene
            .refused("bob", &approve())
            .ends_with("the case is resolved")
    );
}

#[test]
fn what_was_proposed_must_still_hold_when_it_is_approved() {
    let mut scene = Scene::with_second_person();
    scene.does("alice", resolve(write_off("1200")), CaseProposed);
    scene.subject.at_stake = amount("1000");
    assert_eq!(
        scene.refused("bob", &approve()),
        "1200.00 EUR cannot be written off, only 1000.00 EUR is at stake"
    );
    scene.does("bob", reject(), CaseRejected);
    scene.does("alice", resolve(in_transit()), CaseProposed);
    let late = scene.try_on(date(2026, 11, 25), "bob", &approve());
    assert!(matches!(late, Err(Refusal::Invalid(_))), "{late:?}");
}

#[test]
fn a_run_that_sees_it_again_opens_what_was_settled() {
    let mut scene = Scene::new();
    let fields = scene.does(SYSTEM, seen_again("run-1"), CaseSeenAgain);
    assert_eq!(field(&fields, "run"), Some("run-1"));
    scene.is_unchanged_by(SYSTEM, &seen_again("run-1"));

    scene.does("alice", resolve(in_transit()), CaseResolved);
    scene.is_unchanged_by(SYSTEM, &seen_again("run-1"));
    scene.does(SYSTEM, seen_again("run-2"), CaseSeenAgain);
    assert_eq!(scene.case.state, CaseState::Resolved);

    scene.does("alice", reopen(), CaseReopened);
    scene.does("bob", acknowledge(), CaseAcknowledged);
    scene.does("alice", resolve(Resolution::Void), CaseResolved);
    scene.is_unchanged_by(SYSTEM, &seen_again("run-2"));
    let fields = scene.does(SYSTEM, seen_again("run-3"), CaseReopened);
    assert_eq!(field(&fields, "run"), Some("run-3"));
    let before = field(&fields, "before").expect("what was before");
    assert!(before.starts_with("resolved; acknowledged by bob; void, by alice at "));
    assert_eq!(
        field(&fields, "after"),
        Some("open; last seen by run-3; version 7")
    );
}

#[test]
fn a_run_clears_what_nothing_settled() {
    for (scene, decide) in [
        (Scene::new(), None),
        (Scene::with_second_person(), Some(CaseProposed)),
        (Scene::new(), Some(CaseResolved)),
    ] {
        let mut scene = scene;
        if let Some(event) = decide {
            scene.does("alice", resolve(Resolution::PartnerToCorrect), event);
        }
        let fields = scene.does(SYSTEM, clear("run-2"), CaseCleared);
        assert_eq!(scene.case.state, CaseState::Cleared);
        assert_eq!(scene.case.decision, None);
        assert_eq!(field(&fields, "run"), Some("run-2"));
        assert_eq!(field(&fields, "evidence"), Some("ledger line 7 arrived"));
        let before = field(&fields, "before").expect("what was before");
        assert_eq!(before.contains("partner_to_correct"), decide.is_some());
        scene.is_unchanged_by(SYSTEM, &clear("run-3"));
        let closed = "the case is cleared already; a run that finds the difference again opens it";
        assert_eq!(scene.refused("bob", &resolve(Resolution::Void)), closed);
        let gone = scene.refused("bob", &reopen());
        assert!(gone.starts_with("a run cleared the case, and to open it again would not undo"));
        scene.does(SYSTEM, seen_again("run-4"), CaseReopened);
    }
    let mut scene = Scene::new();
    scene.does("alice", resolve(write_off("1200")), CaseResolved);
    scene.is_unchanged_by(SYSTEM, &clear("run-2"));
}

#[test]
fn what_was_settled_is_void_with_the_record_that_was_taken_back() {
    let booked = "the amended report no longer has it; what alice wrote off to account 4711, 1200.00 EUR, is not \
                  there any more: book it back";
    let voided =
        "the amended report no longer has it; what alice decided, void, has no effect any more";
    for (resolution, evidence) in [(write_off("1200"), booked), (Resolution::Void, voided)] {
        let mut scene = Scene::new();
        scene.does("alice", resolve(resolution), CaseResolved);
        let fields = scene.does(SYSTEM, undo("run-2"), CaseCleared);
        assert_eq!(field(&fields, "evidence"), Some(evidence));
        assert_eq!(scene.case.decision, None);
        scene.is_unchanged_by(SYSTEM, &undo("run-2"));
    }
    // What nobody settled was only found.
    for event in [None, Some(CaseProposed)] {
        let mut scene = Scene::with_second_person();
        if let Some(event) = event {
            scene.does("alice", resolve(write_off("1200")), event);
        }
        let fields = scene.does(SYSTEM, undo("run-2"), CaseCleared);
        let evidence = Some("the amended report no longer has it");
        assert_eq!(field(&fields, "evidence"), evidence);
    }
}

#[test]
fn what_did_not_arrive_in_time_is_opened_by_the_system() {
    let mut scene = Scene::with_second_person();
    let (last, day_after) = (date(2026, 11, 24), date(2026, 11, 25));
    scene.does("alice", resolve(in_transit()), CaseProposed);
    assert_eq!(due(&scene.case, day_after), None, "nobody agreed to it");
    scene.does("bob", approve(), CaseResolved);
    assert_eq!(due(&scene.case, last), None);
    let act = due(&scene.case, day_after).expect("it has run out");
    for (today, by) in [(last, SYSTEM), (day_after, "Trueup")] {
        let refused = scene.try_on(today, by, &act);
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");
    }
    let other = scene.try_on(day_after, SYSTEM, &reopen());
    assert!(matches!(other, Err(Refusal::Invalid(_))), "{other:?}");
    let applied = scene.try_on(day_after, SYSTEM, &act).expect("it is due");
    assert_eq!(applied.event, Some(CaseReopened));
    assert_eq!(
        field(&applied.fields, "note"),
        Some("it was to arrive by 2026-11-24, and has not been seen")
    );
    assert_eq!(due(&applied.case, day_after), None);
}

#[test]
fn nobody_speaks_for_runs_nor_as_the_system() {
    let scene = Scene::new();
    for act in [seen_again("run-1"), clear("run-1")] {
        let refused = scene.refused("alice", &act);
        assert!(refused.starts_with("only a run says"), "{refused}");
    }
    for by in [SYSTEM, "TrueUp"] {
        for act in [comment(), assign("alice"), resolve(Resolution::Void)] {
            let refused = scene.refused(by, &act);
            assert!(refused.contains("is no person"), "{refused}");
        }
    }
    assert!(
        scene
            .refused("alice", &assign(SYSTEM))
            .contains("is no person")
    );
}

#[test]
fn a_case_without_its_decision_is_refused_not_fatal() {
    for state in [CaseState::Proposed, CaseState::Resolved] {
        let mut scene = Scene::new();
        scene.case.state = state;
        let _ = scene.try_as("bob", &approve());
        let _ = scene.try_as("bob", &resolve(Resolution::Void));
        let _ = scene.try_as(SYSTEM, &seen_again("run-1"));
        let _ = due(&scene.case, TODAY);
    }
}

#[test]
fn different_cases_have_different_texts() {
    let tricky = ["a", "a; version 0", "\"a\"", "a\\", "a\nb", "a\\nb", ""];
    let mut texts = std::collections::BTreeSet::new();
    for assigned in tricky {
        for acknowledged in tricky {
            let case = Case {
                assigned_to: Some(assigned.to_owned()),
                acknowledged_by: Some(acknowledged.to_owned()),
                ..Case::default()
            };
            assert!(texts.insert(case.text(euro())), "{case:?}");
        }
    }
}

#[test]
fn a_refused_attempt_has_its_words_too() {
    let mut scene = Scene::with_second_person();
    scene.does("alice", resolve(write_off("1200")), CaseProposed);
    let act = approve();
    let change = Change {
        by: "alice",
        act: &act,
        subject: &scene.subject,
        authority: &scene.authority,
        approval: &scene.approval,
        at: now(),
        today: TODAY,
    };
    let refusal = apply(&scene.case, &change).expect_err("her own");
    let reason = "alice proposed this; it takes another person to approve it";
    let expected = [
        ("action", "approve"),
        ("reason", reason),
        ("state", "proposed"),
    ];
    let expected = expected.map(|(name, value)| (name, note(value))).to_vec();
    assert_eq!(
        denied(&scene.case, &change, &refusal),
        (AuditEvent::CaseDenied, expected)
    );
}
