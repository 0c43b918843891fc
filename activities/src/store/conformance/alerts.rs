//! Alerts and cases.

use domain::alert::Told;
use domain::audit::{AuditEvent, verify};
use domain::money::{Amount, Money};
use domain::severity::Severity;

use super::fixtures::*;
use crate::store::{AlertFilter, AlertState, Delivery, Redrive, Store, StoreError, ToldBefore};

const RUN: &str = "recon/acme-pay/2026-11-20";
const LATER: &str = "recon/acme-pay/2026-11-21";

async fn events(store: &Store, stream: &str) -> Vec<AuditEvent> {
    let stored = store.audit(stream).await.unwrap();
    assert_eq!(verify(stream, &stored.entries, stored.head), Ok(()));
    stored.entries.iter().map(|entry| entry.event).collect()
}

pub(in crate::store) async fn people_are_told_once_for_life(store: Store) {
    opened(&store, RUN).await;
    opened(&store, LATER).await;
    let (told, untold) = (
        discrepancy("A", Severity::Critical),
        discrepancy("B", Severity::Low),
    );
    let found = [told.clone(), untold.clone()];
    store
        .record_findings(RUN, findings(RUN, &found, Vec::new()))
        .await
        .unwrap();
    let ids = || {
        vec![
            told.id.to_string(),
            untold.id.to_string(),
            "unknown".to_owned(),
        ]
    };
    let before = store.told_before(ids(), LATER).await.unwrap();
    let last = Told {
        severity: Severity::Critical,
        at_stake: Money {
            amount: Amount::parse("0.5").unwrap(),
            currency: told.currency,
        },
        times: 1,
    };
    let expected = ToldBefore { last, again: None };
    assert_eq!(before, [(told.id.to_string(), expected)].into());
    let before = store.told_before(ids(), RUN).await.unwrap();
    assert!(before.is_empty(), "a retry plans the same again");

    // Two runs at once both planned it: the first alert stands.
    let sent = format!("{}/slack", told.id);
    store
        .alert_sent(&sent, at(5), Some("ts-1".to_owned()))
        .await
        .unwrap();
    let before = store.alerts(AlertFilter::default()).await.unwrap();
    store
        .record_findings(LATER, findings(LATER, &found, Vec::new()))
        .await
        .unwrap();
    assert_eq!(store.alerts(AlertFilter::default()).await.unwrap(), before);
    let row = store.discrepancy(told.id.as_str()).await.unwrap();
    assert_eq!(
        (row.first_seen_run.as_str(), row.last_seen_run.as_str()),
        (RUN, LATER)
    );
    assert_eq!(row.alert_ids, [format!("{}/mail", told.id), sent]);

    // A summary covers what it counts.
    let many: Vec<_> = ["D", "E", "F"]
        .map(|name| discrepancy(name, Severity::High))
        .into();
    store
        .record_findings(RUN, findings(RUN, &many, Vec::new()))
        .await
        .unwrap();
    let ids = many
        .iter()
        .map(|discrepancy| discrepancy.id.to_string())
        .collect();
    assert_eq!(store.told_before(ids, LATER).await.unwrap().len(), 3);
    assert_eq!(
        store.alerts(AlertFilter::default()).await.unwrap().len(),
        3,
        "one for all three"
    );
}

pub(in crate::store) async fn an_alert_goes_from_pending_to_sent(store: Store) {
    opened(&store, RUN).await;
    let found = discrepancy("A", Severity::High);
    let intents = alerts(RUN, std::slice::from_ref(&found)).intents;
    let chunk = findings(RUN, std::slice::from_ref(&found), Vec::new());
    store.record_findings(RUN, chunk).await.unwrap();
    let id = format!("{}/mail", found.id);
    let pending = store.alert(&id).await.unwrap();
    assert_eq!((pending.state, pending.attempts), (AlertState::Pending, 0));
    assert_eq!(pending.intent, intents[0], "what it says comes back whole");
    for attempt in 1..=2 {
        let Delivery::Due(alert) = store.begin_delivery(&id).await.unwrap() else {
            panic!("it is due");
        };
        assert_eq!(
            (alert.state, alert.attempts),
            (AlertState::Sending, attempt)
        );
        store
            .delivery_failed(&id, "the server is down")
            .await
            .unwrap();
    }
    let failing = store.alert(&id).await.unwrap();
    assert_eq!(failing.last_error.as_deref(), Some("the server is down"));
    for reference in ["ts-1", "ts-2"] {
        store
            .alert_sent(&id, at(5), Some(reference.to_owned()))
            .await
            .unwrap();
        store
            .alert_dead(&id, at(6), "too late", None)
            .await
            .unwrap();
        store.delivery_failed(&id, "too late").await.unwrap();
    }
    let Delivery::Over(sent) = store.begin_delivery(&id).await.unwrap() else {
        panic!("it was sent");
    };
    assert_eq!(
        (sent.state, sent.attempts, sent.sent_at),
        (AlertState::Sent, 2, Some(at(5)))
    );
    assert_eq!(sent.provider_reference.as_deref(), Some("ts-1"));
    assert_eq!(
        events(&store, &sent.intent.case_id).await,
        [AuditEvent::AlertSent]
    );
}

