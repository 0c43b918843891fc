//! What an act must hold, at its limits, and that who may not act learns only that.

use super::*;

/// What is at the limit passes, what is beyond is refused with these words.
#[test]
fn what_each_act_must_hold() {
    let scene = Scene::new();
    let commented = |text: &str| Act::Comment { note: note(text) };
    let text_of = |count: usize| "é".repeat(count);
    let wait = |until: Date| resolve(Resolution::InTransit { until });
    let matched = |with: &str| resolve(Resolution::Match { with: note(with) });
    let written_off = |code: &str, account: &str, how_much: &str| {
        resolve(Resolution::WriteOff {
            reason_code: note(code),
            amount: amount(how_much),
            account: note(account),
        })
    };
    let without_note = Act::Resolve {
        resolution: Resolution::Void,
        note: note(" \n"),
    };
    for good in [
        commented(&text_of(2_000)),
        commented("two lines\n\tand a tab"),
        assign(&text_of(200)),
        wait(TODAY),
        wait(date(2027, 11, 21)),
        matched(&text_of(200)),
        written_off(&text_of(100), &text_of(100), "1200.00"),
        written_off("fx", "4711", "0.00000001"),
    ] {
        assert!(scene.try_as("alice", &good).is_ok(), "{good:?}");
    }
    for (bad, words) in [
        (commented(" \n"), "`note` is required"),
        (without_note, "`note` is required"),
        (commented(&text_of(2_001)), "more than 2000 characters"),
        (commented("bell\u{7}"), "control character"),
        (commented("line\r\n"), "control character"),
        (assign(""), "`to` is required"),
        (assign(&text_of(201)), "more than 200 characters"),
        (assign(" alice"), "begins or ends with a space"),
        (assign("ali\nce"), "control character"),
        (wait(date(2026, 11, 19)), "which is past"),
        (wait(date(2027, 11, 22)), "more than 366 days"),
        (matched(" "), "`match_with` is required"),
        (matched(&text_of(201)), "more than 200 characters"),
        (written_off("", "4711", "1"), "`reason_code` is required"),
        (written_off(&text_of(101), "4711", "1"), "more than 100"),
        (written_off("fx", "", "1"), "`account` is required"),
        (written_off("fx", &text_of(101), "1"), "more than 100"),
        (written_off("fx", "4711", "0"), "more than zero"),
        (written_off("fx", "4711", "-1"), "more than zero"),
        (
            written_off("fx", "4711", "1200.01"),
            "only 1200.00 EUR is at stake",
        ),
        (resolve(Resolution::Accept), "use `write_off` or `match`"),
    ] {
        let refused = scene.try_as("alice", &bad);
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{bad:?}");
        let refused = scene.refused("alice", &bad);
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn both_sides_are_accepted_and_never_matched_elsewhere() {
    let mut scene = Scene::new();
    scene.subject.has_both_sides = true;
    assert!(scene.try_as("alice", &resolve(Resolution::Accept)).is_ok());
    let matched = resolve(Resolution::Match {
        with: note("INV-7"),
    });
    assert!(scene.refused("alice", &matched).ends_with("`accept` them"));
}

#[test]
fn names_are_names() {
    let scene = Scene::new();
    let long = "a".repeat(201);
    for by in ["", " ", "alice ", "ali\u{0}ce", &long] {
        let refused = scene.try_as(by, &comment());
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{by:?}");
    }
}

#[test]
fn what_runs_say_is_checked_too() {
    let scene = Scene::new();
    let unfounded = Act::AutoClear {
        run_id: note("run-1"),
        evidence: note(""),
        undoes: false,
    };
    for act in [seen_again(""), clear(" "), unfounded] {
        let refused = scene.try_as(SYSTEM, &act);
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{act:?}");
    }
}

/// Authority first, then the state, then the content.
#[test]
fn who_may_not_act_learns_that_first() {
    let mut scene = Scene::with_second_person();
    scene.does("alice", resolve(Resolution::Void), AuditEvent::CaseProposed);
    let wrong = resolve(write_off("-1"));
    let refused = scene.try_as("alice", &wrong);
    assert!(matches!(refused, Err(Refusal::ProposalWaits { .. })));
    scene.authority.grants = vec![Grant {
        role: "controller".to_owned(),
        actions: Action::ALL.iter().copied().collect(),
        sources: [].into(),
        kinds: [].into(),
        resolutions: [].into(),
        amount_up_to: [].into(),
    }];
    assert_eq!(
        scene.refused("alice", &wrong),
        "alice may not resolve this: it takes the role controller"
    );
    scene.case = Case::default();
    assert!(matches!(
        scene.try_as("alice", &wrong),
        Err(Refusal::NotAllowed { .. })
    ));
    let invalid = scene.try_as("", &wrong);
    assert!(matches!(invalid, Err(Refusal::Invalid(_))));
}
