//! Runs and discrepancies as people list them.

use domain::alert::CurrencyTotal;
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use rusqlite::{Row, ToSql, Transaction, params};

use super::{cases, runs, value};
use crate::store::case_rules::Totals;
use crate::store::{
    CaseState, DiscrepancyFilter, DiscrepancyRow, LISTED_MAX, RunFilter, RunRow, RunState,
    StoreError, case_rules, content, text,
};

/// A discrepancy with its case, once for each run that found it.
const DISCREPANCIES: &str = "
    SELECT d.run_id, d.content, c.*,
           (SELECT json_group_array(alert_id)
            FROM (SELECT alert_id FROM alert_coverage a
                  WHERE a.discrepancy_id = d.discrepancy_id ORDER BY alert_id)) AS alert_ids,
           (SELECT cause_id FROM cause_members m
            WHERE m.discrepancy_id = d.discrepancy_id) AS cause_id";

const FROM: &str = " FROM discrepancies d JOIN cases c USING (discrepancy_id)";

/// As the last attempt at that run found it.
const BY_RUN: &str =
    " AND d.run_id = :run_id AND d.attempt = (SELECT attempt FROM runs WHERE run_id = :run_id)";

/// One of those behind this cause.
const OF_CAUSE: &str = " AND d.discrepancy_id IN
    (SELECT discrepancy_id FROM cause_members WHERE cause_id = :cause)";

/// As the last run that saw it did.
const LAST_SEEN: &str = " WHERE d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt";

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
    let (limit, offset) = (filter.page.limit.min(LISTED_MAX), filter.page.offset);
    let asked = Asked::new(filter);
    let query = format!("{DISCREPANCIES}{FROM}{}{PAGE}", asked.conditions);
    let mut statement = transaction.prepare_cached(&query)?;
    let mut parameters = asked.parameters();
    parameters.extend([(":limit", &limit as &dyn ToSql), (":offset", &offset)]);
    value::all(statement.query(parameters.as_slice())?, discrepancy_row)
}

/// Ids of what fits, in order, at most so many, whatever its page.
pub(in crate::store) fn ids(
    transaction: &Transaction<'_>,
    filter: &DiscrepancyFilter,
    at_most: u64,
) -> Result<Vec<String>, StoreError> {
    let limit = value::integer(at_most)?;
    let asked = Asked::new(filter);
    let conditions = &asked.conditions;
    let query =
        format!("SELECT d.discrepancy_id{FROM}{conditions} ORDER BY d.discrepancy_id LIMIT :limit");
    let mut statement = transaction.prepare_cached(&query)?;
    let mut parameters = asked.parameters();
    parameters.push((":limit", &limit));
    value::all(statement.query(parameters.as_slice())?, |row| {
        value::get(row, "discrepancy_id")
    })
}

/// How many fit, and what is at stake in each currency, whatever the page.
pub(in crate::store) fn totals(
    transaction: &Transaction<'_>,
    filter: &DiscrepancyFilter,
) -> Result<Vec<CurrencyTotal>, StoreError> {
    let asked = Asked::new(filter);
    let query = format!("SELECT d.currency, d.at_stake{FROM}{}", asked.conditions);
    let mut statement = transaction.prepare_cached(&query)?;
    let mut rows = statement.query(asked.parameters().as_slice())?;
    let mut totals = Totals::default();
    // Added up here: SQLite's sums are floating-point numbers.
    while let Some(row) = rows.next()? {
        let amount = |text: &str| Amount::parse_computed(text).ok();
        totals.add(Money {
            amount: value::parse(row, "at_stake", amount)?,
            currency: value::parse(row, "currency", |code| Currency::parse(code).ok())?,
        });
    }
    Ok(totals.finish())
}

/// What is asked for: only those conditions, so that their indexes are used.
struct Asked {
    conditions: String,
    parameters: Vec<(&'static str, Box<dyn ToSql>)>,
}

impl Asked {
    fn new(filter: &DiscrepancyFilter) -> Self {
        let mut asked = Asked {
            conditions: String::from(match filter.run_id {
                Some(_) => " WHERE true",
                None => LAST_SEEN,
            }),
            parameters: Vec::new(),
        };
        let wanted = Option::<String>::clone;
        asked.add(BY_RUN, ":run_id", wanted(&filter.run_id));
        asked.add(" AND c.source = :source", ":source", wanted(&filter.source));
        asked.add(" AND d.kind = :kind", ":kind", filter.kind.map(Kind::name));
        let severity = filter.severity.map(Severity::name);
        asked.add(" AND d.severity = :severity", ":severity", severity);
        let reference = wanted(&filter.reference);
        asked.add(" AND d.reference = :reference", ":reference", reference);
        let cause = wanted(&filter.cause);
        asked.add(OF_CAUSE, ":cause", cause);
        let state = filter.state.map(CaseState::name);
        asked.add(" AND c.state = :state", ":state", state);
        let person = wanted(&filter.assigned_to);
        asked.add(" AND c.assigned_to = :person", ":person", person);
        let currency = filter.currency.map(|currency| currency.code().to_owned());
        asked.add(" AND d.currency = :currency", ":currency", currency);
        let from = filter.amount_from.map(text::digits);
        asked.add(" AND d.at_stake_digits >= :from", ":from", from);
        let to = filter.amount_to.map(text::digits);
        asked.add(" AND d.at_stake_digits <= :to", ":to", to);
        if filter.open {
            asked.conditions += " AND c.state IN ('open', 'proposed')";
        }
        asked
    }

    fn add<T: ToSql + 'static>(&mut self, condition: &str, name: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.conditions += condition;
            self.parameters.push((name, Box::new(value)));
        }
    }

    fn parameters(&self) -> Vec<(&str, &dyn ToSql)> {
        let parameters = self.parameters.iter();
        parameters.map(|(name, value)| (*name, &**value)).collect()
    }
}

/// One discrepancy, as the last run that saw it found it.
pub(in crate::store) fn discrepancy(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<DiscrepancyRow, StoreError> {
    find_discrepancy(transaction, id)?.ok_or_else(|| case_rules::no_discrepancy(id))
}

pub(super) fn find_discrepancy(
    transaction: &Transaction<'_>,
    id: &str,
) -> Result<Option<DiscrepancyRow>, StoreError> {
    let query = format!("{DISCREPANCIES}{FROM} {LAST_SEEN} AND d.discrepancy_id = ?1");
    let mut statement = transaction.prepare_cached(&query)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(discrepancy_row).transpose()
}

fn discrepancy_row(row: &Row<'_>) -> Result<DiscrepancyRow, StoreError> {
    let content: String = value::get(row, "content")?;
    Ok(DiscrepancyRow {
        run_id: value::get(row, "run_id")?,
        source: value::get(row, "source")?,
        discrepancy: content::discrepancy(&content)?,
        case: cases::case(row)?,
        first_seen_run: value::get(row, "first_seen_run")?,
        last_seen_run: value::get(row, "last_seen_run")?,
        alert_ids: value::parse(row, "alert_ids", |text| serde_json::from_str(text).ok())?,
        cause: value::get(row, "cause_id")?,
    })
}
