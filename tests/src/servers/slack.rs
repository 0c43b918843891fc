//! A receiver of Slack incoming webhooks: answers as Slack does, and fails, throttles, stalls or
//! hangs up when told to. It checks no message format beyond JSON.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::wait_until;

/// What the receiver does with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlackMode {
    /// 200 `ok`.
    Ok,
    /// Any other status, such as 503, with an empty body.
    Status(u16),
    /// 429 with `Retry-After`, for the next `times` posts; `Ok` after that.
    Throttle {
        /// The seconds in the `Retry-After` header.
        retry_after_secs: u64,
        /// How many posts are still throttled.
        times: u32,
    },
    /// Takes the post and never answers.
    Stall,
    /// 404 `no_service`: the webhook was removed, and no retry will help.
    Refuse,
    /// Takes the post as delivered, and hangs up before it has answered.
    DropAfterAccept,
}

/// One post, as it arrived.
#[derive(Clone, Debug)]
pub struct SlackPost {
    /// The path, which is the webhook's secret.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The JSON body; `null` when it was no JSON.
    pub body: serde_json::Value,
    /// When it arrived.
    pub received_at: SystemTime,
    /// The mode that decided about it.
    pub mode: SlackMode,
}

impl SlackPost {
    /// Whether Slack would show this message in the channel now, answered or not.
    pub fn is_delivered(&self) -> bool {
        matches!(self.mode, SlackMode::Ok | SlackMode::DropAfterAccept)
    }
}

/// A webhook receiver on the loopback address. It lives in the test's own runtime.
pub struct SlackReceiver {
    /// The full webhook address to configure.
    pub url: String,
    /// The port on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

struct State {
    mode: SlackMode,
    posts: Vec<SlackPost>,
}

impl SlackReceiver {
    /// Starts a receiver that answers `ok`.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Mutex::new(State {
            mode: SlackMode::Ok,
            posts: Vec::new(),
        }));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        let url = format!("http://127.0.0.1:{port}/services/T0000/B0000/not-a-secret");
        Ok(Self {
            url,
            port,
            state,
            accepting,
        })
    }

    /// Changes what happens to the posts from now on. A post that stalls goes on stalling.
    pub fn set_mode(&self, mode: SlackMode) {
        lock(&self.state).mode = mode;
    }

    /// Every post so far, delivered or not, in the order of arrival.
    pub fn posts(&self) -> Vec<SlackPost> {
        lock(&self.state).posts.clone()
    }

    /// The posts that a person would see in the channel.
    pub fn delivered(&self) -> Vec<SlackPost> {
        self.posts()
            .into_iter()
            .filter(SlackPost::is_delivered)
            .collect()
    }

    /// Waits until at least `count` posts have arrived, delivered or not, and returns all of them.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> Result<Vec<SlackPost>> {
        wait_until(&format!("{count} posts to Slack"), timeout, || {
            Ok(Some(self.posts()).filter(|posts| posts.len() >= count))
        })
        .await
    }
}

impl Drop for SlackReceiver {
    /// Also ends the connections, which belong to the task that accepted them.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&state)));
    }
}

/// Serves one connection until the other side, or an answer that we refuse to give, ends it.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let service = service_fn(|request| answer(request, Arc::clone(&state)));
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// What a connection ends with when there is to be no answer.
#[derive(Debug, thiserror::Error)]
#[error("the receiver hangs up")]
struct HangUp;

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, HangUp> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| HangUp)?.to_bytes();
    let headers = head.headers.iter().map(|(name, value)| {
        (
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let mode = record(&state, |mode| SlackPost {
        path: head.uri.path().to_owned(),
        headers: headers.collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        received_at: SystemTime::now(),
        mode,
    });
    match mode {
        SlackMode::Ok => Ok(text(StatusCode::OK, "ok")),
        SlackMode::Status(status) => {
            Ok(text(StatusCode::from_u16(status).map_err(|_| HangUp)?, ""))
        }
        SlackMode::Throttle {
            retry_after_secs, ..
        } => {
            let mut response = text(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, retry_after_secs.into());
            Ok(response)
        }
        SlackMode::Stall => std::future::pending().await,
        SlackMode::Refuse => Ok(text(StatusCode::NOT_FOUND, "no_service")),
        SlackMode::DropAfterAccept => Err(HangUp),
    }
}

/// Keeps the post, counts a throttled one down, and says what is to be done with it.
fn record(state: &Mutex<State>, post: impl FnOnce(SlackMode) -> SlackPost) -> SlackMode {
    let mut state = lock(state);
    if let SlackMode::Throttle { times: 0, .. } = state.mode {
        state.mode = SlackMode::Ok;
    }
    let mode = state.mode;
    if let SlackMode::Throttle { times, .. } = &mut state.mode {
        *times -= 1;
    }
    state.posts.push(post(mode));
    mode
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state
        .lock()
        .expect("no test panics while it holds the receiver's state")
}
