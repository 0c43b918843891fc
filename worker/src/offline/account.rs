//! What `trueup compare` tells a person: the account of a run, and which files it wrote.

use std::path::Path;

use domain::discrepancy::Discrepancy;
use domain::record::Reject;

use super::summary::Summary;
use crate::account::run_account;

/// The account, several paragraphs of plain text.
pub(crate) fn account<'d>(
    summary: &Summary,
    discrepancies: impl Iterator<Item = &'d Discrepancy> + Clone,
    rejects: &[Reject],
    out: &Path,
    files: &[&str],
) -> String {
    let mut parts = vec![format!("{} for {}", summary.source, summary.business_date)];
    if !summary.out_of_balance.is_empty() {
        parts.push(format!(
            "Nothing was matched, because a file breaks its own arithmetic:\n  {}",
            summary.out_of_balance.join("\n  ")
        ));
    }
    parts.push(run_account(&summary.totals, discrepancies, rejects));
    parts.push(format!(
        "Files: {}/ with {}\n",
        out.display(),
        files.join(", ")
    ));
    parts.join("\n\n")
}
