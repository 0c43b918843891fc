//! What the tests from outside share. The tests themselves are in `tests/all`.

pub mod servers;

mod program;

pub use program::trueup_program;
