//! What becomes of an act on a case: the domain decides, by the rules that the installation is
//! configured with. Writes nothing.

use std::collections::BTreeMap;

use domain::alert::{self, AlertIntent, AlertPolicy};
use domain::case::{
    Act, Applied, Approval, ApprovalRule, Authority, Case, Change, Refusal, SYSTEM, apply,
    apply_together, denied, due,
};
use jiff::Timestamp;
use jiff::civil::Date;
use proto::case::Asked;

use crate::Trueup;
use crate::store::{CaseRow, Denied, Reopening};

/// Somebody who acts, at a time, under the rules.
#[derive(Clone)]
pub(super) struct Deciding {
    by: String,
    at: Timestamp,
    authority: Authority,
    sources: BTreeMap<String, Rules>,
    /// Whether every resolution takes a second person.
    takes_two: bool,
}

/// The rules of one source.
#[derive(Clone)]
struct Rules {
    approval: Approval,
    alerts: AlertPolicy,
    /// The day it is there.
    today: Date,
}

impl Deciding {
    pub(super) fn new(trueup: &Trueup, by: &str, at: Timestamp) -> Self {
        let sources = trueup.sources.iter().map(|(name, source)| {
            let rules = Rules {
                approval: source.approval.clone(),
                alerts: source.alerts.clone(),
                today: source.business_day.date_at(at),
            };
            (name.clone(), rules)
        });
        Deciding {
            by: by.to_owned(),
            at,
            authority: trueup.authority.clone(),
            sources: sources.collect(),
            takes_two: false,
        }
    }

    /// Somebody whose act on a cause is done to its discrepancies: where the cause takes a second
    /// person, each of them does.
    pub(super) fn behind_a_cause(
        trueup: &Trueup,
        by: &str,
        at: Timestamp,
        takes_two: bool,
    ) -> Self {
        Deciding {
            takes_two,
            ..Deciding::new(trueup, by, at)
        }
    }

    /// What an act that was asked for makes of a case.
    pub(super) fn decide(&self, row: &CaseRow, asked: &Asked) -> Result<Applied, Denied> {
        let act = asked.clone().act(row.subject.at_stake);
        let is_of_any = matches!(
            act,
            Act::Assign { .. } | Act::Comment { .. } | Act::Acknowledge { .. }
        );
        let by_run = act.action().is_none();
        if row.cause.is_some() && by_run {
            return Err(unrecorded(format!(
                "{} follows its discrepancies, and nothing is said of it by itself",
                row.reference
            )));
        }
        if row.is_summary && row.cause.is_none() && !is_of_any {
            return Err(unrecorded(format!(
                "{} tells of many discrepancies or of none: {} the case of each discrepancy \
                 instead; this one can be assigned, commented and acknowledged",
                row.reference,
                act.name()
            )));
        }
        self.apply(row, &act)
    }

    /// What is due at a case by now.
    pub(super) fn due(&self, row: &CaseRow) -> Option<Act> {
        let rules = self.sources.get(&row.subject.source)?;
        due(&row.case, rules.today)
    }

    /// The alerts of a discrepancy whose case is opened again: everybody is told whom its severity
    /// is routed to.
    pub(super) fn tell(&self, reopening: &Reopening) -> Vec<AlertIntent> {
        let Some(rules) = self.sources.get(&reopening.run.source) else {
            return Vec::new();
        };
        let again = alert::opened_again(reopening.times, &self.by, &reopening.note);
        let (found, run) = (&reopening.discrepancy, &reopening.run);
        alert::reopened(found, &again, &rules.alerts, run)
    }

    pub(super) fn apply(&self, row: &CaseRow, act: &Act) -> Result<Applied, Denied> {
        let source = &row.subject.source;
        let Some(rules) = self.sources.get(source) else {
            return Err(unrecorded(format!(
                "source {source} is not configured any more, so nobody knows who may do what; put \
                 its file back"
            )));
        };
        let always = Approval {
            rules: vec![ApprovalRule::default()],
        };
        let change = Change {
            by: &self.by,
            act,
            subject: &row.subject,
            authority: &self.authority,
            approval: match self.takes_two {
                true => &always,
                false => &rules.approval,
            },
            at: self.at,
            today: rules.today,
        };
        let applied = match &row.cause {
            Some(cause) if act.action().is_some() && self.by != SYSTEM => {
                apply_together(&row.case, &change, &cause.behind)
            }
            _ => apply(&row.case, &change),
        };
        applied.map_err(|refusal| refused(&row.case, &change, &refusal))
    }
}

/// People's attempts are on the audit trail; what a run may not do is a mistake of its own.
fn refused(case: &Case, change: &Change<'_>, refusal: &Refusal) -> Denied {
    let by_person = change.act.action().is_some();
    Denied {
        reason: refusal.to_string(),
        entry: by_person.then(|| denied(case, change, refusal)),
    }
}

fn unrecorded(reason: String) -> Denied {
    Denied {
        reason,
        entry: None,
    }
}
