//! The end of the comparison: further rules, what is alone, and where all the money went.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::audit::Hash;
use domain::conservation::Conservation;
use domain::discrepancy::{Discrepancy, DiscrepancyId};
use domain::matching::{self, Comparison, Pool};
use domain::open_items::{self, Gone};
use domain::policy::Scope;
use domain::record::Record;
use proto::totals::{add_conservation, conservation_to_wire, count_discrepancies};
use proto::wire::RunTotals;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{Compare, Conclude, Concluded, Run, Sides, Stored};

use super::account::{balanced, broken_controls, carried_forward_is, carry_all_forward, received};
use super::admit::source;
use super::before::{Before, gone};
use super::compare::{self, Matches, received_by, too_large};
use super::look_again::look_again;
use super::parts::{self, Compared, Found};
use crate::Trueup;
use crate::audit::seal;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive, compute};
use crate::positions::{self, GatheredUse, Outcome, Position, Standing, during_turn};
use crate::staging::{Folder, SideManifest, Staging};

pub(crate) async fn conclude(
    trueup: Arc<Trueup>,
    ctx: &ActivityContext,
    input: Conclude,
) -> Result<Concluded, Failure> {
    let progress = Progress::new("loading");
    let run = input.run.clone();
    let attempt = ctx.info().workflow_run_id.clone().unwrap_or_default();
    let work = work(Arc::clone(&trueup), &progress, input, attempt);
    alive(ctx, &progress, during_turn(&trueup, ctx, &run, work)).await
}

/// Compares both sides in one part, and concludes.
pub(super) async fn both_sides(
    trueup: &Arc<Trueup>,
    run: Run,
    sides: Sides,
    position: Option<Stored>,
    attempt: &str,
) -> Result<Concluded, Failure> {
    let progress = Progress::new("");
    let attempt = || attempt.to_owned();
    let mut compared = Vec::new();
    if !sides.break_controls() {
        let all = Compare::part(&run, &sides, position.clone(), 0, 1);
        compared.push(compare::work(Arc::clone(trueup), &progress, all, attempt()).await?);
    }
    let conclusion = Conclude {
        run,
        sides,
        compared,
        position,
    };
    work(Arc::clone(trueup), &progress, conclusion, attempt()).await
}

async fn work(
    trueup: Arc<Trueup>,
    progress: &Progress<&'static str>,
    input: Conclude,
    attempt: String,
) -> Result<Concluded, Failure> {
    let begun = Begun::load(&trueup, &input, &attempt).await?;
    let mut all = gather(&trueup, &input.compared).await?;
    progress.set("classifying");
    let left = std::mem::take(&mut all.left);
    let mut outcome = begun.classify(&trueup, &input.run, &all.used, left).await?;
    let conservation = begun.account(&all.conservation, &outcome)?;
    progress.set("writing");
    let leaves = put_matches(&trueup, &input.run, &mut all.matches, &outcome).await?;
    if let Some(all) = &mut all.leaves {
        all.extend(leaves);
    }
    all.discrepancies.append(&mut outcome.discrepancies);
    open_items::keep_ids(&mut all.discrepancies);
    if !all.discrepancies.is_empty() {
        begun
            .hold_against_settled(&trueup, &input.run, &mut all.discrepancies)
            .await?;
    }
    matching::sort_for_people(&mut all.discrepancies);
    let settled = std::mem::take(&mut all.settled);
    let cleared = begun.cleared(&trueup, &input.run, &all, &outcome, settled)?;
    let position = begun
        .position(&trueup, &input, &mut all, &outcome, &conservation)
        .await?;
    let totals = begun.totals(&input.sides, &all, &outcome, &conservation, cleared.len())?;
    let seals = all.leaves.map(|leaves| {
        let key = trueup.audit.commitments;
        seal::seals(leaves, &all.discrepancies, key).into()
    });
    let folder = of_run(&input.run);
    let found = Found {
        seals,
        discrepancies: trueup.staging.put_all(folder, &all.discrepancies).await?,
        matches: all.matches,
        cleared: cleared
            .into_iter()
            .map(|gone| (gone.discrepancy.to_string(), gone.evidence))
            .collect(),
        undone: named(&begun.before.undone.unsettled),
        open_before: named(&begun.before.open),
        position,
    };
    let findings = parts::put(&trueup.staging, folder, &found).await?;
    Ok(Concluded { findings, totals })
}

fn of_run(run: &Run) -> Folder<'_> {
    Folder::Compared {
        run_id: &run.run_id,
    }
}

/// What the conclusion begins with, besides what was compared.
struct Begun {
    partner: SideManifest,
    ledger: SideManifest,
    standing: Standing,
    before: Before,
    /// What the reports state about themselves and break: of such a report nothing was compared.
    broken: Vec<Discrepancy>,
}

