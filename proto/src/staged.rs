//! Staged records.
