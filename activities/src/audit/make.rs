//! Making checkpoints: what is new on the trail is signed, published and told.
//!
//! On record first, then at its witnesses: what is on record and not witnessed yet is witnessed
//! before anything new is signed, so that a crash in between loses nothing.

use domain::audit::{
    Checkpoint, CommitmentKey, SignedCheckpoint, StreamHead, verify as verify_chain,
};
use jiff::{SignedDuration, Timestamp};
use temporalio_sdk::activities::ActivityContext;
use workflows::failure;
use workflows::ports::{CheckpointMade, CheckpointMaking};

use super::{PublicKeys, Published, Signer};
use crate::Trueup;
use crate::alerts::{Channels, DeliveryError};
use crate::failures::Failure;
use crate::heartbeat::{Progress, alive};
use crate::runs::timestamp;
use crate::staging::StagingError;
use crate::store::{Store, StoreError};

/// Heads that one checkpoint signs at most: its document stays below what a store's row may have.
const HEADS_PER_CHECKPOINT_MAX: u32 = 1_000;

/// What the trail is signed and checked with.
#[derive(Debug)]
pub struct Audit {
    /// Who signs; nobody where there are no checkpoints.
    pub signer: Option<Signer>,
    /// Keys that are trusted.
    pub keys: PublicKeys,
    /// Where checkpoints are published.
    pub published: Option<Published>,
    /// How often checkpoints are made.
    pub every: SignedDuration,
    /// The channel that is told of each.
    pub tell: Option<String>,
    /// The key of commitments to personal texts.
    pub commitments: CommitmentKey,
}

impl Audit {
    /// Of an installation without `[audit]`: nothing is signed.
    #[must_use]
    pub fn none() -> Self {
        Audit {
            signer: None,
            keys: PublicKeys::default(),
            published: None,
            every: SignedDuration::from_hours(1),
            tell: None,
            commitments: CommitmentKey::NONE,
        }
    }
}

/// What [`make`] did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CheckpointsMade {
    /// The checkpoints, in order.
    pub checkpoints: Vec<Checkpoint>,
    /// Streams that were left out because they are broken, and how.
    pub broken: Vec<String>,
}

/// Why no checkpoint was made, or not all that were due.
#[derive(Debug, thiserror::Error)]
pub enum MakeProblem {
    /// There is no key.
    #[error(
        "no signing key is configured: make one with `trueup audit key`, and name it in `[audit]`"
    )]
    NoKey,
    /// The published place has another past.
    #[error(
        "checkpoint {0} is published with other content: the store was rolled back or rewritten, \
         or another installation publishes in the same place; run `trueup audit verify`, and sign \
         nothing until it is known which"
    )]
    Forked(u64),
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The published place can't be used.
    #[error(transparent)]
    Place(#[from] StagingError),
    /// The channel did not take it.
    #[error("channel `{channel}` was not told of checkpoint {number}: {reason}")]
    Untold {
        /// The channel.
        channel: String,
        /// The checkpoint.
        number: u64,
        /// Why.
        reason: DeliveryError,
    },
}

pub(crate) async fn activity(
    trueup: &Trueup,
    ctx: &ActivityContext,
    input: CheckpointMaking,
) -> Result<CheckpointMade, Failure> {
    let at = timestamp(&input.at)?;
    let work = async { Ok(make(&trueup.store, &trueup.channels, &trueup.audit, at).await?) };
    let made = alive(ctx, &Progress::new(()), work).await?;
    for broken in &made.broken {
        tracing::error!(broken, "the audit trail is broken: not signed");
    }
    Ok(CheckpointMade {
        last: made.checkpoints.last().map(|checkpoint| checkpoint.number),
        made: made.checkpoints.len() as u64,
        broken: made.broken.len() as u64,
    })
}

