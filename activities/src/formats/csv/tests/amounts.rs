//! Amounts as reports write them: separators, signs, units.

use super::super::super::testing::{check, format};
use super::super::mapping::CsvMapping;
use super::super::number::Notation;
use super::simple;
use crate::formats::{Format, scan_obstacle};
use domain::record::ReferenceKind;

/// The notation that `settings` describe, applied to one text.
fn read(settings: &str, text: &str) -> Result<String, String> {
    let Format::Csv(mapping) = simple(settings) else {
        unreachable!("simple mappings are CSV")
    };
    let mapping: &CsvMapping = &mapping;
    match Notation::new(mapping).read(text, 2) {
        Ok(Some(amount)) => Ok(amount.to_string()),
        Ok(None) => Ok("nothing".to_owned()),
        Err(reason) => Err(reason.0),
    }
}

#[track_caller]
fn reads(settings: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(
            read(settings, text).as_deref(),
            Ok(*expected),
            "{text:?} with {settings:?}"
        );
    }
}

#[track_caller]
fn refuses(settings: &str, texts: &[&str]) {
    for text in texts {
        let found = read(settings, text);
        assert!(
            found.is_err(),
            "{text:?} with {settings:?} became {found:?}"
        );
    }
}

#[test]
fn plain_numbers_are_read_as_they_stand() {
    reads(
        "",
        &[
            ("10.50", "10.5"),
            ("-10.50", "-10.5"),
            ("+3", "3"),
            ("\u{2212}7.25", "-7.25"),
            ("  0 ", "0"),
            ("'12.00", "12"),
            ("=\"12.00\"", "12"),
            (".5", "0.5"),
            ("000123.40", "123.4"),
            ("", "nothing"),
            ("  \u{a0}", "nothing"),
        ],
    );
    refuses(
        "",
        &[
            "1,5",
            "1.00.0",
            "1 000",
            "5.",
            "--5",
            "5-",
            "(5)",
            "1e3",
            "4.81477E+15",
            "12a",
            "€5",
            "n/a",
            "-",
            "0x10",
            "1_000",
            "+-5",
            "\u{0661}",
            "9999999999999999999",
            "0.123456789",
            "NaN",
            "∞",
        ],
    );
}

#[test]
fn grouping_is_right_or_refused() {
    let german = "decimal_separator = \",\"\nthousands_separator = \".\"";
    reads(
        german,
        &[
            ("1.234,50", "1234.5"),
            ("1.234.567", "1234567"),
            ("-1.058,09", "-1058.09"),
            ("1234,5", "1234.5"),
            ("19,90", "19.9"),
            (",5", "0.5"),
        ],
    );
    refuses(
        german,
        &[
            "1.00.0",
            "1.5",
            "12.34",
            "1.2345",
            ".123",
            "0.123",
            "1..234",
            "1,234,5",
            "1.234,",
            "1.234.5,0",
        ],
    );

    let english = "thousands_separator = \",\"";
    reads(
        english,
        &[
            ("1,234.50", "1234.5"),
            ("12,345,678", "12345678"),
            ("1234.5", "1234.5"),
        ],
    );
    refuses(
        english,
        &[
            "1,5",
            "1,23",
            "0,123",
            ",123",
            "1,,234",
            "1234,567",
            "1,234.5,6",
            "1.234,50",
        ],
    );

    let space = "decimal_separator = \",\"\nthousands_separator = \" \"";
    reads(
        space,
        &[
            ("1 234,50", "1234.5"),
            ("1\u{a0}234\u{202f}567,00", "1234567"),
            ("12 ", "12"),
        ],
    );
    refuses(space, &["1 23", "1  234"]);

    let swiss = "thousands_separator = \"'\"";
    reads(
        swiss,
        &[("1'234.50", "1234.5"), ("1\u{2019}234.50", "1234.5")],
    );

    let indian = "thousands_separator = \",\"\ngrouping = \"indian\"";
    reads(indian, &[("12,34,567.50", "1234567.5"), ("1,234", "1234")]);
    refuses(indian, &["123,456", "1,234,567"]);
}

