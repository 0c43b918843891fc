//! `trueup score`: how much of a truth a result found, and how much of a result is true.
//!
//! Works on files alone, so that another program's result can be scored as well. Decides nothing
//! about money: a claim of the result is right when the truth makes the same one. Adds up in one
//! currency at a time, exactly, and computes shares in integers.

mod card;
mod claim;
mod compared;
mod json;
mod places;
mod read;
mod show;

#[cfg(test)]
mod tests;

pub(crate) use card::Card;
pub(crate) use json::to_json;
pub(crate) use places::{found_in, truth_in};
pub(crate) use show::account;
