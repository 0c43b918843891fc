//! A port on which nothing answers until it is opened, and again after it is closed: how a server
//! that is down looks to those who need it.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::port::free_port;

/// A port that leads to a server while it is open. Lives in the test's own runtime.
pub struct Relay {
    /// The port on 127.0.0.1.
    pub port: u16,
    target: u16,
    accepting: Option<JoinHandle<()>>,
}

impl Relay {
    /// A closed relay to the server on the port `target`: connections to it are refused.
    pub fn to(target: u16) -> Result<Self> {
        Ok(Relay {
            port: free_port()?,
            target,
            accepting: None,
        })
    }

    /// From now on it is as if the server was there.
    pub async fn open(&mut self) -> Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await;
        let listener = listener.with_context(|| format!("port {} is taken", self.port))?;
        self.accepting = Some(tokio::spawn(accept(listener, self.target)));
        Ok(())
    }

    /// Ends all connections, and refuses new ones.
    pub fn close(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.close();
    }
}

/// The connections belong to this task, and end with it.
async fn accept(listener: TcpListener, target: u16) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                // Either side may end it at any time.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
