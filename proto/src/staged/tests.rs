//! The law of the messages: what was written is read back, alone, in a stream and as JSON; and
//! what was not written by us is refused, not repaired.

use std::sync::Arc;

use domain::audit::PairedLine;
use domain::case::Settles;
use domain::control::{Compared, ControlCheck};
use domain::discrepancy::{Discrepancy, DiscrepancyId, Kind, NearestCandidate};
use domain::matching::Matched;
use domain::money::{Amount, Currency, Money};
use domain::open_items::{SettledAs, Used};
use domain::policy::MatchRule;
use domain::record::{
    FeePart, FeeSplit, Origin, Past, Record, RecordFields, ReferenceKind, References, Reject,
    ShortText, Side, Status,
};
use domain::severity::Severity;
use jiff::civil::{Date, date};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Encoder, MatchLine, MatchedRecord, PairLines, decode_all, encode_all};
use crate::wire::{StagedDiscrepancy, StagedRecord, StagedReject};

prop_compose! {
    fn amounts()(mantissa in -10i128.pow(26) + 1..10i128.pow(26), scale in 0usize..=8) -> Amount {
        Amount::from_scaled(mantissa, scale)
            .or_else(|_| Amount::from_scaled(mantissa % 10i128.pow(18), scale))
            .unwrap()
    }
}

fn currencies() -> impl Strategy<Value = Currency> {
    "[A-Z]{3}".prop_map(|code| Currency::parse(&code).unwrap())
}

fn dates() -> impl Strategy<Value = Date> {
    (0i64..3_652_000).prop_map(|days| date(1, 1, 1) + jiff::Span::new().days(days))
}

fn texts() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

/// Few different names, so that lines of a stream share some; the empty one among them.
fn origins() -> impl Strategy<Value = Origin> {
    let files = select(vec!["", "a.csv", "b.xml", "ü.csv"]);
    (files, any::<u32>(), texts()).prop_map(|(file, line, raw)| {
        let (file, raw) = (Arc::from(file), raw.into());
        Origin { file, line, raw }
    })
}

fn references() -> impl Strategy<Value = References> {
    let kinds = btree_set(select(ReferenceKind::ALL), 0..4);
    (kinds, "\\PC{1,8}").prop_map(|(kinds, text)| {
        kinds
            .into_iter()
            .map(|kind| (kind, text.as_str().into()))
            .collect()
    })
}

fn fees() -> impl Strategy<Value = FeeSplit> {
    let derived = option::of(select(FeePart::ALL));
    (amounts(), amounts(), amounts(), derived).prop_map(|(gross, fee, net, derived)| FeeSplit {
        gross,
        fee,
        net,
        derived,
    })
}

prop_compose! {
    fn records()(
        (side, origin, references) in (select(&Side::BOTH[..]), origins(), references()),
        (amount, currency) in (amounts(), currencies()),
        (value_date, booking_date) in (dates(), option::of(dates())),
        (status, fees) in (option::of(select(Status::ALL)), option::of(fees())),
        named in [option::of(texts()), option::of(texts()), option::of(texts())],
        (past, has_namesake, takes_back) in (option::of(pasts()), any::<bool>(), any::<bool>()),
    ) -> Record {
        let money = Money { amount, currency };
        let [client, counterparty, description] = named.map(|text| text.map(ShortText::from));
        Record::from(RecordFields {
            side, origin, references, money, value_date, booking_date, status, fees: fees.map(Box::new), client,
            counterparty, description, past: past.map(Box::new), has_namesake, takes_back,
        })
    }
}

prop_compose! {
    fn pasts()(
        (received_by, repeats) in (option::of("\\PC{0,9}"), option::of("\\PC{0,9}")),
        (since, found_in) in (dates(), option::of(select(Kind::ALL))),
    ) -> Past {
        Past {
            received_by: received_by.map(Arc::from),
            since,
            found_in: found_in.map(|kind| (DiscrepancyId::fingerprint("acme", kind, &[]), kind)),
            repeats: repeats.map(Arc::from),
        }
    }
}

prop_compose! {
    fn used()(
        records in vec(records(), 0..4),
        settled in option::of((select(Kind::ALL), select(Settles::ALL))),
    ) -> Used {
        let settled = settled.map(|(kind, settles)| SettledAs {
            discrepancy: DiscrepancyId::fingerprint("acme", kind, &[]),
            kind,
            settles,
        });
        Used { records, settled }
    }
}

