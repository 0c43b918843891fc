//! Causes as the command line shows them: what many discrepancies may have in common, and how they
//! stand.

use activities::store::{CaseRow, CauseCase};
use anyhow::Context;
use domain::money::{Money, amount_text};
use serde_json::{Value, json};

use crate::output::say;
use crate::table::{self, Column};

/// Digits of a cause's id in a list of discrepancies: as many as an act needs at least, and two.
const DIGITS: usize = 8;

/// The first digits of a cause's id.
pub(super) fn short(id: &str) -> String {
    id.chars().take(DIGITS).collect()
}

/// A table of causes, and how many discrepancies fit what was asked for.
pub(super) fn print(causes: &[CaseRow], discrepancies: u64) {
    let columns = [
        Column::Left("severity"),
        Column::Left("suspected cause"),
        Column::Right("discrepancies"),
        Column::Right("open"),
        Column::Right("at stake"),
        Column::Left("owner"),
        Column::Left("state"),
        Column::Left("id"),
    ];
    table::print(&columns, causes.iter().filter_map(row).collect(), "");
    for row in causes {
        say!("  {}: {}", short(&row.id), row.reference);
    }
    let some = if causes.len() == 1 { "cause" } else { "causes" };
    say!(
        "\n{} {some}, {discrepancies} discrepancies; all behind one: --cause ID\n",
        causes.len()
    );
}

fn row(row: &CaseRow) -> Option<Vec<String>> {
    let CauseCase { kind, behind, .. } = &**row.cause.as_ref()?;
    let owner = row.case.assigned_to.clone();
    Some(vec![
        row.subject.severity.to_string(),
        kind.to_string(),
        behind.count.to_string(),
        behind.open.to_string(),
        sums(&behind.sums),
        owner.unwrap_or("-".to_owned()),
        row.case.state.to_string(),
        row.id.clone(),
    ])
}

fn sums(sums: &[Money]) -> String {
    let sums: Vec<String> = sums.iter().map(ToString::to_string).collect();
    sums.join(", ")
}

/// One cause in full.
pub(in crate::commands) fn print_one(row: &CaseRow) {
    let Some(cause) = &row.cause else { return };
    let (case, behind) = (&row.case, &cause.behind);
    say!(
        "{} {}  {}",
        row.subject.severity.to_string().to_uppercase(),
        cause.kind,
        row.reference
    );
    say!(
        "  source     {}, {}",
        row.subject.source,
        cause.business_date
    );
    say!(
        "  behind it  {} discrepancies, {} open",
        behind.count,
        behind.open
    );
    say!("  at stake   {}", sums(&behind.sums));
    say!("  case       case/{} ({})", row.id, case.state);
    if let Some(owner) = &case.assigned_to {
        say!("  owner      {owner}");
    }
    if let Some(person) = &case.acknowledged_by {
        say!("  seen by    {person}");
    }
    if let Some(decision) = &case.decision {
        say!(
            "  decided    {} by {}: {}",
            decision.resolution.kind(),
            decision.by,
            decision.note
        );
    }
    say!("  first seen {}", row.first_seen_run);
    say!("  last seen  {}", row.last_seen_run);
    say!(
        "\nits discrepancies: trueup discrepancies --cause {}",
        row.id
    );
}

/// A cause as scripts see it.
///
/// # Errors
/// It is the case of something else.
pub(in crate::commands) fn to_json(row: &CaseRow) -> anyhow::Result<Value> {
    let cause = row.cause.as_ref().context("the case of a cause")?;
    let (case, behind) = (&row.case, &cause.behind);
    let decision = case.decision.as_ref();
    let decision = decision.map(|made| proto::case::decision(made, row.subject.currency));
    let sums = behind.sums.iter().map(|sum| {
        let amount = amount_text(sum.amount, sum.currency);
        json!({ "currency": sum.currency.code(), "at_stake": amount })
    });
    Ok(json!({
        "cause_id": row.id,
        "kind": cause.kind.name(),
        "severity": row.subject.severity.name(),
        "explanation": row.reference,
        "source": row.subject.source,
        "business_date": cause.business_date.to_string(),
        "members": behind.count,
        "open": behind.open,
        "sums": sums.collect::<Vec<_>>(),
        "case": case.state.name(),
        "assigned_to": case.assigned_to,
        "acknowledged_by": case.acknowledged_by,
        "decision": decision,
        "case_version": case.version,
        "first_seen_run": row.first_seen_run,
        "last_seen_run": row.last_seen_run,
    }))
}