#[test]
fn other_signs_count_only_when_the_mapping_says_so() {
    reads(
        "trailing_minus = true",
        &[("5.00-", "-5"), ("5.00", "5"), ("-5", "-5")],
    );
    refuses("trailing_minus = true", &["-5-"]);
    reads("parentheses = true", &[("(5.00)", "-5"), ("5", "5")]);
    refuses("parentheses = true", &["(5.00", "5)", "(-5)", "()"]);
    let suffixes = "credit_suffixes = [\"Cr\"]\ndebit_suffixes = [\"Dr\"]";
    reads(
        suffixes,
        &[("5.00 CR", "5"), ("5.00Dr", "-5"), ("5.00", "5")],
    );
    refuses(suffixes, &["-5.00 Dr", "5.00 Xr", "Cr"]);
    let symbols = "currency_symbols = [\"€\", \"EUR\"]";
    reads(
        symbols,
        &[
            ("€5.00", "5"),
            ("-€ 5.00", "-5"),
            ("€-5", "-5"),
            ("5.00 EUR", "5"),
        ],
    );
    refuses(symbols, &["$5", "€5€", "€"]);
}

#[test]
fn units_say_what_one_is() {
    let amount_of = |units: &str, text: &str, currency: &str| {
        let file = format!("ref,amount,currency,date\nA,{text},{currency},2026-11-23\n");
        super::super::super::testing::shown(
            &simple(&format!("units = \"{units}\"")),
            file.as_bytes(),
        )
    };
    assert!(amount_of("minor", "10000", "EUR").contains("| 100.00 EUR"));
    assert!(amount_of("minor", "10000", "JPY").contains("| 10000 JPY"));
    assert!(amount_of("minor", "10000", "KWD").contains("| 10.000 KWD"));
    assert!(amount_of("hundredths", "10000", "JPY").contains("| 100 JPY"));
    assert!(amount_of("minor", "100.00", "EUR").contains("has decimals"));
}

#[test]
fn the_direction_is_told_in_several_ways() {
    let with = |amount: &str| {
        format(&format!(
            "[csv.fields]\nreference = \"r\"\namount = {amount}\n\
             currency = {{ constant = \"EUR\" }}\n\
             value_date = \"d\"\n"
        ))
    };
    check(
        &with("{ column = \"a\", sign = \"inverted\" }"),
        b"r,a,d\nA,5,2026-11-23\n",
        "2: reference=A | -5.00 EUR 2026-11-23
         1 = 1 + 0 + 0",
    );
    check(
        &with("{ column = \"a\", direction = \"m\", credit = [\"C\", \"CR\"], debit = [\"D\"] }"),
        b"r,a,m,d\nA,5,cr,2026-11-23\nB,5,D,2026-11-23\nC,5,X,2026-11-23\nD,-5,C,2026-11-23\n",
        "2: reference=A | 5.00 EUR 2026-11-23
         3: reference=B | -5.00 EUR 2026-11-23
         4: reject m=\"X\": unknown direction; credit is [\"C\", \"CR\"], debit is [\"D\"]
         5: reject a=\"-5\": has a sign of its own, though its column or marker tells the direction
         4 = 2 + 2 + 0",
    );
    check(
        &with("{ debit_column = \"debit\", credit_column = \"credit\" }"),
        b"r,debit,credit,d\nA,5,,2026-11-23\nB,0.00,7,2026-11-23\nC,1,2,2026-11-23\n\
          D,,,2026-11-23\n\
          E,0,0,2026-11-23\n",
        "2: reference=A | -5.00 EUR 2026-11-23
         3: reference=B | 7.00 EUR 2026-11-23
         4: reject debit=\"1 and 2\": both this and \"credit\" are filled
         5: reject debit=\"\": no amount given: a payment of nothing would have to say 0
         6: reference=E | 0.00 EUR 2026-11-23
         5 = 3 + 2 + 0",
    );
}

