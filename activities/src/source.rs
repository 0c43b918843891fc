//! A source as its file configures it: what is read, how it is compared, who is told.

use domain::alert::AlertPolicy;
use domain::business_day::BusinessDay;
use domain::case::Approval;
use domain::cause::CausePolicy;
use domain::escalation::{Clock, Escalation};
use domain::open_items::Records;
use domain::policy::SourcePolicy;
use domain::record::Side;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::formats::Format;
use crate::inputs::Transport;
use crate::punctuality::Punctuality;

/// One source.
#[derive(Debug)]
pub struct Source {
    /// What people call it.
    pub title: String,
    /// SHA-256 of the file that configures it, hexadecimal: the version of its rules.
    pub version: String,
    /// The text of that file.
    pub text: String,
    /// When its business day ends.
    pub business_day: BusinessDay,
    /// Rules, tolerances, windows, severities.
    pub policy: SourcePolicy,
    /// The partner's report.
    pub partner: SideInput,
    /// Our own records.
    pub ledger: SideInput,
    /// From where on a second person has to agree to a resolution.
    pub approval: Approval,
    /// Who is told about what.
    pub alerts: AlertPolicy,
    /// From where on many discrepancies are one cause.
    pub causes: CausePolicy,
    /// When people are reminded of a case, and when others are told.
    pub escalation: Escalation,
    /// How long people have to review a run before what is left is carried forward; none when runs
    /// are not reviewed.
    pub review_window: Option<SignedDuration>,
    /// By when things have to happen.
    pub punctuality: Punctuality,
    /// What becomes of a partner's report that was reconciled for another business date.
    pub repeated_report: RepeatedReport,
    /// Calendar days for which it is remembered which records are used up.
    pub remember_days: u32,
}

/// What becomes of a partner's report that was reconciled for another business date, byte for byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedReport {
    /// The run fails and says which run read it: somebody sent the wrong file.
    #[default]
    Refuse,
    /// It is reconciled: this partner's reports may well be equal.
    Accept,
}

/// Where one side's data comes from and how it is read.
#[derive(Debug)]
pub struct SideInput {
    /// How it gets here.
    pub transport: Transport,
    /// What it looks like.
    pub format: Format,
    /// How its inputs relate to each other.
    pub records: Records,
}

impl Source {
    /// What business days are counted by.
    #[must_use]
    pub fn clock(&self) -> Clock<'_> {
        Clock {
            day: &self.business_day,
            calendar: &self.policy.calendar,
        }
    }

    /// The input of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &SideInput {
        match side {
            Side::Partner => &self.partner,
            Side::Ledger => &self.ledger,
        }
    }
}
