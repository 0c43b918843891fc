//! Acts on cases, on a real store and without a server.

mod attention;
mod batch;
mod behind;
mod incidents;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::alert::{AlertPolicy, Route};
use domain::audit::{AuditEvent, verify};
use domain::business_day::BusinessDay;
use domain::calendar::{BusinessCalendar, DayUnit};
use domain::case::{Approval, Authority, CaseState};
use domain::cause::CausePolicy;
use domain::discrepancy::Discrepancy;
use domain::escalation::Escalation;
use domain::policy::{DateWindow, SourcePolicy, Tolerances};
use domain::severity::{Severity, SeverityPolicy};
use jiff::tz::TimeZone;
use proto::wire::ReconciliationInput;
use serde_json::{Value, json};
use workflows::failure;
use workflows::ports::{CaseAct, CaseActed, CaseOpening, Run, TimePassing};

use super::{act, of_run, open, pass, review};
use crate::alerts::Channels;
use crate::audit::Audit;
use crate::failures::Failure;
use crate::formats::ReadLimits;
use crate::source::{RepeatedReport, SideInput, Source};
use crate::staging::{Staging, StagingConfig};
use crate::store::conformance::{SOURCE, discrepancy, findings, opened};
use crate::store::{CaseRow, Store};
use crate::{Pace, Trueup, Workflows};

const RUN: &str = "recon/acme-pay/2026-11-20";
const LATER: &str = "recon/acme-pay/2026-11-21";
/// A Friday morning in Berlin.
const FRIDAY: &str = "2026-11-20T08:00:00Z";

/// A source without rules.
pub(crate) fn source() -> Source {
    let side = || SideInput {
        transport: toml::from_str("kind = \"file\"\npath = \"day.xml\"\n").unwrap(),
        format: toml::from_str("[camt053]\n").unwrap(),
        records: domain::open_items::Records::New,
    };
    Source {
        title: "Acme Pay".to_owned(),
        version: String::new(),
        text: String::new(),
        business_day: BusinessDay {
            time_zone: TimeZone::get("Europe/Berlin").unwrap(),
            cut_off: None,
        },
        policy: SourcePolicy {
            source: SOURCE.to_owned(),
            rules: Vec::new(),
            tolerances: Tolerances::default(),
            date_window: DateWindow {
                early_days: 0,
                late_days: 0,
                unit: DayUnit::Business,
            },
            settlement_window_days: 0,
            calendar: BusinessCalendar::default(),
            agreed_fee: None,
            severity: SeverityPolicy::default(),
        },
        partner: side(),
        ledger: side(),
        alerts: AlertPolicy {
            routes: vec![Route {
                severity_from: Severity::High,
                channel: "mail".to_owned(),
            }],
            summary_above: 2,
            link_base: None,
        },
        punctuality: Default::default(),
        escalation: Escalation::default(),
        review_window: None,
        repeated_report: RepeatedReport::Refuse,
        remember_days: 90,
        approval: Approval::default(),
        causes: CausePolicy::default(),
    }
}

/// An installation that has no server, with these discrepancies on record.
async fn installed(found: &[Discrepancy]) -> (Trueup, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let trueup = empty(folder.path()).await;
    opened(&trueup.store, RUN).await;
    for some in found.chunks(1_000) {
        let chunk = findings(RUN, some, Vec::new());
        trueup.store.record_findings(RUN, chunk).await.unwrap();
    }
    (trueup, folder)
}

/// An installation that has no server, and nothing on record.
pub(crate) async fn empty(folder: &Path) -> Trueup {
    let staging = StagingConfig {
        url: "staging".to_owned(),
        ..StagingConfig::default()
    };
    let store = Store::sqlite(folder.join("store.db")).await.unwrap();
    Trueup {
        folder: PathBuf::new(),
        sources: Arc::new([(SOURCE.to_owned(), source())].into()),
        authority: Authority::default(),
        limits: ReadLimits::default(),
        pace: Pace {
            records_per_task: 1,
            compare_tasks_max: 1,
            small_run_bytes: 0,
            heartbeat_timeout_seconds: 10,
        },
        store,
        staging: Staging::open(&staging, folder).unwrap(),
        channels: Arc::new(Channels::open(&BTreeMap::new(), |_| None).unwrap()),
        audit: Arc::new(Audit::none()),
        settings: String::new(),
        workflows: Workflows::out_of_reach(),
    }
}

