//! Causes, their discrepancies and their cases.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert::AlertIntent;
use domain::case::{self, Act, Applied, Behind, Case, CaseState, Subject};
use domain::cause::{Cause, CauseKind};
use domain::discrepancy::{DiscrepancyId, Kind};
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, ToSql, Transaction, params};

use super::{acts, attention, cases, value};
use crate::store::{
    ActOutcome, Acted, Acting, CaseRow, CauseCase, CauseFilter, Denied, Reopening, RunRow,
    StoreError,
};

/// A cause with its case.
const CAUSES: &str = "
    SELECT c.*, k.kind, k.severity, k.explanation, k.business_date, k.acting,
           k.first_seen_run AS found_first_by, k.last_seen_run AS found_last_by
    FROM causes k JOIN cases c ON c.discrepancy_id = k.cause_id";

/// Puts a cause and its case on record. What it is stays; what is said of it is the latest.
pub(super) fn record(
    transaction: &Transaction<'_>,
    run: &RunRow,
    cause: &Cause,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO cases (discrepancy_id, source, state, first_seen_run, last_seen_run,
                            last_seen_attempt)
         VALUES (?1, ?2, 'open', ?3, ?3, 0)
         ON CONFLICT (discrepancy_id) DO UPDATE SET last_seen_run = excluded.last_seen_run",
    )?;
    statement.execute(params![cause.id, run.source, run.run_id])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO causes (cause_id, run_id, source, business_date, kind, severity, explanation,
                             first_seen_run, last_seen_run)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?2, ?2)
         ON CONFLICT (cause_id) DO UPDATE
         SET run_id = excluded.run_id, severity = excluded.severity,
             explanation = excluded.explanation, last_seen_run = excluded.last_seen_run",
    )?;
    statement.execute(params![
        cause.id,
        run.run_id,
        run.source,
        run.business_date.to_string(),
        cause.kind.name(),
        cause.severity.name(),
        cause.explanation,
    ])?;
    Ok(())
}

/// Says what a discrepancy's cause is, unless that is known.
pub(super) fn record_member(
    transaction: &Transaction<'_>,
    cause: &str,
    discrepancy: &DiscrepancyId,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO cause_members (cause_id, discrepancy_id) VALUES (?1, ?2)
         ON CONFLICT (discrepancy_id) DO NOTHING",
    )?;
    statement.execute(params![cause, discrepancy.as_str()])?;
    Ok(())
}

/// The cause that a discrepancy has was seen by this run, too.
pub(super) fn seen(
    transaction: &Transaction<'_>,
    run: &RunRow,
    discrepancy: &DiscrepancyId,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE causes SET last_seen_run = ?1
         WHERE cause_id = (SELECT cause_id FROM cause_members WHERE discrepancy_id = ?2)
           AND last_seen_run <> ?1",
    )?;
    statement.execute(params![run.run_id, discrepancy.as_str()])?;
    Ok(())
}

pub(in crate::store) fn list(
    transaction: &Transaction<'_>,
    filter: &CauseFilter,
) -> Result<Vec<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(&format!(
        "{CAUSES}
         WHERE (?1 IS NULL OR k.source = ?1) AND (NOT ?2 OR c.state IN ('open', 'proposed'))
           AND (?3 IS NULL OR EXISTS (
                 SELECT 1 FROM cause_members m JOIN discrepancies d USING (discrepancy_id)
                 WHERE m.cause_id = k.cause_id AND d.run_id = ?3))
         ORDER BY k.business_date DESC, k.cause_id"
    ))?;
    let rows = statement.query(params![filter.source, filter.open, filter.run_id])?;
    value::all(rows, |row| from_row(transaction, row))
}

