//! Stands in for Slack on a developer's machine: takes incoming webhooks on the loopback address
//! and keeps what they say.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Slack's own limit is far below this.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The stand-in.
pub(crate) struct AlertInbox {
    /// The webhook address to configure.
    pub(crate) url: String,
    texts: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl AlertInbox {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/services/dev", listener.local_addr()?);
        let texts = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(serve(listener, Arc::clone(&texts)));
        Ok(AlertInbox {
            url,
            texts,
            serving,
        })
    }

    /// What a person would read of every alert so far, in order of arrival.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.texts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for AlertInbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, texts: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let texts = Arc::clone(&texts);
        tokio::spawn(async move {
            let service = service_fn(move |request| take(request, Arc::clone(&texts)));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "alert inbox: connection ended");
            }
        });
    }
}

async fn take(
    request: Request<Incoming>,
    texts: Arc<Mutex<Vec<String>>>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX)
        .collect()
        .await;
    let text = body.ok().and_then(|body| {
        let message: Value = serde_json::from_slice(&body.to_bytes()).ok()?;
        shown(&message)
    });
    let (status, answer) = match text {
        Some(text) => {
            texts
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
            (StatusCode::OK, "ok")
        }
        None => (StatusCode::BAD_REQUEST, "invalid_payload"),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(answer.as_bytes())));
    *response.status_mut() = status;
    Ok(response)
}

/// What Slack would show of a message: the texts of its blocks, without the marks for bold.
fn shown(message: &Value) -> Option<String> {
    let blocks = message.get("blocks")?.as_array()?;
    let of_block = |block: &Value| -> Vec<String> {
        let elements = block.get("elements").and_then(Value::as_array);
        let texts = block
            .get("text")
            .into_iter()
            .chain(elements.into_iter().flatten());
        texts
            .filter_map(|text| text.get("text")?.as_str().map(plain))
            .collect()
    };
    let texts: Vec<String> = blocks.iter().flat_map(of_block).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn plain(text: &str) -> String {
    text.replace('*', "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
