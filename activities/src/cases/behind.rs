//! What is done to the case of a cause is done to the discrepancies behind it, many at a time: each
//! by the same person, checked for itself, and on its own audit trail. A crash in the middle resumes
//! with what is left.

use std::collections::BTreeMap;

use domain::case::{Act, Case, CaseState, Decision, SYSTEM, carries};
use domain::severity::Severity;
use futures::future::try_join_all;
use jiff::Timestamp;
use proto::case::Asked;
use proto::wire::CaseDecision;
use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{CaseAct, CaseActed};

use super::act::{act_id, known, request};
use super::deciding::Deciding;
use super::{follow, review, standing};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::runs::timestamp;
use crate::store::{ACTS_PER_CALL_MAX, ActOutcome, Acted, Acting, BeforeAct, CaseRow};

/// Workflows told at once.
const AT_ONCE: usize = 16;

/// Not asked for by anybody: what was to arrive by a day is opened again.
pub(super) const DUE: &str = "due";

/// An act on a cause that is being done to its discrepancies, as the store keeps it meanwhile.
#[derive(Serialize, Deserialize)]
struct Under {
    act: CaseAct,
    /// What was decided on the cause before the act; none if nothing was.
    before: Option<CaseDecision>,
    /// Whether the act takes a second person, whatever it is about.
    takes_two: bool,
}

/// What is to be done behind a cause whose case changed so; none where its discrepancies have
/// nothing to do with it.
pub(super) fn then(act: &CaseAct, row: &CaseRow, before: &Case, after: &Case) -> Option<String> {
    if !concerns(&act.action) {
        return None;
    }
    let decision = before.decision.as_ref();
    let under = Under {
        act: act.clone(),
        before: decision.map(|made| proto::case::decision(made, row.subject.currency)),
        takes_two: after.state == CaseState::Proposed,
    };
    serde_json::to_string(&under).ok()
}

/// Whether an act on a cause is done to its discrepancies, too.
pub(super) fn concerns(action: &str) -> bool {
    matches!(action, "resolve" | "approve" | "reject" | "reopen" | DUE)
}

/// The act that was cut off in the middle, to go on with.
pub(super) fn unfinished(row: &CaseRow) -> Result<Option<CaseAct>, Failure> {
    Ok(under(row)?.map(|under| under.act))
}

fn under(row: &CaseRow) -> Result<Option<Under>, Failure> {
    let acting = row.cause.as_ref().and_then(|cause| cause.acting.as_ref());
    let read = |text: &String| {
        serde_json::from_str(text).map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))
    };
    acting.map(read).transpose()
}

pub(crate) async fn act(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: CaseAct,
) -> Result<CaseActed, Failure> {
    let progress = Progress::new(0usize);
    alive(ctx, &progress, work(trueup, &progress, input)).await
}

/// Begins at the first discrepancy after a crash too: what was done is found done.
pub(super) async fn work(
    trueup: &Trueup,
    progress: &Progress<usize>,
    input: CaseAct,
) -> Result<CaseActed, Failure> {
    let row = known(trueup, &input.discrepancy_id).await?;
    let behind = Behind::new(trueup, &row, &input)?;
    let ids = trueup.store.behind(&row.id).await?;
    let mut count = Count::default();
    let mut closed = BTreeMap::new();
    for (chunk, done) in ids.chunks(ACTS_PER_CALL_MAX).zip(1..) {
        let acted = behind.chunk(trueup, chunk).await?;
        behind.tell(trueup, &acted).await?;
        for acted in acted {
            count.add(&acted);
            let case = acted.case;
            if !case.case.state.is_open() {
                let key: (String, Severity) = (case.last_seen_run.clone(), case.subject.severity);
                closed.entry(key).or_insert(case);
            }
        }
        progress.set(done * ACTS_PER_CALL_MAX);
    }
    review::look(trueup, closed.values()).await?;
    let acting = row.cause.as_ref().and_then(|cause| cause.acting.as_ref());
    if let Some(acting) = acting.filter(|_| behind.is_under_way) {
        trueup.store.done_behind(&row.id, acting).await?;
    }
    follow::follow(trueup, [row.id.clone()].into(), behind.at).await?;
    let row = known(trueup, &row.id).await?;
    standing::acted(trueup, &row, behind.at, ActOutcome::Done, count.words()).await
}

/// An act on all discrepancies behind a cause.
struct Behind {
    asked: Option<Asked>,
    act_id: String,
    request: String,
    by: String,
    at: Timestamp,
    /// What was decided on the cause before.
    before: Option<Decision>,
    /// Otherwise all is done, and only counted.
    is_under_way: bool,
    deciding: Deciding,
}

