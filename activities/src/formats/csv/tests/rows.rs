//! Rows that are read, skipped or refused.

use super::super::super::testing::{check, format, read_bytes, read_within, shown};
use super::super::super::{FormatError, Line, ReadLimits};
use super::{check_rows, simple};

#[test]
fn quotes_delimiters_and_line_ends_inside_fields_are_kept() {
    let mapping = format(
        "[csv.fields]\nreference = \"ref\"\namount = \"amount\"\ncurrency = \"currency\"\n\
         value_date = \"date\"\ndescription = \"text\"\n",
    );
    check(
        &mapping,
        b"ref,amount,currency,date,text\r\n\
          A,1,EUR,2026-11-23,\"one, two\r\nthree \"\"four\"\"\"\r\n\
          \r\n\
          B,1,EUR,2026-11-23,6\" nails\r\n\
          C,1,EUR,2026-11-23,\"\"\r\n\
          D,1,EUR,2026-11-23,\"bad\" end\r\n",
        r#"2: reference=A | 1.00 EUR 2026-11-23 about="one, two\r\nthree \"four\""
           5: reference=B | 1.00 EUR 2026-11-23 about="6\" nails"
           6: reference=C | 1.00 EUR 2026-11-23
           7: reject ="": a closing quote stands in the middle of a field: a quote is not \
           doubled, or one further up has no pair and has swallowed rows
           4 = 3 + 1 + 0"#,
    );
}

#[test]
fn a_quote_without_its_pair_never_swallows_rows_in_silence() {
    // The pair of the first quote is the one that was meant to open the field in the next row.
    check_rows(
        "",
        "\"A,1,EUR,2026-11-23\n\"B\",2,EUR,2026-11-23\nC,3,EUR,2026-11-23\n",
        r#"2: reject ="": a closing quote stands in the middle of a field: a quote is not \
        doubled, or one further up has no pair and has swallowed rows
           4: reference=C | 3.00 EUR 2026-11-23
           2 = 1 + 1 + 0"#,
    );
    check_rows(
        "",
        "A,1,EUR,2026-11-23\n\"B,2,EUR,2026-11-23\nC,3,EUR,2026-11-23\n",
        "error: file, line 3: the file ends inside a quoted field (\"B,2,EUR,2026-11-23
         C,3,EUR,2026-11-23): it is incomplete, ask for it again",
    );
    check_rows(
        "quote = \"none\"",
        "\"A,1,EUR,2026-11-23\n",
        "2: reference=\"A | 1.00 EUR 2026-11-23
         1 = 1 + 0 + 0",
    );
}

#[test]
fn ragged_blank_and_damaged_rows() {
    check_rows(
        "",
        "A,1,EUR\nB,1,EUR,2026-11-23,,\nC,1,EUR,2026-11-23,x\n\n,,,\n   \n\
         D,1,EUR,2026-11-23\0\nE,1,EUR,2026-11-23",
        r#"2: reject ="": too few fields: 3 where the header has 4
           3: reference=B | 1.00 EUR 2026-11-23
           4: reject ="": too many fields: 5 where the header has 4
           8: reject ="": holds NUL bytes: the file is damaged here
           9: reference=E | 1.00 EUR 2026-11-23
           7 = 2 + 3 + 2"#,
    );
}

#[test]
fn headers_and_rows_may_end_in_delimiters_that_the_other_does_not_have() {
    check(
        &simple(""),
        b"ref,amount,currency,date,,\nA,1,EUR,2026-11-23\nB,1,EUR,2026-11-23,x\n",
        "2: reference=A | 1.00 EUR 2026-11-23
         3: reference=B | 1.00 EUR 2026-11-23
         2 = 2 + 0 + 0",
    );
}

#[test]
fn the_header_is_found_below_metadata_and_again_in_the_middle() {
    check(
        &simple(""),
        b"Report of 2026-11-23\n\"ref\",only\n\nREF, Amount ,currency,date\nA,1,EUR,2026-11-23\n\
          ref,amount,currency,date\nB,2,EUR,2026-11-23\n\xef\xbb\xbfdate,amount,ref,currency\n\
          2026-11-24,3,C,EUR\nref,4,EUR,2026-11-24,\n",
        r#"5: reference=A | 1.00 EUR 2026-11-23
           7: reference=B | 2.00 EUR 2026-11-23
           9: reference=C | 3.00 EUR 2026-11-24
           10: reject currency="2026-11-24": not a three-letter ISO 4217 currency code
           6 = 3 + 1 + 2"#,
    );
}

