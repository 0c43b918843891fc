//! One plain HTTP request to a server on the loopback address, for tests that need no more.

use std::net::Ipv4Addr;

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::http::request::Builder;
use hyper::http::response::Parts;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a request without a body, and returns the status and the body as text.
pub async fn request(method: Method, port: u16, path: &str) -> Result<(StatusCode, String)> {
    send(method, port, path, String::new()).await
}

/// Sends a request with a body. Fails when the connection ends before the answer.
pub async fn send(
    method: Method,
    port: u16,
    path: &str,
    body: String,
) -> Result<(StatusCode, String)> {
    let request = Request::builder().method(method).uri(path);
    let (answer, body) = exchange(port, request, body).await?;
    Ok((answer.status, body))
}

/// Sends a request as it was begun, and returns the answer's head and its body as text.
pub async fn exchange(port: u16, begun: Builder, body: String) -> Result<(Parts, String)> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = begun
        .header("host", format!("127.0.0.1:{port}"))
        .body(Full::new(Bytes::from(body)))?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        anyhow::Ok((head, String::from_utf8_lossy(&body).into_owned()))
    };
    let (answer, _) = tokio::join!(exchange, connection);
    answer
}
