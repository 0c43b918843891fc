//! A proxy before DynamoDB Local that does what DynamoDB does on a bad day: throttles, answers in
//! part, fails after it did what was asked, falls silent, hangs up. Which request it happens to is
//! decided by a seed; what happened is counted, so that a test can require that it did.
//!
//! Only reads and writes of items are disturbed; requests about tables pass.

mod answer;
mod capacity;
mod decide;
mod forward;
mod partial;
mod touched;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub use capacity::Capacity;
pub use decide::{Fault, FaultRates};
pub use touched::Touched;

use crate::random::Random;

/// A DynamoDB on the loopback address that has bad days. It lives in the test's own runtime.
pub struct FaultProxy {
    /// Its address, to configure as the endpoint.
    pub endpoint: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    /// The port of the DynamoDB behind it.
    target: u16,
    changing: Mutex<Changing>,
}

struct Changing {
    rates: FaultRates,
    random: Random,
    /// So many pass yet, and the rest is cut off; no end when there is none.
    until_cut: Option<usize>,
    passed: usize,
    faults: BTreeMap<Fault, usize>,
    capacity: Capacity,
    heat: BTreeMap<String, u64>,
    touched: BTreeSet<Touched>,
}

impl FaultProxy {
    /// Starts a proxy to the DynamoDB on the port `target`.
    pub async fn start(target: u16, rates: FaultRates, random: Random) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State {
            target,
            changing: Mutex::new(Changing {
                rates,
                random,
                until_cut: None,
                passed: 0,
                faults: BTreeMap::new(),
                capacity: Capacity::default(),
                heat: BTreeMap::new(),
                touched: BTreeSet::new(),
            }),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            state,
            accepting,
        })
    }

    /// Changes what happens to requests from now on.
    pub fn set_rates(&self, rates: FaultRates) {
        let changing = &mut self.state.changing();
        changing.rates = rates;
        changing.until_cut = None;
    }

    /// Lets so many requests pass, and cuts off whatever follows, until the rates are set.
    pub fn cut_after(&self, requests: usize) {
        self.state.changing().until_cut = Some(requests);
    }

    /// How often each fault happened so far; those that did not are not there.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<Fault, usize> {
        self.state.changing().faults.clone()
    }

    /// Requests that passed undisturbed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.state.changing().passed
    }

    /// What the requests so far touched.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<Touched> {
        self.state.changing().touched.clone()
    }

    /// Write units that transactions took so far, by partition: a hot one is throttled.
    #[must_use]
    pub fn heat(&self) -> BTreeMap<String, u64> {
        self.state.changing().heat.clone()
    }

    /// What DynamoDB says that the requests so far cost.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.state.changing().capacity
    }
}

impl Drop for FaultProxy {
    /// Also ends the connections, which belong to the task that accepted them.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl State {
    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing
            .lock()
            .expect("no test panics while it holds the proxy's state")
    }

    /// Decides what happens to a request, and counts it.
    fn decide(&self, operation: &str, body: &Value) -> Option<Fault> {
        let mut changing = self.changing();
        if decide::is_about_items(operation) {
            changing.touched.extend(touched::touched(operation, body));
        }
        let Changing {
            rates,
            random,
            until_cut,
            ..
        } = &mut *changing;
        let fault = match until_cut {
            Some(0) => Some(Fault::CutBefore),
            Some(left) => {
                *left -= 1;
                None
            }
            None => rates.decide(operation, body, random),
        };
        match fault {
            Some(fault) => *changing.faults.entry(fault).or_default() += 1,
            None => changing.passed += 1,
        }
        fault
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&state)));
    }
}

/// Serves one connection until the other side, or an answer that we refuse to give, ends it.
async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(|request| handle(request, Arc::clone(&state)));
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// What a connection ends with when there is to be no answer.
#[derive(Debug, thiserror::Error)]
#[error("the proxy hangs up")]
struct HangUp;

async fn handle(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, HangUp> {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.map_err(|_| HangUp)?.to_bytes();
    let target = head.headers.get("x-amz-target");
    let target = target.and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next());
    let operation = operation.unwrap_or_default().to_owned();
    let body: Value = serde_json::from_slice(&bytes).map_err(|_| HangUp)?;
    let fault = state.decide(&operation, &body);
    let apply = async |mut body: Value| {
        if decide::is_about_items(&operation) {
            body["ReturnConsumedCapacity"] = json!("TOTAL");
        }
        let answer = forward::forward(state.target, &head, &body).await;
        let answer = answer.map_err(|_| HangUp)?;
        let changing = &mut *state.changing();
        changing.capacity.add(&operation, &body, &answer.body);
        for (partition, units) in capacity::heat(&body) {
            *changing.heat.entry(partition).or_default() += units;
        }
        Ok(answer)
    };
    match fault {
        None => Ok(apply(body).await?.into_response()),
        Some(Fault::PartialAnswer) => {
            let (done, left) = partial::split(&operation, body);
            let mut answer = apply(done).await?;
            partial::add_unprocessed(&operation, &mut answer.body, left);
            Ok(answer.into_response())
        }
        Some(Fault::FailedAfterwards) => {
            apply(body).await?;
            Ok(answer::internal_error())
        }
        Some(Fault::SilentAfterwards) => {
            apply(body).await?;
            std::future::pending().await
        }
        Some(Fault::CutBefore) => Err(HangUp),
        Some(Fault::CutAfterwards) => {
            apply(body).await?;
            Err(HangUp)
        }
        Some(Fault::Throttled) => Ok(answer::throttled()),
        Some(Fault::ProvisionedThroughputExceeded) => Ok(answer::throughput_exceeded()),
        Some(Fault::TransactionThrottled) => Ok(answer::cancelled(&body, "ThrottlingError")),
        Some(Fault::TransactionConflict) => Ok(answer::cancelled(&body, "TransactionConflict")),
    }
}
