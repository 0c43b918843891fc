//! SQLite in particular: files, processes, damage. The rest is in `conformance`.

use domain::audit::{AuditEvent, verify};
use domain::case::{Applied, Case};
use domain::money::Amount;
use domain::severity::Severity;
use futures::future::join_all;
use rusqlite::Connection;

use crate::store::conformance::{completion, conformance_tests, discrepancy, findings, opening};
use crate::store::{
    ActOutcome, Acting, CaseRow, DiscrepancyFilter, Opened, RunState, Store, StoreError,
};

const RUN: &str = "recon/acme-pay/2026-11-20";

async fn fresh() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::sqlite(folder.path().join("new/store.db"))
        .await
        .unwrap();
    (store, folder)
}

conformance_tests!(fresh);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_open_the_same_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let tasks = (0..32).map(|n| {
        let path = path.clone();
        tokio::spawn(async move {
            // As 32 processes would: each with connections of its own.
            let store = Store::sqlite(path).await?;
            store
                .open_run(opening(RUN, &format!("execution-{n}")))
                .await
        })
    });
    let answers = join_all(tasks)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().unwrap());
    let new = answers
        .filter(|answer| matches!(answer, Opened::New(_)))
        .count();
    assert_eq!(new, 1);
    let store = Store::existing_sqlite(path).await.unwrap();
    let stream = store.audit(RUN).await.unwrap();
    assert_eq!(stream.entries.len(), 32);
    assert_eq!(verify(RUN, &stream.entries, stream.head), Ok(()));
}

