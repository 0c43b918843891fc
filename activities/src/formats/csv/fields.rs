//! The fields of a record that a mapping can fill, and what status texts mean.

use domain::record::{ReferenceKind, Status};
use serde::Deserialize;

use super::columns::{AmountSource, FieldSource};

/// The columns of a record's fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// [`ReferenceKind::Reference`]
    pub reference: Option<FieldSource>,
    /// [`ReferenceKind::Invoice`]
    pub invoice: Option<FieldSource>,
    /// [`ReferenceKind::Order`]
    pub order: Option<FieldSource>,
    /// [`ReferenceKind::Batch`]
    pub batch: Option<FieldSource>,
    /// [`ReferenceKind::EndToEndId`]
    pub end_to_end_id: Option<FieldSource>,
    /// [`ReferenceKind::TransactionId`]
    pub transaction_id: Option<FieldSource>,
    /// [`ReferenceKind::InstructionId`]
    pub instruction_id: Option<FieldSource>,
    /// [`ReferenceKind::Uetr`]
    pub uetr: Option<FieldSource>,
    /// [`ReferenceKind::ServicerReference`]
    pub servicer_reference: Option<FieldSource>,
    /// [`ReferenceKind::CreditorReference`]
    pub creditor_reference: Option<FieldSource>,
    /// [`ReferenceKind::MandateId`]
    pub mandate_id: Option<FieldSource>,
    /// [`ReferenceKind::OriginalReference`]
    pub original_reference: Option<FieldSource>,
    /// The amount, when there is only one.
    pub amount: Option<AmountSource>,
    /// Before fees.
    pub gross: Option<AmountSource>,
    /// The fee; positive lowers the net.
    pub fee: Option<AmountSource>,
    /// After fees.
    pub net: Option<AmountSource>,
    /// Currency of all amounts.
    pub currency: Option<FieldSource>,
    /// Currency of the gross amount, where it is not that of the net.
    pub gross_currency: Option<FieldSource>,
    /// Currency of the net amount, where it is not that of the gross.
    pub net_currency: Option<FieldSource>,
    /// The day on which the money counts.
    pub value_date: Option<FieldSource>,
    /// The day on which it was entered.
    pub booking_date: Option<FieldSource>,
    /// Zone of the row's times.
    pub time_zone: Option<FieldSource>,
    /// Where the payment stands.
    pub status: Option<FieldSource>,
    /// Our client's identifier.
    pub client: Option<FieldSource>,
    /// The other party.
    pub counterparty: Option<FieldSource>,
    /// Free text.
    pub description: Option<FieldSource>,
}

impl Fields {
    pub(super) fn amounts(&self) -> impl Iterator<Item = &AmountSource> {
        [&self.amount, &self.gross, &self.fee, &self.net]
            .into_iter()
            .flatten()
    }

    pub(super) fn others(&self) -> impl Iterator<Item = &FieldSource> {
        [
            &self.currency,
            &self.gross_currency,
            &self.net_currency,
            &self.value_date,
            &self.booking_date,
            &self.time_zone,
            &self.status,
            &self.client,
            &self.counterparty,
            &self.description,
        ]
        .into_iter()
        .flatten()
    }

    /// The references that are mapped, in the order of their kinds.
    pub(super) fn references(&self) -> Vec<(ReferenceKind, &FieldSource)> {
        let of_kind = |kind| match kind {
            ReferenceKind::Reference => &self.reference,
            ReferenceKind::Invoice => &self.invoice,
            ReferenceKind::Order => &self.order,
            ReferenceKind::Batch => &self.batch,
            ReferenceKind::EndToEndId => &self.end_to_end_id,
            ReferenceKind::TransactionId => &self.transaction_id,
            ReferenceKind::InstructionId => &self.instruction_id,
            ReferenceKind::Uetr => &self.uetr,
            ReferenceKind::ServicerReference => &self.servicer_reference,
            ReferenceKind::CreditorReference => &self.creditor_reference,
            ReferenceKind::MandateId => &self.mandate_id,
            ReferenceKind::OriginalReference => &self.original_reference,
        };
        ReferenceKind::ALL
            .iter()
            .filter_map(|&kind| of_kind(kind).as_ref().map(|field| (kind, field)))
            .collect()
    }
}

/// The texts that stand for each status.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusValues {
    /// Announced, not final.
    pub pending: Vec<String>,
    /// Final.
    pub settled: Vec<String>,
    /// Taken back after settlement.
    pub reversed: Vec<String>,
    /// Never happened.
    pub failed: Vec<String>,
}

impl StatusValues {
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Status)> {
        let lists = [
            (&self.pending, Status::Pending),
            (&self.settled, Status::Settled),
            (&self.reversed, Status::Reversed),
            (&self.failed, Status::Failed),
        ];
        lists
            .into_iter()
            .flat_map(|(texts, status)| texts.iter().map(move |text| (text.as_str(), status)))
    }
}
