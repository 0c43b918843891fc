//! DynamoDB Local, the DynamoDB that AWS gives out for tests, with everything in memory.

use activities::store::{DynamoConfig, create_table, dynamo_client_as};
use anyhow::{Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use hyper::Method;
use tempfile::TempDir;

use super::port::free_port;
use super::process::{RunAs, ServerCommand, ServerProcess, StopSignal};
use super::{http, program};

/// Enough for the tests; the tables are outside of the heap.
const HEAP: &str = "-Xmx384m";
/// It lives for a test: what is compiled at length would not pay off.
const COMPILED_QUICKLY: &str = "-XX:TieredStopAtLevel=1";

/// A DynamoDB. It checks no signature, never throttles, and forgets all when it is dropped.
pub struct DynamoDb {
    /// Its address, to configure as the endpoint.
    pub endpoint: String,
    /// The port on 127.0.0.1.
    pub port: u16,
    process: ServerProcess,
    _folder: TempDir,
}

impl DynamoDb {
    /// What a program needs in its environment to talk to it: any key pair is accepted.
    pub const ENVIRONMENT: [(&'static str, &'static str); 4] = [
        ("AWS_ACCESS_KEY_ID", "anything"),
        ("AWS_SECRET_ACCESS_KEY", "anything"),
        ("AWS_REGION", "eu-central-1"),
        // Nothing on this machine answers where a machine of AWS would ask for its role.
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];

    /// Starts one without tables.
    pub async fn start() -> Result<Self> {
        let installed = program::workspace().join(".tools/dynamodb");
        ensure!(
            installed.join("installed").is_file(),
            "{} is not there: run tools/setup dynamodb",
            installed.display()
        );
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let arguments = [
            HEAP.to_owned(),
            COMPILED_QUICKLY.to_owned(),
            format!(
                "-Djava.library.path={}",
                installed.join("DynamoDBLocal_lib").display()
            ),
            "-jar".to_owned(),
            installed.join("DynamoDBLocal.jar").display().to_string(),
            "-inMemory".to_owned(),
            // One set of tables, whatever key pair and region a client has.
            "-sharedDb".to_owned(),
            "-disableTelemetry".to_owned(),
            "-port".to_owned(),
            port.to_string(),
        ];
        let mut process = ServerProcess::start(&ServerCommand {
            program: program::find("java")?,
            arguments: arguments.to_vec(),
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            stop: StopSignal::Kill,
            user: RunAs::OurUser,
        })?;
        process
            .ready(|| async move { http::request(Method::GET, port, "/").await.is_ok() })
            .await?;
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            port,
            process,
            _folder: folder,
        })
    }

    /// A client of whatever is at `endpoint`.
    pub async fn client(endpoint: &str) -> Client {
        let config = DynamoConfig {
            endpoint: Some(endpoint.to_owned()),
            region: Some("eu-central-1".to_owned()),
            ..DynamoConfig::default()
        };
        let credentials = Credentials::new("anything", "anything", None, None, "test");
        dynamo_client_as(&config, credentials).await
    }

    /// Makes the table that a store uses unless it is told otherwise.
    pub async fn create_table(&self) -> Result<()> {
        let client = Self::client(&self.endpoint).await;
        create_table(&client, &DynamoConfig::default().table).await?;
        Ok(())
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}
