//! `trueup report`: all about one run, as a page for people or as files for programs.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use activities::store::Store;
use anyhow::{Context, bail};

use super::values::report_format;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output;
use crate::report::OutputFolder;
use crate::report::run_report::{self, Format, RunReport, SourceFacts};

/// Writes the report of one run: what matched, what differs, who resolved what, whether it
/// balances and who signed it off.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The run (recon/…)
    run: String,
    /// html, csv, xlsx or json; else by the name of the file, else html
    #[arg(long, value_parser = report_format)]
    format: Option<Format>,
    /// The file to write, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes it. Discrepancies do not change the exit code: the report is what was asked for.
///
/// # Errors
/// When there is no such run, the store can't be read or the file can't be written.
pub async fn run(
    store: &Store,
    configuration: &Configuration,
    arguments: Arguments,
    json: bool,
) -> anyhow::Result<Exit> {
    let format = format(&arguments, json)?;
    if arguments.out.is_none() && format == Format::Xlsx && std::io::stdout().is_terminal() {
        bail!("a workbook is no text for a terminal; say --out FILE.xlsx");
    }
    let source = |name: &str| {
        let source = configuration.sources.get(name)?;
        Some(SourceFacts {
            title: source.title.clone(),
            calendar: source.policy.calendar.clone(),
        })
    };
    let now = jiff::Timestamp::now();
    let material = run_report::collect(store, &arguments.run, source, now).await?;
    let report = RunReport::new(material)
        .with_context(|| format!("the totals on record of {} can't be read", arguments.run))?;
    match arguments.out {
        None => output::file(|out| run_report::write(&report, format, out))
            .context("can't write the report")?,
        Some(path) => write_file(&path, &report, format)?,
    }
    Ok(Exit::Clean)
}

fn write_file(path: &Path, report: &RunReport, format: Format) -> anyhow::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{} is no name of a file", path.display()))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    OutputFolder::open(folder)?.write(name, |out| run_report::write(report, format, out))
}

/// What was asked for; else what the file's name ends in.
fn format(arguments: &Arguments, json: bool) -> anyhow::Result<Format> {
    if let Some(format) = arguments.format {
        return Ok(format);
    }
    let Some(path) = &arguments.out else {
        return Ok(if json { Format::Json } else { Format::Html });
    };
    let extension = path.extension().and_then(|extension| extension.to_str());
    let by_name = extension.and_then(|extension| Format::parse(&extension.to_lowercase()));
    match by_name {
        Some(format) => Ok(format),
        None if json => Ok(Format::Json),
        None => bail!(
            "{} does not say what to write; add --format html, csv, xlsx or json",
            path.display()
        ),
    }
}
