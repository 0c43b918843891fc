//! Reminders, quiet hours, fallbacks and what is told again, on a real store and without a server.

use std::sync::Arc;

use domain::audit::AuditEvent;
use domain::discrepancy::Discrepancy;
use domain::escalation::{Step, Wait};
use domain::quiet_hours::QuietHours;
use domain::severity::Severity;
use jiff::SignedDuration;
use proto::wire::CaseStatus;
use serde_json::json;
use workflows::ports::{CaseOpening, Delivery, TimePassing};

use super::super::{deliver, fall_back, open, pass};
use super::{FRIDAY, RUN, SOURCE, asked, case, done, events, installed, resolution};
use crate::Trueup;
use crate::alerts::{ChannelRules, Channels, Fallback};
use crate::store::AlertState;
use crate::store::conformance::discrepancy;

/// A case that is reminded of after one and after three hours, and told to the head after a day.
async fn watched(found: &[Discrepancy]) -> (Trueup, tempfile::TempDir) {
    let (mut trueup, folder) = installed(found).await;
    let hours = |hours| Wait::Elapsed(SignedDuration::from_hours(hours));
    let step = |after, repeat, channel: &str| Step {
        severity_from: Severity::High,
        after: hours(after),
        repeat,
        channels: vec![channel.to_owned()],
    };
    let source = Arc::get_mut(&mut trueup.sources)
        .unwrap()
        .get_mut(SOURCE)
        .unwrap();
    source.escalation.steps = vec![step(1, Some(hours(2)), "mail"), step(24, None, "head")];
    (trueup, folder)
}

fn hours_later(hours: i64) -> String {
    let friday: jiff::Timestamp = FRIDAY.parse().unwrap();
    (friday + SignedDuration::from_hours(hours)).to_string()
}

async fn begun(trueup: &Trueup, id: &str) -> CaseStatus {
    let opening = CaseOpening {
        discrepancy_id: id.to_owned(),
        at: FRIDAY.to_owned(),
    };
    let begun = open(trueup, opening).await.unwrap();
    assert!(begun.stays_open);
    begun.case.unwrap()
}

/// All that is pending arrives.
async fn delivered(trueup: &Trueup, id: &str) {
    let alerts = trueup.store.alerts_of_case(&format!("case/{id}")).await;
    for alert in alerts.unwrap() {
        let at = FRIDAY.parse().unwrap();
        let store = &trueup.store;
        store.alert_sent(&alert.intent.id, at, None).await.unwrap();
    }
}

/// What becomes of the case at that time, and whether its workflow goes on.
async fn passed(trueup: &Trueup, id: &str, hours: i64) -> (String, CaseStatus, bool) {
    let passing = TimePassing {
        discrepancy_id: id.to_owned(),
        at: hours_later(hours),
    };
    let passed = pass(trueup, passing).await.unwrap();
    let case = passed.reply.case.unwrap();
    (passed.reply.outcome, case, passed.stays_open)
}

fn pending(case: &CaseStatus) -> Vec<&str> {
    let alerts = case.alerts.iter();
    let pending = alerts.filter(|alert| alert.state == "pending");
    pending.map(|alert| alert.alert_id.as_str()).collect()
}

#[tokio::test]
async fn people_are_reminded_step_by_step_and_once() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = watched(std::slice::from_ref(&found)).await;
    let begun = begun(&trueup, id).await;
    assert_eq!((begun.due_at, begun.escalation_level), (hours_later(1), 0));
    delivered(&trueup, id).await;

    let early = passed(&trueup, id, 0).await;
    assert_eq!((&*early.0, early.1.escalation_level), ("unchanged", 0));
    let (outcome, case, goes_on) = passed(&trueup, id, 1).await;
    assert!(goes_on);
    assert_eq!((&*outcome, case.escalation_level), ("done", 1));
    assert_eq!(case.due_at, hours_later(3));
    let first = format!("{id}/mail/reminder-1");
    assert_eq!(pending(&case), [&*first]);
    let told = trueup.store.alert(&first).await.unwrap();
    assert_eq!(
        told.intent.content.occasion.as_deref(),
        Some("Reminder 1: open for 60 minutes; nobody has acknowledged it.")
    );
    // The worker died before it could answer: the same again.
    let (outcome, again, _) = passed(&trueup, id, 1).await;
    assert_eq!((&*outcome, again.escalation_level), ("unchanged", 1));
    assert_eq!(pending(&again), [&*first]);

    // The first one is still on its way: another one to the same channel would say no more.
    let (_, case, _) = passed(&trueup, id, 3).await;
    assert_eq!((case.escalation_level, pending(&case)), (2, vec![&*first]));
    delivered(&trueup, id).await;
    // No worker ran for two days: one reminder makes up for all.
    let (_, case, goes_on) = passed(&trueup, id, 48).await;
    assert!(goes_on, "somebody has to resolve it");
    assert_eq!(case.due_at, "", "that was the last one");
    assert_eq!(case.escalation_level, 13);
    let third = |channel| format!("{id}/{channel}/reminder-3");
    assert_eq!(pending(&case), [third("head"), third("mail")]);
    let expected = [
        AuditEvent::CaseOpened,
        AuditEvent::AlertSent,
        AuditEvent::CaseEscalated,
        AuditEvent::CaseEscalated,
        AuditEvent::AlertSent,
        AuditEvent::CaseEscalated,
    ];
    assert_eq!(events(&trueup, id).await, expected);
}

