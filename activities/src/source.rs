//! A source as its file configures it: what is read, how it is compared, who is told.

use domain::alert::AlertPolicy;
use domain::policy::SourcePolicy;
use domain::record::Side;

use crate::formats::Format;
use crate::inputs::Transport;

/// One source.
#[derive(Debug)]
pub struct Source {
    /// What people call it.
    pub title: String,
    /// SHA-256 of the file that configures it, hexadecimal: the version of its rules.
    pub version: String,
    /// Rules, tolerances, windows, severities.
    pub policy: SourcePolicy,
    /// The partner's report.
    pub partner: SideInput,
    /// Our own records.
    pub ledger: SideInput,
    /// Who is told about what.
    pub alerts: AlertPolicy,
}

/// Where one side's data comes from and how it is read.
#[derive(Debug)]
pub struct SideInput {
    /// How it gets here.
    pub transport: Transport,
    /// What it looks like.
    pub format: Format,
}

impl Source {
    /// The input of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &SideInput {
        match side {
            Side::Partner => &self.partner,
            Side::Ledger => &self.ledger,
        }
    }
}
