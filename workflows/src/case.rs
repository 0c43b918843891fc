//! The life of one discrepancy across runs: alerted once, then open until it is resolved.

use proto::wire::{AlertStatus, CaseInput, CaseStatus};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult, join_all,
};

use crate::ports::{CaseOpened, CaseOpening, DeliverAlert, Delivery, OpenCase};
use crate::{failure, intake, ports, time};

/// Workflow type `Case`. Its id, `case/<discrepancy_id>`, is what makes an alert go out once.
#[workflow]
#[derive(Default)]
pub struct Case {
    alerts: Vec<AlertStatus>,
    closed: bool,
    /// Somebody asked for the alerts to be looked at again, after a redrive in the store.
    deliver_again: bool,
}

#[workflow_methods]
impl Case {
    /// Takes one JSON object, a `CaseInput`.
    #[run(name = "Case")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: RawValue,
    ) -> WorkflowResult<CaseStatus> {
        let input = intake::case(&input)
            .map_err(|problem| failure::non_retryable(failure::INVALID_INPUT, problem))?;
        loop {
            ctx.state_mut(|case| case.deliver_again = false);
            let opened = open(ctx, &input).await?;
            deliver(ctx, opened.alerts).await?;
            if !opened.stays_open && !ctx.state(|case| case.deliver_again) {
                break;
            }
            ctx.wait_condition(|case| case.deliver_again).await?;
        }
        ctx.state_mut(|case| case.closed = true);
        Ok(ctx.state(|case| case.answer(ctx.workflow_id())))
    }

    /// Looks at the case's alerts again, and delivers those that are pending. Takes anything.
    #[signal]
    pub fn redeliver(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _reason: RawValue) {
        self.deliver_again = true;
    }

    /// Where the case and its alerts stand.
    #[query]
    pub fn status(&self, ctx: &WorkflowContextView) -> CaseStatus {
        self.answer(ctx.workflow_id())
    }
}

impl Case {
    fn answer(&self, case_id: &str) -> CaseStatus {
        let state = if self.closed { "closed" } else { "open" };
        CaseStatus {
            case_id: case_id.to_owned(),
            state: state.to_owned(),
            alerts: self.alerts.clone(),
            ..CaseStatus::default()
        }
    }
}

async fn open(ctx: &mut WorkflowContext<Case>, input: &CaseInput) -> WorkflowResult<CaseOpened> {
    let opening = CaseOpening {
        discrepancy_id: input.discrepancy_id.clone(),
        at: time::now(ctx),
    };
    let opened: CaseOpened = ctx
        .execute_activity(OpenCase, opening, ports::short("find the case"))
        .await
        .map_err(failure::surface)?;
    ctx.state_mut(|case| case.alerts = opened.alerts.clone());
    Ok(opened)
}

/// Delivers what is pending, each channel on its own: one that is down holds up no other.
async fn deliver(ctx: &mut WorkflowContext<Case>, alerts: Vec<AlertStatus>) -> WorkflowResult<()> {
    let at = time::now(ctx);
    let deliveries = alerts
        .into_iter()
        .filter(|alert| alert.state == "pending")
        .map(|alert| {
            let delivery = Delivery {
                alert_id: alert.alert_id,
                at: at.clone(),
            };
            let options = ports::delivery(format!("alert by {}", alert.channel));
            let delivered = ctx.execute_activity(DeliverAlert, delivery, options);
            let ctx = ctx.clone();
            async move {
                let delivered = delivered.await.map_err(failure::surface)?;
                ctx.state_mut(|case| case.note(delivered));
                Ok(())
            }
        });
    join_all(deliveries).await.into_iter().collect()
}

impl Case {
    fn note(&mut self, delivered: AlertStatus) {
        let known = self
            .alerts
            .iter_mut()
            .find(|alert| alert.alert_id == delivered.alert_id);
        if let Some(alert) = known {
            *alert = delivered;
        }
    }
}
