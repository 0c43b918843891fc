//! A reject and its message.

use domain::record::Reject;

use super::record::{origin_from_wire, origin_to_wire};
use super::{Carry, Staged, WireError};
use crate::wire::StagedReject;

impl Staged for Reject {
    type Wire = StagedReject;

    fn to_wire(&self, carry: &mut Carry) -> StagedReject {
        StagedReject {
            origin: Some(origin_to_wire(self.side, &self.origin, carry)),
            column: self.column.to_string(),
            value: self.value.to_string(),
            reason: self.reason.to_string(),
        }
    }

    fn from_wire(wire: StagedReject, carry: &mut Carry) -> Result<Self, WireError> {
        let (side, origin) = origin_from_wire(wire.origin, carry)?;
        Ok(Reject {
            side,
            origin,
            column: wire.column.into_boxed_str(),
            value: wire.value.into_boxed_str(),
            reason: wire.reason.into_boxed_str(),
        })
    }
}

impl From<&Reject> for StagedReject {
    /// On its own, with side and file: for rows of the store and JSON.
    fn from(reject: &Reject) -> Self {
        reject.to_wire(&mut Carry::default())
    }
}

impl TryFrom<StagedReject> for Reject {
    type Error = WireError;

    fn try_from(wire: StagedReject) -> Result<Self, WireError> {
        Reject::from_wire(wire, &mut Carry::default())
    }
}
