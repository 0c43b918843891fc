//! `summary.json`: counts, sums and what it took.

use std::time::Duration;

use activities::source::Source;
use domain::money::MoneyError;
use domain::policy::{RunContext, Scope};
use proto::totals::{conservation_to_wire, count_discrepancies};
use proto::wire::{self, InputFile, RunTotals, SideCounts};
use serde::Serialize;

use super::compare::Outcome;
use super::sides::SideRead;

/// What a comparison found, in the words of the run's `status` query, and what it took.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// The source compared.
    pub(crate) source: String,
    /// SHA-256 of the source's file: the version of the rules.
    pub(crate) rule_version: String,
    /// The day reconciled, as YYYY-MM-DD.
    pub(crate) business_date: String,
    /// The one client or invoice compared; absent when it was the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<wire::Scope>,
    /// Identities that the files state about themselves and that do not hold, in words. When there
    /// is one, nothing was matched.
    pub(crate) out_of_balance: Vec<String>,
    /// Counts, sums and inputs.
    #[serde(flatten)]
    pub(crate) totals: RunTotals,
    /// Wall time, to the millisecond.
    pub(crate) elapsed_seconds: f64,
    /// Most memory that the process had; `null` where the system does not say.
    pub(crate) peak_memory_bytes: Option<u64>,
}

impl Summary {
    /// What both files held.
    pub(crate) fn of_sides(source: &Source, context: &RunContext, sides: &[SideRead; 2]) -> Self {
        let [partner, ledger] = sides;
        Summary {
            source: source.policy.source.clone(),
            rule_version: source.version.clone(),
            business_date: context.business_date.to_string(),
            scope: scope(&context.scope),
            out_of_balance: Vec::new(),
            totals: RunTotals {
                partner: Some(side_counts(partner)),
                ledger: Some(side_counts(ledger)),
                ..RunTotals::default()
            },
            elapsed_seconds: 0.0,
            peak_memory_bytes: None,
        }
    }

    /// What the comparison found.
    ///
    /// # Errors
    /// A sum is larger than an amount may be.
    pub(crate) fn add_outcome(&mut self, outcome: &Outcome) -> Result<(), MoneyError> {
        let totals = &mut self.totals;
        totals.matched = outcome.matched;
        totals.in_transit = outcome.in_transit.len() as u64;
        totals.superseded = outcome.superseded.len() as u64;
        totals.out_of_scope = outcome.out_of_scope;
        totals.conservation = conservation_to_wire(&outcome.conservation)?;
        count_discrepancies(totals, outcome.discrepancies.iter().flatten());
        self.out_of_balance.clone_from(&outcome.out_of_balance);
        Ok(())
    }

    /// What it took. Alone differs from one run on the same files to the next.
    pub(crate) fn took(&mut self, elapsed: Duration) {
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.elapsed_seconds = Duration::from_millis(milliseconds).as_secs_f64();
        self.peak_memory_bytes = peak_memory_bytes();
    }
}

/// Most memory that this process has had so far, where Linux says so (`VmHWM`).
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn scope(scope: &Scope) -> Option<wire::Scope> {
    let (client, invoice) = match scope {
        Scope::Whole => return None,
        Scope::Client(client) => (Some(client.clone()), None),
        Scope::Invoice(invoice) => (None, Some(invoice.clone())),
    };
    Some(wire::Scope { client, invoice })
}

fn side_counts(side: &SideRead) -> SideCounts {
    SideCounts {
        read: side.summary.rows_read,
        accepted: side.summary.accepted,
        rejected: side.summary.rejected,
        skipped: side.summary.skipped,
        inputs: vec![InputFile {
            name: side.file.to_string(),
            sha256: side.sha256.clone(),
            bytes: side.bytes,
        }],
    }
}
