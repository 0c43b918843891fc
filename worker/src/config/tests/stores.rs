//! Which store is meant, and what is said where none can be.

use std::path::Path;

use activities::store::DynamoConfig;

use super::{SETTINGS, SOURCE, folder, said};
use crate::config::{Store, StoreKind, load};

/// What is above `[alerts]` in `trueup.toml`, and all that is then said.
const MISTAKES: &[(&str, &[&str])] = &[
    (
        "store = \"dynamo\"\n",
        &["error 1:9 unknown store `dynamo`; did you mean `dynamodb`? one of: sqlite, dynamodb"],
    ),
    (
        "store = 5\n",
        &[
            "error 1:9 expected the name of a store in quotes (\"sqlite\", \"dynamodb\"), found \
           integer `5`",
        ],
    ),
    (
        "[store]\nfile = \"a.db\"\n",
        &["error 2:1 unknown key `file`; known keys: sqlite"],
    ),
    (
        "[store]\nsqlite = \"a.db\"\n[sqlite]\nfile = \"b.db\"\n",
        &[
            "error 2:10 the SQLite file is named twice; keep `file` in `[sqlite]`, and drop \
           `[store]`",
        ],
    ),
    (
        "[dynamodb]\ntabel = \"a\"\n",
        &[
            "error 2:1 unknown key `tabel`; did you mean `table`? known keys: table, endpoint, \
           region",
        ],
    ),
    (
        "[dynamodb]\ntable = \"a b\"\nregion = \"Frankfurt\"\nendpoint = \"127.0.0.1:8000\"\n",
        &[
            "error 2:9 `a b` can't be the name of a table; use letters, digits, `_`, `-` and `.`, \
             from 3 to 255 of them",
            "error 3:10 `Frankfurt` is not an AWS region; write it as in `eu-central-1`",
            "error 4:12 `127.0.0.1:8000` is not the address of a service; write it as in \
             `http://127.0.0.1:8000`",
        ],
    ),
    (
        "[dynamodb]\nendpoint = \"http://dynamodb:8000\"\n",
        &[
            "warning 2:12 what is on record goes to another machine unencrypted; use https://, or a \
           network that is yours alone",
        ],
    ),
    ("[dynamodb]\nendpoint = \"http://[::1]:8000/\"\n", &[]),
    (
        "[dynamodb]\nendpoint = \"https://dynamodb.eu-central-1.amazonaws.com\"\n",
        &[],
    ),
];

#[test]
fn every_mistake_about_a_store_has_its_message() {
    for (wrong, expected) in MISTAKES {
        let said = said(&format!("{wrong}\n{SETTINGS}"), SOURCE);
        assert_eq!(said, *expected, "{wrong}");
    }
}

#[test]
fn a_store_is_chosen_by_name_and_found_in_its_place() {
    let store = |settings: &str| -> (Store, String) {
        let folder = folder(&format!("{settings}\n{SETTINGS}"), SOURCE);
        let (configuration, warnings) = load(folder.path()).expect("is right");
        assert!(warnings.is_empty(), "{settings}: {warnings:?}");
        let file = &configuration.store.sqlite;
        let file = file.strip_prefix(folder.path()).unwrap_or(file);
        let file = file.display().to_string();
        (configuration.store, file)
    };
    let file_of = |settings: &str| {
        let (store, file) = store(settings);
        assert_eq!(store.kind, StoreKind::Sqlite, "{settings}");
        file
    };
    assert_eq!(file_of(""), "data/trueup.db");
    assert_eq!(file_of("store = \"sqlite\"\n"), "data/trueup.db");
    assert_eq!(file_of("[sqlite]\nfile = \"a.db\"\n"), "a.db");
    assert_eq!(file_of("[store]\nsqlite = \"/srv/a.db\"\n"), "/srv/a.db");

    let (dynamodb, _) = store("store = \"dynamodb\"\n");
    assert_eq!(dynamodb.kind, StoreKind::Dynamodb);
    assert_eq!(dynamodb.dynamodb, DynamoConfig::default());
    assert!(dynamodb.sqlite.ends_with(Path::new("data/trueup.db")));
    let (elsewhere, _) = store(
        "store = \"dynamodb\"\n[dynamodb]\ntable = \"books\"\nregion = \"eu-west-1\"\n\
         endpoint = \"http://127.0.0.1:8000\"\n",
    );
    assert_eq!(
        elsewhere.dynamodb,
        DynamoConfig {
            table: "books".to_owned(),
            endpoint: Some("http://127.0.0.1:8000".to_owned()),
            region: Some("eu-west-1".to_owned()),
        }
    );
}