#[test]
fn a_missing_or_repeated_column_is_named_with_what_is_there() {
    let found = shown(
        &simple(""),
        b"Title\nref,sum,currency,date\nA,1,EUR,2026-11-23\n",
    );
    assert_eq!(
        found,
        "error: file, line 2: no column \"amount\"; the columns there are \"ref\", \"sum\", \
         \"currency\", \"date\": correct the column names in the mapping, or mark the field \
         optional\n"
    );
    let found = shown(&simple(""), b"ref,amount,amount,currency,date\n");
    assert_eq!(
        found,
        "error: file, line 1: column \"amount\" occurs 2 times: say which one with \
         { column = \"amount\", occurrence = 1 }\n"
    );
}

#[test]
fn files_without_a_header_go_by_listed_names_or_by_position() {
    check(
        &simple("columns = [\"ref\", \"amount\", \"currency\", \"date\"]"),
        b"A,1,EUR,2026-11-23\nB,1,EUR\n",
        r#"1: reference=A | 1.00 EUR 2026-11-23
           2: reject ="": too few fields: 3 where the header has 4
           2 = 1 + 1 + 0"#,
    );
    let by_position = format(
        "[csv.fields]\nreference = { position = 2 }\namount = { position = 4 }\n\
         currency = { constant = \"EUR\" }\nvalue_date = { position = 1 }\n",
    );
    check(
        &by_position,
        b"2026-11-23,A,x,1\n2026-11-23,B\n",
        r#"1: reference=A | 1.00 EUR 2026-11-23
           2: reject column 4="": no amount given: a payment of nothing would have to say 0
           2 = 1 + 1 + 0"#,
    );
}

#[test]
fn a_text_may_say_that_there_is_no_reference() {
    let fields = "[csv.fields]\nreference = \"ref\"\n\
                  invoice = { column = \"text\", pattern = \"INV-?[0-9A-Z]+\" }\n\
                  order = { constant = \"none\" }\namount = \"amount\"\n\
                  currency = { constant = \"EUR\" }\nvalue_date = \"date\"\nclient = \"client\"\n";
    let rows =
        b"ref,amount,date,text,client\nN/A,1,2026-11-23,INV-7,-\n n/a ,1,2026-11-23,INV-NONE,N/A\n\
                 N/A 7,1,2026-11-23,INVOICE to follow,x\n=\"-\",1,2026-11-23,,x\n";
    let says = "no_reference = [\"N/A\", \"-\", \"inv-none\", \"Invoice to follow\", \"NONE\"]";
    check(
        &format(&format!("[csv]\n{says}\n{fields}")),
        rows,
        "2: invoice=INV-7 | 1.00 EUR 2026-11-23 client=\"-\"
         3: | 1.00 EUR 2026-11-23 client=\"N/A\"
         4: reference=N/A 7 | 1.00 EUR 2026-11-23 client=\"x\"
         5: | 1.00 EUR 2026-11-23 client=\"x\"
         4 = 4 + 0 + 0",
    );
    // Nothing is guessed.
    check(
        &format(&format!("[csv]\n{fields}")),
        rows,
        "2: reference=N/A invoice=INV-7 order=none | 1.00 EUR 2026-11-23 client=\"-\"
         3: reference=n/a invoice=INV-NONE order=none | 1.00 EUR 2026-11-23 client=\"N/A\"
         4: reference=N/A 7 invoice=INVOICE order=none | 1.00 EUR 2026-11-23 client=\"x\"
         5: reference=- order=none | 1.00 EUR 2026-11-23 client=\"x\"
         4 = 4 + 0 + 0",
    );
}

#[test]
fn optional_columns_and_patterns() {
    let mapping = format(
        "[csv.fields]\nreference = [\"id\", \"ref\"]\n\
         batch = { column = \"batch\", optional = true }\n\
         invoice = { column = \"text\", pattern = \"INV-[0-9]+\" }\namount = \"amount\"\n\
         currency = { constant = \"EUR\" }\nvalue_date = \"date\"\n",
    );
    check(
        &mapping,
        b"ref,amount,date,text\nA,1,2026-11-23,pays INV-7\nB,1,2026-11-23,INV-7 INV-8\n",
        "2: reference=A invoice=INV-7 | 1.00 EUR 2026-11-23
         3: reference=B | 1.00 EUR 2026-11-23
         2 = 2 + 0 + 0",
    );
}

