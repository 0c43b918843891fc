//! Who signs checkpoints. A key service can become another kind: signing is asked for and waited for.

use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::{AuditConfig, PublicKey};

/// A signing key, wherever it is.
#[derive(Debug)]
pub enum Signer {
    /// In this process.
    Local(Box<Ed25519KeyPair>),
}

/// Why there is no key to sign with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignerProblem {
    /// The environment variable is not set.
    #[error("the environment variable {0} is not set: it must hold the signing key")]
    Missing(String),
    /// The file can't be read.
    #[error("the signing key {file} can't be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// What is there is no key. Never shows it.
    #[error("what {0} holds is no signing key: `trueup audit key` makes one")]
    Malformed(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers, so that no key can be made")]
    NoRandomness,
}

impl Signer {
    /// The key that the configuration names; none when it names none. A relative path starts in
    /// `folder`.
    ///
    /// # Errors
    /// It names one that is not there, or is no key.
    pub fn open(
        config: &AuditConfig,
        folder: &Path,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SignerProblem> {
        if let Some(variable) = &config.signing_key_env {
            let text = secret(variable).ok_or_else(|| SignerProblem::Missing(variable.clone()))?;
            return Self::parse(&text, variable).map(Some);
        }
        let Some(file) = &config.signing_key_file else {
            return Ok(None);
        };
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| SignerProblem::Unreadable {
            file: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::parse(&text, &path.display().to_string()).map(Some)
    }

    /// A new key, and the secret text that it is opened with again.
    ///
    /// # Errors
    /// [`SignerProblem::NoRandomness`].
    pub fn generate() -> Result<(Self, String), SignerProblem> {
        let mut seed = [0; 32];
        let filled = SystemRandom::new().fill(&mut seed);
        filled.map_err(|_| SignerProblem::NoRandomness)?;
        let text = hex::encode(seed);
        Self::parse(&text, "the new key").map(|signer| (signer, text))
    }

    fn parse(text: &str, place: &str) -> Result<Self, SignerProblem> {
        let malformed = || SignerProblem::Malformed(place.to_owned());
        let seed = hex::decode(text.trim()).map_err(|_| malformed())?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| malformed())?;
        Ok(Signer::Local(Box::new(pair)))
    }

    /// What its signatures are checked with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let Signer::Local(pair) = self;
        let mut bytes = [0; 32];
        bytes.copy_from_slice(pair.public_key().as_ref());
        PublicKey::new(bytes)
    }

    /// Signs these bytes: 64 bytes, always the same for the same.
    pub async fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let Signer::Local(pair) = self;
        pair.sign(bytes).as_ref().to_vec()
    }
}
