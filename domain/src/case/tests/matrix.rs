//! The authority matrix as a whole: every role, action, kind, currency and resolution, amounts below,
//! at and above each limit, own and others' proposals, delegations before, on and after their end.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{Asked, HOLDERS, LAST_DAY, ROLES, SOURCES, authority, may};
use super::*;

const AMOUNTS: [&str; 6] = ["9.99", "10", "10.01", "999.99", "1000", "1000.01"];
const RESOLUTIONS: [ResolutionKind; 3] = [
    ResolutionKind::WriteOff,
    ResolutionKind::NotAnError,
    ResolutionKind::Void,
];

fn resolution(kind: ResolutionKind) -> Resolution {
    match kind {
        ResolutionKind::WriteOff => write_off("0.01"),
        ResolutionKind::NotAnError => Resolution::NotAnError,
        _ => Resolution::Void,
    }
}

fn act(action: Action, kind: ResolutionKind) -> Option<Act> {
    Some(match action {
        Action::Assign => assign("somebody"),
        Action::Comment => comment(),
        Action::Resolve => resolve(resolution(kind)),
        Action::Approve => approve(),
        Action::Reject => reject(),
        Action::Reopen => reopen(),
        Action::Acknowledge => acknowledge(),
        Action::SignOff => return None,
    })
}

/// A case on which the action is possible for somebody.
fn case_for(action: Action, kind: ResolutionKind, proposer: &str) -> Case {
    let state = match action {
        Action::Approve | Action::Reject => CaseState::Proposed,
        Action::Reopen => CaseState::Resolved,
        _ => return Case::default(),
    };
    let decision = Decision {
        resolution: resolution(kind),
        note: note("looked at it"),
        by: proposer.to_owned(),
        at: now(),
        approved_by: None,
    };
    Case {
        state,
        decision: Some(decision),
        ..Case::default()
    }
}

fn subjects() -> Vec<Subject> {
    let mut subjects = Vec::new();
    for source in SOURCES {
        for &kind in Kind::ALL {
            for code in ["EUR", "USD", "JPY"] {
                for at_stake in AMOUNTS {
                    subjects.push(Subject {
                        source: source.to_owned(),
                        kind,
                        severity: Severity::High,
                        currency: Currency::parse(code).expect("a currency"),
                        at_stake: amount(at_stake),
                        has_both_sides: false,
                    });
                }
            }
        }
    }
    subjects
}

/// Somebody, the role whose rights they have that day, and whom they act for then.
struct Actor {
    name: &'static str,
    role: &'static str,
    acting_for: Option<&'static str>,
    today: Date,
    authority: Authority,
}

fn actors() -> Vec<Actor> {
    let day_before = LAST_DAY.yesterday().expect("a day");
    let day_after = LAST_DAY.tomorrow().expect("a day");
    let mut actors = Vec::new();
    for (from, role) in HOLDERS {
        let own = |name, role, today| Actor {
            name,
            role,
            acting_for: None,
            today,
            authority: authority(from),
        };
        actors.push(own(from, role, LAST_DAY));
        actors.push(own("tess", "", LAST_DAY));
        actors.push(own("stan", "", day_after));
        for today in [day_before, LAST_DAY] {
            actors.push(Actor {
                acting_for: Some(from),
                ..own("stan", role, today)
            });
        }
    }
    actors
}

/// The roles that a refusal says would do.
fn named_roles(why: &str) -> BTreeSet<&str> {
    let (_, last) = why.rsplit_once("; ").unwrap_or(("", why));
    if last == "no role has this right" {
        return BTreeSet::new();
    }
    let roles = last.strip_prefix("it takes the role ");
    let roles = roles.or_else(|| last.strip_prefix("it takes one of the roles "));
    let roles = roles.unwrap_or_else(|| panic!("{why}"));
    roles.split(", ").collect()
}

