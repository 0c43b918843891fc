//! `docs/configuration.md` lists every key there is, and no other.
//!
//! What there is, is asked from the reader itself: an unknown key makes it list the known ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::document::Document;
use crate::config::settings_file::SettingsFile;
use crate::config::source_file::SourceFile;

const DOCUMENTATION: &str = include_str!("../../../../docs/configuration.md");

/// A heading of the documentation, and a text whose key `probe` is in the table it is about.
const SETTINGS: &[(&str, &str)] = &[
    ("`[temporal]`", "[temporal]\nprobe = 1"),
    ("`[sqlite]`", "[sqlite]\nprobe = 1"),
    ("`[dynamodb]`", "[dynamodb]\nprobe = 1"),
    ("`[store]`", "[store]\nprobe = 1"),
    ("`[staging]`", "[staging]\nprobe = 1"),
    ("`[encryption]`", "[encryption]\nprobe = 1"),
    ("`[alerts]`", "[alerts]\nprobe = 1"),
    (
        "`[alerts.channels.<name>]`, `kind = \"slack\"`",
        "[alerts.channels.a]\nkind = \"slack\"\nwebhook_url_env = \"A\"\nprobe = 1",
    ),
    (
        "`[alerts.channels.<name>]`, `kind = \"email\"`",
        "[alerts.channels.a]\nkind = \"email\"\nhost = \"a\"\nfrom = \"a\"\nto = []\nprobe = 1",
    ),
    (
        "`[alerts.channels.<name>.quiet_hours]`",
        "[alerts.channels]\na = { kind = \"slack\", webhook_url_env = \"A\", \
         quiet_hours = { from = \"20:00\", to = \"07:00\", probe = 1 } }",
    ),
    ("`[audit]`", "[audit]\nprobe = 1"),
    ("`[limits]`", "[limits]\nprobe = 1"),
    ("`[work]`", "[work]\nprobe = 1"),
    ("`[people.<name>]`", "[people.a]\nprobe = 1"),
    ("`[[authority]]`", "[[authority]]\nprobe = 1"),
    ("`[[delegations]]`", "[[delegations]]\nprobe = 1"),
];

const SOURCES: &[(&str, &str)] = &[
    ("The source", "probe = 1"),
    ("`[partner]` and `[ledger]`", "[partner]\nprobe = 1"),
    (
        "`[<side>.transport]`, `kind = \"file\"`",
        "[partner.transport]\nkind = \"file\"\npath = \"a\"\nprobe = 1",
    ),
    (
        "`[<side>.transport]`, `kind = \"postgres\"`",
        "[partner.transport]\nkind = \"postgres\"\nurl_env = \"A\"\nquery_file = \"a\"\nprobe = 1",
    ),
    ("`[<side>.format.csv]`", "[partner.format.csv]\nprobe = 1"),
    (
        "`[<side>.format.csv.fields]`",
        "[partner.format.csv.fields]\nprobe = 1",
    ),
    (
        "A text field",
        "[partner.format.csv.fields]\nreference = { probe = 1 }",
    ),
    (
        "An amount field",
        "[partner.format.csv.fields]\namount = { probe = 1 }",
    ),
    (
        "`[<side>.format.csv.status_values]`",
        "[partner.format.csv.status_values]\nprobe = 1",
    ),
    (
        "`[[<side>.format.csv.skip]]`",
        "[[partner.format.csv.skip]]\nprobe = 1",
    ),
    (
        "`[[<side>.format.csv.totals]]`",
        "[[partner.format.csv.totals]]\nprobe = 1",
    ),
    (
        "`[<side>.format.camt053]`",
        "[partner.format.camt053]\nprobe = 1",
    ),
    (
        "Elements to look into",
        "[partner.format.camt053]\ninvoice = { probe = 1 }",
    ),
    ("`[[rules]]`", "[[rules]]\nprobe = 1"),
    ("A key", "[[rules]]\non = [{ probe = 1 }]"),
    (
        "A side of a key",
        "[[rules]]\non = [{ partner = { probe = 1 } }]",
    ),
    (
        "A step",
        "[[rules]]\non = [{ field = \"invoice\", normalise = [{ probe = 1 }] }]",
    ),
    ("`[tolerances.<currency>]`", "[tolerances.EUR]\nprobe = 1"),
    ("`[dates]`", "[dates]\nprobe = 1"),
    ("`[calendar]`", "[calendar]\nprobe = 1"),
    ("`[agreed_fee]`", "[agreed_fee]\nprobe = 1"),
    ("`[[severity]]`", "[[severity]]\nprobe = 1"),
    ("`[[approval]]`", "[[approval]]\nprobe = 1"),
    ("`[[alerts]]`", "[[alerts]]\nprobe = 1"),
    ("`[digest]`", "[digest]\nprobe = 1"),
    ("`[causes]`", "[causes]\nprobe = 1"),
    ("`[[escalation]]`", "[[escalation]]\nprobe = 1"),
];

#[test]
fn every_key_is_documented_and_every_documented_key_exists() {
    let documented = documented();
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (heading, text) in SETTINGS {
        known.insert(heading, known_keys::<SettingsFile>(text));
    }
    for (heading, text) in SOURCES {
        known.insert(heading, known_keys::<SourceFile>(text));
    }
    let headings: BTreeSet<&str> = documented.keys().copied().collect();
    assert_eq!(headings, known.keys().copied().collect(), "tables");
    for (heading, keys) in known {
        assert_eq!(documented[heading], keys, "keys of {heading}");
    }
}

fn known_keys<T: serde::de::DeserializeOwned>(text: &str) -> BTreeSet<String> {
    let Err(problems) = Document::new("probe.toml", text).read::<T>() else {
        panic!("{text:?} was accepted");
    };
    let problem = problems
        .iter()
        .find(|problem| problem.message == "unknown key `probe`");
    let help = problem.and_then(|problem| problem.help.as_deref());
    let help = help.unwrap_or_else(|| panic!("{text:?}: {problems:?}"));
    let (_, keys) = help
        .split_once("known keys: ")
        .expect("lists the known keys");
    let keys = keys.split(", ").map(str::to_owned);
    // The key that chooses a variant is taken before the others are looked at.
    keys.chain(text.contains("\nkind =").then(|| "kind".to_owned()))
        .collect()
}

/// The keys in the first column of each table of keys, by heading.
fn documented() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let (mut heading, mut in_keys) = ("", false);
    for line in DOCUMENTATION.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            heading = title;
        }
        in_keys = line.starts_with("| key |") || (in_keys && line.starts_with('|'));
        if let Some(key) = line.strip_prefix("| `").filter(|_| in_keys) {
            let (key, _) = key.split_once('`').expect("a key is in backticks");
            found.entry(heading).or_default().insert(key.to_owned());
        }
    }
    found
}
