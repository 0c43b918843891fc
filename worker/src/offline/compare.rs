//! Compares two sides that were read, bucket by bucket, on all processors.

use std::sync::Mutex;

use domain::conservation::Conservation;
use domain::control::out_of_balance;
use domain::discrepancy::Discrepancy;
use domain::matching::{
    Comparison, Findings, LookAgain, Matched, Pool, Superseded, conclude_in_parts,
    in_order_for_people, match_buckets,
};
use domain::money::{Currency, MoneyError};
use domain::policy::{RunContext, SourcePolicy};
use domain::record::{Record, Side};
use domain::threads::at_once;

use super::matches::{Match, Matches};
use super::sides::SideRead;
use super::sieve::{Scanned, show_again};
use crate::process::on_each_processor;

/// What a comparison found.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Pairs that agree.
    pub(crate) matched: u64,
    /// The same one by one, in order of lines, when they were to be listed.
    pub(crate) matches: Vec<Match>,
    /// Differences, part by part: they are many, and stay where they are.
    pub(crate) discrepancies: Vec<Vec<Discrepancy>>,
    /// Ledger records that may still be settled within their window, in order of their lines.
    pub(crate) in_transit: Vec<Record>,
    /// Announcements that count no longer, in the same order.
    pub(crate) superseded: Vec<Superseded>,
    /// Records of another client or invoice.
    pub(crate) out_of_scope: u64,
    /// Where the money of each side and currency went.
    pub(crate) conservation: Conservation,
    /// Identities that the files state about themselves and that do not hold, in words.
    pub(crate) out_of_balance: Vec<String>,
}

impl Outcome {
    /// The differences in the order in which people see them.
    pub(crate) fn in_order(&self) -> Vec<&Discrepancy> {
        in_order_for_people(self.discrepancies.iter().flatten())
    }
}

/// Compares both sides. When a file breaks its own arithmetic nothing is matched: it is not known
/// which of its lines is wrong.
///
/// # Errors
/// Sums that are too large to be exact; a file that can't be read a second time.
pub(crate) fn compare(
    policy: &SourcePolicy,
    context: &RunContext,
    sides: [SideRead; 2],
    wanted: Matches,
) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for side in &sides {
        receive(&mut outcome, side)?;
    }
    for side in &sides {
        // Checks of counts carry no currency of their own: the first of the side will do.
        let mut lines = outcome.conservation.lines();
        let currency = lines.find(|(of, ..)| *of == side.side);
        let currency = currency.map(|(_, currency, _)| currency);
        let currency = currency.map_or_else(|| Currency::parse("XXX"), Ok)?;
        for check in &side.summary.controls {
            let found =
                out_of_balance(&policy.source, side.side, check, currency, &policy.severity);
            outcome.discrepancies.extend(found.map(|it| vec![it]));
            if !check.holds() {
                outcome.out_of_balance.push(check.sentence());
            }
        }
    }
    if !outcome.discrepancies.is_empty() {
        for side in &sides {
            outcome.conservation.carry_forward(side.records())?;
        }
        return Ok(outcome);
    }
    let sieved = sides.iter().filter_map(|side| side.sieved.as_ref());
    let sieved: Vec<Scanned> = sieved.map(|sieved| sieved.scanned.clone()).collect();
    let keeps = sieved.is_empty() && LookAgain::applies(policy);
    let (left, decided) = compare_buckets(policy, context, sides, (wanted, keeps), &mut outcome)?;
    let mut concluded = conclude_in_parts(policy, context, left);
    if let Some(mut look) = LookAgain::of(policy, &concluded) {
        if keeps {
            let concluded = concluded.iter().flat_map(Comparison::records);
            concluded
                .chain(&decided)
                .for_each(|record| look.see(record));
        }
        show_again(&mut look, &sieved)?;
        look.settle(policy, context, &mut concluded);
    }
    drop(decided);
    let conserved = |comparison: &Comparison| {
        let mut conservation = Conservation::default();
        conservation.conclude(comparison).map(|()| conservation)
    };
    let [one, other] = &concluded;
    let (one, other) = at_once(|| conserved(one), || conserved(other));
    outcome.conservation.merge(&one?)?;
    outcome.conservation.merge(&other?)?;
    for comparison in concluded {
        outcome.matched += comparison.matched.len() as u64;
        outcome.matches.extend(listed(&comparison.matched, wanted)?);
        outcome.in_transit.extend(comparison.in_transit);
        outcome.out_of_scope += comparison.out_of_scope.records().count() as u64;
        outcome.discrepancies.push(comparison.discrepancies);
    }
    outcome.matches.sort_unstable();
    let place = |a: &Record, b: &Record| {
        let (a, b) = (&a.origin, &b.origin);
        (&a.file, a.line).cmp(&(&b.file, b.line))
    };
    outcome.in_transit.sort_unstable_by(place);
    outcome.superseded.sort_unstable_by(|a, b| {
        place(&a.record, &b.record).then(a.record.side.cmp(&b.record.side))
    });
    Ok(outcome)
}