pub(in crate::store) async fn a_dead_alert_is_redriven(store: Store) {
    opened(&store, RUN).await;
    let found = [
        discrepancy("A", Severity::High),
        discrepancy("B", Severity::High),
    ];
    store
        .record_findings(RUN, findings(RUN, &found, Vec::new()))
        .await
        .unwrap();
    let [first, second] = found.map(|discrepancy| format!("{}/mail", discrepancy.id));
    let case = |alert: &str| format!("case/{}", alert.trim_end_matches("/mail"));
    for id in [&first, &second] {
        store.begin_delivery(id).await.unwrap();
        store
            .alert_dead(id, at(5), "no such mailbox", None)
            .await
            .unwrap();
        store
            .alert_dead(id, at(6), "no such mailbox", None)
            .await
            .unwrap();
    }
    let dead = AlertFilter {
        state: Some(AlertState::Dead),
        ..AlertFilter::default()
    };
    assert_eq!(store.alerts(dead.clone()).await.unwrap().len(), 2);
    assert!(matches!(
        store.begin_delivery(&first).await.unwrap(),
        Delivery::Over(_)
    ));

    let unknown = Redrive::Ids(vec![first.clone(), "unknown".to_owned()]);
    let error = store
        .redrive(unknown, "zoë", at(7))
        .await
        .expect_err("an unknown alert");
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
    assert_eq!(
        store.alerts(dead.clone()).await.unwrap().len(),
        2,
        "nothing is redriven then"
    );

    let one = Redrive::Ids(vec![first.clone()]);
    // Repeated when nobody could be woken the first time: the case is named again.
    for _ in 0..2 {
        let woken = store.redrive(one.clone(), "zoë", at(7)).await.unwrap();
        assert_eq!(woken.into_iter().collect::<Vec<_>>(), [case(&first)]);
    }
    let woken = store.redrive(Redrive::All, "zoë", at(8)).await.unwrap();
    assert_eq!(woken.len(), 2, "the redriven one has not moved");
    assert!(store.alerts(dead).await.unwrap().is_empty());
    let Delivery::Due(alert) = store.begin_delivery(&first).await.unwrap() else {
        panic!("it is due again");
    };
    assert_eq!(alert.attempts, 2);
    store.alert_sent(&first, at(9), None).await.unwrap();
    let woken = store.redrive(one, "zoë", at(10)).await.unwrap();
    assert!(woken.is_empty(), "it was sent");
    let expected = [
        AuditEvent::AlertDead,
        AuditEvent::AlertRedriven,
        AuditEvent::AlertSent,
    ];
    assert_eq!(events(&store, &case(&first)).await, expected);
    let entries = store.audit(&case(&first)).await.unwrap().entries;
    assert_eq!(entries[1].actor, "zoë");
}

pub(in crate::store) async fn a_case_begins_once(store: Store) {
    opened(&store, RUN).await;
    let found: Vec<_> = ["A", "B", "C"]
        .map(|name| discrepancy(name, Severity::High))
        .into();
    store
        .record_findings(RUN, findings(RUN, &found, Vec::new()))
        .await
        .unwrap();
    let summary = store
        .alerts(AlertFilter::default())
        .await
        .unwrap()
        .remove(0)
        .intent;
    for _ in 0..2 {
        let subject = summary.case_id.strip_prefix("case/").unwrap();
        let case = store.open_case(subject, at(5)).await.unwrap();
        assert!(case.is_summary && case.has_workflow);
        let case = store.open_case(found[0].id.as_str(), at(5)).await.unwrap();
        assert_eq!(case.reference, found[0].reference);
        assert!(!case.is_summary);
        let case_id = format!("case/{}", found[0].id);
        let told = store.alerts_of_case(&case_id).await.unwrap();
        assert!(told.is_empty(), "the summary tells of it");
    }
    assert_eq!(
        events(&store, &summary.case_id).await,
        [AuditEvent::CaseOpened]
    );
    let error = store
        .open_case("unknown", at(5))
        .await
        .expect_err("nothing is called so");
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
    let of_case = store.alerts_of_case(&summary.case_id).await.unwrap();
    assert_eq!(
        of_case
            .iter()
            .map(|alert| &alert.intent)
            .collect::<Vec<_>>(),
        [&summary]
    );
}
