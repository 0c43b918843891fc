//! A server process and its log, run under `supervise.py`, which stops it when the test ends in
//! whatever way. Knows nothing about any one server.

use std::fs::File;
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::program;

/// How long a server may take until it answers. Generous: tests share few cores.
const READY_WITHIN: Duration = Duration::from_secs(60);
const PROBE_EVERY: Duration = Duration::from_millis(50);
/// How much of a log an error shows.
const LOG_TAIL_LINES: usize = 20;

/// What to run, and how to end it.
pub(crate) struct ServerCommand {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Variables on top of our own environment.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// The working folder; what the server prints goes to `log` in it.
    pub(crate) folder: PathBuf,
    pub(crate) stop: StopSignal,
    pub(crate) user: RunAs,
}

/// The signal that asks a server to end. SIGKILL follows after five seconds.
#[derive(Clone, Copy)]
pub(crate) enum StopSignal {
    Terminate,
    Interrupt,
    /// For servers that are slow to say goodbye and have nothing worth keeping.
    Kill,
}

/// Who runs a server.
#[derive(Clone, Copy)]
pub(crate) enum RunAs {
    OurUser,
    /// As root, `nobody`, who is given the working folder; else our user.
    Unprivileged,
}

/// A running server. Dropped, it is stopped, and everything that it started with it.
pub(crate) struct ServerProcess {
    supervisor: Child,
    /// The supervisor's standard input; closing it stops the server.
    orders: Option<ChildStdin>,
    pid: u32,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts the server and returns without waiting for it to be ready.
    pub(crate) fn start(command: &ServerCommand) -> Result<Self> {
        let log = command.folder.join("log");
        let log_file = File::options().create(true).append(true).open(&log)?;
        let mut supervisor = Command::new(program::find("python3")?)
            .arg(program::workspace().join("tests/src/servers/supervise.py"))
            .args(supervisor_options(command))
            .arg(&log)
            .arg(&command.program)
            .args(&command.arguments)
            .envs(
                command
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(&command.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            // A signal for the test's process group must not end the supervisor before its work.
            .process_group(0)
            .spawn()
            .with_context(|| format!("can't start {}", command.program.display()))?;
        let orders = supervisor.stdin.take();
        let mut first_line = String::new();
        BufReader::new(
            supervisor
                .stdout
                .take()
                .context("the supervisor has no output")?,
        )
        .read_line(&mut first_line)?;
        let mut process = Self {
            supervisor,
            orders,
            pid: 0,
            log,
        };
        match first_line.trim().parse() {
            Ok(pid) => process.pid = pid,
            Err(_) => bail!(
                "can't start {}:\n{}",
                command.program.display(),
                process.log_tail()
            ),
        }
        Ok(process)
    }

    /// The server's own process id (not the supervisor's).
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until `probe` says yes. Fails when the server ends first, or after a minute.
    pub(crate) async fn ready<F>(&mut self, mut probe: impl FnMut() -> F) -> Result<()>
    where
        F: Future<Output = bool>,
    {
        let started = Instant::now();
        while !probe().await {
            if let Some(status) = self.supervisor.try_wait()? {
                bail!(
                    "the server ended with {status} before it was ready:\n{}",
                    self.log_tail()
                );
            }
            if started.elapsed() > READY_WITHIN {
                bail!(
                    "the server is not ready after {READY_WITHIN:?}:\n{}",
                    self.log_tail()
                );
            }
            tokio::time::sleep(PROBE_EVERY).await;
        }
        Ok(())
    }

    /// Whether the server has not ended yet.
    pub(crate) fn is_alive(&mut self) -> Result<bool> {
        Ok(self.supervisor.try_wait()?.is_none())
    }

    /// SIGKILL; returns when the process is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(orders) = &mut self.orders {
            orders
                .write_all(b"kill\n")
                .context("the server has ended already")?;
        }
        self.supervisor.wait()?;
        Ok(())
    }

    /// Waits for a program that ends by itself.
    pub(crate) fn end(&mut self) -> Result<ExitStatus> {
        Ok(self.supervisor.wait()?)
    }

    /// The last lines that the server printed.
    pub(crate) fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

impl Drop for ServerProcess {
    /// Blocks until the server is gone: a test that ends leaves nothing behind.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.supervisor.wait();
    }
}

fn supervisor_options(command: &ServerCommand) -> Vec<&'static str> {
    let signal = match command.stop {
        StopSignal::Terminate => "TERM",
        StopSignal::Interrupt => "INT",
        StopSignal::Kill => "KILL",
    };
    let mut options = vec!["--signal", signal];
    if matches!(command.user, RunAs::Unprivileged) {
        options.push("--unprivileged");
    }
    options
}

/// Whether something listens on `port` of the loopback address.
pub(crate) async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port))
        .await
        .is_ok()
}

/// Whether there is a process with this id.
pub fn is_running(pid: u32) -> bool {
    let answer = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    answer.is_ok_and(|status| status.success())
}
