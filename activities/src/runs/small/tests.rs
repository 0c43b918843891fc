//! Another attempt at a small run writes the same, wherever the one before it was cut off.

use std::future::poll_fn;
use std::task::Poll;

use domain::policy::MatchRule;
use domain::record::ReferenceKind;
use serde_json::json;
use workflows::ports::Run;

use super::*;
use crate::cases::tests::{empty, source as any_source};
use crate::source::Source;
use crate::store::conformance::SOURCE;
use crate::store::{DiscrepancyFilter, RunState};

const RUN: &str = "recon/acme-pay/2026-11-20";

const PARTNER: &str = "reference,amount,currency,value_date\n\
                       P-1,10.00,EUR,2026-11-20\nP-2,20.00,EUR,2026-11-20\n";
/// One of them a day earlier, which nobody is told.
const LEDGER: &str = "reference,amount,currency,value_date\n\
                      P-1,10.00,EUR,2026-11-20\nP-2,20.00,EUR,2026-11-19\n";
/// A payment more than the partner knows, which somebody is told.
const LONGER: &str = "reference,amount,currency,value_date\n\
                      P-1,10.00,EUR,2026-11-20\nP-2,20.00,EUR,2026-11-19\n\
                      P-3,30.00,EUR,2026-11-20\n";

fn source() -> Source {
    let fields = "reference = \"reference\"\namount = \"amount\"\ncurrency = \"currency\"\n\
                  value_date = \"value_date\"\n";
    let format = format!("[csv.fields]\n{fields}");
    let mut source = any_source();
    source.text =
        format!("[partner.format.csv.fields]\n{fields}\n[ledger.format.csv.fields]\n{fields}");
    source.policy.rules = vec![MatchRule::exact("reference", &[ReferenceKind::Reference])];
    for (side, path) in [
        (&mut source.partner, "partner.csv"),
        (&mut source.ledger, "ledger.csv"),
    ] {
        side.transport = serde_json::from_value(json!({"kind": "file", "path": path})).unwrap();
        side.format = toml::from_str(&format).unwrap();
    }
    source
}

/// An installation without a server, with these files of the day and nothing on record.
async fn installed(ledger: &str) -> (Arc<Trueup>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("partner.csv"), PARTNER).unwrap();
    std::fs::write(folder.path().join("ledger.csv"), ledger).unwrap();
    let mut trueup = empty(folder.path()).await;
    trueup.folder = folder.path().to_owned();
    trueup.sources = Arc::new([(SOURCE.to_owned(), source())].into());
    trueup.pace.small_run_bytes = 1_000;
    (Arc::new(trueup), folder)
}

fn asked() -> Opening {
    Opening {
        run: Run {
            run_id: RUN.to_owned(),
            request: serde_json::from_value(json!({
                "source": SOURCE, "business_date": "2026-11-20", "requested_by": "ops",
            }))
            .unwrap(),
        },
        workflow_run_id: "execution-1".to_owned(),
        at: "2026-11-20T08:00:00Z".to_owned(),
        in_steps: false,
    }
}

/// All that is on record, and what the workflow hears.
async fn on_record(trueup: &Trueup, opened: &Opened) -> String {
    let store = &trueup.store;
    let run = store.run(RUN).await.unwrap();
    let all = DiscrepancyFilter::default();
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{opened:#?}",
        (run.state, run.attempt, run.totals),
        store.audit(RUN).await.unwrap(),
        store.discrepancies(all).await.unwrap(),
        store.position(SOURCE).await.unwrap(),
    )
}

/// Does the work until it has waited so often; nothing when it was not at its end then.
async fn cut_off<T>(work: impl Future<Output = T>, after: usize) -> Option<T> {
    let mut work = Box::pin(work);
    let mut left = after;
    poll_fn(move |context| match left {
        0 => Poll::Ready(None),
        _ => {
            left -= 1;
            work.as_mut().poll(context).map(Some)
        }
    })
    .await
}

/// Cuts the first attempt off wherever it waits, and tries again.
async fn cut_off_anywhere(ledger: &str) -> Opened {
    let (trueup, _folder) = installed(ledger).await;
    let undisturbed = open(&trueup, asked(), 1).await.unwrap();
    let expected = on_record(&trueup, &undisturbed).await;
    for after in 1.. {
        let (trueup, _folder) = installed(ledger).await;
        let is_over = cut_off(open(&trueup, asked(), 1), after).await.is_some();
        let again = open(&trueup, asked(), 2).await.unwrap();
        assert_eq!(
            on_record(&trueup, &again).await,
            expected,
            "cut off after {after}"
        );
        if is_over {
            assert!(after > 20, "it waited only {after} times");
            break;
        }
    }
    undisturbed
}

