//! What people are told, and how often: one alert per channel for the life of a discrepancy.
//!
//! Plans alerts and names them; the same findings give the same plan in any order. Sends nothing,
//! renders nothing and remembers nothing: who was told already comes in, intents go out.

mod again;
mod facts;
mod notice;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::cause::CauseKind;
use crate::discrepancy::{DiscrepancyId, Kind};
use crate::money::{Amount, Currency, Money};
use crate::named_enum;
use crate::record::Status;
use crate::severity::Severity;

pub use again::{Again, Told, back, change, opened_again};
pub use notice::{digest, diverted, incident, reminder, reminder_of_alert, reopened};
pub use plan::{AlertPlan, AlertPolicy, Background, Route, is_alerted, plan};

/// Most discrepancies that a summary names one by one; the rest are counted.
pub const SUMMARY_LINES_MAX: usize = 10;
/// Most characters of any text in an alert; the rest is cut. Amounts and ids never are.
pub const TEXT_CHARACTERS_MAX: usize = 400;

/// The run that found the discrepancies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertRun {
    /// Its workflow id.
    pub run_id: String,
    /// The source it reconciles.
    pub source: String,
    /// The day it reconciles.
    pub business_date: Date,
}

/// One message that must reach one channel, whatever happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertIntent {
    /// `<subject id>/<channel>`, and `/<n>` for the n-th time people are told of the same: the same
    /// alert has the same id. The subject is a discrepancy, a summary, a cause or an incident.
    pub id: String,
    /// Workflow id of the case that sends it: `case/<discrepancy id>` or `case/<summary id>`.
    pub case_id: String,
    /// The run that found it first.
    pub run_id: String,
    /// The source it is about.
    pub source: String,
    /// How urgent; for a summary the highest it covers.
    pub severity: Severity,
    /// Name of the channel.
    pub channel: String,
    /// What it says.
    pub content: AlertContent,
}

/// What an alert says, for a channel to render.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertContent {
    /// The source it is about.
    pub source: String,
    /// Workflow id of the run.
    pub run_id: String,
    /// The day that was reconciled.
    pub business_date: Date,
    /// How urgent; for a summary the highest it covers.
    pub severity: Severity,
    /// One line that says what happened and how much it is about.
    pub headline: String,
    /// Why people are told again, in one sentence; none the first time.
    pub occasion: Option<String>,
    /// Workflow id of the case.
    pub case_id: String,
    /// Where a person can act on it, when the installation has an address for that.
    pub link: Option<String>,
    /// The details.
    pub body: AlertBody,
}

/// The details of an alert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlertBody {
    /// One discrepancy.
    Discrepancy(Box<DiscrepancyFacts>),
    /// Many of one run.
    Summary(SummaryFacts),
    /// Many of one run, with one cause.
    Cause(CauseFacts),
    /// Something that should have happened did not.
    Incident(IncidentFacts),
    /// What is open and was not worth an alert of its own.
    Digest(DigestFacts),
}

/// One cause behind many discrepancies as an alert tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CauseFacts {
    /// What it is.
    pub kind: CauseKind,
    /// What is the matter, in one sentence.
    pub explanation: String,
    /// The discrepancies behind it.
    pub members: SummaryFacts,
}

named_enum! {
    /// What should have happened.
    IncidentKind {
        /// The partner's report did not arrive in time.
        ReportMissing = "report_missing",
        /// No run was made for a day that has one.
        RunMissing = "run_missing",
        /// A run ended without a result.
        RunFailed = "run_failed",
    }
}

/// An incident as an alert tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentFacts {
    /// What it is.
    pub kind: IncidentKind,
    /// What happened, where, and what to do, for people.
    pub problem: String,
}

/// What is open of a source, for those who look once a day or a week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DigestFacts {
    /// What is open and below every alert route.
    pub open: SummaryFacts,
    /// How many of them are new since the last digest.
    pub new: u64,
    /// How many by age in business days: `(from, to, count)`; no `to` for the oldest.
    pub ages: Vec<(u32, Option<u32>, u64)>,
}

/// One discrepancy as an alert tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscrepancyFacts {
    /// Its id.
    pub id: DiscrepancyId,
    /// What is different.
    pub kind: Kind,
    /// What people call it.
    pub reference: String,
    /// What could be lost, without sign.
    pub at_stake: Money,
    /// Partner minus ledger, where both exist in one currency.
    pub difference: Option<Money>,
    /// What the partner reports.
    pub partner: Option<SideFacts>,
    /// What we have.
    pub ledger: Option<SideFacts>,
    /// The rule that decided.
    pub rule: String,
    /// Why, in one sentence.
    pub reason: String,
    /// What came closest and what kept it from matching.
    pub nearest: Option<String>,
}

/// One side's record as an alert tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SideFacts {
    /// The amount compared; of several records their sum.
    pub money: Money,
    /// The day on which it counts; of several records the first one's, like what follows.
    pub value_date: Date,
    /// Where the payment stands, when the side says so.
    pub status: Option<Status>,
    /// File or query it stands in.
    pub file: String,
    /// Line or row there, from 1.
    pub line: u32,
    /// The other party, when the record names one.
    pub counterparty: Option<String>,
}

/// Many discrepancies of one run as an alert tells them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryFacts {
    /// How many it covers.
    pub count: u64,
    /// How many of each kind and severity.
    pub counts: BTreeMap<(Kind, Severity), u64>,
    /// What is at stake, per currency.
    pub totals: Vec<CurrencyTotal>,
    /// The most urgent and largest, at most [`SUMMARY_LINES_MAX`]: of each severity first the
    /// largest of every currency, then the second largest, and so on.
    pub largest: Vec<SummaryLine>,
}

/// What is at stake in one currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CurrencyTotal {
    /// The currency.
    pub currency: Currency,
    /// How many discrepancies are in it.
    pub count: u64,
    /// Sum of what is at stake; `None` when it is too large to be exact.
    pub at_stake: Option<Amount>,
}

/// One discrepancy named in a summary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryLine {
    /// Its id.
    pub id: DiscrepancyId,
    /// What is different.
    pub kind: Kind,
    /// How urgent.
    pub severity: Severity,
    /// What people call it.
    pub reference: String,
    /// What could be lost, without sign.
    pub at_stake: Money,
}
