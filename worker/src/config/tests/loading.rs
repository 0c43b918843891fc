//! What a folder is read into, and what is missing around it.

use std::fs;

use super::{SETTINGS, SOURCE, folder, said};
use crate::config::load;

#[test]
fn all_problems_of_all_files_are_found_in_one_go() {
    let source = SOURCE
        .replace("title = \"Acme\"", "title = 5")
        .replace("late_days = 2", "late_day = 2")
        .replace("accepted = \"0.01\"", "accepted = 0.01");
    let said = said("[temporal]\nadress = \"localhost:7233\"\n", &source);
    let places: Vec<&str> = said
        .iter()
        .map(|line| &line[..line.len().min(12)])
        .collect();
    assert_eq!(
        places,
        [
            "error 1:9 ex",
            "error 41:12 ",
            "error 45:1 u",
            "error 2:1 un"
        ]
    );
}

#[test]
fn a_problem_is_shown_with_its_line() {
    let folder = folder(SETTINGS, &SOURCE.replace("late_days", "late_day"));
    let problems = load(folder.path()).expect_err("has a problem");
    assert_eq!(
        problems[0].to_string(),
        "error: unknown key `late_day`\n   --> sources/acme.toml:45:1\n   |\n45 | late_day = 2\n   | \
         ^^^^^^^^\n   = help: did you mean `late_days`? known keys: early_days, late_days, unit"
    );
}

#[test]
fn files_that_are_not_there_are_named() {
    let nothing = tempfile::tempdir().expect("a folder");
    let problems = load(nothing.path()).expect_err("nothing is there");
    let files: Vec<&str> = problems
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    assert_eq!(files, ["trueup.toml"]);
    assert!(
        problems[0]
            .help
            .as_deref()
            .is_some_and(|help| help.contains("TRUEUP_CONFIG"))
    );

    let folder = folder(SETTINGS, SOURCE);
    fs::remove_file(folder.path().join("ledger.sql")).expect("was there");
    let problems = load(folder.path()).expect_err("the query is missing");
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].position.as_ref().map(|at| (at.line, at.column)),
        Some((23, 14))
    );
    assert!(problems[0].message.contains("ledger.sql"), "{problems:?}");
}

#[test]
fn names_of_sources_are_checked() {
    let folder = folder(SETTINGS, SOURCE);
    let sources = folder.path().join("sources");
    fs::copy(sources.join("acme.toml"), sources.join("Acme Pay.toml")).expect("copied");
    let problems = load(folder.path()).expect_err("no name of a source");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].file, "sources/Acme Pay.toml");
}

#[test]
fn secrets_that_are_not_set_are_named_with_their_user() {
    let folder = folder(SETTINGS, SOURCE);
    let (configuration, _) = load(folder.path()).expect("is right");
    let missing: Vec<(String, String)> = configuration
        .missing_environment()
        .into_iter()
        .map(|problem| (problem.file, problem.message))
        .collect();
    let expected = |file: &str, variable: &str| {
        (
            file.to_owned(),
            format!("the environment variable {variable} is not set"),
        )
    };
    assert_eq!(
        missing,
        [
            expected("sources/acme.toml", "TRUEUP_TEST_LEDGER_THAT_NOBODY_SETS"),
            expected("trueup.toml", "TRUEUP_TEST_WEBHOOK_THAT_NOBODY_SETS"),
        ]
    );
}

#[test]
fn a_business_day_ends_at_its_cut_off() {
    let folder = folder(SETTINGS, SOURCE);
    let (configuration, _) = load(folder.path()).expect("is right");
    let source = configuration.source("acme").expect("is configured");
    let date_at = |instant: &str| {
        source
            .business_day
            .date_at(instant.parse().expect("an instant"))
            .to_string()
    };
    // 23:00 in Berlin is 22:00 in winter and 21:00 in summer, by UTC.
    assert_eq!(date_at("2026-11-20T21:59:59Z"), "2026-11-20");
    assert_eq!(date_at("2026-11-20T22:00:00Z"), "2026-11-21");
    assert_eq!(date_at("2026-07-20T20:59:59Z"), "2026-07-20");
    assert_eq!(date_at("2026-07-20T21:00:00Z"), "2026-07-21");
}

#[test]
fn an_unknown_source_is_told_what_there_is() {
    let folder = folder(SETTINGS, SOURCE);
    let (configuration, _) = load(folder.path()).expect("is right");
    let unknown = configuration.source("acne").expect_err("is not configured");
    assert_eq!(
        unknown.to_string(),
        "there is no source `acne` (did you mean `acme`?); configured: acme"
    );
}
