//! What `trueup dev` tells when the sample runs are done: what matched, what did not and why, who
//! was told, what waits, and where to look next.

use std::fmt::Write;
use std::path::Path;

use activities::store::{AlertFilter, AlertState, DiscrepancyFilter, RunState, Store};
use domain::discrepancy::Discrepancy;
use domain::record::Reject;
use proto::wire::ReconciliationInput;
use workflows::identity;

use super::{AlertInbox, TemporalServer};
use crate::account::run_account;

/// The account, several paragraphs of plain text.
pub(crate) async fn account(
    store: &Store,
    requests: &[ReconciliationInput],
    inbox: &AlertInbox,
    server: &TemporalServer,
    folder: &Path,
) -> anyhow::Result<String> {
    let mut text = String::new();
    for request in requests {
        let run_id = identity::run_id(request);
        let run = store.run(&run_id).await?;
        writeln!(text, "\n━━ {run_id}\n")?;
        match (run.state, &run.totals) {
            (RunState::Completed | RunState::InReview, Some(totals)) => {
                let (discrepancies, rejects) = details(store, &run_id).await?;
                text += &run_account(totals, discrepancies.iter(), &rejects);
            }
            (state, _) => {
                let problem = run.problem.unwrap_or_default();
                writeln!(text, "{state}: {problem}")?;
            }
        }
    }
    text += &alerts(store, inbox).await?;
    text += &next(server, folder, requests)?;
    Ok(text)
}

async fn details(store: &Store, run_id: &str) -> anyhow::Result<(Vec<Discrepancy>, Vec<Reject>)> {
    let filter = DiscrepancyFilter {
        run_id: Some(run_id.to_owned()),
        ..Default::default()
    };
    let rows = store.discrepancies(filter).await?;
    let rejects = store.rejects(run_id).await?;
    let discrepancies = rows.into_iter().map(|row| row.discrepancy).collect();
    Ok((
        discrepancies,
        rejects.into_iter().map(|row| row.reject).collect(),
    ))
}

/// Alerts as they arrived, and those that did not.
async fn alerts(store: &Store, inbox: &AlertInbox) -> anyhow::Result<String> {
    let mut text = "\n━━ alerts, as the inbox that stands in for Slack got them\n".to_owned();
    for alert in inbox.texts() {
        writeln!(text, "\n{}", indent(&alert))?;
    }
    let on_record = store.alerts(AlertFilter::default()).await?;
    let waiting: Vec<_> = on_record
        .iter()
        .filter(|alert| alert.state != AlertState::Sent)
        .collect();
    for alert in &waiting {
        writeln!(
            text,
            "\n  not sent yet: {} ({})",
            alert.intent.id, alert.state
        )?;
    }
    if on_record.is_empty() {
        writeln!(text, "\n  none: nothing was critical")?;
    }
    Ok(text)
}

fn next(
    server: &TemporalServer,
    folder: &Path,
    requests: &[ReconciliationInput],
) -> anyhow::Result<String> {
    let mut text = "\n━━ where to look next\n\n".to_owned();
    let run_id = requests.first().map(identity::run_id).unwrap_or_default();
    let program = std::env::current_exe()?;
    writeln!(
        text,
        "  Temporal UI   {}/namespaces/default/workflows",
        server.ui
    )?;
    writeln!(text, "  in another terminal:")?;
    writeln!(text, "    alias trueup={}", program.display())?;
    writeln!(
        text,
        "    export TRUEUP_CONFIG={}",
        std::path::absolute(folder)?.display()
    )?;
    writeln!(text, "    export TEMPORAL_ADDRESS={}", server.address)?;
    writeln!(text, "    trueup discrepancies --severity critical")?;
    writeln!(
        text,
        "    trueup show <id>              all about one, with both records"
    )?;
    writeln!(text, "    trueup show {run_id}")?;
    writeln!(text, "    trueup case list")?;
    writeln!(
        text,
        "    trueup case resolve <id> --as accept --note \"agreed by phone\""
    )?;
    writeln!(text, "    trueup review list")?;
    writeln!(text, "    trueup alerts list")?;
    writeln!(text, "    trueup audit show {run_id}")?;
    writeln!(text, "    trueup audit verify")?;
    writeln!(
        text,
        "    temporal workflow query -w {run_id} --type status"
    )?;
    Ok(text)
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("  │ {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
