//! The activities of a case: finding it, and telling people.

mod deliver;
mod open;

pub(crate) use deliver::deliver;
pub(crate) use open::open;
