//! Seals what is kept with the newest key, so that an old one can be thrown away.

use crate::staging::{Staging, StagingError};
use crate::store::sealing::{Personal, kept_reference, turn_discrepancy, turn_reject};
use crate::store::{PersonalRow, PersonalRows, Store, StoreError};
use crate::vault::{Vault, VaultError};

/// How much was sealed anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resealed {
    /// Rows of the store.
    pub rows: u64,
    /// Objects of the object store.
    pub objects: u64,
}

/// Why it stopped. What was done stays done.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// There is no key to seal with.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error(transparent)]
    Staging(#[from] StagingError),
}

/// Seals all personal texts of the store and all objects that are not sealed with the newest key.
///
/// # Errors
/// [`ResealError`]: begin again, and it goes on.
pub async fn reseal(
    store: &Store,
    staging: &Staging,
    vault: &Vault,
) -> Result<Resealed, ResealError> {
    if !vault.has_keys() {
        return Err(VaultError::NoKeys.into());
    }
    let mut resealed = Resealed::default();
    for rows in [PersonalRows::Discrepancies, PersonalRows::Rejects] {
        let mut after = Some(String::new());
        while let Some(from) = after {
            let vault = vault.clone();
            let change = Box::new(move |row: PersonalRow<'_>| Ok(reseal_row(&vault, row)?));
            let passed = store.change_personal(rows, None, from, change).await?;
            resealed.rows += passed.changed;
            after = passed.next;
        }
    }
    resealed.objects = staging.reseal().await?;
    Ok(resealed)
}

/// Whether something in the row had to be sealed anew.
fn reseal_row(vault: &Vault, row: PersonalRow<'_>) -> Result<bool, VaultError> {
    let mut is_changed = false;
    let mut turn = |kept: &str, personal: Personal| {
        let text = vault.open_text(kept)?;
        let new = personal.kept(vault, &text);
        is_changed |= new != kept;
        Ok(new)
    };
    match row {
        PersonalRow::Discrepancy(discrepancy) => {
            turn_discrepancy(discrepancy, &mut turn)?;
            let reference = kept_reference(vault, &discrepancy.reference);
            is_changed |= reference != discrepancy.reference;
            discrepancy.reference = reference;
        }
        PersonalRow::Reject(reject) => turn_reject(reject, &mut turn)?,
        PersonalRow::Alert(_) => {}
    }
    Ok(is_changed)
}
