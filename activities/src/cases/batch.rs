//! The same act on many cases, each once: in the store, many at a time; by the case's own workflow
//! where one runs or has to. One line of the result per case, whatever became of it.

use std::collections::BTreeMap;

use domain::alert;
use domain::case::{Act, ResolutionKind};
use futures::future::try_join_all;
use jiff::Timestamp;
use proto::case::{Asked, Batch, refused};
use proto::wire::{CaseBatchResult, CaseReply};
use serde::Serialize;
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::identity;
use workflows::ports::BatchAct;

use super::act::{act_id, request};
use super::deciding::Deciding;
use super::{follow, review, select, standing};
use crate::Trueup;
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::runs::timestamp;
use crate::staging::Folder;
use crate::store::{ACTS_PER_CALL_MAX, ActOutcome, Acted, Acting, BeforeAct, CaseRow};

/// Workflows asked at once.
const AT_ONCE: usize = 16;

pub(crate) async fn act(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: BatchAct,
) -> Result<CaseBatchResult, Failure> {
    let progress = Progress::new(0u64);
    alive(ctx, &progress, work(trueup, &progress, input)).await
}

/// One line of the result.
#[derive(Serialize)]
struct Line<'a> {
    discrepancy_id: &'a str,
    outcome: &'a str,
    reason: &'a str,
}

/// Begins at the first case after a crash too: what was done is found done.
pub(super) async fn work(
    trueup: &Trueup,
    progress: &Progress<u64>,
    input: BatchAct,
) -> Result<CaseBatchResult, Failure> {
    let selection = trueup.staging.get(&input.selection).await?;
    let selection = String::from_utf8(selection)
        .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))?;
    let ids: Vec<&str> = selection.lines().collect();
    let acting = Asking {
        batch_id: &input.batch_id,
        action: &input.request.action,
        batch: select::read(&input.request)?,
        count: ids.len(),
        at: timestamp(&input.at)?,
    };
    let mut result = CaseBatchResult::default();
    let mut lines = Vec::new();
    let mut closed = BTreeMap::new();
    for chunk in ids.chunks(ACTS_PER_CALL_MAX) {
        let replies = acting.chunk(trueup, chunk, &mut closed).await?;
        for (id, reply) in chunk.iter().zip(replies) {
            count(&mut result, &reply.outcome);
            let line = Line {
                discrepancy_id: id,
                outcome: &reply.outcome,
                reason: &reply.reason,
            };
            serde_json::to_writer(&mut lines, &line)
                .map_err(|error| Failure::last(failure::STAGING_DAMAGED, error))?;
            lines.push(b'\n');
        }
        progress.set(result.selected);
    }
    review::look(trueup, closed.values()).await?;
    let folder = Folder::Batch {
        batch_id: &input.batch_id,
    };
    let stored = trueup.staging.put(folder, lines).await?;
    result.results_key = stored.key;
    result.results_sha256 = stored.sha256;
    result.results_bytes = stored.bytes;
    Ok(result)
}

fn count(result: &mut CaseBatchResult, outcome: &str) {
    result.selected += 1;
    match ActOutcome::parse(outcome) {
        Some(ActOutcome::Done) => result.done += 1,
        Some(ActOutcome::Unchanged) => result.unchanged += 1,
        Some(ActOutcome::Refused) | None => result.refused += 1,
    }
}

/// The act, and what it is called.
struct Asking<'a> {
    batch_id: &'a str,
    action: &'a str,
    batch: Batch,
    /// How many cases it is about.
    count: usize,
    at: Timestamp,
}

/// Of each run and severity one closed case: enough to know whose review may be over.
type Closed = BTreeMap<(String, domain::severity::Severity), CaseRow>;

