//! `discrepancies.ndjson`: one JSON object per line and discrepancy.
//!
//! The same bytes that [`discrepancy_json`](super::discrepancy_json) has in its order of fields, put
//! down directly: a comparison of large files spends its last seconds here.

use std::borrow::Borrow;
use std::io::{self, Write};

use domain::discrepancy::Discrepancy;
use domain::matching::explanation::Explanation;
use domain::money::{Amount, Currency, amount_text};
use domain::policy::SourcePolicy;
use domain::record::{Record, ReferenceKind, ShortText};
use jiff::civil::Date;

use super::explanation_json::ExplanationJson;

/// Bytes collected before they are handed on.
const BUFFER_BYTES: usize = 64 << 10;

/// Most that are explained: each proposal is tried by comparing its records again.
pub(super) const EXPLAINED_MAX: usize = 10_000;

/// Writes one JSON object per line and discrepancy, in the order given. With the rules that found them,
/// the first 10,000 have their `explanation`.
///
/// # Errors
/// What `out` fails with.
pub fn write_discrepancies_ndjson<D: Borrow<Discrepancy>>(
    mut out: impl Write,
    discrepancies: impl IntoIterator<Item = D>,
    rules: Option<&SourcePolicy>,
) -> io::Result<()> {
    let mut lines = Vec::with_capacity(2 * BUFFER_BYTES);
    for (index, discrepancy) in discrepancies.into_iter().enumerate() {
        let rules = rules.filter(|_| index < EXPLAINED_MAX);
        put_line(&mut lines, discrepancy.borrow(), rules)?;
        if lines.len() >= BUFFER_BYTES {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)?;
    out.flush()
}

/// Adds the line of one, with its explanation if by rules.
///
/// # Errors
/// What an explanation in JSON fails with.
pub(super) fn put_line(
    lines: &mut Vec<u8>,
    discrepancy: &Discrepancy,
    rules: Option<&SourcePolicy>,
) -> io::Result<()> {
    let mut line = Line(lines);
    line.discrepancy(discrepancy);
    if let Some(rules) = rules {
        let explanation = ExplanationJson::from(Explanation::of(rules, discrepancy));
        line.plain(",\"explanation\":");
        serde_json::to_writer(&mut *line.0, &explanation)?;
    }
    line.plain("}\n");
    Ok(())
}

/// JSON as it grows. Names of fields stand with what is in front of them.
struct Line<'l>(&'l mut Vec<u8>);

