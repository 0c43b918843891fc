//! Everything that a report says about one run, computed once for every format.
//!
//! Pure: what the store and the source's file say comes in, figures go out. Amounts are exact and
//! their sums checked; nothing is added up across currencies. Counts of records and of
//! discrepancies are no money, and are.

use std::cmp::Ordering;

use activities::store::{DiscrepancyRow, InputRow, RejectRow, RunRow};
use domain::calendar::BusinessCalendar;
use domain::case::{Case, Decision};
use domain::discrepancy::Discrepancy;
use domain::money::MoneyError;
use jiff::Timestamp;

use super::age;
use super::balance::{self, Balance, Rate};
use super::ending::{self, Ending, Step, Trail};
use super::figures::{Figures, figures};
use super::material::Material;
use super::resolutions::{Resolutions, resolutions};

/// One run's report.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// When it was made: cases are as they stood then.
    pub made_at: Timestamp,
    /// What people call the source; its name when it is not configured any more.
    pub title: String,
    /// Whether ages are counted in the source's own calendar. Otherwise every day but Saturdays
    /// and Sundays counts: the source is not configured any more.
    pub is_calendar_known: bool,
    /// The run.
    pub run: RunRow,
    /// How it ended, and who signed it off.
    pub ending: Ending,
    /// What its audit stream says happened, without alerts.
    pub steps: Vec<Step>,
    /// Whether that stream is whole.
    pub trail: Trail,
    /// Whether the money of both sides is accounted for.
    pub balance: Balance,
    /// How much of both sides matched, the partner's first, by currency.
    pub rates: Vec<Rate>,
    /// What was found and what of it is open.
    pub figures: Figures,
    /// What people did about it.
    pub resolutions: Resolutions,
    /// What was read.
    pub inputs: Vec<InputRow>,
    /// Lines that could not be read: the first of every input.
    pub rejects: Vec<RejectRow>,
    /// The discrepancies, the most severe first.
    pub items: Vec<Item>,
}

/// One discrepancy with its case and its age.
#[derive(Clone, Debug)]
pub struct Item {
    /// The discrepancy as the run found it.
    pub discrepancy: Discrepancy,
    /// Its case as it stands.
    pub case: Case,
    /// Business days from its value date to the run's business date.
    pub age_business_days: u64,
    /// The run that found it first.
    pub first_seen_run: String,
}

impl Item {
    /// Somebody still has to do something about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.case.state.is_open()
    }

    /// The resolution in force or waiting for a second person.
    #[must_use]
    pub fn decision(&self) -> Option<&Decision> {
        self.case.decision.as_ref()
    }
}

impl RunReport {
    /// What `material` comes to.
    ///
    /// # Errors
    /// The totals on record are none: an amount or a currency in them can't be read.
    pub fn new(material: Material) -> Result<Self, MoneyError> {
        let Material {
            read_at,
            source,
            run,
            inputs,
            rejects,
            discrepancies,
            audit,
        } = material;
        let calendar = source.as_ref().map(|source| source.calendar.clone());
        let is_calendar_known = calendar.is_some();
        let calendar = calendar.unwrap_or_default();
        let mut items: Vec<Item> = discrepancies
            .into_iter()
            .map(|row| item(row, &run, &calendar))
            .collect();
        items.sort_by(most_urgent_first);
        let conservation = balance::conservation(&run)?;
        let trail = Trail::of(&run.run_id, &audit);
        let entries = audit.map_or(Vec::new(), |stream| stream.entries);
        Ok(RunReport {
            made_at: read_at,
            title: source.map_or_else(|| run.source.clone(), |source| source.title),
            is_calendar_known,
            ending: Ending::of(&run, &entries),
            steps: ending::steps(&entries),
            trail,
            rates: balance::rates(&conservation)?,
            balance: Balance::of(&run, conservation, &items),
            figures: figures(&items),
            resolutions: resolutions(&items),
            run,
            inputs,
            rejects,
            items,
        })
    }

    /// Whether the run got as far as a result: without one, nothing found says nothing.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.run.totals.is_some()
    }

    /// Lines of all inputs that could not be read; the report may hold fewer of them.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        let counts = self.inputs.iter().map(|input| input.rows.rejected);
        counts.fold(0, u64::saturating_add)
    }
}

/// By severity, then in each currency what has most at stake first.
fn most_urgent_first(a: &Item, b: &Item) -> Ordering {
    let (a, b) = (&a.discrepancy, &b.discrepancy);
    let by_severity = b.severity.cmp(&a.severity);
    by_severity
        .then_with(|| a.currency.cmp(&b.currency))
        .then_with(|| b.at_stake.cmp(&a.at_stake))
        .then_with(|| a.reference.cmp(&b.reference))
        .then_with(|| a.id.cmp(&b.id))
}

fn item(row: DiscrepancyRow, run: &RunRow, calendar: &BusinessCalendar) -> Item {
    Item {
        age_business_days: age::age(&row.discrepancy, calendar, run.business_date),
        discrepancy: row.discrepancy,
        case: row.case,
        first_seen_run: row.first_seen_run,
    }
}
