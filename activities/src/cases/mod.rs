//! The activities of cases: finding one, telling people, acting on it, and on many at once.

mod act;
mod alerts;
mod batch;
mod behind;
mod cleared;
mod counterpart;
mod deciding;
mod deliver;
mod fall_back;
mod follow;
mod forward;
mod incidents;
mod of_run;
mod open;
mod remind;
mod review;
mod select;
mod standing;
mod start;
mod tell;
#[cfg(test)]
pub(crate) mod tests;
mod time;

pub(crate) use act::act;
pub(crate) use alerts::status as alert_status;
pub(crate) use batch::act as act_on_many;
pub(crate) use behind::act as act_behind;
pub(crate) use deliver::deliver;
pub(crate) use fall_back::fall_back;
pub(crate) use forward::forward;
pub(crate) use incidents::clear;
pub(crate) use of_run::acts_of_run;
pub(crate) use open::open;
pub(crate) use review::material;
pub(crate) use select::select;
pub(crate) use start::start;
pub(crate) use tell::tell;
pub(crate) use time::pass;
