//! `[causes]` of a source's file: limits that can't be meant.

use super::document::Document;
use super::policy::Findings;
use super::source_file::SourceFile;
use super::tree::Place;

/// Fewest discrepancies with something in common.
const MEMBERS_MIN: u64 = 2;

/// What is wrong with it is added to `findings`.
pub(crate) fn check(file: &SourceFile, document: &Document, findings: &mut Findings) {
    let place = Place::root().key("causes");
    if file.causes.members_min < MEMBERS_MIN {
        let message = "one discrepancy has nothing in common with others";
        let problem = document.problem(&place.key("members_min"), message);
        let help = format!("at least {MEMBERS_MIN}; 20 when not given");
        findings.problems.push(problem.with_help(help));
    }
    if !(1..=100).contains(&file.causes.share_percent) {
        let message = format!("{} is no share in per cent", file.causes.share_percent);
        let problem = document.problem(&place.key("share_percent"), message);
        let help = "from 1 to 100; 50 when not given";
        findings.problems.push(problem.with_help(help));
    }
}
