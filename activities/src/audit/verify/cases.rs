//! How cases stand in the store, against what their streams say of their last change.

use std::collections::BTreeSet;

use domain::case::CaseState;
use domain::money::Currency;

use super::facts::StreamFacts;
use super::{Report, VerifyProblem, Verifying};
use crate::store::{DiscrepancyFilter, StoreError};

/// Checks one case.
pub(super) async fn check(
    with: &Verifying,
    id: &str,
    facts: &StreamFacts,
    report: &mut Report,
) -> Result<(), VerifyProblem> {
    let case = match with.store.case(id).await {
        Ok(case) => case,
        // Alerts of a digest have a stream, and no case.
        Err(StoreError::NotFound(_)) if facts.last_after.is_none() => return Ok(()),
        Err(StoreError::NotFound(_)) => {
            report.wrong(&facts.stream, "the case is not in the store any more");
            return Ok(());
        }
        Err(StoreError::Corrupt(why)) => {
            report.wrong(&facts.stream, why);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let stated = facts.currency.as_deref().map(Currency::parse);
    let currency = stated.and_then(Result::ok).unwrap_or(case.subject.currency);
    match &facts.last_after {
        None if case.case.version > 0 => {
            let problem = "the case was changed in the store, and no entry says so";
            report.wrong(&facts.stream, problem);
        }
        Some((at, after)) if *after != case.case.text(currency) => {
            let problem = "the case in the store is not as its last entry left it";
            report.wrong_at(&facts.stream, Some(*at), problem);
        }
        _ => {}
    }
    Ok(())
}

/// Whether a stream tells of the case by now.
async fn is_told(with: &Verifying, id: &str) -> Result<bool, VerifyProblem> {
    match with.store.audit_head(&format!("case/{id}")).await {
        Ok(head) => Ok(head.length > 0),
        Err(error) => Err(error.into()),
    }
}

/// Finds cases that are not as they began, and that no stream tells of.
pub(super) async fn check_untold(
    with: &Verifying,
    told: &BTreeSet<&str>,
    report: &mut Report,
) -> Result<(), VerifyProblem> {
    for state in CaseState::ALL.iter().filter(|it| **it != CaseState::Open) {
        let filter = DiscrepancyFilter {
            state: Some(*state),
            ..DiscrepancyFilter::default()
        };
        for id in with.store.discrepancy_ids(filter, i64::MAX as u64).await? {
            let is_broken = || {
                report
                    .broken
                    .iter()
                    .any(|it| it.subject == format!("case/{id}"))
            };
            if !told.contains(&*id) && !is_broken() && !is_told(with, &id).await? {
                let problem = format!("the case is {state} in the store, and no entry says so");
                report.wrong(format!("case/{id}"), problem);
            }
        }
    }
    Ok(())
}
