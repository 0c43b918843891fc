//! What is left alone, held against what earlier runs matched under other references.

use domain::matching::sieve::KeptRow;
use domain::matching::{BUCKETS, Comparison, WantedMoney};
use domain::open_items::{Fingerprint, PaidBefore, Used, fingerprint};
use domain::record::{Record, Side};
use workflows::ports::Run;

use super::standing::Earlier;
use super::{GatheredUse, Spent, Standing, covers, shows_again};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::source;
use crate::staging::{RowsReader, SideManifest, Staging, StagingError, load_records, load_rows};

impl Standing {
    /// Reports as payments made twice what an earlier run matched under another reference, of what is alone.
    pub(crate) async fn find_paid_before(
        &self,
        trueup: &Trueup,
        run: &Run,
        sides: [&SideManifest; 2],
        used: &GatheredUse,
        mut comparison: Comparison,
    ) -> Result<Comparison, Failure> {
        let source = source(trueup, run)?;
        let (policy, staging) = (&source.policy, &trueup.staging);
        let Some(begun_with) = &self.begun_with else {
            return Ok(comparison);
        };
        let Some(mut before) = PaidBefore::of(policy, &comparison) else {
            return Ok(comparison);
        };
        let earlier = begun_with.earlier(self.asked.business_date)?;
        let undone = self.undone(staging, sides).await?;
        before.leave_out(&undone.records);
        before.look_at_own(&used.other_names);
        for (side, manifest) in shows_again(source, sides) {
            let opening = manifest.opening.as_ref();
            let shown = opening.and_then(|opening| opening.shown_names.as_ref());
            let shown = staging.get_payments(shown).await?;
            before.look_at_shown(side, &shown, covers(manifest)?);
        }
        for Earlier { run, day, spent } in &earlier {
            let names = staging.get_payments(spent.other_names.as_ref()).await?;
            before.look(run, *day, &names);
        }
        let settled = self.settled(staging).await?;
        before.look_at_settled(policy, self.asked.business_date, &settled, &undone);
        for Earlier { run, day, spent } in &earlier {
            for side in Side::BOTH {
                if let Some(wanted) = before.wants(run, side) {
                    let mut see = |record: &Record| before.see(policy, run, *day, record);
                    match spent.show(staging, side, &wanted, &mut see).await {
                        Err(error @ StagingError::Retry { .. }) => return Err(error.into()),
                        // A person was erased from it, or it is not kept any more: then nothing is known.
                        Err(error) => tracing::info!(%run, %error, "not held against its records"),
                        Ok(()) => {}
                    }
                }
            }
        }
        let found = before.settle(policy, &self.context()?);
        found.report(&mut comparison);
        Ok(comparison)
    }
}

impl Spent {
    /// Shows the records of one side that are wanted, of those that it used up.
    async fn show(
        &self,
        staging: &Staging,
        side: Side,
        wanted: &WantedMoney,
        see: &mut impl FnMut(&Record),
    ) -> Result<(), StagingError> {
        for stored in &self.matched {
            let groups = staging.get_all::<Used>(stored).await?;
            let records = groups.iter().flat_map(|used| &used.records);
            let of_side = records.filter(|it| it.side == side && wanted.is_of(it));
            of_side.for_each(&mut *see);
        }
        let stored = match side {
            Side::Partner => self.partner_side.as_ref(),
            Side::Ledger => Some(&self.ledger_side),
        };
        let Some((stored, prints)) = stored.zip(self.own(side)) else {
            return Ok(());
        };
        let prints = staging.get_prints(&prints.stored).await?;
        let mut see_used = |record: &Record| {
            let print: Fingerprint = fingerprint(record);
            if wanted.is_of(record) && prints.binary_search(&print).is_ok() {
                see(record);
            }
        };
        let manifest = SideManifest::load(staging, stored).await?;
        let reader = RowsReader::of(staging, &manifest).await?;
        // One bucket at a time: few of a day's records are wanted.
        for bucket in 0..BUCKETS {
            let buckets = bucket..bucket + 1;
            let records = load_records(staging, &manifest, buckets.clone()).await?;
            // What it began with was not received by it.
            let received = records.iter().filter(|it| it.carried_from().is_none());
            received.for_each(&mut see_used);
            let Some(reader) = &reader else {
                continue;
            };
            for rows in load_rows(staging, &manifest, buckets).await? {
                let is_wanted = |row: &KeptRow<'_>| wanted.is_of_row(row.amount, row.currency);
                reader.read_wanted(&rows, is_wanted, |record| see_used(&record))?;
            }
        }
        Ok(())
    }
}