#[test]
fn the_matrix_grants_what_the_table_says_and_nothing_else() {
    let subjects = subjects();
    let mut seen: BTreeMap<(Action, &str), u64> = BTreeMap::new();
    for actor in actors() {
        for subject in &subjects {
            for &action in Action::ALL {
                for kind in RESOLUTIONS {
                    let asked = Asked {
                        action,
                        resolution: kind,
                        subject,
                    };
                    let Some(act) = act(action, kind) else {
                        continue;
                    };
                    for proposer in ["zoe", actor.name, actor.acting_for.unwrap_or("Zoe")] {
                        let outcome = check(&actor, &asked, &act, proposer);
                        *seen.entry((action, outcome)).or_default() += 1;
                    }
                }
            }
        }
    }
    // Not everything is granted, nor everything refused: the table above has been tested.
    for &action in Action::ALL.iter().filter(|it| **it != Action::SignOff) {
        let of = |outcome| seen.get(&(action, outcome)).copied().unwrap_or(0);
        assert!(of("granted") > 1_000, "{action}: {seen:?}");
        assert_eq!(of("refused") > 1_000, action != Action::Comment, "{action}");
        assert_eq!(of("own") > 1_000, action == Action::Approve, "{action}");
    }
}

fn check(actor: &Actor, asked: &Asked<'_>, act: &Act, proposer: &str) -> &'static str {
    let case = case_for(asked.action, asked.resolution, proposer);
    let change = Change {
        by: actor.name,
        act,
        subject: asked.subject,
        authority: &actor.authority,
        approval: &Approval::default(),
        at: now(),
        today: actor.today,
    };
    let applied = apply(&case, &change);
    let is_approval = asked.action == Action::Approve;
    let by_the_role = may(actor.role, asked);
    let by_everybody = may("", asked);
    // The proposer's rights don't help whoever uses them.
    let lost = is_approval && actor.acting_for == Some(proposer);
    let expected = match (by_the_role && !lost) || by_everybody {
        false => "refused",
        true if is_approval && actor.name == proposer => "own",
        true => "granted",
    };
    let context = format!("{} as {:?}: {asked:?}, {proposer}", actor.name, actor.role);
    let outcome = match &applied {
        Ok(applied) => {
            let acting_for = applied
                .fields
                .iter()
                .find(|(name, _)| *name == "acting_for");
            let acting_for = acting_for.map(|(_, person)| person.as_str());
            let needs_it = actor.acting_for.filter(|_| !by_everybody);
            assert_eq!(acting_for, needs_it, "{context}");
            "granted"
        }
        Err(Refusal::OwnProposal { .. }) => "own",
        Err(Refusal::NotAllowed { by, action, why }) => {
            assert_eq!((by.as_str(), *action), (actor.name, asked.action));
            let enough: BTreeSet<&str> =
                ROLES.into_iter().filter(|role| may(role, asked)).collect();
            assert_eq!(named_roles(why), enough, "{context}: {why}");
            "refused"
        }
        Err(other) => panic!("{context}: {other}"),
    };
    assert_eq!(outcome, expected, "{context}: {applied:?}");
    let proposed = is_approval.then_some(asked.resolution);
    let allows = actor
        .authority
        .allows(actor.name, act, proposed, asked.subject, actor.today);
    assert_eq!(allows, by_the_role || by_everybody, "{context}");
    outcome
}

#[test]
fn runs_are_signed_off_by_the_same_matrix() {
    let (mut granted, mut refused) = (0, 0);
    for actor in actors() {
        for source in SOURCES {
            let subject = Subject {
                source: source.to_owned(),
                ..Scene::new().subject
            };
            let asked = Asked {
                action: Action::SignOff,
                resolution: ResolutionKind::Void,
                subject: &subject,
            };
            let expected = may(actor.role, &asked);
            let allowed = actor
                .authority
                .allows_sign_off(actor.name, source, actor.today);
            assert_eq!(allowed, expected, "{} {source}", actor.name);
            match allowed {
                true => granted += 1,
                false => refused += 1,
            }
        }
    }
    assert!(granted >= 3 && refused >= 3, "{granted} {refused}");
}

#[test]
fn a_line_with_conditions_on_discrepancies_grants_no_sign_off() {
    let line = Grant {
        role: "*".to_owned(),
        actions: [Action::SignOff].into(),
        sources: [].into(),
        kinds: [].into(),
        resolutions: [].into(),
        amount_up_to: [].into(),
    };
    let grants = |grant: Grant| {
        let authority = Authority {
            grants: vec![grant],
            ..Authority::default()
        };
        authority.allows_sign_off("anna", "acme-pay", TODAY)
    };
    assert!(grants(line.clone()));
    assert!(!grants(Grant {
        kinds: [Kind::Rounding].into(),
        ..line.clone()
    }));
    assert!(!grants(Grant {
        resolutions: [ResolutionKind::Void].into(),
        ..line.clone()
    }));
    assert!(!grants(Grant {
        amount_up_to: [(euro(), amount("5"))].into(),
        ..line
    }));
}

#[test]
fn without_a_line_everybody_may_do_everything_but_approve_their_own() {
    let mut scene = Scene::with_second_person();
    scene.does("nora", resolve(Resolution::Void), AuditEvent::CaseProposed);
    assert!(matches!(
        scene.try_as("nora", &approve()),
        Err(Refusal::OwnProposal { .. })
    ));
    scene.does("stan", approve(), AuditEvent::CaseResolved);
    let nobody = Authority::default();
    assert!(nobody.allows_sign_off("nora", "acme-pay", TODAY));
}

#[test]
fn a_refusal_says_how_near_the_rights_come() {
    let refused = |by: &str, at_stake: &str, code: &str, act: Act, proposer: &str| {
        let mut scene = Scene::new();
        scene.authority = authority("cora");
        scene.subject.at_stake = amount(at_stake);
        scene.subject.currency = Currency::parse(code).expect("a currency");
        let action = act.action().expect("a person's act");
        scene.case = case_for(action, ResolutionKind::WriteOff, proposer);
        let refused = scene.try_on(LAST_DAY.tomorrow().expect("a day"), by, &act);
        let today = scene.try_on(LAST_DAY, by, &act);
        [today, refused].map(|it| it.map_or_else(|refusal| refusal.to_string(), |_| note("done")))
    };
    let resolve = || resolve(write_off("1"));
    let above = "anna may not resolve this: the amount of 1200.00 EUR is above the 1000.00 EUR of \
                 role accountant; it takes the role controller";
    assert_eq!(refused("anna", "1200", "EUR", resolve(), ""), [above; 2]);
    let no_limit = "anna may not resolve this: role accountant has no JPY; it takes the role \
                    controller";
    assert_eq!(refused("anna", "5", "JPY", resolve(), ""), [no_limit; 2]);
    let none = "nora may not resolve this: it takes one of the roles accountant, controller";
    assert_eq!(refused("nora", "5", "EUR", resolve(), ""), [none; 2]);
    let ended = "stan may not approve this: acting for cora ended on 2026-11-20; it takes the role \
                 controller";
    let by_stan = refused("stan", "1200", "EUR", approve(), "zoe");
    assert_eq!(by_stan, ["done", ended]);
    let own = "stan may not approve this: cora proposed it: acting for them is not enough; it takes \
               the role controller";
    assert_eq!(refused("stan", "1200", "EUR", approve(), "cora")[0], own);
}

#[test]
fn a_second_person_is_needed_from_the_amount_on() {
    let rule = ApprovalRule {
        kinds: [Kind::MissingInLedger].into(),
        resolutions: [ResolutionKind::WriteOff, ResolutionKind::Void].into(),
        currency: Some(euro()),
        amount_from: Some(amount("1000")),
    };
    let approval = Approval { rules: vec![rule] };
    let mut subject = Scene::new().subject;
    let takes_two = |subject: &Subject| {
        ResolutionKind::ALL
            .iter()
            .copied()
            .filter(|kind| approval.is_needed(subject, *kind))
            .collect::<Vec<_>>()
    };
    let both = [ResolutionKind::WriteOff, ResolutionKind::Void];
    for (at_stake, expected) in [("999.99", &[][..]), ("1000", &both), ("1000.01", &both)] {
        subject.at_stake = amount(at_stake);
        assert_eq!(takes_two(&subject), expected, "{at_stake}");
    }
    subject.kind = Kind::Rounding;
    assert_eq!(takes_two(&subject), []);
    subject.kind = Kind::MissingInLedger;
    subject.currency = Currency::parse("USD").expect("a currency");
    assert_eq!(takes_two(&subject), []);
    assert!(!Approval::default().is_needed(&subject, ResolutionKind::Void));
}
