//! Objects in memory, over those of the object store: for work that leaves little of what it stores.

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use workflows::ports::Stored;

use super::{Folder, Staging, StagingError, decide};

/// What is in memory, and what goes there.
#[derive(Clone, Debug)]
pub(super) struct Held {
    memory: Arc<dyn ObjectStore>,
    takes: Takes,
}

#[derive(Clone, Copy, Debug)]
enum Takes {
    Everything,
    Findings,
    Nothing,
}

/// Where a new object goes.
pub(super) enum Place {
    Store,
    Memory,
    /// For good, and read from memory.
    Both,
}

impl Staging {
    /// The same objects, with what is stored from now on kept in memory only, and lost with it.
    #[must_use]
    pub fn over(&self) -> Self {
        self.held_with(Arc::new(InMemory::new()), Takes::Everything)
    }

    /// The same objects, with what is stored from now on kept in memory, until it is
    /// [kept](Staging::keep). Only what others may have to hear of at once is stored at once: sealed
    /// inputs, and objects with a name of their own, which decide something.
    #[must_use]
    pub(crate) fn holding(&self) -> Self {
        self.held_with(Arc::new(InMemory::new()), Takes::Findings)
    }

    /// Stores for good what is held, but of the folder `passing` only these.
    ///
    /// # Errors
    /// As [`Staging::put`] and [`Staging::get`].
    pub(crate) async fn keep(
        &self,
        passing: Folder<'_>,
        but: &[Stored],
    ) -> Result<(), StagingError> {
        let Some(memory) = self.memory() else {
            return Ok(());
        };
        let refused = |error| decide("read", "what is held", &error);
        let held: Vec<_> = memory
            .list(None)
            .map_ok(|object| object.location)
            .try_collect()
            .await
            .map_err(refused)?;
        let for_good = Staging {
            held: None,
            ..self.clone()
        };
        for key in held {
            let is_left = passing.holds(&self.prefix, &key)
                && !but.iter().any(|stored| stored.key == key.as_ref());
            if is_left || matches!(self.place(&key, false), Place::Both) {
                continue;
            }
            let bytes = self.read(&key).await?;
            let bytes = self.opened(key.as_ref(), bytes)?;
            let stored = Stored {
                sha256: key.filename().unwrap_or_default().to_owned(),
                bytes: bytes.len() as u64,
                key: key.to_string(),
            };
            for_good.ensure(&stored, bytes).await?;
        }
        Ok(())
    }

    /// The same objects, read from memory while they are held there; what is stored from now on is
    /// stored for good.
    #[must_use]
    pub(crate) fn kept(&self) -> Self {
        match &self.held {
            Some(held) => self.held_with(Arc::clone(&held.memory), Takes::Nothing),
            None => self.clone(),
        }
    }

    fn held_with(&self, memory: Arc<dyn ObjectStore>, takes: Takes) -> Self {
        Staging {
            held: Some(Held { memory, takes }),
            ..self.clone()
        }
    }

    /// What objects are held in.
    pub(super) fn memory(&self) -> Option<&dyn ObjectStore> {
        self.held.as_ref().map(|held| &*held.memory)
    }

    /// Where an object is, if it is anywhere.
    pub(super) async fn holder(&self, key: &Path) -> &dyn ObjectStore {
        match self.memory() {
            Some(memory) if memory.head(key).await.is_ok() => memory,
            _ => &*self.store,
        }
    }

    /// Where a new object goes. Some have a name of their own.
    pub(super) fn place(&self, key: &Path, has_own_name: bool) -> Place {
        match self.held.as_ref().map(|held| held.takes) {
            None | Some(Takes::Nothing) => Place::Store,
            Some(Takes::Everything) => Place::Memory,
            Some(Takes::Findings) if has_own_name => Place::Store,
            Some(Takes::Findings) => match Folder::is_sealed_input(&self.prefix, key) {
                true => Place::Both,
                false => Place::Memory,
            },
        }
    }
}