fn asked(id: &str, act_id: &str, action: &str, input: Value) -> CaseAct {
    CaseAct {
        discrepancy_id: id.to_owned(),
        act_id: act_id.to_owned(),
        action: action.to_owned(),
        input,
        at: FRIDAY.to_owned(),
    }
}

async fn done(trueup: &Trueup, id: &str, act_id: &str, action: &str, input: Value) -> CaseActed {
    let acted = act(trueup, asked(id, act_id, action, input)).await.unwrap();
    assert_eq!((&*acted.reply.outcome, &*acted.reply.reason), ("done", ""));
    acted
}

fn resolution(resolution: &str) -> Value {
    json!({ "by": "ann", "note": "as agreed", "resolution": resolution })
}

async fn case(trueup: &Trueup, id: &str) -> CaseRow {
    trueup.store.case(id).await.unwrap()
}

/// What showed that the difference was gone, the last time.
async fn last_evidence(trueup: &Trueup, id: &str) -> String {
    let stream = trueup.store.audit(&format!("case/{id}")).await.unwrap();
    let fields = stream.entries.iter().flat_map(|entry| &entry.fields);
    let mut evidence = fields.filter(|(name, _)| name == "evidence");
    evidence.next_back().unwrap().1.clone()
}

async fn events(trueup: &Trueup, id: &str) -> Vec<AuditEvent> {
    let stream = format!("case/{id}");
    let stored = trueup.store.audit(&stream).await.unwrap();
    assert_eq!(verify(&stream, &stored.entries, stored.head), Ok(()));
    stored.entries.iter().map(|entry| entry.event).collect()
}

#[tokio::test]
async fn whoever_acts_hears_how_the_case_stands() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = installed(std::slice::from_ref(&found)).await;
    let opening = CaseOpening {
        discrepancy_id: id.to_owned(),
        at: FRIDAY.to_owned(),
    };
    let begun = open(&trueup, opening).await.unwrap();
    assert!(begun.stays_open);
    let told = begun.case.unwrap();
    assert_eq!(
        (&*told.state, &*told.reference, &*told.at_stake),
        ("open", "INV-1", "0.50")
    );
    assert_eq!(told.alerts, begun.alerts);
    assert_eq!(told.alerts.len(), 1);
    assert!(case(&trueup, id).await.has_workflow);

    let input = json!({ "by": "ann", "to": "bob" });
    let assigned = done(&trueup, id, "1", "assign", input).await;
    assert!(assigned.stays_open);
    let told = assigned.reply.case.unwrap();
    assert_eq!(
        (&*told.assigned_to, told.version, told.alerts.len()),
        ("bob", 1, 1)
    );

    let resolved = done(&trueup, id, "2", "resolve", resolution("accept")).await;
    assert!(!resolved.stays_open, "nothing is left to wait for");
    let decision = resolved.reply.case.unwrap().decision.unwrap();
    assert_eq!((&*decision.resolution, &*decision.by), ("accept", "ann"));
    assert_eq!(decision.at, FRIDAY);

    let refused = act(&trueup, asked(id, "3", "resolve", resolution("void")))
        .await
        .unwrap();
    assert_eq!(refused.reply.outcome, "refused");
    assert!(
        refused.reply.reason.contains("reopen it first"),
        "{}",
        refused.reply.reason
    );
    assert_eq!(refused.reply.case.unwrap().state, "resolved");
    let expected = [
        AuditEvent::CaseOpened,
        AuditEvent::CaseAssigned,
        AuditEvent::CaseResolved,
        AuditEvent::CaseDenied,
    ];
    assert_eq!(events(&trueup, id).await, expected);
}

