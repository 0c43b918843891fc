//! Personal texts on their way into a store and out of it, whichever store it is: names, clients,
//! descriptions and the raw text of lines are sealed, and every other text that has an account number
//! in it. What people query by stays as it is; what they call a discrepancy is masked.
//!
//! The alerts that a store keeps have neither: they are masked before.

use domain::discrepancy::Discrepancy;
use domain::masking;
use domain::record::{RecordFields, Reject, ShortText};

use super::{Findings, StoreError};
use crate::vault::{Vault, VaultError};

/// Which texts are personal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Personal {
    /// Whatever it says.
    Always,
    /// When there is an account number in it.
    WithAccount,
}

impl Personal {
    /// Such a text as the store keeps it.
    pub(crate) fn kept(self, vault: &Vault, text: &str) -> String {
        match self == Personal::Always || masking::has_account(text) {
            true => vault.seal_text(text),
            // A text that only looks sealed is marked as plain.
            false => Vault::default().seal_text(text),
        }
    }
}

/// What is done to a personal text.
pub(crate) type Turn<'t> = dyn FnMut(&str, Personal) -> Result<String, VaultError> + 't;

/// Every personal text of a discrepancy, in order, replaced by what `turn` makes of it.
pub(crate) fn turn_discrepancy(
    discrepancy: &mut Discrepancy,
    turn: &mut Turn<'_>,
) -> Result<(), VaultError> {
    let Discrepancy {
        partner,
        ledger,
        related,
        reason,
        nearest,
        ..
    } = discrepancy;
    *reason = turn(reason, Personal::WithAccount)?;
    if let Some(nearest) = nearest {
        nearest.kept_apart_by = turn(&nearest.kept_apart_by, Personal::WithAccount)?;
        turn_record(&mut nearest.record, turn)?;
    }
    let records = partner.iter_mut().chain(ledger).chain(related);
    for record in records {
        turn_record(record, turn)?;
    }
    Ok(())
}

/// As [`turn_discrepancy`], of a record.
pub(crate) fn turn_record(
    record: &mut RecordFields,
    turn: &mut Turn<'_>,
) -> Result<(), VaultError> {
    record.origin.raw = turn(&record.origin.raw, Personal::Always)?.into();
    for (_, text) in &mut record.references {
        *text = turn(text, Personal::WithAccount)?.into();
    }
    let named = [
        &mut record.client,
        &mut record.counterparty,
        &mut record.description,
    ];
    for text in named.into_iter().flatten() {
        *text = turn(text, Personal::Always)?.into();
    }
    Ok(())
}

/// As [`turn_discrepancy`], of a reject.
pub(crate) fn turn_reject(reject: &mut Reject, turn: &mut Turn<'_>) -> Result<(), VaultError> {
    let Reject {
        origin,
        value,
        reason,
        ..
    } = reject;
    for text in [&mut origin.raw, value, reason] {
        *text = turn(text, Personal::Always)?.into();
    }
    Ok(())
}

/// Findings as the store keeps them.
pub(super) fn sealed_findings(vault: &Vault, mut findings: Findings) -> Findings {
    for finding in &mut findings.findings {
        let sealed = turn_discrepancy(&mut finding.discrepancy, &mut sealing(vault));
        sealed.expect("sealing a text can't fail");
        let reference = &mut finding.discrepancy.reference;
        *reference = kept_reference(vault, reference);
    }
    findings
}

/// Rejects as the store keeps them.
pub(super) fn sealed_rejects(vault: &Vault, mut rejects: Vec<Reject>) -> Vec<Reject> {
    for reject in &mut rejects {
        let sealed = turn_reject(reject, &mut sealing(vault));
        sealed.expect("sealing a text can't fail");
    }
    rejects
}

/// What people call a discrepancy, as the store keeps it.
pub(crate) fn kept_reference(vault: &Vault, reference: &str) -> ShortText {
    match vault.newest() {
        Some(_) => masking::accounts_in(reference).into(),
        None => reference.into(),
    }
}

/// Opens a discrepancy that came out of the store.
pub(super) fn open(vault: &Vault, discrepancy: &mut Discrepancy) -> Result<(), StoreError> {
    Ok(turn_discrepancy(discrepancy, &mut opening(vault))?)
}

/// Opens a reject that came out of the store.
pub(super) fn open_reject(vault: &Vault, reject: &mut Reject) -> Result<(), StoreError> {
    Ok(turn_reject(reject, &mut opening(vault))?)
}

fn sealing(vault: &Vault) -> impl FnMut(&str, Personal) -> Result<String, VaultError> {
    move |text, personal| Ok(personal.kept(vault, text))
}

fn opening(vault: &Vault) -> impl FnMut(&str, Personal) -> Result<String, VaultError> {
    move |text, _| vault.open_text(text).map(std::borrow::Cow::into_owned)
}
