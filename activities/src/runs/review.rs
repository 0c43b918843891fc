//! The review of a run: when there is one, what is still open, who may end it, and what a sign-off
//! freezes.

use std::collections::BTreeMap;

use domain::audit::{AuditCursor, AuditEntry, AuditEvent};
use domain::conservation::Conservation;
use domain::policy::Scope;
use proto::totals::add_conservation;
use proto::wire::{ReviewReply, ReviewStatus, RunTotals};
use serde_json::json;
use sha2::{Digest, Sha256};
use workflows::ports::{
    AuditHead, Review, ReviewBeginning, ReviewDecided, ReviewDecision, ReviewLook, Run,
};

use super::admit::{context, source};
use super::open::{cursor, timestamp, to_port};
use super::restate;
use crate::Trueup;
use crate::cases::material;
use crate::failures::Failure;
use crate::incidents;
use crate::store::{BeginningReview, ReviewRow, SignOff, StoreError, TRUEUP};

/// How a run is to be reviewed; none for a part of a source, a source without a window, or when
/// nothing material is open.
pub(super) async fn planned(
    trueup: &Trueup,
    run: &Run,
    at: &str,
) -> Result<Option<Review>, Failure> {
    let Some(window) = source(trueup, run)?.review_window else {
        return Ok(None);
    };
    if context(run)?.scope != Scope::Whole {
        return Ok(None);
    }
    let material_open = count_open(trueup, run).await?;
    let ends_at = timestamp(at)? + window;
    let review = Review {
        material_open,
        ends_at: ends_at.to_string(),
    };
    Ok((material_open > 0).then_some(review))
}

/// The review of a run that was compared and recorded by an earlier execution.
pub(super) async fn under_way(trueup: &Trueup, run: &Run) -> Result<Option<Review>, Failure> {
    let review = trueup.store.review(&run.run_id).await?;
    let Some(ReviewRow { ends_at, .. }) = review else {
        return Ok(None);
    };
    Ok(Some(Review {
        material_open: count_open(trueup, run).await?,
        ends_at: ends_at.to_string(),
    }))
}

pub(crate) async fn begin(trueup: &Trueup, input: ReviewBeginning) -> Result<AuditHead, Failure> {
    let run_id = &input.run.run_id;
    let fields = [
        ("material_open", input.review.material_open.to_string()),
        ("ends_at", input.review.ends_at.clone()),
    ];
    let cursor = cursor(run_id, &input.audit, &input.at, TRUEUP)?;
    // Whoever reviews it has to know what it changes.
    let (restatement, restated, cursor) =
        restate::restate(trueup, &input.run, &input.totals, cursor).await?;
    let (entry, cursor) = cursor.entry(AuditEvent::ReviewBegun, fields);
    let beginning = BeginningReview {
        totals: input.totals,
        restatement,
        began_at: timestamp(&input.at)?,
        ends_at: timestamp(&input.review.ends_at)?,
        audit: restated.into_iter().chain([entry]).collect(),
    };
    trueup.store.begin_review(run_id, beginning).await?;
    incidents::over(trueup, &input.run, &input.at).await?;
    Ok(to_port(cursor.head))
}

pub(crate) async fn look(trueup: &Trueup, input: ReviewLook) -> Result<ReviewStatus, Failure> {
    status(trueup, &input.run).await
}

/// Somebody signs off or cancels; a refusal is an answer, and on the audit trail.
pub(crate) async fn decide(
    trueup: &Trueup,
    input: ReviewDecision,
) -> Result<ReviewDecided, Failure> {
    let cursor = cursor(&input.run.run_id, &input.audit, &input.at, &input.by)?;
    // Done before, by an attempt whose answer was lost: what is on record is the answer.
    if let Some(entry) = on_record(trueup, &cursor).await? {
        let head = domain::audit::AuditHead {
            length: entry.sequence + 1,
            hash: entry.hash(),
        };
        let reason = entry.fields.iter().find(|(name, _)| name == "reason");
        let reason = match entry.event {
            AuditEvent::ReviewDenied => reason.map(|(_, reason)| reason.clone()),
            _ => None,
        };
        return answer(trueup, &input.run, reason, head).await;
    }
    let refusal = match refusal(trueup, &input).await? {
        None => carry_out(trueup, &input, &cursor).await?,
        refusal => refusal,
    };
    let head = match &refusal {
        None => trueup.store.audit_head(&input.run.run_id).await?,
        Some(reason) => {
            let fields = [("action", input.action.clone()), ("reason", reason.clone())];
            let (entry, cursor) = cursor.entry(AuditEvent::ReviewDenied, fields);
            trueup.store.append_audit(vec![entry]).await?;
            cursor.head
        }
    };
    answer(trueup, &input.run, refusal, head).await
}

