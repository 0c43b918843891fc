//! `trueup audit prove` and `export`: evidence to take away.

use std::path::{Path, PathBuf};

use activities::audit::bundle::{Bundle, BundleProblem, Bundler};
use activities::audit::verify::Verifying;
use anyhow::{Context, bail};
use jiff::civil::Date;
use serde_json::json;

use crate::commands::case::selection::whole_id;
use crate::commands::past_runs::with_result;
use crate::exit::Exit;
use crate::output::say;

/// Writes evidence of one discrepancy, or of the matches of one reference
#[derive(clap::Args, Debug)]
pub struct ProveArguments {
    /// Id of the discrepancy, or its first digits
    #[arg(conflicts_with = "run", required_unless_present = "run")]
    discrepancy: Option<String>,
    /// The run (recon/…) that matched
    #[arg(long, requires = "reference")]
    run: Option<String>,
    /// The reference that it matched by
    #[arg(long, requires = "run")]
    reference: Option<String>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Puts the inputs into it, as they were received
    #[arg(long)]
    with_inputs: bool,
}

/// Writes evidence of whole runs, one file for each
#[derive(clap::Args, Debug)]
pub struct ExportArguments {
    /// One run (recon/…)
    #[arg(long, conflicts_with_all = ["from", "to"])]
    run: Option<String>,
    /// Runs of this business date and later ones
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Runs up to this business date
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Puts the inputs into it, as they were received
    #[arg(long)]
    with_inputs: bool,
}

/// Writes one bundle.
pub(super) async fn prove(
    with: &Verifying,
    arguments: &ProveArguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let bundler = Bundler::new(with, arguments.with_inputs).await?;
    let bundle = match (&arguments.discrepancy, &arguments.run, &arguments.reference) {
        (Some(id), _, _) => {
            let id = whole_id(&with.store, id).await?;
            bundler.discrepancy(&id).await?
        }
        (None, Some(run), Some(reference)) => bundler.matches(run, reference).await?,
        _ => bail!("say which discrepancy, or --run and --reference"),
    };
    write(&arguments.out, &bundle)?;
    said(std::slice::from_ref(&arguments.out), json)
}

/// Writes a bundle for each run.
pub(super) async fn export(
    with: &Verifying,
    arguments: &ExportArguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let runs = match &arguments.run {
        Some(run) => vec![run.clone()],
        None => runs(with, arguments).await?,
    };
    let out = &arguments.out;
    std::fs::create_dir_all(out).with_context(|| format!("can't make {}", out.display()))?;
    let bundler = Bundler::new(with, arguments.with_inputs).await?;
    let mut written = Vec::new();
    for run in runs {
        let bundle = match bundler.run(&run).await {
            // Of several, those that have sealed something.
            Err(BundleProblem::NotSealed(_)) if arguments.run.is_none() => continue,
            bundle => bundle?,
        };
        let path = out.join(format!("{}.json", run.replace('/', "_")));
        write(&path, &bundle)?;
        written.push(path);
    }
    said(&written, json)
}

/// Runs of the days asked for that have a result.
async fn runs(with: &Verifying, arguments: &ExportArguments) -> anyhow::Result<Vec<String>> {
    let is_meant = |day: Date| {
        arguments.from.is_none_or(|from| from <= day) && arguments.to.is_none_or(|to| day <= to)
    };
    let runs = with_result(&with.store, None, is_meant).await?;
    Ok(runs.into_iter().map(|run| run.run_id).collect())
}

fn write(path: &Path, bundle: &Bundle) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(bundle)?;
    std::fs::write(path, text + "\n").with_context(|| format!("can't write {}", path.display()))
}

fn said(written: &[PathBuf], json: bool) -> anyhow::Result<Exit> {
    if json {
        let files: Vec<_> = written
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        say!(
            "{}",
            serde_json::to_string_pretty(&json!({ "files": files }))?
        );
    } else {
        for path in written {
            say!("{}", path.display());
        }
    }
    Ok(Exit::Clean)
}
