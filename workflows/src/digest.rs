//! What is open and was not worth an alert of its own, told once a day or a week. With nothing open
//! nobody hears of it.

use proto::wire::{AlertStatus, ScheduledResult};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::ports::{self, DeliverAlert, Delivery, DigestMade, DigestMaking, MakeDigest, Scheduled};
use crate::{failure, scheduled, time};

/// Workflow type `Digest`. Its day follows from its scheduled time; the digest of a day is made
/// once, and delivered like any alert.
#[workflow]
#[derive(Default)]
pub struct Digest;

#[workflow_methods]
impl Digest {
    /// Takes one JSON object, a `ScheduledInput`.
    #[run(name = "Digest")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<ScheduledResult> {
        let request = match scheduled::plan(ctx, &input).await? {
            Scheduled::Skip { result } => return Ok(result),
            Scheduled::Start { request, .. } => request,
        };
        let making = DigestMaking {
            source: request.source.clone(),
            date: request.business_date.clone(),
            at: time::now(ctx),
        };
        let options = ports::short(format!("what is open of {}", request.source));
        let made = ctx.execute_activity(MakeDigest, making, options).await;
        let DigestMade { alert, summary } = made.map_err(failure::surface)?;
        let outcome = match alert {
            None => "nothing_open".to_owned(),
            Some(alert) if alert.state != "pending" => "already_told".to_owned(),
            Some(alert) => deliver(ctx, alert).await?.state,
        };
        Ok(ScheduledResult {
            outcome,
            run_id: String::new(),
            business_date: request.business_date,
            summary,
        })
    }
}

async fn deliver(
    ctx: &mut WorkflowContext<Digest>,
    alert: AlertStatus,
) -> WorkflowResult<AlertStatus> {
    let delivery = Delivery {
        alert_id: alert.alert_id,
        at: time::now(ctx),
    };
    let options = ports::delivery(format!("digest by {}", alert.channel));
    let delivered = ctx.execute_activity(DeliverAlert, delivery, options).await;
    delivered.map_err(failure::surface)
}