#[tokio::test]
async fn who_acknowledges_or_resolves_is_not_reminded() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = watched(std::slice::from_ref(&found)).await;
    begun(&trueup, id).await;
    delivered(&trueup, id).await;
    passed(&trueup, id, 1).await;
    delivered(&trueup, id).await;
    let seen = done(&trueup, id, "1", "acknowledge", json!({ "by": "ann" })).await;
    assert_eq!(seen.reply.case.unwrap().due_at, "");
    assert!(seen.stays_open);
    let (outcome, case, _) = passed(&trueup, id, 3).await;
    assert_eq!((&*outcome, pending(&case)), ("unchanged", vec![]));

    done(&trueup, id, "2", "resolve", resolution("accept")).await;
    let input = json!({ "by": "bob", "note": "not so" });
    let reopened = done(&trueup, id, "3", "reopen", input).await;
    let reopened = reopened.reply.case.unwrap();
    assert_eq!(reopened.escalation_level, 0, "it begins anew");
    assert_eq!(reopened.due_at, hours_later(1), "from when it was reopened");
    delivered(&trueup, id).await;
    let (_, case, _) = passed(&trueup, id, 1).await;
    assert_eq!(case.escalation_level, 1);
    assert_eq!(pending(&case), [format!("{id}/mail/reminder-2")]);
}

#[tokio::test]
async fn a_summary_is_reminded_of_as_one_while_anything_in_it_is_open() {
    let found: Vec<Discrepancy> = ["A", "B", "C"]
        .iter()
        .map(|reference| discrepancy(reference, Severity::High))
        .collect();
    let (trueup, _folder) = watched(&found).await;
    let alert = trueup.store.alerts(Default::default()).await.unwrap();
    let summary = alert[0].intent.case_id.strip_prefix("case/").unwrap();
    let begun = begun(&trueup, summary).await;
    assert_eq!(begun.due_at, hours_later(1));
    delivered(&trueup, summary).await;
    let (_, case, goes_on) = passed(&trueup, summary, 1).await;
    assert!(goes_on);
    assert_eq!(pending(&case), [format!("{summary}/mail/reminder-1")]);
    delivered(&trueup, summary).await;
    for found in &found {
        done(
            &trueup,
            found.id.as_str(),
            "1",
            "resolve",
            resolution("accept"),
        )
        .await;
    }
    let (outcome, case, goes_on) = passed(&trueup, summary, 3).await;
    assert_eq!((&*outcome, pending(&case)), ("unchanged", vec![]));
    assert!(!goes_on, "there is nothing left in it");
    assert_eq!(self::case(&trueup, summary).await.attention.level, 1);
    let told = trueup.store.alerts(Default::default()).await.unwrap();
    assert!(told.iter().all(|alert| alert.state == AlertState::Sent));
    assert!(told.iter().all(|alert| alert.intent.run_id == RUN));
    let seen = asked(summary, "1", "acknowledge", json!({ "by": "ann" }));
    let seen = super::super::act(&trueup, seen).await.unwrap();
    assert!(!seen.stays_open);
}

/// The channel `mail` under these rules; `found` are about it.
async fn under(rules: ChannelRules, found: &Discrepancy) -> (Trueup, tempfile::TempDir) {
    let (mut trueup, folder) = installed(std::slice::from_ref(found)).await;
    let channels = Channels::open(&Default::default(), |_| None).unwrap();
    trueup.channels = Arc::new(channels.under([("mail".to_owned(), rules)].into()));
    (trueup, folder)
}

fn desk_after_an_hour() -> ChannelRules {
    ChannelRules {
        fallback: Some(Fallback {
            channel: "desk".to_owned(),
            after: SignedDuration::from_hours(1),
        }),
        quiet_hours: None,
    }
}