/// The entry that an earlier attempt wrote where this one would write.
async fn on_record(trueup: &Trueup, cursor: &AuditCursor) -> Result<Option<AuditEntry>, Failure> {
    let stream = match trueup.store.audit(&cursor.stream).await {
        Err(StoreError::NotFound(_)) => return Ok(None),
        stream => stream?,
    };
    let place = usize::try_from(cursor.head.length).unwrap_or(usize::MAX);
    let is_this = |entry: &&AuditEntry| {
        let events = [
            AuditEvent::RunSignedOff,
            AuditEvent::ReviewCancelled,
            AuditEvent::ReviewDenied,
        ];
        events.contains(&entry.event) && entry.at == cursor.at && entry.actor == cursor.actor
    };
    Ok(stream.entries.get(place).filter(is_this).cloned())
}

async fn answer(
    trueup: &Trueup,
    run: &Run,
    refusal: Option<String>,
    head: domain::audit::AuditHead,
) -> Result<ReviewDecided, Failure> {
    let outcome = match refusal {
        None => "done",
        Some(_) => "refused",
    };
    Ok(ReviewDecided {
        reply: ReviewReply {
            outcome: outcome.to_owned(),
            reason: refusal.unwrap_or_default(),
            review: Some(status(trueup, run).await?),
        },
        audit: to_port(head),
    })
}

/// Why this may not be, as far as can be told before it is done.
async fn refusal(trueup: &Trueup, input: &ReviewDecision) -> Result<Option<String>, Failure> {
    let source = source(trueup, &input.run)?;
    let (name, today) = (
        &input.run.request.source,
        source.business_day.date_at(timestamp(&input.at)?),
    );
    if !trueup.authority.allows_sign_off(&input.by, name, today) {
        return Ok(Some(format!(
            "{} may not sign off runs of {name}, nor cancel their review; it takes a role with the \
             action sign_off",
            input.by
        )));
    }
    if input.action != "sign_off" {
        return Ok(None);
    }
    let totals = trueup.store.run(&input.run.run_id).await?.totals;
    let broken = imbalances(&totals.unwrap_or_default());
    Ok((!broken.is_empty()).then(|| {
        format!(
            "the run does not balance, so it can't be signed off: {}",
            broken.join("; ")
        )
    }))
}

/// Where the lines of a run don't hold, and by how much. What a line says of itself is not taken for
/// granted.
fn imbalances(totals: &RunTotals) -> Vec<String> {
    let mut conservation = Conservation::default();
    match add_conservation(&mut conservation, &totals.conservation) {
        Ok(()) => {
            let imbalances = conservation.imbalances();
            imbalances.iter().map(ToString::to_string).collect()
        }
        Err(error) => vec![format!("its figures can't be added up: {error}")],
    }
}

/// Does it; why not, if a second person has to agree to something first.
async fn carry_out(
    trueup: &Trueup,
    input: &ReviewDecision,
    cursor: &AuditCursor,
) -> Result<Option<String>, Failure> {
    let run_id = &input.run.run_id;
    if input.action != "sign_off" {
        let fields = [("note", input.note.clone())];
        let (entry, _) = cursor.clone().entry(AuditEvent::ReviewCancelled, fields);
        let (by, note) = (&input.by, &input.note);
        trueup.store.cancel_review(run_id, by, note, entry).await?;
        return Ok(None);
    }
    let frozen = frozen(trueup, input).await?;
    let (entry, _) = cursor
        .clone()
        .entry(AuditEvent::RunSignedOff, frozen.fields.clone());
    let mut content: serde_json::Map<_, _> = frozen
        .fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    content.insert("totals".to_owned(), json!(frozen.totals));
    let sign_off = SignOff {
        run_id: run_id.clone(),
        by: input.by.clone(),
        at: timestamp(&input.at)?,
        content: content.into(),
    };
    let waiting = trueup.store.sign_off(sign_off, entry).await?;
    Ok((waiting > 0).then(|| {
        format!(
            "{waiting} proposed resolutions of this run wait for a second person; have them \
             approved or rejected first: trueup case list --run {run_id} --state proposed"
        )
    }))
}

