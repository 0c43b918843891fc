//! Reading what people typed: arguments are taken as raw payloads and decoded here, because an
//! argument that does not decode would otherwise block the workflow task for ever instead of
//! telling the person who made the mistake.

use proto::wire::{CaseBatchInput, CaseInput, ReconciliationInput, ReviewInput, ScheduledInput};
use serde::de::DeserializeOwned;
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use crate::case::Carried;

/// The run that was asked for, checked as far as that can be done without the configuration.
///
/// # Errors
/// One sentence that names the field at fault.
pub(crate) fn reconciliation(input: &RawValue) -> Result<ReconciliationInput, String> {
    let mut request: ReconciliationInput = decode(input)?;
    proto::convert::validate_request(&request).map_err(|error| error.to_string())?;
    request.generation = request.generation.max(1);
    if request.requested_by.is_empty() {
        request.requested_by = "unknown".to_owned();
    }
    Ok(request)
}

/// The case that was asked for, and what its last execution left to do.
///
/// # Errors
/// One sentence that names the field at fault.
pub(crate) fn case(input: &RawValue) -> Result<(CaseInput, Carried), String> {
    let (input, carried) = match input.payloads.as_slice() {
        // Only an execution of ours gives two.
        [input, carried] => {
            let carried = decode(&RawValue::new(vec![carried.clone()]))?;
            (RawValue::new(vec![input.clone()]), carried)
        }
        _ => (input.clone(), Carried::default()),
    };
    let request: CaseInput = decode(&input)?;
    match request.discrepancy_id.is_empty() {
        true => Err("missing field `discrepancy_id`".to_owned()),
        false => Ok((request, carried)),
    }
}

/// The input of a case's next execution.
pub(crate) fn carrying(
    input: RawValue,
    carried: &Carried,
    converter: &PayloadConverter,
) -> RawValue {
    let mut payloads = input.payloads;
    payloads.truncate(1);
    payloads.extend(RawValue::from_value(carried, converter).payloads);
    RawValue::new(payloads)
}

/// The message of an update or signal.
///
/// # Errors
/// One sentence.
pub(crate) fn message<T: DeserializeOwned>(input: &RawValue) -> Result<T, String> {
    decode(input)
}

/// A decision about a review.
///
/// # Errors
/// One sentence that names the field at fault.
pub(crate) fn review(input: &RawValue) -> Result<ReviewInput, String> {
    let request: ReviewInput = decode(input)?;
    match request.by.trim().is_empty() {
        true => Err("missing field `by`".to_owned()),
        false => Ok(request),
    }
}

/// What a Schedule asks for, checked as far as that can be done without the configuration.
///
/// # Errors
/// One sentence that names the field at fault.
pub(crate) fn scheduled(input: &RawValue) -> Result<ScheduledInput, String> {
    let request: ScheduledInput = decode(input)?;
    proto::schedule::schedule_rule(&request).map_err(|error| error.to_string())?;
    Ok(request)
}

/// The cases that a batch is about, and what is to be done to them.
///
/// # Errors
/// One sentence that names the field at fault.
pub(crate) fn batch(input: &RawValue) -> Result<CaseBatchInput, String> {
    let request: CaseBatchInput = decode(input)?;
    match proto::case::batch(&request) {
        Ok(_) => Ok(request),
        Err(error) => Err(error.to_string()),
    }
}

/// The one JSON argument of a workflow or signal.
///
/// # Errors
/// One sentence: nothing given, several given, not JSON, or the field at fault.
fn decode<T: DeserializeOwned>(input: &RawValue) -> Result<T, String> {
    let [payload] = input.payloads.as_slice() else {
        let given = input.payloads.len();
        return Err(format!(
            "expected one JSON object as input, {given} arguments given"
        ));
    };
    let encoding = payload
        .metadata
        .get("encoding")
        .map_or(&b""[..], |value| value);
    match encoding {
        b"json/plain" => serde_json::from_slice(&payload.data).map_err(|error| error.to_string()),
        b"binary/null" => Err("expected one JSON object as input, none given".to_owned()),
        other => Err(format!(
            "input must be JSON (encoding json/plain), not {}",
            String::from_utf8_lossy(other)
        )),
    }
}
