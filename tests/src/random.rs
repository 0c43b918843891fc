//! Choices from a seed that is printed, so that a failure can be seen again.

use std::time::SystemTime;

use anyhow::{Context, Result};

/// Enough for picking moments and faults.
pub struct Random(fastrand::Rng);

impl Random {
    /// From `TRUEUP_SEED`, else from the clock; prints the seed.
    pub fn seeded() -> Result<Self> {
        let seed = match std::env::var("TRUEUP_SEED") {
            Ok(seed) => seed.parse().context("TRUEUP_SEED must be a number")?,
            Err(_) => u64::from(
                SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)?
                    .subsec_nanos(),
            ),
        };
        println!("TRUEUP_SEED={seed}");
        Ok(Random::from_seed(seed))
    }

    /// From this seed: the same choices every time.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Random(fastrand::Rng::with_seed(seed))
    }

    /// One of `0..bound`; `bound` must not be zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.usize(0..bound)
    }
}
