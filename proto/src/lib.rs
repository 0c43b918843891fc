//! Wire contracts (prost), and the one place where wire values become domain values.
//!
//! Holds no business rule: a conversion either gives the domain's value or says which field is wrong.

/// The messages of `proto/proto/trueup/v1`, as generated.
#[allow(
    missing_docs,
    reason = "the contracts document what their names do not say"
)]
pub mod wire {
    include!(concat!(env!("OUT_DIR"), "/trueup.v1.rs"));
}
pub mod case;
pub mod convert;
pub mod schedule;
pub mod staged;
pub mod totals;
