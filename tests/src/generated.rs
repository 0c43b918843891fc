//! Sources made by `trueup generate`, put into an installation under names of their own.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::Installation;
use crate::installation::trueup_alone;

/// The business date of what is generated.
pub const DATE: &str = "2026-11-20";

/// Which of the sources that `trueup generate` knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A processor's settlement report.
    Csv,
    /// A bank's statements.
    Camt053,
}

impl Kind {
    fn argument(self) -> &'static str {
        match self {
            Kind::Csv => "csv",
            Kind::Camt053 => "camt053",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Csv => "acme-pay",
            Kind::Camt053 => "acme-bank",
        }
    }
}

/// The files of one source, by their path in a configuration folder.
#[derive(Clone, Debug)]
pub struct Generated(BTreeMap<String, Vec<u8>>);

impl Generated {
    /// A source called `name`, made with these further arguments of `trueup generate`.
    pub fn make(name: &str, kind: Kind, arguments: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let generate = [
            "generate",
            "--out",
            "made",
            "--source-kind",
            kind.argument(),
        ];
        let said = trueup_alone(folder.path(), &[&generate[..], arguments].concat())?;
        ensure!(said.code == Some(0), "{said:?}");
        let mut files = BTreeMap::new();
        for part in ["sources", "partner", "ledger"] {
            for (file, content) in files_in(&folder.path().join("made").join(part))? {
                let file = format!("{part}/{}", file.replace(kind.name(), name));
                files.insert(file, content);
            }
        }
        let configuration = files.get_mut(&format!("sources/{name}.toml"));
        let configuration = configuration.context("a source was made")?;
        let text = String::from_utf8(configuration.clone())?;
        *configuration = text.replace(kind.name(), name).into_bytes();
        Ok(Generated(files))
    }

    /// What is critical goes to this channel.
    pub fn alerting(mut self, channel: &str) -> Self {
        let route =
            format!("\n[[alerts]]\nseverity_from = \"critical\"\nchannels = [\"{channel}\"]\n");
        for (name, content) in &mut self.0 {
            if name.starts_with("sources/") {
                content.extend_from_slice(route.as_bytes());
            }
        }
        self
    }

    /// Puts the source into an installation.
    pub fn install(&self, installation: &Installation) -> Result<()> {
        self.0
            .iter()
            .try_for_each(|(name, content)| installation.write(name, content))
    }
}

fn files_in(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push((name, std::fs::read(entry.path())?));
    }
    Ok(files)
}
