//! The folders of the object store. Nearly all objects are named by the SHA-256 of their content,
//! inside one of these; what is there is never replaced with something else, but by a redacted or newly
//! sealed copy of itself.

use domain::record::Side;
use object_store::path::{Path, PathPart};
use sha2::{Digest, Sha256};

/// Longest part of a key: what file systems allow, with room for a suffix.
const PART_BYTES_MAX: usize = 200;

/// What the settings of the installation are called among the rules: no source can have this name.
pub const SETTINGS: &str = "trueup.toml";

/// Where an object belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folder<'a> {
    /// `inputs/<source>`: inputs as they were received.
    Inputs {
        /// Name of the source.
        source: &'a str,
    },
    /// `quarantine/<source>`: inputs that could not be read.
    Quarantine {
        /// Name of the source.
        source: &'a str,
    },
    /// `positions/<source>`: what runs of a source left open and used up.
    Positions {
        /// Name of the source.
        source: &'a str,
    },
    /// `rules/<source>`: texts of the configuration that decided in runs.
    Rules {
        /// Name of the source, or `trueup.toml`.
        of: &'a str,
    },
    /// `checkpoints/ed25519`: signed ends of audit streams, by number.
    Checkpoints,
    /// `runs/<run id>/staged/<side>`: one side's records and their manifest.
    Staged {
        /// The run.
        run_id: &'a str,
        /// The side.
        side: Side,
    },
    /// `runs/<run id>/compared`: what comparing them gave.
    Compared {
        /// The run.
        run_id: &'a str,
    },
    /// `runs/<run id>/told`: cases of earlier runs that have to hear of this one.
    Told {
        /// The run.
        run_id: &'a str,
    },
    /// `batches/<batch id>`: which cases people acted on at once, and what came of it.
    Batch {
        /// The batch.
        batch_id: &'a str,
    },
}

impl<'a> Folder<'a> {
    /// The folders of all objects that are about a source.
    pub(super) fn all_of(prefix: &Path, source: &'a str) -> [Path; 4] {
        let top = |name: &'static str| prefix.clone().join(name);
        [
            top("inputs").join(part(source)),
            top("quarantine").join(part(source)),
            top("positions").join(part(source)),
            top("runs").join("recon").join(part(source)),
        ]
    }

    /// Whether an object is in this folder.
    pub(super) fn holds(&self, prefix: &Path, key: &Path) -> bool {
        let name = key.filename().unwrap_or_default();
        self.key(prefix, name) == *key
    }

    /// Whether an object is an input as it was received.
    pub(super) fn is_sealed_input(prefix: &Path, key: &Path) -> bool {
        key.prefix_matches(&prefix.clone().join("inputs"))
    }

    /// The key of an object in this folder. Whatever is in the names, it stays in the folder.
    pub(super) fn key(&self, prefix: &Path, name: &str) -> Path {
        let (top, path, below) = match self {
            Folder::Inputs { source } => ("inputs", source, ""),
            Folder::Quarantine { source } => ("quarantine", source, ""),
            Folder::Positions { source } => ("positions", source, ""),
            Folder::Rules { of } => ("rules", of, ""),
            Folder::Checkpoints => ("checkpoints", &"ed25519", ""),
            Folder::Staged {
                run_id,
                side: Side::Partner,
            } => ("runs", run_id, "staged/partner"),
            Folder::Staged {
                run_id,
                side: Side::Ledger,
            } => ("runs", run_id, "staged/ledger"),
            Folder::Compared { run_id } => ("runs", run_id, "compared"),
            Folder::Told { run_id } => ("runs", run_id, "told"),
            Folder::Batch { batch_id } => ("batches", batch_id, ""),
        };
        let below = below.split('/').filter(|part| !part.is_empty());
        let parts = std::iter::once(top)
            .chain(path.split('/'))
            .chain(below)
            .chain([name]);
        let mut key = prefix.clone();
        key.extend(parts.map(part));
        key
    }
}

/// One part of a key. What is too long or empty for a file name is named by its hash.
fn part(text: &str) -> PathPart<'static> {
    let part = PathPart::from(text.to_owned());
    match part.as_ref().len() {
        1..=PART_BYTES_MAX => part,
        _ => PathPart::from(hex::encode(Sha256::digest(text.as_bytes()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_readable() {
        let prefix = Path::from("trueup/test");
        let key = |folder: Folder<'_>| folder.key(&prefix, "ab12").to_string();
        assert_eq!(
            key(Folder::Inputs { source: "acme" }),
            "trueup/test/inputs/acme/ab12"
        );
        let run_id = "recon/acme/2026-11-20/client/Müller & Co";
        assert_eq!(
            key(Folder::Staged {
                run_id,
                side: Side::Partner
            }),
            "trueup/test/runs/recon/acme/2026-11-20/client/M%C3%BCller & Co/staged/partner/ab12"
        );
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_folder(run_id in "([./%a ü\\\\]|\\PC){0,300}") {
            let key = Folder::Compared { run_id: &run_id }.key(&Path::default(), "name");
            let parts: Vec<_> = key.as_ref().split('/').collect();
            prop_assert_eq!(parts[0], "runs");
            prop_assert!(parts.iter().all(|part| !matches!(*part, "" | "." | "..")));
            prop_assert!(parts.iter().all(|part| part.len() <= PART_BYTES_MAX));
            prop_assert_eq!(&Path::parse(key.as_ref()).unwrap(), &key);
        }
    }
}
