//! Evidence to take away: one document that an auditor can check without the store, without the
//! configuration and without trueup.
//!
//! Holds streams, what they seal, the checkpoints that pin them, and where each figure comes from.
//! Its format is in `docs/audit-format.md`.

mod check;
mod make;
mod model;

pub use check::check;
pub use make::{BundleProblem, Bundler};
pub use model::Bundle;
