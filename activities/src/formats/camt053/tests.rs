//! Bank statements in the manner of several banks, and what each of their traps becomes.

use super::super::testing::{check, format, read_bytes, read_within, shown};
use super::super::{Format, FormatError, ReadLimits};

const DEFAULTS: &str = "[camt053]";

/// A statement in euro that opens at 100.00 and closes at `closing`.
fn statement(closing: &str, entries: &str) -> String {
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        )
    };
    let (opening, closing) = (balance("OPBD", "100.00"), balance("CLBD", closing));
    document(&format!(
        "<Stmt><Id>S</Id>{opening}{closing}\n{entries}</Stmt>"
    ))
}

fn document(statements: &str) -> String {
    format!("<Document><BkToCstmrStmt>{statements}</BkToCstmrStmt></Document>")
}

/// A booked entry of `amount` euro on 2026-11-23, with more in it.
fn entry(amount: &str, direction: &str, more: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>BOOK</Sts>\
         <ValDt><Dt>2026-11-23</Dt></ValDt>{more}</Ntry>\n"
    )
}

fn details(transactions: &str) -> String {
    format!("<NtryDtls>{transactions}</NtryDtls>")
}

#[track_caller]
fn check_statement(mapping: &str, closing: &str, entries: &str, expected: &str) {
    check(
        &format(mapping),
        statement(closing, entries).as_bytes(),
        expected,
    );
}

#[track_caller]
fn refused(file: &str) -> FormatError {
    let (_, summary) = read_bytes(&format(DEFAULTS), file.as_bytes());
    summary.expect_err("the file is refused")
}

#[test]
fn transactions_without_amounts_leave_the_entry_whole() {
    let several = details(
        "<TxDtls><Refs><EndToEndId>A</EndToEndId></Refs><Amt Ccy=\"EUR\">1</Amt></TxDtls>\
                           <TxDtls><Refs><EndToEndId>B</EndToEndId></Refs></TxDtls>",
    );
    let with_reference = format!("<AcctSvcrRef>R1</AcctSvcrRef>{several}");
    check_statement(
        DEFAULTS,
        "110.00",
        &entry("10.00", "CRDT", &with_reference),
        "2: reference=R1 batch=R1 servicer_reference=R1 | 10.00 EUR 2026-11-23 settled
         ok file, statement S: opening balance + booked entries = closing balance holds: stated \
         110.00 EUR, computed 110.00 EUR
         1 = 1 + 0 + 0",
    );
}

#[test]
fn charges_and_what_else_remains_is_a_record_of_its_own() {
    let charged = |included: &str| {
        format!(
            "<NtryRef>7</NtryRef><Chrgs><Rcrd><Amt Ccy=\"EUR\">2</Amt>{included}</Rcrd></Chrgs>{}",
            details("<TxDtls><Amt Ccy=\"EUR\">12.00</Amt></TxDtls>")
        )
    };
    check_statement(
        DEFAULTS,
        "110.00",
        &entry("10.00", "CRDT", &charged("<ChrgInclInd>true</ChrgInclInd>")),
        r#"2: | 12.00 EUR 2026-11-23 settled
           2: reference=7 charges | -2.00 EUR 2026-11-23 settled about="charges of entry 7: its \
           transactions make 12.00 of 10.00 EUR"
           ok file, statement S: opening balance + booked entries = closing balance holds: \
           stated 110.00 EUR, computed 110.00 EUR
           2 = 2 + 0 + 0"#,
    );
    // Booked elsewhere, so it does not explain the difference.
    let found = shown(
        &format(DEFAULTS),
        statement(
            "110.00",
            &entry(
                "10.00",
                "CRDT",
                &charged("<ChrgInclInd>false</ChrgInclInd>"),
            ),
        )
        .as_bytes(),
    );
    assert!(
        found.contains("reference=7 remainder | -2.00 EUR"),
        "{found}"
    );
}

