//! What is done to a case, once: the case, its audit trail and the name of the act together, one
//! transaction per act.

use std::collections::BTreeSet;

use domain::alert::AlertIntent;
use domain::case::Applied;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::audit;
use super::item::Item;
use super::table_access::AT_ONCE;
use super::unit::Unit;
use super::{DynamoStore, attention, cases, keys, told};
use crate::store::case_rules::{self, Decided};
use crate::store::note::Note;
use crate::store::{ActOutcome, Acted, Acting, BeforeAct, CaseRow, Denied, Reopening, StoreError};

impl DynamoStore {
    pub(in crate::store) async fn before_acts(
        &self,
        acts: &[Acting],
    ) -> Result<Vec<Option<BeforeAct>>, StoreError> {
        let each = acts.iter().map(|acting| self.before_act(acting));
        let each: Vec<_> = each.collect();
        stream::iter(each).buffered(AT_ONCE).try_collect().await
    }

    async fn before_act(&self, acting: &Acting) -> Result<Option<BeforeAct>, StoreError> {
        self.write(|unit| async move { before(&unit, acting).await })
            .await
    }

    /// Side by side, but for several acts on one case, which are done in order.
    pub(in crate::store) async fn act_on_cases(
        &self,
        acts: &[Acting],
        by: &str,
        at: Timestamp,
        decide: &(impl Fn(&CaseRow) -> Result<Applied, Denied> + Sync),
        tell: &(impl Fn(&Reopening) -> Result<Vec<AlertIntent>, StoreError> + Sync),
    ) -> Result<Vec<Option<Acted>>, StoreError> {
        let distinct: BTreeSet<&String> = acts.iter().map(|acting| &acting.id).collect();
        let at_once = match distinct.len() == acts.len() {
            true => AT_ONCE,
            false => 1,
        };
        let each = acts.iter().map(|acting| {
            self.write(move |unit| async move { act(&unit, acting, by, at, decide, tell).await })
        });
        let each: Vec<_> = each.collect();
        stream::iter(each).buffered(at_once).try_collect().await
    }
}

/// Does one act, unless it was done before; none when there is no such case.
pub(super) async fn act(
    unit: &Unit,
    acting: &Acting,
    by: &str,
    at: Timestamp,
    decide: &(impl Fn(&CaseRow) -> Result<Applied, Denied> + Sync),
    tell: &(impl Fn(&Reopening) -> Result<Vec<AlertIntent>, StoreError> + Sync),
) -> Result<Option<Acted>, StoreError> {
    let Some(row) = cases::find(unit, &acting.id).await? else {
        return Ok(None);
    };
    if let Some((outcome, reason)) = known(unit, acting).await? {
        return Ok(Some(Acted {
            outcome,
            reason,
            case: row,
        }));
    }
    cases::begin(unit, &row, at).await?;
    let decided = Decided::by(decide(&row));
    if let Some(case) = &decided.case {
        cases::save(unit, &row, case).await?;
    }
    let mut attention = row.attention;
    if let Some(note) = decided.reopened() {
        attention = attention::restart(unit, &row, at).await?;
        told::reopened(unit, &row, note, at, tell).await?;
    }
    let Decided {
        outcome,
        reason,
        case,
        entry,
    } = decided;
    if let Some(entry) = entry {
        let note = Note::of_case(&row.id, at, by, entry);
        audit::note(unit, note).await?;
    }
    let item = Item::default()
        .with(
            "request_sha256",
            case_rules::request_digest(&acting.request),
        )
        .with("outcome", outcome.name())
        .with("reason", &reason);
    unit.put(keys::act(&acting.id, &acting.act_id), item);
    Ok(Some(Acted {
        outcome,
        reason,
        case: CaseRow {
            case: case.unwrap_or_else(|| row.case.clone()),
            attention,
            ..row
        },
    }))
}

/// The case of an act, and what became of the act if it was done before.
pub(super) async fn before(unit: &Unit, acting: &Acting) -> Result<Option<BeforeAct>, StoreError> {
    let Some(case) = cases::find(unit, &acting.id).await? else {
        return Ok(None);
    };
    let outcome = known(unit, acting).await?;
    Ok(Some(BeforeAct { case, outcome }))
}

/// What became of an act that was done before; another request under its name is refused.
async fn known(unit: &Unit, acting: &Acting) -> Result<Option<(ActOutcome, String)>, StoreError> {
    let Some(item) = unit.get(&keys::act(&acting.id, &acting.act_id)).await? else {
        return Ok(None);
    };
    if item.text("request_sha256")? != case_rules::request_digest(&acting.request) {
        return Ok(Some(case_rules::asked_otherwise()));
    }
    let outcome = item.parse("outcome", ActOutcome::parse)?;
    Ok(Some((outcome, item.text("reason")?)))
}