#[tokio::test]
async fn all_that_is_at_stake_is_written_off_when_no_amount_is_given() {
    let found = discrepancy("INV-1", Severity::High);
    let (trueup, _folder) = installed(std::slice::from_ref(&found)).await;
    let mut input = resolution("write_off");
    input["reason_code"] = "fx".into();
    input["account"] = "4711".into();
    let acted = done(&trueup, found.id.as_str(), "1", "resolve", input).await;
    assert_eq!(acted.reply.case.unwrap().decision.unwrap().amount, "0.50");
}

#[tokio::test]
async fn what_can_not_be_meant_is_answered_and_changes_nothing() {
    let all = ["A", "B", "C"].map(|name| discrepancy(name, Severity::High));
    let id = all[0].id.as_str();
    let (mut trueup, _folder) = installed(&all).await;
    let malformed = asked(id, "1", "comment", json!({ "by": "ann" }));
    let malformed = act(&trueup, malformed).await.unwrap();
    assert_eq!(malformed.reply.reason, "missing field `note`");
    assert!(malformed.stays_open);
    assert_eq!(case(&trueup, id).await.case.version, 0);

    let unknown = act(&trueup, asked("0", "1", "resolve", resolution("void"))).await;
    let Err(Failure::Final { name, problem }) = unknown else {
        panic!("there is no such case");
    };
    assert_eq!(name, failure::UNKNOWN_DISCREPANCY);
    assert!(problem.contains("no discrepancy is called 0"), "{problem}");

    let alerts = trueup.store.alerts(Default::default()).await.unwrap();
    let summary = alerts[0]
        .intent
        .case_id
        .trim_start_matches("case/")
        .to_owned();
    let note = json!({ "by": "ann", "note": "seen" });
    let seen = done(&trueup, &summary, "1", "acknowledge", note).await;
    assert!(!seen.stays_open);
    let told = seen.reply.case.unwrap();
    assert_eq!((&*told.kind, &*told.acknowledged_by), ("", "ann"));
    let void = asked(&summary, "2", "resolve", resolution("void"));
    let void = act(&trueup, void).await.unwrap().reply;
    assert_eq!(void.outcome, "refused");
    assert!(
        void.reason.contains("the case of each discrepancy"),
        "{}",
        void.reason
    );

    trueup.sources = Arc::default();
    let gone = asked(id, "9", "resolve", resolution("void"));
    let gone = act(&trueup, gone).await.unwrap().reply;
    assert!(
        gone.reason.contains("is not configured any more"),
        "{}",
        gone.reason
    );
}

#[tokio::test]
async fn what_is_in_transit_is_opened_again_when_its_last_day_is_over() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = installed(std::slice::from_ref(&found)).await;
    let mut input = resolution("in_transit");
    input["until"] = "2026-11-25".into();
    let waits = done(&trueup, id, "1", "resolve", input).await;
    assert!(waits.stays_open, "there is a day to wait for");
    let told = waits.reply.case.unwrap();
    assert_eq!(
        (&*told.state, &*told.due_at),
        ("resolved", "2026-11-25T23:00:00Z")
    );

    let passing = |at: &str| {
        let passing = TimePassing {
            discrepancy_id: id.to_owned(),
            at: at.to_owned(),
        };
        pass(&trueup, passing)
    };
    let early = passing("2026-11-25T22:59:59Z").await.unwrap();
    assert_eq!(
        (&*early.reply.outcome, early.stays_open),
        ("unchanged", true)
    );
    for expected in ["done", "unchanged"] {
        let late = passing("2026-11-25T23:00:00Z").await.unwrap();
        assert_eq!((&*late.reply.outcome, late.stays_open), (expected, true));
        let told = late.reply.case.unwrap();
        assert_eq!((&*told.state, &*told.due_at), ("open", ""));
    }
    let expected = [
        AuditEvent::CaseOpened,
        AuditEvent::CaseResolved,
        AuditEvent::CaseReopened,
    ];
    assert_eq!(events(&trueup, id).await, expected);
}

