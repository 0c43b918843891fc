//! What a run begins with, the same for each of its steps.

use std::sync::Arc;

use domain::open_items::{Undone, Used, used_by};
use domain::policy::{RunContext, Scope};
use jiff::civil::Date;
use workflows::ports::{Run, Stored};

use super::resolutions::settled_before;
use super::{Position, Resolved, Spent, date, memory, undone_by};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::context;
use crate::staging::{SideManifest, Staging};

/// A run's beginning.
pub(crate) struct Standing {
    /// The run's own day and scope.
    pub(crate) asked: RunContext,
    /// Whether it ends with a position: a run of the whole source that is on record.
    pub(crate) makes_position: bool,
    /// The position that it begins with; none for a source's first run.
    pub(crate) begun_with: Option<BegunWith>,
}

/// A position, and what resolutions made of it.
pub(crate) struct BegunWith {
    pub(crate) position: Position,
    pub(crate) resolved: Resolved,
}

/// A run that is remembered.
pub(super) struct Earlier<'p> {
    pub(super) run: Arc<str>,
    /// Its business date.
    pub(super) day: Date,
    pub(super) spent: &'p Spent,
}

impl BegunWith {
    /// The runs that are remembered, in their order, but for those of this day: a run of it replaces them.
    pub(super) fn earlier(&self, day: Date) -> Result<Vec<Earlier<'_>>, Failure> {
        let mut earlier = Vec::with_capacity(self.position.spent.len());
        for spent in &self.position.spent {
            let run = Arc::from(spent.run_id.as_str());
            let of = date(&spent.business_date)?;
            if of != day {
                earlier.push(Earlier {
                    run,
                    day: of,
                    spent,
                });
            }
        }
        Ok(earlier)
    }
}

impl Standing {
    pub(crate) async fn load(
        trueup: &Trueup,
        run: &Run,
        attempt: &str,
        stored: Option<&Stored>,
    ) -> Result<Self, Failure> {
        let asked = context(run)?;
        let begun_with = match stored {
            None => None,
            Some(stored) => {
                let position = Position::load(&trueup.staging, stored).await?;
                let resolved = Resolved::of(trueup, run, attempt, stored, &position).await?;
                Some(BegunWith { position, resolved })
            }
        };
        Ok(Standing {
            makes_position: !run.request.dry_run && asked.scope == Scope::Whole,
            asked,
            begun_with,
        })
    }

    /// What is compared as of when: a run of an older day does not make open items younger.
    pub(crate) fn context(&self) -> Result<RunContext, Failure> {
        let mut context = self.asked.clone();
        if let Some(begun_with) = &self.begun_with {
            context.business_date = context.business_date.max(begun_with.position.as_of()?);
        }
        Ok(context)
    }

    /// What people settled, as far back as is remembered.
    pub(crate) async fn settled(&self, staging: &Staging) -> Result<Vec<Used>, Failure> {
        let Some(BegunWith { position, resolved }) = &self.begun_with else {
            return Ok(Vec::new());
        };
        let mut settled = settled_before(staging, position).await?;
        settled.retain(|used| !memory::is_returned(used, resolved));
        let now = resolved.all();
        if !now.is_empty() {
            settled.extend(used_by(&position.all_open_items(staging).await?, &now));
        }
        Ok(settled)
    }

    /// What is not used up any more because of what the sides no longer have.
    pub(crate) async fn undone(
        &self,
        staging: &Staging,
        sides: [&SideManifest; 2],
    ) -> Result<Undone, Failure> {
        match &self.begun_with {
            Some(BegunWith { position, resolved })
                if !memory::withdrawn_of_groups(sides).is_empty() =>
            {
                let day = self.asked.business_date;
                undone_by(staging, position, resolved, day, sides).await
            }
            _ => Ok(Undone::default()),
        }
    }
}