impl Behind {
    fn new(trueup: &Trueup, row: &CaseRow, input: &CaseAct) -> Result<Self, Failure> {
        let at = timestamp(&input.at)?;
        let invalid = |error| Failure::last(failure::INVALID_INPUT, error);
        let (by, asked, named) = match input.action.as_str() {
            DUE => (SYSTEM.to_owned(), None, input.act_id.clone()),
            action => {
                let (by, asked) = proto::case::act(action, &input.input).map_err(invalid)?;
                let named = act_id(&input.act_id, &asked, action);
                (by, Some(asked), named)
            }
        };
        let under = under(row)?.filter(|under| under.act.act_id == input.act_id);
        let takes_two = under.as_ref().is_some_and(|under| under.takes_two);
        let before = under.as_ref().and_then(|under| under.before.as_ref());
        let before = before.map(proto::case::decision_from_wire).transpose();
        Ok(Behind {
            deciding: Deciding::behind_a_cause(trueup, &by, at, takes_two),
            asked,
            // As the act on the cause is called there: an id names one act on one case.
            act_id: format!("{}/{named}", row.id),
            request: request(&input.action, &input.input),
            by,
            at,
            before: before.map_err(invalid)?,
            is_under_way: under.is_some(),
        })
    }

    /// What became of those discrepancies that the act concerns.
    async fn chunk(&self, trueup: &Trueup, ids: &[String]) -> Result<Vec<Acted>, Failure> {
        let acts = ids.iter().map(|id| self.acting(id)).collect();
        let mut all = Vec::new();
        let mut to_do = Vec::new();
        for before in trueup.store.before_acts(acts).await?.into_iter().flatten() {
            let BeforeAct { case, outcome } = before;
            match outcome {
                Some((outcome, reason)) => all.push(Acted {
                    outcome,
                    reason,
                    case,
                }),
                None if self.is_under_way && self.is_about(&case) => {
                    to_do.push(self.acting(&case.id));
                }
                None => {}
            }
        }
        let (deciding, asked) = (self.deciding.clone(), self.asked.clone());
        let decide = move |row: &CaseRow| match (&asked, deciding.due(row)) {
            (Some(asked), _) => deciding.decide(row, asked),
            (None, Some(due)) => deciding.apply(row, &due),
            (None, None) => Ok(super::time::unchanged(row)),
        };
        let store = &trueup.store;
        let acted = store.act_on_cases(to_do, &self.by, self.at, decide).await?;
        all.extend(acted.into_iter().flatten());
        Ok(all)
    }

    fn acting(&self, id: &str) -> Acting {
        Acting {
            id: id.to_owned(),
            act_id: self.act_id.clone(),
            request: self.request.clone(),
        }
    }

    /// Resolved is what is open; agreed to, sent back and undone is what was decided for the cause.
    /// What a run cleared stays cleared.
    fn is_about(&self, row: &CaseRow) -> bool {
        let state = row.case.state;
        let is_carried = match &self.before {
            Some(decided) => carries(&row.case, decided),
            None => true,
        };
        match &self.asked {
            Some(Asked::Act(Act::Approve { .. } | Act::Reject { .. })) => {
                state == CaseState::Proposed && is_carried
            }
            Some(Asked::Act(Act::Reopen { .. })) => state == CaseState::Resolved && is_carried,
            Some(_) => state.is_open(),
            None => self.deciding.due(row).is_some(),
        }
    }

    /// Discrepancies with a workflow of their own hear that their case changed.
    async fn tell(&self, trueup: &Trueup, acted: &[Acted]) -> Result<(), Failure> {
        let to_tell = acted
            .iter()
            .filter(|acted| acted.outcome == ActOutcome::Done && acted.case.has_workflow);
        let to_tell: Vec<&Acted> = to_tell.collect();
        for some in to_tell.chunks(AT_ONCE) {
            let signals = some
                .iter()
                .map(|acted| follow::hear(trueup, &acted.case.id));
            try_join_all(signals).await?;
        }
        Ok(())
    }
}

/// How many there are of each outcome.
#[derive(Default)]
struct Count {
    done: u64,
    unchanged: u64,
    refused: u64,
    /// Which was refused first, and why.
    first_refused: Option<String>,
}

impl Count {
    fn add(&mut self, acted: &Acted) {
        match acted.outcome {
            ActOutcome::Done => self.done += 1,
            ActOutcome::Unchanged => self.unchanged += 1,
            ActOutcome::Refused => {
                self.refused += 1;
                let told = || format!("{}: {}", acted.case.reference, acted.reason);
                self.first_refused.get_or_insert_with(told);
            }
        }
    }

    fn words(&self) -> String {
        let Count {
            done,
            unchanged,
            refused,
            first_refused,
        } = self;
        let mut words = format!("of its discrepancies {done} done");
        if *unchanged > 0 {
            words += &format!(", {unchanged} unchanged");
        }
        match first_refused {
            None => words,
            Some(first) => format!("{words}, {refused} refused, such as {first}"),
        }
    }
}
