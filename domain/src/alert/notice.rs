//! Alerts that no finding of a run makes: reminders, reopened cases, incidents and digests.

use std::borrow::Borrow;

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::facts::{self, SummaryBuilder};
use super::plan::{self, AlertPolicy};
use super::{Again, AlertBody, AlertIntent, AlertRun, DigestFacts, IncidentFacts, IncidentKind};
use crate::discrepancy::Discrepancy;
use crate::severity::Severity;

/// Ages that a digest counts by, in business days: up to these, and older.
const AGES: [u32; 7] = [1, 3, 7, 14, 30, 60, 90];

/// Reminds these channels of a discrepancy: `number` counts the reminders of its case from 1.
#[must_use]
pub fn reminder(
    of: &Discrepancy,
    number: u32,
    occasion: &str,
    channels: &[String],
    policy: &AlertPolicy,
    run: &AlertRun,
) -> Vec<AlertIntent> {
    let told = |channel: &String| plan::single(of, channel, policy, run);
    let told = channels.iter().map(told);
    told.map(|intent| reminding(intent, number, occasion))
        .collect()
}

/// As [`reminder`], of what an alert told: a summary, a cause, an incident.
#[must_use]
pub fn reminder_of_alert(
    of: &AlertIntent,
    number: u32,
    occasion: &str,
    channels: &[String],
) -> Vec<AlertIntent> {
    let subject = of.case_id.strip_prefix("case/").unwrap_or(&of.case_id);
    let told = |channel: &String| AlertIntent {
        id: plan::alert_id(subject, channel),
        channel: channel.clone(),
        ..of.clone()
    };
    let told = channels.iter().map(told);
    told.map(|intent| reminding(intent, number, occasion))
        .collect()
}

/// Tells `channel` what another one did not take; `why` in one sentence. An alert has one id on
/// each channel that it is diverted to.
#[must_use]
pub fn diverted(of: &AlertIntent, channel: &str, why: &str) -> AlertIntent {
    let mut intent = of.clone();
    intent.id = format!("{}/via/{channel}", of.id);
    channel.clone_into(&mut intent.channel);
    let before = of.content.occasion.iter().map(String::as_str);
    let occasion: Vec<&str> = before.chain([why]).collect();
    intent.content.occasion = Some(occasion.join(" "));
    intent
}

fn reminding(mut intent: AlertIntent, number: u32, occasion: &str) -> AlertIntent {
    intent.id = format!("{}/reminder-{number}", intent.id);
    intent.content.occasion = Some(occasion.to_owned());
    intent
}

/// Tells everybody whom its severity is routed to that a case was opened again.
#[must_use]
pub fn reopened(
    of: &Discrepancy,
    again: &Again,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> Vec<AlertIntent> {
    let routed = plan::channels_of(of.severity, policy);
    let told = |channel: String| {
        let mut intent = plan::single(of, &channel, policy, run);
        plan::tell_again(&mut intent, again);
        intent
    };
    routed.into_iter().map(told).collect()
}

/// Tells everybody whom something critical is routed to that something did not happen. The same
/// incident of the same source, day and run has the same id, whatever its words.
#[must_use]
pub fn incident(
    kind: IncidentKind,
    problem: String,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> Vec<AlertIntent> {
    let mut hash = Sha256::new();
    for text in ["trueup.incident.v1", kind.name(), &run.source, &run.run_id] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let id = hex::encode(&hash.finalize()[..16]);
    let severity = Severity::Critical;
    let headline = incident_headline(kind, run.business_date);
    let told = |channel: String| {
        let body = AlertBody::Incident(IncidentFacts {
            kind,
            problem: facts::one_line(&problem, super::TEXT_CHARACTERS_MAX),
        });
        plan::intent(&id, severity, &channel, headline.clone(), body, policy, run)
    };
    plan::channels_of(severity, policy)
        .into_iter()
        .map(told)
        .collect()
}

fn incident_headline(kind: IncidentKind, date: Date) -> String {
    match kind {
        IncidentKind::ReportMissing => format!("the report of {date} did not arrive"),
        IncidentKind::RunMissing => format!("{date} was not reconciled"),
        IncidentKind::RunFailed => format!("the run of {date} failed"),
    }
}

/// What is open and was not worth an alert of its own, for one channel. `open` gives each with its
/// age in business days and whether it is new since the last digest. None when nothing is open.
#[must_use]
pub fn digest<D: Borrow<Discrepancy>>(
    open: impl IntoIterator<Item = (D, i64, bool)>,
    channel: &str,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> Option<AlertIntent> {
    let mut summary = SummaryBuilder::default();
    let mut ages = vec![0u64; AGES.len() + 1];
    let mut new = 0;
    for (discrepancy, age, is_new) in open {
        summary.add(discrepancy.borrow());
        new += u64::from(is_new);
        let bucket = AGES.iter().position(|limit| age <= i64::from(*limit));
        ages[bucket.unwrap_or(AGES.len())] += 1;
    }
    if summary.count() == 0 {
        return None;
    }
    let (severity, open) = summary.finish();
    let from = |index: usize| index.checked_sub(1).map_or(0, |before| AGES[before] + 1);
    let ages = ages.into_iter().enumerate();
    let ages = ages.filter(|(_, count)| *count > 0);
    let ages = ages.map(|(index, count)| (from(index), AGES.get(index).copied(), count));
    let body = DigestFacts {
        ages: ages.collect(),
        new,
        open,
    };
    let headline = facts::digest_headline(&body);
    let id = format!("digest/{}/{}", run.source, run.business_date);
    let body = AlertBody::Digest(body);
    Some(plan::intent(
        &id, severity, channel, headline, body, policy, run,
    ))
}
