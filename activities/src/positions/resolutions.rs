//! Which open items people settled, decided once: the run that left them open and the one that
//! begins with them must say the same.
//!
//! What was resolved before the next run took over, or before the run was closed, belongs to the
//! final figures of the run that left it open. What was resolved after that belongs to the next.

use std::collections::{BTreeMap, BTreeSet};

use domain::case::{CaseState, Decision, InForce, Settles};
use domain::conservation::Conservation;
use domain::discrepancy::DiscrepancyId;
use domain::open_items::{self, Settled, Used};
use domain::policy::Scope;
use domain::record::Record;
use proto::totals::{add_conservation, conservation_to_wire};
use proto::wire::ConservationLine;
use serde::{Deserialize, Serialize};
use workflows::ports::{Run, Stored};
use workflows::{failure, identity};

use super::Position;
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::context;
use crate::staging::{Folder, Staging};
use crate::store::{CaseRow, Store, StoreError};

/// What resolutions made of a position, as a run sees it from its beginning to its end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Resolved {
    /// Settled in the final figures of the run that left them open.
    pub(crate) earlier: Settled,
    /// Settled in the figures of the run that begins.
    pub(crate) now: Settled,
    /// Settled once, and not any more: open again.
    pub(crate) returned: BTreeSet<DiscrepancyId>,
}

#[derive(Serialize, Deserialize)]
struct ResolvedJson {
    earlier: BTreeMap<String, String>,
    now: BTreeMap<String, String>,
    returned: BTreeSet<String>,
}

impl Resolved {
    /// What this run goes by: decided by its first step, whichever that is.
    ///
    /// A whole run takes over from the one before, whose figures are thereby final; others only
    /// look.
    pub(crate) async fn of(
        trueup: &Trueup,
        run: &Run,
        attempt: &str,
        stored: &Stored,
        position: &Position,
    ) -> Result<Self, Failure> {
        let staging = &trueup.staging;
        let folder = Folder::Compared {
            run_id: &run.run_id,
        };
        // Another run may have come first: then the same attempt begins again, elsewhere.
        let name = format!("resolved-{attempt}-{}.json", stored.sha256);
        if let Some(bytes) = staging.get_named(folder, &name).await? {
            return from_json(&name, &bytes);
        }
        let takes_over = !run.request.dry_run && context(run)?.scope == Scope::Whole;
        let source = &run.request.source;
        let items = position.all_open_items(staging).await?;
        let earlier = match takes_over {
            true => final_settled(trueup, source, stored, &items).await?,
            false => read_final(staging, source, stored)
                .await?
                .unwrap_or_default(),
        };
        let before = settled_before(staging, position).await?;
        let mut asked: BTreeSet<DiscrepancyId> = earlier.keys().cloned().collect();
        asked.extend(open_items::discrepancies_of(&items).into_keys().cloned());
        let of_groups = before.iter().filter_map(|used| used.settled.as_ref());
        asked.extend(of_groups.map(|settled| settled.discrepancy));
        let resolutions = resolutions(&trueup.store, asked).await?;
        let current = open_items::settle(&items, |id| resolutions.get(id).cloned());
        let mut returned: BTreeSet<DiscrepancyId> = earlier
            .keys()
            .filter(|id| !current.contains_key(*id))
            .cloned()
            .collect();
        for used in &before {
            let again = open_items::settle(&used.records, |id| resolutions.get(id).cloned());
            let settled = used.settled.as_ref().map(|settled| &settled.discrepancy);
            returned.extend(settled.filter(|id| !again.contains_key(*id)).cloned());
        }
        let is_new = |(id, _): &(DiscrepancyId, Settles)| !earlier.contains_key(id);
        let resolved = Resolved {
            now: current.into_iter().filter(is_new).collect(),
            earlier,
            returned,
        };
        let first = staging
            .put_first(folder, &name, to_json(&resolved)?)
            .await?;
        from_json(&name, &first)
    }

    /// Where the records of a discrepancy went; none when they are open.
    pub(crate) fn settles(&self, id: &DiscrepancyId) -> Option<Settles> {
        if self.returned.contains(id) {
            return None;
        }
        self.earlier.get(id).or_else(|| self.now.get(id)).copied()
    }

    /// All that is settled.
    pub(crate) fn all(&self) -> Settled {
        let both = self.earlier.iter().chain(&self.now);
        let still = both.filter(|(id, _)| !self.returned.contains(*id));
        still.map(|(id, settles)| (*id, *settles)).collect()
    }
}

/// The conservation of a run with what was settled of what it left open: its final figures.
pub(crate) async fn adjusted(
    trueup: &Trueup,
    source: &str,
    stored: &Stored,
    lines: &[ConservationLine],
) -> Result<Vec<ConservationLine>, Failure> {
    let position = Position::load(&trueup.staging, stored).await?;
    let items = position.all_open_items(&trueup.staging).await?;
    let settled = final_settled(trueup, source, stored, &items).await?;
    let unfit = |error| Failure::last(failure::NOT_CONSERVED, error);
    let mut conservation = Conservation::default();
    add_conservation(&mut conservation, lines).map_err(unfit)?;
    open_items::move_settled(&mut conservation, &items, &settled).map_err(unfit)?;
    conservation_to_wire(&conservation).map_err(unfit)
}

