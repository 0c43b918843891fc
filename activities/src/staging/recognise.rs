//! Records that earlier runs had, recognised while an input is read; and what the side begins with.
//!
//! What earlier runs used up is loaded when the first record of its value dates is read, so that a
//! run knows as far back as its inputs reach, and loads no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::conservation::Conservation;
use domain::matching::BUCKETS;
use domain::open_items::{
    Decided, Fingerprint, Gone, Opening, Payment, Reading, Taken, fingerprint,
};
use domain::policy::SourcePolicy;
use domain::record::{Past, Record};
use jiff::civil::Date;
use workflows::ports::Stored;

use super::manifest::{ChunkRecords, OpeningSide, SideManifest};
use super::spread::by_bucket;
use super::stage::{StageError, received_of};
use super::{Folder, Staging, StagingError, damaged, load_buckets};
use crate::formats::SimpleRow;

/// What a side's records are recognised by.
#[derive(Debug)]
pub struct Recognition {
    /// The open items, and groups that are used up.
    pub reading: Reading,
    /// The day that is reconciled.
    pub business_date: Date,
    /// Open items that a resolution had settled, which holds no longer.
    pub reopened: u64,
    /// What else is used up, where it is kept.
    pub prints: Vec<RememberedPrints>,
    /// The same side of runs that this one replaces.
    pub replaced_sides: Vec<(Arc<str>, Stored)>,
    /// Where all of it is.
    pub staging: Staging,
}

/// Fingerprints that a run used up.
#[derive(Debug)]
pub struct RememberedPrints {
    /// The run.
    pub run: Arc<str>,
    /// Whether it is replaced by the one that reads.
    pub is_replaced: bool,
    /// First and last value date of their records.
    pub value_dates: (Date, Date),
    /// Where they are.
    pub stored: Stored,
}

impl Recognition {
    /// A record of the input. Only from a thread that may wait.
    pub(super) fn take(&mut self, record: Record) -> Result<Taken, StagingError> {
        self.reach(record.value_date)?;
        Ok(self.reading.take(record))
    }

    /// What became of records that waited, once all inputs are read.
    pub(super) fn decide(&mut self) -> Decided {
        self.reading.decide()
    }

    /// Whether any run may have had a row of this fingerprint and value date, as it is or in other words. Only
    /// from a thread that may wait.
    pub(super) fn knows(
        &mut self,
        print: Fingerprint,
        date: Date,
        row: &SimpleRow<'_>,
    ) -> Result<bool, StagingError> {
        self.reach(date)?;
        let facts = row.facts;
        let looks_for = || {
            let references = row.references();
            let reading = &self.reading;
            reading.looks_for(date, facts.amount, facts.currency, references)
        };
        Ok(self.reading.knows(print) || looks_for())
    }

    /// Loads what is used up of this value date.
    fn reach(&mut self, date: Date) -> Result<(), StagingError> {
        if self.prints.is_empty() {
            return Ok(());
        }
        let covers = |(from, to): (Date, Date)| (from..=to).contains(&date);
        while let Some(at) = self.prints.iter().position(|p| covers(p.value_dates)) {
            let prints = self.prints.swap_remove(at);
            let staging = self.staging.clone();
            let loaded = tokio::runtime::Handle::current().block_on(load(&staging, &prints));
            self.reading
                .remember(prints.run, prints.is_replaced, loaded?);
        }
        Ok(())
    }

    /// What the side begins with, stored.
    pub(super) async fn finish(
        mut self,
        folder: Folder<'_>,
        policy: &SourcePolicy,
        input: &str,
    ) -> Result<OpeningSide, StageError> {
        for prints in self.prints.drain(..).filter(|prints| prints.is_replaced) {
            let loaded = load(&self.staging, &prints).await?;
            self.reading
                .remember(prints.run, prints.is_replaced, loaded);
        }
        let mut opening = self.reading.finish();
        let unseen = std::mem::take(&mut opening.unseen);
        let brought = bring(
            &self.staging,
            unseen,
            &self.replaced_sides,
            self.business_date,
        )
        .await?;
        opening.reopened += self.reopened + brought.len() as u64;
        opening.items.extend(brought);
        store(&self.staging, folder, policy, input, opening).await
    }
}

