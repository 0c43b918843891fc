//! A Temporal dev server of our own: server and UI on the loopback address, stopped by process id.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Where Temporal's own tools expect a server and its UI.
const PORT: u16 = 7233;
const UI_PORT: u16 = 8233;
/// A dev server is up in two seconds; a loaded machine may need many more.
const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A running server.
pub(crate) struct TemporalServer {
    /// `host:port` of the gRPC frontend.
    pub(crate) address: String,
    /// Address of the UI.
    pub(crate) ui: String,
    child: Child,
}

impl TemporalServer {
    /// Starts the server with its database and log in `folder`, on Temporal's usual ports where
    /// these are free.
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let program = find_program()?;
        let (port, ui_port) = (free_port(PORT)?, free_port(UI_PORT)?);
        let log_file = folder.join("temporal.log");
        let log = std::fs::File::create(&log_file)
            .with_context(|| format!("can't write {}", log_file.display()))?;
        let mut command = Command::new(&program);
        command
            .args([
                "server",
                "start-dev",
                "--ip",
                "127.0.0.1",
                "--log-level",
                "warn",
            ])
            .args([
                "--port",
                &port.to_string(),
                "--ui-port",
                &ui_port.to_string(),
            ])
            .arg("--db-filename")
            .arg(folder.join("temporal.db"))
            // Several times the throughput of the defaults, and as safe when a process is killed.
            .args(["--sqlite-pragma", "journal_mode=WAL"])
            .args(["--sqlite-pragma", "synchronous=normal"]);
        for (name, kind) in workflows::search::ALL {
            command.args(["--search-attribute", &format!("{name}={kind}")]);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is for us: the worker stops first, then the server.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("can't start {}", program.display()))?;
        let address = format!("127.0.0.1:{port}");
        let ui = format!("http://127.0.0.1:{ui_port}");
        let mut server = TemporalServer { address, ui, child };
        server.ready(&log_file).await?;
        Ok(server)
    }

    /// Ends the server, and makes sure that it is gone.
    pub(crate) async fn stop(mut self) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // Already gone is as good.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        if tokio::time::timeout(STOP_WITHIN, self.child.wait())
            .await
            .is_err()
        {
            let _ = self.child.kill().await;
        }
    }

    async fn ready(&mut self, log_file: &Path) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the Temporal server ended at once ({status}); see {}",
                    log_file.display()
                );
            }
            if TcpStream::connect(&self.address).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!(
            "the Temporal server is not up after a minute; see {}",
            log_file.display()
        )
    }
}

/// `temporal` on the PATH, or where `tools/setup` puts it.
fn find_program() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from(".tools/bin")]);
    for folder in folders {
        let program = folder.join("temporal");
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!("the `temporal` program is not on the PATH; `tools/setup temporal` installs it")
}

/// `wanted` if it is free, else any free port.
fn free_port(wanted: u16) -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?.port())
}
