//! Personal texts in rows of the store: `sealed:<key id>:<base64>`, or `erased:<commitment>` once a
//! person's data was erased.
//!
//! The same text is the same sealed text under one key, so that a repeated write changes nothing. A
//! text that only looks like one of these is kept as `plain:<text>`: nobody can plant one.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::audit::{ERASED, erased, erased_text};

use super::{Vault, VaultError};

const SEALED: &str = "sealed:";
const PLAIN: &str = "plain:";

/// Whether a text, as read, stands for one that was erased.
#[must_use]
pub fn is_erased(text: &str) -> bool {
    erased(text).is_some()
}

impl Vault {
    /// A personal text as the store keeps it. The empty text, and one that was erased, stay as they
    /// are.
    #[must_use]
    pub fn seal_text(&self, text: &str) -> String {
        let looks_kept = || {
            [SEALED, ERASED, PLAIN]
                .iter()
                .any(|mark| text.starts_with(mark))
        };
        match self.sealing_key() {
            _ if text.is_empty() || is_erased(text) => text.to_owned(),
            None if looks_kept() => format!("{PLAIN}{text}"),
            None => text.to_owned(),
            Some(key) => {
                let sealed = STANDARD.encode(key.texts.seal_same(text.as_bytes()));
                format!("{SEALED}{}:{sealed}", key.id)
            }
        }
    }

    /// A personal text as it was before the store took it.
    ///
    /// # Errors
    /// [`VaultError`], when it is sealed and can't be opened.
    pub fn open_text<'t>(&self, kept: &'t str) -> Result<Cow<'t, str>, VaultError> {
        if let Some(text) = kept.strip_prefix(PLAIN) {
            return Ok(Cow::Borrowed(text));
        }
        let Some(sealed) = kept.strip_prefix(SEALED) else {
            return Ok(Cow::Borrowed(kept));
        };
        let (id, sealed) = sealed.split_once(':').ok_or(VaultError::Malformed)?;
        let key = self.key(id)?;
        let sealed = STANDARD.decode(sealed).map_err(|_| VaultError::Malformed)?;
        let text = key
            .texts
            .open(&sealed)
            .and_then(|text| String::from_utf8(text).ok());
        text.map(Cow::Owned)
            .ok_or_else(|| VaultError::Damaged { id: id.to_owned() })
    }

    /// What takes the place of `text` when a person's data is erased. A text that was erased before
    /// stays what it is.
    ///
    /// # Errors
    /// [`VaultError::NoKeys`].
    pub fn erase_text(&self, text: &str) -> Result<String, VaultError> {
        match text.is_empty() || is_erased(text) {
            true => Ok(text.to_owned()),
            false => Ok(erased_text(&self.commitment(text)?)),
        }
    }
}
