//! An act on cases: on one through its own workflow, on many by a batch.

use activities::store::Store;
use anyhow::{Context, bail};
use domain::case::CaseState;
use proto::wire::{CaseBatchInput, CaseReply};
use serde_json::{Map, Value};

use super::selection::{Which, whole_ids};
use super::{answers, batch};
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::temporal::act_on_case;
use crate::wiring;

/// Does it, or asks first.
///
/// # Errors
/// When nothing or nonsense was asked for, or the store or the server can't be used.
pub(super) async fn run(
    store: &Store,
    configuration: &Configuration,
    action: &str,
    which: &Which,
    mut input: Map<String, Value>,
    json: bool,
) -> anyhow::Result<Exit> {
    input.insert("by".to_owned(), which.by.clone().into());
    let input = Value::Object(input);
    // Before anything is asked or started: the field at fault, in the words of the contract.
    proto::case::act(action, &input)?;
    let ids = whole_ids(store, &which.ids).await?;
    if let [id] = ids.as_slice() {
        // A workflow of something that is not there would be started, and fail.
        store.case(id).await?;
        return one(configuration, action, id, &input, json).await;
    }
    let filter = which.filter.clone().whole(store).await?;
    let mut filter = ids.is_empty().then(|| filter.to_wire());
    if let Some(filter) = &mut filter {
        if *filter == Default::default() {
            bail!(
                "which cases? Give their ids, or say what they have in common, such as --run or \
                 --kind"
            );
        }
        if filter.state.is_empty() {
            meant(action).clone_into(&mut filter.state);
        }
    }
    let request = CaseBatchInput {
        action: action.to_owned(),
        by: which.by.clone(),
        input: input.to_string(),
        ids,
        filter,
    };
    batch::run(store, configuration, &request, which.yes, json).await
}

/// The state of the cases that this act is meant for, where there is one: all others would refuse.
fn meant(action: &str) -> &'static str {
    match action {
        "resolve" => CaseState::Open.name(),
        "approve" | "reject" => CaseState::Proposed.name(),
        _ => "",
    }
}

async fn one(
    configuration: &Configuration,
    action: &str,
    id: &str,
    input: &Value,
    json: bool,
) -> anyhow::Result<Exit> {
    let client = wiring::client(configuration).await?;
    let reply = act_on_case(&client, id, action, input).await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&reply)?);
    }
    let CaseReply {
        outcome,
        reason,
        case,
    } = &reply;
    if outcome == "refused" {
        eprintln!("refused: {reason}");
        return Ok(Exit::Refused);
    }
    if !json {
        let case = case
            .as_ref()
            .context("the case did not say how it stands")?;
        if outcome == "unchanged" {
            say!("unchanged: it was so already");
        } else if !reason.is_empty() {
            say!("{reason}");
        }
        say!("{}", answers::standing(case));
    }
    Ok(Exit::Clean)
}
