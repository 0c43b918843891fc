//! The digest of a source: what is open of it and below every alert route, made once for a date.

use std::collections::BTreeSet;

use domain::alert::{self, AlertIntent, AlertRun};
use domain::severity::Severity;
use jiff::civil::Date;
use workflows::failure;
use workflows::ports::{DigestMade, DigestMaking};

use crate::Trueup;
use crate::cases::alert_status;
use crate::failures::Failure;
use crate::runs::{configured, timestamp};

pub(crate) async fn make(trueup: &Trueup, input: DigestMaking) -> Result<DigestMade, Failure> {
    let name = input.source.clone();
    let at = timestamp(&input.at)?;
    let date: Date = input.date.parse().map_err(|error| {
        let problem = format!("{}: {error}", input.date);
        Failure::last(failure::INVALID_INPUT, problem)
    })?;
    let told = AlertRun {
        run_id: format!("digest/{name}/{date}"),
        source: name,
        business_date: date,
    };
    let case_id = format!("case/{}", told.run_id);
    if trueup.store.alerts_of_case(&case_id).await?.is_empty()
        && let Some(digest) = digest(trueup, told).await?
    {
        trueup.store.intend(digest, at).await?;
    }
    let on_record = trueup.store.alerts_of_case(&case_id).await?;
    Ok(match on_record.first() {
        Some(row) => DigestMade {
            summary: row.intent.content.headline.clone(),
            alert: Some(alert_status(row, &on_record)),
        },
        None => DigestMade {
            summary: "nothing is open below the alerts".to_owned(),
            alert: None,
        },
    })
}

/// What is open now; none when nothing is.
async fn digest(trueup: &Trueup, told: AlertRun) -> Result<Option<AlertIntent>, Failure> {
    let source = configured(trueup, &told.source)?;
    let Some(digest) = &source.punctuality.digest else {
        let problem = format!("{} has no digest; add `[digest]` to its file", told.source);
        return Err(Failure::last(failure::CONFIGURATION_INVALID, problem));
    };
    let (channel, policy) = (digest.channel.clone(), source.alerts.clone());
    let calendar = source.policy.calendar.clone();
    let below = Severity::ALL.iter().copied();
    let below: BTreeSet<Severity> = below
        .filter(|severity| !alert::is_alerted(*severity, &policy))
        .collect();
    let name = told.source.clone();
    let made = trueup.store.fold_open(&name, below, move |open| {
        let aged = open.map(|open| {
            let began = open.discrepancy.value_date().unwrap_or(told.business_date);
            let age = calendar.business_days_between(began, told.business_date);
            (open.discrepancy, age, open.is_new)
        });
        alert::digest(aged, &channel, &policy, &told)
    });
    Ok(made.await?)
}