/// Signs what is new on the trail, in as many checkpoints as it takes, publishes and tells them.
/// Nothing new, no checkpoint. A stream that is broken is left out and named.
///
/// # Errors
/// [`MakeProblem`]. What was made until then is on record.
pub async fn make(
    store: &Store,
    channels: &Channels,
    audit: &Audit,
    at: Timestamp,
) -> Result<CheckpointsMade, MakeProblem> {
    let signer = audit.signer.as_ref().ok_or(MakeProblem::NoKey)?;
    let mut made = CheckpointsMade::default();
    let mut last = store.last_checkpoint().await?.map(|last| last.checkpoint);
    let mut after = String::new();
    witness(store, channels, audit).await?;
    loop {
        let heads = store
            .unsealed_heads(&after, HEADS_PER_CHECKPOINT_MAX)
            .await?;
        let Some(end) = heads.last() else {
            return Ok(made);
        };
        after.clone_from(&end.stream);
        let heads = whole(store, heads, &mut made.broken).await?;
        if heads.is_empty() {
            continue;
        }
        let checkpoint = Checkpoint::over(&heads, last.as_ref(), at, &signer.public_key().id());
        not_published(audit, checkpoint.number).await?;
        let signature = signer.sign(&checkpoint.bytes()).await;
        let signed = SignedCheckpoint {
            checkpoint: checkpoint.clone(),
            signature,
            heads,
        };
        store.record_checkpoint(signed).await?;
        witness(store, channels, audit).await?;
        last = Some(checkpoint.clone());
        made.checkpoints.push(checkpoint);
    }
}

/// Those of `heads` whose streams lead to them.
async fn whole(
    store: &Store,
    heads: Vec<StreamHead>,
    broken: &mut Vec<String>,
) -> Result<Vec<StreamHead>, MakeProblem> {
    let mut whole = Vec::new();
    for head in heads {
        let checked = match store.audit(&head.stream).await {
            // It may have grown since: what is signed is then this, as it is now.
            Ok(stream) => verify_chain(&head.stream, &stream.entries, stream.head)
                .map(|()| StreamHead {
                    stream: head.stream,
                    length: stream.head.length,
                    hash: stream.head.hash,
                })
                .map_err(|error| error.to_string()),
            Err(StoreError::Corrupt(why)) => Err(why),
            Err(other) => return Err(other.into()),
        };
        match checked {
            Ok(head) => whole.push(head),
            Err(why) => broken.push(why),
        }
    }
    Ok(whole)
}

/// A number that is published and not on record: the store has lost its past.
async fn not_published(audit: &Audit, number: u64) -> Result<(), MakeProblem> {
    let Some(published) = &audit.published else {
        return Ok(());
    };
    match published.get(number).await? {
        None => Ok(()),
        Some(_) => Err(MakeProblem::Forked(number)),
    }
}

/// Gives all that is on record and not witnessed to the witnesses; of several, people are told the
/// last, which stands for those before.
async fn witness(store: &Store, channels: &Channels, audit: &Audit) -> Result<(), MakeProblem> {
    if audit.published.is_none() && audit.tell.is_none() {
        return Ok(());
    }
    while let Some(first) = store.first_unwitnessed().await? {
        let waiting = store.checkpoints(first).await?;
        if let Some(published) = &audit.published {
            for signed in &waiting {
                if !published.publish(signed).await? {
                    return Err(MakeProblem::Forked(signed.checkpoint.number));
                }
            }
        }
        if let (Some(channel), Some(last)) = (&audit.tell, waiting.last()) {
            let told = channels.tell_checkpoint(channel, last).await;
            told.map_err(|reason| MakeProblem::Untold {
                channel: channel.clone(),
                number: last.checkpoint.number,
                reason,
            })?;
        }
        for signed in &waiting {
            store.witnessed(signed.checkpoint.number).await?;
        }
    }
    Ok(())
}

impl From<MakeProblem> for Failure {
    fn from(problem: MakeProblem) -> Self {
        match problem {
            MakeProblem::NoKey => Failure::last(failure::CONFIGURATION_INVALID, problem),
            MakeProblem::Forked(_) => Failure::last(failure::AUDIT_FORKED, problem),
            // Another worker was first: the next attempt goes on behind it.
            MakeProblem::Store(StoreError::Conflict(_)) => Failure::retry(problem),
            MakeProblem::Store(error) => error.into(),
            MakeProblem::Place(error) => error.into(),
            MakeProblem::Untold { .. } => Failure::retry(problem),
        }
    }
}