#[test]
fn the_underlying_amount_counts_only_when_charges_explain_the_rest() {
    let version_2 = |amount: &str, charge: &str| {
        format!(
            "<Chrgs><Amt Ccy=\"EUR\">{charge}</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs>{}",
            details(&format!(
                "<TxDtls><AmtDtls><TxAmt><Amt Ccy=\"EUR\">{amount}</Amt></TxAmt></AmtDtls></TxDtls>"
            ))
        )
    };
    let found = |more: &str| {
        shown(
            &format(DEFAULTS),
            statement("90", &entry("10.00", "DBIT", more)).as_bytes(),
        )
    };
    let explained = found(&version_2("9.50", "0.50"));
    assert!(
        explained.contains("| -9.50 EUR") && explained.contains("charges | -0.50 EUR"),
        "{explained}"
    );
    let unexplained = found(&version_2("9.00", "0.50"));
    assert!(
        unexplained.contains("| -10.00 EUR") && unexplained.contains("1 = 1 + 0 + 0"),
        "{unexplained}"
    );
}

#[test]
fn reversals_are_read_as_the_balance_says() {
    let reversal = entry("10.00", "CRDT", "<RvslInd>true</RvslInd>");
    let both = format!("{}{reversal}", entry("1.00", "CRDT", ""));
    let amounts = |mapping: &str, closing: &str| {
        let found = shown(&format(mapping), statement(closing, &both).as_bytes());
        (
            found.contains("| 10.00 EUR"),
            found.contains("| -10.00 EUR"),
            found.contains("NOT"),
        )
    };
    assert_eq!(amounts(DEFAULTS, "111.00"), (true, false, false));
    assert_eq!(amounts(DEFAULTS, "91.00"), (false, true, false));
    assert_eq!(amounts(DEFAULTS, "95.00"), (true, false, true));
    let always = |mode: &str| format!("[camt053]\nreversal_indicator = \"{mode}\"");
    assert_eq!(amounts(&always("original"), "111.00"), (false, true, true));
    assert_eq!(amounts(&always("as_booked"), "91.00"), (true, false, true));
}

#[test]
fn a_reversal_keeps_the_parties_of_the_original_payment() {
    let more = format!(
        "<RvslInd>true</RvslInd>{}",
        details(
            "<TxDtls><RltdPties><Dbtr><Nm>Payer</Nm></Dbtr>\
             <Cdtr><Nm>Us</Nm></Cdtr></RltdPties></TxDtls>"
        )
    );
    for (direction, closing) in [("DBIT", "90.00"), ("CRDT", "90.00")] {
        let found = shown(
            &format(DEFAULTS),
            statement(closing, &entry("10.00", direction, &more)).as_bytes(),
        );
        assert!(
            found.contains("| -10.00 EUR 2026-11-23 reversed with=\"Payer\""),
            "{direction}: {found}"
        );
    }
}

#[test]
fn an_unreadable_entry_is_a_reject_and_its_amount_still_balances() {
    let broken = "<Ntry><Amt Ccy=\"EUR\">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
                  <Sts>BOOK</Sts></Ntry>\n\
                  <Ntry><Amt Ccy=\"EUR\">5,00</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
                  <Sts>BOOK</Sts></Ntry>\n\
                  <Ntry><Amt>5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>\n\
                  <Ntry><Amt Ccy=\"EUR\">-5</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
                  <Sts>BOOK</Sts></Ntry>\n\
                  <Ntry><Amt Ccy=\"EUR\">5</Amt><CdtDbtInd>C</CdtDbtInd><Sts>BOOK</Sts></Ntry>\n\
                  <Ntry><Amt Ccy=\"EUR\">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>OPEN</Sts></Ntry>\n\
                  <Ntry><Amt Ccy=\"EUR\">5</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry>\n";
    check_statement(
        DEFAULTS,
        "105.00",
        broken,
        r#"2: reject Ntry/ValDt="": no date: neither ValDt nor BookgDt is there
           3: reject Ntry/Amt="5,00": not a plain decimal number
           4: reject Ntry/Amt/@Ccy="": no currency: the Ccy attribute is missing
           5: reject Ntry/Amt="-5": negative: in ISO 20022 the direction stands in CdtDbtInd
           6: reject Ntry/CdtDbtInd="C": neither CRDT nor DBIT
           7: reject Ntry/Sts="OPEN": unknown entry status: BOOK counts, PDNG, INFO and FUTR are \
           left out
           8: reject Ntry/Sts="": missing: an entry has a status
           ok file, statement S: opening balance + booked entries = closing balance holds: \
           stated 105.00 EUR, computed 105.00 EUR
           7 = 0 + 7 + 0"#,
    );
    let bad_part = details(
        "<TxDtls><Amt Ccy=\"EUR\">1</Amt></TxDtls>\n<TxDtls><Amt Ccy=\"EUR\">x</Amt></TxDtls>",
    );
    check_statement(
        DEFAULTS,
        "105.00",
        &entry("5.00", "CRDT", &bad_part),
        r#"2: | 1.00 EUR 2026-11-23 settled
           3: reject Ntry/NtryDtls/TxDtls/Amt="x": not a plain decimal number
           ok file, statement S: opening balance + booked entries = closing balance holds: \
           stated 105.00 EUR, computed 105.00 EUR
           2 = 1 + 1 + 0"#,
    );
}

