//! The place where checkpoints are published: objects that are written once, one per number.

use domain::audit::SignedCheckpoint;

use super::document;
use crate::staging::{Folder, Staging, StagingError};

/// A write-once place.
#[derive(Clone, Debug)]
pub struct Published(Staging);

impl Published {
    /// This place.
    #[must_use]
    pub fn new(place: Staging) -> Self {
        Published(place)
    }

    /// Publishes a checkpoint, unless it is there already; false when another one has its number:
    /// there are two pasts.
    pub(super) async fn publish(&self, signed: &SignedCheckpoint) -> Result<bool, StagingError> {
        let bytes = document::text(signed).into_bytes();
        let name = name(signed.checkpoint.number);
        let first = self.0.put_first(Folder::Checkpoints, &name, bytes.clone());
        Ok(first.await? == bytes)
    }

    /// The document under this number, if there is one.
    pub(super) async fn get(&self, number: u64) -> Result<Option<Vec<u8>>, StagingError> {
        self.0.get_named(Folder::Checkpoints, &name(number)).await
    }
}

/// As many digits for each: lists are in order.
fn name(number: u64) -> String {
    format!("{number:0>12}.json")
}
