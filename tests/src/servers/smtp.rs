//! A real SMTP server (aiosmtpd) that keeps what it is sent and fails when told to.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use tempfile::TempDir;

use super::port::free_port;
use super::process::{RunAs, ServerCommand, ServerProcess, StopSignal, listens};
use super::{program, wait_until};

/// What the sink does with a message that was sent to it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpMode {
    /// Keeps it: 250.
    Accept,
    /// Says to try again later: 451.
    TempFail,
    /// Refuses it for good: 550.
    Reject,
    /// Never answers.
    Stall,
}

/// A message as the sink received it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The decoded subject.
    pub subject: String,
    /// The `Message-ID` header, with its angle brackets.
    pub message_id: String,
    /// The decoded plain text.
    pub body: String,
    mode: String,
}

/// An SMTP server without TLS and without a password.
pub struct SmtpSink {
    /// Host and port.
    pub address: String,
    /// The port on 127.0.0.1.
    pub port: u16,
    process: ServerProcess,
    folder: TempDir,
}

impl SmtpSink {
    /// Starts a sink that accepts everything.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let script = program::workspace().join("tests/src/servers/smtp_sink.py");
        write_mode(folder.path(), SmtpMode::Accept)?;
        let mut process = ServerProcess::start(&ServerCommand {
            program: program::python_of("smtp")?,
            arguments: [&script, Path::new(&port.to_string()), folder.path()]
                .map(|argument| argument.to_string_lossy().into_owned())
                .to_vec(),
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            stop: StopSignal::Terminate,
            user: RunAs::OurUser,
        })?;
        process.ready(|| listens(port)).await?;
        Ok(Self {
            address: format!("127.0.0.1:{port}"),
            port,
            process,
            folder,
        })
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Changes what happens to the messages from now on.
    pub fn set_mode(&self, mode: SmtpMode) -> Result<()> {
        write_mode(self.folder.path(), mode)
    }

    /// The messages that were accepted, in the order of their arrival.
    pub fn messages(&self) -> Result<Vec<Mail>> {
        let mut mails = self.attempts()?;
        mails.retain(|mail| mail.mode == mode_name(SmtpMode::Accept));
        Ok(mails)
    }

    /// All messages that were sent here, also those that were refused or not answered.
    pub fn attempts(&self) -> Result<Vec<Mail>> {
        let path = self.folder.path().join("attempts.ndjson");
        let Ok(lines) = std::fs::read_to_string(path) else {
            return Ok(Vec::new());
        };
        // A line that is being written has no end yet.
        lines
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).context("the sink wrote an unknown line"))
            .collect()
    }

    /// Waits until at least `count` messages were accepted, and returns all of them.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> Result<Vec<Mail>> {
        wait_until(&format!("{count} accepted e-mails"), timeout, || {
            Ok(Some(self.messages()?).filter(|mails| mails.len() >= count))
        })
        .await
    }
}

fn mode_name(mode: SmtpMode) -> &'static str {
    match mode {
        SmtpMode::Accept => "accept",
        SmtpMode::TempFail => "tempfail",
        SmtpMode::Reject => "reject",
        SmtpMode::Stall => "stall",
    }
}

/// Replaced in one step: the sink never reads half a word.
fn write_mode(folder: &Path, mode: SmtpMode) -> Result<()> {
    let fresh = folder.join("mode.new");
    std::fs::write(&fresh, mode_name(mode))?;
    Ok(std::fs::rename(fresh, folder.join("mode"))?)
}