#[tokio::test]
async fn an_alert_waits_for_the_end_of_quiet_hours_and_only_then_has_its_time() {
    let found = discrepancy("INV-1", Severity::High);
    // Nine o'clock in Berlin, as Friday is begun.
    let quiet_hours = QuietHours {
        from: jiff::civil::time(8, 0, 0, 0),
        to: jiff::civil::time(12, 0, 0, 0),
        time_zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        days_off: false,
        except_from: Severity::Critical,
    };
    let rules = ChannelRules {
        quiet_hours: Some(quiet_hours),
        ..desk_after_an_hour()
    };
    let (trueup, _folder) = under(rules, &found).await;
    let begun = begun(&trueup, found.id.as_str()).await;
    let [alert] = begun.alerts.as_slice() else {
        panic!("{:?}", begun.alerts)
    };
    assert_eq!(alert.deliver_after, hours_later(3));
    assert_eq!(alert.fall_back_at, hours_later(4));
}

#[tokio::test]
async fn what_a_channel_did_not_take_in_time_is_told_by_another_one() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = under(desk_after_an_hour(), &found).await;
    let begun = begun(&trueup, id).await;
    assert_eq!(begun.alerts[0].fall_back_at, hours_later(1));
    let alert_id = format!("{id}/mail");
    let overdue = || Delivery {
        alert_id: alert_id.clone(),
        at: hours_later(1),
    };
    trueup.store.begin_delivery(&alert_id).await.unwrap();
    for _ in 0..2 {
        let told = fall_back(&trueup, overdue()).await.unwrap();
        assert_eq!((&*told.state, &*told.told_by), ("diverted", "desk"));
    }
    let later = deliver(&trueup, overdue()).await.unwrap();
    assert_eq!(later.state, "diverted", "nothing is sent any more");
    let instead = trueup.store.alert(&format!("{alert_id}/via/desk")).await;
    let instead = instead.unwrap().intent;
    assert_eq!(
        instead.content.occasion.as_deref(),
        Some("Told here because mail has not taken it for 60 minutes.")
    );
    let expected = [AuditEvent::CaseOpened, AuditEvent::AlertDiverted];
    assert_eq!(events(&trueup, id).await, expected);

    // One that was sent after all is not told by anybody else.
    let found = discrepancy("INV-2", Severity::High);
    let (trueup, _folder) = under(desk_after_an_hour(), &found).await;
    let id = found.id.as_str();
    self::begun(&trueup, id).await;
    delivered(&trueup, id).await;
    let overdue = Delivery {
        alert_id: format!("{id}/mail"),
        at: hours_later(1),
    };
    let told = fall_back(&trueup, overdue).await.unwrap();
    assert_eq!((&*told.state, &*told.told_by), ("sent", ""));
}

#[tokio::test]
async fn what_a_channel_refuses_is_told_by_another_one() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = under(desk_after_an_hour(), &found).await;
    let alert_id = format!("{id}/mail");
    let delivery = || Delivery {
        alert_id: alert_id.clone(),
        at: hours_later(0),
    };
    // There is no channel `mail` in this configuration: it refuses for good.
    for _ in 0..2 {
        let told = deliver(&trueup, delivery()).await.unwrap();
        assert_eq!((&*told.state, &*told.told_by), ("dead", "desk"));
    }
    let instead = trueup.store.alert(&format!("{alert_id}/via/desk")).await;
    assert_eq!(instead.unwrap().state, AlertState::Pending);
}

#[tokio::test]
async fn who_opens_a_case_again_has_people_told() {
    let found = discrepancy("INV-1", Severity::High);
    let id = found.id.as_str();
    let (trueup, _folder) = installed(std::slice::from_ref(&found)).await;
    begun(&trueup, id).await;
    delivered(&trueup, id).await;
    for round in [2, 3] {
        let name = |what: &str| format!("{what} {round}");
        done(
            &trueup,
            id,
            &name("resolve"),
            "resolve",
            resolution("accept"),
        )
        .await;
        let input = json!({ "by": "bob", "note": "not so" });
        let again = || asked(id, &name("reopen"), "reopen", input.clone());
        for _ in 0..2 {
            let acted = super::super::act(&trueup, again()).await.unwrap();
            let case = acted.reply.case.unwrap();
            assert_eq!(pending(&case), [format!("{id}/mail/{round}")]);
        }
        let told = trueup.store.alert(&format!("{id}/mail/{round}")).await;
        assert_eq!(
            told.unwrap().intent.content.occasion.as_deref(),
            Some("bob opened it again: not so")
        );
        delivered(&trueup, id).await;
    }
}