prop_compose! {
    fn rejects()(
        (side, origin) in (select(&Side::BOTH[..]), origins()),
        (column, value, reason) in (texts(), texts(), texts()),
    ) -> Reject {
        let [column, value, reason] = [column, value, reason].map(String::into_boxed_str);
        Reject { side, origin, column, value, reason }
    }
}

prop_compose! {
    fn discrepancies()(
        (kind, severity) in (select(Kind::ALL), select(Severity::ALL)),
        (currency, at_stake, other) in (currencies(), amounts(), amounts()),
        (partner, ledger) in (option::of(records()), option::of(records())),
        related in vec(records(), 0..3),
        (nearest, settled) in (option::of(records()), option::of(select(Settles::ALL))),
        (reference, rule, reason) in ("\\PC{0,9}", "\\PC{0,9}", "\\PC{0,9}"),
    ) -> Discrepancy {
        let difference = at_stake.checked_sub(other).ok();
        let kept_apart_by = reason.clone();
        Discrepancy {
            id: DiscrepancyId::fingerprint(&reference, kind, &[&rule]),
            kind, severity, reference: reference.into(), currency, at_stake, difference, partner, ledger, related,
            rule: rule.into(), reason,
            nearest: nearest.map(|record| Box::new(NearestCandidate { record, kept_apart_by, settled })),
        }
    }
}

proptest! {
    #[test]
    fn streams_of_records(records in vec(records(), 0..20)) {
        let bytes = encode_all(&records);
        prop_assert_eq!(&encode_all(&records), &bytes, "the same bytes every time");
        prop_assert_eq!(decode_all::<Record>(&bytes), Ok(records));
    }

    #[test]
    fn streams_of_used_groups(used in vec(used(), 0..10)) {
        prop_assert_eq!(decode_all::<Used>(&encode_all(&used)), Ok(used));
    }

    #[test]
    fn streams_of_rejects(rejects in vec(rejects(), 0..20)) {
        prop_assert_eq!(decode_all::<Reject>(&encode_all(&rejects)), Ok(rejects));
    }

    #[test]
    fn streams_of_matches(
        records in vec((records(), records(), vec(records(), 0..3)), 0..20),
    ) {
        let rule = MatchRule::exact("by all", ReferenceKind::ALL);
        let pair = |(partner, ledger, more): &(Record, Record, Vec<Record>)| {
            let (partner, ledger, more) = (partner.clone(), ledger.clone(), more.clone());
            MatchLine::new(&rule, &Matched { partner, ledger, more, rule: 0 })
        };
        let pairs: Vec<MatchLine> = records.iter().map(pair).collect();
        prop_assert_eq!(decode_all::<MatchLine>(&encode_all(&pairs)), Ok(pairs));
    }

    #[test]
    fn pairs_are_lines_of_matches(pairs in vec((records(), records(), texts(), any::<bool>()), 0..20)) {
        let kind = ReferenceKind::Invoice;
        let mut lines = Encoder::default();
        let mut expected = Encoder::default();
        let mut writer = PairLines::new("by invoice", kind);
        for (partner, ledger, reference, is_pair) in &pairs {
            let [of_partner, of_ledger] = [partner, ledger].map(|record| MatchedRecord {
                file: Arc::clone(&record.origin.file),
                line: record.origin.line,
                money: record.money,
            });
            let line = MatchLine {
                rule: "by invoice".into(),
                references: [(kind, reference.into())].into(),
                partner: of_partner,
                ledger: of_ledger,
                more_partner: Vec::new(),
                more_ledger: Vec::new(),
            };
            expected.push(&line);
            if !is_pair {
                lines.push(&line);
                continue;
            }
            let amounts = [partner, ledger].map(|record| record.money.amount.to_string());
            fn of<'r>(record: &'r Record, amount: &'r str) -> PairedLine<'r> {
                PairedLine {
                    file: &record.origin.file,
                    line: record.origin.line,
                    amount,
                    currency: record.money.currency,
                }
            }
            let (of_partner, of_ledger) = (of(partner, &amounts[0]), of(ledger, &amounts[1]));
            writer.push(&mut lines, reference, of_partner, of_ledger);
        }
        prop_assert_eq!(lines.finish(), expected.finish());
    }

    #[test]
    fn streams_of_discrepancies(discrepancies in vec(discrepancies(), 0..5)) {
        let bytes = encode_all(&discrepancies);
        prop_assert_eq!(decode_all::<Discrepancy>(&bytes), Ok(discrepancies));
    }

    #[test]
    fn streams_of_controls(sums in vec((amounts(), amounts(), currencies()), 0..5), count: u64) {
        let check = |compared| ControlCheck {
            file: "a.xml".to_owned(),
            subject: "statement 7".to_owned(),
            identity: "opening balance + entries = closing balance".to_owned(),
            compared,
        };
        let mut checks = vec![check(Compared::Counts { stated: count, computed: count / 2 })];
        checks.extend(sums.into_iter().map(|(stated, computed, currency)| {
            let money = |amount| Money { amount, currency };
            check(Compared::Sums { stated: money(stated), computed: money(computed) })
        }));
        prop_assert_eq!(decode_all::<ControlCheck>(&encode_all(&checks)), Ok(checks));
    }

    #[test]
    fn json(record in records(), reject in rejects(), discrepancy in discrepancies()) {
        let text = serde_json::to_string(&StagedRecord::from(&record)).unwrap();
        let read: StagedRecord = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Record::try_from(read), Ok(record));
        let text = serde_json::to_string(&StagedReject::from(&reject)).unwrap();
        let read: StagedReject = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Reject::try_from(read), Ok(reject));
        let text = serde_json::to_string(&StagedDiscrepancy::from(&discrepancy)).unwrap();
        let read: StagedDiscrepancy = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Discrepancy::try_from(read), Ok(discrepancy));
    }

    #[test]
    fn other_bytes_are_refused_or_read(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode_all::<Record>(&bytes);
    }

    #[test]
    fn a_stream_that_was_cut_is_refused(records in vec(records(), 1..5), cut in 1usize..20) {
        let bytes = encode_all(&records);
        let cut = &bytes[..bytes.len().saturating_sub(cut).max(1)];
        let whole = decode_all::<Record>(cut);
        prop_assert!(whole.is_err() || whole.unwrap().len() < records.len());
    }
}

