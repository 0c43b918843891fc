//! What the store says of a run against its stream: discrepancies and the sign-off.

use domain::audit::{Hash, root_of};
use domain::discrepancy::Discrepancy;

use super::facts::StreamFacts;
use super::{Report, VerifyProblem, Verifying};
use crate::audit::seal;
use crate::store::SignOff;

/// Checks both.
pub(super) async fn check(
    with: &Verifying,
    run_id: &str,
    facts: &StreamFacts,
    report: &mut Report,
) -> Result<(), VerifyProblem> {
    discrepancies(with, run_id, facts, report).await?;
    sign_off(with, run_id, facts, report).await
}

/// The rows that people see are those that were sealed.
async fn discrepancies(
    with: &Verifying,
    run_id: &str,
    facts: &StreamFacts,
    report: &mut Report,
) -> Result<(), VerifyProblem> {
    // Another key is said once, beside the file.
    let compared = facts.compared().filter(|it| with.has_key_of(it));
    let sealed = compared.and_then(|it| it.get("discrepancies_root"));
    let Some(sealed) = sealed.filter(|_| !facts.is_reopened) else {
        return Ok(());
    };
    let found = found(with, run_id).await?;
    let leaves = seal::discrepancy_leaves(&found, with.commitments);
    report.leaves += leaves.len() as u64;
    if root_of(leaves).to_string() != *sealed {
        let problem = "the discrepancies in the store are not those that the run sealed";
        report.wrong(run_id, problem);
    }
    Ok(())
}

/// What a run found, as it is in the store.
pub(in crate::audit) async fn found(
    with: &Verifying,
    run_id: &str,
) -> Result<Vec<Discrepancy>, VerifyProblem> {
    let rows = with.store.discrepancies_of(run_id).await?;
    Ok(rows.into_iter().map(|row| row.discrepancy).collect())
}

async fn sign_off(
    with: &Verifying,
    run_id: &str,
    facts: &StreamFacts,
    report: &mut Report,
) -> Result<(), VerifyProblem> {
    let on_record = with.store.signed_off(run_id).await?;
    match (on_record, &facts.signed_off) {
        (None, None) => {}
        (Some(_), None) => {
            let problem = "the store has a sign-off that the stream does not know of";
            report.wrong(run_id, problem);
        }
        (None, Some((at, _))) => {
            let problem = "the sign-off is not in the store any more";
            report.wrong_at(run_id, Some(*at), problem);
        }
        (Some(signed), Some((at, entry))) => {
            let is_who = signed.by == entry.actor && signed.at == entry.at;
            if !is_who || !is_what(&signed, &entry.fields) {
                let problem = "the sign-off in the store is not the one that was made";
                report.wrong_at(run_id, Some(*at), problem);
            }
        }
    }
    Ok(())
}

fn is_what(signed: &SignOff, fields: &[(String, String)]) -> bool {
    let same = |(name, value): &(String, String)| {
        let own = signed.content.get(name).and_then(serde_json::Value::as_str);
        own == Some(value)
    };
    let sealed = fields.iter().find(|(name, _)| name == "totals_sha256");
    let totals = signed.content.get("totals").cloned().unwrap_or_default();
    // As it was hashed: fields in the order of the contract.
    let totals: Result<proto::wire::RunTotals, _> = serde_json::from_value(totals);
    let bytes = totals.and_then(|totals| serde_json::to_vec(&totals));
    let hash = bytes.map(|bytes| Hash::of(&bytes).to_string());
    fields.iter().all(same) && hash.ok().as_ref() == sealed.map(|(_, sha256)| sha256)
}
