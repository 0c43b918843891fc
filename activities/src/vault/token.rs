//! A secret that somebody presents, such as a bearer token.

use ring::hmac;
use ring::rand::SystemRandom;

use super::VaultError;

/// A token that others are held against, in a time that says nothing about it. Not kept itself.
pub struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    /// This token.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn new(secret: &str) -> Result<Self, VaultError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let key = key.map_err(|_| VaultError::Random)?;
        let tag = hmac::sign(&key, secret.as_bytes());
        Ok(Token { key, tag })
    }

    /// Whether this is the one.
    #[must_use]
    pub fn is(&self, presented: &str) -> bool {
        hmac::verify(&self.key, presented.as_bytes(), self.tag.as_ref()).is_ok()
    }
}
