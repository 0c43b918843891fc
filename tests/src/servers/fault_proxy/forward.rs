//! Passes a request on to DynamoDB.

use std::net::Ipv4Addr;

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::http::response;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What DynamoDB answered.
pub(super) struct Answer {
    head: response::Parts,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut head = self.head;
        // Of the body as it was.
        for name in ["content-length", "x-amz-crc32", "transfer-encoding"] {
            head.headers.remove(name);
        }
        Response::from_parts(head, Full::new(Bytes::from(self.body.to_string())))
    }
}

/// Sends the request. Its signature may no longer fit; DynamoDB Local looks at none.
pub(super) async fn forward(target: u16, head: &Parts, body: &Value) -> Result<Answer> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::builder().method(&head.method).uri(head.uri.path());
    for (name, value) in &head.headers {
        if *name != header::CONTENT_LENGTH && *name != header::TRANSFER_ENCODING {
            request = request.header(name, value);
        }
    }
    let request = request.body(Full::new(Bytes::from(body.to_string())))?;
    let exchange = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        drop(sender);
        let body = serde_json::from_slice(&bytes)?;
        anyhow::Ok(Answer { head, body })
    };
    let (answer, _) = tokio::join!(exchange, connection);
    answer
}
