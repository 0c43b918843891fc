//! What trueup knows about money that should agree and does not: pure functions over values.
//!
//! Nothing here performs I/O, reads a clock, an environment variable or a random number, or is
//! asynchronous: dates, zones, policies and records come in, decisions go out, and the same input
//! gives the same output whatever its order.

pub mod alert;
pub mod audit;
pub mod backtest;
pub mod business_day;
pub mod calendar;
pub mod case;
pub mod cause;
pub mod conservation;
pub mod control;
pub mod discrepancy;
pub mod engine;
pub mod escalation;
pub mod masking;
pub mod matching;
pub mod money;
mod names;
pub mod open_items;
pub mod policy;
pub mod quiet_hours;
pub mod record;
pub mod schedule;
pub mod severity;
pub mod threads;
