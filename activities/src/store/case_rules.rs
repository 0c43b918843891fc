//! What every store makes of acts on cases, of summaries and of causes: pure, whatever the store.

use std::collections::BTreeMap;

use domain::alert::{AlertBody, CurrencyTotal};
use domain::audit::AuditEvent;
use domain::case::{self, Act, Applied, Behind, Case, CaseState, Subject};
use domain::cause::CauseKind;
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency, Money};
use domain::severity::Severity;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::{
    ActOutcome, Acted, Acting, AlertRow, AlertState, Attention, BeforeAct, CaseRow, CauseCase,
    Denied, StoreError,
};

/// Longest text of an error that is kept, in characters.
const ERROR_CHARACTERS_MAX: usize = 1_000;

pub(super) fn no_discrepancy(id: &str) -> StoreError {
    StoreError::NotFound(format!(
        "no discrepancy is called {id}; `trueup discrepancies` lists them"
    ))
}

pub(super) fn no_alert(alert_id: &str) -> StoreError {
    StoreError::NotFound(format!(
        "no alert is called {alert_id}; `trueup alerts list` shows them"
    ))
}

/// What an audit entry of a case says, and what it is about.
pub(super) type Entry = (AuditEvent, Vec<(&'static str, String)>);

/// What becomes of an act on a case.
pub(super) struct Decided {
    pub(super) outcome: ActOutcome,
    pub(super) reason: String,
    /// The case if it changes.
    pub(super) case: Option<Case>,
    pub(super) entry: Option<Entry>,
}

impl Decided {
    pub(super) fn by(decided: Result<Applied, Denied>) -> Self {
        match decided {
            Ok(Applied {
                case,
                event: Some(event),
                fields,
            }) => Decided {
                outcome: ActOutcome::Done,
                reason: String::new(),
                case: Some(case),
                entry: Some((event, fields)),
            },
            Ok(Applied { event: None, .. }) => Decided {
                outcome: ActOutcome::Unchanged,
                reason: String::new(),
                case: None,
                entry: None,
            },
            Err(Denied { reason, entry }) => Decided {
                outcome: ActOutcome::Refused,
                reason,
                case: None,
                entry,
            },
        }
    }

    /// What whoever opened the case again wrote; none when it is not opened again.
    pub(super) fn reopened(&self) -> Option<String> {
        let (event, fields) = self.entry.as_ref()?;
        (*event == AuditEvent::CaseReopened).then(|| {
            let mut fields = fields.iter();
            let note = fields.find(|(name, _)| *name == "note");
            note.map_or(String::new(), |(_, note)| note.clone())
        })
    }
}

/// What was asked for, in a form that is kept.
pub(super) fn request_digest(request: &str) -> String {
    hex::encode(Sha256::digest(request))
}

/// The answer to another request under the name of one that was done.
pub(super) fn asked_otherwise() -> (ActOutcome, String) {
    let reason =
        "something else was asked for under the same id before; give every act an id of its own";
    (ActOutcome::Refused, reason.to_owned())
}

/// Whether nothing of an alert is to be sent any more.
pub(super) fn is_over(state: AlertState) -> bool {
    match state {
        AlertState::Pending | AlertState::Sending => false,
        AlertState::Sent | AlertState::Dead | AlertState::Diverted => true,
    }
}

pub(super) fn shortened(error: &str) -> String {
    error.chars().take(ERROR_CHARACTERS_MAX).collect()
}

/// How the case of something without a discrepancy stands; the default before it began.
#[derive(Default)]
pub(super) struct Stands {
    pub(super) case: Case,
    pub(super) has_workflow: bool,
    pub(super) attention: Attention,
}

/// The case of a summary, an incident or a digest, by one of its alerts.
pub(super) fn summary(id: &str, alert: AlertRow, stands: Stands) -> Result<CaseRow, StoreError> {
    let content = alert.intent.content;
    let covered = match &content.body {
        AlertBody::Summary(facts) => Some(facts),
        AlertBody::Cause(facts) => Some(&facts.members),
        AlertBody::Digest(facts) => Some(&facts.open),
        AlertBody::Incident(_) | AlertBody::Discrepancy(_) => None,
    };
    let largest = covered.and_then(|facts| facts.largest.first());
    let (kind, at_stake) = match largest {
        Some(largest) => (largest.kind, largest.at_stake),
        None => (Kind::StatementOutOfBalance, nothing()?),
    };
    Ok(CaseRow {
        id: id.to_owned(),
        is_summary: true,
        subject: Subject {
            source: alert.intent.source,
            kind,
            severity: content.severity,
            currency: at_stake.currency,
            at_stake: at_stake.amount,
            has_both_sides: false,
        },
        reference: content.headline,
        case: stands.case,
        has_workflow: stands.has_workflow,
        first_seen_run: alert.intent.run_id.clone(),
        last_seen_run: alert.intent.run_id,
        cause: None,
        attention: stands.attention,
    })
}

/// No money: nothing in `XXX`, which is the code for that.
fn nothing() -> Result<Money, StoreError> {
    Ok(Money {
        amount: Amount::ZERO,
        currency: Currency::parse("XXX").map_err(|error| StoreError::corrupt("XXX", error))?,
    })
}

/// What is on record of a cause itself.
pub(super) struct CauseRow {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) business_date: Date,
    pub(super) kind: CauseKind,
    pub(super) severity: Severity,
    pub(super) explanation: String,
    pub(super) first_seen_run: String,
    pub(super) last_seen_run: String,
    pub(super) acting: Option<String>,
}

/// The case of a cause.
pub(super) fn cause(
    row: CauseRow,
    standing: Standing,
    stands: Stands,
) -> Result<CaseRow, StoreError> {
    let has_both_sides = standing.has_both_sides();
    let behind = standing.behind();
    let main = match behind.sums.first() {
        Some(sum) => *sum,
        None => nothing()?,
    };
    Ok(CaseRow {
        id: row.id,
        is_summary: true,
        reference: row.explanation,
        subject: Subject {
            source: row.source,
            kind: kind_of_members(row.kind),
            severity: row.severity,
            currency: main.currency,
            at_stake: main.amount,
            has_both_sides,
        },
        case: stands.case,
        has_workflow: stands.has_workflow,
        first_seen_run: row.first_seen_run,
        last_seen_run: row.last_seen_run,
        attention: stands.attention,
        cause: Some(Box::new(CauseCase {
            kind: row.kind,
            business_date: row.business_date,
            behind,
            acting: row.acting,
        })),
    })
}

/// All discrepancies of one cause are of one kind.
fn kind_of_members(kind: CauseKind) -> Kind {
    match kind {
        CauseKind::ReportIncomplete => Kind::MissingAtPartner,
        CauseKind::LedgerIncomplete => Kind::MissingInLedger,
        CauseKind::CutOffShifted => Kind::DateMismatch,
        CauseKind::FeesChanged => Kind::FeeMismatch,
    }
}

/// What the case of a cause has to do to stand as its discrepancies do; nothing when it does, or while
/// an act on them is being done that would only be opened in between.
pub(super) fn following(row: &CaseRow) -> Option<(Act, Acting)> {
    let cause = row.cause.as_ref()?;
    let act = case::follow(&row.case, &cause.behind)?;
    if cause.acting.is_some() && matches!(act, Act::MemberOpen { .. }) {
        return None;
    }
    let acting = Acting {
        id: row.id.clone(),
        // It follows once from where it stands.
        act_id: format!("{}/{}", act.name(), row.case.version),
        request: String::new(),
    };
    Some((act, acting))
}

/// What an act on the case of a cause leaves to be done to its discrepancies, the first time.
pub(super) fn left_to_do(
    before: &BeforeAct,
    acted: &Acted,
    then: &impl Fn(&Case, &Case) -> Option<String>,
) -> Option<String> {
    let is_new = before.outcome.is_none() && acted.outcome == ActOutcome::Done;
    is_new
        .then(|| then(&before.case.case, &acted.case.case))
        .flatten()
}

/// Whether an alert of a run tells of a discrepancy under another number than the one after so many
/// times: it is of people who opened the case again.
pub(super) fn is_of_people(alert_id: &str, id: &str, times: u32) -> bool {
    let number = format!("/{}", u64::from(times) + 1);
    alert_id.starts_with(id) && !alert_id.ends_with(&number)
}

/// How many discrepancies there are and what is at stake, per currency, added up one by one: exact, or
/// no sum where that is not possible.
#[derive(Default)]
pub(super) struct Totals(BTreeMap<Currency, CurrencyTotal>);

impl Totals {
    pub(super) fn add(&mut self, at_stake: Money) {
        let Money { amount, currency } = at_stake;
        let total = self.0.entry(currency).or_insert(CurrencyTotal {
            currency,
            count: 0,
            at_stake: Some(Amount::ZERO),
        });
        total.count += 1;
        total.at_stake = total
            .at_stake
            .and_then(|sum| sum.checked_add(amount.abs()).ok());
    }

    pub(super) fn finish(self) -> Vec<CurrencyTotal> {
        self.0.into_values().collect()
    }
}

/// How the discrepancies behind a cause stand, added up one by one.
#[derive(Default)]
pub(super) struct Standing {
    count: u64,
    open: u64,
    cleared: u64,
    one_sided: u64,
    of_open: Sums,
    of_all: Sums,
}

impl Standing {
    pub(super) fn add(
        &mut self,
        state: CaseState,
        at_stake: Money,
        has_both_sides: bool,
    ) -> Result<(), StoreError> {
        let Money { amount, currency } = at_stake;
        self.count += 1;
        self.cleared += u64::from(state == CaseState::Cleared);
        self.one_sided += u64::from(!has_both_sides);
        self.of_all.add(currency, amount.abs())?;
        if state.is_open() {
            self.open += 1;
            self.of_open.add(currency, amount.abs())?;
        }
        Ok(())
    }

    fn has_both_sides(&self) -> bool {
        self.one_sided == 0 && self.count > 0
    }

    fn behind(self) -> Behind {
        let sums = match self.open {
            0 => self.of_all,
            _ => self.of_open,
        };
        Behind {
            count: self.count,
            open: self.open,
            cleared: self.cleared,
            sums: sums.in_order(),
        }
    }
}

/// Counts and sums by currency, exact.
#[derive(Default)]
struct Sums(BTreeMap<Currency, (u64, Amount)>);

impl Sums {
    fn add(&mut self, currency: Currency, amount: Amount) -> Result<(), StoreError> {
        let (count, sum) = self.0.entry(currency).or_default();
        *count += 1;
        *sum = sum
            .checked_add(amount)
            .map_err(|error| StoreError::corrupt("the amounts behind a cause", error))?;
        Ok(())
    }

    /// Of the currency of most discrepancies first.
    fn in_order(self) -> Vec<Money> {
        let mut sums: Vec<_> = self.0.into_iter().collect();
        sums.sort_by_key(|(currency, (count, _))| (std::cmp::Reverse(*count), *currency));
        let money = |(currency, (_, amount))| Money { amount, currency };
        sums.into_iter().map(money).collect()
    }
}
