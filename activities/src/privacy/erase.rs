//! Erases a person's data: what stays is that there was something, for whom it counts, and that the
//! audit trail is what it was.

use std::collections::BTreeSet;

use domain::audit::AuditEvent;
use domain::record::Record;
use jiff::Timestamp;
use proto::staged::decode_all;
use regex::bytes::Regex;
use sha2::{Digest, Sha256};
use workflows::ports::Stored;

use super::person::{Person, Sought};
use super::rows::{self, Rows};
use crate::positions::Position;
use crate::staging::{Redaction, RowsReader, SideManifest, Staging, StagingError, plain_rows};
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError};

/// What is to be erased, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// Of which source.
    pub source: String,
    /// Whose data.
    pub person: Person,
    /// Who has it erased.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What was erased, or would be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Erased {
    /// Discrepancies, as each run found them.
    pub discrepancies: u64,
    /// Rejects.
    pub rejects: u64,
    /// Alerts.
    pub alerts: u64,
    /// Objects that a redacted copy takes the place of.
    pub objects: u64,
}

/// Why nothing, or not all, was erased. Begun again, it goes on.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// It can't be erased as it was asked for.
    #[error("{0}")]
    Refused(String),
    /// There is no key for the commitments.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error(transparent)]
    Staging(#[from] StagingError),
}

/// What erasing works on.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The store.
    pub store: Store,
    /// The object store.
    pub staging: Staging,
    /// What seals in both.
    pub vault: Vault,
}

impl Kept {
    /// What would be erased.
    ///
    /// # Errors
    /// As [`Kept::erase`].
    pub async fn count(&self, erasure: &Erasure) -> Result<Erased, EraseError> {
        self.pass(erasure, Doing::Count).await
    }

    /// Erases the person's data: in the store, in the object store, and says so on the stream
    /// `privacy/<source>`.
    ///
    /// # Errors
    /// [`EraseError::Refused`], when the person is in something that is open; [`EraseError::Vault`]
    /// without a key ring.
    pub async fn erase(&self, erasure: &Erasure) -> Result<Erased, EraseError> {
        let erased = self.pass(erasure, Doing::Erase).await?;
        let count = |name, count: u64| (name, count.to_string());
        let fields = vec![
            count("alerts", erased.alerts),
            count("discrepancies", erased.discrepancies),
            count("objects", erased.objects),
            ("reason", erasure.reason.clone()),
            count("rejects", erased.rejects),
        ];
        self.note(erasure, fields).await?;
        self.store.forget_overwritten().await?;
        Ok(erased)
    }

    async fn pass(&self, erasure: &Erasure, doing: Doing) -> Result<Erased, EraseError> {
        if let Some(why) = erasure.person.refused() {
            return Err(EraseError::Refused(why));
        }
        if !self.vault.has_keys() {
            return Err(VaultError::NoKeys.into());
        }
        let mut sought = erasure.person.sought();
        let keys = self.staging.keys_of(&erasure.source).await?;
        self.learn(erasure, &keys, &mut sought).await?;
        let search = sought.search().map_err(|_| {
            EraseError::Refused("that is more than can be looked for at once".to_owned())
        })?;
        let hits = self.hits(&keys, search.as_ref()).await?;
        self.refuse_open(erasure, &hits).await?;
        let rows = Rows {
            sought,
            search: search.clone(),
            vault: self.vault.clone(),
        };
        let mut erased = rows::pass(&self.store, &erasure.source, rows, doing).await?;
        erased.objects = hits.len() as u64;
        if let (Doing::Erase, Some(search)) = (doing, &search) {
            for key in &hits {
                self.redact(erasure, key, search).await?;
            }
        }
        Ok(erased)
    }

