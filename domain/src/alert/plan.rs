//! Which findings become alerts, and when many become one.
//!
//! Looks at each candidate once and keeps no more than a summary's worth of them, so that a run
//! with a million findings plans in the same memory as one with ten.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::facts::{self, SummaryBuilder};
use super::{Again, AlertBody, AlertContent, AlertIntent, AlertRun, CauseFacts, DiscrepancyFacts};
use crate::cause::Cause;
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

/// What is known of the candidates beside themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Background {
    /// Causes behind them: one alert stands for all members of a cause.
    pub causes: Vec<Cause>,
    /// Those that people were told of before, and why they are told again.
    pub again: BTreeMap<DiscrepancyId, Again>,
}

/// The alerts of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertPlan {
    /// To be written together with the discrepancies they are about. Sorted by id.
    pub intents: Vec<AlertIntent>,
    channels: Vec<PlannedChannel>,
    /// Which cause a discrepancy has, and how urgent that is.
    caused: BTreeMap<DiscrepancyId, (String, Severity)>,
    /// The how many-eth time people are told.
    numbers: BTreeMap<DiscrepancyId, u32>,
    /// The same of causes.
    cause_numbers: BTreeMap<String, u32>,
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
        if let Some((cause, severity)) = self.caused.get(&candidate.id) {
            let told = self
                .channels
                .iter()
                .filter(|c| *severity >= c.severity_from);
            let number = self.cause_numbers.get(cause).copied().unwrap_or(1);
            return told
                .map(|channel| numbered(alert_id(cause, &channel.name), number))
                .collect();
        }
        let told = |channel: &&PlannedChannel| candidate.severity >= channel.severity_from;
        let id = |channel: &PlannedChannel| match &channel.summary_id {
            Some(summary) => alert_id(summary, &channel.name),
            None => {
                let number = self.numbers.get(&candidate.id).copied().unwrap_or(1);
                numbered(alert_id(candidate.id.as_str(), &channel.name), number)
            }
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

/// Plans the alerts about `candidates`: the findings of one run that nobody was told of before, or
/// that `background` says to tell again.
///
/// Each channel gets one alert per cause and one per candidate without a cause that is routed to
/// it, or one summary when the latter are more than `summary_above`. A summary is named after the
/// run and what it covers: a retry with the same findings makes the same summary, a repeated run
/// that finds more makes a new one.
pub fn plan<I>(
    candidates: I,
    background: &Background,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> AlertPlan
where
    I: IntoIterator<Item: Borrow<Discrepancy>>,
{
    let caused = caused(&background.causes);
    let mut of_causes: BTreeMap<&str, BehindCause> = BTreeMap::new();
    let mut collected: Vec<(PlannedChannel, Collected)> = channels(policy)
        .into_iter()
        .map(|channel| (channel, Collected::default()))
        .collect();
    for candidate in candidates {
        let candidate = candidate.borrow();
        if let Some((cause, _)) = caused.get(&candidate.id) {
            let again = background.again.get(&candidate.id);
            of_causes.entry(cause).or_default().add(candidate, again);
            continue;
        }
        for (channel, found) in &mut collected {
            if candidate.severity >= channel.severity_from {
                found.add(candidate, policy.summary_above);
            }
        }
    }
    let mut intents = Vec::new();
    let mut cause_numbers = BTreeMap::new();
    for cause in &background.causes {
        if let Some(members) = of_causes.remove(cause.id.as_str()) {
            let again = members.again();
            if let Some(again) = &again {
                cause_numbers.insert(cause.id.clone(), again.number);
            }
            let told = of_cause(cause, members.summary, policy, run).into_iter();
            intents.extend(told.map(|mut intent| {
                if let Some(again) = &again {
                    tell_again(&mut intent, again);
                }
                intent
            }));
        }
    }
    let mut channels = Vec::new();
    for (mut channel, found) in collected {
        if found.is_too_many(policy.summary_above) {
            let id = found.summary_id(run);
            intents.push(found.into_summary(&id, &channel.name, policy, run));
            channel.summary_id = Some(id);
        } else {
            intents.extend(found.singles.into_iter().map(|(id, (severity, told))| {
                let again = background.again.get(&id);
                let mut intent = told.intent(severity, &channel.name, policy, run);
                if let Some(again) = again {
                    tell_again(&mut intent, again);
                }
                intent
            }));
        }
        channels.push(channel);
    }
    intents.sort_by(|a, b| a.id.cmp(&b.id));
    let again = background.again.iter();
    AlertPlan {
        intents,
        channels,
        caused,
        numbers: again.map(|(id, again)| (*id, again.number)).collect(),
        cause_numbers,
    }
}

fn caused(causes: &[Cause]) -> BTreeMap<DiscrepancyId, (String, Severity)> {
    let of = |cause: &Cause| {
        let named = (cause.id.clone(), cause.severity);
        let members: Vec<_> = cause.members.iter().cloned().collect();
        members.into_iter().map(move |id| (id, named.clone()))
    };
    causes.iter().flat_map(of).collect()
}

fn of_cause(
    cause: &Cause,
    members: SummaryBuilder,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> Vec<AlertIntent> {
    let (_, members) = members.finish();
    let body = AlertBody::Cause(CauseFacts {
        kind: cause.kind,
        explanation: cause.explanation.clone(),
        members,
    });
    let told = |channel: String| {
        let headline = cause.explanation.clone();
        intent(
            &cause.id,
            cause.severity,
            &channel,
            headline,
            body.clone(),
            policy,
            run,
        )
    };
    channels_of(cause.severity, policy)
        .into_iter()
        .map(told)
        .collect()
}

/// One alert about one discrepancy to one channel.
pub(super) fn single(
    of: &Discrepancy,
    channel: &str,
    policy: &AlertPolicy,
    run: &AlertRun,
) -> AlertIntent {
    Single::of(of).intent(of.severity, channel, policy, run)
}

/// What is told of one discrepancy.
struct Single {
    headline: String,
    facts: DiscrepancyFacts,
}

impl Single {
    fn of(of: &Discrepancy) -> Self {
        let facts = facts::discrepancy(of);
        Single {
            headline: facts::headline(of, &facts),
            facts,
        }
    }

    fn intent(
        self,
        severity: Severity,
        channel: &str,
        policy: &AlertPolicy,
        run: &AlertRun,
    ) -> AlertIntent {
        let Single { headline, facts } = self;
        let id = facts.id;
        let body = AlertBody::Discrepancy(Box::new(facts));
        intent(id.as_str(), severity, channel, headline, body, policy, run)
    }
}

/// Makes an alert the n-th about the same.
pub(super) fn tell_again(intent: &mut AlertIntent, again: &Again) {
    intent.id = numbered(std::mem::take(&mut intent.id), again.number);
    intent.content.occasion = Some(again.occasion.clone());
}

fn numbered(id: String, number: u32) -> String {
    match number {
        0 | 1 => id,
        _ => format!("{id}/{number}"),
    }
}

/// The channels that something of this severity is routed to.
pub(super) fn channels_of(severity: Severity, policy: &AlertPolicy) -> BTreeSet<String> {
    let routes = policy.routes.iter();
    let routed = routes.filter(|route| severity >= route.severity_from);
    routed.map(|route| route.channel.clone()).collect()
}

/// The candidates behind one cause.
#[derive(Default)]
struct BehindCause {
    summary: SummaryBuilder,
    /// How many of them people were told of before.
    told_before: u64,
    /// The one of those that was told most often.
    again: Option<Again>,
}

impl BehindCause {
    fn add(&mut self, candidate: &Discrepancy, again: Option<&Again>) {
        self.summary.add(candidate);
        let Some(again) = again else { return };
        self.told_before += 1;
        let most = self.again.as_ref().map_or(0, |most| most.number);
        if again.number > most {
            self.again = Some(again.clone());
        }
    }

    /// Why people are told of the cause again; none when all behind it is new.
    fn again(&self) -> Option<Again> {
        let again = self.again.as_ref()?;
        let which = match self.told_before {
            1 => "One of its discrepancies is told again".to_owned(),
            count => format!("{count} of its discrepancies are told again"),
        };
        Some(Again {
            number: again.number,
            occasion: format!("{which}. {}", again.occasion),
        })
    }
}

/// What one channel would have to tell.
#[derive(Default)]
struct Collected {
    /// One by one, as long as they are few enough.
    singles: BTreeMap<DiscrepancyId, (Severity, Single)>,
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
            let told = (candidate.severity, Single::of(candidate));
            self.singles.insert(candidate.id, told);
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

pub(super) fn intent(
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
            occasion: None,
            link: policy.link_base.as_deref().map(|base| link(base, &case_id)),
            case_id,
            body,
        },
    }
}

pub(super) fn alert_id(subject_id: &str, channel: &str) -> String {
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
