//! Cases, and what people and runs do to them.

use std::collections::BTreeSet;

use domain::audit::{AuditEvent, verify};
use domain::case::{
    Act, Applied, Approval, ApprovalRule, Authority, CaseState, Change, Resolution, apply, denied,
};
use domain::discrepancy::{Discrepancy, DiscrepancyId, Kind};
use domain::money::{Amount, Currency};
use domain::severity::Severity;
use futures::future::join_all;
use jiff::civil::date;

use super::fixtures::*;
use crate::store::{
    ACTS_PER_CALL_MAX, ActOutcome, Acted, Acting, CaseRow, Denied, DiscrepancyFilter, Store,
    StoreError,
};

const RUN: &str = "recon/acme-pay/2026-11-20";
const LATER: &str = "recon/acme-pay/2026-11-21";

fn acting(id: &str, act_id: &str) -> Acting {
    Acting {
        id: id.to_owned(),
        act_id: act_id.to_owned(),
        request: act_id.to_owned(),
    }
}

/// As the activities decide; write-offs are proposed first.
fn by_the_domain(
    by: &str,
    act: Act,
) -> impl Fn(&CaseRow) -> Result<Applied, Denied> + Send + use<> {
    let by = by.to_owned();
    move |row| {
        let rule = ApprovalRule {
            kinds: BTreeSet::new(),
            resolutions: [domain::case::ResolutionKind::WriteOff].into(),
            currency: None,
            amount_from: None,
        };
        let change = Change {
            by: &by,
            act: &act,
            subject: &row.subject,
            authority: &Authority::default(),
            approval: &Approval { rules: vec![rule] },
            at: at(10),
            today: date(2026, 11, 20),
        };
        apply(&row.case, &change).map_err(|refusal| Denied {
            reason: refusal.to_string(),
            entry: Some(denied(&row.case, &change, &refusal)),
        })
    }
}

pub(super) async fn act(store: &Store, id: &str, act_id: &str, by: &str, act: Act) -> Acted {
    let decide = by_the_domain(by, act);
    let acts = vec![acting(id, act_id)];
    let acted = store.act_on_cases(acts, by, at(10), decide).await.unwrap();
    acted
        .into_iter()
        .next()
        .unwrap()
        .expect("there is the case")
}

pub(super) fn resolve(resolution: Resolution) -> Act {
    Act::Resolve {
        resolution,
        note: "as agreed".to_owned(),
    }
}

pub(super) fn write_off(amount: &str) -> Act {
    resolve(Resolution::WriteOff {
        reason_code: "fx".to_owned(),
        amount: Amount::parse(amount).unwrap(),
        account: "4711".to_owned(),
    })
}

async fn found(store: &Store, run: &str, found: &[Discrepancy]) {
    opened(store, run).await;
    store
        .record_findings(run, findings(run, found, Vec::new()))
        .await
        .unwrap();
}

async fn events(store: &Store, id: &str) -> Vec<(AuditEvent, String)> {
    let stream = format!("case/{id}");
    let stored = store.audit(&stream).await.unwrap();
    assert_eq!(verify(&stream, &stored.entries, stored.head), Ok(()));
    let entries = stored.entries.into_iter();
    entries.map(|entry| (entry.event, entry.actor)).collect()
}

pub(in crate::store) async fn an_act_is_done_once(store: Store) {
    let discrepancy = discrepancy("A", Severity::High);
    let id = discrepancy.id.to_string();
    found(&store, RUN, &[discrepancy]).await;
    let first = act(&store, &id, "1", "ann", resolve(Resolution::Accept)).await;
    assert_eq!((first.outcome, &*first.reason), (ActOutcome::Done, ""));
    assert_eq!(first.case.case.state, CaseState::Resolved);
    assert_eq!(first.case.case.version, 1);
    act(
        &store,
        &id,
        "2",
        "bob",
        Act::Reopen {
            note: "no".to_owned(),
        },
    )
    .await;

    // The answer was lost: the same again, although it could be done again by now.
    let again = act(&store, &id, "1", "ann", resolve(Resolution::Accept)).await;
    assert_eq!((again.outcome, &*again.reason), (ActOutcome::Done, ""));
    assert_eq!(again.case.case.state, CaseState::Open, "as it stands now");
    let before = store.before_acts(vec![acting(&id, "1"), acting(&id, "3"), acting("x", "1")]);
    let before = before.await.unwrap();
    let known: Vec<_> = before
        .into_iter()
        .map(|before| before.map(|before| before.outcome))
        .collect();
    assert_eq!(
        known,
        [
            Some(Some((ActOutcome::Done, String::new()))),
            Some(None),
            None
        ]
    );

    let other = Acting {
        request: "something else".to_owned(),
        ..acting(&id, "1")
    };
    let decide = by_the_domain("eve", resolve(Resolution::Void));
    let other = store.act_on_cases(vec![other], "eve", at(10), decide).await;
    let other = other.unwrap().remove(0).unwrap();
    assert_eq!(other.outcome, ActOutcome::Refused);
    assert!(
        other.reason.contains("under the same id"),
        "{}",
        other.reason
    );
    let text = |event, by: &str| (event, by.to_owned());
    let expected = [
        text(AuditEvent::CaseOpened, "trueup"),
        text(AuditEvent::CaseResolved, "ann"),
        text(AuditEvent::CaseReopened, "bob"),
    ];
    assert_eq!(events(&store, &id).await, expected);
}

