//! Who may do what: what a right file is read into, and what is said about a wrong one.

use domain::case::{Action, Approval, ApprovalRule, Authority, Delegation, Grant, ResolutionKind};
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency};
use jiff::civil::date;

use super::{SETTINGS, SOURCE, folder, said};
use crate::config::{describe, load};

/// Added to a `trueup.toml` without a mistake; its first line is line 5.
const AUTHORITY: &str = "
[people.alice]
roles = [\"accountant\"]

[people.\"bob@example.com\"]

[people.carol]
roles = [\"controller\"]

[[authority]]
role = \"*\"
actions = [\"comment\"]

[[authority]]
role = \"accountant\"
actions = [\"resolve\", \"reopen\"]
sources = [\"acme\"]
kinds = [\"rounding\"]
resolutions = [\"accept\"]
amount_up_to = { EUR = \"1000.00\" }

[[authority]]
role = \"controller\"
actions = [\"sign_off\"]

[[delegations]]
from = \"carol\"
to = \"bob@example.com\"
until = 2026-12-31
";

/// What is replaced, by what, and all that is then said.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        "[people.alice]\nroles = [\"accountant\"]",
        "[people.alice]",
        &[
            "warning 5:1 `alice` has no role, and acts for nobody; give `roles`, as `roles = \
             [\"accountant\"]`",
            "warning 17:8 nobody has the role `accountant`; give it to somebody in \
             `[people.<name>]`",
        ],
    ),
    (
        "roles = [\"accountant\"]",
        "roles = [\"acountant\"]",
        &[
            "warning 6:10 nothing is granted to the role `acountant`; did you mean `accountant`? \
             add `[[authority]]` with this `role`, or drop it",
            "warning 18:8 nobody has the role `accountant`; did you mean `acountant`? give it to \
             somebody in `[people.<name>]`",
        ],
    ),
    (
        "roles = [\"accountant\"]",
        "roles = [\"accountant\", \"*\"]",
        &[
            "error 6:24 `*` is no role that a person is given; name one; what is granted to `*` \
             everybody may do anyway",
        ],
    ),
    (
        "[people.alice]",
        "[people.Carol]\n[people.alice]",
        &[
            "error 11:1 `carol` and `Carol` are taken for the same person; capital letters make \
             no other person: keep one of them",
        ],
    ),
    (
        "[people.alice]",
        "[people.trueup]",
        &["error 5:1 `people`: trueup is no person; give a person's name"],
    ),
    (
        "actions = [\"comment\"]",
        "actions = [\"coment\"]",
        &["error 15:12 unknown action `coment`; did you mean `comment`? one of: assign, …"],
    ),
    (
        "actions = [\"comment\"]",
        "actions = []",
        &["error 15:11 this line grants no action; for example `actions = [\"resolve\"]`"],
    ),
    (
        "actions = [\"comment\"]\n",
        "",
        &["error 13:1 missing key `actions`; add `actions` to this table"],
    ),
    (
        "actions = [\"resolve\", \"reopen\"]",
        "actions = [\"reopen\"]",
        &[
            "error 22:15 `resolutions` limits nothing that this line grants; only `resolve` and \
             `approve` are limited by it: drop it, or grant one of them",
        ],
    ),
    (
        "actions = [\"sign_off\"]",
        "actions = [\"approve\", \"sign_off\"]\nkinds = [\"rounding\"]",
        &[
            "error 27:23 a run has no kind, resolution or amount: this line grants no sign_off; \
             grant `sign_off` in an `[[authority]]` of its own",
        ],
    ),
    (
        "sources = [\"acme\"]",
        "sources = [\"acne\"]",
        &["error 20:12 there is no source `acne`; did you mean `acme`? sources: acme"],
    ),
    (
        "EUR = \"1000.00\"",
        "EUR = \"-1000.00\"",
        &["error 23:24 `-1000` is negative; give the size of the amount, without a sign"],
    ),
    (
        "EUR = \"1000.00\"",
        "EUX = \"1000.00\"",
        &["warning 23:24 `EUX` is not a currency of ISO 4217; a private code counts two decimals"],
    ),
    (
        "from = \"carol\"",
        "from = \"carl\"",
        &[
            "error 30:8 nobody is called `carl`; did you mean `carol`? people are those in \
             `[people.<name>]`",
        ],
    ),
    (
        "to = \"bob@example.com\"",
        "to = \"carol\"",
        &["error 31:6 nobody acts for themselves; name another person, or drop the delegation"],
    ),
    (
        "from = \"carol\"\nto = \"bob@example.com\"",
        "from = \"bob@example.com\"\nto = \"carol\"",
        &[
            "warning 8:1 `bob@example.com` has no role, and acts for nobody; give `roles`, as \
             `roles = [\"accountant\"]`",
            "warning 30:8 `bob@example.com` has no role to hand on; only a person's own roles \
             are handed on",
        ],
    ),
    (
        "until = 2026-12-31",
        "until = \"soon\"",
        &["error 32:9 `soon` is not a date: write year-month-day, as 2026-12-25"],
    ),
];

#[test]
fn every_mistake_has_its_message_at_its_place() {
    let mut unexpected = Vec::new();
    for (right, wrong, expected) in MISTAKES {
        assert!(AUTHORITY.contains(right), "{right:?} is not in the file");
        let settings = format!("{SETTINGS}{}", AUTHORITY.replacen(right, wrong, 1));
        let said = said(&settings, SOURCE);
        let fits = |(said, expected): (&String, &&str)| match expected.strip_suffix(" …") {
            Some(start) => said.starts_with(start),
            None => said == expected,
        };
        if said.len() != expected.len() || !said.iter().zip(*expected).all(fits) {
            unexpected.push(format!(
                "{wrong:?}\nsaid     {said:#?}\nexpected {expected:#?}"
            ));
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n\n"));
}

#[test]
fn everything_given_arrives() {
    let source = format!(
        "{SOURCE}\n[[approval]]\nkinds = [\"rounding\"]\nresolutions = [\"write_off\"]\ncurrency = \
         \"EUR\"\namount_from = \"5\"\n\n[[approval]]\n"
    );
    let settings = format!("{SETTINGS}{AUTHORITY}");
    assert_eq!(said(&settings, &source), Vec::<String>::new());
    let folder = folder(&settings, &source);
    let (configuration, _) = load(folder.path()).expect("is right");

    let euro = Currency::parse("EUR").expect("a currency");
    let amount = |text| Amount::parse(text).expect("an amount");
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let grant = |role: &str, actions: &[Action]| Grant {
        role: role.to_owned(),
        actions: actions.iter().copied().collect(),
        sources: [].into(),
        kinds: [].into(),
        resolutions: [].into(),
        amount_up_to: [].into(),
    };
    let expected = Authority {
        people: [
            ("alice".to_owned(), names(&["accountant"])),
            ("bob@example.com".to_owned(), names(&[])),
            ("carol".to_owned(), names(&["controller"])),
        ]
        .into(),
        grants: vec![
            grant("*", &[Action::Comment]),
            Grant {
                sources: names(&["acme"]),
                kinds: [Kind::Rounding].into(),
                resolutions: [ResolutionKind::Accept].into(),
                amount_up_to: [(euro, amount("1000"))].into(),
                ..grant("accountant", &[Action::Resolve, Action::Reopen])
            },
            grant("controller", &[Action::SignOff]),
        ],
        delegations: vec![Delegation {
            from: "carol".to_owned(),
            to: "bob@example.com".to_owned(),
            until: date(2026, 12, 31),
        }],
    };
    assert_eq!(configuration.authority, expected);
    let approval = Approval {
        rules: vec![
            ApprovalRule {
                kinds: [Kind::Rounding].into(),
                resolutions: [ResolutionKind::WriteOff].into(),
                currency: Some(euro),
                amount_from: Some(amount("5")),
            },
            ApprovalRule {
                kinds: [].into(),
                resolutions: [].into(),
                currency: None,
                amount_from: None,
            },
        ],
    };
    let source = configuration.source("acme").expect("is configured");
    assert_eq!(source.approval, approval);
    assert_eq!(
        describe(&configuration, None)[0].approval,
        [
            "write_off of rounding from 5.00 EUR up takes a second person",
            "every resolution takes a second person"
        ]
    );
}

/// What the documentation shows is right, whatever the sources are.
#[test]
fn the_documented_example_is_right() {
    let documentation = include_str!("../../../../docs/configuration.md");
    let (_, example) = documentation
        .split_once("```toml\n[people.alice]")
        .expect("there is an example");
    let (example, _) = example.split_once("```").expect("it ends");
    let settings = format!("{SETTINGS}[people.alice]{example}");
    assert_eq!(said(&settings, SOURCE), Vec::<String>::new());
    let folder = folder(&settings, SOURCE);
    let (configuration, _) = load(folder.path()).expect("is right");
    let authority = configuration.authority;
    let today = date(2026, 11, 20);
    assert!(authority.allows_sign_off("carol", "acme", today));
    assert!(!authority.allows_sign_off("alice", "acme", today));
}
