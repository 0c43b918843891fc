//! Shares of a whole, in integers.

use std::fmt;

use domain::money::Amount;

/// A share in millionths, rounded down: what is shown as 100 % is all of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Ratio(u32);

/// Decimals of a share: millionths.
const DECIMALS: u32 = 6;

impl Ratio {
    /// All of it.
    #[cfg(test)]
    pub(crate) const WHOLE: Ratio = Ratio(1_000_000);

    /// `part` of `whole`; none where the whole is nothing.
    pub(crate) fn of_counts(part: u64, whole: u64) -> Option<Ratio> {
        Ratio::of(i128::from(part), i128::from(whole))
    }

    /// `part` of `whole`, both without a sign; none where the whole is nothing.
    pub(crate) fn of_amounts(part: Amount, whole: Amount) -> Option<Ratio> {
        let ((part, part_scale), (whole, whole_scale)) = (part.to_scaled(), whole.to_scaled());
        let scale = part_scale.max(whole_scale);
        let scaled =
            |mantissa: i128, own: u32| mantissa.checked_mul(10i128.checked_pow(scale - own)?);
        Ratio::of(scaled(part, part_scale)?, scaled(whole, whole_scale)?)
    }

    /// By long division, digit by digit: the product with a million may not fit.
    fn of(part: i128, whole: i128) -> Option<Ratio> {
        if whole == 0 {
            return None;
        }
        let (mut digits, mut rest) = (part / whole, part % whole);
        for _ in 0..DECIMALS {
            let tenfold = rest.checked_mul(10)?;
            digits = digits.checked_mul(10)?.checked_add(tenfold / whole)?;
            rest = tenfold % whole;
        }
        u32::try_from(digits).ok().map(Ratio)
    }
}

impl fmt::Display for Ratio {
    /// Per cent with four decimals: `99.9900`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down() {
        let shown = |part, whole| Ratio::of_counts(part, whole).map(|ratio| ratio.to_string());
        assert_eq!(shown(1, 3).as_deref(), Some("33.3333"));
        assert_eq!(shown(2, 3).as_deref(), Some("66.6666"));
        assert_eq!(shown(0, 3).as_deref(), Some("0.0000"));
        assert_eq!(shown(9_999_999, 10_000_000).as_deref(), Some("99.9999"));
        assert_eq!(shown(3, 3).as_deref(), Some("100.0000"));
        assert_eq!(shown(0, 0), None);
    }

    #[test]
    fn shares_of_amounts_need_no_common_scale() {
        let amount = |text| Amount::parse(text).unwrap();
        let share = |part, whole| Ratio::of_amounts(amount(part), amount(whole)).unwrap();
        assert_eq!(share("0.5", "2").to_string(), "25.0000");
        assert_eq!(share("2", "2.00000001").to_string(), "99.9999");
        let largest = "999999999999999999.99999999";
        assert_eq!(share(largest, largest), Ratio::WHOLE);
        assert_eq!(Ratio::of_amounts(Amount::ZERO, Amount::ZERO), None);
    }
}