pub(in crate::store) async fn an_attempt_that_is_refused_is_on_the_trail(store: Store) {
    let discrepancy = discrepancy("A", Severity::High);
    let id = discrepancy.id.to_string();
    found(&store, RUN, &[discrepancy]).await;
    let proposed = act(&store, &id, "1", "ann", write_off("0.25")).await;
    assert_eq!(proposed.case.case.state, CaseState::Proposed);
    let approve = || Act::Approve {
        note: String::new(),
    };
    for _ in 0..2 {
        let own = act(&store, &id, "2", "ann", approve()).await;
        assert_eq!(own.outcome, ActOutcome::Refused);
        assert!(own.reason.contains("another person"), "{}", own.reason);
        assert_eq!(own.case, proposed.case);
    }
    let approved = act(&store, &id, "3", "bob", approve()).await;
    assert_eq!(approved.case.case.state, CaseState::Resolved);
    let same = act(&store, &id, "4", "ann", write_off("0.25")).await;
    assert_eq!(same.outcome, ActOutcome::Unchanged);
    let expected = [
        AuditEvent::CaseOpened,
        AuditEvent::CaseProposed,
        AuditEvent::CaseDenied,
        AuditEvent::CaseResolved,
    ];
    let events: Vec<_> = events(&store, &id)
        .await
        .into_iter()
        .map(|(event, _)| event)
        .collect();
    assert_eq!(events, expected);

    // All of it comes back, in every listing.
    let row = store.discrepancy(&id).await.unwrap();
    assert_eq!(row.case, approved.case.case);
    let decision = row.case.decision.expect("it was decided");
    assert_eq!((&*decision.by, decision.at), ("ann", at(10)));
    assert_eq!(decision.approved_by.as_deref(), Some("bob"));
    assert_eq!(store.case(&id).await.unwrap(), approved.case);
}

pub(in crate::store) async fn of_two_acts_at_once_the_second_sees_the_first(store: Store) {
    let discrepancy = discrepancy("A", Severity::High);
    let id = discrepancy.id.to_string();
    found(&store, RUN, &[discrepancy]).await;
    let tasks = (0..16).map(|n| {
        let (store, id) = (store.clone(), id.clone());
        let by = format!("person-{n}");
        tokio::spawn(async move { act(&store, &id, &by, &by, resolve(Resolution::Accept)).await })
    });
    let acted: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let done: Vec<_> = acted
        .iter()
        .filter(|acted| acted.outcome == ActOutcome::Done)
        .collect();
    assert_eq!(done.len(), 1);
    let winner = done[0].case.case.decision.as_ref().unwrap().by.clone();
    for acted in acted
        .iter()
        .filter(|acted| acted.outcome != ActOutcome::Done)
    {
        assert_eq!(acted.outcome, ActOutcome::Refused);
        assert!(acted.reason.contains(&winner), "{}", acted.reason);
        assert_eq!(acted.case.case.version, 1);
    }
    assert_eq!(
        events(&store, &id).await.len(),
        2 + 15,
        "opened, resolved, refused"
    );
}

pub(in crate::store) async fn many_are_acted_on_in_one_call(store: Store) {
    let all: Vec<_> = (0..40)
        .map(|n| discrepancy(&format!("INV-{n}"), Severity::Low))
        .collect();
    found(&store, RUN, &all).await;
    let ids: Vec<String> = all
        .iter()
        .map(|discrepancy| discrepancy.id.to_string())
        .collect();
    let mut acts: Vec<_> = ids.iter().map(|id| acting(id, "batch/1")).collect();
    acts.insert(7, acting("unknown", "batch/1"));
    for _ in 0..2 {
        let decide = by_the_domain("ann", resolve(Resolution::NotAnError));
        let acted = store.act_on_cases(acts.clone(), "ann", at(10), decide);
        let acted = acted.await.unwrap();
        assert_eq!(acted.len(), acts.len());
        for (acting, acted) in acts.iter().zip(acted) {
            assert_eq!(acted.is_none(), acting.id == "unknown");
            let Some(acted) = acted else { continue };
            assert_eq!(
                (&acted.case.id, acted.outcome),
                (&acting.id, ActOutcome::Done)
            );
            assert_eq!(acted.case.case.version, 1);
        }
    }
    let still_open = DiscrepancyFilter {
        open: true,
        ..DiscrepancyFilter::default()
    };
    assert!(store.discrepancies(still_open).await.unwrap().is_empty());
    let too_many = vec![acting("unknown", "1"); ACTS_PER_CALL_MAX + 1];
    let decide = by_the_domain("ann", resolve(Resolution::Void));
    let refused = store.act_on_cases(too_many, "ann", at(10), decide).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
}

