//! How much of a whole a part is, as exact as the counts and sums it comes from.
//!
//! Refuses a share of nothing, and one that is no share: below none or above all.

use std::fmt;

use domain::money::Amount;

/// A part of a whole, from none to all. Rounded for display only, and always down: `100.00 %` is
/// all of it, never nearly all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    part: u128,
    whole: u128,
}

impl Share {
    /// `part` records of `whole`; `None` when there are none, or fewer than the part.
    #[must_use]
    pub fn of_counts(part: u64, whole: u64) -> Option<Self> {
        Share::new(i128::from(part), i128::from(whole))
    }

    /// The sum `part` of the sum `whole`. `None` when the whole is nothing, when the part is larger
    /// or of the other sign (money in and money out net out), or when it can't be computed exactly.
    #[must_use]
    pub fn of_amounts(part: Amount, whole: Amount) -> Option<Self> {
        let ((part, part_scale), (whole, whole_scale)) = (part.to_scaled(), whole.to_scaled());
        let scale = part_scale.max(whole_scale);
        let aligned = |mantissa: i128, from: u32| {
            mantissa.checked_mul(10i128.checked_pow(scale.checked_sub(from)?)?)
        };
        Share::new(aligned(part, part_scale)?, aligned(whole, whole_scale)?)
    }

    fn new(part: i128, whole: i128) -> Option<Self> {
        let is_share = whole != 0 && (part == 0 || (part < 0) == (whole < 0));
        let (part, whole) = (part.unsigned_abs(), whole.unsigned_abs());
        // So that it can be shown.
        part.checked_mul(HUNDREDTHS * 100)?;
        (is_share && part <= whole).then_some(Share { part, whole })
    }

    /// Hundredths of a per cent, rounded down: `9743` for 97.43 %.
    #[must_use]
    pub fn hundredths(self) -> u128 {
        self.part * HUNDREDTHS / self.whole
    }

    /// All of it.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.part == self.whole
    }

    /// Per cent with two decimals, rounded down: `97.43`.
    #[must_use]
    pub fn percent_text(self) -> String {
        let hundredths = self.hundredths();
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    /// Per cent with four decimals, rounded down: `97.4321`.
    #[must_use]
    pub fn fine_percent_text(self) -> String {
        let fine = self.part * HUNDREDTHS * 100 / self.whole;
        format!("{}.{:04}", fine / HUNDREDTHS, fine % HUNDREDTHS)
    }
}

/// A whole, in hundredths of a per cent.
const HUNDREDTHS: u128 = 10_000;

impl fmt::Display for Share {
    /// `97.43 %`; `under 0.01 %` for a part that is too small to be shown and yet there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.part > 0 && self.hundredths() == 0 {
            return f.write_str("under 0.01 %");
        }
        write!(f, "{} %", self.percent_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect(text)
    }

    fn of_amounts(part: &str, whole: &str) -> Option<String> {
        Share::of_amounts(amount(part), amount(whole)).map(|share| share.to_string())
    }

    #[test]
    fn all_is_shown_for_all_only() {
        let shown = |part, whole| Share::of_counts(part, whole).map(|share| share.to_string());
        assert_eq!(shown(1, 3).as_deref(), Some("33.33 %"));
        assert_eq!(shown(2, 3).as_deref(), Some("66.66 %"));
        assert_eq!(shown(999_999, 1_000_000).as_deref(), Some("99.99 %"));
        assert_eq!(shown(3, 3).as_deref(), Some("100.00 %"));
        assert_eq!(shown(0, 3).as_deref(), Some("0.00 %"));
        assert_eq!(shown(1, 1_000_000).as_deref(), Some("under 0.01 %"));
        assert_eq!(shown(0, 0), None, "a share of nothing");
        assert_eq!(shown(4, 3), None, "more than all");
        assert_eq!(shown(u64::MAX, u64::MAX).as_deref(), Some("100.00 %"));
    }

    #[test]
    fn sums_that_net_out_have_no_share() {
        assert_eq!(of_amounts("1", "8").as_deref(), Some("12.50 %"));
        assert_eq!(of_amounts("0.05", "1000").as_deref(), Some("under 0.01 %"));
        assert_eq!(
            of_amounts("-1", "-8").as_deref(),
            Some("12.50 %"),
            "money out"
        );
        assert_eq!(of_amounts("10", "0"), None);
        assert_eq!(of_amounts("-1", "8"), None);
        assert_eq!(of_amounts("9", "8"), None);
        let largest = "999999999999999999.99999999";
        assert_eq!(of_amounts(largest, largest).as_deref(), Some("100.00 %"));
    }

    #[test]
    fn fine_shares_are_rounded_down() {
        let shown =
            |part, whole| Share::of_counts(part, whole).map(|share| share.fine_percent_text());
        assert_eq!(shown(1, 3).as_deref(), Some("33.3333"));
        assert_eq!(shown(2, 3).as_deref(), Some("66.6666"));
        assert_eq!(shown(0, 3).as_deref(), Some("0.0000"));
        assert_eq!(shown(9_999_999, 10_000_000).as_deref(), Some("99.9999"));
        assert_eq!(shown(3, 3).as_deref(), Some("100.0000"));
        let fine = |part: &str, whole: &str| {
            let share = Share::of_amounts(amount(part), amount(whole));
            share.map(|share| share.fine_percent_text())
        };
        assert_eq!(fine("0.5", "2").as_deref(), Some("25.0000"));
        assert_eq!(fine("2", "2.00000001").as_deref(), Some("99.9999"));
        let largest = "999999999999999999.99999999";
        assert_eq!(fine(largest, largest).as_deref(), Some("100.0000"));
        assert_eq!(fine("0", "0"), None);
    }

    proptest! {
        #[test]
        fn a_share_is_between_none_and_all(part in 0u64.., whole in 1u64..) {
            let share = Share::of_counts(part, whole);
            prop_assert_eq!(share.is_some(), part <= whole);
            if let Some(share) = share {
                let shown = share.hundredths() * u128::from(whole);
                let exact = u128::from(part) * 10_000;
                prop_assert!(shown <= exact && exact < shown + u128::from(whole));
                prop_assert_eq!(share.hundredths() == 10_000, share.is_all());
            }
        }
    }
}
