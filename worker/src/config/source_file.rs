//! The shape of `sources/<name>.toml`: what a source's file may say, with the defaults.
//!
//! Only the shape. What the values mean together is decided in [`super::policy`].

use std::collections::BTreeMap;

use activities::formats::Format;
use activities::inputs::Transport;
use activities::source::RepeatedReport;
use domain::calendar::DayUnit;
use domain::case::ResolutionKind;
use domain::cause::CausePolicy;
use domain::discrepancy::Kind;
use domain::escalation::Wait;
use domain::money::{Amount, Currency};
use domain::open_items::Records;
use domain::severity::Severity;
use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::rules::RuleTable;
use super::values::{DayAndTime, Parsed};

/// `sources/<name>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    /// What people call the source.
    pub(crate) title: String,
    /// Where the partner's report comes from and how it is read.
    pub(crate) partner: SideFile,
    /// Where our own records come from and how they are read.
    pub(crate) ledger: SideFile,
    /// Zone of the cut-off and of times of day without one.
    #[serde(default = "utc")]
    pub(crate) time_zone: Parsed<TimeZone>,
    /// From this time of day on it is the next day already; without one from midnight on. Decides which day a
    /// moment is of, moves no value date.
    pub(crate) cut_off: Option<Parsed<Time>>,
    /// How long people have to review a run; without one it is completed at once.
    pub(crate) review_window: Option<Parsed<SignedDuration>>,
    /// What becomes of a report that was reconciled for another business date.
    #[serde(default)]
    pub(crate) repeated_report: RepeatedReport,
    /// Calendar days for which it is remembered which records are used up.
    #[serde(default = "three_months")]
    pub(crate) remember_days: u32,
    /// In order: a record matched by one rule is not offered to the next.
    pub(crate) rules: Vec<RuleTable>,
    /// Accepted differences of amounts, by currency. None for a currency that is not listed.
    #[serde(default)]
    pub(crate) tolerances: BTreeMap<Parsed<Currency>, ToleranceTable>,
    /// How far apart the two value dates may be.
    #[serde(default)]
    pub(crate) dates: DatesTable,
    /// Business days during which a ledger record may be missing at the partner.
    #[serde(default)]
    pub(crate) settlement_window_days: u32,
    /// The days on which the partner settles.
    #[serde(default)]
    pub(crate) calendar: CalendarTable,
    /// The fee that was agreed with the partner; checked when given.
    pub(crate) agreed_fee: Option<AgreedFeeTable>,
    /// From which amount something is material, by currency.
    #[serde(default)]
    pub(crate) materiality: BTreeMap<Parsed<Currency>, Parsed<Amount>>,
    /// In order: the first that fits decides; else the default of the kind.
    #[serde(default)]
    pub(crate) severity: Vec<SeverityTable>,
    /// From where on a second person has to agree to a resolution.
    #[serde(default)]
    pub(crate) approval: Vec<ApprovalTable>,
    /// Who is told about what.
    #[serde(default)]
    pub(crate) alerts: Vec<RouteTable>,
    /// When people are reminded, and when others are told.
    #[serde(default)]
    pub(crate) escalation: Vec<EscalationTable>,
    /// The time of day at which the run of the day has to be there.
    pub(crate) run_deadline: Option<Parsed<Time>>,
    /// Business days from the day of the deadline back to the one that has to be reconciled.
    pub(crate) run_deadline_days_back: Option<u32>,
    /// Who hears regularly of what is open.
    pub(crate) digest: Option<DigestTable>,
    /// From where on many discrepancies are one cause.
    #[serde(default)]
    pub(crate) causes: CausesTable,
}

/// `[digest]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DigestTable {
    /// Name of a channel in `trueup.toml`.
    pub(crate) channel: String,
    /// The time of day, on business days.
    pub(crate) daily: Option<Parsed<Time>>,
    /// The day of the week and the time of day.
    pub(crate) weekly: Option<Parsed<DayAndTime>>,
}

/// `[partner]` and `[ledger]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SideFile {
    /// Where the input comes from.
    pub(crate) transport: Transport,
    /// How it is read.
    pub(crate) format: Format,
    /// How its inputs relate to each other.
    pub(crate) records: Option<Parsed<Records>>,
    /// How long a scheduled run waits for the partner's report.
    pub(crate) wait_for_report: Option<Parsed<SignedDuration>>,
}

