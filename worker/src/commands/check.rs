//! `trueup check`: validates the configuration, and says what it does.

use std::path::Path;

use serde::Serialize;

use crate::config::{self, Problem, SourceWords, Warning, describe};
use crate::exit::Exit;
use crate::output::say;

/// Checks the configuration and says in words what each source does
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Describe only this source; all files are checked
    source: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    problems: &'a [Problem],
    warnings: &'a [Warning],
    sources: Vec<SourceWords>,
}

/// Prints every problem (exit 2), or the warnings and what the sources do (exit 0).
///
/// # Errors
/// Standard output can't be written.
pub fn run(folder: &Path, arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let (problems, warnings, sources) = match config::load(folder) {
        Err(problems) => (problems, Vec::new(), Vec::new()),
        Ok((configuration, mut warnings)) => {
            warnings.extend(configuration.missing_environment().into_iter().map(Warning));
            if let Some(name) = &arguments.source {
                configuration.source(name)?;
            }
            let sources = describe(&configuration, arguments.source.as_deref());
            (Vec::new(), warnings, sources)
        }
    };
    let exit = if problems.is_empty() {
        Exit::Clean
    } else {
        Exit::Error
    };
    if json {
        let report = Report {
            problems: &problems,
            warnings: &warnings,
            sources,
        };
        say!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(exit);
    }
    for problem in &problems {
        eprintln!("{problem}\n");
    }
    for warning in &warnings {
        eprintln!("{warning}\n");
    }
    for source in &sources {
        say!("{source}");
    }
    say!("{}", verdict(folder, problems.len(), warnings.len()));
    Ok(exit)
}

fn verdict(folder: &Path, problems: usize, warnings: usize) -> String {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let folder = folder.display();
    match (problems, warnings) {
        (0, 0) => format!("{folder}: no problems"),
        (0, _) => format!("{folder}: usable, {}", counted(warnings, "warning")),
        _ => format!("{folder}: not usable, {}", counted(problems, "problem")),
    }
}
