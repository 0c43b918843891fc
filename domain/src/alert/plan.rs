//! Which findings become alerts, and when many become one.
//!
//! Looks at each candidate once and keeps no more than a summary's worth of them, so that a run
//! with a million findings plans in the same memory as one with ten.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::facts::{self, SummaryBuilder};
use super::{AlertBody, AlertContent, AlertIntent, AlertRun, DiscrepancyFacts};
use crate::discrepancy::{Discrepancy, DiscrepancyId};
use crate::severity::Severity;

/// Which discrepancies go where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// From this severity up.
    pub severity_from: Severity,
    /// Name of a configured channel.
    pub channel: String,
}

/// How a source's discrepancies are alerted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertPolicy {
    /// A discrepancy goes to every channel that one of these names for its severity.
    pub routes: Vec<Route>,
    /// A channel that would get more alerts than this from one run gets one summary instead.
    pub summary_above: usize,
    /// Address to which the case's workflow id is appended, percent-encoded, to make the link of an
    /// alert: `https://temporal.example/namespaces/default/workflows`.
    pub link_base: Option<String>,
}

/// The alerts of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertPlan {
    /// To be written together with the discrepancies they are about. Sorted by id.
    pub intents: Vec<AlertIntent>,
    channels: Vec<PlannedChannel>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct PlannedChannel {
    severity_from: Severity,
    name: String,
    /// Set when this channel gets one summary.
    summary_id: Option<String>,
}

impl AlertPlan {
    /// The alerts that tell about this candidate, by id. Empty when no route takes its severity.
    #[must_use]
    pub fn alert_ids(&self, candidate: &Discrepancy) -> Vec<String> {
        let told = |channel: &&PlannedChannel| candidate.severity >= channel.severity_from;
        let id = |channel: &PlannedChannel| {
            let subject = channel.summary_id.as_deref();
            alert_id(subject.unwrap_or(candidate.id.as_str()), &channel.name)
        };
        self.channels.iter().filter(told).map(id).collect()
    }
}

/// Whether any route takes discrepancies of this severity.
#[must_use]
pub fn is_alerted(severity: Severity, policy: &AlertPolicy) -> bool {
    let mut routes = policy.routes.iter();
    routes.any(|route| severity >= route.severity_from)
}

/// Plans the alerts about `candidates`: the findings of one run that nobody was told of before.
///
/// Each channel gets one alert per candidate that is routed to it, or one summary when those are
/// more than `summary_above`. A summary is named after the run and what it covers: a retry with the
/// same findings makes the same summary, a repeated run that finds more makes a new one.
pub fn plan<I>(candidates: I, policy: &AlertPolicy, run: &AlertRun) -> AlertPlan
where
    I: IntoIterator<Item: Borrow<Discrepancy>>,
{
    let mut collected: Vec<(PlannedChannel, Collected)> = channels(policy)
        .into_iter()
        .map(|channel| (channel, Collected::default()))
        .collect();
    for candidate in candidates {
        let candidate = candidate.borrow();
        for (channel, found) in &mut collected {
            if candidate.severity >= channel.severity_from {
                found.add(candidate, policy.summary_above);
            }
        }
    }
    let mut intents = Vec::new();
    let mut channels = Vec::new();
    for (mut channel, found) in collected {
        if found.is_too_many(policy.summary_above) {
            let id = found.summary_id(run);
            intents.push(found.into_summary(&id, &channel.name, policy, run));
            channel.summary_id = Some(id);
        } else {
            intents.extend(found.singles.into_iter().map(|(id, (severity, facts))| {
                let headline = facts::headline(&facts);
                let body = AlertBody::Discrepancy(Box::new(facts));
                intent(
                    id.as_str(),
                    severity,
                    &channel.name,
                    headline,
                    body,
                    policy,
                    run,
                )
            }));
        }
        channels.push(channel);
    }
    intents.sort_by(|a, b| a.id.cmp(&b.id));
    AlertPlan { intents, channels }
}

/// What one channel would have to tell.
#[derive(Default)]
struct Collected {
    /// One by one, as long as they are few enough.
    singles: BTreeMap<DiscrepancyId, (Severity, DiscrepancyFacts)>,
    summary: SummaryBuilder,
    /// Sum of the ids as 128-bit numbers: the same for the same set in any order.
    ids_sum: u128,
}

impl Collected {
    fn add(&mut self, candidate: &Discrepancy, summary_above: usize) {
        self.summary.add(candidate);
        let id = u128::from_str_radix(candidate.id.as_str(), 16);
        let id = id.expect("a discrepancy id is 32 hexadecimal digits");
        self.ids_sum = self.ids_sum.wrapping_add(id);
        if self.is_too_many(summary_above) {
            self.singles.clear();
        } else {
            let told = (candidate.severity, facts::discrepancy(candidate));
            self.singles.insert(candidate.id.clone(), told);
        }
    }

    fn is_too_many(&self, summary_above: usize) -> bool {
        self.summary.count() > summary_above as u64
    }

    fn summary_id(&self, run: &AlertRun) -> String {
        let mut hash = Sha256::new();
        for text in ["trueup.summary.v1", &run.source, &run.run_id] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(self.summary.count().to_be_bytes());
        hash.update(self.ids_sum.to_be_bytes());
        hex::encode(&hash.finalize()[..16])
    }

    fn into_summary(
        self,
        id: &str,
        channel: &str,
        policy: &AlertPolicy,
        run: &AlertRun,
    ) -> AlertIntent {
        let (severity, facts) = self.summary.finish();
        let headline = facts::summary_headline(&facts);
        intent(
            id,
            severity,
            channel,
            headline,
            AlertBody::Summary(facts),
            policy,
            run,
        )
    }
}

/// The channels of the policy's routes, each once with its lowest severity, by name.
fn channels(policy: &AlertPolicy) -> Vec<PlannedChannel> {
    let mut severities: BTreeMap<&str, Severity> = BTreeMap::new();
    for Route {
        severity_from,
        channel,
    } in &policy.routes
    {
        let lowest = severities.entry(channel).or_insert(*severity_from);
        *lowest = (*lowest).min(*severity_from);
    }
    let planned = |(name, severity_from): (&str, Severity)| PlannedChannel {
        severity_from,
        name: name.to_owned(),
        summary_id: None,
    };
    severities.into_iter().map(planned).collect()
}

fn intent(
    subject_id: &str,
    severity: Severity,
    channel: &str,
    headline: String,
    body: AlertBody,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> AlertIntent {
    let case_id = format!("case/{subject_id}");
    AlertIntent {
        id: alert_id(subject_id, channel),
        case_id: case_id.clone(),
        run_id: run.run_id.clone(),
        source: run.source.clone(),
        severity,
        channel: channel.to_owned(),
        content: AlertContent {
            source: run.source.clone(),
            run_id: run.run_id.clone(),
            business_date: run.business_date,
            severity,
            headline,
            link: policy.link_base.as_deref().map(|base| link(base, &case_id)),
            case_id,
            body,
        },
    }
}

fn alert_id(subject_id: &str, channel: &str) -> String {
    format!("{subject_id}/{channel}")
}

/// `base` and the workflow id, percent-encoded as one path segment.
fn link(base: &str, workflow_id: &str) -> String {
    let mut link = base.trim_end_matches('/').to_owned();
    link.push('/');
    for byte in workflow_id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                link.push(char::from(byte));
            }
            _ => link.push_str(&format!("%{byte:02X}")),
        }
    }
    link
}
