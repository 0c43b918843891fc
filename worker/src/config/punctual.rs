//! By when things have to happen, from a source's file; and what can't be meant there.

use std::time::Duration;

use activities::punctuality::Punctuality;
use jiff::SignedDuration;

use super::document::Document;
use super::policy::Findings;
use super::source_file::SourceFile;
use super::tree::Place;

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
    }
}
