//! Runs and discrepancies as people list them.

use domain::discrepancy::{Discrepancy, Kind};
use domain::severity::Severity;
use proto::wire::StagedDiscrepancy;
use rusqlite::{Row, ToSql, Transaction, params};

use super::{runs, value};
use crate::store::{
    CaseState, DiscrepancyFilter, DiscrepancyRow, LISTED_MAX, RunFilter, RunRow, RunState,
    StoreError,
};

/// A discrepancy with its case, once for each run that found it.
const DISCREPANCIES: &str = "
    SELECT d.run_id, d.content, c.source, c.state, c.first_seen_run, c.last_seen_run,
           (SELECT json_group_array(alert_id)
            FROM (SELECT alert_id FROM alert_coverage a
                  WHERE a.discrepancy_id = d.discrepancy_id ORDER BY alert_id)) AS alert_ids
    FROM discrepancies d JOIN cases c USING (discrepancy_id)";

/// As the last attempt at that run found it.
const BY_RUN: &str =
    "d.run_id = :run_id AND d.attempt = (SELECT attempt FROM runs WHERE run_id = :run_id)";

/// As the last run that saw it did.
const LAST_SEEN: &str = "d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt";

const PAGE: &str = "
    ORDER BY CASE d.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 ELSE 2 END,
             d.discrepancy_id
    LIMIT :limit OFFSET :offset";

pub(in crate::store) fn runs(
    transaction: &Transaction<'_>,
    filter: &RunFilter,
) -> Result<Vec<RunRow>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM runs
         WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR business_date = ?2)
           AND (?3 IS NULL OR state = ?3)
         ORDER BY opened_at DESC, run_id LIMIT ?4 OFFSET ?5",
    )?;
    value::all(
        statement.query(params![
            filter.source,
            filter.business_date.map(|date| date.to_string()),
            filter.state.map(RunState::name),
            filter.page.limit.min(LISTED_MAX),
            filter.page.offset,
        ])?,
        runs::from_row,
    )
}

pub(in crate::store) fn discrepancies(
    transaction: &Transaction<'_>,
    filter: &DiscrepancyFilter,
) -> Result<Vec<DiscrepancyRow>, StoreError> {
    let (kind, severity) = (
        filter.kind.map(Kind::name),
        filter.severity.map(Severity::name),
    );
    let state = filter.state.map(CaseState::name);
    let limit = filter.page.limit.min(LISTED_MAX);
    // Only conditions that are asked for, so that their indexes are used.
    let conditions: [(&str, &str, Option<&dyn ToSql>); 6] = [
        (BY_RUN, ":run_id", asked(&filter.run_id)),
        ("c.source = :source", ":source", asked(&filter.source)),
        ("d.kind = :kind", ":kind", asked(&kind)),
        ("d.severity = :severity", ":severity", asked(&severity)),
        (
            "d.reference = :reference",
            ":reference",
            asked(&filter.reference),
        ),
        ("c.state = :state", ":state", asked(&state)),
    ];
    let mut query = format!("{DISCREPANCIES} WHERE ");
    query += if filter.run_id.is_some() {
        "true"
    } else {
        LAST_SEEN
    };
    let mut parameters: Vec<(&str, &dyn ToSql)> =
        vec![(":limit", &limit), (":offset", &filter.page.offset)];
    for (condition, name, value) in conditions {
        if let Some(value) = value {
            query += " AND ";
            query += condition;
            parameters.push((name, value));
        }
    }
    query += PAGE;
    let mut statement = transaction.prepare_cached(&query)?;
    value::all(statement.query(parameters.as_slice())?, discrepancy_row)
}

fn asked<T: ToSql>(value: &Option<T>) -> Option<&dyn ToSql> {
    value.as_ref().map(|value| value as &dyn ToSql)
}

/// One discrepancy, as the last run that saw it found it.
pub(in crate::store) fn discrepancy(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<DiscrepancyRow, StoreError> {
    find_discrepancy(transaction, id)?.ok_or_else(|| no_discrepancy(id))
}

pub(super) fn find_discrepancy(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<Option<DiscrepancyRow>, StoreError> {
    let query = format!("{DISCREPANCIES} WHERE d.discrepancy_id = ?1 AND {LAST_SEEN}");
    let mut statement = transaction.prepare_cached(&query)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(discrepancy_row).transpose()
}

pub(super) fn no_discrepancy(id: &str) -> StoreError {
    StoreError::NotFound(format!(
        "no discrepancy is called {id}; `trueup discrepancies` lists them"
    ))
}

fn discrepancy_row(row: &Row<'_>) -> Result<DiscrepancyRow, StoreError> {
    let content: String = value::get(row, "content")?;
    let wire: StagedDiscrepancy = value::from_json("content", &content)?;
    let discrepancy = Discrepancy::try_from(wire);
    Ok(DiscrepancyRow {
        run_id: value::get(row, "run_id")?,
        source: value::get(row, "source")?,
        discrepancy: discrepancy.map_err(|error| StoreError::corrupt("a discrepancy", error))?,
        state: value::parse(row, "state", CaseState::parse)?,
        first_seen_run: value::get(row, "first_seen_run")?,
        last_seen_run: value::get(row, "last_seen_run")?,
        alert_ids: value::parse(row, "alert_ids", |text| serde_json::from_str(text).ok())?,
    })
}