#[test]
fn a_statement_that_does_not_add_up_says_so() {
    let found = shown(
        &format(DEFAULTS),
        statement("111.00", &entry("10.00", "CRDT", "")).as_bytes(),
    );
    assert!(
        found.contains(
            "NOT file, statement S: opening balance + booked entries = closing balance \
             does not hold: stated 111.00 EUR, computed 110.00 EUR"
        ),
        "{found}"
    );
    let unreadable = statement("1,00", "");
    let found = shown(&format(DEFAULTS), unreadable.as_bytes());
    assert!(
        found.contains("NOT file, statement S: no opening or closing balance is unreadable"),
        "{found}"
    );
}

#[test]
fn pages_balance_with_interim_balances_and_nothing_without_any() {
    let interim = |amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>ITBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        )
    };
    let page = format!(
        "{}{}{}",
        interim("5"),
        interim("15"),
        entry("10.00", "CRDT", "")
    );
    let middle = document(&format!(
        "<Stmt><Id>S</Id><StmtPgntn><PgNb>2</PgNb>\
         <LastPgInd>false</LastPgInd></StmtPgntn>{page}</Stmt>"
    ));
    let found = shown(&format(DEFAULTS), middle.as_bytes());
    assert!(
        found.contains("ok file, statement S, page 2: opening"),
        "{found}"
    );
    check(
        &format(DEFAULTS),
        document(&format!("<Stmt>{}</Stmt>", entry("10.00", "CRDT", ""))).as_bytes(),
        "1: | 10.00 EUR 2026-11-23 settled
         1 = 1 + 0 + 0",
    );
}

#[test]
fn counts_and_totals_of_batches_are_compared() {
    let batch = |count: &str, total: &str| {
        details(&format!(
            "<Btch><MsgId>B</MsgId><NbOfTxs>{count}</NbOfTxs>\
             <TtlAmt Ccy=\"EUR\">{total}</TtlAmt></Btch>\
             <TxDtls><Amt Ccy=\"EUR\">4</Amt></TxDtls><TxDtls><Amt Ccy=\"EUR\">6</Amt></TxDtls>"
        ))
    };
    let found = |more: &str| {
        shown(
            &format(DEFAULTS),
            statement("110", &entry("10.00", "CRDT", more)).as_bytes(),
        )
    };
    let right = found(&batch("2", "10"));
    assert!(!right.contains("NOT"), "{right}");
    let wrong = found(&batch("3", "11"));
    let count = "NOT file, batch B in line 2: NbOfTxs = number of transactions does not hold: \
                 stated 3, computed 2";
    assert!(wrong.contains(count), "{wrong}");
    let total = "NOT file, batch B in line 2: TtlAmt = sum of the transactions does not hold: \
                 stated 11.00 EUR, computed 10.00 EUR";
    assert!(wrong.contains(total), "{wrong}");
}

#[test]
fn a_summary_may_count_pending_entries_or_not() {
    let pending =
        "<Ntry><Amt Ccy=\"EUR\">3</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>";
    let found = |count: &str| {
        let summary = format!(
            "<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries></TtlNtries></TxsSummry>"
        );
        let file = statement(
            "110",
            &format!("{summary}{}{pending}", entry("10.00", "CRDT", "")),
        );
        shown(&format(DEFAULTS), file.as_bytes())
    };
    assert!(!found("1").contains("NOT"));
    assert!(!found("2").contains("NOT"));
    assert!(found("3").contains(
        "NOT file, statement S: number of entries = TtlNtries does not hold: stated 3, computed 1"
    ));
}