impl Begun {
    async fn load(trueup: &Trueup, input: &Conclude, attempt: &str) -> Result<Self, Failure> {
        let partner = SideManifest::load(&trueup.staging, &input.sides.partner.manifest).await?;
        let ledger = SideManifest::load(&trueup.staging, &input.sides.ledger.manifest).await?;
        let position = input.position.as_ref();
        let standing = Standing::load(trueup, &input.run, attempt, position).await?;
        let sides = [&partner, &ledger];
        Ok(Begun {
            before: Before::load(trueup, &standing, sides).await?,
            broken: broken_controls(trueup, &input.run, sides)?,
            standing,
            partner,
            ledger,
        })
    }

    fn sides(&self) -> [&SideManifest; 2] {
        [&self.partner, &self.ledger]
    }

    fn is_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Applies the further rules to what is left, and says what is alone.
    async fn classify(
        &self,
        trueup: &Arc<Trueup>,
        run: &Run,
        used: &GatheredUse,
        mut left: Pool,
    ) -> Result<Comparison, Failure> {
        if self.is_broken() {
            return Ok(Comparison {
                discrepancies: self.broken.clone(),
                ..Comparison::default()
            });
        }
        let (standing, staging) = (&self.standing, &trueup.staging);
        let context = standing.context()?;
        let marked = standing.mark_paid(
            staging,
            source(trueup, run)?,
            &context,
            self.sides(),
            used,
            &mut left,
        );
        let superseded = marked.await?;
        let concluded = {
            let (trueup, run) = (Arc::clone(trueup), run.clone());
            compute(move || {
                let policy = &source(&trueup, &run)?.policy;
                let mut comparison = matching::conclude(policy, &context, left);
                comparison.superseded.extend(superseded);
                Ok(comparison)
            })
            .await?
        };
        let looked = look_again(trueup, run, standing, self.sides(), concluded).await?;
        standing
            .find_paid_before(trueup, run, self.sides(), used, looked)
            .await
    }

    /// What people settled before is not found again; what is found of its other side says so.
    async fn hold_against_settled(
        &self,
        trueup: &Trueup,
        run: &Run,
        found: &mut [Discrepancy],
    ) -> Result<(), Failure> {
        let settled = self.standing.settled(&trueup.staging).await?;
        let policy = &source(trueup, run)?.policy;
        open_items::hold_against_settled(policy, found, &settled, &self.before.undone);
        Ok(())
    }

    /// Where all the money went, which has to add up.
    fn account(
        &self,
        compared: &Conservation,
        outcome: &Comparison,
    ) -> Result<Conservation, Failure> {
        let mut conservation = received(self.sides())?;
        self.before.count(&mut conservation)?;
        conservation.merge(compared).map_err(too_large)?;
        match self.is_broken() {
            false => self.before.settle(&mut conservation)?,
            true => carry_all_forward(&mut conservation)?,
        }
        conservation.conclude(outcome).map_err(too_large)?;
        balanced(&conservation)?;
        Ok(conservation)
    }

    /// Former discrepancies that are none any more.
    fn cleared(
        &self,
        trueup: &Trueup,
        run: &Run,
        all: &Gathered,
        outcome: &Comparison,
        mut settled: Vec<Gone>,
    ) -> Result<Vec<Gone>, Failure> {
        if self.standing.asked.scope != Scope::Whole || self.is_broken() {
            return Ok(Vec::new());
        }
        let policy = &source(trueup, run)?.policy;
        let by_last = open_items::of_matches(policy, &run.run_id, &outcome.matched);
        settled.extend(by_last);
        settled.extend(open_items::of_superseded(&outcome.superseded));
        let open = self.before.open.union(&self.before.undone.unsettled);
        Ok(open_items::cleared(
            &run.run_id,
            &open.copied().collect(),
            &all.discrepancies,
            &outcome.in_transit,
            settled,
            self.before.gone.clone(),
        ))
    }

    /// What the next run begins with, where this one is followed by any.
    async fn position(
        &self,
        trueup: &Trueup,
        input: &Conclude,
        all: &mut Gathered,
        outcome: &Comparison,
        conservation: &Conservation,
    ) -> Result<Option<Stored>, Failure> {
        if !self.standing.makes_position || self.is_broken() {
            return Ok(None);
        }
        let received = received_by(&input.run)?;
        let policy = &source(trueup, &input.run)?.policy;
        let (found, in_transit) = (&all.discrepancies, &outcome.in_transit);
        let open = open_items::open_items(policy, &received, found, in_transit);
        carried_forward_is(conservation, &open)?;
        let used = open_items::used_up(policy, &received, &outcome.matched, &outcome.superseded);
        let used = positions::put_used(&trueup.staging, of_run(&input.run), used).await?;
        positions::gather(&trueup.staging, &mut all.used, used).await?;
        let outcome = Outcome {
            sides: self.sides(),
            manifests: [&input.sides.partner.manifest, &input.sides.ledger.manifest],
            open,
            used: std::mem::take(&mut all.used),
            reopened: self.before.undone.reopened,
            taken_back: self.before.undone.taken_back,
        };
        let next = positions::next(trueup, &input.run, &received, &self.standing, outcome);
        next.await.map(Some)
    }

