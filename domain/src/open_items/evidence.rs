//! What shows that a case is over: in one sentence, for people and the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use crate::discrepancy::{Discrepancy, DiscrepancyId};
use crate::matching::{MatchedPair, own_records};
use crate::policy::SourcePolicy;
use crate::record::Record;

/// A discrepancy that is over, as far as one of its records tells.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Gone {
    /// The discrepancy that the record was in.
    pub discrepancy: DiscrepancyId,
    /// What became of the record.
    pub evidence: String,
}

impl Gone {
    /// What became of a record, if it was in a discrepancy.
    pub(super) fn of(record: &Record, evidence: String) -> Option<Self> {
        let (discrepancy, _) = record.found_in()?;
        let discrepancy = discrepancy.clone();
        Some(Gone {
            discrepancy,
            evidence,
        })
    }
}

/// What matched pairs show about the discrepancies that their records were in.
#[must_use]
pub fn of_matches(policy: &SourcePolicy, run_id: &str, pairs: &[MatchedPair]) -> Vec<Gone> {
    let mut gone = Vec::new();
    for MatchedPair {
        partner,
        ledger,
        rule,
    } in pairs
    {
        let (of_partner, of_ledger) = (partner.found_in(), ledger.found_in());
        if of_partner.is_none() && of_ledger.is_none() {
            continue;
        }
        let rule = policy.rules.get(*rule as usize);
        let rule = rule.map_or("none", |rule| rule.name.as_str());
        if of_partner == of_ledger {
            let evidence = format!(
                "both records agree now: {} and {}, matched by rule \"{rule}\" in {run_id}",
                named(partner),
                named(ledger)
            );
            gone.extend(Gone::of(partner, evidence));
            continue;
        }
        for (record, other) in [(partner, ledger), (ledger, partner)] {
            let evidence = format!(
                "settled by {}, matched by rule \"{rule}\" in {run_id}",
                named(other)
            );
            gone.extend(Gone::of(record, evidence));
        }
    }
    gone
}

/// The discrepancies of `open` that this run no longer finds, each with what shows it: first what
/// matched, then what it is part of now, then what was taken back.
#[must_use]
pub fn cleared(
    run_id: &str,
    open: &BTreeSet<DiscrepancyId>,
    found: &[Discrepancy],
    in_transit: &[Record],
    matched: Vec<Gone>,
    gone: Vec<Gone>,
) -> Vec<Gone> {
    let still: BTreeSet<&DiscrepancyId> = found.iter().map(|found| &found.id).collect();
    let moved = found.iter().flat_map(|found| {
        let sentence = move || format!("now part of {} {}", found.kind, found.id);
        own_records(found).filter_map(move |record| Gone::of(record, sentence()))
    });
    let waiting = in_transit.iter().filter_map(|record| {
        let sentence = "in transit again: its settlement window has not ended";
        Gone::of(record, sentence.to_owned())
    });
    let mut evidence: BTreeMap<DiscrepancyId, String> = BTreeMap::new();
    for mut told in [matched, moved.collect(), gone, waiting.collect()] {
        told.sort();
        for Gone {
            discrepancy,
            evidence: sentence,
        } in told
        {
            evidence.entry(discrepancy).or_insert(sentence);
        }
    }
    let over = open.iter().filter(|id| !still.contains(id));
    over.map(|id| Gone {
        discrepancy: id.clone(),
        evidence: evidence
            .remove(id)
            .unwrap_or_else(|| format!("{run_id} no longer finds it")),
    })
    .collect()
}

/// `P-77 of 990.00 EUR (acme-2026-11-21.csv line 12)`.
fn named(record: &Record) -> String {
    let (money, origin) = (record.money, &record.origin);
    let subject = record
        .display_reference()
        .map_or_else(|| money.to_string(), |text| format!("{text} of {money}"));
    format!("{subject} ({} line {})", origin.file, origin.line)
}
