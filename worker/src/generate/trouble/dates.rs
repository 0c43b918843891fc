//! Trouble with value dates. The windows are those that the written configuration sets: one
//! business day early, three late.

use domain::calendar::BusinessCalendar;
use domain::discrepancy::Kind;
use domain::severity::Severity;
use jiff::civil::Date;

use super::super::scenario::Teller;

/// Business days that the partner may be early or late, as `generate/configuration.rs` writes them.
const EARLY: u32 = 1;
const LATE: u32 = 3;

impl Teller<'_> {
    /// Late and early, just within the window, and one day beyond.
    pub(super) fn off_by_one(&mut self, nth: usize) {
        let (mut partner, mut ledger) = self.payment_by_reference();
        let day = business_days_before(self.plan.business_date, 0);
        let beyond = u32::from(nth % 4 >= 2);
        (partner.value_date, ledger.value_date) = match nth % 2 {
            0 => (day, business_days_before(day, LATE + beyond)),
            _ => (business_days_before(day, EARLY + beyond), day),
        };
        match beyond {
            0 => self.agree([partner], [ledger]),
            _ => self.differ(Kind::DateMismatch, Severity::Low, [partner], [ledger]),
        }
    }

    /// Booked on the last day of the month before, whatever day of the week that is.
    pub(super) fn month_end(&mut self) {
        let (mut partner, mut ledger) = self.payment_by_reference();
        let first = self.plan.business_date.first_of_month();
        let calendar = BusinessCalendar::default();
        ledger.value_date = first.yesterday().unwrap_or(first);
        partner.value_date = calendar.business_day_from(first).unwrap_or(first);
        self.agree([partner], [ledger]);
    }
}

/// The latest business day up to `date`, or so many business days before that.
fn business_days_before(date: Date, count: u32) -> Date {
    let calendar = BusinessCalendar::default();
    let mut day = date;
    while !calendar.is_business_day(day)
        && let Ok(before) = day.yesterday()
    {
        day = before;
    }
    calendar.business_days_before(day, count).unwrap_or(day)
}
