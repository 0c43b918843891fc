//! Payments that runs matched: one made twice is known in any later run.

use std::collections::BTreeSet;

use domain::matching::{Pool, Superseded};
use domain::open_items::{Asked, Fingerprint};
use domain::policy::RunContext;
use domain::record::Side;

use super::standing::Earlier;
use super::{GatheredUse, Standing, covers, shows_again};
use crate::failures::Failure;
use crate::source::Source;
use crate::staging::{SideManifest, Staging};

impl Standing {
    /// Marks what is left of a run's records and that an earlier run matched already: should no rule find
    /// anything for it, it is a payment made twice. What was matched when it was announced is taken out, and
    /// returned; so is what is taken back by a record of its own, `used` by this run or left.
    pub(crate) async fn mark_paid(
        &self,
        staging: &Staging,
        source: &Source,
        context: &RunContext,
        sides: [&SideManifest; 2],
        used: &GatheredUse,
        pool: &mut Pool,
    ) -> Result<Vec<Superseded>, Failure> {
        let Some(begun_with) = &self.begun_with else {
            return Ok(Vec::new());
        };
        let policy = &source.policy;
        let openings = sides.iter().filter_map(|side| side.opening.as_ref());
        let mut renamed: BTreeSet<Fingerprint> = BTreeSet::new();
        for stored in openings.filter_map(|opening| opening.renamed.as_ref()) {
            renamed.extend(staging.get_prints(stored).await?);
        }
        let mut asked = Asked::of(policy, context, pool, &renamed);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let undone = self.undone(staging, sides).await?;
        asked.leave_out(policy, &undone.records);
        for (side, manifest) in shows_again(source, sides) {
            let opening = manifest.opening.as_ref();
            let shown = opening.and_then(|opening| opening.shown.as_ref());
            let shown = staging.get_payments(shown).await?;
            asked.look_at_shown(side, &shown, covers(manifest)?);
        }
        for Earlier { run, day, spent } in begun_with.earlier(self.asked.business_date)? {
            if asked.is_empty() {
                break;
            }
            let payments = staging.get_payments(spent.payments.as_ref()).await?;
            asked.look(&run, day, &payments);
        }
        let settled = self.settled(staging).await?;
        asked.look_at_settled(policy, self.asked.business_date, &settled, &undone);
        asked.look_at_own(policy, pool, &used.payments);
        asked.ask_for_other_days(policy, pool);
        for spent in &begun_with.position.spent {
            for side in Side::BOTH {
                if asked.asks_for_days_of(&spent.run_id, side) {
                    let prints = spent.prints_of(staging, side).await?;
                    asked.look_at_days(side, &prints);
                }
            }
        }
        Ok(asked.mark(policy, context, pool))
    }
}