pub(in crate::store) async fn a_case_lives_on_from_run_to_run(store: Store) {
    let discrepancy = discrepancy("A", Severity::Low);
    let id = discrepancy.id.to_string();
    found(&store, RUN, std::slice::from_ref(&discrepancy)).await;
    let assign = Act::Assign {
        to: "zoë".to_owned(),
        note: String::new(),
    };
    act(&store, &id, "1", "ann", assign).await;
    act(&store, &id, "2", "ann", resolve(Resolution::Accept)).await;
    let bigger = Discrepancy {
        at_stake: Amount::parse("7").unwrap(),
        severity: Severity::Critical,
        ..discrepancy
    };
    found(&store, LATER, &[bigger]).await;
    let kept = store.case(&id).await.unwrap();
    assert_eq!(
        kept.case.state,
        CaseState::Resolved,
        "for the run to say what that means"
    );
    assert_eq!(
        (kept.last_seen_run.as_str(), kept.subject.severity),
        (LATER, Severity::Critical)
    );
    assert_eq!(kept.subject.at_stake, Amount::parse("7").unwrap());
    let again = || Act::SeenAgain {
        run_id: LATER.to_owned(),
    };
    let seen = act(&store, &id, "later", "trueup", again()).await;
    assert_eq!(
        (seen.outcome, seen.case.case.state),
        (ActOutcome::Done, CaseState::Open)
    );
    assert_eq!(seen.case.case.last_seen_run.as_deref(), Some(LATER));
    assert_eq!(seen.case.case.assigned_to.as_deref(), Some("zoë"));
    let seen = act(&store, &id, "another name", "trueup", again()).await;
    assert_eq!(seen.outcome, ActOutcome::Unchanged);
    assert!(!seen.case.has_workflow);
    assert!(store.open_case(&id, at(20)).await.unwrap().has_workflow);
    assert!(store.case(&id).await.unwrap().has_workflow);
}

pub(in crate::store) async fn the_case_of_a_summary_can_be_acted_on(store: Store) {
    let all: Vec<_> = ["A", "B", "C"]
        .map(|name| discrepancy(name, Severity::High))
        .into();
    found(&store, RUN, &all).await;
    let alerts = store.alerts(Default::default()).await.unwrap();
    let id = alerts[0].intent.case_id.strip_prefix("case/").unwrap();
    let row = store.case(id).await.unwrap();
    assert!(row.is_summary && !row.has_workflow);
    assert_eq!(row.reference, alerts[0].intent.content.headline);
    assert_eq!(row.subject.source, SOURCE);
    let seen = Act::Acknowledge {
        note: String::new(),
    };
    let seen = act(&store, id, "1", "ann", seen).await;
    assert_eq!(seen.case.case.acknowledged_by.as_deref(), Some("ann"));
    store.open_case(id, at(20)).await.unwrap();
    let row = store.case(id).await.unwrap();
    assert_eq!((row.case, row.has_workflow), (seen.case.case, true));
    let listed = store
        .discrepancies(DiscrepancyFilter::default())
        .await
        .unwrap();
    assert_eq!(listed.len(), 3, "it is no discrepancy");
    let error = store
        .case("unknown")
        .await
        .expect_err("nothing is called so");
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
}

pub(in crate::store) async fn a_run_knows_whether_anything_is_open(store: Store) {
    let all = [
        discrepancy("A", Severity::Critical),
        discrepancy("B", Severity::Low),
    ];
    found(&store, RUN, &all).await;
    let is_open = |severities: &[Severity]| {
        let severities = severities.iter().copied().collect();
        let store = store.clone();
        async move { store.is_anything_open(RUN, severities).await.unwrap() }
    };
    assert!(is_open(&[Severity::Critical, Severity::High]).await);
    assert!(!is_open(&[Severity::High]).await);
    act(&store, all[0].id.as_str(), "1", "ann", write_off("0.5")).await;
    assert!(is_open(&[Severity::Critical]).await, "it is only proposed");
    let approve = Act::Approve {
        note: String::new(),
    };
    act(&store, all[0].id.as_str(), "2", "bob", approve).await;
    assert!(!is_open(&[Severity::Critical]).await);
    assert!(is_open(&[Severity::Critical, Severity::Low]).await);
    assert!(
        !store
            .is_anything_open("unknown", [Severity::Low].into())
            .await
            .unwrap()
    );
}

