//! What can go wrong between us and the Temporal server, in words that say what to do.

/// A Temporal server that can't be used, or a workflow that did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TemporalError {
    /// `TEMPORAL_*` variables or the profile file are wrong.
    #[error("Temporal settings: {0}")]
    Settings(String),
    /// Nothing answers.
    #[error(
        "no Temporal server answers at {address} ({problem}); start one with `trueup dev`, or set \
         TEMPORAL_ADDRESS or [temporal] address in trueup.toml"
    )]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What the connection said.
        problem: String,
    },
    /// The server answered, with an error.
    #[error("the Temporal server refused to {action}: {problem}")]
    Refused {
        /// What we wanted.
        action: &'static str,
        /// What it said.
        problem: String,
    },
    /// Nobody answers in time: no worker, or one that has too much to do.
    #[error(
        "{workflow_id} did not answer within {seconds} seconds; does a worker run (`trueup worker`)? \
         What was asked for may still be done: look before you ask again"
    )]
    Silent {
        /// Who.
        workflow_id: String,
        /// How long we waited.
        seconds: u64,
    },
    /// A workflow ended in failure.
    #[error("{workflow_id} failed: {problem}")]
    Failed {
        /// Which.
        workflow_id: String,
        /// Its own words.
        problem: String,
    },
}
