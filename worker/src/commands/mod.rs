//! The commands of `trueup`, one file each.

pub mod alerts;
pub mod audit;
pub mod backtest;
pub mod case;
pub mod check;
pub mod codec;
pub mod compare;
pub mod dev;
pub mod discrepancies;
pub mod history;
pub mod keys;
pub mod open_items;
mod past_runs;
pub mod privacy;
pub mod report;
pub mod reproduce;
pub mod review;
pub mod run;
pub mod runs;
pub mod schedule;
pub mod score;
pub mod show;
pub mod store;
mod values;
pub mod worker;
