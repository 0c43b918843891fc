//! Laws that hold for any input: nothing panics, rows add up, order is kept, money adds up.

use domain::money::Amount;
use proptest::prelude::*;

use super::fixtures::{STATEMENT_MAPPING, fixture};
use super::testing::{format, read_bytes};
use super::{Format, FormatError, Line, ReadSummary};

/// Each fixture with the mapping that reads it.
fn fixtures() -> Vec<(Format, &'static [u8])> {
    vec![
        (
            format(include_str!(
                "../../fixtures/formats/processor_settlement.toml"
            )),
            fixture!("processor_settlement.csv"),
        ),
        (
            format(include_str!("../../fixtures/formats/wallet_activity.toml")),
            fixture!("wallet_activity.csv"),
        ),
        (
            format(include_str!("../../fixtures/formats/carrier_invoice.toml")),
            fixture!("carrier_invoice.csv"),
        ),
        (format(STATEMENT_MAPPING), fixture!("german_v02.xml")),
        (format(STATEMENT_MAPPING), fixture!("german_v08.xml")),
        (format(STATEMENT_MAPPING), fixture!("swiss_v04.xml")),
    ]
}

/// What must hold however a file looks.
fn laws(format: &Format, bytes: &[u8]) -> Result<(), TestCaseError> {
    let (lines, summary) = read_bytes(format, bytes);
    hold(&lines, &summary)
}

/// What must hold of all that was read.
pub(super) fn hold(
    lines: &[Line],
    summary: &Result<ReadSummary, FormatError>,
) -> Result<(), TestCaseError> {
    let Ok(summary) = summary else {
        return Ok(());
    };
    let records = lines
        .iter()
        .filter(|line| matches!(line, Line::Record(_)))
        .count() as u64;
    prop_assert_eq!(summary.accepted, records);
    prop_assert_eq!(summary.rejected, lines.len() as u64 - records);
    prop_assert_eq!(
        summary.rows_read,
        summary.accepted + summary.rejected + summary.skipped
    );
    for line in lines {
        let origin = match line {
            Line::Record(record) => {
                prop_assert!(record.references.is_sorted_by(|a, b| a.0 < b.0));
                prop_assert!(record.references.iter().all(|(_, text)| !text.is_empty()));
                &record.origin
            }
            Line::Reject(reject) => {
                prop_assert!(!reject.reason.is_empty());
                &reject.origin
            }
        };
        prop_assert!(origin.line >= 1);
    }
    Ok(())
}

