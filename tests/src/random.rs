//! Choices from a seed that is printed, so that a failure can be seen again.

use std::time::SystemTime;

use anyhow::{Context, Result};

/// SplitMix64: enough for picking moments and faults.
pub struct Random(u64);

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
        Ok(Random(seed))
    }

    /// From this seed: the same choices every time.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..bound`; `bound` must not be zero.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or_default()
    }
}
