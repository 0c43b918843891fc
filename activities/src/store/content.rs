//! The texts that a store keeps of what was found, told and rejected: JSON of the wire messages,
//! whatever the store is. Reading parses back to the domain's values or says what is wrong.

use domain::alert::AlertContent;
use domain::discrepancy::Discrepancy;
use domain::record::Reject;
use proto::wire::{StagedDiscrepancy, StagedReject};

use super::StoreError;
use super::alert_json::ContentJson;
use super::text::{from_json, json};

pub(super) fn discrepancy_text(discrepancy: &Discrepancy) -> Result<String, StoreError> {
    json(&StagedDiscrepancy::from(discrepancy))
}

pub(super) fn discrepancy(text: &str) -> Result<Discrepancy, StoreError> {
    let wire: StagedDiscrepancy = from_json("content", text)?;
    wire.try_into()
        .map_err(|error| StoreError::corrupt("a discrepancy", error))
}

pub(super) fn reject_text(reject: &Reject) -> Result<String, StoreError> {
    json(&StagedReject::from(reject))
}

pub(super) fn reject(text: &str) -> Result<Reject, StoreError> {
    let wire: StagedReject = from_json("content", text)?;
    wire.try_into()
        .map_err(|error| StoreError::corrupt("a reject", error))
}

pub(super) fn alert_text(content: &AlertContent) -> Result<String, StoreError> {
    json(&ContentJson::from(content))
}

pub(super) fn alert(text: &str) -> Result<AlertContent, StoreError> {
    from_json::<ContentJson>("content", text)?.try_into()
}
