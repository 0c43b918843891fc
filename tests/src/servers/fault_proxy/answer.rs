//! What DynamoDB says when it does not do what is asked.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Response, StatusCode, header};
use serde_json::{Value, json};

const OF_DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810";

pub(super) fn throttled() -> Response<Full<Bytes>> {
    refusal(
        StatusCode::BAD_REQUEST,
        &json!({
            "__type": "com.amazon.coral.availability#ThrottlingException",
            "message": "Rate of requests exceeds the allowed throughput.",
        }),
    )
}

pub(super) fn throughput_exceeded() -> Response<Full<Bytes>> {
    refusal(
        StatusCode::BAD_REQUEST,
        &json!({
            "__type": format!("{OF_DYNAMODB}#ProvisionedThroughputExceededException"),
            "message": "The level of configured provisioned throughput for the table was exceeded.",
        }),
    )
}

pub(super) fn internal_error() -> Response<Full<Bytes>> {
    refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        &json!({
            "__type": format!("{OF_DYNAMODB}#InternalServerError"),
            "message": "The request processing has failed because of an unknown error.",
        }),
    )
}

/// A transaction is cancelled because of its first item.
pub(super) fn cancelled(request: &Value, code: &str) -> Response<Full<Bytes>> {
    let count = request["TransactItems"].as_array().map_or(1, Vec::len);
    let codes: Vec<&str> = (0..count)
        .map(|at| if at == 0 { code } else { "None" })
        .collect();
    let reasons = codes.iter().map(|code| match *code {
        "None" => json!({ "Code": code }),
        _ => json!({ "Code": code, "Message": "The transaction can't be done at the moment." }),
    });
    refusal(
        StatusCode::BAD_REQUEST,
        &json!({
            "__type": format!("{OF_DYNAMODB}#TransactionCanceledException"),
            "Message": format!(
                "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                codes.join(", ")
            ),
            "CancellationReasons": reasons.collect::<Vec<_>>(),
        }),
    )
}

fn refusal(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
