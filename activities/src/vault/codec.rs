//! The payload codec: everything that goes to Temporal's server is sealed before and opened after.
//!
//! A payload that nobody sealed is taken as it is: people start workflows with plain JSON.

use std::collections::HashMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use prost::Message;
use temporalio_common::data_converters::{
    PayloadCodec, PayloadConversionError, SerializationContextData,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

use super::{Vault, VaultError};

const ENCODING: &str = "encoding";
/// The encoding that the Temporal UI and other SDKs know sealed payloads by.
const ENCRYPTED: &[u8] = b"binary/encrypted";
const KEY_ID: &str = "encryption-key-id";

/// A vault as Temporal's client and worker use it.
#[derive(Clone, Debug)]
pub struct PayloadVault(Vault);

impl Vault {
    /// This vault as a payload codec.
    #[must_use]
    pub fn payload_codec(&self) -> PayloadVault {
        PayloadVault(self.clone())
    }
}

impl PayloadVault {
    /// Seals a payload with the newest key. One that is sealed already stays as it is, and so does
    /// each where there is no key.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn seal(&self, payload: Payload) -> Result<Payload, VaultError> {
        let Some(key) = self.0.sealing_key().filter(|_| !is_encrypted(&payload)) else {
            return Ok(payload);
        };
        Ok(Payload {
            metadata: HashMap::from([
                (ENCODING.to_owned(), ENCRYPTED.to_vec()),
                (KEY_ID.to_owned(), key.id.clone().into_bytes()),
            ]),
            data: key.payloads.seal_anew(&payload.encode_to_vec())?,
            ..Default::default()
        })
    }

    /// Opens a payload; one that is not sealed stays as it is.
    ///
    /// # Errors
    /// [`VaultError`], when it is sealed and can't be opened.
    pub fn open(&self, payload: Payload) -> Result<Payload, VaultError> {
        if !is_encrypted(&payload) {
            return Ok(payload);
        }
        let id = payload.metadata.get(KEY_ID).map(Vec::as_slice);
        let id = id.and_then(|id| std::str::from_utf8(id).ok());
        let id = id.ok_or(VaultError::Malformed)?;
        let plain = self.0.key(id)?.payloads.open(&payload.data);
        let opened = plain.and_then(|plain| Payload::decode(&plain[..]).ok());
        opened.ok_or_else(|| VaultError::Damaged { id: id.to_owned() })
    }
}

impl PayloadCodec for PayloadVault {
    fn encode(
        &self,
        _context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let sealed = payloads.into_iter().map(|payload| self.seal(payload));
        ready(sealed.collect())
    }

    fn decode(
        &self,
        _context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let opened = payloads.into_iter().map(|payload| self.open(payload));
        ready(opened.collect())
    }
}

fn is_encrypted(payload: &Payload) -> bool {
    payload
        .metadata
        .get(ENCODING)
        .is_some_and(|encoding| encoding == ENCRYPTED)
}

fn ready(
    outcome: Result<Vec<Payload>, VaultError>,
) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
    let outcome = outcome.map_err(|error| PayloadConversionError::EncodingError(Box::new(error)));
    std::future::ready(outcome).boxed()
}