#[tokio::test]
async fn a_run_that_nobody_is_told_of_is_closed_once() {
    let opened = cut_off_anywhere(LEDGER).await;
    let Opened::Completed { totals } = opened else {
        panic!("{opened:?}");
    };
    assert_eq!((totals.matched, totals.discrepancies), (1, 1));
}

#[tokio::test]
async fn a_run_that_somebody_is_told_of_is_recorded_once() {
    let opened = cut_off_anywhere(LONGER).await;
    let Opened::Recorded(Done { recorded, .. }) = opened else {
        panic!("{opened:?}");
    };
    assert_eq!(recorded.cases.len(), 1);
}

#[tokio::test]
async fn whatever_is_out_of_the_ordinary_is_left_to_the_steps() {
    let is_left = |opened: &Opened| matches!(opened, Opened::Proceed(_));
    let (trueup, _folder) = installed(LEDGER).await;
    let in_steps = Opening {
        in_steps: true,
        ..asked()
    };
    assert!(is_left(&open(&trueup, in_steps, 1).await.unwrap()));
    assert!(is_left(
        &open(&trueup, asked(), ATTEMPTS_MAX + 1).await.unwrap()
    ));

    let (trueup, folder) = installed(LEDGER).await;
    std::fs::remove_file(folder.path().join("ledger.csv")).unwrap();
    assert!(
        is_left(&open(&trueup, asked(), 1).await.unwrap()),
        "no file"
    );

    let long = PARTNER.to_owned() + &"P-9,1.00,EUR,2026-11-20\n".repeat(50);
    let (trueup, _folder) = installed(&long).await;
    assert!(
        is_left(&open(&trueup, asked(), 1).await.unwrap()),
        "too large"
    );
    let run = trueup.store.run(RUN).await.unwrap();
    assert_eq!(run.state, RunState::Running);

    let lines = (0..=DISCREPANCIES_MAX).map(|row| format!("Q-{row},1.00,EUR,2026-11-20\n"));
    let (mut trueup, _folder) = installed(&(PARTNER.to_owned() + &lines.collect::<String>())).await;
    Arc::get_mut(&mut trueup).unwrap().pace.small_run_bytes = 100_000;
    assert!(
        is_left(&open(&trueup, asked(), 1).await.unwrap()),
        "too many discrepancies"
    );
    assert_eq!(
        trueup
            .store
            .discrepancies(DiscrepancyFilter::default())
            .await
            .unwrap(),
        []
    );
}

/// Also when inputs are gone by then, or it was tried too often to find anything more.
#[tokio::test]
async fn what_was_found_is_recorded_once_or_not_begun() {
    let (trueup, _folder) = installed(LONGER).await;
    let undisturbed = open(&trueup, asked(), 1).await.unwrap();
    let expected = on_record(&trueup, &undisturbed).await;
    let (mut left_to_steps, mut recorded) = (0, 0);
    for after in 1.. {
        let (trueup, folder) = installed(LONGER).await;
        let is_over = cut_off(open(&trueup, asked(), 1), after).await.is_some();
        std::fs::remove_file(folder.path().join("ledger.csv")).unwrap();
        let again = open(&trueup, asked(), ATTEMPTS_MAX + 1).await.unwrap();
        if let Opened::Proceed(plan) = &again {
            let entries = trueup.store.audit(RUN).await.unwrap().entries;
            assert_eq!((plan.audit.sequence, entries.len()), (1, 1), "only opened");
            let all = DiscrepancyFilter::default();
            assert_eq!(trueup.store.discrepancies(all).await.unwrap(), []);
            left_to_steps += 1;
        } else {
            assert_eq!(
                on_record(&trueup, &again).await,
                expected,
                "cut off after {after}"
            );
            recorded += 1;
        }
        if is_over {
            break;
        }
    }
    assert!(
        left_to_steps > 20 && recorded > 1,
        "{left_to_steps} {recorded}"
    );
}

/// An attempt that was thought dead comes to its senses when the steps are at work.
#[tokio::test]
async fn what_is_left_to_the_steps_is_theirs() {
    let (trueup, _folder) = installed(LONGER).await;
    let mut slow = Box::pin(open(&trueup, asked(), 1));
    for _ in 0..8 {
        let is_over = cut_off(slow.as_mut(), 1).await.is_some();
        assert!(!is_over);
    }
    let opened = open(&trueup, asked(), ATTEMPTS_MAX + 1).await.unwrap();
    assert!(matches!(opened, Opened::Proceed(_)));
    assert!(matches!(slow.await.unwrap(), Opened::Proceed(_)));
    let entries = trueup.store.audit(RUN).await.unwrap().entries;
    assert_eq!(entries.len(), 1);
}
