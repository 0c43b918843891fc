//! What makes the audit trail provable: roots of what a run found, signed checkpoints, their
//! publication, and the checks of all that.
//!
//! What is hashed, and how, is decided in `domain::audit`; here are the keys, the places and the
//! documents. Never changes or deletes what is on record.

pub mod bundle;
mod config;
pub(crate) mod document;
mod keys;
mod make;
mod published;
pub(crate) mod seal;
mod signer;
pub mod verify;

pub use config::AuditConfig;
pub use keys::{KeyProblem, PublicKey, PublicKeys};
pub(crate) use make::activity;
pub use make::{Audit, CheckpointsMade, make};
pub use published::Published;
pub use signer::{Signer, SignerProblem};