#[test]
fn references_come_in_the_order_that_the_mapping_trusts() {
    let more = details(
        "<TxDtls><Refs><EndToEndId>notprovided</EndToEndId><TxId>T</TxId></Refs>\
         <RmtInf><Strd><CdtrRefInf><Ref>RF1</Ref></CdtrRefInf>\
         <RfrdDocInf><Nb>D-9</Nb></RfrdDocInf></Strd>\
         <Ustrd>order 12 of INV-</Ustrd><Ustrd>34 by Ann</Ustrd></RmtInf></TxDtls>",
    );
    let mapping = "[camt053]\nreference = [\"transaction_id\", \"creditor_reference\"]\n\
                   invoice = { from = \"unstructured\", pattern = \"INV-[0-9]{2}\" }\n\
                   order = \"document_number\"\n\
                   client = { from = [\"account\", \"additional_information\"] }\n";
    let mapping = mapping.replace("from = \"unstructured\"", "from = [\"unstructured\"]");
    check_statement(
        &mapping,
        "110.00",
        &entry(
            "10.00",
            "CRDT",
            &format!("{more}<AddtlNtryInf>C-5</AddtlNtryInf>"),
        ),
        r#"2: reference=T invoice=INV-34 order=D-9 transaction_id=T creditor_reference=RF1 | \
        10.00 EUR 2026-11-23 settled client="C-5" about="order 12 of INV- 34 by Ann"
           ok file, statement S: opening balance + booked entries = closing balance holds: \
           stated 110.00 EUR, computed 110.00 EUR
           1 = 1 + 0 + 0"#,
    );
    // Two structured references are none: which one is meant is not to be guessed.
    let two = details(
        "<TxDtls><RmtInf><Strd><CdtrRefInf><Ref>RF1</Ref></CdtrRefInf></Strd>\
                       <Strd><CdtrRefInf><Ref>RF2</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>",
    );
    let found = shown(
        &format(DEFAULTS),
        statement("110", &entry("10.00", "CRDT", &two)).as_bytes(),
    );
    assert!(found.starts_with("2: | 10.00 EUR"), "{found}");
}

#[test]
fn dates_are_the_banks_own_unless_a_zone_is_set() {
    let late = "<BookgDt><DtTm>2026-11-22T23:30:00-05:00</DtTm></BookgDt>";
    let found = |mapping: &str, date: &str| {
        shown(
            &format(mapping),
            statement("110", &entry("10.00", "CRDT", date)).as_bytes(),
        )
    };
    assert!(found(DEFAULTS, late).contains("booked 2026-11-22"));
    assert!(found("[camt053]\ndate_zone = \"Europe/Berlin\"", late).contains("booked 2026-11-23"));
    let local = "<BookgDt><DtTm>2026-11-22T23:30:00</DtTm></BookgDt>";
    assert!(found("[camt053]\ndate_zone = \"Europe/Berlin\"", local).contains("booked 2026-11-22"));
    for wrong in [
        "2026-02-30",
        "23.11.2026",
        "2026-11-23T",
        "2026-11-23x",
        "0026-11-23",
    ] {
        let found = found(DEFAULTS, &format!("<BookgDt><Dt>{wrong}</Dt></BookgDt>"));
        assert!(
            found.contains(&format!("reject Ntry/BookgDt={wrong:?}")),
            "{found}"
        );
    }
}

