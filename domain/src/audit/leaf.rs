//! Matches and discrepancies as leaves: every value that is on record, personal texts as commitments.

use super::{Commitment, Statement, Tag};
use crate::discrepancy::Discrepancy;
use crate::masking;
use crate::money::Money;
use crate::record::{Record, ReferenceKind, ShortText};

/// One record of a match, as the leaf names it.
#[derive(Clone, Copy, Debug)]
pub struct MatchedLine<'a> {
    /// File or query name.
    pub file: &'a str,
    /// Line in it, from 1.
    pub line: u32,
    /// What it says.
    pub money: Money,
}

/// Records that `rule` brought together: the references that it compared, then the partner's record
/// and ours; of several the first, and then the others, by their number.
#[must_use]
pub fn match_leaf(
    rule: &str,
    references: &[(ReferenceKind, ShortText)],
    partner: &[MatchedLine<'_>],
    ledger: &[MatchedLine<'_>],
) -> Statement {
    let mut leaf = Statement::new(Tag::Match);
    leaf.push("rule", rule);
    for (kind, reference) in references {
        leaf.push(format!("reference.{kind}"), &**reference);
    }
    let of_both = [("partner", partner), ("ledger", ledger)];
    for (side, lines) in of_both {
        lines
            .iter()
            .take(1)
            .for_each(|it| push_line(&mut leaf, side, it));
    }
    for (side, lines) in of_both {
        for (number, line) in lines.iter().enumerate().skip(1) {
            push_line(&mut leaf, &format!("{side}.{number}"), line);
        }
    }
    leaf
}

fn push_line(leaf: &mut Statement, name: &str, line: &MatchedLine<'_>) {
    leaf.push(format!("{name}.file"), line.file);
    leaf.push(format!("{name}.line"), line.line.to_string());
    leaf.push(format!("{name}.amount"), line.money.amount.to_string());
    leaf.push(format!("{name}.currency"), line.money.currency.code());
}

/// A discrepancy with all of its records. Texts that may name somebody are there as commitments: the
/// reason, what keeps the nearest apart, and of a record `raw`, the references, `client`,
/// `counterparty` and `description`. What people call it is there with account numbers masked.
#[must_use]
pub fn discrepancy_leaf(discrepancy: &Discrepancy, commitment: &Commitment) -> Statement {
    written(discrepancy, &mut |_, text| commitment.to(text))
}

/// The texts that [`discrepancy_leaf`] commits to, by the names that their commitments have there.
#[must_use]
pub fn committed_texts(discrepancy: &Discrepancy) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let _ = written(discrepancy, &mut |name, text| {
        texts.push((name.to_owned(), text.to_owned()));
        String::new()
    });
    texts
}

type Commit<'a> = dyn FnMut(&str, &str) -> String + 'a;

fn written(discrepancy: &Discrepancy, commit: &mut Commit<'_>) -> Statement {
    let mut leaf = Statement::new(Tag::Discrepancy);
    leaf.push("id", discrepancy.id.as_str());
    leaf.push("kind", discrepancy.kind.name());
    leaf.push("severity", discrepancy.severity.name());
    leaf.push("reference", masking::accounts_in(&discrepancy.reference));
    leaf.push("currency", discrepancy.currency.code());
    leaf.push("at_stake", discrepancy.at_stake.to_string());
    if let Some(difference) = discrepancy.difference {
        leaf.push("difference", difference.to_string());
    }
    leaf.push("rule", discrepancy.rule.as_str());
    leaf.push("reason", commit("reason", &discrepancy.reason));
    if let Some(partner) = &discrepancy.partner {
        push_record(&mut leaf, "partner", partner, commit);
    }
    if let Some(ledger) = &discrepancy.ledger {
        push_record(&mut leaf, "ledger", ledger, commit);
    }
    for (number, related) in discrepancy.related.iter().enumerate() {
        push_record(&mut leaf, &format!("related.{number}"), related, commit);
    }
    if let Some(nearest) = &discrepancy.nearest {
        push_record(&mut leaf, "nearest", &nearest.record, commit);
        let name = "nearest.kept_apart_by";
        leaf.push(name, commit(name, &nearest.kept_apart_by));
    }
    leaf
}

fn push_record(leaf: &mut Statement, name: &str, record: &Record, commit: &mut Commit<'_>) {
    let mut push = |part: &str, value: String| leaf.push(format!("{name}.{part}"), value);
    let mut personal = |part: &str, text: &str| commit(&format!("{name}.{part}"), text);
    push("side", record.side.name().to_owned());
    push("file", record.origin.file.to_string());
    push("line", record.origin.line.to_string());
    push("raw", personal("raw", &record.origin.raw));
    for (kind, reference) in &record.references {
        let part = format!("reference.{kind}");
        push(&part, personal(&part, reference));
    }
    push("amount", record.money.amount.to_string());
    push("currency", record.money.currency.code().to_owned());
    push("value_date", record.value_date.to_string());
    if let Some(date) = record.booking_date {
        push("booking_date", date.to_string());
    }
    if let Some(status) = record.status {
        push("status", status.name().to_owned());
    }
    if let Some(fees) = &record.fees {
        push("gross", fees.gross.to_string());
        push("fee", fees.fee.to_string());
        push("net", fees.net.to_string());
        if let Some(part) = fees.derived {
            push("derived", part.name().to_owned());
        }
    }
    let texts = [
        ("client", &record.client),
        ("counterparty", &record.counterparty),
        ("description", &record.description),
    ];
    for (part, text) in texts {
        if let Some(text) = text {
            push(part, personal(part, text));
        }
    }
    let Some(past) = &record.past else { return };
    push("since", past.since.to_string());
    if let Some(run) = &past.received_by {
        push("received_by", run.to_string());
    }
    if let Some((id, kind)) = &past.found_in {
        push("found_in", format!("{kind} {id}"));
    }
    if let Some(run) = &past.repeats {
        push("repeats", run.to_string());
    }
}