/// The case of a cause.
pub(super) fn find(transaction: &Transaction<'_>, id: &str) -> Result<Option<CaseRow>, StoreError> {
    let mut statement = transaction.prepare_cached(&format!("{CAUSES} WHERE k.cause_id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?
        .map(|row| from_row(transaction, row))
        .transpose()
}

fn from_row(transaction: &Transaction<'_>, row: &Row<'_>) -> Result<CaseRow, StoreError> {
    let id: String = value::get(row, "discrepancy_id")?;
    let kind = value::parse(row, "kind", CauseKind::parse)?;
    let Standing {
        behind,
        has_both_sides,
    } = standing(transaction, &id)?;
    let main = behind.sums.first().copied();
    let none = || Currency::parse("XXX").map_err(|error| StoreError::corrupt("XXX", error));
    let (currency, at_stake) = match main {
        Some(sum) => (sum.currency, sum.amount),
        None => (none()?, Amount::ZERO),
    };
    Ok(CaseRow {
        is_summary: true,
        reference: value::get(row, "explanation")?,
        subject: Subject {
            source: value::get(row, "source")?,
            kind: kind_of_members(kind),
            severity: value::parse(row, "severity", Severity::parse)?,
            currency,
            at_stake,
            has_both_sides,
        },
        case: cases::case(row)?,
        has_workflow: value::get(row, "has_workflow")?,
        last_seen_run: value::get(row, "found_last_by")?,
        attention: attention::attention(row)?,
        cause: Some(Box::new(CauseCase {
            kind,
            business_date: value::parse(row, "business_date", |text| text.parse::<Date>().ok())?,
            behind,
            first_seen_run: value::get(row, "found_first_by")?,
            acting: value::get(row, "acting")?,
        })),
        id,
    })
}

/// All discrepancies of one cause are of one kind.
fn kind_of_members(kind: CauseKind) -> Kind {
    match kind {
        CauseKind::ReportIncomplete => Kind::MissingAtPartner,
        CauseKind::LedgerIncomplete => Kind::MissingInLedger,
        CauseKind::CutOffShifted => Kind::DateMismatch,
        CauseKind::FeesChanged => Kind::FeeMismatch,
    }
}

/// How the members of a cause stand, and whether each has a record on both sides.
struct Standing {
    behind: Behind,
    has_both_sides: bool,
}

fn standing(transaction: &Transaction<'_>, cause: &str) -> Result<Standing, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT c.state, d.currency, d.at_stake,
                d.partner_amount IS NOT NULL AND d.ledger_amount IS NOT NULL AS has_both_sides
         FROM cause_members m JOIN cases c USING (discrepancy_id)
         JOIN discrepancies d
           ON d.run_id = c.last_seen_run AND d.attempt = c.last_seen_attempt
              AND d.discrepancy_id = c.discrepancy_id
         WHERE m.cause_id = ?1",
    )?;
    let mut rows = statement.query([cause])?;
    let mut behind = Behind::default();
    let mut has_both_sides = true;
    let (mut of_open, mut of_all) = (Sums::default(), Sums::default());
    while let Some(row) = rows.next()? {
        let state = value::parse(row, "state", CaseState::parse)?;
        let currency = value::parse(row, "currency", |code| Currency::parse(code).ok())?;
        let amount = |text: &str| Amount::parse_computed(text).ok();
        let at_stake = value::parse(row, "at_stake", amount)?.abs();
        has_both_sides &= value::get::<bool>(row, "has_both_sides")?;
        behind.count += 1;
        behind.cleared += u64::from(state == CaseState::Cleared);
        of_all.add(currency, at_stake)?;
        if state.is_open() {
            behind.open += 1;
            of_open.add(currency, at_stake)?;
        }
    }
    behind.sums = if behind.open > 0 { of_open } else { of_all }.in_order();
    Ok(Standing {
        has_both_sides: has_both_sides && behind.count > 0,
        behind,
    })
}

/// Counts and sums by currency. Added up here: SQLite's sums are floating-point numbers.
#[derive(Default)]
struct Sums(BTreeMap<Currency, (u64, Amount)>);

impl Sums {
    fn add(&mut self, currency: Currency, amount: Amount) -> Result<(), StoreError> {
        let (count, sum) = self.0.entry(currency).or_default();
        *count += 1;
        *sum = sum
            .checked_add(amount)
            .map_err(|error| StoreError::corrupt("the amounts behind a cause", error))?;
        Ok(())
    }

    /// Of the currency of most discrepancies first.
    fn in_order(self) -> Vec<Money> {
        let mut sums: Vec<_> = self.0.into_iter().collect();
        sums.sort_by_key(|(currency, (count, _))| (std::cmp::Reverse(*count), *currency));
        let money = |(currency, (_, amount))| Money { amount, currency };
        sums.into_iter().map(money).collect()
    }
}

pub(in crate::store) fn members(
    transaction: &Transaction<'_>,
    cause: &str,
) -> Result<Vec<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT discrepancy_id FROM cause_members WHERE cause_id = ?1 ORDER BY discrepancy_id",
    )?;
    value::all(statement.query([cause])?, |row| {
        value::get(row, "discrepancy_id")
    })
}