/// What a sign-off freezes.
struct Frozen {
    totals: RunTotals,
    fields: Vec<(&'static str, String)>,
}

async fn frozen(trueup: &Trueup, input: &ReviewDecision) -> Result<Frozen, Failure> {
    let run_id = &input.run.run_id;
    let totals = trueup.store.run(run_id).await?.totals.unwrap_or_default();
    // Fields in the order of the contract, maps in the order of their keys: always the same bytes.
    let canonical = serde_json::to_string(&totals)
        .map_err(|error| Failure::last(workflows::failure::STORE_CONFLICT, error))?;
    let inputs = trueup.store.inputs(run_id).await?;
    let inputs: Vec<String> = inputs
        .iter()
        .map(|input| format!("{} {} {}", input.side, input.name, input.sha256))
        .collect();
    let stream = trueup.store.audit(run_id).await?;
    let compared = last(&stream.entries, AuditEvent::Compared);
    let versions = last(&stream.entries, AuditEvent::RulesVersioned);
    let of = |fields: &BTreeMap<&str, &str>, name: &str| {
        let text = fields.get(name).copied();
        text.unwrap_or_default().to_owned()
    };
    let of_run = |name| of(&compared, name);
    let fields = vec![
        ("discrepancies", totals.discrepancies.to_string()),
        ("discrepancies_sha256", of_run("discrepancies_sha256")),
        ("engine", of(&versions, "engine")),
        ("inputs", inputs.join("\n")),
        ("matched", totals.matched.to_string()),
        ("matches_sha256", of_run("matches_sha256")),
        ("note", input.note.clone()),
        ("rules_sha256", source(trueup, &input.run)?.version.clone()),
        ("totals_sha256", hex::encode(Sha256::digest(canonical))),
        ("version", of(&versions, "version")),
    ];
    Ok(Frozen { totals, fields })
}

/// The fields of the last entry of an event.
fn last(entries: &[AuditEntry], event: AuditEvent) -> BTreeMap<&str, &str> {
    let mut entries = entries.iter().rev();
    let last = entries.find(|entry| entry.event == event);
    let fields = last.into_iter().flat_map(|entry| &entry.fields);
    fields
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

async fn status(trueup: &Trueup, run: &Run) -> Result<ReviewStatus, Failure> {
    let review = trueup.store.review(&run.run_id).await?;
    let signed_off = trueup.store.signed_off(&run.run_id).await?;
    Ok(ReviewStatus {
        material_open: count_open(trueup, run).await?,
        ends_at: review.map_or(String::new(), |review| review.ends_at.to_string()),
        signed_off_by: signed_off.map_or(String::new(), |sign_off| sign_off.by),
    })
}

async fn count_open(trueup: &Trueup, run: &Run) -> Result<u32, Failure> {
    let severities = material(trueup, &run.request.source);
    Ok(trueup.store.count_open(&run.run_id, severities).await?)
}

#[cfg(test)]
mod tests {
    use proto::wire::{ConservationLine, CountAndSum};

    use super::*;

    #[test]
    fn a_line_that_does_not_hold_says_where_and_by_how_much() {
        let part = |count, amount: &str| {
            Some(CountAndSum {
                count,
                amount: amount.to_owned(),
            })
        };
        let line = ConservationLine {
            side: "partner".to_owned(),
            currency: "EUR".to_owned(),
            opening: part(1, "10.00"),
            received: part(5, "100.00"),
            matched: part(3, "60.00"),
            carried_forward: part(2, "37.50"),
            // It says so, and is wrong.
            holds: true,
            ..ConservationLine::default()
        };
        let mut totals = RunTotals {
            conservation: vec![line],
            ..RunTotals::default()
        };
        assert_eq!(
            imbalances(&totals),
            [
                "partner EUR does not balance: 1 record, 12.50 EUR more came in than can be \
                 accounted for"
            ]
        );
        totals.conservation[0].carried_forward = part(3, "50.00");
        assert_eq!(imbalances(&totals), [""; 0]);
    }
}
