//! Every test from outside, in one binary. Each module is one subject.

mod alerts;
mod attention;
mod cases;
mod causes;
mod commands;
mod deployment;
mod dynamo;
mod dynamo_table;
mod generate;
mod kills;
mod open_items;
mod outages;
mod postgres;
mod punctual;
mod replay;
mod reports;
mod reviews;
mod runs;
mod scheduled_runs;
mod schedules;
mod servers;
mod staging_s3;
mod starts;
mod stores;
mod tidy;
mod week;
