//! What shows that a case is over: in one sentence, for people and the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use crate::discrepancy::{Discrepancy, DiscrepancyId};
use crate::matching::{Matched, Superseded, own_records};
use crate::policy::SourcePolicy;
use crate::record::Record;

/// Most records that a sentence names.
const RECORDS_LISTED_MAX: usize = 5;

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
        let discrepancy = *discrepancy;
        Some(Gone {
            discrepancy,
            evidence,
        })
    }
}

/// What matches show about the discrepancies that their records were in.
#[must_use]
pub fn of_matches(policy: &SourcePolicy, run_id: &str, matches: &[Matched]) -> Vec<Gone> {
    let mut gone = Vec::new();
    for matched in matches {
        let mut found_in: Vec<_> = matched.records().map(Record::found_in).collect();
        found_in.dedup();
        let rule = policy.rule(matched.rule);
        let rule = rule.map_or("none", |rule| rule.name.as_str());
        match found_in[..] {
            [None] => {}
            [Some(_)] => {
                let records: Vec<String> = matched.records().map(named).collect();
                let all = match matched.more.is_empty() {
                    true => "both records agree",
                    false => "its records agree",
                };
                let evidence = format!(
                    "{all} now: {}, matched by rule \"{rule}\" in {run_id}",
                    listed(&records)
                );
                gone.extend(Gone::of(&matched.partner, evidence));
            }
            _ => gone.extend(matched.records().filter_map(|record| {
                // Not what was in the discrepancy all the time.
                let is_new = |it: &&Record| it.found_in() != record.found_in();
                let others = matched.records().filter(is_new);
                let (across, beside): (Vec<&Record>, Vec<&Record>) =
                    others.partition(|it| it.side != record.side);
                let others = if across.is_empty() { beside } else { across };
                let others: Vec<String> = others.into_iter().map(named).collect();
                let evidence = format!(
                    "settled by {}, matched by rule \"{rule}\" in {run_id}",
                    listed(&others)
                );
                Gone::of(record, evidence)
            })),
        }
    }
    gone
}

/// What superseded records show about the discrepancies that they were in.
#[must_use]
pub fn of_superseded(superseded: &[Superseded]) -> Vec<Gone> {
    let evidence = |it: &Superseded| match it.record.is_announced() {
        true => format!("it was only announced: {}", it.by),
        false => it.by.clone(),
    };
    let gone = superseded.iter();
    gone.filter_map(|it| Gone::of(&it.record, evidence(it)))
        .collect()
}

/// The discrepancies of `open`, or settled to no effect, that this run no longer finds, each with what shows it: first what
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
        discrepancy: *id,
        evidence: evidence
            .remove(id)
            .unwrap_or_else(|| format!("{run_id} no longer finds it")),
    })
    .collect()
}

/// All but the last with commas; of many the first few.
fn listed(records: &[String]) -> String {
    let shown = &records[..records.len().min(RECORDS_LISTED_MAX)];
    if shown.len() < records.len() {
        return format!(
            "{} and {} more",
            shown.join(", "),
            records.len() - shown.len()
        );
    }
    match shown {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        _ => shown.join(", "),
    }
}

/// `P-77 of 990.00 EUR (acme-2026-11-21.csv line 12)`.
fn named(record: &Record) -> String {
    let money = record.money;
    let subject = record
        .display_reference()
        .map_or_else(|| money.to_string(), |text| format!("{text} of {money}"));
    format!("{subject} ({})", record.origin.place())
}
