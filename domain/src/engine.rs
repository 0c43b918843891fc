//! Which version of the deciding code this is.

/// Counts the changes of reading, matching and classifying that make the same inputs give another
/// result. It is on the trail of every run, so that a result is known to come from another engine
/// before anybody wonders why it differs. Raise it with every such change.
pub const ENGINE: u32 = 13;