    fn totals(
        &self,
        sides: &Sides,
        all: &Gathered,
        outcome: &Comparison,
        conservation: &Conservation,
        cleared: usize,
    ) -> Result<RunTotals, Failure> {
        let is_open_before = |found: &&Discrepancy| self.before.open.contains(&found.id);
        let seen_again = all.discrepancies.iter().filter(is_open_before);
        let sides_known = self.sides();
        let known = sides_known.iter().flat_map(|side| &side.known);
        let mut totals = RunTotals {
            partner: Some(sides.partner.counts.clone()),
            ledger: Some(sides.ledger.counts.clone()),
            matched: all.matched + outcome.matched.len() as u64,
            in_transit: outcome.in_transit.len() as u64,
            superseded: all.superseded + outcome.superseded.len() as u64,
            out_of_scope: all.out_of_scope + outcome.out_of_scope.records().count() as u64,
            conservation: conservation_to_wire(conservation).map_err(too_large)?,
            seen_again: seen_again.count() as u64,
            cleared: cleared as u64,
            known: known.map(|part| part.count).sum(),
            ..RunTotals::default()
        };
        count_discrepancies(&mut totals, &all.discrepancies);
        Ok(totals)
    }
}

fn named(ids: &BTreeSet<DiscrepancyId>) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// Stores what further rules matched; the leaves of these matches.
async fn put_matches(
    trueup: &Trueup,
    run: &Run,
    matches: &mut Vec<Stored>,
    outcome: &Comparison,
) -> Result<Vec<Hash>, Failure> {
    let mut last = Matches::default();
    last.add(&source(trueup, run)?.policy, &outcome.matched);
    if !last.leaves.is_empty() || matches.is_empty() {
        let lines = last.lines.finish();
        matches.push(trueup.staging.put(of_run(run), lines).await?);
    }
    Ok(last.leaves)
}

/// Of what a comparison stored for its run, the objects that are read after it.
pub(super) async fn read_later(
    staging: &Staging,
    concluded: &Concluded,
) -> Result<Vec<Stored>, Failure> {
    let found: Found = parts::get(staging, &concluded.findings).await?;
    let mut objects = vec![concluded.findings.clone(), found.discrepancies];
    objects.extend(found.matches);
    if let Some(position) = &found.position {
        objects.extend(Position::load(staging, position).await?.used_by_last());
    }
    Ok(objects)
}

/// What all comparisons of buckets found and left.
struct Gathered {
    matches: Vec<Stored>,
    /// None when an earlier version left a part without.
    leaves: Option<Vec<Hash>>,
    matched: u64,
    conservation: Conservation,
    discrepancies: Vec<Discrepancy>,
    left: Pool,
    superseded: u64,
    out_of_scope: u64,
    used: GatheredUse,
    settled: Vec<Gone>,
}

async fn gather(trueup: &Trueup, compared: &[Stored]) -> Result<Gathered, Failure> {
    let mut all = Gathered {
        matches: Vec::new(),
        leaves: Some(Vec::new()),
        matched: 0,
        conservation: Conservation::default(),
        discrepancies: Vec::new(),
        left: Pool::default(),
        superseded: 0,
        out_of_scope: 0,
        used: GatheredUse::default(),
        settled: Vec::new(),
    };
    for stored in compared {
        let part: Compared = parts::get(&trueup.staging, stored).await?;
        let mut discrepancies = trueup.staging.get_all(&part.discrepancies).await?;
        all.discrepancies.append(&mut discrepancies);
        for record in trueup.staging.get_all::<Record>(&part.left).await? {
            all.left.push(record);
        }
        add_conservation(&mut all.conservation, &part.conservation).map_err(too_large)?;
        all.matched += part.matched;
        all.superseded += part.superseded;
        all.out_of_scope += part.out_of_scope;
        all.matches.push(part.matches);
        all.leaves = match (all.leaves, &part.leaves) {
            (Some(mut leaves), Some(stored)) => {
                leaves.extend(read_leaves(&trueup.staging, stored).await?);
                Some(leaves)
            }
            _ => None,
        };
        all.settled.extend(gone(part.settled)?);
        if let Some(used) = part.used {
            positions::gather(&trueup.staging, &mut all.used, used).await?;
        }
    }
    Ok(all)
}

async fn read_leaves(staging: &Staging, stored: &Stored) -> Result<Vec<Hash>, Failure> {
    let leaves = seal::from_bytes(&staging.get(stored).await?);
    leaves.ok_or_else(|| {
        let problem = format!("{}: it is no list of hashes", stored.key);
        Failure::last(failure::STAGING_DAMAGED, problem)
    })
}
