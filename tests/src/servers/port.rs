//! Picks loopback ports for servers. Hands out no ephemeral ports: those may be taken by any
//! outgoing connection between our look and the server's start, or while a server is restarted.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

const FIRST: u16 = 20_000;
/// Ends below 32,768, where Linux starts its ephemeral ports.
const COUNT: u16 = 12_000;

/// How many ports this process has looked at: two servers of one test never get the same one.
static LOOKED_AT: AtomicU16 = AtomicU16::new(0);

/// A loopback port on which nothing listens now. Tests run as processes of their own, so each
/// starts to look at a place given by its process id.
pub(crate) fn free_port() -> Result<u16> {
    let start = std::process::id().wrapping_mul(37);
    (0..COUNT)
        .map(|_| {
            let step = u32::from(LOOKED_AT.fetch_add(1, Ordering::Relaxed));
            FIRST + (start.wrapping_add(step) % u32::from(COUNT)) as u16
        })
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no free port between 20000 and 32000 on 127.0.0.1")
}
