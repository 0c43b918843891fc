//! Adapters: one module per outside system, each behind the port that the workflows call.
//!
//! Nothing here decides what the domain should decide.

pub mod alerts;
pub mod audit;
mod cases;
mod digests;
mod failures;
pub mod formats;
mod heartbeat;
mod incidents;
pub mod inputs;
mod positions;
pub mod privacy;
pub mod punctuality;
mod runs;
mod schedules;
pub mod source;
pub mod staging;
pub mod store;
mod temporal;
mod trueup;
pub mod vault;
mod watch;

pub use failures::innermost;
pub use positions::open_items_of;
pub use runs::{backtest, past, reproduce};
pub use temporal::Workflows;
pub use trueup::{Pace, Trueup};
