//! The activities of a run, one file each, in the order in which they happen.

mod account;
mod admit;
mod again;
pub mod backtest;
mod before;
mod causes;
mod charged;
mod close;
mod compare;
mod conclude;
mod fetch;
mod look_again;
mod open;
mod parts;
pub mod past;
mod record;
pub mod reproduce;
mod restate;
mod review;
mod sift;
mod small;

pub(crate) use admit::{admit, configured, context, source};
pub(crate) use charged::charged;
pub(crate) use close::close;
pub(crate) use compare::compare;
pub(crate) use conclude::conclude;
pub(crate) use fetch::{fetch, request as input_request};
pub(crate) use open::timestamp;
pub(crate) use record::record;
pub(crate) use review::{begin as begin_review, decide as decide_review, look as look_at_review};
pub(crate) use small::open;
