//! Which findings a run for one client or one invoice is about.
//!
//! Scope never changes what belongs together: everything is compared as in a run of the whole
//! source, then what is known to belong elsewhere is put aside. So both runs agree on every id.

use crate::policy::Scope;
use crate::record::{Record, ReferenceKind, Side};

/// Whether a record is what a run is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Membership {
    /// Known to be.
    Inside,
    /// Cannot be known from the record: its counterpart says.
    Unknown,
    /// Known not to be.
    Elsewhere,
}

/// Where a record belongs.
///
/// Partners often don't know our clients and invoices, so a partner record may be `Unknown`. A
/// ledger record that names none is `Inside`: the ledger was asked for this scope.
fn membership(scope: &Scope, record: &Record) -> Membership {
    let named = match scope {
        Scope::Whole => return Membership::Inside,
        Scope::Client(client) => record.client.as_deref().map(|text| text == client),
        Scope::Invoice(invoice) => match record.reference(ReferenceKind::Invoice) {
            Some(text) => Some(text == invoice),
            None => record
                .references
                .iter()
                .any(|(_, text)| **text == **invoice)
                .then_some(true),
        },
    };
    match (named, record.side) {
        (Some(true), _) | (None, Side::Ledger) => Membership::Inside,
        (Some(false), _) => Membership::Elsewhere,
        (None, Side::Partner) => Membership::Unknown,
    }
}

/// Whether a record is known to be what a run is about.
pub(super) fn is_inside(scope: &Scope, record: &Record) -> bool {
    membership(scope, record) == Membership::Inside
}

/// Whether a record says of itself that it is what a run is about.
pub(crate) fn is_asked_for(scope: &Scope, record: &Record) -> bool {
    covers(scope, std::iter::once(record), false)
}

/// Whether a finding with these records of its own is what the run is about. Where
/// none of them says where it belongs, the group does that they were found in.
pub(super) fn covers<'r>(
    scope: &Scope,
    own: impl Iterator<Item = &'r Record>,
    is_group_inside: bool,
) -> bool {
    let mut is_elsewhere = false;
    for record in own {
        match membership(scope, record) {
            Membership::Inside => return true,
            Membership::Unknown => {}
            Membership::Elsewhere => is_elsewhere = true,
        }
    }
    is_group_inside && !is_elsewhere
}
