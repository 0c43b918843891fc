//! Scores of small truths and results made by hand, and laws that hold for any.

use std::fs;
use std::path::Path;

use domain::discrepancy::Kind;
use domain::money::{Amount, Currency, Money};
use proptest::prelude::*;

use super::claim::{Claim, Claims, Lines, What};
use super::*;
use crate::report::run_report::Share;

/// A folder with a truth and a result, as programs write them.
fn scored(truth: &str, matches: Option<&str>, found: &str, found_matches: Option<&str>) -> Card {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: Option<&str>| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let Some(text) = text {
            fs::write(path, text).unwrap();
        }
    };
    write("truth/acme.csv", Some(truth));
    write("truth/acme-matches.csv", matches);
    write("found/discrepancies.csv", Some(found));
    write("found/matches.csv", found_matches);
    let (truth, found) = (folder.path().join("truth"), folder.path().join("found"));
    let truth = truth_in(&truth, &found).unwrap();
    Card::of(&truth, &found_in(&found).unwrap()).unwrap()
}

fn shown(share: Option<Share>) -> String {
    share.map_or("-".to_owned(), |share| share.fine_percent_text())
}

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

const TRUTH: &str = "\
reference,kind,severity,trouble,currency,amount,partner_lines,ledger_lines
P-1,amount_mismatch,high,plain,EUR,10.00,2,2
P-2,missing_in_ledger,high,look-alike,EUR,30.00,3,
P-3,missing_in_ledger,high,plain,JPY,500,4,
P-3,missing_in_ledger,high,plain,JPY,500,5,
";
const TRUE_MATCHES: &str = "\
trouble,currency,amount,partner_lines,ledger_lines
split,EUR,7.00,6 7,8
plain,EUR,1.00,8,9
";
const FOUND_HEADER: &str = "discrepancy_id,kind,severity,reference,currency,partner_amount,\
                            ledger_amount,difference,partner_line,ledger_line\n";

#[test]
fn a_perfect_result_has_all_of_it() {
    let found = format!(
        "{FOUND_HEADER}\
         a,missing_in_ledger,high,P-3,JPY,500,,,5,\n\
         b,missing_in_ledger,high,P-3,JPY,500,,,4,\n\
         c,amount_mismatch,high,P-1,EUR,60.00,50.00,10.00,2,2\n\
         d,missing_in_ledger,high,P-2,EUR,30.00,,,3,\n"
    );
    let matches = "rule,currency,amount,partner_lines,ledger_lines\nr,EUR,1.00,8,9\n\
                   r,EUR,7.00,7 6,8\n";
    let card = scored(TRUTH, Some(TRUE_MATCHES), &found, Some(matches));
    assert!(card.is_exact() && card.has_matches);
    for figures in card.kinds.values().chain([&card.discrepancies]) {
        assert!(figures.precision().is_some_and(Share::is_all));
        assert!(figures.recall().is_some_and(Share::is_all));
        for currency in figures.currencies() {
            assert!(figures.precision_in(currency).is_some_and(Share::is_all));
            assert!(figures.recall_in(currency).is_some_and(Share::is_all));
        }
    }
    let text = account(&card, 20);
    assert!(text.starts_with("Exact: "), "{text}");
    assert_eq!(to_json(&card, 20)["exact"], true);
}

