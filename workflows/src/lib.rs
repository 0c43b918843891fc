//! The Temporal workflows of trueup and the typed activities (ports) that they call.
//!
//! This crate decides the order of things and nothing else: it never touches network, files,
//! clients, or a clock other than workflow time, so that every history replays. What is right or
//! wrong about money is `domain`'s; how the outside is reached is `activities`'.

#![allow(
    missing_docs,
    reason = "the SDK's macros make public items without documentation"
)]

pub mod batch;
pub mod case;
pub mod checkpoint;
pub mod digest;
pub mod failure;
pub mod identity;
mod intake;
pub mod ports;
pub mod reconciliation;
pub mod scheduled;
pub mod search;
mod time;
pub mod update_id;
pub mod watch;

pub use batch::CaseBatch;
pub use case::Case;
pub use checkpoint::Checkpoint;
pub use digest::Digest;
pub use reconciliation::Reconciliation;
pub use scheduled::ScheduledReconciliation;
pub use watch::Watch;

/// The one task queue.
pub const TASK_QUEUE: &str = "trueup";