/// What belongs to the final figures of the run that made a position. Whoever asks first decides.
async fn final_settled(
    trueup: &Trueup,
    source: &str,
    stored: &Stored,
    items: &[Record],
) -> Result<Settled, Failure> {
    if let Some(settled) = read_final(&trueup.staging, source, stored).await? {
        return Ok(settled);
    }
    let asked = open_items::discrepancies_of(items).into_keys().cloned();
    let resolutions = resolutions(&trueup.store, asked.collect()).await?;
    let settled = open_items::settle(items, |id| resolutions.get(id).cloned());
    let resolved = Resolved {
        earlier: settled,
        ..Resolved::default()
    };
    let (folder, name) = (Folder::Positions { source }, final_name(stored));
    let first = trueup
        .staging
        .put_first(folder, &name, to_json(&resolved)?)
        .await?;
    Ok(from_json(&name, &first)?.earlier)
}

async fn read_final(
    staging: &Staging,
    source: &str,
    stored: &Stored,
) -> Result<Option<Settled>, Failure> {
    let (folder, name) = (Folder::Positions { source }, final_name(stored));
    let bytes = staging.get_named(folder, &name).await?;
    let resolved = bytes.map(|bytes| from_json(&name, &bytes)).transpose()?;
    Ok(resolved.map(|resolved| resolved.earlier))
}

fn final_name(stored: &Stored) -> String {
    format!("settled-{}.json", stored.sha256)
}

/// Everything that resolutions settled before, as far back as is remembered.
pub(super) async fn settled_before(
    staging: &Staging,
    position: &Position,
) -> Result<Vec<Used>, Failure> {
    let mut all = Vec::new();
    for stored in position.spent.iter().filter_map(|run| run.settled.as_ref()) {
        all.extend(staging.get_all::<Used>(stored).await?);
    }
    Ok(all)
}

/// The resolutions in force, of those cases that have one.
pub(super) async fn resolutions(
    store: &Store,
    ids: BTreeSet<DiscrepancyId>,
) -> Result<BTreeMap<DiscrepancyId, InForce>, StoreError> {
    let names = ids.iter().map(ToString::to_string).collect();
    let resolved = store.resolutions(names).await?.into_iter();
    let resolved = resolved.filter_map(|(id, it)| Some((DiscrepancyId::parse(&id)?, it)));
    Ok(resolved.collect())
}

/// Those of `found` whose own audit trail says that they were seen again. Not what nobody ever dealt
/// with: that it is still there is in the run's findings, and a hundred thousand small differences
/// a day would drown what people did. Nor what somebody settled while the run went on, which began
/// with it, or after a run of one client or invoice had found it for the same day: what was decided meanwhile
/// holds.
pub(crate) async fn worth_a_note(
    trueup: &Trueup,
    found: Vec<String>,
    run_id: &str,
    open_before: &BTreeSet<String>,
) -> Result<Vec<String>, Failure> {
    let dealt_with = trueup.store.cases_dealt_with(found).await?;
    let settled_meanwhile = |row: &CaseRow| {
        let is_known =
            open_before.contains(&row.id) || identity::is_part_of(&row.first_seen_run, run_id);
        is_known && is_settled_by_people(row)
    };
    let noted = dealt_with
        .into_iter()
        .filter(|row| !settled_meanwhile(row))
        .map(|row| row.id);
    Ok(noted.collect())
}

fn is_settled_by_people(row: &CaseRow) -> bool {
    let settles = |decision: &Decision| {
        let (has_both_sides, at_stake) = (row.subject.has_both_sides, row.subject.at_stake);
        decision.resolution.settles(has_both_sides, at_stake) != Settles::Nothing
    };
    row.case.state == CaseState::Resolved && row.case.decision.as_ref().is_some_and(settles)
}

fn to_json(resolved: &Resolved) -> Result<Vec<u8>, Failure> {
    let named = |settled: &Settled| {
        let named = settled.iter();
        let named = named.map(|(id, settles)| (id.to_string(), settles.name().to_owned()));
        named.collect()
    };
    let json = ResolvedJson {
        earlier: named(&resolved.earlier),
        now: named(&resolved.now),
        returned: resolved.returned.iter().map(ToString::to_string).collect(),
    };
    serde_json::to_vec(&json).map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))
}

fn from_json(name: &str, bytes: &[u8]) -> Result<Resolved, Failure> {
    let damaged = || Failure::last(failure::STAGING_DAMAGED, format!("{name} is damaged"));
    let json: ResolvedJson = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    let id = |text: &String| DiscrepancyId::parse(text).ok_or_else(damaged);
    let settled = |named: &BTreeMap<String, String>| {
        let settled = named
            .iter()
            .map(|(text, name)| Ok((id(text)?, Settles::parse(name).ok_or_else(damaged)?)));
        settled.collect::<Result<Settled, Failure>>()
    };
    Ok(Resolved {
        earlier: settled(&json.earlier)?,
        now: settled(&json.now)?,
        returned: json.returned.iter().map(id).collect::<Result<_, _>>()?,
    })
}
