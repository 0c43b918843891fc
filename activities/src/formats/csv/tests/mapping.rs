//! Fields by name, alias, occurrence and position; mappings that can't be meant.

use super::super::super::testing::format;
use super::simple;
use crate::formats::Format;

const FIELDS: &str = "[csv.fields]\namount = \"a\"\ncurrency = \"c\"\nvalue_date = \"d\"\n";

/// The message for TOML that is refused while it is read.
fn refused(toml: &str) -> String {
    match toml::from_str::<Format>(toml) {
        Ok(format) => panic!("{toml}\nbecame {format:?}"),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check_refused(toml: &str, line: usize, message: &str) {
    let found = refused(toml);
    assert!(
        found.contains(&format!("line {line},")),
        "line {line} expected:\n{found}"
    );
    assert!(found.contains(message), "{message:?} expected:\n{found}");
}

#[test]
fn a_slip_is_shown_where_it_is() {
    let with = |setting: &str| format!("[csv]\ndelimiter = \";\"\n{setting}\n{FIELDS}");
    check_refused(&with("delimeter = \",\""), 3, "unknown field `delimeter`");
    check_refused(
        &with("quote = \"''\""),
        3,
        "the quote is one ASCII character",
    );
    check_refused(
        &with("encoding = \"latin-99\""),
        3,
        "\"latin-99\" is not an encoding",
    );
    check_refused(
        &with("time_zone = \"Europe/Bonn\""),
        3,
        "not an IANA time zone",
    );
    check_refused(&with("units = \"cents\""), 3, "unknown variant `cents`");
    check_refused(
        &with("decimal_separator = \"0\""),
        3,
        "a separator is one character",
    );
    check_refused(&with("skip = [{ column = \"x\" }]"), 3, "say which rows");
    check_refused(
        &with("totals = [{ column = \"x\", equals = [\"T\"] }]"),
        3,
        "checks something",
    );
    let field = |field: &str| format!("{FIELDS}{field}\n");
    check_refused(
        &field("invoice = { column = \"x\", pattern = \"(\" }"),
        5,
        "regular expression",
    );
    check_refused(
        &field("invoice = { constant = \"x\", column = \"y\" }"),
        5,
        "stands alone",
    );
    check_refused(&field("invoice = { position = 0 }"), 5, "count from 1");
    check_refused(
        &field("invoice = { pattern = \"x\" }"),
        5,
        "say which column",
    );
    check_refused(&field("net = { debit_column = \"x\" }"), 5, "go together");
    check_refused(
        &field("net = { column = \"x\", direction = \"m\" }"),
        5,
        "direction needs credit",
    );
    check_refused(&field("refrence = \"x\""), 5, "unknown field `refrence`");
}

#[test]
fn contradictions_are_told_in_words() {
    let problems = |settings: &str| simple(settings).validate().join("; ");
    assert_eq!(problems(""), "");
    assert!(problems("thousands_separator = \".\"").contains("are the same"));
    assert!(problems("dates = [\"%d.%m.\"]").contains("does not give a full date"));
    assert!(problems("dates = []").contains("dates is empty"));
    assert!(problems("dates = [\"%Q\"]").contains("%Q"));
    assert!(problems("dates = [\"%s\"]").contains("set date_zone"));
    assert!(problems("dates = [\"%Y-%m-%d %H\"]\ndate_zone = \"UTC\"").contains("set time_zone"));
    assert!(problems("time_zone = \"UTC\"").contains("does nothing without date_zone"));
    assert!(problems("delimiter = \"'\"\nquote = \"'\"").contains("same character"));
    assert!(problems("grouping = \"indian\"").contains("needs a thousands_separator"));
    assert!(problems("compare = \"net\"").contains("leave fields.amount out"));
    assert!(problems("no_reference = [\"N/A\", \" \"]").contains("has an empty text"));
    assert_eq!(problems("no_reference = [\"N/A\"]"), "");

    let fields = |fields: &str| {
        format(&format!("[csv.fields]\n{fields}"))
            .validate()
            .join("; ")
    };
    let amounts = "amount = \"a\"\ncurrency = \"c\"\nvalue_date = \"d\"\nclient = \"x\"";
    assert_eq!(fields(amounts), "");
    let lone = format(&format!(
        "[csv]\nno_reference = [\"-\"]\n[csv.fields]\n{amounts}"
    ));
    assert!(
        lone.validate()
            .join("; ")
            .contains("no_reference without a reference")
    );

    let all = fields("");
    for part in [
        "fields.amount is missing",
        "currency once",
        "fields.value_date is missing",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let rest =
        "value_date = \"d\"\ncurrency = { constant = \"euro\" }\nnet = \"n\"\nstatus = \"s\"";
    let all = fields(rest);
    for part in [
        "compare = \"gross\" or",
        "\"euro\" is not a three-letter",
        "needs status_values",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
}

#[test]
fn a_contradictory_mapping_reads_nothing() {
    let found = super::super::super::testing::shown(&simple("dates = []"), b"x");
    assert!(
        found.starts_with("error: file: the mapping of its format cannot be used"),
        "{found}"
    );
}