#[test]
fn what_is_missed_and_what_is_false_is_counted_and_listed() {
    // One of the two alike is missed, the look-alike was taken for a mismatch.
    let found = format!(
        "{FOUND_HEADER}\
         a,missing_in_ledger,high,P-3,JPY,500,,,4,\n\
         b,amount_mismatch,high,P-2,EUR,30.00,29.00,1.00,3,77\n\
         c,amount_mismatch,high,P-1,EUR,60.00,50.00,10.00,2,2\n"
    );
    let matches = "rule,currency,amount,partner_lines,ledger_lines\nr,EUR,1.00,8,9\n\
                   r,EUR,4.00,6,8\n";
    let card = scored(TRUTH, Some(TRUE_MATCHES), &found, Some(matches));
    let missing = &card.kinds[&What::Kind(Kind::MissingInLedger)];
    assert_eq!(shown(missing.precision()), "100.0000");
    assert_eq!(shown(missing.recall()), "33.3333");
    assert_eq!(shown(missing.recall_in(euro())), "0.0000");
    let yen = Currency::parse("JPY").unwrap();
    assert_eq!(shown(missing.recall_in(yen)), "50.0000");
    let amounts = &card.kinds[&What::Kind(Kind::AmountMismatch)];
    assert_eq!(shown(amounts.precision()), "50.0000");
    assert_eq!(shown(amounts.precision_in(euro())), "90.9090");
    assert_eq!(shown(card.kinds[&What::Match].precision()), "50.0000");
    assert_eq!(shown(card.discrepancies.recall()), "50.0000");

    let [look_alike, _] = &card.troubles["look-alike"];
    assert_eq!((look_alike.found.count, look_alike.correct.count), (1, 0));
    let [_, split] = &card.troubles["split"];
    assert_eq!((split.expected.count, split.found.count), (1, 1));

    let text = account(&card, 1);
    for line in [
        "3 missed, 2 false.",
        "Missed, the first 1 of 3 (--all lists all):",
        "False, the first 1 of 2",
        "missing_in_ledger  P-2        3                            look-alike",
    ] {
        assert!(text.contains(line), "{line}\n\n{text}");
    }
    let json = to_json(&card, 20);
    assert_eq!(json["missed_count"], 3);
    assert_eq!(json["false"][0]["trouble"], "look-alike");
    assert_eq!(json["false"][1]["partner_lines"], serde_json::json!([6]));
}

#[test]
fn nothing_expected_and_nothing_found_have_no_share() {
    let nothing = "reference,kind\n";
    let found = format!("{FOUND_HEADER}a,rounding,low,P-9,EUR,1.00,1.01,-0.01,2,2\n");
    let card = scored(nothing, None, &found, None);
    assert_eq!(shown(card.discrepancies.precision()), "0.0000");
    assert_eq!(shown(card.discrepancies.recall()), "-");
    let card = scored("reference,kind\nP-9,rounding\n", None, FOUND_HEADER, None);
    assert_eq!(shown(card.discrepancies.precision()), "-");
    assert_eq!(shown(card.discrepancies.recall()), "0.0000");
    let card = scored(nothing, None, FOUND_HEADER, None);
    assert!(card.is_exact());
    assert!(account(&card, 20).contains("Matches are not scored"));
}

#[test]
fn a_truth_of_references_and_classes_is_enough() {
    let truth = "reference,class\nP-1,AMOUNT_MISMATCH\nP-2,DATE_OUT_OF_WINDOW\nP-4,ROUNDING\n";
    let found = format!(
        "{FOUND_HEADER}a,amount_mismatch,high,P-1,EUR,3.00,1.00,2.00,2,2\n\
         b,date_mismatch,low,P-2,EUR,4.00,4.00,0.00,3,3\n"
    );
    let card = scored(truth, None, &found, None);
    assert_eq!(shown(card.discrepancies.recall()), "66.6666");
    assert_eq!(card.troubles.len(), 0);
    let amounts = &card.kinds[&What::Kind(Kind::AmountMismatch)];
    assert_eq!(shown(amounts.recall_in(euro())), "100.0000");
    // What was missed is of unknown value, so how much of it all was found is unknown, too.
    assert_eq!(shown(card.discrepancies.recall_in(euro())), "-");
    assert_eq!(shown(card.discrepancies.precision_in(euro())), "100.0000");
}

#[test]
fn references_that_spreadsheets_might_run_are_read_back() {
    let found = format!("{FOUND_HEADER}a,missing_in_ledger,high,'-P-1,EUR,3.00,,,2,\n");
    let card = scored(
        "reference,kind\n-P-1,missing_in_ledger\n",
        None,
        &found,
        None,
    );
    assert!(card.is_exact());
}

