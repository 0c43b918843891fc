//! A whole installation for one test: a configuration folder, a Temporal server of its own, a
//! `trueup worker` that can be killed and started again, and the two command lines.
//!
//! Everything goes through programs, as people use them; nothing here knows what is inside.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression, Url,
};

use crate::servers::{DynamoDb, TemporalServer, WorkerProcess};
use crate::trueup_program;

/// Names the store of every installation that does not ask for one.
const STORE_VARIABLE: &str = "TRUEUP_TEST_STORE";
/// How often a condition is looked at that takes a program to look at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Longest that a run of a test may take. Generous: tests share few cores.
pub const RUN_WITHIN: Duration = Duration::from_secs(120);

/// One installation. Dropped, everything that it started is gone.
pub struct Installation {
    /// Its Temporal server.
    pub temporal: TemporalServer,
    worker: Option<WorkerProcess>,
    environment: Vec<(&'static str, String)>,
    /// What `trueup.toml` begins with: which store is meant.
    store_settings: String,
    /// Its DynamoDB, when it has one of its own.
    dynamodb: Option<DynamoDb>,
    folder: TempDir,
}

/// What a program said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Installation {
    /// A folder with nothing in it, and a server that knows none of our search attributes. The store
    /// is SQLite, or a DynamoDB of its own when `TRUEUP_TEST_STORE` is `dynamodb`.
    pub async fn start() -> Result<Self> {
        match std::env::var(STORE_VARIABLE).as_deref() {
            Ok("dynamodb") => Self::start_with_dynamodb().await,
            Ok(other) => bail!("{STORE_VARIABLE} is dynamodb or nothing, not {other}"),
            Err(_) => Self::start_with_sqlite().await,
        }
    }

