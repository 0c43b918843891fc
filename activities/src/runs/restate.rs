//! What a later generation changed of one that was signed off: a late or amended report does not
//! rewrite what somebody put their name to, it restates it.

use std::collections::BTreeMap;

use domain::audit::{AuditCursor, AuditEntry, AuditEvent};
use domain::discrepancy::Discrepancy;
use domain::money::amount_text;
use proto::wire::{ConservationLine, RunTotals};
use serde::Serialize;
use workflows::failure;
use workflows::ports::Run;

use crate::Trueup;
use crate::failures::Failure;
use crate::staging::Folder;
use crate::store::{Restatement, SignOff};

/// The whole of it, as it is in the object store.
#[derive(Serialize)]
struct Changes {
    run_id: String,
    of_run: String,
    signed_off_by: String,
    matched: BeforeAfter<u64>,
    conservation: Vec<BeforeAfter<Option<ConservationLine>>>,
    new: Vec<Named>,
    gone: Vec<Named>,
    changed: Vec<BeforeAfter<Named>>,
}

#[derive(Serialize)]
struct BeforeAfter<T> {
    before: T,
    after: T,
}

/// One discrepancy, as far as a restatement tells of it.
#[derive(Clone, PartialEq, Eq, Serialize)]
struct Named {
    discrepancy_id: String,
    kind: String,
    severity: String,
    reference: String,
    currency: String,
    at_stake: String,
}

/// What the run changes of the last generation that was signed off, the audit entry that says so,
/// and where the trail goes on. Nothing when none was.
pub(super) async fn restate(
    trueup: &Trueup,
    run: &Run,
    totals: &RunTotals,
    cursor: AuditCursor,
) -> Result<(Option<Restatement>, Option<AuditEntry>, AuditCursor), Failure> {
    let Some(signed) = trueup.store.signed_off_before(&run.run_id).await? else {
        return Ok((None, None, cursor));
    };
    let changes = changes(trueup, run, totals, &signed).await?;
    let counts = [
        ("changed", changes.changed.len()),
        ("gone", changes.gone.len()),
        ("new", changes.new.len()),
    ];
    let bytes = serde_json::to_vec(&changes)
        .map_err(|error| Failure::last(failure::STORE_CONFLICT, error))?;
    let folder = Folder::Compared {
        run_id: &run.run_id,
    };
    let stored = trueup.staging.put(folder, bytes).await?;
    let mut fields: Vec<(&'static str, String)> = counts
        .iter()
        .map(|(name, count)| (*name, count.to_string()))
        .collect();
    fields.extend([
        ("matched_before", changes.matched.before.to_string()),
        ("matched_after", changes.matched.after.to_string()),
        ("of_run", signed.run_id.clone()),
        ("changes_sha256", stored.sha256.clone()),
    ]);
    let mut content: serde_json::Map<_, _> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    content.insert("key".to_owned(), stored.key.into());
    content.insert("bytes".to_owned(), stored.bytes.into());
    content.insert("sha256".to_owned(), stored.sha256.into());
    let (entry, cursor) = cursor.entry(AuditEvent::RunRestated, fields);
    let restatement = Restatement {
        run_id: run.run_id.clone(),
        of_run: signed.run_id,
        content: content.into(),
    };
    Ok((Some(restatement), Some(entry), cursor))
}

async fn changes(
    trueup: &Trueup,
    run: &Run,
    after: &RunTotals,
    signed: &SignOff,
) -> Result<Changes, Failure> {
    let before: RunTotals = serde_json::from_value(signed.content["totals"].clone())
        .map_err(|error| Failure::last(failure::STORE_CONFLICT, error))?;
    let was = discrepancies(trueup, &signed.run_id).await?;
    let is = discrepancies(trueup, &run.run_id).await?;
    let only = |these: &BTreeMap<String, Named>, those: &BTreeMap<String, Named>| {
        let alone = these.iter().filter(|(id, _)| !those.contains_key(*id));
        alone.map(|(_, named)| named.clone()).collect()
    };
    let changed = was.iter().filter_map(|(id, before)| {
        let after = is.get(id).filter(|after| *after != before)?;
        Some(BeforeAfter {
            before: before.clone(),
            after: after.clone(),
        })
    });
    Ok(Changes {
        run_id: run.run_id.clone(),
        of_run: signed.run_id.clone(),
        signed_off_by: signed.by.clone(),
        matched: BeforeAfter {
            before: before.matched,
            after: after.matched,
        },
        conservation: conservation(&before, after),
        new: only(&is, &was),
        gone: only(&was, &is),
        changed: changed.collect(),
    })
}

/// Lines of each side and currency that either generation has and that are not the same.
fn conservation(
    before: &RunTotals,
    after: &RunTotals,
) -> Vec<BeforeAfter<Option<ConservationLine>>> {
    let mut lines: BTreeMap<(String, String), BeforeAfter<Option<ConservationLine>>> =
        BTreeMap::new();
    let none = || BeforeAfter {
        before: None,
        after: None,
    };
    let key = |line: &ConservationLine| (line.side.clone(), line.currency.clone());
    for line in &before.conservation {
        lines.entry(key(line)).or_insert_with(none).before = Some(line.clone());
    }
    for line in &after.conservation {
        lines.entry(key(line)).or_insert_with(none).after = Some(line.clone());
    }
    let differ = |line: &BeforeAfter<Option<ConservationLine>>| line.before != line.after;
    lines.into_values().filter(differ).collect()
}

/// All discrepancies of a run, by id.
async fn discrepancies(trueup: &Trueup, run_id: &str) -> Result<BTreeMap<String, Named>, Failure> {
    let rows = trueup.store.discrepancies_of(run_id).await?;
    let named = rows.iter().map(|row| {
        let found = &row.discrepancy;
        (found.id.to_string(), named(found))
    });
    Ok(named.collect())
}

fn named(discrepancy: &Discrepancy) -> Named {
    Named {
        discrepancy_id: discrepancy.id.to_string(),
        kind: discrepancy.kind.name().to_owned(),
        severity: discrepancy.severity.name().to_owned(),
        reference: discrepancy.reference.to_string(),
        currency: discrepancy.currency.code().to_owned(),
        at_stake: amount_text(discrepancy.at_stake, discrepancy.currency),
    }
}