#[test]
fn what_can_not_be_understood_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let said = |text: &str| {
        let path = folder.path().join("truth.csv");
        fs::write(&path, text).unwrap();
        format!("{:#}", truth_in(&path, Path::new("none")).unwrap_err())
    };
    for (text, says) in [
        ("kind\nrounding\n", "truth.csv has no column reference"),
        ("reference\nP-1\n", "has no column kind or class"),
        (
            "reference,kind\nP-1,rounding\nP-2,odd\n",
            "line 3: `odd` is no kind; there are",
        ),
        (
            "reference,kind,currency,amount\nP-1,rounding,EUR,1e3\n",
            "line 2: `1e3`",
        ),
        (
            "reference,kind,partner_lines\nP-1,rounding,2 x\n",
            "`x` is no line number",
        ),
    ] {
        let said = said(text);
        assert!(said.contains(says), "{said}");
    }
    let missing = found_in(&folder.path().join("none.csv")).unwrap_err();
    assert!(format!("{missing:#}").contains("none.csv"));
}

#[test]
fn a_folder_of_truths_is_asked_for_the_source_of_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let (truth, found) = (folder.path().join("truth"), folder.path().join("found"));
    for path in [&truth, &found] {
        fs::create_dir(path).unwrap();
    }
    let said = |path: &Path| format!("{:#}", truth_in(path, &found).unwrap_err());
    assert!(said(&truth).contains("there is no truth in"));
    fs::write(truth.join("a.csv"), "reference,kind\nA,rounding\n").unwrap();
    fs::write(
        truth.join("a-matches.csv"),
        "partner_lines,ledger_lines\n2,2\n",
    )
    .unwrap();
    let only = truth_in(&truth, &found).unwrap();
    assert_eq!(only.matches.map(|matches| matches.len()), Some(1));
    fs::write(truth.join("b.csv"), "reference,kind\n").unwrap();
    assert!(said(&truth).contains("name one of a.csv, b.csv"));
    fs::write(found.join("summary.json"), r#"{"source": "b"}"#).unwrap();
    assert_eq!(truth_in(&truth, &found).unwrap(), Claims::default());
}

/// A discrepancy or a match out of a few, so that two lists have some in common; what is alike has
/// the same value.
fn any_claim() -> impl Strategy<Value = Claim> {
    (0usize..4, 0u32..4).prop_map(|(what, number)| {
        let what = match what {
            0 => What::Match,
            kind => What::Kind(Kind::ALL[kind]),
        };
        let code = if number == 0 { "JPY" } else { "EUR" };
        Claim {
            what,
            reference: format!("P-{number}").into(),
            lines: Lines {
                partner: [number].into(),
                ledger: [number, number + 1].into(),
            },
            value: Some(Money {
                amount: Amount::from_scaled(i128::from(number) * 125, 2).unwrap(),
                currency: Currency::parse(code).unwrap(),
            }),
            trouble: (number == 3).then(|| "typo".into()),
        }
    })
}

fn any_claims() -> impl Strategy<Value = Claims> {
    prop::collection::vec(any_claim(), 0..30).prop_map(|claims| {
        let (matches, discrepancies) = claims
            .into_iter()
            .partition(|claim| claim.what == What::Match);
        Claims {
            discrepancies,
            matches: Some(matches),
        }
    })
}

proptest! {
    #[test]
    fn shares_are_at_most_all_and_swap_with_the_sides(one in any_claims(), other in any_claims()) {
        let (there, back) = (Card::of(&one, &other).unwrap(), Card::of(&other, &one).unwrap());
        prop_assert_eq!(there.kinds.keys().collect::<Vec<_>>(), back.kinds.keys().collect::<Vec<_>>());
        for (what, figures) in &there.kinds {
            let swapped = &back.kinds[what];
            prop_assert_eq!(figures.precision(), swapped.recall());
            prop_assert_eq!(figures.recall(), swapped.precision());
            prop_assert!(figures.correct.count <= figures.found.count);
            for currency in figures.currencies() {
                prop_assert_eq!(figures.precision_in(currency), swapped.recall_in(currency));
                let correct = figures.correct.value_in(currency);
                let expected = figures.expected.value_in(currency);
                prop_assert!(correct.zip(expected).is_none_or(|(part, whole)| part <= whole));
            }
        }
        prop_assert_eq!(there.missed.len(), back.wrong.len());
        prop_assert_eq!(Card::of(&one, &one).unwrap().is_exact(), true);
    }
}