/// `[tolerances.<currency>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToleranceTable {
    /// Up to here two amounts are the same.
    #[serde(default = "nothing")]
    pub(crate) accepted: Parsed<Amount>,
    /// The same as per cent of the ledger's amount.
    #[serde(default = "nothing")]
    pub(crate) accepted_percent: Parsed<Amount>,
    /// Up to here a difference is rounding.
    #[serde(default = "nothing")]
    pub(crate) rounding: Parsed<Amount>,
}

/// `[dates]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DatesTable {
    /// Partner earlier than ledger by up to this many days.
    pub(crate) early_days: u32,
    /// Partner later than ledger by up to this many days.
    pub(crate) late_days: u32,
    /// What a day is.
    pub(crate) unit: Parsed<DayUnit>,
}

impl Default for DatesTable {
    fn default() -> Self {
        DatesTable {
            early_days: 0,
            late_days: 0,
            unit: Parsed(DayUnit::Calendar),
        }
    }
}

/// `[calendar]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CalendarTable {
    /// Days of the week without settlement.
    pub(crate) days_off: Vec<Parsed<Weekday>>,
    /// Single days without settlement.
    pub(crate) holidays: Vec<Parsed<Date>>,
}

impl Default for CalendarTable {
    fn default() -> Self {
        CalendarTable {
            days_off: vec![Parsed(Weekday::Saturday), Parsed(Weekday::Sunday)],
            holidays: Vec::new(),
        }
    }
}

/// `[agreed_fee]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreedFeeTable {
    /// Per cent of the gross amount.
    #[serde(default = "nothing")]
    pub(crate) percent: Parsed<Amount>,
    /// Fixed part per record, by currency.
    #[serde(default)]
    pub(crate) fixed: BTreeMap<Parsed<Currency>, Parsed<Amount>>,
    /// Difference up to which a fee is the agreed one.
    #[serde(default = "nothing")]
    pub(crate) tolerance: Parsed<Amount>,
}

/// `[[severity]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeverityTable {
    /// Only these kinds; any when not given.
    #[serde(default)]
    pub(crate) kinds: Vec<Parsed<Kind>>,
    /// Only this currency.
    pub(crate) currency: Option<Parsed<Currency>>,
    /// Only from this amount at stake up.
    pub(crate) amount_from: Option<Parsed<Amount>>,
    /// Only from this age in calendar days up.
    pub(crate) age_days_from: Option<u32>,
    /// What it then is.
    pub(crate) severity: Parsed<Severity>,
}

/// `[[approval]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalTable {
    /// Only for these kinds; any when not given.
    #[serde(default)]
    pub(crate) kinds: Vec<Parsed<Kind>>,
    /// Only these resolutions; any when not given.
    #[serde(default)]
    pub(crate) resolutions: Vec<Parsed<ResolutionKind>>,
    /// Only this currency.
    pub(crate) currency: Option<Parsed<Currency>>,
    /// Only from this amount at stake up; takes a currency.
    pub(crate) amount_from: Option<Parsed<Amount>>,
}

/// `[causes]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CausesTable {
    /// At least so many discrepancies.
    pub(crate) members_min: u64,
    /// At least so many per cent of what could be affected.
    pub(crate) share_percent: u64,
}

impl Default for CausesTable {
    fn default() -> Self {
        let CausePolicy {
            members_min,
            share_percent,
        } = CausePolicy::default();
        CausesTable {
            members_min,
            share_percent,
        }
    }
}

/// `[[alerts]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteTable {
    /// From this severity up.
    pub(crate) severity_from: Parsed<Severity>,
    /// Names of channels in `trueup.toml`.
    pub(crate) channels: Vec<String>,
}

/// `[[escalation]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscalationTable {
    /// From this severity up.
    pub(crate) severity_from: Parsed<Severity>,
    /// How long after the case was opened.
    pub(crate) after: Parsed<Wait>,
    /// After that again and again until the next step.
    pub(crate) repeat: Option<Parsed<Wait>>,
    /// Names of channels in `trueup.toml`.
    pub(crate) channels: Vec<String>,
}

fn three_months() -> u32 {
    90
}

fn utc() -> Parsed<TimeZone> {
    Parsed(TimeZone::UTC)
}

fn nothing() -> Parsed<Amount> {
    Parsed(Amount::ZERO)
}
