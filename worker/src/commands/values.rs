//! Values of arguments that several commands take.

use activities::store::{AlertState, RunState};
use domain::case::{CaseState, ResolutionKind};
use domain::discrepancy::Kind;
use domain::record::Side;
use domain::severity::Severity;
use nix::unistd::{Uid, User};

use crate::report::run_report::Format;

pub(super) fn date(text: &str) -> Result<jiff::civil::Date, String> {
    proto::convert::business_date(text).map_err(|_| "a date is written YYYY-MM-DD".to_owned())
}

pub(super) fn run_state(text: &str) -> Result<RunState, String> {
    RunState::parse(text)
        .ok_or_else(|| "must be running, in_review, completed, failed or quarantined".to_owned())
}

pub(super) fn alert_state(text: &str) -> Result<AlertState, String> {
    AlertState::parse(text)
        .ok_or_else(|| "must be pending, sending, sent, dead or diverted".to_owned())
}

pub(super) fn report_format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| "must be html, csv, xlsx or json".to_owned())
}

pub(super) fn kind(text: &str) -> Result<Kind, String> {
    let known = || {
        Kind::ALL
            .iter()
            .map(|kind| kind.name())
            .collect::<Vec<_>>()
            .join(", ")
    };
    Kind::parse(text).ok_or_else(|| format!("must be one of {}", known()))
}

pub(super) fn side(text: &str) -> Result<Side, String> {
    Side::parse(text).ok_or_else(|| "must be partner or ledger".to_owned())
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text).ok_or_else(|| "must be low, high or critical".to_owned())
}

pub(super) fn case_state(text: &str) -> Result<CaseState, String> {
    CaseState::parse(text).ok_or_else(|| "must be open, proposed, resolved or cleared".to_owned())
}

pub(super) fn resolution(text: &str) -> Result<ResolutionKind, String> {
    let known = || {
        let names = ResolutionKind::ALL.iter().map(|kind| kind.name());
        names.collect::<Vec<_>>().join(", ")
    };
    ResolutionKind::parse(text).ok_or_else(|| format!("must be one of {}", known()))
}

/// Who sits at this terminal, for the audit trail.
pub(super) fn person() -> String {
    let user = std::env::var("USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .ok();
    let account = || Some(User::from_uid(Uid::current()).ok()??.name);
    user.or_else(account)
        .unwrap_or_else(|| "unknown".to_owned())
}
