//! Giving an act to the case's own workflow: it alone answers for its case.

use proto::case::refused;
use proto::wire::CaseReply;
use workflows::ports::Forwarding;

use crate::Trueup;
use crate::failures::Failure;
use crate::store::StoreError;

pub(crate) async fn forward(trueup: &Trueup, input: Forwarding) -> Result<CaseReply, Failure> {
    let id = &input.discrepancy_id;
    match trueup.store.case(id).await {
        // A workflow for it would fail, and nobody would hear why.
        Err(StoreError::NotFound(problem)) => return Ok(refused(problem)),
        found => found?,
    };
    trueup
        .workflows
        .act_on_case(id, &input.action, &input.act_id, &input.input)
        .await
}
