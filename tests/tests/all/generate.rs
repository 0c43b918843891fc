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

/// Trouble that must not mislead: whatever else is found, nothing is taken for the same that only
/// looks the same, and what is rightly there twice is no discrepancy.
#[test]
fn look_alikes_and_repeats_are_never_matched_falsely() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let generate = [
        "generate",
        "--out",
        "data",
        "--rows",
        "4000",
        "--trouble",
        "default",
    ];
    let output = trueup(folder.path(), &generate)?;
    assert!(output.status.success(), "{}", printed(&output));
    for (source, extension) in [("acme-pay", "csv"), ("acme-bank", "xml")] {
        let partner = format!("data/partner/{source}-2026-11-20.{extension}");
        let ledger = format!("data/ledger/{source}-2026-11-20.csv");
        let found = format!("data/found/{source}");
        let compare = ["--config", "data", "compare", source];
        let files = ["--partner", &partner, "--ledger", &ledger, "--out", &found];
        let arguments = compare.iter().chain(&files).chain(&["--matches"]);
        let output = trueup(folder.path(), arguments)?;
        assert_eq!(output.status.code(), Some(FOUND), "{}", printed(&output));

        // The folder of truths will do: the result says which source it is of.
        let score = ["score", "data/truth", &found, "--json", "--all"];
        let output = trueup(folder.path(), &score)?;
        assert!(output.status.code() < Some(2), "{}", printed(&output));
        let score: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let troubles = score["troubles"].as_array().context("no troubles")?;
        let of = |name: &str| troubles.iter().find(|of| of["trouble"] == name);
        let repeats = &of("repeat").context("no repeats")?["matches"];
        assert_eq!(repeats["precision"], "100.0000", "{source}");
        assert_eq!(repeats["recall"], "100.0000", "{source}");
        let look_alikes = of("look-alike").context("no look-alikes")?;
        assert_eq!(look_alikes["matches"]["found"], 0, "{source}");
        assert_eq!(
            look_alikes["discrepancies"]["precision"], "100.0000",
            "{source}"
        );
        assert_eq!(
            look_alikes["discrepancies"]["recall"], "100.0000",
            "{source}"
        );
        let of_plain = of("plain").context("nothing plain")?;
        assert_eq!(of_plain["matches"]["precision"], "100.0000", "{source}");
        assert_eq!(of_plain["matches"]["recall"], "100.0000", "{source}");
    }
    Ok(())
}

/// What plain data holds is found exactly, and `score` says so.
#[test]
fn an_exact_result_scores_all_of_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let generate = ["generate", "--out", "data", "--source-kind", "csv"];
    let output = trueup(folder.path(), &generate)?;
    assert!(output.status.success(), "{}", printed(&output));
    let compare = [
        "--config",
        "data",
        "compare",
        "acme-pay",
        "--partner",
        "data/partner/acme-pay-2026-11-20.csv",
        "--ledger",
        "data/ledger/acme-pay-2026-11-20.csv",
        "--out",
        "found",
    ];
    trueup(folder.path(), &compare)?;
    assert!(!folder.path().join("found/matches.csv").exists());
    let score = [
        "score",
        "data/truth/acme-pay.csv",
        "found/discrepancies.csv",
    ];
    let output = trueup(folder.path(), &score)?;
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(
        printed(&output).starts_with("Exact: "),
        "{}",
        printed(&output)
    );
    let output = trueup(folder.path(), &["score", "data/none.csv", "found"])?;
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
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
