//! The Temporal development server, with a database file that survives a kill and a restart.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::process::Command;

use super::port::free_port;
use super::process::{RunAs, ServerCommand, ServerProcess, StopSignal};
use super::program;

/// In the server's folder.
const DB_FILE: &str = "temporal.db";

/// A Temporal server with its UI and the namespace `default`.
pub struct TemporalServer {
    /// Host and port of the gRPC service, as `TEMPORAL_ADDRESS` wants it.
    pub address: String,
    /// The address of the web UI.
    pub ui: String,
    /// The SQLite file with everything that the server knows.
    pub db_file: PathBuf,
    process: ServerProcess,
    command: ServerCommand,
    folder: TempDir,
}

impl TemporalServer {
    /// Starts a server that knows these search attributes: name and type, such as
    /// `("TrueupSource", "Keyword")`.
    pub async fn start(search_attributes: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (port, ui_port) = (free_port()?, free_port()?);
        let mut arguments = arguments(port, ui_port);
        for (name, kind) in search_attributes {
            arguments.extend(["--search-attribute".to_owned(), format!("{name}={kind}")]);
        }
        let command = ServerCommand {
            program: program::find("temporal")?,
            arguments,
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            stop: StopSignal::Kill,
            user: RunAs::OurUser,
        };
        let mut server = Self {
            address: format!("127.0.0.1:{port}"),
            ui: format!("http://127.0.0.1:{ui_port}"),
            db_file: folder.path().join(DB_FILE),
            process: ServerProcess::start(&command)?,
            command,
            folder,
        };
        server.ready().await?;
        Ok(server)
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// SIGKILL: the server is gone when this returns, with no chance to write anything.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts a server that was killed, or replaces one that runs: same ports, same file.
    pub async fn restart(&mut self) -> Result<()> {
        if self.process.is_alive()? {
            self.process.kill()?;
        }
        self.process = ServerProcess::start(&self.command)?;
        self.ready().await
    }

    /// Runs the `temporal` program against this server, as a person would, and without the
    /// settings that the person at this machine may have.
    pub async fn cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Output> {
        let mut command = self.cli_command();
        command
            .args(arguments)
            .output()
            .await
            .context("can't run the temporal program")
    }

    fn cli_command(&self) -> Command {
        let mut command = Command::new(&self.command.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TEMPORAL_") {
                command.env_remove(name);
            }
        }
        command
            .env("TEMPORAL_ADDRESS", &self.address)
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Ready is when the namespace is there, which is later than the open port.
    async fn ready(&mut self) -> Result<()> {
        let mut command = self.cli_command();
        command.args(["operator", "namespace", "describe", "default"]);
        self.process
            .ready(|| {
                let described = command.output();
                async { described.await.is_ok_and(|output| output.status.success()) }
            })
            .await
    }
}

fn arguments(port: u16, ui_port: u16) -> Vec<String> {
    format!(
        "server start-dev --ip 127.0.0.1 --port {port} --ui-port {ui_port} --log-level error \
         --db-filename {DB_FILE} \
         --sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=normal"
    )
    .split_whitespace()
    .map(str::to_owned)
    .collect()
}
