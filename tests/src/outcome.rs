//! What runs leave behind, without what differs by nature: times, attempts, and hashes of them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Installation;
use crate::servers::SlackReceiver;

/// Everything that must not differ.
pub struct Outcome {
    /// What the commands print, without times, attempts and hashes that hold times.
    pub on_record: BTreeMap<String, String>,
    /// What arrived at Slack, by the alert's id.
    pub told: BTreeMap<String, Value>,
    /// How often something arrived that had arrived before.
    pub repeats: usize,
    /// Deliveries that were begun and did not end.
    pub cut_off_deliveries: usize,
}

impl Outcome {
    /// What these runs left once all alerts are delivered. The audit trail must be whole.
    pub async fn of(
        installation: &Installation,
        slack: &SlackReceiver,
        runs: &[String],
    ) -> Result<Self> {
        let alerts = installation.alerts_settled().await?;
        let mut on_record = BTreeMap::new();
        for run in runs {
            on_record.extend(of_run(installation, run).await?);
        }
        for alert in &alerts {
            let case = alert["case_id"].as_str().context("a case")?;
            on_record.insert(format!("audit of {case}"), audit(installation, case).await?);
        }
        let attempts: u64 = alerts
            .iter()
            .filter_map(|alert| alert["attempts"].as_u64())
            .sum();
        let cut_off_deliveries = usize::try_from(attempts)? - alerts.len();
        on_record.insert("alerts".to_owned(), of_alerts(alerts)?);
        let verified = installation.json(&["audit", "verify"]).await?;
        ensure!(verified["broken"] == Value::Array(Vec::new()), "{verified}");
        on_record.insert("verified".to_owned(), verified.to_string());
        let (told, repeats) = told(slack)?;
        Ok(Outcome {
            on_record,
            told,
            repeats,
            cut_off_deliveries,
        })
    }

    /// Fails where this is not the same as `expected`: nothing is lost, nothing doubled, nothing
    /// altered. Only a message to Slack may have come again.
    pub fn must_equal(&self, expected: &Outcome) {
        for (what, text) in &expected.on_record {
            assert_eq!(self.on_record.get(what), Some(text), "{what}");
        }
        assert_eq!(self.told, expected.told);
        assert_eq!(self.on_record.len(), expected.on_record.len());
    }
}

async fn of_run(installation: &Installation, run: &str) -> Result<BTreeMap<String, String>> {
    let all = ["discrepancies", "--run", run, "--limit", "10000"];
    let json = installation.text(&[&all[..], &["--json"]].concat()).await?;
    let csv = installation.text(&[&all[..], &["--csv"]].concat()).await?;
    let mut shown = installation.json(&["show", run]).await?;
    // What was used is counted in DynamoDB only.
    let of_time_and_store = ["opened_at", "closed_at", "attempt", "capacity"];
    without(&mut shown, &of_time_and_store);
    Ok(BTreeMap::from([
        (format!("discrepancies of {run}"), json),
        (format!("CSV of {run}"), csv),
        (format!("show {run}"), shown.to_string()),
        (format!("audit of {run}"), audit(installation, run).await?),
    ]))
}

async fn audit(installation: &Installation, stream: &str) -> Result<String> {
    let mut entries = installation.json(&["audit", "show", stream]).await?;
    for entry in entries.as_array_mut().context("entries")? {
        without(entry, &["at", "previous", "hash"]);
        // Two installations: each has its own executions, and its own ports in its settings.
        let of_installation = ["workflow_run_id", "settings_sha256"];
        without(&mut entry["fields"], &of_installation);
    }
    Ok(entries.to_string())
}

/// Messages by alert, each with one text only, and how many came again.
fn told(slack: &SlackReceiver) -> Result<(BTreeMap<String, Value>, usize)> {
    let mut told: BTreeMap<String, Value> = BTreeMap::new();
    let posts = slack.posts();
    let count = posts.len();
    for post in posts {
        let key = post.headers.get("idempotency-key");
        let key = key.context("the alert's id")?.clone();
        let first = told.entry(key).or_insert_with(|| post.body.clone());
        ensure!(*first == post.body, "a repeat says the same");
    }
    let repeats = count - told.len();
    Ok((told, repeats))
}

fn of_alerts(mut alerts: Vec<Value>) -> Result<String> {
    for alert in &mut alerts {
        without(alert, &["intended_at", "sent_at", "attempts", "problem"]);
    }
    alerts.sort_by_key(|alert| alert["alert_id"].to_string());
    Ok(serde_json::to_string_pretty(&alerts)?)
}

fn without(value: &mut Value, keys: &[&str]) {
    if let Some(object) = value.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
}