#[test]
fn other_messages_and_unknown_versions_are_refused_by_name() {
    let message = |name: &str| format!("<Document><{name}><Rpt/></{name}></Document>");
    for (name, shown) in [
        ("BkToCstmrAcctRpt", "camt.052"),
        ("BkToCstmrDbtCdtNtfctn", "camt.054"),
        ("CstmrPmtStsRpt", "pain.002"),
    ] {
        let error = refused(&message(name)).to_string();
        assert!(error.contains(shown) && error.contains(name), "{error}");
    }
    for other in ["<html/>", "ref;amount", "{}"] {
        assert!(
            matches!(refused(other), FormatError::NotThisFormat { .. }),
            "{other}"
        );
    }
    assert!(matches!(refused("  "), FormatError::Empty { .. }));
    let nothing = refused(&document("")).to_string();
    assert!(nothing.contains("no statement (Stmt)"), "{nothing}");
    let version = |version: &str| {
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{version}\">\
             <BkToCstmrStmt><Stmt/></BkToCstmrStmt></Document>"
        )
    };
    assert!(
        refused(&version("camt.053.001.14"))
            .to_string()
            .contains("camt.053.001.14")
    );
    assert!(
        refused(&version("camt.052.001.08"))
            .to_string()
            .contains("camt.052.001.08")
    );
    for known in ["camt.053.001.02", "camt.053.001.13"] {
        let (_, summary) = read_bytes(&format(DEFAULTS), version(known).as_bytes());
        assert!(summary.is_ok(), "{known}: {summary:?}");
    }
}

#[test]
fn dangerous_and_broken_xml_is_refused() {
    let doctype = "<?xml version=\"1.0\"?>\n<!DOCTYPE d \
                   [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<d>&x;</d>";
    assert!(matches!(
        refused(doctype),
        FormatError::DoctypeRefused { line: 2 | 3, .. }
    ));
    let entity = statement(
        "100",
        &entry("1", "CRDT", "<AddtlNtryInf>&x;</AddtlNtryInf>"),
    );
    assert!(matches!(
        refused(&entity),
        FormatError::EntityRefused { line: 2, ref name, .. } if name == "x"
    ));
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    assert!(matches!(
        refused(&document(&deep)),
        FormatError::LimitReached {
            setting: "xml_depth_max",
            ..
        }
    ));
    let attributes: String = (0..65).map(|i| format!(" a{i}=\"\"")).collect();
    assert!(matches!(
        refused(&format!("<Document{attributes}/>")),
        FormatError::LimitReached {
            setting: "xml_attributes_max",
            ..
        }
    ));
    let long = statement(
        "100",
        &entry(
            "1",
            "CRDT",
            &format!("<AddtlNtryInf>{}</AddtlNtryInf>", "x".repeat(70_000)),
        ),
    );
    assert!(matches!(
        refused(&long),
        FormatError::LimitReached {
            setting: "row_bytes_max",
            ..
        }
    ));
    assert!(matches!(
        refused("<Document>\n<a></b></Document>"),
        FormatError::BrokenXml { line: 2, .. }
    ));
    assert!(matches!(
        refused("<Document>\n<BkToCstmrStmt>"),
        FormatError::Truncated { line: 2, .. }
    ));

    let many = details(&"<TxDtls/>".repeat(3));
    let limits = ReadLimits {
        rows_max: 2,
        ..ReadLimits::default()
    };
    let file = statement("100", &entry("1", "CRDT", &many));
    let (_, summary) = read_within(&format(DEFAULTS), file.as_bytes(), &limits);
    assert!(matches!(
        summary,
        Err(FormatError::LimitReached {
            setting: "rows_max",
            ..
        })
    ));
}

#[test]
fn a_file_declares_its_identity() {
    let file = document("<GrpHdr><MsgId>M-1</MsgId></GrpHdr><Stmt><Id>S</Id></Stmt>");
    let (_, summary) = read_bytes(&format(DEFAULTS), file.as_bytes());
    assert_eq!(summary.unwrap().declared_id.as_deref(), Some("M-1"));
}

#[test]
fn settings_are_checked() {
    let refused = |toml: &str| toml::from_str::<Format>(toml).expect_err(toml).to_string();
    let found = refused("[camt053]\nreversal_indicator = \"maybe\"");
    assert!(
        found.contains("line 2") && found.contains("unknown variant `maybe`"),
        "{found}"
    );
    let found = refused("[camt053]\nreference = [\"end_to_end\"]");
    assert!(
        found.contains("line 2") && found.contains("unknown variant `end_to_end`"),
        "{found}"
    );
    let found = refused("[camt053]\ninvoice = { pattern = \"x\" }");
    assert!(
        found.contains("line 2") && found.contains("missing field `from`"),
        "{found}"
    );
    let empty = format("[camt053]\nreference = []\nno_reference = [\"\"]").validate();
    assert_eq!(empty.len(), 2, "{empty:?}");
    assert!(format("camt053 = {}").validate().is_empty());
}