    /// The names and lines in the client's records, from what is staged and on record.
    async fn learn(
        &self,
        erasure: &Erasure,
        keys: &[String],
        sought: &mut Sought,
    ) -> Result<(), EraseError> {
        if !matches!(erasure.person, Person::Client(_)) {
            return Ok(());
        }
        for key in keys {
            let (bytes, _) = self.staging.plain(key).await?;
            // What is no stream of records is none of the client's.
            for record in decode_all::<Record>(&bytes).unwrap_or_default() {
                sought.learn(&record);
            }
            if let Ok(manifest) = serde_json::from_slice(&bytes) {
                self.learn_from_rows(&manifest, sought).await?;
            }
        }
        rows::learn(&self.store, &erasure.source, &self.vault, sought).await?;
        Ok(())
    }

    /// The same from rows that no records were made of.
    async fn learn_from_rows(
        &self,
        manifest: &SideManifest,
        sought: &mut Sought,
    ) -> Result<(), EraseError> {
        if let Some(reader) = RowsReader::of(&self.staging, manifest).await? {
            for rows in plain_rows(&self.staging, manifest).await? {
                reader.read_what_is_left(&rows, |record| sought.learn(&record));
            }
        }
        Ok(())
    }

    /// The objects that the person is in.
    async fn hits(
        &self,
        keys: &[String],
        search: Option<&Regex>,
    ) -> Result<Vec<String>, EraseError> {
        let mut hits = Vec::new();
        let Some(search) = search else {
            return Ok(hits);
        };
        for key in keys {
            let (bytes, _) = self.staging.plain(key).await?;
            if search.is_match(&bytes) {
                hits.push(key.clone());
            }
        }
        Ok(hits)
    }

    /// What is open has to be found again by the next run, and settled by people.
    async fn refuse_open(&self, erasure: &Erasure, hits: &[String]) -> Result<(), EraseError> {
        let Some(position) = self.store.position(&erasure.source).await? else {
            return Ok(());
        };
        let bytes = self.staging.get(&position).await?;
        let position: Position = serde_json::from_slice(&bytes)
            .map_err(|error| EraseError::Refused(format!("{}: {error}", position.key)))?;
        let open: BTreeSet<&str> = [&position.partner, &position.ledger]
            .map(|stored: &Stored| stored.key.as_str())
            .into();
        match hits.iter().any(|key| open.contains(key.as_str())) {
            false => Ok(()),
            true => Err(EraseError::Refused(format!(
                "there is something of this person among the open items of {}: resolve it, and erase \
                 after the next run",
                erasure.source
            ))),
        }
    }

    /// Puts a redacted copy in the place of an object, and says so on the trail.
    async fn redact(&self, erasure: &Erasure, key: &str, search: &Regex) -> Result<(), EraseError> {
        let (bytes, before) = self.staging.plain(key).await?;
        let mut copy = bytes.clone();
        for place in search.find_iter(&bytes) {
            copy[place.range()].fill(b'#');
        }
        let (size, sha256) = match before {
            Some(before) => (before.bytes, before.sha256),
            None => (bytes.len() as u64, sha256_of(&bytes)),
        };
        let redaction = Redaction {
            bytes: size,
            sha256,
            redacted_sha256: sha256_of(&copy),
            by: erasure.by.clone(),
            reason: erasure.reason.clone(),
            at: erasure.at.to_string(),
        };
        // First what is going to be, then that it is: a copy that nobody announced is damage.
        let fields = vec![
            ("object", key.to_owned()),
            ("reason", erasure.reason.clone()),
            ("redacted_sha256", redaction.redacted_sha256.clone()),
            ("sha256", redaction.sha256.clone()),
        ];
        self.note(erasure, fields).await?;
        self.staging.redact(key, &redaction, &copy).await?;
        Ok(())
    }

    async fn note(
        &self,
        erasure: &Erasure,
        fields: Vec<(&'static str, String)>,
    ) -> Result<(), StoreError> {
        let stream = format!("privacy/{}", erasure.source);
        let event = AuditEvent::DataErased;
        self.store
            .note_privacy(stream, erasure.at, &erasure.by, event, fields)
            .await
    }
}

fn sha256_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether a pass changes anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    /// It only counts.
    Count,
    /// It erases.
    Erase,
}
