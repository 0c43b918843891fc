//! Finding a case and its alerts.

use proto::wire::AlertStatus;
use workflows::failure;
use workflows::ports::{CaseOpened, CaseOpening};

use super::behind;
use super::standing::standing;
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::{AlertRow, AlertState, StoreError};

pub(crate) async fn open(trueup: &Trueup, input: CaseOpening) -> Result<CaseOpened, Failure> {
    let at = timestamp(&input.at)?;
    let row = match trueup.store.open_case(&input.discrepancy_id, at).await {
        Err(StoreError::NotFound(problem)) => {
            return Err(Failure::last(failure::UNKNOWN_DISCREPANCY, problem));
        }
        found => found?,
    };
    let (case, stays_open) = standing(trueup, &row).await?;
    Ok(CaseOpened {
        alerts: case.alerts.clone(),
        behind: behind::unfinished(&row)?.map(Box::new),
        stays_open,
        case: Some(case),
    })
}

/// Where an alert stands, as its case knows it. A delivery that began and has no outcome yet is
/// still to be made.
pub(crate) fn status(alert: &AlertRow) -> AlertStatus {
    let state = match alert.state {
        AlertState::Pending | AlertState::Sending => "pending",
        AlertState::Sent => "sent",
        AlertState::Dead => "dead",
    };
    AlertStatus {
        alert_id: alert.intent.id.clone(),
        channel: alert.intent.channel.clone(),
        state: state.to_owned(),
        problem: alert.last_error.clone().unwrap_or_default(),
    }
}
