//! `summary.json`: counts, sums and what it took.

use proto::wire::RunTotals;
use serde::Serialize;

/// What a comparison found, in the words of the run's `status` query, and what it took.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The source compared.
    pub source: String,
    /// SHA-256 of the source's file: the version of the rules.
    pub rule_version: String,
    /// The day reconciled, as YYYY-MM-DD.
    pub business_date: String,
    /// Identities that the inputs break (opening + entries = closing), in words. A side with one
    /// is not matched.
    pub out_of_balance: Vec<String>,
    /// Counts, sums and inputs.
    #[serde(flatten)]
    pub totals: RunTotals,
    /// Wall time, to the millisecond.
    pub elapsed_seconds: serde_json::Number,
    /// Most memory that the process had; `null` where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

/// Most memory that this process has had so far, where Linux says so (`VmHWM`).
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
