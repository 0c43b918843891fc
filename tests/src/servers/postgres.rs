//! A PostgreSQL cluster of its own, made anew for every test.

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio_postgres::NoTls;

use super::port::free_port;
use super::process::{RunAs, ServerCommand, ServerProcess, StopSignal};
use super::program;

/// A PostgreSQL server with the empty database `postgres`, whose owner needs no password.
pub struct Postgres {
    /// What a client connects to: `postgres://postgres@127.0.0.1:PORT/postgres`.
    pub url: String,
    process: ServerProcess,
    /// Removed last, after the server has stopped: fields are dropped in this order.
    _folder: TempDir,
}

impl Postgres {
    /// Makes the cluster and starts it.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        make_cluster(&folder)?;
        let port = free_port()?;
        let process = ServerProcess::start(&command(&folder, "postgres", &server_options(port))?)?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut server = Self {
            url,
            process,
            _folder: folder,
        };
        let url = server.url.clone();
        server
            .process
            .ready(|| async { tokio_postgres::connect(&url, NoTls).await.is_ok() })
            .await?;
        Ok(server)
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Runs statements, separated by semicolons, on a connection of their own.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        let statements = async {
            let outcome = client.batch_execute(sql).await;
            drop(client);
            outcome
        };
        let (outcome, closed) = tokio::join!(statements, connection);
        outcome.with_context(|| format!("PostgreSQL refused: {sql}"))?;
        Ok(closed?)
    }
}

fn make_cluster(folder: &TempDir) -> Result<()> {
    let options = [
        "--pgdata=data",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    ];
    let mut initdb =
        ServerProcess::start(&command(folder, "initdb", &options.map(str::to_owned))?)?;
    let status = initdb.end()?;
    ensure!(
        status.success(),
        "initdb ended with {status}:\n{}",
        initdb.log_tail()
    );
    Ok(())
}

/// Only TCP on the loopback address; nothing need survive a power cut.
fn server_options(port: u16) -> Vec<String> {
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "shared_buffers=32MB".to_owned(),
    ];
    let mut options = vec!["-D".to_owned(), "data".to_owned()];
    options.extend(
        settings
            .into_iter()
            .flat_map(|setting| ["-c".to_owned(), setting]),
    );
    options
}

fn command(folder: &TempDir, program: &str, arguments: &[String]) -> Result<ServerCommand> {
    Ok(ServerCommand {
        program: program::find(program)?,
        arguments: arguments.to_vec(),
        environment: Vec::new(),
        folder: folder.path().to_owned(),
        stop: StopSignal::Interrupt,
        user: RunAs::Unprivileged,
    })
}
