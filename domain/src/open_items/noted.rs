//! What earlier runs noted of payments, as far as it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::paid::Payment;

/// What is asked for, and what is known of it.
#[derive(Debug)]
pub(super) struct Noted {
    /// Sorted.
    wanted: Vec<Payment>,
    found: BTreeMap<Payment, Found>,
}

/// What runs noted of a payment.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The last run that did.
    pub(super) run: Arc<str>,
    /// How often, by the business dates of those runs.
    by_day: BTreeMap<Date, i64>,
}

impl Found {
    /// The business date of that run.
    pub(super) fn last_day(&self) -> Option<Date> {
        self.by_day.keys().next_back().copied()
    }
}

impl Noted {
    /// Nothing is known of these yet.
    pub(super) fn asked_for(payments: impl Iterator<Item = Payment>) -> Self {
        let mut wanted: Vec<Payment> = payments.collect();
        wanted.sort_unstable();
        wanted.dedup();
        Noted {
            wanted,
            found: BTreeMap::new(),
        }
    }

    /// Looks at what a run of this day noted; `noted` is sorted.
    pub(super) fn look(&mut self, run: &Arc<str>, day: Date, noted: &[Payment]) {
        for payment in &self.wanted {
            let from = noted.partition_point(|other| other < payment);
            let equal = noted[from..].iter().take_while(|it| *it == payment);
            let times: i64 = equal.map(|_| 1).sum();
            if times > 0 {
                let found = self.found.entry(*payment).or_insert_with(|| Found {
                    run: Arc::clone(run),
                    by_day: BTreeMap::new(),
                });
                *found.by_day.entry(day).or_default() += times;
                found.run = Arc::clone(run);
            }
        }
    }

    /// What is known of a payment; none where nobody noted it.
    pub(super) fn get(&self, payment: Payment) -> Option<&Found> {
        self.found.get(&payment)
    }

    /// The business dates of runs that noted any of these.
    pub(super) fn days_of(&self, payments: &[Payment]) -> BTreeSet<Date> {
        let found = payments.iter().filter_map(|it| self.get(*it));
        found.flat_map(|it| it.by_day.keys().copied()).collect()
    }

    /// How often runs of a day noted it.
    pub(super) fn times_on(&self, payment: Payment, day: Date) -> i64 {
        let found = self.get(payment);
        let times = found.and_then(|found| found.by_day.get(&day));
        times.copied().unwrap_or_default()
    }

    /// How often all runs did.
    pub(super) fn times(&self, payment: Payment) -> i64 {
        let found = self.get(payment);
        found.map_or(0, |found| found.by_day.values().sum())
    }
}