impl Line<'_> {
    /// All of it but the end of the object.
    fn discrepancy(&mut self, discrepancy: &Discrepancy) {
        let currency = discrepancy.currency;
        self.plain("{\"discrepancy_id\":\"");
        self.plain(discrepancy.id.as_str());
        self.plain("\",\"kind\":\"");
        self.plain(discrepancy.kind.name());
        self.plain("\",\"severity\":\"");
        self.plain(discrepancy.severity.name());
        self.plain("\",\"reference\":");
        self.text(&discrepancy.reference);
        self.plain(",\"currency\":\"");
        self.plain(currency.code());
        self.plain("\",\"at_stake\":");
        self.amount(discrepancy.at_stake, currency);
        self.plain(",\"difference\":");
        self.optional(discrepancy.difference, |line, difference| {
            line.amount(difference, currency);
        });
        self.plain(",\"rule\":");
        self.text(&discrepancy.rule);
        self.plain(",\"reason\":");
        self.text(&discrepancy.reason);
        self.plain(",\"partner\":");
        self.optional(discrepancy.partner.as_ref(), Self::record);
        self.plain(",\"ledger\":");
        self.optional(discrepancy.ledger.as_ref(), Self::record);
        self.plain(",\"related\":[");
        for (index, record) in discrepancy.related.iter().enumerate() {
            self.plain(if index == 0 { "" } else { "," });
            self.record(record);
        }
        self.plain("],\"nearest\":");
        self.optional(discrepancy.nearest.as_ref(), |line, nearest| {
            line.plain("{\"kept_apart_by\":");
            line.text(&nearest.kept_apart_by);
            line.plain(",\"record\":");
            line.record(&nearest.record);
            line.plain("}");
        });
    }

    fn record(&mut self, record: &Record) {
        let currency = record.money.currency;
        self.plain("{\"side\":\"");
        self.plain(record.side.name());
        self.plain("\",\"file\":");
        self.text(&record.origin.file);
        self.plain(",\"line\":");
        self.plain(&record.origin.line.to_string());
        self.plain(",\"references\":{");
        self.references(&record.references);
        self.plain("},\"amount\":");
        self.amount(record.money.amount, currency);
        self.plain(",\"currency\":\"");
        self.plain(currency.code());
        self.plain("\",\"value_date\":");
        self.date(record.value_date);
        self.plain(",\"booking_date\":");
        self.optional(record.booking_date, Self::date);
        self.plain(",\"status\":");
        self.optional(record.status, |line, status| line.text(status.name()));
        self.plain(",\"fees\":");
        self.optional(record.fees.as_deref(), |line, fees| {
            line.plain("{\"gross\":");
            line.amount(fees.gross, currency);
            line.plain(",\"fee\":");
            line.amount(fees.fee, currency);
            line.plain(",\"net\":");
            line.amount(fees.net, currency);
            if let Some(part) = fees.derived {
                line.plain(",\"derived\":");
                line.text(part.name());
            }
            line.plain("}");
        });
        self.plain(",\"client\":");
        self.optional(record.client.as_deref(), Self::text);
        self.plain(",\"counterparty\":");
        self.optional(record.counterparty.as_deref(), Self::text);
        self.plain(",\"description\":");
        self.optional(record.description.as_deref(), Self::text);
        if let Some(run) = record.carried_from() {
            self.plain(",\"carried_from\":");
            self.text(run);
        }
        self.plain(",\"raw\":");
        self.text(&record.origin.raw);
        self.plain("}");
    }

    /// In the order of their names.
    fn references(&mut self, references: &[(ReferenceKind, ShortText)]) {
        let mut sorted: Vec<&(ReferenceKind, ShortText)> = references.iter().collect();
        sorted.sort_by_key(|(kind, _)| kind.name());
        for (index, (kind, text)) in sorted.into_iter().enumerate() {
            self.plain(if index == 0 { "\"" } else { ",\"" });
            self.plain(kind.name());
            self.plain("\":");
            self.text(text);
        }
    }

    fn optional<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => put(self, value),
            None => self.plain("null"),
        }
    }

    fn amount(&mut self, amount: Amount, currency: Currency) {
        self.plain("\"");
        self.plain(&amount_text(amount, currency));
        self.plain("\"");
    }

    fn date(&mut self, date: Date) {
        let digit = |number: i16| b'0' + (number % 10) as u8;
        let (year, month, day) = (date.year(), i16::from(date.month()), i16::from(date.day()));
        if year < 0 {
            return self.text(&date.to_string());
        }
        self.0.extend_from_slice(&[
            b'"',
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
            b'"',
        ]);
    }

    /// A text with its quotes, escaped as JSON wants it.
    fn text(&mut self, text: &str) {
        self.plain("\"");
        // Without a shortcut, so that it is done to many bytes at once.
        let must_escape = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
        let any = text
            .bytes()
            .fold(false, |any, byte| any | must_escape(byte));
        if !any {
            self.plain(text);
            return self.plain("\"");
        }
        let mut rest = text;
        while let Some(at) = rest.bytes().position(must_escape) {
            self.plain(&rest[..at]);
            self.escaped(rest.as_bytes()[at]);
            rest = &rest[at + 1..];
        }
        self.plain(rest);
        self.plain("\"");
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' => self.plain("\\\""),
            b'\\' => self.plain("\\\\"),
            0x08 => self.plain("\\b"),
            0x0c => self.plain("\\f"),
            b'\n' => self.plain("\\n"),
            b'\r' => self.plain("\\r"),
            b'\t' => self.plain("\\t"),
            other => self.plain(&format!("\\u{other:04x}")),
        }
    }

    #[inline]
    fn plain(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use domain::discrepancy::{DiscrepancyId, Kind, NearestCandidate};
    use domain::money::Money;
    use domain::record::{FeeSplit, Origin, Past, RecordFields, Side, Status};
    use domain::severity::Severity;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::report::discrepancies_json::DiscrepancyJson;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,20}",
            "\\PC{0,8}",
            "[\\x00-\\x1f\"\\\\a/\\x7f]{0,8}"
        ]
    }

    fn amounts() -> impl Strategy<Value = Amount> {
        let amount = (any::<i64>(), 0usize..=8);
        amount.prop_filter_map("fits", |(mantissa, scale)| {
            Amount::from_scaled(mantissa.into(), scale).ok()
        })
    }

    fn dates() -> impl Strategy<Value = Date> {
        (-9999i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| jiff::civil::date(y, m, d))
    }

    fn records() -> impl Strategy<Value = Record> {
        let references = vec(
            (
                proptest::sample::select(ReferenceKind::ALL.to_vec()),
                texts(),
            ),
            0..4,
        );
        let status = option::of(proptest::sample::select(Status::ALL.to_vec()));
        let fees = option::of((amounts(), option::of(amounts()), option::of(amounts())));
        let optional = (
            option::of(texts()),
            option::of(texts()),
            option::of(texts()),
        );
        let origin = (texts(), any::<u32>(), texts(), option::of(texts()));
        let money = (amounts(), "[A-Z]{3}");
        let dates = (dates(), option::of(dates()));
        let parts = (references, status, fees, optional, origin, money, dates);
        parts.prop_map(
            |(mut references, status, fees, optional, origin, money, dates)| {
                references.sort();
                references.dedup_by_key(|(kind, _)| *kind);
                let texts = references.into_iter();
                let past = origin.3.map(|run| Past {
                    received_by: Some(run.into()),
                    since: dates.0,
                    found_in: None,
                    repeats: None,
                });
                Record::from(RecordFields {
                    side: Side::Ledger,
                    origin: Origin {
                        file: origin.0.into(),
                        line: origin.1,
                        raw: origin.2.into(),
                    },
                    references: texts.map(|(kind, text)| (kind, text.into())).collect(),
                    money: Money {
                        amount: money.0,
                        currency: Currency::parse(&money.1).unwrap(),
                    },
                    value_date: dates.0,
                    booking_date: dates.1,
                    status,
                    fees: fees.and_then(|(gross, fee, net)| {
                        Some(Box::new(FeeSplit::of(Some(gross), fee, net).ok()??))
                    }),
                    client: optional.0.map(ShortText::from),
                    counterparty: optional.1.map(ShortText::from),
                    description: optional.2.map(ShortText::from),
                    past: past.map(Box::new),
                    has_namesake: false,
                    takes_back: false,
                })
            },
        )
    }

    fn discrepancies() -> impl Strategy<Value = Discrepancy> {
        let nearest = option::of((records(), texts()));
        let records = (
            option::of(records()),
            option::of(records()),
            vec(records(), 0..3),
        );
        let amounts = (amounts(), option::of(amounts()), "[A-Z]{3}");
        let parts = (records, nearest, amounts, (texts(), texts(), texts()));
        parts.prop_map(|(records, nearest, amounts, texts)| Discrepancy {
            id: DiscrepancyId::fingerprint("acme", Kind::Rounding, &[&texts.0]),
            kind: Kind::Rounding,
            severity: Severity::High,
            reference: texts.0.into(),
            currency: Currency::parse(&amounts.2).unwrap(),
            at_stake: amounts.0,
            difference: amounts.1,
            partner: records.0,
            ledger: records.1,
            related: records.2,
            rule: texts.1.into(),
            reason: texts.2,
            nearest: nearest.map(|(record, kept_apart_by)| {
                Box::new(NearestCandidate {
                    record,
                    kept_apart_by,
                    settled: None,
                })
            }),
        })
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_object(discrepancies in vec(discrepancies(), 0..4)) {
            let mut lines = Vec::new();
            write_discrepancies_ndjson(&mut lines, &discrepancies, None).unwrap();
            let mut objects = String::new();
            for discrepancy in &discrepancies {
                objects += &serde_json::to_string(&DiscrepancyJson::from(discrepancy)).unwrap();
                objects.push('\n');
            }
            prop_assert_eq!(String::from_utf8(lines).unwrap(), objects);
        }
    }
}
