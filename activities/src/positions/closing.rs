//! The next position of a source, stored and ready to be the last.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::days_between;
use domain::open_items::{
    self, Fingerprint, OtherNames, Own, Payment, Payments, Received, Remembered, Used, UsedUp,
};
use domain::policy::SourcePolicy;
use domain::record::{Record, Side};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use workflows::ports::{Run, Stored};

use super::memory::withdrawn_of_groups;
use super::{BegunWith, Carried, Memory, Position, Prints, Spent, Standing, damaged, date};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::source;
use crate::staging::{Folder, SideManifest, Staging};

/// What a run of a whole source comes to.
pub(crate) struct Outcome<'a> {
    /// What it received, the partner's first.
    pub(crate) sides: [&'a SideManifest; 2],
    /// The manifests themselves.
    pub(crate) manifests: [&'a Stored; 2],
    /// Records that stay open.
    pub(crate) open: Vec<Record>,
    /// What matching used up.
    pub(crate) used: GatheredUse,
    /// How many records are open again because of what amended inputs withdrew.
    pub(crate) reopened: u64,
    /// How many records that were carried forward, and settled since, amended inputs withdrew.
    pub(crate) taken_back: u64,
}

/// Stores the position that follows from a run.
pub(crate) async fn next(
    trueup: &Trueup,
    run: &Run,
    received: &Received,
    standing: &Standing,
    outcome: Outcome<'_>,
) -> Result<Stored, Failure> {
    let staging = &trueup.staging;
    let folder = Folder::Positions {
        source: &run.request.source,
    };
    let mut settled = Vec::new();
    let mut spent = Vec::new();
    let mut as_of = received.business_date;
    if let Some(begun_with) = &standing.begun_with {
        as_of = as_of.max(begun_with.position.as_of()?);
        let source = source(trueup, run)?;
        let policy = &source.policy;
        let kept = keep(staging, folder, policy, begun_with, received, &outcome).await?;
        settled = kept.settled;
        let remembered = i64::from(source.remember_days);
        for earlier in kept.spent {
            if days_between(date(&earlier.business_date)?, as_of) <= remembered {
                spent.push(earlier);
            }
        }
    }
    let GatheredUse {
        partner,
        ledger,
        carried,
        matched,
        payments,
        other_names,
    } = outcome.used;
    let [partner_side, ledger_side] = outcome.manifests;
    let mut stored_carried = Vec::new();
    for ((side, since), own) in carried {
        stored_carried.extend(put_carried(staging, folder, side, since, own).await?);
    }
    spent.push(Spent {
        run_id: run.run_id.clone(),
        business_date: received.business_date.to_string(),
        partner: put_prints(staging, folder, partner).await?,
        ledger: put_prints(staging, folder, ledger).await?,
        carried: stored_carried,
        matched,
        payments: staging.put_payments(folder, payments).await?,
        other_names: staging.put_payments(folder, other_names).await?,
        settled: put_groups(staging, folder, &settled).await?,
        ledger_side: ledger_side.clone(),
        partner_side: Some(partner_side.clone()),
    });
    let openings = || {
        outcome
            .sides
            .iter()
            .filter_map(|side| side.opening.as_ref())
    };
    let (partner, ledger): (Vec<Record>, Vec<Record>) = outcome
        .open
        .into_iter()
        .partition(|record| record.side == Side::Partner);
    let position = Position {
        run_id: run.run_id.clone(),
        business_date: received.business_date.to_string(),
        as_of: as_of.to_string(),
        partner: staging.put_all(folder, &partner).await?,
        ledger: staging.put_all(folder, &ledger).await?,
        reopened: outcome.reopened + openings().map(|opening| opening.reopened).sum::<u64>(),
        taken_back: outcome.taken_back + openings().map(|opening| opening.taken_back).sum::<u64>(),
        spent,
    };
    let bytes = serde_json::to_vec(&position).expect("a manifest is plain data");
    Ok(staging.put(folder, bytes).await?)
}

/// What earlier runs used up and is still used up.
struct Kept {
    spent: Vec<Spent>,
    /// Settled since the last run, or before one that is replaced: that still holds.
    settled: Vec<Used>,
}

/// Drops the runs that this one replaces, and of the others the groups that are open again.
async fn keep(
    staging: &Staging,
    folder: Folder<'_>,
    policy: &SourcePolicy,
    begun_with: &BegunWith,
    received: &Received,
    outcome: &Outcome<'_>,
) -> Result<Kept, Failure> {
    let BegunWith { position, resolved } = begun_with;
    let day = received.business_date;
    let memory = Memory::load(staging, position, resolved, day).await?;
    let withdrawn = withdrawn_of_groups(outcome.sides);
    let mut payments = Payments::of(policy);
    let mut other_names = OtherNames::of(policy);
    let undone: BTreeSet<usize> = withdrawn.iter().map(|(group, _)| *group).collect();
    let mut kept = Kept {
        spent: Vec::new(),
        settled: Vec::new(),
    };
    let groups = |at: usize, is_settled: bool| -> Vec<Used> {
        let places = memory.places.iter().enumerate();
        let of_run = places.filter(|(group, place)| {
            place.spent == at && place.is_settled == is_settled && !undone.contains(group)
        });
        of_run
            .map(|(group, _)| memory.used[group].used.clone())
            .collect()
    };
    kept.settled.extend(groups(position.spent.len(), true));
    for (at, spent) in position.spent.iter().enumerate() {
        if date(&spent.business_date)? == day {
            kept.settled.extend(groups(at, true));
            continue;
        }
        let of_run = memory.places.iter().enumerate();
        let is_undone = of_run
            .filter(|(_, place)| place.spent == at)
            .any(|(group, _)| undone.contains(&group));
        let mut spent = spent.clone();
        if is_undone || memory.returned_from.contains(&at) {
            spent.settled = put_groups(staging, folder, &groups(at, true)).await?;
        }
        if is_undone {
            let matched = groups(at, false);
            spent.carried = Vec::new();
            for ((side, since), own) in open_items::prints_of(&matched) {
                let carried = put_carried(staging, folder, side, since, own).await?;
                spent.carried.extend(carried);
            }
            spent.matched = Vec::from_iter(put_groups(staging, folder, &matched).await?);
            let mut left = staging.get_payments(spent.payments.as_ref()).await?;
            let mut names_left = staging.get_payments(spent.other_names.as_ref()).await?;
            let of_run = memory.places.iter().zip(&memory.used).enumerate();
            let gone = of_run.filter(|(group, (place, _))| {
                place.spent == at && !place.is_settled && undone.contains(group)
            });
            for (_, (_, Remembered { used, .. })) in gone {
                open_items::forget(&mut left, &payments.of_group(used.records.iter()));
                let names = used.records.iter().flat_map(|it| other_names.of_record(it));
                open_items::forget(&mut names_left, &Vec::from_iter(names));
            }
            spent.payments = staging.put_payments(folder, left).await?;
            spent.other_names = staging.put_payments(folder, names_left).await?;
        }
        kept.spent.push(spent);
    }
    Ok(kept)
}

/// What a part of a comparison used up, in the object store.
#[derive(Serialize, Deserialize)]
pub(crate) struct UsedParts {
    partner: Option<Prints>,
    ledger: Option<Prints>,
    carried: Vec<Carried>,
    matched: Option<Stored>,
    #[serde(default)]
    payments: Option<Stored>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_names: Option<Stored>,
}

/// What a whole comparison used up.
#[derive(Default)]
pub(crate) struct GatheredUse {
    partner: Own,
    ledger: Own,
    carried: BTreeMap<(Side, Date), Own>,
    matched: Vec<Stored>,
    pub(super) payments: Vec<Payment>,
    pub(super) other_names: Vec<Payment>,
}

/// Stores what matched pairs use up.
pub(crate) async fn put_used(
    staging: &Staging,
    folder: Folder<'_>,
    used: UsedUp,
) -> Result<UsedParts, Failure> {
    let mut carried = Vec::new();
    for ((side, since), own) in open_items::prints_of(&used.groups) {
        carried.extend(put_carried(staging, folder, side, since, own).await?);
    }
    Ok(UsedParts {
        partner: put_prints(staging, folder, used.partner).await?,
        ledger: put_prints(staging, folder, used.ledger).await?,
        carried,
        matched: put_groups(staging, folder, &used.groups).await?,
        payments: staging.put_payments(folder, used.payments).await?,
        other_names: staging.put_payments(folder, used.other_names).await?,
    })
}

/// Takes in what a part used up. The pairs stay where they are.
pub(crate) async fn gather(
    staging: &Staging,
    all: &mut GatheredUse,
    part: UsedParts,
) -> Result<(), Failure> {
    all.partner
        .append(get_prints(staging, part.partner.as_ref()).await?);
    all.ledger
        .append(get_prints(staging, part.ledger.as_ref()).await?);
    for Carried {
        side,
        since,
        prints,
    } in &part.carried
    {
        let side = Side::parse(side);
        let side = side.ok_or_else(|| damaged(&prints.stored, "they are of neither side"))?;
        let own = get_prints(staging, Some(prints)).await?;
        all.carried
            .entry((side, date(since)?))
            .or_default()
            .append(own);
    }
    all.matched.extend(part.matched);
    all.payments
        .append(&mut staging.get_payments(part.payments.as_ref()).await?);
    all.other_names
        .append(&mut staging.get_payments(part.other_names.as_ref()).await?);
    Ok(())
}

async fn put_groups(
    staging: &Staging,
    folder: Folder<'_>,
    groups: &[Used],
) -> Result<Option<Stored>, Failure> {
    match groups.is_empty() {
        true => Ok(None),
        false => Ok(Some(staging.put_all(folder, groups).await?)),
    }
}

async fn put_carried(
    staging: &Staging,
    folder: Folder<'_>,
    side: Side,
    since: Date,
    own: Own,
) -> Result<Option<Carried>, Failure> {
    let prints = put_prints(staging, folder, own).await?;
    Ok(prints.map(|prints| Carried {
        side: side.name().to_owned(),
        since: since.to_string(),
        prints,
    }))
}

/// Stores fingerprints, sorted; nothing when there are none.
async fn put_prints(
    staging: &Staging,
    folder: Folder<'_>,
    own: Own,
) -> Result<Option<Prints>, Failure> {
    let Own {
        mut fingerprints,
        value_dates: Some((from, to)),
    } = own
    else {
        return Ok(None);
    };
    fingerprints.sort_unstable();
    let bytes: Vec<u8> = fingerprints.iter().flat_map(|print| print.0).collect();
    Ok(Some(Prints {
        stored: staging.put(folder, bytes).await?,
        from: from.to_string(),
        to: to.to_string(),
    }))
}

/// Reads fingerprints back.
async fn get_prints(staging: &Staging, prints: Option<&Prints>) -> Result<Own, Failure> {
    let Some(prints) = prints else {
        return Ok(Own::default());
    };
    let fingerprints: Vec<Fingerprint> = staging.get_prints(&prints.stored).await?;
    Ok(Own {
        fingerprints,
        value_dates: Some((date(&prints.from)?, date(&prints.to)?)),
    })
}
