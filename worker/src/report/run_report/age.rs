//! How old discrepancies are: business days of the source's calendar, in the buckets that people
//! compare from month to month.

use domain::calendar::BusinessCalendar;
use domain::discrepancy::Discrepancy;
use domain::named_enum;
use jiff::civil::Date;

named_enum! {
    /// Ages that are shown together.
    AgeBucket {
        /// Of the day, or of the business day before.
        UpTo1 = "0-1",
        /// Two or three business days.
        UpTo3 = "2-3",
        /// Within a week and a half.
        UpTo7 = "4-7",
        /// Up to fourteen.
        UpTo14 = "8-14",
        /// Up to thirty.
        UpTo30 = "15-30",
        /// Up to sixty.
        UpTo60 = "31-60",
        /// Up to ninety.
        UpTo90 = "61-90",
        /// Older.
        Over90 = "over 90",
    }
}

impl AgeBucket {
    /// The bucket of an age.
    #[must_use]
    pub fn of(business_days: u64) -> Self {
        match business_days {
            0..=1 => AgeBucket::UpTo1,
            2..=3 => AgeBucket::UpTo3,
            4..=7 => AgeBucket::UpTo7,
            8..=14 => AgeBucket::UpTo14,
            15..=30 => AgeBucket::UpTo30,
            31..=60 => AgeBucket::UpTo60,
            61..=90 => AgeBucket::UpTo90,
            _ => AgeBucket::Over90,
        }
    }
}

/// Business days from the earliest value date of a discrepancy's two records to `business_date`;
/// 0 for one of the future, and for one without records.
#[must_use]
pub(super) fn age(
    discrepancy: &Discrepancy,
    calendar: &BusinessCalendar,
    business_date: Date,
) -> u64 {
    let since = discrepancy.value_date().unwrap_or(business_date);
    let days = calendar.business_days_between(since, business_date);
    u64::try_from(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_is_in_the_bucket_that_says_so() {
        for days in 0..200u64 {
            let name = AgeBucket::of(days).name();
            let fits = match name.split_once('-') {
                Some((from, to)) => {
                    let bound = |text: &str| text.parse::<u64>().expect(name);
                    (bound(from)..=bound(to)).contains(&days)
                }
                None => name == "over 90" && days > 90,
            };
            assert!(fits, "{days} is in {name}");
        }
    }
}
