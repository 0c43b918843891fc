//! Telling another channel what the first one did not take: in time, or ever.

use domain::alert::{self, AlertBody, AlertIntent};
use proto::wire::AlertStatus;
use workflows::ports::Delivery as Request;

use super::alerts;
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::timestamp;
use crate::store::AlertRow;

/// The time that a channel had for an alert is over.
pub(crate) async fn fall_back(trueup: &Trueup, input: Request) -> Result<AlertStatus, Failure> {
    let at = timestamp(&input.at)?;
    let alert = trueup.store.alert(&input.alert_id).await?;
    let channel = &alert.intent.channel;
    if let Some(fallback) = trueup.channels.rules(channel).fallback {
        let after = domain::escalation::in_words(fallback.after);
        let why = format!("Told here because {channel} has not taken it for {after}.");
        let instead = alert::diverted(&alert.intent, &fallback.channel, &why);
        trueup
            .store
            .divert_alert(&input.alert_id, at, instead)
            .await?;
    }
    status(trueup, &input.alert_id).await
}

/// What is told instead when a channel refuses an alert for good; none where nobody else is told.
pub(super) fn instead_of_refused(trueup: &Trueup, alert: &AlertRow) -> Option<AlertIntent> {
    // No case would deliver it, and the next digest comes by itself.
    if matches!(alert.intent.content.body, AlertBody::Digest(_)) {
        return None;
    }
    let channel = &alert.intent.channel;
    let fallback = trueup.channels.rules(channel).fallback?;
    let why = format!("Told here because {channel} refuses it.");
    Some(alert::diverted(&alert.intent, &fallback.channel, &why))
}

/// Where one alert stands.
pub(super) async fn status(trueup: &Trueup, alert_id: &str) -> Result<AlertStatus, Failure> {
    let alert = trueup.store.alert(alert_id).await?;
    let of_case = trueup.store.alerts_of_case(&alert.intent.case_id).await?;
    Ok(alerts::status(&alert, &of_case))
}
