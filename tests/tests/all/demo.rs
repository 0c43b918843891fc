//! `trueup dev` on a copy of the sample: what the README's first command shows, and what it leaves
//! behind, whenever it is told to stop. One after the other: it takes Temporal's usual ports.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tests::installation::{RUN_WITHIN, eventually};
use tests::servers::program::workspace;
use tests::servers::wait_until;
use tokio::process::Child;

const INTERRUPT: &str = "-INT";
const TERMINATE: &str = "-TERM";

#[tokio::test]
async fn the_demo_tells_its_story_and_leaves_nothing_behind() -> Result<()> {
    let mut demo = Demo::start(&["--once"])?;
    assert_eq!(demo.end().await?, Some(0), "{}", demo.said()?);
    let said = demo.said()?;
    for part in [
        "CRITICAL acme-pay: ABC123: the partner reports 200.00 USD more than the ledger",
        "28 matched, 12 discrepancies, 2 in transit",
        "trueup show recon/acme-pay/2026-11-20",
        "ready after",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert_eq!(demo.processes()?, [""; 0]);

    // Told to stop in the middle of its start.
    for signal in [INTERRUPT, TERMINATE] {
        let mut demo = Demo::start(&[])?;
        eventually("a Temporal server", RUN_WITHIN, async || {
            let server = |line: &String| line.contains("temporal.db");
            Ok(demo.processes()?.iter().any(server).then_some(()))
        })
        .await?;
        demo.signal(signal)?;
        assert_eq!(demo.end().await?, Some(2), "{}", demo.said()?);
        assert_eq!(demo.processes()?, [""; 0], "{}", demo.said()?);
    }

    let mut demo = Demo::start(&[])?;
    wait_until("the end of the story", RUN_WITHIN, || {
        Ok(demo.said()?.contains("running until Ctrl-C").then_some(()))
    })
    .await?;
    demo.signal(INTERRUPT)?;
    assert_eq!(demo.end().await?, Some(0), "{}", demo.said()?);
    assert_eq!(demo.processes()?, [""; 0]);
    Ok(())
}

/// A running `trueup dev` on a sample of its own.
struct Demo {
    folder: TempDir,
    process: Child,
}

impl Demo {
    fn start(arguments: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(
            &workspace().join("examples/demo"),
            &folder.path().join("demo"),
        )?;
        let output = File::create(folder.path().join("output"))?;
        let process = tokio::process::Command::new(tests::trueup_program()?)
            .arg("--config")
            .arg(folder.path().join("demo"))
            .args(["dev", "--date", "2026-11-20"])
            .args(arguments)
            .current_dir(workspace())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Demo { folder, process })
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.process.id().context("it has ended")?.to_string();
        Command::new("kill").args([signal, &pid]).status()?;
        Ok(())
    }

    /// Its exit code.
    async fn end(&mut self) -> Result<Option<i32>> {
        let ended = tokio::time::timeout(RUN_WITHIN, self.process.wait()).await;
        Ok(ended.context("it goes on and on")??.code())
    }

    fn said(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("output"))?)
    }

    /// The command lines of what runs with its folder: itself and its server.
    fn processes(&self) -> Result<Vec<String>> {
        let all = Command::new("ps").args(["-A", "-o", "args="]).output()?;
        let folder = self.folder.path().to_string_lossy().into_owned();
        let all = String::from_utf8_lossy(&all.stdout).into_owned();
        let ours = all.lines().filter(|line| line.contains(&folder));
        Ok(ours.map(str::to_owned).collect())
    }
}

/// Copies what is in the repository, not what an earlier demo left there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true if entry.file_name() == "data" => {}
            true => copy(&entry.path(), &target)?,
            false => {
                fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}
