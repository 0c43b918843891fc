//! Who is told again of what people were told before: of what has changed materially, or is back.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert::{self, Again};
use domain::case::{Subject, opens_again};
use domain::discrepancy::{Discrepancy, DiscrepancyId};
use domain::policy::SourcePolicy;

use crate::Trueup;
use crate::failures::Failure;
use crate::positions::worth_a_note;
use crate::store::{CaseRow, ToldBefore};

/// Which of some discrepancies people were told of before.
#[derive(Default)]
pub(super) struct TellingAgain {
    /// They know it: nobody is told again.
    pub(super) known: BTreeSet<String>,
    /// Why they are told again.
    pub(super) again: BTreeMap<DiscrepancyId, Again>,
}

/// Holds `found` by a run against what people were told before. `open_before` is what the run began
/// with. A repeated attempt finds the same again.
pub(super) async fn telling_again(
    trueup: &Trueup,
    policy: &SourcePolicy,
    run_id: &str,
    found: &[&Discrepancy],
    open_before: &BTreeSet<String>,
) -> Result<TellingAgain, Failure> {
    let ids = found.iter().map(|found| found.id.to_string()).collect();
    let told = trueup.store.told_before(ids, run_id).await?;
    let ids: Vec<String> = told.keys().cloned().collect();
    let heard = worth_a_note(trueup, ids, run_id, open_before).await?;
    let cases = trueup.store.cases_dealt_with(heard).await?;
    let cases: BTreeMap<&str, &CaseRow> = cases.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut telling = TellingAgain::default();
    for found in found {
        let id = found.id.as_str();
        let Some(before) = told.get(id) else { continue };
        // Only a case that hears of this run can be opened by it.
        match again(policy, run_id, found, before, cases.get(id).copied()) {
            Some(again) => {
                telling.again.insert(found.id, again);
            }
            None => {
                telling.known.insert(id.to_owned());
            }
        }
    }
    Ok(telling)
}

fn again(
    policy: &SourcePolicy,
    run_id: &str,
    found: &Discrepancy,
    before: &ToldBefore,
    case: Option<&CaseRow>,
) -> Option<Again> {
    let times = before.last.times;
    if let Some(occasion) = &before.again {
        return Some(Again {
            number: times.saturating_add(1),
            occasion: occasion.clone(),
        });
    }
    let opened = case.filter(|row| {
        let subject = Subject {
            has_both_sides: found.partner.is_some() && found.ledger.is_some(),
            ..row.subject.clone()
        };
        opens_again(&row.case, &subject, run_id)
    });
    match opened {
        Some(row) => Some(alert::back(policy, &before.last, &row.case, found)),
        None => alert::change(policy, &before.last, found),
    }
}