/// One change to a file: a byte range replaced.
fn mutation() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            &b"\""[..],
            b"\n",
            b"\r",
            b";",
            b",",
            b"\0",
            b"<",
            b">",
            b"&amp;",
            b"&x;",
            b"</Ntry>",
            b"<Ntry>",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"<!DOCTYPE x>",
            b"9999999999999999999999",
            b"-",
            b".",
            b"\xe2\x88\x92",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    (any::<prop::sample::Index>(), 0usize..12, bytes)
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for (format, _) in fixtures() {
            laws(&format, &bytes)?;
        }
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        which in 0usize..6,
        changes in prop::collection::vec(mutation(), 1..8),
    ) {
        let (format, bytes) = fixtures().swap_remove(which);
        let mut bytes = bytes.to_vec();
        for (place, removed, inserted) in changes {
            let start = place.index(bytes.len() + 1);
            let end = (start + removed).min(bytes.len());
            bytes.splice(start..end, inserted);
        }
        laws(&format, &bytes)?;
    }

    #[test]
    fn a_statement_cut_off_anywhere_is_refused(cut in any::<prop::sample::Index>()) {
        let whole = fixture!("german_v08.xml");
        let end = whole.iter().rposition(|&byte| byte == b'>').unwrap_or_default();
        let (_, summary) = read_bytes(&format(STATEMENT_MAPPING), &whole[..cut.index(end)]);
        prop_assert!(summary.is_err());
    }

    #[test]
    fn rows_come_out_in_order_whatever_separates_their_fields(
        delimiter in prop::sample::select(vec![',', ';', '|', '\t', ':']),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        rows in prop::collection::vec(("[a-z,;|:\"\n ]{1,8}x", -10_000i64..10_000), 1..20),
    ) {
        let mapping = format(&format!(
            "[csv]\ndelimiter = \"{}\"\n[csv.fields]\nreference = \"ref\"\namount = \"amount\"\n\
             currency = {{ constant = \"EUR\" }}\nvalue_date = {{ constant = \"2026-11-23\" }}\n",
            if delimiter == '\t' { "tab".to_owned() } else { delimiter.to_string() },
        ));
        let mut file = format!("ref{delimiter}amount{line_end}");
        for (reference, cents) in &rows {
            let quoted = reference.replace('"', "\"\"");
            file.push_str(&format!(
                "\"{quoted}\"{delimiter}{}.{:02}{line_end}",
                if *cents < 0 { format!("-{}", -cents / 100) } else { (cents / 100).to_string() },
                cents.abs() % 100,
            ));
        }
        let (lines, summary) = read_bytes(&mapping, file.as_bytes());
        prop_assert!(summary.is_ok(), "{:?}", summary);
        prop_assert_eq!(lines.len(), rows.len());
        for (line, (reference, cents)) in lines.iter().zip(&rows) {
            let Line::Record(record) = line else {
                return Err(TestCaseError::fail(format!("{line:?}")));
            };
            prop_assert_eq!(record.display_reference(), Some(reference.trim()));
            let amount = Amount::from_scaled(i128::from(*cents), 2);
            prop_assert_eq!(Ok(record.money.amount), amount);
        }
    }

    #[test]
    fn the_records_of_an_entry_make_its_amount(
        total in 0i64..1_000_000,
        parts in prop::collection::vec(0i64..500_000, 0..5),
        is_credit in any::<bool>(),
    ) {
        let amount = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let transactions: String = parts
            .iter()
            .map(|part| format!("<TxDtls><Amt Ccy=\"EUR\">{}</Amt></TxDtls>", amount(*part)))
            .collect();
        let file = format!(
            "<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy=\"EUR\">{}</Amt>\
             <CdtDbtInd>{}</CdtDbtInd>\
             <Sts>BOOK</Sts><ValDt><Dt>2026-11-23</Dt></ValDt>\
             <NtryDtls>{transactions}</NtryDtls></Ntry>\
             </Stmt></BkToCstmrStmt></Document>",
            amount(total),
            if is_credit { "CRDT" } else { "DBIT" },
        );
        let (lines, summary) = read_bytes(&format("[camt053]"), file.as_bytes());
        prop_assert!(summary.is_ok(), "{:?}", summary);
        let mut sum = Amount::ZERO;
        for line in &lines {
            let Line::Record(record) = line else {
                return Err(TestCaseError::fail(format!("{line:?}")));
            };
            sum = sum.checked_add(record.money.amount).expect("small");
        }
        let signed = if is_credit { total } else { -total };
        prop_assert_eq!(Ok(sum), Amount::from_scaled(i128::from(signed), 2));
    }
}

/// Each format by itself, so that the targets run side by side.
mod fuzzed {
    use super::super::fuzz::{fuzz, read_by};
    use super::fixtures;

    fn target(which: usize, name: &str) {
        let (format, bytes) = fixtures().swap_remove(which);
        fuzz(name, bytes, read_by(&format));
    }

    #[test]
    fn a_settlement_report() {
        target(0, "settlement report");
    }

    #[test]
    fn a_wallet() {
        target(1, "wallet");
    }

    #[test]
    fn a_carrier_invoice() {
        target(2, "carrier invoice");
    }

    #[test]
    fn a_statement_of_version_2() {
        target(3, "camt.053.001.02");
    }

    #[test]
    fn a_statement_of_version_8() {
        target(4, "camt.053.001.08");
    }
}
