//! Reports of made-up runs: every figure computed again by other means, every format read back.

mod figures;
mod fixtures;
mod page;
mod tables;
