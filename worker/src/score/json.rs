//! The score for scripts. Shares are texts in per cent and amounts are texts, because JSON numbers
//! lose digits; `null` is a share of nothing, or of what is not known.

use serde_json::{Value, json};

use domain::money::amount_text;

use super::card::{Card, Figures, Part};
use super::claim::Claim;
use crate::report::run_report::Share;

/// The whole score, with at most `listed_max` each of what is missed and what is false.
pub(crate) fn to_json(card: &Card, listed_max: usize) -> Value {
    let kinds = card.kinds.iter().map(|(what, of)| {
        let mut kind = figures(of);
        kind["kind"] = what.name().into();
        kind
    });
    let troubles = card.troubles.iter().map(|(trouble, [of, matches])| {
        json!({
            "trouble": &**trouble,
            "discrepancies": figures(of),
            "matches": card.has_matches.then(|| figures(matches)),
        })
    });
    json!({
        "exact": card.is_exact(),
        "discrepancies": figures(&card.discrepancies),
        "matches_scored": card.has_matches,
        "kinds": kinds.collect::<Vec<_>>(),
        "troubles": troubles.collect::<Vec<_>>(),
        "missed_count": card.missed.len(),
        "false_count": card.wrong.len(),
        "missed": listed(&card.missed, listed_max),
        "false": listed(&card.wrong, listed_max),
    })
}

fn figures(of: &Figures) -> Value {
    let value = of.currencies().into_iter().map(|currency| {
        let amount = |part: &Part| {
            let amount = part.value_in(currency);
            amount.map(|amount| amount_text(amount, currency))
        };
        json!({
            "currency": currency.code(),
            "expected": amount(&of.expected),
            "found": amount(&of.found),
            "correct": amount(&of.correct),
            "precision": text(of.precision_in(currency)),
            "recall": text(of.recall_in(currency)),
        })
    });
    json!({
        "expected": of.expected.count,
        "found": of.found.count,
        "correct": of.correct.count,
        "precision": text(of.precision()),
        "recall": text(of.recall()),
        "value": value.collect::<Vec<_>>(),
    })
}

fn text(share: Option<Share>) -> Option<String> {
    share.map(|share| share.fine_percent_text())
}

fn listed(claims: &[Claim], listed_max: usize) -> Vec<Value> {
    let claims = claims.iter().take(listed_max);
    let one = |claim: &Claim| {
        json!({
            "kind": claim.what.name(),
            "reference": &*claim.reference,
            "partner_lines": &*claim.lines.partner,
            "ledger_lines": &*claim.lines.ledger,
            "trouble": claim.trouble.as_deref(),
        })
    };
    claims.map(one).collect()
}