/// Records that a replaced run matched, and that are looked for in vain in this input.
async fn bring(
    staging: &Staging,
    unseen: Vec<Fingerprint>,
    replaced: &[(Arc<str>, Stored)],
    since: Date,
) -> Result<Vec<Record>, StagingError> {
    let mut lacking: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    for print in unseen {
        *lacking.entry(print).or_default() += 1;
    }
    let mut brought = Vec::new();
    for (run, side) in replaced {
        if lacking.is_empty() {
            break;
        }
        let manifest = SideManifest::load(staging, side).await?;
        // One bucket at a time: only few of a day's records are brought.
        for bucket in 0..BUCKETS {
            let records = load_buckets(staging, &manifest, bucket..bucket + 1).await?;
            // What it began with was not received by it.
            let received = records.into_iter().filter(|r| r.carried_from().is_none());
            for mut record in received {
                let print = fingerprint(&record);
                let Some(count) = lacking.get_mut(&print) else {
                    continue;
                };
                *count -= 1;
                if *count == 0 {
                    lacking.remove(&print);
                }
                record.past = Some(Box::new(Past {
                    received_by: Some(Arc::clone(run)),
                    since,
                    found_in: None,
                    repeats: None,
                }));
                brought.push(record);
            }
        }
    }
    Ok(brought)
}

async fn store(
    staging: &Staging,
    folder: Folder<'_>,
    policy: &SourcePolicy,
    input: &str,
    opening: Opening,
) -> Result<OpeningSide, StageError> {
    let sums = |records: &[Record]| {
        let mut sums = Conservation::default();
        let counted = sums.open_with(records);
        counted.map(|()| received_of(&sums, |line| line.opening))
    };
    let too_large = |_| StageError::SumTooLarge {
        input: "the open items".to_owned(),
    };
    let gone: Vec<(String, String)> = opening
        .gone(input)
        .map(
            |Gone {
                 discrepancy,
                 evidence,
             }| (discrepancy.to_string(), evidence),
        )
        .collect();
    let gone = match gone.is_empty() {
        true => None,
        false => {
            let bytes = serde_json::to_vec(&gone).expect("a list of texts is plain data");
            Some(staging.put(folder, bytes).await?)
        }
    };
    let all = by_bucket(policy, &opening.items);
    let records = match all.bytes.is_empty() {
        true => None,
        false => Some(ChunkRecords {
            stored: staging.put(folder, all.bytes).await?,
            segments: all.segments,
        }),
    };
    Ok(OpeningSide {
        shown: staging.put_payments(folder, opening.shown).await?,
        shown_names: staging.put_payments(folder, opening.shown_names).await?,
        renamed: {
            let prints = opening.renamed.into_iter().map(|print| print.0);
            staging.put_in_pieces(folder, prints.collect()).await?
        },
        covers: opening
            .covers
            .map(|(from, to)| (from.to_string(), to.to_string())),
        records,
        items: sums(&opening.items).map_err(too_large)?,
        voided: sums(&opening.voided).map_err(too_large)?,
        gone,
        withdrawn_of_groups: opening.withdrawn_of_groups,
        reopened: opening.reopened,
        taken_back: opening.taken_back,
    })
}

async fn load(
    staging: &Staging,
    prints: &RememberedPrints,
) -> Result<Vec<Fingerprint>, StagingError> {
    staging.get_prints(&prints.stored).await
}

impl Staging {
    /// Stores payments, sorted; nothing when there are none.
    pub(crate) async fn put_payments(
        &self,
        folder: Folder<'_>,
        payments: Vec<Payment>,
    ) -> Result<Option<Stored>, StagingError> {
        let payments = payments.into_iter().map(|payment| payment.0);
        self.put_in_pieces(folder, payments.collect()).await
    }

    /// Stores pieces of one size, sorted; nothing when there are none.
    async fn put_in_pieces<const N: usize>(
        &self,
        folder: Folder<'_>,
        mut pieces: Vec<[u8; N]>,
    ) -> Result<Option<Stored>, StagingError> {
        if pieces.is_empty() {
            return Ok(None);
        }
        pieces.sort_unstable();
        self.put(folder, pieces.into_flattened()).await.map(Some)
    }

    /// Reads payments back.
    pub(crate) async fn get_payments(
        &self,
        stored: Option<&Stored>,
    ) -> Result<Vec<Payment>, StagingError> {
        let Some(stored) = stored else {
            return Ok(Vec::new());
        };
        let payments = self.get_in_pieces(stored, "a payment").await?;
        Ok(payments.into_iter().map(Payment).collect())
    }

    /// Reads fingerprints back, in the order in which they were stored.
    pub(crate) async fn get_prints(
        &self,
        stored: &Stored,
    ) -> Result<Vec<Fingerprint>, StagingError> {
        let prints = self.get_in_pieces(stored, "a fingerprint").await?;
        Ok(prints.into_iter().map(Fingerprint).collect())
    }

    /// Reads pieces of one size back, in the order in which they were stored.
    async fn get_in_pieces<const N: usize>(
        &self,
        stored: &Stored,
        piece: &str,
    ) -> Result<Vec<[u8; N]>, StagingError> {
        match self.get(stored).await?.as_chunks::<N>() {
            (whole, []) => Ok(whole.to_vec()),
            _ => Err(damaged(&stored.key, format!("it ends within {piece}"))),
        }
    }
}
