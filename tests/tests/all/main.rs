//! Every test from outside, in one binary. Each module is one subject.

mod alerts;
mod deployment;
mod generate;
mod postgres;
mod servers;
mod staging_s3;
