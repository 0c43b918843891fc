//! Delivering one alert, once per attempt.

use proto::wire::AlertStatus;
use workflows::ports::Delivery as Request;

use super::fall_back::{instead_of_refused, status};
use crate::Trueup;
use crate::alerts::DeliveryError;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::Delivery;

pub(crate) async fn deliver(trueup: &Trueup, input: Request) -> Result<AlertStatus, Failure> {
    let id = &input.alert_id;
    let at = timestamp(&input.at)?;
    let alert = match trueup.store.begin_delivery(id).await? {
        // An earlier attempt came through, and only its answer was lost.
        Delivery::Over(_) => return status(trueup, id).await,
        Delivery::Due(alert) => alert,
    };
    let intent = &alert.intent;
    let raised_at = alert.intended_at;
    match trueup
        .channels
        .deliver(&intent.channel, id, raised_at, &intent.content)
        .await
    {
        Ok(delivered) => {
            trueup
                .store
                .alert_sent(id, at, Some(delivered.provider_reference))
                .await?;
        }
        Err(DeliveryError::Refused(reason)) => {
            tracing::error!(alert = id, reason, "the channel refuses the alert for good");
            let instead = instead_of_refused(trueup, &alert);
            trueup.store.alert_dead(id, at, &reason, instead).await?;
        }
        Err(error) => {
            trueup.store.delivery_failed(id, &error.to_string()).await?;
            let after = match &error {
                DeliveryError::Throttled { retry_after } => Some(*retry_after),
                _ => None,
            };
            return Err(Failure::Retry {
                problem: format!("{}: {error}", intent.channel),
                after,
            });
        }
    }
    status(trueup, id).await
}
