//! Which of a run's discrepancies may have one cause. Those that have a cause of another day stay
//! with it: they say nothing of this day.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::AuditEvent;
use domain::cause::{self, Cause, Compared};
use domain::discrepancy::Discrepancy;
use domain::policy::Scope;
use proto::wire::{ConservationLine, RunTotals};
use workflows::ports::Record;

use super::admit::{context, source};
use crate::Trueup;
use crate::failures::Failure;

/// Details of an entry of the run's audit stream.
type Fields = Vec<(&'static str, String)>;

/// The causes of a run, and which of its discrepancies has which.
#[derive(Default)]
pub(super) struct Causes {
    pub(super) all: Vec<Cause>,
    by_member: BTreeMap<String, usize>,
}

impl Causes {
    /// The causes behind the discrepancies of a run; none of a run of a part.
    pub(super) async fn find(
        trueup: &Trueup,
        input: &Record,
        discrepancies: &[Discrepancy],
    ) -> Result<Self, Failure> {
        let (context, source) = (context(&input.run)?, source(trueup, &input.run)?);
        if context.scope != Scope::Whole {
            return Ok(Causes::default());
        }
        let business_date = context.business_date;
        let ids = discrepancies.iter().map(|d| d.id.to_string()).collect();
        let store = &trueup.store;
        let of_other_days = store.caused_on_other_days(ids, business_date).await?;
        let (of_other_days, of_today): (Vec<_>, Vec<_>) = discrepancies
            .iter()
            .cloned()
            .partition(|d| of_other_days.contains(d.id.as_str()));
        let all = cause::causes(
            &source.policy,
            source.causes,
            business_date,
            compared(&input.totals, &of_other_days),
            &of_today,
        );
        let members = all.iter().enumerate().flat_map(|(index, cause)| {
            let members = cause.members.iter();
            members.map(move |member| (member.to_string(), index))
        });
        Ok(Causes {
            by_member: members.collect(),
            all,
        })
    }

    /// The cause of a discrepancy.
    pub(super) fn of(&self, discrepancy: &Discrepancy) -> Option<&Cause> {
        let index = self.by_member.get(discrepancy.id.as_str())?;
        self.all.get(*index)
    }

    /// The causes that some of these have, each once.
    pub(super) fn of_some<'d>(
        &self,
        some: impl IntoIterator<Item = &'d Discrepancy>,
    ) -> Vec<Cause> {
        let some = some.into_iter();
        let indexes = some.filter_map(|d| self.by_member.get(d.id.as_str()));
        let indexes: BTreeSet<usize> = indexes.copied().collect();
        let causes = indexes.into_iter().filter_map(|index| self.all.get(index));
        causes.cloned().collect()
    }

    /// What the run's audit stream says of them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (AuditEvent, Fields)> {
        self.all.iter().map(|cause| {
            let fields = vec![
                ("cause", cause.id.clone()),
                ("kind", cause.kind.name().to_owned()),
                ("severity", cause.severity.name().to_owned()),
                ("discrepancies", cause.members.len().to_string()),
                ("explanation", cause.explanation.clone()),
            ];
            (AuditEvent::CauseFound, fields)
        })
    }
}

/// How many records the run compared on each side, received and carried forward, without those of
/// `others`.
fn compared(totals: &RunTotals, others: &[Discrepancy]) -> Compared {
    let of = |side: &str| -> u64 {
        let lines = totals.conservation.iter().filter(|line| line.side == side);
        lines.map(begun_with).fold(0, u64::saturating_add)
    };
    let partner = others.iter().filter(|other| other.partner.is_some());
    let ledger = others.iter().filter(|other| other.ledger.is_some());
    Compared {
        partner: of("partner").saturating_sub(partner.count() as u64),
        ledger: of("ledger").saturating_sub(ledger.count() as u64),
    }
}

fn begun_with(line: &ConservationLine) -> u64 {
    let parts = [&line.opening, &line.received].into_iter().flatten();
    parts.map(|part| part.count).fold(0, u64::saturating_add)
}