    /// As [`Installation::start`], with a SQLite file.
    pub async fn start_with_sqlite() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("config"))?;
        Ok(Installation {
            temporal: TemporalServer::start(&[]).await?,
            worker: None,
            environment: Vec::new(),
            store_settings: String::new(),
            dynamodb: None,
            folder,
        })
    }

    /// As [`Installation::start`], with an empty table in a DynamoDB of its own.
    pub async fn start_with_dynamodb() -> Result<Self> {
        let server = DynamoDb::start().await?;
        server.create_table().await?;
        let mut installation = Self::start_on_dynamodb(&server.endpoint).await?;
        installation.dynamodb = Some(server);
        Ok(installation)
    }

    /// As [`Installation::start`], with the table that is there in the DynamoDB at `endpoint`.
    pub async fn start_on_dynamodb(endpoint: &str) -> Result<Self> {
        let mut installation = Self::start_with_sqlite().await?;
        installation.use_dynamodb(endpoint);
        Ok(installation)
    }

    /// The table in the DynamoDB at `endpoint` is the store of every `trueup.toml` written from now on.
    pub fn use_dynamodb(&mut self, endpoint: &str) {
        self.store_settings =
            format!("store = \"dynamodb\"\n\n[dynamodb]\nendpoint = \"{endpoint}\"\n\n");
        for (name, value) in DynamoDb::ENVIRONMENT {
            self.set_variable(name, value);
        }
    }

    /// The configuration folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Writes a file of the configuration folder, and the folders that it needs.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        let mut bytes = match name {
            "trueup.toml" => self.store_settings.clone().into_bytes(),
            _ => Vec::new(),
        };
        bytes.extend_from_slice(content.as_ref());
        std::fs::write(&path, bytes).with_context(|| format!("can't write {}", path.display()))
    }

    /// A secret for the worker and the commands started from now on.
    pub fn set_variable(&mut self, name: &'static str, value: impl Into<String>) {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.into()));
    }

    /// Starts the worker, and returns without waiting for it to be ready.
    pub fn start_worker(&mut self) -> Result<u32> {
        let worker = self.another_worker()?;
        let pid = worker.pid();
        self.worker = Some(worker);
        Ok(pid)
    }

    /// Starts a worker beside the others; it is gone when the value is dropped.
    pub fn another_worker(&self) -> Result<WorkerProcess> {
        WorkerProcess::start(
            &trueup_program()?,
            &self.folder(),
            self.folder.path(),
            self.variables(),
        )
    }

    /// SIGKILL for the worker: it is gone when this returns.
    pub fn kill_worker(&mut self) -> Result<()> {
        self.worker.take().context("no worker runs")?.kill()
    }

    /// SIGTERM for the worker; how long it took to end, and whether it said that all was well.
    pub async fn terminate_worker(&mut self) -> Result<(Duration, bool)> {
        self.worker
            .take()
            .context("no worker runs")?
            .terminate()
            .await
    }

    /// What all workers logged so far.
    #[must_use]
    pub fn worker_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits for a line of the worker's log.
    pub async fn worker_says(&self, text: &str) -> Result<()> {
        crate::servers::wait_until(&format!("`{text}` in the worker's log"), RUN_WITHIN, || {
            Ok(self.worker_log().contains(text).then_some(()))
        })
        .await
    }

    /// Runs `trueup`, whatever it ends with.
    pub async fn trueup<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Said> {
        let mut command = tokio::process::Command::from(self.command()?);
        let output = command.args(arguments).kill_on_drop(true).output();
        Ok(Said::from(output.await.context("can't run trueup")?))
    }

    /// Runs `trueup … --json`, which must end with exit code 0.
    pub async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.trueup(&[arguments, &["--json"]].concat()).await?;
        ensure!(
            said.code == Some(0),
            "trueup {}: {said:?}",
            arguments.join(" ")
        );
        said.json()
    }

    /// Runs `trueup`, which must end with exit code 0, and returns what it printed.
    pub async fn text(&self, arguments: &[&str]) -> Result<String> {
        let said = self.trueup(arguments).await?;
        ensure!(
            said.code == Some(0),
            "trueup {}: {said:?}",
            arguments.join(" ")
        );
        Ok(said.out)
    }

    /// Starts a run, or finds it, and waits for its result; it must not fail.
    pub async fn run_to_the_end(&self, arguments: &[&str]) -> Result<Value> {
        let all = [&["run"], arguments, &["--wait", "--json"]].concat();
        let said = tokio::time::timeout(RUN_WITHIN, self.trueup(&all)).await;
        let Ok(said) = said else {
            bail!("{} does not end:\n{}", arguments.join(" "), self.log_tail());
        };
        let said = said?;
        let ended = matches!(said.code, Some(0 | 1));
        ensure!(
            ended,
            "{}: {said:?}\n{}",
            arguments.join(" "),
            self.log_tail()
        );
        said.json()
    }

    /// Runs the `temporal` program, as nobody in particular.
    pub async fn temporal(&self, arguments: &[&str]) -> Result<Said> {
        let arguments = [&["--identity", "tester"], arguments].concat();
        Ok(Said::from(self.temporal.cli(&arguments).await?))
    }

    /// The latest history of this workflow id, as the `temporal` program shows it.
    pub async fn history(&self, workflow_id: &str) -> Result<Value> {
        let show = ["workflow", "show", "-w", workflow_id, "-o", "json"];
        self.temporal(&show).await?.json()
    }

    /// Starts a `Reconciliation` by the `temporal` program, and waits for what becomes of it.
    pub async fn execute(&self, workflow_id: &str, inputs: &[&str]) -> Result<Execution> {
        self.execute_type("Reconciliation", workflow_id, inputs)
            .await
    }

    /// Starts a workflow by the `temporal` program, and waits for what becomes of it.
    pub async fn execute_type(
        &self,
        workflow_type: &str,
        workflow_id: &str,
        inputs: &[&str],
    ) -> Result<Execution> {
        let mut arguments = vec![
            "workflow",
            "execute",
            "--task-queue",
            "trueup",
            "-o",
            "json",
        ];
        arguments.extend(["--type", workflow_type, "--workflow-id", workflow_id]);
        for input in inputs {
            arguments.extend(["--input", input]);
        }
        let answer = self.temporal(&arguments);
        let Ok(said) = tokio::time::timeout(RUN_WITHIN, answer).await else {
            bail!("{workflow_id} does not end:\n{}", self.log_tail());
        };
        let said = said?;
        Execution::read(&said).with_context(|| format!("{workflow_id}: {said:?}"))
    }

    /// A client of the library that other services use.
    pub async fn client(&self) -> Result<Client> {
        let address = format!("http://{}", self.temporal.address);
        let options = ConnectionOptions::new(Url::parse(&address)?)
            .grpc_compression(GrpcCompression::None)
            .build();
        let connection = Connection::connect(options).await?;
        Ok(Client::new(
            connection,
            ClientOptions::new("default").build(),
        )?)
    }

    /// Waits until every alert on record is sent, dead or diverted, and returns them.
    pub async fn alerts_settled(&self) -> Result<Vec<Value>> {
        let settled = async || self.alerts_if_settled().await;
        eventually("the end of all alerts", RUN_WITHIN, settled).await
    }

    /// Every alert on record, if each is sent, dead or diverted.
    pub async fn alerts_if_settled(&self) -> Result<Option<Vec<Value>>> {
        let alerts = self.alerts().await?;
        let ends = ["sent", "dead", "diverted"];
        let is_over = |alert: &Value| ends.iter().any(|end| alert["state"] == *end);
        Ok(alerts.iter().all(is_over).then_some(alerts))
    }

    /// Every alert on record.
    pub async fn alerts(&self) -> Result<Vec<Value>> {
        let alerts = self.json(&["alerts", "list", "--limit", "1000"]).await?;
        alerts.as_array().cloned().context("a list")
    }

    fn log_tail(&self) -> String {
        let log = self.worker_log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(trueup_program()?);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("TEMPORAL_") || name_text.starts_with("TRUEUP_") {
                command.env_remove(name);
            }
        }
        command
            .args([OsStr::new("--config"), self.folder().as_os_str()])
            .envs(self.variables())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        Ok(command)
    }

    /// What a program of this installation finds in its environment.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let home = self.folder.path().to_string_lossy().into_owned();
        let mut variables = vec![
            ("TEMPORAL_ADDRESS", self.temporal.address.clone()),
            ("TEMPORAL_NAMESPACE", "default".to_owned()),
            ("HOME", home.clone()),
            ("XDG_CONFIG_HOME", home),
            ("USER", "tester".to_owned()),
        ];
        variables.extend(self.environment.iter().cloned());
        variables
    }
}

