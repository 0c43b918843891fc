//! Finding a case and its alerts.

use workflows::failure;
use workflows::ports::{CaseOpened, CaseOpening};

use super::behind;
use super::standing::standing;
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::StoreError;

pub(crate) async fn open(trueup: &Trueup, input: CaseOpening) -> Result<CaseOpened, Failure> {
    let at = timestamp(&input.at)?;
    let row = match trueup.store.open_case(&input.discrepancy_id, at).await {
        Err(StoreError::NotFound(problem)) => {
            return Err(Failure::last(failure::UNKNOWN_DISCREPANCY, problem));
        }
        found => found?,
    };
    let (case, stays_open) = standing(trueup, &row, at).await?;
    Ok(CaseOpened {
        alerts: case.alerts.clone(),
        behind: behind::unfinished(&row)?.map(Box::new),
        stays_open,
        case: Some(case),
    })
}
