//! Payloads as the remote codec protocol writes them: `{"payloads":[{"metadata":{…},"data":"…"}]}`,
//! all values in base64.

use std::collections::BTreeMap;

use activities::vault::{PayloadVault, VaultError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use temporalio_common::protos::temporal::api::common::v1::Payload;

#[derive(Serialize, Deserialize)]
struct Payloads {
    #[serde(default)]
    payloads: Vec<PayloadJson>,
}

#[derive(Serialize, Deserialize)]
struct PayloadJson {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    data: String,
}

/// Opens the payloads of a question.
///
/// # Errors
/// What is wrong with the question or with a payload, for people.
pub(super) fn decode(codec: &PayloadVault, question: &[u8]) -> Result<Vec<u8>, String> {
    turned(question, |payload| codec.open(payload))
}

/// Seals the payloads of a question.
///
/// # Errors
/// As [`decode`].
pub(super) fn encode(codec: &PayloadVault, question: &[u8]) -> Result<Vec<u8>, String> {
    turned(question, |payload| codec.seal(payload))
}

fn turned(
    question: &[u8],
    turn: impl Fn(Payload) -> Result<Payload, VaultError>,
) -> Result<Vec<u8>, String> {
    let question: Payloads = serde_json::from_slice(question)
        .map_err(|error| format!("not the payloads of a question: {error}"))?;
    let turned = question.payloads.into_iter().map(|payload| {
        let payload = from_json(payload).ok_or("a payload is not in base64")?;
        turn(payload)
            .map(to_json)
            .map_err(|error| error.to_string())
    });
    let payloads = turned.collect::<Result<_, String>>()?;
    serde_json::to_vec(&Payloads { payloads }).map_err(|error| error.to_string())
}

fn from_json(json: PayloadJson) -> Option<Payload> {
    let metadata = json.metadata.into_iter();
    let metadata = metadata.map(|(name, value)| Some((name, STANDARD.decode(value).ok()?)));
    Some(Payload {
        metadata: metadata.collect::<Option<_>>()?,
        data: STANDARD.decode(json.data).ok()?,
        ..Default::default()
    })
}

fn to_json(payload: Payload) -> PayloadJson {
    let metadata = payload.metadata.into_iter();
    PayloadJson {
        metadata: metadata
            .map(|(name, value)| (name, STANDARD.encode(value)))
            .collect(),
        data: STANDARD.encode(payload.data),
    }
}