#[test]
fn rows_are_skipped_by_value_beginning_or_pattern() {
    check_rows(
        "skip = [{ column = \"ref\", equals = [\"fee\"], starts_with = [\"T-\"] }, \
         { column = { position = 1 }, matches = \"^X[0-9]$\" }]",
        "FEE,x,x,x\nt-1,1,EUR,2026-11-23\nX1\nX10,1,EUR,2026-11-23\n",
        "5: reference=X10 | 1.00 EUR 2026-11-23
         4 = 1 + 0 + 3",
    );
}

#[test]
fn status_texts_are_known_or_refused() {
    let mapping = format(
        "[csv]\nstatus_values = { settled = [\"Done\"], failed = [\"No\"] }\n\
         [csv.fields]\namount = \"a\"\n\
         currency = { constant = \"EUR\" }\nvalue_date = \"d\"\nstatus = \"s\"\n",
    );
    check(
        &mapping,
        b"a,d,s\n1,2026-11-23,DONE\n2,2026-11-23,\n3,2026-11-23,maybe\n",
        r#"2: | 1.00 EUR 2026-11-23 settled
           3: | 2.00 EUR 2026-11-23
           4: reject s="maybe": unknown status; status_values knows "Done", "No"
           3 = 2 + 1 + 0"#,
    );
}

#[test]
fn references_that_a_spreadsheet_destroyed() {
    check_rows(
        "",
        "4.81477E+15,1,EUR,2026-11-23\n12E4,1,EUR,2026-11-23\n\
         '00123,1,EUR,2026-11-23\n=\"0042\",1,EUR,2026-11-23\n",
        r#"2: reject ref="4.81477E+15": a spreadsheet has turned this reference into a number \
        and lost its digits; ask for the original file
           3: reference=12E4 | 1.00 EUR 2026-11-23
           4: reference=00123 | 1.00 EUR 2026-11-23
           5: reference=0042 | 1.00 EUR 2026-11-23
           4 = 3 + 1 + 0"#,
    );
    let rounded = "4814769000000000,1,EUR,2026-11-23\n".repeat(8);
    check_rows(
        "",
        &rounded,
        "error: file: all 8 long references in column \"ref\" end in zeros (such as \
        4814769000000000): a spreadsheet has rounded them; ask for the original file",
    );
}

#[test]
fn limits_are_kept() {
    let within = |limits: ReadLimits, rows: &str| {
        let file = format!("ref,amount,currency,date\n{rows}");
        read_within(&simple(""), file.as_bytes(), &limits).1
    };
    let limits = ReadLimits::default();
    let row = "A,1,EUR,2026-11-23\n";
    let two_rows = ReadLimits {
        rows_max: 2,
        ..limits
    };
    assert!(within(two_rows, &row.repeat(2)).is_ok());
    assert!(matches!(
        within(two_rows, &row.repeat(3)),
        Err(FormatError::LimitReached {
            line: 4,
            setting: "rows_max",
            limit: 2,
            ..
        })
    ));
    assert!(matches!(
        within(
            ReadLimits {
                input_bytes_max: 10,
                ..limits
            },
            row
        ),
        Err(FormatError::TooLarge { limit: 10, .. })
    ));
    let short_rows = ReadLimits {
        row_bytes_max: 64,
        ..limits
    };
    assert!(matches!(
        within(
            short_rows,
            &format!("\"{}\",1,EUR,2026-11-23\n", "x".repeat(70))
        ),
        Err(FormatError::LimitReached {
            line: 2,
            setting: "row_bytes_max",
            ..
        })
    ));
    assert!(matches!(
        within(
            ReadLimits {
                row_fields_max: 8,
                ..limits
            },
            &",".repeat(9)
        ),
        Err(FormatError::LimitReached {
            line: 2,
            setting: "row_fields_max",
            ..
        })
    ));
}

#[test]
fn a_record_carries_its_text_up_to_the_limit() {
    let limits = ReadLimits {
        raw_text_bytes_max: 4,
        ..ReadLimits::default()
    };
    let file = "ref,amount,currency,date\r\nAé\u{1f600},1,EUR,2026-11-23\r\n";
    let (lines, _) = read_within(&simple(""), file.as_bytes(), &limits);
    let [Line::Record(record)] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!((record.origin.line, &*record.origin.raw), (2, "Aé"));
    let (lines, _) = read_bytes(&simple(""), file.as_bytes());
    let [Line::Record(record)] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    assert_eq!(&*record.origin.raw, "Aé\u{1f600},1,EUR,2026-11-23");
}
