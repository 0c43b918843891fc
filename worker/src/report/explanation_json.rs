//! The explanation of a discrepancy as JSON.

use domain::matching::explanation::Explanation;
use serde::Serialize;

/// What was compared, how much of it agrees, and what would have matched.
#[derive(Serialize)]
pub(crate) struct ExplanationJson {
    compared: Vec<ComparedJson>,
    score: String,
    would_match: Option<String>,
}

#[derive(Serialize)]
struct ComparedJson {
    what: &'static str,
    partner: String,
    ledger: String,
    agrees: bool,
}

impl From<Explanation> for ExplanationJson {
    fn from(explanation: Explanation) -> Self {
        ExplanationJson {
            score: explanation.score(),
            would_match: explanation.would_match.map(|it| it.to_string()),
            compared: explanation
                .compared
                .into_iter()
                .map(|it| ComparedJson {
                    what: it.what,
                    partner: it.partner,
                    ledger: it.ledger,
                    agrees: it.agrees,
                })
                .collect(),
        }
    }
}