/// Amounts that texts and floating-point numbers would put into another order or add up wrongly.
const AMOUNTS: [&str; 7] = [
    "0.1",
    "0.2",
    "9",
    "10",
    "10.00000001",
    "1999999999999999999.99999999",
    "2000000000000000000",
];

fn of_amount(amount: &str, currency: &str) -> Discrepancy {
    let name = format!("{amount} {currency}");
    Discrepancy {
        id: DiscrepancyId::fingerprint(SOURCE, Kind::MissingInLedger, &[&name]),
        kind: Kind::MissingInLedger,
        at_stake: Amount::parse_computed(amount).unwrap(),
        currency: Currency::parse(currency).unwrap(),
        ledger: None,
        ..discrepancy(&name, Severity::Low)
    }
}

pub(in crate::store) async fn cases_are_selected_exactly(store: Store) {
    let mut all: Vec<_> = AMOUNTS
        .iter()
        .map(|amount| of_amount(amount, "EUR"))
        .collect();
    all.push(of_amount("10", "JPY"));
    found(&store, RUN, &all).await;
    let parsed = |text: &str| Amount::parse_computed(text).unwrap();
    let euros = || DiscrepancyFilter {
        currency: Some(Currency::parse("EUR").unwrap()),
        ..DiscrepancyFilter::default()
    };
    for (at, amount) in AMOUNTS.iter().enumerate() {
        let from = DiscrepancyFilter {
            amount_from: Some(parsed(amount)),
            ..euros()
        };
        let to = DiscrepancyFilter {
            amount_to: Some(parsed(amount)),
            ..euros()
        };
        for (filter, expected) in [(from, &AMOUNTS[at..]), (to, &AMOUNTS[..=at])] {
            let ids = store.discrepancy_ids(filter.clone(), 100).await.unwrap();
            let mut wanted: Vec<_> = expected
                .iter()
                .map(|amount| of_amount(amount, "EUR").id.to_string())
                .collect();
            wanted.sort();
            assert_eq!(ids, wanted, "{amount}");
            let totals = store.count_and_sums(filter).await.unwrap();
            let sum = expected
                .iter()
                .try_fold(Amount::ZERO, |sum, amount| sum.checked_add(parsed(amount)));
            assert_eq!(totals.len(), 1);
            assert_eq!(totals[0].count, expected.len() as u64);
            assert_eq!(totals[0].at_stake, sum.ok());
        }
    }
    let cents = DiscrepancyFilter {
        amount_to: Some(parsed("0.2")),
        ..euros()
    };
    let totals = store.count_and_sums(cents).await.unwrap();
    assert_eq!(totals[0].at_stake, Some(parsed("0.3")));
    let both = store
        .count_and_sums(DiscrepancyFilter::default())
        .await
        .unwrap();
    let counts: Vec<_> = both
        .iter()
        .map(|total| (total.currency.code(), total.count))
        .collect();
    assert_eq!(counts, [("EUR", 7), ("JPY", 1)], "never added up");
    let few = store
        .discrepancy_ids(DiscrepancyFilter::default(), 3)
        .await
        .unwrap();
    assert_eq!(few.len(), 3);

    let yen = all[7].id.to_string();
    let assign = Act::Assign {
        to: "zoë".to_owned(),
        note: String::new(),
    };
    act(&store, &yen, "1", "ann", assign).await;
    let hers = DiscrepancyFilter {
        assigned_to: Some("zoë".to_owned()),
        run_id: Some(RUN.to_owned()),
        ..DiscrepancyFilter::default()
    };
    assert_eq!(
        store.discrepancy_ids(hers.clone(), 9).await.unwrap(),
        std::slice::from_ref(&yen)
    );
    act(&store, &yen, "2", "ann", resolve(Resolution::Void)).await;
    let rows = store.discrepancies(hers).await.unwrap();
    assert_eq!(rows[0].case.state, CaseState::Resolved);
    let open = DiscrepancyFilter {
        open: true,
        ..DiscrepancyFilter::default()
    };
    assert_eq!(store.discrepancies(open).await.unwrap().len(), 7);
    let resolved = DiscrepancyFilter {
        state: Some(CaseState::Resolved),
        ..DiscrepancyFilter::default()
    };
    assert_eq!(store.discrepancy_ids(resolved, 9).await.unwrap(), [yen]);
}