impl Asking<'_> {
    /// The answers of some cases, in order.
    async fn chunk(
        &self,
        trueup: &Trueup,
        ids: &[&str],
        closed: &mut Closed,
    ) -> Result<Vec<CaseReply>, Failure> {
        let acts = ids.iter().map(|id| self.acting(id)).collect();
        let before = trueup.store.before_acts(acts).await?;
        let mut replies: BTreeMap<&str, CaseReply> = BTreeMap::new();
        let (mut by_workflow, mut in_store) = (Vec::new(), Vec::new());
        for (id, before) in ids.iter().copied().zip(before) {
            match before {
                None => {
                    replies.insert(id, refused(format!("no discrepancy is called {id}")));
                }
                Some(BeforeAct {
                    case,
                    outcome: Some((outcome, reason)),
                }) => {
                    let acted = Acted {
                        outcome,
                        reason,
                        case,
                    };
                    replies.insert(id, note(acted, closed));
                }
                Some(BeforeAct { case, .. })
                    if needs_workflow(trueup, &case, &self.batch.asked, self.count) =>
                {
                    by_workflow.push(id);
                }
                Some(BeforeAct { case, .. }) => in_store.push((id, case.has_workflow)),
            }
        }
        let acted = self.in_store(trueup, &in_store).await?;
        for ((id, had_workflow), acted) in in_store.into_iter().zip(acted) {
            let Some(acted) = acted else { continue };
            if acted.case.has_workflow && !had_workflow {
                // It began meanwhile, and has to hear that its case changed.
                let reason = serde_json::json!({ "reason": self.batch_id });
                let workflows = &trueup.workflows;
                workflows
                    .signal(&identity::case_id(id), "redeliver", &reason)
                    .await?;
            }
            replies.insert(id, note(acted, closed));
        }
        let is_done = |reply: &CaseReply| reply.outcome == ActOutcome::Done.name();
        let done = replies.iter().filter(|(_, reply)| is_done(reply));
        follow::after(trueup, done.map(|(id, _)| *id), self.at).await?;
        replies.extend(self.by_workflow(trueup, &by_workflow).await?);
        let silent = || refused("it did not answer; look at the case");
        let in_order = ids.iter().map(|id| replies.remove(id));
        Ok(in_order.map(|reply| reply.unwrap_or_else(silent)).collect())
    }

    fn acting(&self, id: &str) -> Acting {
        Acting {
            id: id.to_owned(),
            act_id: act_id(self.batch_id, &self.batch.asked, self.action),
            request: request(self.action, &self.batch.input),
        }
    }

    async fn in_store(
        &self,
        trueup: &Trueup,
        cases: &[(&str, bool)],
    ) -> Result<Vec<Option<Acted>>, Failure> {
        let acts = cases.iter().map(|(id, _)| self.acting(id)).collect();
        let deciding = Deciding::new(trueup, &self.batch.by, self.at);
        let asked = self.batch.asked.clone();
        let decide = move |row: &CaseRow| deciding.decide(row, &asked);
        let acted = trueup
            .store
            .act_on_cases(acts, &self.batch.by, self.at, decide)
            .await?;
        Ok(acted)
    }

    /// By the cases' own workflows, which tell the runs in review themselves.
    async fn by_workflow<'i>(
        &self,
        trueup: &Trueup,
        ids: &[&'i str],
    ) -> Result<Vec<(&'i str, CaseReply)>, Failure> {
        let mut answers = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let replies = try_join_all(some.iter().map(|id| self.ask(trueup, id))).await?;
            answers.extend(some.iter().copied().zip(replies));
        }
        Ok(answers)
    }

    async fn ask(&self, trueup: &Trueup, id: &str) -> Result<CaseReply, Failure> {
        let (workflows, input) = (&trueup.workflows, &self.batch.input);
        workflows
            .act_on_case(id, self.action, self.batch_id, input)
            .await
    }
}

fn note(acted: Acted, closed: &mut Closed) -> CaseReply {
    let Acted {
        outcome,
        reason,
        case,
    } = acted;
    if outcome == ActOutcome::Done && !case.case.state.is_open() {
        let key = (case.last_seen_run.clone(), case.subject.severity);
        closed.entry(key).or_insert(case);
    }
    CaseReply {
        outcome: outcome.name().to_owned(),
        reason,
        case: None,
    }
}

/// Whether a case's own workflow has to do it: it runs and has to know, or it will have to wait for
/// a day or to tell people, or another case is decided with it. Nobody is told one by one of more
/// cases, opened again by one of `count` acts, than a run would tell of.
fn needs_workflow(trueup: &Trueup, row: &CaseRow, asked: &Asked, count: usize) -> bool {
    let waits = standing::arrival(trueup, row).is_some();
    let reopens = matches!(asked, Asked::Act(Act::Reopen { .. }));
    let source = trueup.sources.get(&row.subject.source);
    let is_told = source.is_some_and(|source| {
        let is_routed = alert::is_alerted(row.subject.severity, &source.alerts);
        reopens && is_routed && count <= source.alerts.summary_above
    });
    let runs = row.has_workflow && (row.case.state.is_open() || waits || reopens);
    let proposed = row.case.decision.as_ref();
    let decided = match asked {
        Asked::Act(Act::Approve { .. }) => proposed.map(|decision| decision.resolution.kind()),
        asked => asked.resolution(),
    };
    let of_two = proposed.map(|decision| decision.resolution.kind());
    ((runs || is_told) && !row.is_summary)
        || row.cause.is_some()
        || decided == Some(ResolutionKind::InTransit)
        || [decided, of_two].contains(&Some(ResolutionKind::Match))
}
