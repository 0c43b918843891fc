//! Texts: encodings, quotes, references that a spreadsheet destroyed.

use super::super::super::testing::{check, shown};
use super::simple;

const FILE: &str = "ref,amount,currency,date\r\nZoë,1,EUR,2026-11-23\r\n";
const RECORD: &str = "2: reference=Zoë | 1.00 EUR 2026-11-23
                      1 = 1 + 0 + 0";

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn encodings_are_found_by_mark_or_named() {
    check(&simple(""), FILE.as_bytes(), RECORD);
    check(&simple(""), format!("\u{feff}{FILE}").as_bytes(), RECORD);
    check(
        &simple(""),
        &utf16(&format!("\u{feff}{FILE}"), u16::to_le_bytes),
        RECORD,
    );
    check(
        &simple(""),
        &utf16(&format!("\u{feff}{FILE}"), u16::to_be_bytes),
        RECORD,
    );
    check(
        &simple("encoding = \"utf-16le\""),
        &utf16(FILE, u16::to_le_bytes),
        RECORD,
    );
    let latin: Vec<u8> = FILE
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    check(&simple("encoding = \"latin1\""), &latin, RECORD);
}

#[test]
fn a_wrong_encoding_is_an_error_that_says_what_to_set() {
    let latin = b"ref,amount,currency,date\nZo\xeb,1,EUR,2026-11-23\n";
    assert_eq!(
        shown(&simple(""), latin),
        "error: file, line 2: byte 27 is not UTF-8: set the mapping's encoding, for example \
         \"windows-1252\" or \"utf-16le\"\n"
    );
    let wide = shown(&simple(""), &utf16(FILE, u16::to_le_bytes));
    assert!(wide.contains("every other byte is zero"), "{wide}");
    let odd = shown(&simple("encoding = \"utf-16le\""), b"a\0b\0c");
    assert!(odd.contains("is not UTF-16LE"), "{odd}");
}

#[test]
fn an_empty_file_is_an_error() {
    for bytes in [&b""[..], b"\xef\xbb\xbf", b"\r\n \n"] {
        let found = shown(&simple(""), bytes);
        assert_eq!(
            found,
            "error: file: the file is empty: ask for it to be sent again\n"
        );
    }
    check(&simple(""), b"ref,amount,currency,date\n", "0 = 0 + 0 + 0");
}

#[test]
fn delimiters_quotes_and_line_ends() {
    let tabs = FILE.replace(',', "\t");
    check(&simple("delimiter = \"tab\""), tabs.as_bytes(), RECORD);
    let bars = "'ref'|'amount'|'currency'|'date'\n'Zoë'|1|EUR|2026-11-23";
    check(
        &simple("delimiter = \"|\"\nquote = \"'\""),
        bars.as_bytes(),
        RECORD,
    );
    check(&simple(""), FILE.replace("\r\n", "\r").as_bytes(), RECORD);
    let named = format!("sep=;\r\n{}", FILE.replace(',', ";"));
    let moved = RECORD.replacen("2:", "3:", 1);
    check(&simple(""), named.as_bytes(), &moved);
}
