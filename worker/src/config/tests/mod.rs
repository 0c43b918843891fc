//! The configuration from outside: what is said about files, the examples, the documentation.

mod audit;
mod authority;
mod documented;
pub(crate) mod examples;
mod loading;
mod mistakes;
mod rules;
mod stores;

use std::fs;

use super::{Problem, Warning, load};

/// A `trueup.toml` without a mistake.
const SETTINGS: &str = "\
[alerts.channels.finance]
kind = \"slack\"
webhook_url_env = \"TRUEUP_TEST_WEBHOOK_THAT_NOBODY_SETS\"
";

/// A source without a mistake.
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
compare = \"gross\"
[partner.format.csv.fields]
reference = \"Ref\"
invoice = \"Invoice\"
gross = \"Amount\"
currency = { constant = \"EUR\" }
value_date = \"Date\"
fee = \"Fee\"
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

/// All that is said about a folder of these files: problems, or else warnings.
fn said(settings: &str, source: &str) -> Vec<String> {
    let folder = folder(settings, source);
    let line = |level: &str, problem: &Problem| {
        let place = problem.position.as_ref();
        let place = place.map_or("-".to_owned(), |at| format!("{}:{}", at.line, at.column));
        let help = problem
            .help
            .as_ref()
            .map(|help| format!("; {help}"))
            .unwrap_or_default();
        format!("{level} {place} {}{help}", problem.message)
    };
    match load(folder.path()) {
        Ok((_, warnings)) => warnings
            .iter()
            .map(|Warning(w)| line("warning", w))
            .collect(),
        Err(problems) => problems
            .iter()
            .map(|problem| line("error", problem))
            .collect(),
    }
}

/// A configuration folder of these files.
fn folder(settings: &str, source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).expect(file);
    fs::create_dir(folder.path().join("sources")).expect("made");
    write("trueup.toml", settings);
    write("sources/acme.toml", source);
    write(
        "ledger.sql",
        "select * from payments where value_date = :business_date",
    );
    folder
}
