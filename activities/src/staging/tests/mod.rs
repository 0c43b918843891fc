//! The object store as a folder, and what is staged in it.

mod objects;
mod rows;
mod stage;
