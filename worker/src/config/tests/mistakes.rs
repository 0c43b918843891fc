//! Every mistake has its message, at its place; what is right is read as it was meant.

use std::fs;

use crate::config::{Problem, Warning, load};

const SETTINGS: &str = "\
[alerts.channels.finance]
kind = \"slack\"
webhook_url_env = \"TRUEUP_TEST_WEBHOOK_THAT_NOBODY_SETS\"
";

const SOURCE: &str = "\
title = \"Acme\"
time_zone = \"Europe/Berlin\"
cut_off = \"23:00\"
settlement_window_days = 2

[partner.transport]
kind = \"file\"
path = \"acme-{business_date}.csv\"

[partner.format.csv]
delimiter = \";\"

[partner.format.csv.fields]
reference = \"Ref\"
invoice = \"Invoice\"
amount = \"Amount\"
currency = { constant = \"EUR\" }
value_date = \"Date\"

[ledger.transport]
kind = \"postgres\"
url_env = \"TRUEUP_TEST_LEDGER_THAT_NOBODY_SETS\"
query_file = \"ledger.sql\"

[ledger.format.csv.fields]
reference = \"ref\"
invoice = \"invoice\"
amount = \"amount\"
currency = \"currency\"
value_date = \"date\"

[[rules]]
name = \"reference\"
on = [\"reference\"]

[[rules]]
name = \"invoice\"
on = [\"invoice\"]

[tolerances.EUR]
accepted = \"0.01\"
rounding = \"0.05\"

[dates]
late_days = 2
unit = \"business\"

[calendar]
holidays = [2026-12-25, \"2027-01-01\"]

[agreed_fee]
percent = \"1.4\"
fixed = { EUR = \"0.25\" }

[materiality]
EUR = \"1000.00\"

[[severity]]
kinds = [\"missing_at_partner\"]
amount_from = \"5.00\"
severity = \"critical\"

[[alerts]]
severity_from = \"high\"
channels = [\"finance\"]
";

/// What is replaced in the source's file, by what, and all that is then said: level, line, column,
/// what is wrong; what would be right. A list of names that is long ends in `…`.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        "title = \"Acme\"\n",
        "",
        &[
            "error - missing key `title`; add `title` at the top of the file",
        ],
    ),
    (
        "title =",
        "titel =",
        &[
            "error - missing key `title`; add `title` at the top of the file",
            "error 1:1 unknown key `titel`; did you mean `title`? known keys: title, …",
        ],
    ),
    (
        "late_days",
        "late_day",
        &[
            "error 45:1 unknown key `late_day`; did you mean `late_days`? known keys: \
             early_days, late_days, unit",
        ],
    ),
    (
        "kind = \"file\"",
        "kind = \"ftp\"",
        &[
            "error 7:8 unknown value `ftp`; known values: file, postgres",
        ],
    ),
    (
        "{business_date}",
        "{date}",
        &[
            "error 8:8 placeholder {date} is unknown; use {business_date}, \
             {business_date_compact}, {year}, {month}, {day}, {client}, {invoice}",
        ],
    ),
    (
        "delimiter = \";\"",
        "delimiter = \";;\"",
        &[
            "error 11:13 the delimiter is one ASCII character, or \"tab\"",
        ],
    ),
    (
        "delimiter = \";\"",
        "delimiter = 5",
        &[
            "error 11:13 expected a text in quotes, found integer `5`",
        ],
    ),
    (
        "reference = \"Ref\"",
        "refrence = \"Ref\"",
        &[
            "error 14:1 unknown key `refrence`; did you mean `reference`? known keys: reference, \
             invoice …",
        ],
    ),
    (
        "amount = \"Amount\"\n",
        "",
        &[
            "error 10:1 fields.amount is missing: name the column of the amount",
        ],
    ),
    (
        "reference = \"Ref\"",
        "reference = { colum = \"Ref\" }",
        &[
            "error 14:15 unknown key `colum`; did you mean `column`? known keys: column, \
             occurrence, position, constant, pattern, optional",
        ],
    ),
    (
        "[partner.format.csv]",
        "[partner.format.cvs]",
        &[
            "error 10:10 expected one of these, not all: csv, cvs",
        ],
    ),
    (
        "[ledger.format.csv.fields]",
        "[ledger.format.camt053]\n[ledger.format.csv.fields]",
        &[
            "error 25:9 expected one of these, not all: camt053, csv",
        ],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = 0.01",
        &[
            "error 41:12 expected an amount in quotes (\"0.01\"), found floating point `0.01`",
        ],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = \"0,01\"",
        &[
            "error 41:12 `0,01` is not an amount: not a plain decimal number; write digits as in \
             `1234.56`",
        ],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = \"0.10\"",
        &[
            "error 42:12 `rounding` (0.05) is below `accepted` (0.1): nothing is rounding then; \
             `accepted` is a match, up to `rounding` is a rounding discrepancy: make it larger",
        ],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = \"-0.01\"",
        &[
            "error 41:12 `-0.01` is negative; give the size of the amount, without a sign",
        ],
    ),
    (
        "[tolerances.EUR]",
        "[tolerances.eur]",
        &[
            "error 40:1 write the currency `eur` as `EUR`",
        ],
    ),
    (
        "[tolerances.EUR]",
        "[tolerances.EUX]",
        &[
            "warning 40:1 `EUX` is not a currency of ISO 4217; a private code counts two decimals",
            "warning 40:1 no materiality for EUX: every missing cent is critical; set `EUX` in \
             `[materiality]`, as `EUX = \"1000.00\"`",
        ],
    ),
    (
        "Europe/Berlin",
        "Europe/Berlni",
        &[
            "error 2:13 unknown time zone `Europe/Berlni`; did you mean `Europe/Berlin`?",
        ],
    ),
    (
        "\"23:00\"",
        "\"25:00\"",
        &[
            "error 3:11 `25:00` is not a time of day: write hours:minutes, as 23:30",
        ],
    ),
    (
        "on = [\"reference\"]",
        "on = [\"referense\"]",
        &[
            "error 34:7 unknown kind of reference `referense`; did you mean `reference`? one of: \
             reference, invoice …",
        ],
    ),
    (
        "on = [\"reference\"]",
        "on = [\"order\"]",
        &[
            "error 34:7 this rule never matches: neither side has `order`; map `order` on both \
             sides, or match on what they have",
        ],
    ),
    (
        "on = [\"reference\"]",
        "on = []",
        &[
            "error 34:6 a rule needs at least one reference; for example `on = [\"reference\"]`",
        ],
    ),
    (
        "invoice = \"invoice\"\n",
        "",
        &[
            "error 37:7 this rule never matches: the ledger has no `invoice`; map `invoice` on \
             both sides, or match on what they have",
        ],
    ),
    (
        "name = \"invoice\"",
        "name = \"reference\"",
        &[
            "error 37:8 there is another rule `reference`; give each rule a name of its own",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"reference\"]",
        &[
            "warning 38:6 this rule never decides: `reference` has decided before; match on \
             something else, or drop it",
        ],
    ),
    (
        "2026-12-25",
        "2026-12-32",
        &[
            "error 49:13 not TOML: invalid date, expected day between 01 and 31",
        ],
    ),
    (
        "2026-12-25",
        "\"25.12.2026\"",
        &[
            "error 49:13 `25.12.2026` is not a date: write year-month-day, as 2026-12-25",
        ],
    ),
    (
        "[calendar]",
        "[calendar]\ndays_off = [\"sat\"]",
        &[
            "error 49:13 unknown day of the week `sat`; one of: monday, tuesday, wednesday, \
             thursday, friday, saturday, sunday",
        ],
    ),
    (
        "[calendar]",
        "[calendar]\ndays_off = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \
         \"friday\", \"saturday\", \"sunday\"]",
        &[
            "error 49:12 every day of the week is a day off; leave at least one day on which the \
             partner settles",
        ],
    ),
    (
        "kinds = [\"missing_at_partner\"]",
        "kinds = [\"missing\"]",
        &[
            "error 59:10 unknown kind of discrepancy `missing`; one of: statement_out …",
        ],
    ),
    (
        "severity = \"critical\"",
        "severity = \"urgent\"",
        &[
            "error 61:12 unknown severity `urgent`; one of: low, high, critical",
        ],
    ),
    (
        "[\"finance\"]",
        "[\"finanz\"]",
        &[
            "error 65:13 no channel `finanz`; did you mean `finance`? channels in trueup.toml: \
             finance",
        ],
    ),
    (
        "[\"finance\"]",
        "[]",
        &[
            "error 65:12 a route needs at least one channel; channels in trueup.toml: finance",
        ],
    ),
    (
        "EUR = \"1000.00\"\n",
        "",
        &[
            "warning 40:1 no materiality for EUR: every missing cent is critical; set `EUR` in \
             `[materiality]`, as `EUR = \"1000.00\"`",
        ],
    ),
    (
        "percent = \"1.4\"",
        "percent = \"140\"",
        &[
            "error 52:11 a fee of 140 per cent can't be meant; `percent = \"2.9\"` is 2.9 % of \
             the gross",
        ],
    ),
    (
        "late_days = 2",
        "late_days = 9999",
        &[
            "error 45:13 a window of 9999 days can't be meant; at most 366 days",
        ],
    ),
    (
        "late_days = 2",
        "late_days = -2",
        &[
            "error 45:13 expected a whole number from 0 up, found integer `-2`",
        ],
    ),
    (
        "unit = \"business\"",
        "unit = \"days\"",
        &[
            "error 46:8 unknown unit of days `days`; one of: calendar, business",
        ],
    ),
    (
        "[[alerts]]",
        "[[severity]]\nkinds = [\"missing_at_partner\"]\namount_from = \"9.00\"\nseverity = \
         \"high\"\n\n[[alerts]]",
        &[
            "warning 63:1 this severity rule never decides: rule 1 of this list takes all that \
             it would; put the narrower rule first, or drop it",
        ],
    ),
    (
        "title = \"Acme\"",
        "title = Acme",
        &[
            "error 1:9 not TOML: string values must be quoted, expected literal string",
        ],
    ),
];

#[test]
fn every_mistake_has_its_message_at_its_place() {
    for (right, wrong, expected) in MISTAKES {
        assert!(SOURCE.contains(right), "{right:?} is not in the file");
        let said = said(SETTINGS, &SOURCE.replacen(right, wrong, 1));
        let fits = |(said, expected): (&String, &&str)| match expected.strip_suffix(" …") {
            Some(start) => said.starts_with(start),
            None => said == expected,
        };
        let all_fit = said.len() == expected.len() && said.iter().zip(*expected).all(fits);
        assert!(all_fit, "{wrong:?}\nsaid     {said:#?}\nexpected {expected:#?}");
    }
}

#[test]
fn what_is_right_has_nothing_said_about_it() {
    assert_eq!(said(SETTINGS, SOURCE), Vec::<String>::new());
    assert_eq!(said("", &SOURCE.replace("channels = [\"finance\"]", "channels = []")).len(), 1);
}

#[test]
fn all_problems_of_all_files_are_found_in_one_go() {
    let source = SOURCE
        .replace("title = \"Acme\"", "title = 5")
        .replace("late_days = 2", "late_day = 2")
        .replace("accepted = \"0.01\"", "accepted = 0.01");
    let said = said("[temporal]\nadress = \"localhost:7233\"\n", &source);
    let places: Vec<&str> = said.iter().map(|line| &line[..line.len().min(12)]).collect();
    assert_eq!(places, ["error 1:9 ex", "error 41:12 ", "error 45:1 u", "error 2:1 un"]);
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
    let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["sources", "trueup.toml"]);
    assert!(problems[1].help.as_deref().is_some_and(|help| help.contains("TRUEUP_CONFIG")));

    let folder = folder(SETTINGS, SOURCE);
    fs::remove_file(folder.path().join("ledger.sql")).expect("was there");
    let problems = load(folder.path()).expect_err("the query is missing");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].position.as_ref().map(|at| (at.line, at.column)), Some((23, 14)));
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
        (file.to_owned(), format!("the environment variable {variable} is not set"))
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
        source.business_date_at(instant.parse().expect("an instant")).to_string()
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

/// All that is said about a folder of these files: problems, or else warnings.
fn said(settings: &str, source: &str) -> Vec<String> {
    let folder = folder(settings, source);
    let line = |level: &str, problem: &Problem| {
        let place = problem.position.as_ref();
        let place = place.map_or("-".to_owned(), |at| format!("{}:{}", at.line, at.column));
        let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{level} {place} {}{help}", problem.message)
    };
    match load(folder.path()) {
        Ok((_, warnings)) => warnings.iter().map(|Warning(w)| line("warning", w)).collect(),
        Err(problems) => problems.iter().map(|problem| line("error", problem)).collect(),
    }
}

fn folder(settings: &str, source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).expect(file);
    fs::create_dir(folder.path().join("sources")).expect("made");
    write("trueup.toml", settings);
    write("sources/acme.toml", source);
    write("ledger.sql", "select * from payments where value_date = :business_date");
    folder
}
