//! `trueup generate`, and what `trueup compare` finds in its data: the program as people run it.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result};
use tests::trueup_program;

/// What a comparison exits with when it found discrepancies.
const FOUND: i32 = 1;

#[test]
fn compare_finds_what_generate_put_in() -> Result<()> {
    for seed in ["1", "20261120"] {
        let folder = tempfile::tempdir()?;
        let out = folder.path().join("data");
        let out = out.to_str().context("a temporary folder in UTF-8")?;
        let generate = [
            "generate",
            "--out",
            out,
            "--rows",
            "2000",
            "--per-kind",
            "5",
        ];
        let output = trueup(folder.path(), generate.iter().chain(&["--seed", seed]))?;
        assert!(output.status.success(), "{}", printed(&output));

        for (source, extension) in [("acme-pay", "csv"), ("acme-bank", "xml")] {
            let partner = format!("{out}/partner/{source}-2026-11-20.{extension}");
            let ledger = format!("{out}/ledger/{source}-2026-11-20.csv");
            let found = format!("{out}/found/{source}");
            let compare = [
                "--config",
                out,
                "compare",
                source,
                "--partner",
                &partner,
                "--ledger",
                &ledger,
                "--out",
                &found,
            ];
            let output = trueup(folder.path(), &compare)?;
            assert_eq!(output.status.code(), Some(FOUND), "{}", printed(&output));
            let truth = std::fs::read_to_string(format!("{out}/truth/{source}.csv"))?;
            let truth: Vec<&str> = truth.lines().skip(1).collect();
            assert_eq!(found_in(&found)?, truth, "{source}, seed {seed}");
        }
    }
    Ok(())
}

/// `reference,kind,severity` of every line of `discrepancies.csv`, by its header.
fn found_in(folder: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(folder).join("discrepancies.csv"))?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().context("no header")?.split(',').collect();
    let place = |name| {
        header
            .iter()
            .position(|column| *column == name)
            .context("no column")
    };
    let places = [place("reference")?, place("kind")?, place("severity")?];
    lines
        .map(|line| {
            // These columns come before any that may be quoted.
            let fields: Vec<&str> = line.split(',').collect();
            let wanted: Option<Vec<&str>> = places
                .iter()
                .map(|place| fields.get(*place).copied())
                .collect();
            Ok(wanted.context("a short line")?.join(","))
        })
        .collect()
}

fn trueup<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a &'a str>) -> Result<Output> {
    let mut command = Command::new(trueup_program()?);
    command
        .current_dir(folder)
        .env_remove("TRUEUP_CONFIG")
        .args(arguments);
    Ok(command.output()?)
}

fn printed(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}
