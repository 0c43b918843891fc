//! What the tests from outside share. The tests themselves are in `tests/all`.

pub mod generated;
pub mod installation;
pub mod outcome;
pub mod random;
pub mod servers;
pub mod shop;
pub mod site;

mod program;

pub use installation::Installation;
pub use program::trueup_program;
