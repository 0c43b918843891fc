//! Search attributes must exist before a run sets them: a run that sets an unknown one is stuck.

use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
use temporalio_common::protos::temporal::api::operatorservice::v1::{
    AddSearchAttributesRequest, ListSearchAttributesRequest,
};
use workflows::search;

use super::TemporalError;

/// Adds those of trueup's search attributes that the namespace does not have yet.
///
/// # Errors
/// When the server does not let us, with the command that an administrator can run instead.
pub async fn register_search_attributes(client: &Client) -> Result<(), TemporalError> {
    let mut operator = client.connection().operator_service();
    let namespace = client.namespace();
    let known = operator
        .list_search_attributes(tonic::Request::new(ListSearchAttributesRequest {
            namespace: namespace.clone(),
        }))
        .await
        .map_err(|status| refused(&status))?
        .into_inner()
        .custom_attributes;
    let missing: Vec<_> = search::ALL
        .iter()
        .filter(|(name, _)| !known.contains_key(*name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let search_attributes = missing
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), value_type(kind) as i32))
        .collect();
    let request = AddSearchAttributesRequest {
        search_attributes,
        namespace,
    };
    match operator
        .add_search_attributes(tonic::Request::new(request))
        .await
    {
        Ok(_) => Ok(()),
        // Another worker was quicker.
        Err(status) if status.code() == tonic::Code::AlreadyExists => Ok(()),
        Err(status) => Err(refused(&status)),
    }
}

fn value_type(kind: &str) -> IndexedValueType {
    match kind {
        "Int" => IndexedValueType::Int,
        _ => IndexedValueType::Keyword,
    }
}

fn refused(status: &tonic::Status) -> TemporalError {
    let commands: Vec<String> = search::ALL
        .iter()
        .map(|(name, kind)| format!("--name {name} --type {kind}"))
        .collect();
    TemporalError::Refused {
        action: "register trueup's search attributes",
        problem: format!(
            "{}; an administrator can: temporal operator search-attribute create {}",
            status.message(),
            commands.join(" ")
        ),
    }
}