/// What became of an execution that the `temporal` program started.
#[derive(Clone, Debug)]
pub struct Execution {
    /// `COMPLETED`, `FAILED` or another.
    pub status: String,
    /// What it returned.
    pub result: Value,
    /// Why it failed.
    pub problem: String,
    /// The name of the failure.
    pub failure: String,
}

impl Execution {
    fn read(said: &Said) -> Result<Self> {
        let answer = said.json()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let event = &answer["closeEvent"]["workflowExecutionFailedEventAttributes"]["failure"];
        Ok(Execution {
            status: text(&answer["status"]),
            result: answer["result"].clone(),
            problem: text(&event["message"]),
            failure: text(&event["applicationFailureInfo"]["type"]),
        })
    }
}

impl Said {
    /// Standard output as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("no JSON: {self:?}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Said {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The texts under `key` of a JSON list's objects.
#[must_use]
pub fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item[key].as_str()).collect()
}

/// Looks until `look` finds something; fails after `timeout`, saying what it waited for.
pub async fn eventually<T>(
    what: &str,
    timeout: Duration,
    look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    eventually_every(LOOK_EVERY, what, timeout, look).await
}

/// As [`eventually`], with a pause of its own between two looks.
pub async fn eventually_every<T>(
    pause: Duration,
    what: &str,
    timeout: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        ensure!(
            started.elapsed() < timeout,
            "waited {timeout:?} in vain for {what}"
        );
        tokio::time::sleep(pause).await;
    }
}

/// Runs `trueup` without an installation: for what needs no server.
pub fn trueup_alone(folder: &Path, arguments: &[&str]) -> Result<Said> {
    let mut command = Command::new(trueup_program()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TEMPORAL_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("TRUEUP_CONFIG")
        .env("HOME", folder)
        .current_dir(folder);
    Ok(Said::from(
        command.args(arguments).stdin(Stdio::null()).output()?,
    ))
}
