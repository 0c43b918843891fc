//! Every mistake has its message, at its place; what is right is read as it was meant.

use std::fs;
use std::path::Path;

use crate::config::load;

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

/// Loads a folder of these files; what is said about it, problems or warnings, as text.
fn said(settings: &str, source: &str) -> String {
    let folder = folder(settings, source);
    match load(folder.path()) {
        Ok((_, warnings)) => {
            warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
        }
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"),
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

/// Replaces `right` in the source file by `wrong`; what is said must be exactly `expected`.
fn check(right: &str, wrong: &str, expected: &str) {
    assert!(SOURCE.contains(right), "{right:?} is not in the file");
    let said = said(SETTINGS, &SOURCE.replacen(right, wrong, 1));
    assert_eq!(said, expected, "{wrong}");
}

#[test]
fn what_is_right_has_nothing_said_about_it() {
    assert_eq!(said(SETTINGS, SOURCE), "");
}

#[test]
#[ignore]
fn show() {
    for (r, w) in [
        ("title = \"Acme\"\n", ""),
        ("title =", "titel ="),
        ("late_days", "late_day"),
        ("kind = \"file\"", "kind = \"ftp\""),
        ("{business_date}", "{date}"),
        ("delimiter = \";\"", "delimiter = \";;\""),
        ("delimiter = \";\"", "delimiter = 5"),
        ("reference = \"Ref\"", "refrence = \"Ref\""),
        ("amount = \"Amount\"\n", ""),
        ("csv.fields]\nreference = \"Ref\"", "csv.fields]\nreference = { colum = \"Ref\" }"),
        ("[partner.format.csv]", "[partner.format.cvs]"),
        ("accepted = \"0.01\"", "accepted = 0.01"),
        ("accepted = \"0.01\"", "accepted = \"0,01\""),
        ("accepted = \"0.01\"", "accepted = \"0.10\""),
        ("accepted = \"0.01\"", "accepted = \"-0.01\""),
        ("[tolerances.EUR]", "[tolerances.eur]"),
        ("[tolerances.EUR]", "[tolerances.EUX]"),
        ("[tolerances.EUR]", "[tolerances.USD]"),
        ("Europe/Berlin", "Europe/Berlni"),
        ("cut_off = \"23:00\"", "cut_off = \"25:00\""),
        ("cut_off = \"23:00\"", "cut_off = 23:00:00"),
        ("on = [\"reference\"]", "on = [\"referense\"]"),
        ("on = [\"reference\"]", "on = [\"order\"]"),
        ("on = [\"reference\"]", "on = []"),
        ("invoice = \"invoice\"\n", ""),
        ("name = \"invoice\"", "name = \"reference\""),
        ("on = [\"invoice\"]", "on = [\"reference\", \"invoice\"]"),
        ("holidays = [2026-12-25,", "holidays = [2026-12-32,"),
        ("holidays = [2026-12-25,", "holidays = [\"25.12.2026\","),
        ("holidays =", "days_off = [\"sat\"]\nholidays ="),
        ("kinds = [\"missing_at_partner\"]", "kinds = [\"missing\"]"),
        ("severity = \"critical\"", "severity = \"urgent\""),
        ("channels = [\"finance\"]", "channels = [\"finanz\"]"),
        ("channels = [\"finance\"]", "channels = []"),
        ("ledger.sql", "ledgr.sql"),
        ("EUR = \"1000.00\"\n", ""),
        ("percent = \"1.4\"", "percent = \"140\""),
        ("late_days = 2", "late_days = 9999"),
        ("late_days = 2", "late_days = -2"),
        ("[[alerts]]", "[[severity]]\nkinds = [\"missing_at_partner\"]\namount_from = \"10.00\"\nseverity = \"high\"\n\n[[alerts]]"),
        ("[[alerts]]\nseverity_from = \"high\"\nchannels = [\"finance\"]\n", ""),
        ("title = \"Acme\"", "title = Acme"),
    ] {
        assert!(SOURCE.contains(r), "{r}");
        println!("=== {w:?}\n{}\n", said(SETTINGS, &SOURCE.replacen(r, w, 1)));
    }
}

fn _unused(_: &Path) { check("", "", "") }
