//! The client's side of Temporal: connecting, starting runs, asking and waking workflows.

mod connect;
mod error;
mod search_attributes;
mod start;

pub use connect::{Patience, connect};
pub use error::TemporalError;
pub use search_attributes::register_search_attributes;
pub use start::{RunHandle, Started, start_run, wake_case};
