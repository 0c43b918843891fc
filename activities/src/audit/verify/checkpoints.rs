//! The checkpoints themselves: their chain, roots and signatures, and the published copies.

use std::collections::HashMap;

use domain::audit::{CheckpointError, Pin, SignedCheckpoint, verify_checkpoints};

use super::{Report, VerifyProblem, Verifying};
use crate::audit::document;
use crate::store::StoreError;

/// What checkpoints pin, by stream.
pub(super) type Pins = HashMap<String, Vec<Pin>>;

/// Checks all of them, and gives what they pin.
pub(super) async fn check(with: &Verifying, report: &mut Report) -> Result<Pins, VerifyProblem> {
    let on_record = all(with, report).await?;
    report.checkpoints = on_record.len() as u64;
    for error in verify_checkpoints(&on_record, |signed| with.keys.check(signed)) {
        report.wrong(subject(number_of(&error)), error);
    }
    if let Some(last) = on_record.last() {
        let covered = &mut report.covered;
        covered.last_checkpoint = Some(last.checkpoint.number);
        covered.last_checkpoint_at = Some(last.checkpoint.at.to_string());
        covered.last_checkpoint_hash = Some(last.checkpoint.hash().to_string());
    } else {
        report.note(
            "there are no checkpoints: who can write to the store can rewrite a stream from its \
             first entry to its last, and nothing here would show it",
        );
    }
    if with.published.is_none() && !on_record.is_empty() {
        report.note(
            "no published place was asked: who has the signing key and can write to the store can \
             make another past; compare the last checkpoint's hash with one noted elsewhere",
        );
    }
    let mut pins = Pins::new();
    pin(&on_record, &mut pins);
    pin(&published(with, &on_record, report).await?, &mut pins);
    Ok(pins)
}

fn pin(checkpoints: &[SignedCheckpoint], pins: &mut Pins) {
    for signed in checkpoints {
        let checkpoint = signed.checkpoint.number;
        for head in &signed.heads {
            let of_stream = pins.entry(head.stream.clone()).or_default();
            let head = head.head();
            of_stream.push(Pin { checkpoint, head });
        }
    }
}

async fn all(
    with: &Verifying,
    report: &mut Report,
) -> Result<Vec<SignedCheckpoint>, VerifyProblem> {
    let mut all: Vec<SignedCheckpoint> = Vec::new();
    loop {
        let from = all.last().map_or(0, |last| last.checkpoint.number + 1);
        match with.store.checkpoints(from).await {
            Ok(page) if page.is_empty() => return Ok(all),
            Ok(page) => all.extend(page),
            Err(StoreError::Corrupt(why)) => {
                report.wrong(subject(from), why);
                return Ok(all);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Holds the published copies against those on record; gives those that the store does not have as
/// they are published, so that they pin what they pin.
async fn published(
    with: &Verifying,
    on_record: &[SignedCheckpoint],
    report: &mut Report,
) -> Result<Vec<SignedCheckpoint>, VerifyProblem> {
    let Some(place) = &with.published else {
        return Ok(Vec::new());
    };
    let mut others = Vec::new();
    let mut number = 0;
    loop {
        let own = usize::try_from(number)
            .ok()
            .and_then(|at| on_record.get(at));
        let copy = place.get(number).await?;
        let problem = match (own, &copy) {
            (None, None) => return Ok(others),
            (Some(own), Some(copy)) if document::text(own).into_bytes() == *copy => None,
            (Some(_), Some(_)) => Some("is published with other content than is on record"),
            (None, Some(_)) => Some("is published and not on record: the store lost its past"),
            (Some(_), None) => {
                report.note(format!("checkpoint {number} is not published"));
                None
            }
        };
        if let Some(problem) = problem {
            report.wrong(subject(number), format!("checkpoint {number} {problem}"));
            let read = copy.as_deref().map(document::read);
            let trusted = read.and_then(Result::ok);
            others.extend(trusted.filter(|signed| with.keys.check(signed).is_ok()));
        }
        number += 1;
    }
}

fn subject(number: u64) -> String {
    format!("checkpoint/{number}")
}

fn number_of(error: &CheckpointError) -> u64 {
    match error {
        CheckpointError::Missing { number, .. }
        | CheckpointError::Unlinked(number)
        | CheckpointError::Heads(number)
        | CheckpointError::Signature { number, .. } => *number,
    }
}
