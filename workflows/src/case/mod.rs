//! The life of one discrepancy across runs: alerted once, then open until it is resolved.
//!
//! Keeps nothing of its own: how the case stands is in the store, which every act changes and
//! answers with. So the workflow may end when the case is closed, and begins again whenever
//! somebody acts on it or a run finds something new.

mod alarm;
mod deliveries;
mod inbox;
pub(crate) mod launch;
mod life;
mod messages;
mod progress;

use proto::wire::CaseStatus;
use temporalio_macros::workflow;

pub(crate) use inbox::Carried;
use inbox::Inbox;

/// Workflow type `Case`. Its id, `case/<discrepancy_id>`, is what makes an alert go out once and
/// what puts acts in a row.
#[workflow]
#[derive(Default)]
pub struct Case {
    /// As the store told last; nothing but the alerts from a worker that knew no more.
    status: CaseStatus,
    /// What people and runs asked for, in order.
    inbox: Inbox,
    /// Somebody changed something in the store: a redrive, a batch, a run with new alerts.
    look_again: bool,
}
