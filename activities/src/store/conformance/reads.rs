//! Listings.

use domain::case::Case;
use domain::severity::Severity;
use jiff::civil::date;

use super::fixtures::*;
use crate::store::{
    AlertFilter, AlertState, CaseState, DiscrepancyFilter, Page, RunFilter, RunOpening, RunState,
    Store, StoreError,
};

const RUN: &str = "recon/acme-pay/2026-11-20";
const LATER: &str = "recon/acme-pay/2026-11-21";

pub(in crate::store) async fn everything_comes_back_as_it_went_in(store: Store) {
    let asked = opening(RUN, "execution-1");
    store.open_run(asked.clone()).await.unwrap();
    let found = discrepancy("'; DROP TABLE runs; --", Severity::Critical);
    let chunk = findings(RUN, std::slice::from_ref(&found), Vec::new());
    store.record_findings(RUN, chunk).await.unwrap();
    let rejects = vec![reject(3), reject(1)];
    store
        .seal_input(RUN, input("day.csv", "aa"), rejects.clone(), Vec::new())
        .await
        .unwrap();
    store
        .complete_run(RUN, completion(Vec::new()))
        .await
        .unwrap();

    let run = store.run(RUN).await.unwrap();
    assert_eq!(
        (run.source, run.business_date),
        (asked.source, asked.business_date)
    );
    assert_eq!((run.scope, run.generation), (asked.scope, asked.generation));
    assert_eq!(
        (run.requested_by, run.opened_at),
        (asked.requested_by, asked.opened_at)
    );
    assert_eq!(run.totals, Some(completion(Vec::new()).totals));
    assert_eq!(run.closed_at, Some(at(3)));
    let row = store.discrepancy(found.id.as_str()).await.unwrap();
    assert_eq!((row.run_id.as_str(), row.case), (RUN, Case::default()));
    assert_eq!(row.discrepancy, found);
    assert_eq!(store.inputs(RUN).await.unwrap(), [input("day.csv", "aa")]);
    let stored = store.rejects(RUN).await.unwrap();
    assert_eq!(
        stored.into_iter().map(|row| row.reject).collect::<Vec<_>>(),
        rejects
    );
}

pub(in crate::store) async fn listings_are_filtered_and_paged(store: Store) {
    opened(&store, RUN).await;
    let later = RunOpening {
        business_date: date(2026, 11, 21),
        opened_at: at(100),
        ..opening(LATER, "execution-1")
    };
    store.open_run(later).await.unwrap();
    let [a, b, c] = [
        ("A", Severity::Low),
        ("B", Severity::Critical),
        ("C", Severity::High),
    ]
    .map(|(reference, severity)| discrepancy(reference, severity));
    let first = [a.clone(), b.clone()];
    let second = [b.clone(), c.clone()];
    store
        .record_findings(RUN, findings(RUN, &first, Vec::new()))
        .await
        .unwrap();
    store
        .record_findings(LATER, findings(LATER, &second, Vec::new()))
        .await
        .unwrap();
    store
        .complete_run(RUN, completion(Vec::new()))
        .await
        .unwrap();

    let listed = |filter| async {
        let rows = store.discrepancies(filter).await.unwrap();
        rows.into_iter()
            .map(|row| (row.discrepancy.reference.to_string(), row.run_id))
            .collect::<Vec<_>>()
    };
    let row = |reference: &str, run: &str| (reference.to_owned(), run.to_owned());
    let all = DiscrepancyFilter::default;
    let expected = [row("B", LATER), row("C", LATER), row("A", RUN)];
    assert_eq!(
        listed(all()).await,
        expected,
        "as last seen, the most severe first"
    );
    let of_run = DiscrepancyFilter {
        run_id: Some(RUN.to_owned()),
        ..all()
    };
    assert_eq!(listed(of_run).await, [row("B", RUN), row("A", RUN)]);
    let page = DiscrepancyFilter {
        page: Page {
            limit: 1,
            offset: 1,
        },
        ..all()
    };
    assert_eq!(listed(page).await, [row("C", LATER)]);
    let high = DiscrepancyFilter {
        severity: Some(Severity::High),
        ..all()
    };
    assert_eq!(listed(high).await, [row("C", LATER)]);
    let named = DiscrepancyFilter {
        reference: Some("A".to_owned()),
        ..all()
    };
    assert_eq!(listed(named).await, [row("A", RUN)]);
    let kind = DiscrepancyFilter {
        kind: Some(domain::discrepancy::Kind::Rounding),
        ..all()
    };
    assert!(listed(kind).await.is_empty());
    let elsewhere = DiscrepancyFilter {
        source: Some("other".to_owned()),
        ..all()
    };
    assert!(listed(elsewhere).await.is_empty());
    let resolved = DiscrepancyFilter {
        state: Some(CaseState::Resolved),
        ..all()
    };
    assert!(listed(resolved).await.is_empty());

    let runs = |filter| async {
        let rows = store.runs(filter).await.unwrap();
        rows.into_iter().map(|run| run.run_id).collect::<Vec<_>>()
    };
    let all = RunFilter::default;
    assert_eq!(runs(all()).await, [LATER, RUN], "newest first");
    let date = RunFilter {
        business_date: Some(date(2026, 11, 21)),
        ..all()
    };
    assert_eq!(runs(date).await, [LATER]);
    let done = RunFilter {
        state: Some(RunState::Completed),
        ..all()
    };
    assert_eq!(runs(done).await, [RUN]);
    assert!(
        runs(RunFilter {
            source: Some("other".to_owned()),
            ..all()
        })
        .await
        .is_empty()
    );
    let sent = AlertFilter {
        state: Some(AlertState::Sent),
        ..AlertFilter::default()
    };
    assert!(store.alerts(sent).await.unwrap().is_empty());
    let of_run = AlertFilter {
        run_id: Some(LATER.to_owned()),
        ..AlertFilter::default()
    };
    let alerts = store.alerts(of_run).await.unwrap();
    let subjects: Vec<_> = alerts
        .iter()
        .map(|alert| alert.intent.case_id.clone())
        .collect();
    assert_eq!(subjects, [format!("case/{}", c.id)]);
}

pub(in crate::store) async fn what_is_not_there_is_not_found(store: Store) {
    let not_found = |error: StoreError| {
        assert!(matches!(error, StoreError::NotFound(_)), "{error}");
        assert!(error.to_string().contains("nothing/here"), "{error}");
    };
    let id = "nothing/here";
    not_found(store.run(id).await.unwrap_err());
    not_found(store.inputs(id).await.unwrap_err());
    not_found(store.rejects(id).await.unwrap_err());
    not_found(store.discrepancy(id).await.unwrap_err());
    not_found(store.alert(id).await.unwrap_err());
    not_found(store.audit(id).await.unwrap_err());
    not_found(store.begin_delivery(id).await.unwrap_err());
    not_found(
        store
            .complete_run(id, completion(Vec::new()))
            .await
            .unwrap_err(),
    );
    let sealing = store.seal_input(id, input("a", "aa"), Vec::new(), Vec::new());
    not_found(sealing.await.unwrap_err());
    let found = discrepancy("A", Severity::Critical);
    not_found(
        store
            .record_findings(id, findings(id, &[found], Vec::new()))
            .await
            .unwrap_err(),
    );
    assert!(
        store
            .alerts(AlertFilter::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.alerts_of_case(id).await.unwrap().is_empty());
}