fn example() -> Record {
    Record::from(RecordFields {
        side: Side::Ledger,
        origin: Origin {
            file: "ledger.csv".into(),
            line: 7,
            raw: "P-1;10,50".into(),
        },
        references: [
            (ReferenceKind::Reference, "P-1".into()),
            (ReferenceKind::Invoice, "INV-9".into()),
        ]
        .into_iter()
        .collect(),
        money: Money {
            amount: Amount::parse("-10.50").unwrap(),
            currency: Currency::parse("EUR").unwrap(),
        },
        value_date: date(2026, 11, 20),
        booking_date: None,
        status: Some(Status::Settled),
        fees: None,
        client: Some("acme".into()),
        counterparty: None,
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    })
}

#[test]
fn json_is_readable_and_stable() {
    let json = serde_json::to_string(&StagedRecord::from(&example())).unwrap();
    let expected = concat!(
        r#"{"origin":{"side":"ledger","file":"ledger.csv","line":7,"raw":"P-1;10,50"},"#,
        r#""references":[{"kind":"reference","text":"P-1"},{"kind":"invoice","text":"INV-9"}],"#,
        r#""amount":"-10.5","currency":"EUR","value_date":"2026-11-20","status":"settled","#,
        r#""client":"acme"}"#,
    );
    assert_eq!(json, expected);
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |change: fn(&mut StagedRecord)| {
        let mut wire = StagedRecord::from(&example());
        change(&mut wire);
        Record::try_from(wire).expect_err("refused").to_string()
    };
    assert_eq!(
        refused(|wire| wire.amount = "1e3".to_owned()),
        r#"amount "1e3" is not an amount: not a plain decimal number"#
    );
    assert_eq!(refused(|wire| wire.origin = None), "origin is missing");
    assert_eq!(
        refused(|wire| wire.references.reverse()),
        r#"reference "reference" is not in order"#
    );
    assert_eq!(
        refused(|wire| wire.status = Some("paid".to_owned())),
        r#"status "paid" is not a status (pending, settled, reversed or failed)"#
    );
    assert_eq!(
        refused(|wire| wire.value_date = "20.11.2026".to_owned()),
        r#"value_date "20.11.2026" is not a date (YYYY-MM-DD)"#
    );
}

#[test]
fn records_of_one_file_share_its_name() {
    let bytes = encode_all(&[example(), example()]);
    let [first, second] = &decode_all::<Record>(&bytes).unwrap()[..] else {
        panic!("two records");
    };
    assert!(Arc::ptr_eq(&first.origin.file, &second.origin.file));
}