/// Counts what came in, and what the sieve has settled of it.
fn receive(outcome: &mut Outcome, side: &SideRead) -> Result<(), MoneyError> {
    let Some(sieved) = &side.sieved else {
        return outcome.conservation.receive(side.records());
    };
    for line in sieved.received.lines() {
        let (currency, received) = line?;
        let line = outcome.conservation.line_mut(side.side, currency);
        line.received.merge(received)?;
    }
    for line in sieved.settled.lines() {
        let (currency, settled) = line?;
        let line = outcome.conservation.line_mut(side.side, currency);
        line.matched.merge(settled)?;
    }
    if side.side == Side::Partner {
        outcome.matched += sieved.settled.count();
    }
    Ok(())
}

/// Applies the first rule to every bucket. Matched pairs are counted and let go of at once; where
/// they are to be listed, it is by their lines.
fn compare_buckets(
    policy: &SourcePolicy,
    context: &RunContext,
    sides: [SideRead; 2],
    (wanted, keeps): (Matches, bool),
    outcome: &mut Outcome,
) -> Result<(Pool, Vec<Record>), MoneyError> {
    let [partner, ledger] = sides.map(|side| side.buckets);
    let pools = partner.into_iter().zip(ledger);
    let pools = pools.map(|(partner, ledger)| Pool { partner, ledger });
    let waiting: Mutex<Vec<Pool>> = Mutex::new(pools.collect());
    let work = || {
        let mut decided = Vec::new();
        while let Some(pool) = next(&waiting) {
            let findings = match_buckets(policy, context, pool);
            let mut conservation = Conservation::default();
            conservation.decide(&findings)?;
            decided.push(Decided::new(findings, (wanted, keeps), conservation)?);
        }
        Ok(decided)
    };
    let decided: Vec<Result<Vec<Decided>, MoneyError>> = on_each_processor(work);
    let decided = decided.into_iter().collect::<Result<Vec<_>, _>>()?;
    // Lists that grow would move what is in them, again and again.
    let sum = |count: fn(&Decided) -> usize| decided.iter().flatten().map(count).sum();
    let mut left = Pool {
        partner: Vec::with_capacity(sum(|bucket| bucket.left.partner.len())),
        ledger: Vec::with_capacity(sum(|bucket| bucket.left.ledger.len())),
    };
    let mut kept = Vec::with_capacity(sum(|bucket| bucket.records.len()));
    for mut bucket in decided.into_iter().flatten() {
        kept.append(&mut bucket.records);
        outcome.matched += bucket.matched;
        outcome.matches.extend(bucket.matches);
        outcome.superseded.extend(bucket.superseded);
        outcome.out_of_scope += bucket.out_of_scope;
        outcome.discrepancies.push(bucket.discrepancies);
        outcome.conservation.merge(&bucket.conservation)?;
        left.append(bucket.left);
    }
    Ok((left, kept))
}

/// What is kept of a bucket once the first rule has decided.
struct Decided {
    matched: u64,
    matches: Vec<Match>,
    superseded: Vec<Superseded>,
    out_of_scope: u64,
    discrepancies: Vec<Discrepancy>,
    conservation: Conservation,
    left: Pool,
    /// What was decided about, for a look again.
    records: Vec<Record>,
}

impl Decided {
    fn new(
        findings: Findings,
        (wanted, keeps): (Matches, bool),
        conservation: Conservation,
    ) -> Result<Decided, MoneyError> {
        let records = match keeps {
            true => findings.decided().cloned().collect(),
            false => Vec::new(),
        };
        Ok(Decided {
            records,
            matched: findings.matched.len() as u64,
            matches: listed(&findings.matched, wanted)?,
            superseded: findings.superseded,
            out_of_scope: findings.out_of_scope.records().count() as u64,
            discrepancies: findings.discrepancies,
            conservation,
            left: findings.left,
        })
    }
}

fn listed(matched: &[Matched], wanted: Matches) -> Result<Vec<Match>, MoneyError> {
    match wanted {
        Matches::Counted => Ok(Vec::new()),
        Matches::Listed => matched.iter().map(Match::of).collect(),
    }
}

fn next(waiting: &Mutex<Vec<Pool>>) -> Option<Pool> {
    // A thread that panicked holds no pool: what is left in the list is whole.
    let mut waiting = waiting
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    waiting.pop()
}
