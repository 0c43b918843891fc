//! What `trueup dev` adds to the product: servers and stand-ins that live as long as the command,
//! and an account of what happened.

mod account;
mod alert_inbox;
mod temporal_server;

pub(crate) use account::account;
pub(crate) use alert_inbox::AlertInbox;
pub(crate) use temporal_server::TemporalServer;