#[test]
fn fees_are_split_only_when_two_parts_are_stated_in_one_currency() {
    let mapping = format(
        "[csv]\ncompare = \"gross\"\n[csv.fields]\ntransaction_id = \"id\"\ngross = \"g\"\n\
         fee = \"f\"\n\
         net = \"n\"\ngross_currency = \"gc\"\nnet_currency = \"nc\"\nvalue_date = \"d\"\n",
    );
    check(
        &mapping,
        b"id,g,gc,f,n,nc,d\nA,10,EUR,1,9,EUR,2026-11-23\nB,10,USD,1,8,EUR,2026-11-23\n\
          C,10,EUR,,9,EUR,2026-11-23\nD,10,EUR,x,9,EUR,2026-11-23\nE,,EUR,1,9,EUR,2026-11-23\n\
          F,10,EUR,1,,EUR,2026-11-23\nG,10,EUR,1,,,2026-11-23\nH,10,EUR,1,,USD,2026-11-23\n\
          I,10,EUR,,,EUR,2026-11-23\nJ,10,EUR,1,9,,2026-11-23\n",
        "2: transaction_id=A | 10.00 EUR 2026-11-23 10 - 1 = 9
         3: transaction_id=B | 10.00 USD 2026-11-23
         4: transaction_id=C | 10.00 EUR 2026-11-23 10 - 1 = 9 without fee
         5: reject f=\"x\": not a plain number because of 'x'; name it in currency_symbols, \
         credit_suffixes or debit_suffixes if it belongs there
         6: reject g=\"\": no amount given: a payment of nothing would have to say 0
         7: transaction_id=F | 10.00 EUR 2026-11-23 10 - 1 = 9 without net
         8: transaction_id=G | 10.00 EUR 2026-11-23
         9: transaction_id=H | 10.00 EUR 2026-11-23
         10: transaction_id=I | 10.00 EUR 2026-11-23
         11: reject nc=\"\": no currency given
         10 = 7 + 3 + 0",
    );
}

#[test]
fn a_report_may_have_two_columns_of_fees() {
    let with = |compare: &str, columns: [&str; 2]| {
        let [one, other] = columns.map(|name| format!("{name} = \"{name}\"\n"));
        format(&format!(
            "[csv]\ncompare = \"{compare}\"\n[csv.fields]\nreference = \"id\"\n{one}{other}\
             currency = {{ constant = \"EUR\" }}\nvalue_date = \"d\"\n"
        ))
    };
    check(
        &with("gross", ["gross", "fee"]),
        b"id,gross,fee,d\nA,100.00,30.00,2026-11-23\nB,100.00,,2026-11-23\nC,-5,0,2026-11-23\n",
        "2: reference=A | 100.00 EUR 2026-11-23 100 - 30 = 70 without net
         3: reference=B | 100.00 EUR 2026-11-23
         4: reference=C | -5.00 EUR 2026-11-23 -5 - 0 = -5 without net
         3 = 3 + 0 + 0",
    );
    check(
        &with("net", ["gross", "net"]),
        b"id,gross,net,d\nA,100.00,70.12345,2026-11-23\n",
        "2: reference=A | 70.12345 EUR 2026-11-23 100 - 29.87655 = 70.12345 without fee
         1 = 1 + 0 + 0",
    );
    let net_and_fee = with("net", ["fee", "net"]);
    check(
        &net_and_fee,
        b"id,fee,net,d\nA,30,70,2026-11-23\n",
        "2: reference=A | 70.00 EUR 2026-11-23 100 - 30 = 70 without gross
         1 = 1 + 0 + 0",
    );
    // A scan does not look at fees.
    let obstacle = scan_obstacle(&net_and_fee, ReferenceKind::Reference);
    assert_eq!(obstacle, Some("fees"));
}
