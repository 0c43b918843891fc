//! What a source's runs left open and used up, as objects in the object store: a manifest for each
//! run, and what it names.
//!
//! Immutable: a run writes its own manifest and refers to what earlier runs wrote. Which manifest is
//! the last is the store's to say. What counts as known, open or taken back is decided in `domain`.

mod closing;
mod listing;
mod memory;
mod paid;
mod paid_before;
mod reading;
mod resolutions;
mod standing;
mod turn;

use domain::open_items::{Fingerprint, Records};
use domain::record::{Record, Side};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use workflows::failure;
use workflows::ports::Stored;

use crate::failures::Failure;
use crate::source::Source;
use crate::staging::{SideManifest, Staging};

pub(crate) use closing::{GatheredUse, Outcome, UsedParts, gather, next, put_used};
pub use listing::open_items_of;
pub(crate) use memory::{Memory, undone_by};
pub(crate) use reading::begin;
pub(crate) use resolutions::{Resolved, adjusted, worth_a_note};
pub(crate) use standing::{BegunWith, Standing};
pub(crate) use turn::during_turn;

/// A source's position after a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The run.
    pub(crate) run_id: String,
    /// Its business date.
    pub(crate) business_date: String,
    /// The latest business date so far: open items never become younger.
    pub(crate) as_of: String,
    /// The partner's open items.
    pub(crate) partner: Stored,
    /// The ledger's.
    pub(crate) ledger: Stored,
    /// Records in the run's opening that had been used up before: what it began with is what the
    /// run before left open, and these, without those taken back.
    pub(crate) reopened: u64,
    /// Open items of a run that it replaced: received anew, or withdrawn.
    pub(crate) taken_back: u64,
    /// What runs used up, in their order, as far back as is remembered.
    pub(crate) spent: Vec<Spent>,
}

/// What one run used up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// The run.
    pub(crate) run_id: String,
    /// Its business date.
    pub(crate) business_date: String,
    /// Of pairs that it received itself: the partner's records.
    pub(crate) partner: Option<Prints>,
    /// And the ledger's.
    pub(crate) ledger: Option<Prints>,
    /// Of pairs with a record that an earlier run received: all records, by the input that had them.
    pub(crate) carried: Vec<Carried>,
    /// Those pairs.
    pub(crate) matched: Vec<Stored>,
    /// The payments of all pairs, sorted; none in a position of before version 5 of the engine.
    #[serde(default)]
    pub(crate) payments: Option<Stored>,
    /// What later rules would call the records of all pairs, sorted; none in a position of before version 13.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) other_names: Option<Stored>,
    /// What resolutions settled before it began.
    pub(crate) settled: Option<Stored>,
    /// Its ledger side, as it was staged: for when it is replaced.
    pub(crate) ledger_side: Stored,
    /// And its partner side; none in a position of before version 13 of the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner_side: Option<Stored>,
}

/// Fingerprints of records that inputs of one business date had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// `partner` or `ledger`.
    pub(crate) side: String,
    /// The business date.
    pub(crate) since: String,
    /// The fingerprints.
    pub(crate) prints: Prints,
}

/// Fingerprints, sorted, one after the other in an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Prints {
    /// The object.
    pub(crate) stored: Stored,
    /// First value date of their records.
    pub(crate) from: String,
    /// Last value date.
    pub(crate) to: String,
}

impl Position {
    /// Reads a manifest.
    pub(crate) async fn load(staging: &Staging, stored: &Stored) -> Result<Self, Failure> {
        let bytes = staging.get(stored).await?;
        serde_json::from_slice(&bytes).map_err(|error| damaged(stored, error))
    }

    /// Open items of one side.
    pub(crate) async fn open_items(
        &self,
        staging: &Staging,
        side: Side,
    ) -> Result<Vec<Record>, Failure> {
        let stored = match side {
            Side::Partner => &self.partner,
            Side::Ledger => &self.ledger,
        };
        Ok(staging.get_all(stored).await?)
    }

    /// Open items of both sides.
    pub(crate) async fn all_open_items(&self, staging: &Staging) -> Result<Vec<Record>, Failure> {
        let mut items = self.open_items(staging, Side::Partner).await?;
        items.extend(self.open_items(staging, Side::Ledger).await?);
        Ok(items)
    }

    /// The groups that its own run used up, where its comparison stored them.
    pub(crate) fn used_by_last(self) -> Vec<Stored> {
        let last = self.spent.into_iter().next_back();
        last.map_or(Vec::new(), |spent| spent.matched)
    }

    /// The latest business date so far.
    pub(crate) fn as_of(&self) -> Result<Date, Failure> {
        date(&self.as_of)
    }
}

impl Spent {
    /// Of pairs that it received itself, the records of one side.
    pub(crate) fn own(&self, side: Side) -> Option<&Prints> {
        match side {
            Side::Partner => self.partner.as_ref(),
            Side::Ledger => self.ledger.as_ref(),
        }
    }

    /// Of the others, the records of one side.
    pub(crate) fn carried(&self, side: Side) -> impl Iterator<Item = &Prints> {
        let of_side = self.carried.iter().filter(move |it| it.side == side.name());
        of_side.map(|carried| &carried.prints)
    }

    /// Of all its pairs, the records of one side, sorted.
    pub(crate) async fn prints_of(
        &self,
        staging: &Staging,
        side: Side,
    ) -> Result<Vec<Fingerprint>, Failure> {
        let mut all = Vec::new();
        for prints in self.own(side).into_iter().chain(self.carried(side)) {
            all.extend(staging.get_prints(&prints.stored).await?);
        }
        all.sort_unstable();
        Ok(all)
    }

    /// Whether a run of this business date has to know its pairs one by one: it replaces the run,
    /// or may withdraw a record from them.
    pub(crate) fn concerns(&self, business_date: Date) -> Result<bool, Failure> {
        let mut concerns = date(&self.business_date)? == business_date;
        for carried in &self.carried {
            concerns |= date(&carried.since)? == business_date;
        }
        Ok(concerns)
    }
}

pub(crate) fn date(text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|error| {
        Failure::last(
            failure::STAGING_DAMAGED,
            format!("a position has the date {text:?}: {error}"),
        )
    })
}

/// The sides whose inputs show records again.
fn shows_again<'m>(
    source: &Source,
    sides: [&'m SideManifest; 2],
) -> impl Iterator<Item = (Side, &'m SideManifest)> {
    let sides = Side::BOTH.into_iter().zip(sides);
    sides.filter(|(side, _)| source.side(*side).records != Records::New)
}

/// Value dates of which a side's inputs have all that there is.
fn covers(side: &SideManifest) -> Result<Option<(Date, Date)>, Failure> {
    let covers = side.opening.as_ref().and_then(|it| it.covers.as_ref());
    let covers = covers.map(|(from, to)| Ok((date(from)?, date(to)?)));
    covers.transpose()
}

fn damaged(stored: &Stored, error: impl std::fmt::Display) -> Failure {
    Failure::last(failure::STAGING_DAMAGED, format!("{}: {error}", stored.key))
}
