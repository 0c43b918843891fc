//! Streams: length-delimited messages, one after the other, without a header.
//!
//! The same values in the same order give the same bytes.

use prost::Message;

use super::{Carry, WireError};

/// A domain value with a message of its own.
pub trait Staged: Sized {
    /// The generated message.
    type Wire: Message + Default;

    /// The message, without what `carry` makes superfluous.
    fn to_wire(&self, carry: &mut Carry) -> Self::Wire;

    /// The value.
    ///
    /// # Errors
    /// [`WireError`] names the field that is absent or wrong.
    fn from_wire(wire: Self::Wire, carry: &mut Carry) -> Result<Self, WireError>;
}

/// Writes a stream value by value.
#[derive(Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    pub(super) carry: Carry,
}

impl Encoder {
    /// Appends one value.
    pub fn push<T: Staged>(&mut self, value: &T) {
        let message = value.to_wire(&mut self.carry);
        self.push_message(&message);
    }

    /// Appends the message of one value.
    pub(super) fn push_message(&mut self, message: &impl Message) {
        message
            .encode_length_delimited(&mut self.bytes)
            .expect("a vector has room");
    }

    /// Whether nothing was appended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The stream.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The stream of these values.
pub fn encode_all<'a, T: Staged + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<u8> {
    let mut encoder = Encoder::default();
    for value in values {
        encoder.push(value);
    }
    encoder.finish()
}

/// The values of a stream. File names are shared between them.
///
/// # Errors
/// [`WireError::Stream`] says which message is wrong, and why.
pub fn decode_all<T: Staged>(mut bytes: &[u8]) -> Result<Vec<T>, WireError> {
    let mut values = Vec::new();
    let mut carry = Carry::default();
    while !bytes.is_empty() {
        let position = values.len() + 1;
        let stream_error = |reason| WireError::Stream { position, reason };
        let wire = T::Wire::decode_length_delimited(&mut bytes)
            .map_err(|error| stream_error(error.to_string()))?;
        let value =
            T::from_wire(wire, &mut carry).map_err(|error| stream_error(error.to_string()))?;
        values.push(value);
    }
    Ok(values)
}
