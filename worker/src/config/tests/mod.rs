//! The configuration from outside: what is said about files, the examples, the documentation.

mod documented;
mod examples;
mod mistakes;
