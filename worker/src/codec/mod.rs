//! The codec server: shows sealed payloads to the Temporal UI and `temporal --codec-endpoint`, for
//! those allowed. Speaks Temporal's remote codec protocol: `POST /decode` and `/encode`.
//!
//! Keeps nothing and logs no payload. It opens whatever was sealed with the key ring: who may ask it
//! may read everything, hence the token, and hence loopback only without one.

mod guard;
mod protocol;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use activities::vault::PayloadVault;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub(crate) use guard::Guard;

/// Largest question: Temporal's largest payloads, several of them, in base64.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most questions at once.
const CONNECTIONS_MAX: usize = 64;
/// How long a question may take to arrive.
const HEADER_WITHIN: Duration = Duration::from_secs(10);
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// A codec server.
pub(crate) struct CodecServer {
    pub(crate) codec: PayloadVault,
    pub(crate) guard: Guard,
}

impl CodecServer {
    /// Answers on this listener, for ever.
    pub(crate) async fn serve(self, listener: TcpListener) -> Infallible {
        let server = Arc::new(self);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "can't take a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let server = Arc::clone(&server);
                    async move { Ok::<_, Infallible>(server.answer(request).await) }
                });
                let mut connections = hyper::server::conn::http1::Builder::new();
                connections
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_WITHIN);
                let connection = connections.serve_connection(TokioIo::new(stream), service);
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "codec: connection ended");
                }
                drop(place);
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let shared = self.guard.shared_with(request.headers());
        let mut response = match self.answered(request).await {
            Ok(response) => response,
            Err((status, why)) => plain(status, why),
        };
        response.headers_mut().extend(shared);
        response
    }

    async fn answered(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refused> {
        if request.method() == Method::OPTIONS {
            return Ok(plain(StatusCode::NO_CONTENT, ""));
        }
        let turn: fn(&PayloadVault, &[u8]) -> Result<Vec<u8>, String> = match request.uri().path() {
            "/decode" => protocol::decode,
            "/encode" => protocol::encode,
            _ => return Err((StatusCode::NOT_FOUND, "ask /decode or /encode")),
        };
        if request.method() != Method::POST {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "ask by POST"));
        }
        if !self.guard.lets_in(request.headers()) {
            return Err((
                StatusCode::UNAUTHORIZED,
                "the bearer token is missing or wrong",
            ));
        }
        let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
        let body = match tokio::time::timeout(BODY_WITHIN, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return Err((StatusCode::PAYLOAD_TOO_LARGE, "too large")),
            Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "it took too long to arrive")),
        };
        let mut response = match turn(&self.codec, &body) {
            Ok(answer) => Response::new(Full::new(Bytes::from(answer))),
            Err(why) => {
                let mut refused = Response::new(Full::new(Bytes::from(why)));
                *refused.status_mut() = StatusCode::BAD_REQUEST;
                return Ok(refused);
            }
        };
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        Ok(response)
    }
}

type Refused = (StatusCode, &'static str);

/// Whether an address is of this machine only.
pub(crate) fn is_private(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}