pub(in crate::store) fn of(
    transaction: &Transaction<'_>,
    ids: &[String],
) -> Result<BTreeSet<String>, StoreError> {
    let query = "SELECT cause_id FROM cause_members WHERE discrepancy_id = ?1";
    let mut statement = transaction.prepare_cached(query)?;
    let mut found = BTreeSet::new();
    for id in ids {
        let mut rows = statement.query([id])?;
        if let Some(row) = rows.next()? {
            found.insert(value::get(row, "cause_id")?);
        }
    }
    Ok(found)
}

pub(in crate::store) fn of_other_days(
    transaction: &Transaction<'_>,
    ids: Vec<String>,
    business_date: Date,
) -> Result<BTreeSet<String>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT 1 FROM cause_members JOIN causes USING (cause_id)
         WHERE discrepancy_id = ?1 AND business_date <> ?2",
    )?;
    let date = business_date.to_string();
    let mut found = BTreeSet::new();
    for id in ids {
        if statement.exists([&id as &dyn ToSql, &date])? {
            found.insert(id);
        }
    }
    Ok(found)
}

/// Nobody is told that the case of a cause is opened again: it follows its members.
fn nobody(_: &Reopening) -> Result<Vec<AlertIntent>, StoreError> {
    Ok(Vec::new())
}

/// Acts on the case of a cause, and keeps what is to be done to its members, once.
pub(in crate::store) fn act(
    transaction: &Transaction<'_>,
    acting: &Acting,
    by: &str,
    at: Timestamp,
    decide: &impl Fn(&CaseRow) -> Result<Applied, Denied>,
    then: &impl Fn(&Case, &Case) -> Option<String>,
) -> Result<Option<Acted>, StoreError> {
    let before = acts::before(transaction, acting)?;
    let acted = acts::act(transaction, acting, by, at, decide, &nobody)?;
    let (Some(before), Some(acted)) = (before, acted) else {
        return Ok(None);
    };
    let is_new = before.outcome.is_none() && acted.outcome == ActOutcome::Done;
    if let Some(then) = is_new
        .then(|| then(&before.case.case, &acted.case.case))
        .flatten()
    {
        let mut statement =
            transaction.prepare_cached("UPDATE causes SET acting = ?2 WHERE cause_id = ?1")?;
        statement.execute([&acting.id, &then])?;
    }
    Ok(Some(acted))
}

pub(in crate::store) fn done(
    transaction: &Transaction<'_>,
    cause: &str,
    acting: &str,
) -> Result<(), StoreError> {
    let mut statement = transaction
        .prepare_cached("UPDATE causes SET acting = NULL WHERE cause_id = ?1 AND acting = ?2")?;
    statement.execute([cause, acting])?;
    Ok(())
}

/// Has the case of a cause stand as its members do; the case if that changed it.
pub(in crate::store) fn follow(
    transaction: &Transaction<'_>,
    id: &str,
    by: &str,
    at: Timestamp,
    decide: &impl Fn(&CaseRow, &Act) -> Result<Applied, Denied>,
) -> Result<Option<CaseRow>, StoreError> {
    let Some(row) = find(transaction, id)? else {
        return Ok(None);
    };
    let Some(cause) = &row.cause else {
        return Ok(None);
    };
    let Some(act) = case::follow(&row.case, &cause.behind) else {
        return Ok(None);
    };
    if cause.acting.is_some() && matches!(act, Act::MemberOpen { .. }) {
        return Ok(None);
    }
    let acting = Acting {
        id: id.to_owned(),
        // It follows once from where it stands.
        act_id: format!("{}/{}", act.name(), row.case.version),
        request: String::new(),
    };
    let acted = acts::act(
        transaction,
        &acting,
        by,
        at,
        &|row| decide(row, &act),
        &nobody,
    )?;
    let changed = acted.filter(|acted| acted.outcome == ActOutcome::Done);
    Ok(changed.map(|acted| acted.case))
}