#[tokio::test]
async fn a_copy_taken_while_it_is_open_has_all_that_was_answered() {
    let (store, folder) = fresh().await;
    store.open_run(opening(RUN, "execution-1")).await.unwrap();
    let found = [discrepancy("A", Severity::Critical)];
    store
        .record_findings(RUN, findings(RUN, &found, Vec::new()))
        .await
        .unwrap();
    // What a killed process leaves: the file and its log, nothing closed.
    let (live, copy) = (folder.path().join("new"), folder.path().join("copy"));
    std::fs::create_dir(&copy).unwrap();
    for file in ["store.db", "store.db-wal"] {
        std::fs::copy(live.join(file), copy.join(file)).unwrap();
    }
    let survived = Store::existing_sqlite(copy.join("store.db")).await.unwrap();
    assert_eq!(
        survived
            .discrepancy(found[0].id.as_str())
            .await
            .unwrap()
            .discrepancy,
        found[0]
    );
    assert_eq!(
        survived.audit(RUN).await.unwrap(),
        store.audit(RUN).await.unwrap()
    );
    survived
        .complete_run(RUN, completion(Vec::new()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_failed_write_leaves_nothing() {
    let (store, _folder) = fresh().await;
    store.open_run(opening(RUN, "execution-1")).await.unwrap();
    let (good, mut bad) = (
        discrepancy("A", Severity::Low),
        discrepancy("B", Severity::Low),
    );
    store
        .record_findings(RUN, findings(RUN, std::slice::from_ref(&bad), Vec::new()))
        .await
        .unwrap();
    bad.reason = "something else".to_owned();
    let chunk = findings(RUN, &[good.clone(), bad], Vec::new());
    let error = store
        .record_findings(RUN, chunk)
        .await
        .expect_err("other content");
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let error = store
        .discrepancy(good.id.as_str())
        .await
        .expect_err("it was rolled back");
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let error = Store::existing_sqlite(path("none.db"))
        .await
        .expect_err("no file");
    assert!(matches!(error, StoreError::NotFound(_)), "{error}");
    assert!(!path("none.db").exists());

    let foreign = Connection::open(path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (a)").unwrap();
    let error = Store::sqlite(path("foreign.db"))
        .await
        .expect_err("another program's");
    assert!(matches!(error, StoreError::Incompatible(_)), "{error}");
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = foreign.query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);

    std::fs::write(
        path("text.db"),
        "this is no database, but it is long enough".repeat(100),
    )
    .unwrap();
    let error = Store::sqlite(path("text.db"))
        .await
        .expect_err("no database");
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");

    Store::sqlite(path("newer.db")).await.unwrap();
    let newer = Connection::open(path("newer.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::sqlite(path("newer.db"))
        .await
        .expect_err("a newer schema");
    assert!(error.to_string().contains("newer trueup"), "{error}");
}

#[tokio::test]
async fn a_store_that_stays_busy_is_worth_a_retry() {
    let busy = rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
        Some("database is locked".to_owned()),
    );
    assert!(StoreError::from(busy).is_retryable());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::sqlite(file.join("store.db"))
        .await
        .expect_err("a file is no folder");
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn the_audit_trail_can_be_altered_only_by_force_and_then_it_shows() {
    let (store, folder) = fresh().await;
    for n in 1..=3 {
        store
            .open_run(opening(RUN, &format!("execution-{n}")))
            .await
            .unwrap();
    }
    let connection = Connection::open(folder.path().join("new/store.db")).unwrap();
    for attempt in [
        "UPDATE audit_entries SET actor = 'mallory' WHERE sequence = 1",
        "DELETE FROM audit_entries WHERE sequence = 1",
        "DELETE FROM audit_heads",
    ] {
        let refused = connection.execute(attempt, []).expect_err(attempt);
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    let drop = "DROP TRIGGER audit_entries_are_never_changed;
                DROP TRIGGER audit_heads_are_never_deleted;";
    connection.execute_batch(drop).unwrap();
    let alter = "UPDATE audit_entries SET actor = ?1 WHERE sequence = 1";
    connection.execute(alter, ["mallory"]).unwrap();
    let stream = store.audit(RUN).await.unwrap();
    let error = verify(RUN, &stream.entries, stream.head).expect_err("altered");
    assert_eq!(error.to_string(), format!("entry 1 of {RUN} was altered"));

    let unreadable = "UPDATE audit_entries SET event = 'nonsense' WHERE sequence = 2";
    connection.execute(unreadable, []).unwrap();
    let error = store.audit(RUN).await.expect_err("not an entry");
    assert!(
        error
            .to_string()
            .contains(&format!("entry 2 of {RUN}: column event")),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let old = Connection::open(&path).unwrap();
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.pragma_update(None, "foreign_keys", true).unwrap();
    old.execute_batch(include_str!("migrations/0001_first.sql"))
        .unwrap();
    old.execute_batch(include_str!("migrations/0001_filled.sql"))
        .unwrap();
    drop(old);

    let store = Store::existing_sqlite(&path).await.unwrap();
    let run = store.run(RUN).await.unwrap();
    assert_eq!((run.state, run.attempt), (RunState::Completed, 2));
    let rows = store
        .discrepancies(DiscrepancyFilter::default())
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row.case, Case::default());
    }
    let with_workflow = store
        .case("11111111111111111111111111111111")
        .await
        .unwrap();
    assert!(with_workflow.has_workflow, "its stream has begun");
    let without = store
        .case("22222222222222222222222222222222")
        .await
        .unwrap();
    assert!(!without.has_workflow);
    let dear = DiscrepancyFilter {
        amount_from: Some(Amount::parse("9.5").unwrap()),
        ..DiscrepancyFilter::default()
    };
    let ids = store.discrepancy_ids(dear, 9).await.unwrap();
    assert_eq!(ids, [without.id], "10.25 is more than 9.5");
    let stream = store.audit(RUN).await.unwrap();
    assert_eq!(verify(RUN, &stream.entries, stream.head), Ok(()));

    let connection = Connection::open(&path).unwrap();
    let broken = connection
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .exists([])
        .unwrap();
    assert!(!broken, "everything still refers to what it did");
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    let dangling = connection.execute("DELETE FROM runs", []);
    assert!(dangling.is_err(), "references are still watched");
    connection
        .execute("UPDATE runs SET state = 'in_review'", [])
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_act_on_the_same_case_at_once() {
    let (one, folder) = fresh().await;
    let other = Store::existing_sqlite(folder.path().join("new/store.db"))
        .await
        .unwrap();
    one.open_run(opening(RUN, "execution-1")).await.unwrap();
    let found = [discrepancy("A", Severity::Critical)];
    let chunk = findings(RUN, &found, Vec::new());
    one.record_findings(RUN, chunk).await.unwrap();
    let id = found[0].id.to_string();
    // Each adds one to what it sees.
    let tasks = (0..40).map(|n| {
        let (store, id) = ([&one, &other][n % 2].clone(), id.clone());
        tokio::spawn(async move {
            let acting = Acting {
                id,
                act_id: n.to_string(),
                request: String::new(),
            };
            let count = |row: &CaseRow| {
                let version = row.case.version + 1;
                let case = Case {
                    version,
                    ..row.case.clone()
                };
                Ok(Applied {
                    case,
                    event: Some(AuditEvent::CaseCommented),
                    fields: Vec::new(),
                })
            };
            let at = opening(RUN, "").opened_at;
            store.act_on_cases(vec![acting], "ann", at, count).await
        })
    });
    for acted in join_all(tasks).await {
        let acted = acted.unwrap().unwrap().remove(0).unwrap();
        assert_eq!(acted.outcome, ActOutcome::Done);
    }
    assert_eq!(one.case(&id).await.unwrap().case.version, 40);
    let stream = other.audit(&format!("case/{id}")).await.unwrap();
    assert_eq!(stream.entries.len(), 41, "opened, and one for each");
}
