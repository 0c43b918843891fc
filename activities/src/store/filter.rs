//! Which runs, discrepancies and alerts to list, and how many of them.

use std::ops::Range;

use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use domain::severity::Severity;
use jiff::civil::Date;
use proto::case::Filter;

use super::state::{AlertState, CaseState, RunState};

/// Most rows that one listing gives; ask again with an offset for more.
pub const LISTED_MAX: u32 = 10_000;

/// A part of a listing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// At most so many, and never more than [`LISTED_MAX`].
    pub limit: u32,
    /// After skipping so many.
    pub offset: u32,
}

impl Default for Page {
    fn default() -> Self {
        Page {
            limit: LISTED_MAX,
            offset: 0,
        }
    }
}

impl Page {
    /// All rows of a listing, page by page.
    pub(super) async fn all<T, E, F: Future<Output = Result<Vec<T>, E>>>(
        rows_of: impl Fn(Page) -> F,
    ) -> Result<Vec<T>, E> {
        let mut all = Vec::new();
        let mut page = Page::default();
        loop {
            let rows = rows_of(page).await?;
            let is_last = rows.len() < LISTED_MAX as usize;
            all.extend(rows);
            if is_last {
                return Ok(all);
            }
            page.offset += LISTED_MAX;
        }
    }

    /// Which rows of the whole list these are.
    pub(super) fn range(self) -> Range<usize> {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let start = number(self.offset);
        start..start.saturating_add(number(self.limit.min(LISTED_MAX)))
    }

    /// These rows of the whole list.
    pub(super) fn of<T>(self, all: Vec<T>) -> Vec<T> {
        let Range { start, end } = self.range();
        all.into_iter().take(end).skip(start).collect()
    }
}

/// Which runs to list. Everything given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunFilter {
    /// Of this source.
    pub source: Option<String>,
    /// For this day.
    pub business_date: Option<Date>,
    /// In this state.
    pub state: Option<RunState>,
    /// Newest first.
    pub page: Page,
}

/// Which discrepancies to list. Everything given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DiscrepancyFilter {
    /// As this run found them; without it as the last run that saw each did.
    pub run_id: Option<String>,
    /// Of this source.
    pub source: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// Behind this cause.
    pub cause: Option<String>,
    /// Called exactly this.
    pub reference: Option<String>,
    /// Whose case is in this state.
    pub state: Option<CaseState>,
    /// Whose case is open or proposed.
    pub open: bool,
    /// Whose case this person is to look at.
    pub assigned_to: Option<String>,
    /// In this currency.
    pub currency: Option<Currency>,
    /// With at least this much at stake, whatever the currency.
    pub amount_from: Option<Amount>,
    /// With at most this much at stake, whatever the currency.
    pub amount_to: Option<Amount>,
    /// The most severe first, then by id.
    pub page: Page,
}

impl From<Filter> for DiscrepancyFilter {
    fn from(filter: Filter) -> Self {
        DiscrepancyFilter {
            run_id: filter.run_id,
            source: filter.source,
            kind: filter.kind,
            severity: filter.severity,
            cause: filter.cause,
            reference: None,
            state: filter.state,
            open: false,
            assigned_to: filter.assigned_to,
            currency: filter.currency,
            amount_from: filter.amount_from,
            amount_to: filter.amount_to,
            page: Page::default(),
        }
    }
}

/// Which alerts to list. Everything given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AlertFilter {
    /// Of this source.
    pub source: Option<String>,
    /// Intended by this run.
    pub run_id: Option<String>,
    /// In this state.
    pub state: Option<AlertState>,
    /// Newest first.
    pub page: Page,
}
