//! The trueup binary: command line, configuration, wiring, life cycle. Holds no business rule.

mod account;
mod backtest;
pub mod cli;
mod codec;
pub mod commands;
pub mod config;
mod counted;
mod dev;
pub mod exit;
pub mod generate;
mod offline;
mod output;
pub mod process;
pub mod report;
mod score;
mod table;
pub mod temporal;
pub mod wiring;
