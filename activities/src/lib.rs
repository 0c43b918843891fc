//! Adapters: one module per outside system, each behind the port that the workflows call.
//!
//! Nothing here decides what the domain should decide.

pub mod alerts;
pub mod inputs;
pub mod staging;
pub mod store;
