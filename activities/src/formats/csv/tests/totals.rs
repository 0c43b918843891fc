//! Totals rows, and what they vouch for.

use super::super::super::testing::shown;
use super::{check_rows, simple};

const TOTALS: &str =
    "totals = [{ column = \"ref\", equals = [\"Total\"], amount = \"amount\", count = \"date\" }]";

#[test]
fn a_total_that_holds() {
    check_rows(
        TOTALS,
        "A,1.50,EUR,2026-11-23\nB,-0.25,EUR,2026-11-23\nTotal,1.25,,2\n",
        "2: reference=A | 1.50 EUR 2026-11-23
         3: reference=B | -0.25 EUR 2026-11-23
         ok file, totals row in line 4: stated number of rows = rows above holds: stated 2, \
         computed 2
         ok file, totals row in line 4: stated total = sum of the rows above holds: stated 1.25 \
         EUR, computed 1.25 EUR
         3 = 2 + 0 + 1",
    );
}

#[test]
fn a_total_that_does_not_hold_or_cannot_be_verified() {
    // A row that is rejected for its date still has an amount; one without an amount has not.
    check_rows(
        TOTALS,
        "A,1,EUR,soon\nB,x,EUR,2026-11-23\nTotal,1,EUR,2\n",
        r#"2: reject date="soon": not a date by "%Y-%m-%d"
           3: reject amount="x": not a plain number because of 'x'; name it in currency_symbols, \
           credit_suffixes or debit_suffixes if it belongs there
           4: reject ="": the stated total can't be verified: 1 of the 2 rows above have no \
           readable amount; they are listed
           ok file, totals row in line 4: stated number of rows = rows above holds: stated 2, \
           computed 2
           3 = 0 + 3 + 0"#,
    );
    check_rows(
        TOTALS,
        "A,1,EUR,2026-11-23\nTotal,2,EUR,3\n",
        "2: reference=A | 1.00 EUR 2026-11-23
         NOT file, totals row in line 3: stated number of rows = rows above does not hold: \
         stated 3, computed 1
         NOT file, totals row in line 3: stated total = sum of the rows above does not hold: \
         stated 2.00 EUR, computed 1.00 EUR
         2 = 1 + 0 + 1",
    );
    check_rows(
        TOTALS,
        "A,1,EUR,2026-11-23\nB,1,USD,2026-11-23\nTotal,2,,2\n",
        "2: reference=A | 1.00 EUR 2026-11-23
         3: reference=B | 1.00 USD 2026-11-23
         ok file, totals row in line 4: stated number of rows = rows above holds: stated 2, \
         computed 2
         NOT file, totals row in line 4: a total without a currency stands under rows of one \
         currency does not hold: stated 1, computed 2
         3 = 2 + 0 + 1",
    );
    check_rows(
        TOTALS,
        "A,1,EUR,2026-11-23\nTotal,?,EUR,1\n",
        r#"2: reference=A | 1.00 EUR 2026-11-23
           3: reject amount="?": not a plain number because of '?'
           NOT file, totals row in line 3: totals row can be read (amount: not a plain number \
           because of '?') does not hold: stated 1, computed 0
           2 = 1 + 1 + 0"#,
    );
}

#[test]
fn every_row_stands_above_a_total() {
    let file = "ref,amount,currency,date\nA,1,EUR,2026-11-23\n";
    let found = shown(&simple(TOTALS), file.as_bytes());
    assert!(
        found.contains("NOT file, end of file: the last row is a totals row"),
        "{found}"
    );
    let cut_off = format!("{file}Total,1,EUR,1\nB,1,EUR,2026-11-23\n");
    let found = shown(&simple(TOTALS), cut_off.as_bytes());
    assert!(
        found.contains("NOT file, end of file: the last row is a totals row"),
        "{found}"
    );
    let two_sections = format!("{file}Total,1,EUR,1\nB,2,EUR,2026-11-23\nTotal,2,EUR,1\n");
    let found = shown(&simple(TOTALS), two_sections.as_bytes());
    assert!(!found.contains("NOT"), "{found}");
}