#[tokio::test]
async fn a_run_speaks_once_of_the_cases_of_earlier_runs() {
    let all = ["A", "B", "C", "D", "E"].map(|name| discrepancy(name, Severity::Low));
    let ids = all.each_ref().map(|found| found.id.to_string());
    let [seen, gone, quiet, settled, taken_back] = ids;
    let (trueup, _folder) = installed(&all).await;
    for id in [&seen, &gone, &settled, &taken_back] {
        let opening = CaseOpening {
            discrepancy_id: id.clone(),
            at: FRIDAY.to_owned(),
        };
        open(&trueup, opening).await.unwrap();
    }
    for id in [&settled, &taken_back] {
        done(&trueup, id, "1", "resolve", resolution("void")).await;
    }
    let run = Run {
        run_id: LATER.to_owned(),
        request: ReconciliationInput::default(),
    };
    let evidence = "INV-7 arrived on 2026-11-21";
    let cleared = [&gone, &settled, &taken_back].map(|id| (id.clone(), evidence.to_owned()));
    let undone = BTreeSet::from([taken_back.clone()]);
    let say = || {
        let again = vec![seen.clone(), quiet.clone(), "unknown".to_owned()];
        of_run::acts_of_run(&trueup, &run, again, cleared.to_vec(), &undone, FRIDAY)
    };
    let told = say().await.unwrap().expect("two have a workflow");
    let lines = String::from_utf8(trueup.staging.get(&told).await.unwrap()).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = [
        json!({
            "discrepancy_id": seen, "action": "seen_again", "input": { "run_id": LATER },
        }),
        json!({
            "discrepancy_id": gone, "action": "auto_clear",
            "input": { "run_id": LATER, "evidence": evidence },
        }),
        json!({
            "discrepancy_id": taken_back, "action": "auto_clear",
            "input": { "run_id": LATER, "evidence": evidence, "undoes": true },
        }),
    ];
    assert_eq!(
        lines, expected,
        "what people settled stays so, and is not told"
    );
    for id in [&gone, &taken_back] {
        assert_eq!(case(&trueup, id).await.case.state, CaseState::Cleared);
    }
    let void = format!("{evidence}; what ann decided, void, has no effect any more");
    assert_eq!(last_evidence(&trueup, &taken_back).await, void);
    assert_eq!(
        case(&trueup, &settled).await.case.state,
        CaseState::Resolved
    );
    let noted = case(&trueup, &quiet).await;
    assert_eq!(noted.case.last_seen_run.as_deref(), Some(LATER));

    // Whoever disagrees learns that it undoes nothing.
    let back = json!({ "by": "ann", "note": "that was another one" });
    let refused = act(&trueup, asked(&gone, "1", "reopen", back))
        .await
        .unwrap();
    let reason = &refused.reply.reason;
    assert_eq!(refused.reply.outcome, "refused");
    assert!(
        reason.contains("would not undo what the run found"),
        "{reason}"
    );
    let by = format!(" (cleared by {LATER}: {evidence})");
    assert!(reason.ends_with(&by), "{reason}");
    // A later run finds it again; the first one's words, said again or arriving late, do not undo that.
    let found = asked(
        &gone,
        "2",
        "seen_again",
        json!({ "run_id": "recon/acme-pay/2026-11-22" }),
    );
    act(&trueup, found).await.unwrap();
    assert_eq!(say().await.unwrap(), Some(told), "the same list again");
    let late = asked(&gone, "signal/7", "auto_clear", lines[1]["input"].clone());
    act(&trueup, late).await.unwrap();
    assert_eq!(case(&trueup, &gone).await.case.state, CaseState::Open);
    let none = BTreeSet::new();
    let none = of_run::acts_of_run(&trueup, &run, vec![quiet], Vec::new(), &none, FRIDAY).await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn what_people_are_alerted_about_is_material() {
    let (mut trueup, _folder) = installed(&[]).await;
    let material = |trueup: &Trueup| review::material(trueup, SOURCE);
    let expected = [Severity::High, Severity::Critical];
    assert_eq!(material(&trueup), expected.into());
    trueup.sources = Arc::default();
    assert_eq!(material(&trueup), [Severity::Critical].into());
}
