//! By when things have to happen, from a source's file; and what can't be meant there.

use std::time::Duration;

use activities::punctuality::{Digest, DigestTime, Punctuality, RunDeadline};
use domain::schedule::DAYS_BACK_MAX;
use jiff::SignedDuration;

use super::document::Document;
use super::policy::Findings;
use super::source_file::SourceFile;
use super::tree::Place;
use super::values::{DayAndTime, Parsed};

/// Longest wait for a report: what is looked for every few minutes fits into one history.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(48);

/// What `file` says. What is wrong with it is added to `findings`.
pub(crate) fn build(
    file: &SourceFile,
    document: &Document,
    findings: &mut Findings,
) -> Punctuality {
    if file.ledger.wait_for_report.is_some() {
        let place = Place::root().key("ledger").key("wait_for_report");
        let problem = document.problem(&place, "only the partner's report is waited for");
        findings
            .problems
            .push(problem.with_help("move `wait_for_report` to `[partner]`, or drop it"));
    }
    let wait = file.partner.wait_for_report.as_ref().map(|wait| wait.0);
    if wait.is_some_and(|wait| wait > WAIT_MAX) {
        let place = Place::root().key("partner").key("wait_for_report");
        let problem = document.problem(&place, "a report that may be so late can't be waited for");
        findings.problems.push(problem.with_help(
            "at most 2 days; after that people are told, and it is looked for 3 days more",
        ));
    }
    Punctuality {
        wait_for_report: wait.and_then(|wait| Duration::try_from(wait).ok()),
        run_deadline: deadline(file, document, findings),
        digest: digest(file, document, findings),
    }
}

fn deadline(
    file: &SourceFile,
    document: &Document,
    findings: &mut Findings,
) -> Option<RunDeadline> {
    let place = Place::root().key("run_deadline_days_back");
    let days_back = file.run_deadline_days_back.unwrap_or(0);
    if file.run_deadline_days_back.is_some() && file.run_deadline.is_none() {
        let message = "`run_deadline_days_back` without a `run_deadline`";
        let problem = document.problem(&place, message);
        findings
            .problems
            .push(problem.with_help("add `run_deadline`, as `run_deadline = \"10:00\"`"));
    }
    if days_back > DAYS_BACK_MAX {
        let message = format!("a deadline {days_back} days later can't be meant");
        let problem = document.problem(&place, message);
        findings
            .problems
            .push(problem.with_help(format!("at most {DAYS_BACK_MAX} days")));
    }
    let time = file.run_deadline.as_ref()?.0;
    Some(RunDeadline { time, days_back })
}

fn digest(file: &SourceFile, document: &Document, findings: &mut Findings) -> Option<Digest> {
    let table = file.digest.as_ref()?;
    let time = match (&table.daily, &table.weekly) {
        (Some(daily), None) => DigestTime::Daily(daily.0),
        (None, Some(Parsed(DayAndTime(day, time)))) => DigestTime::Weekly(*day, *time),
        (daily, _) => {
            let message = match daily {
                Some(_) => "a digest is `daily` or `weekly`, not both",
                None => "a digest needs its time",
            };
            let problem = document.problem(&Place::root().key("digest"), message);
            findings
                .problems
                .push(problem.with_help("write `daily = \"08:00\"` or `weekly = \"mon 08:00\"`"));
            return None;
        }
    };
    Some(Digest {
        channel: table.channel.clone(),
        time,
    })
}
