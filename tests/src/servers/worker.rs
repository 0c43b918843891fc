//! A `trueup worker` as a process that can be killed, asked to stop, and started again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::process::{RunAs, ServerCommand, ServerProcess, StopSignal};
use super::wait_until;

/// Far more than the worker gives itself.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A running worker.
pub struct WorkerProcess {
    process: ServerProcess,
}

impl WorkerProcess {
    /// Starts `program --config CONFIGURATION worker`, logging to `log` in `folder`.
    pub fn start(
        program: &Path,
        configuration: &Path,
        folder: &Path,
        environment: Vec<(&'static str, String)>,
    ) -> Result<Self> {
        let process = ServerProcess::start(&ServerCommand {
            program: program.to_owned(),
            arguments: vec![
                "--config".to_owned(),
                configuration.to_string_lossy().into_owned(),
                "worker".to_owned(),
            ],
            environment,
            folder: folder.to_owned(),
            stop: StopSignal::Kill,
            user: RunAs::OurUser,
        })?;
        Ok(WorkerProcess { process })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// SIGKILL: it is gone when this returns.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()
    }

    /// SIGTERM: how long it took to end, and whether its exit code was 0.
    pub async fn terminate(mut self) -> Result<(Duration, bool)> {
        let started = Instant::now();
        let signal = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()?;
        ensure!(
            signal.success(),
            "the worker has ended already: {}",
            self.process.log_tail()
        );
        wait_until("the end of the worker", ENDS_WITHIN, || {
            Ok((!self.process.is_alive()?).then_some(()))
        })
        .await?;
        Ok((started.elapsed(), self.process.end()?.success()))
    }
}
