//! What is done to everything personal that is kept: sealing it with the newest key, and erasing a
//! person's data. Both can be stopped and begun again at any time: what is done is not done again.

mod erase;
mod person;
mod reseal;
mod rows;

pub use erase::{EraseError, Erased, Erasure, Kept};
pub use person::Person;
pub use reseal::{ResealError, Resealed, reseal};
