//! An S3-compatible object store (ministack) that keeps everything in memory.

use anyhow::{Result, ensure};
use hyper::{Method, StatusCode};
use tempfile::TempDir;

use super::port::free_port;
use super::process::{RunAs, ServerCommand, ServerProcess, StopSignal};
use super::{http, program};

/// An S3 service. It checks no signature: any key pair is accepted.
pub struct S3 {
    /// The service's address, for path-style requests.
    pub endpoint: String,
    /// The port on 127.0.0.1.
    pub port: u16,
    process: ServerProcess,
    _folder: TempDir,
}

impl S3 {
    /// The region that the service says it is in.
    pub const REGION: &str = "us-east-1";

    /// Starts an empty store.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let environment = [
            ("BIND_HOST", "127.0.0.1".to_owned()),
            ("GATEWAY_PORT", port.to_string()),
            ("SERVICES", "s3".to_owned()),
            ("IOT_MTLS_ENABLED", "0".to_owned()),
            ("LOG_LEVEL", "WARNING".to_owned()),
            ("TMPDIR", folder.path().to_string_lossy().into_owned()),
        ];
        let mut process = ServerProcess::start(&ServerCommand {
            program: program::find("ministack")?,
            arguments: Vec::new(),
            environment: environment.to_vec(),
            folder: folder.path().to_owned(),
            stop: StopSignal::Kill,
            user: RunAs::OurUser,
        })?;
        process
            .ready(|| async move {
                let health = http::request(Method::GET, port, "/_ministack/health").await;
                health.is_ok_and(|(status, _)| status == StatusCode::OK)
            })
            .await?;
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            port,
            process,
            _folder: folder,
        })
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Makes an empty bucket.
    pub async fn create_bucket(&self, name: &str) -> Result<()> {
        let (status, body) = http::request(Method::PUT, self.port, &format!("/{name}")).await?;
        ensure!(
            status == StatusCode::OK,
            "bucket {name} was not made: {status} {body}"
        );
        Ok(())
    }
}
