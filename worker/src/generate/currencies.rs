//! The currencies of generated data, and the limits that the written configuration sets for them.

/// Integers are minor units: cents, yen, fils.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct CurrencyFacts {
    pub(super) code: &'static str,
    pub(super) decimals: usize,
    /// Differences up to here are rounding.
    pub(super) rounding: i64,
    /// From here up something is material.
    pub(super) materiality: i64,
    /// The fixed part of the agreed fee.
    pub(super) fee_fixed: i64,
}

/// The agreed fee is this share of the gross amount plus the fixed part. Gross amounts are
/// multiples of 50 minor units, so that it never needs rounding.
pub(super) const FEE_PERCENT: i64 = 2;
pub(super) const GROSS_STEP: i64 = 50;

pub(super) const EUR: CurrencyFacts = CurrencyFacts {
    code: "EUR",
    decimals: 2,
    rounding: 5,
    materiality: 100_000,
    fee_fixed: 25,
};
pub(super) const USD: CurrencyFacts = CurrencyFacts {
    code: "USD",
    decimals: 2,
    rounding: 5,
    materiality: 100_000,
    fee_fixed: 30,
};
pub(super) const JPY: CurrencyFacts = CurrencyFacts {
    code: "JPY",
    decimals: 0,
    rounding: 5,
    materiality: 150_000,
    fee_fixed: 30,
};
pub(super) const KWD: CurrencyFacts = CurrencyFacts {
    code: "KWD",
    decimals: 3,
    rounding: 50,
    materiality: 300_000,
    fee_fixed: 100,
};

impl CurrencyFacts {
    /// The agreed fee on this gross amount.
    pub(super) fn fee(&self, gross: i64) -> i64 {
        gross * FEE_PERCENT / 100 + self.fee_fixed
    }

    /// Plain digits with all decimals: `1234.50`.
    pub(super) fn plain(&self, minor: i64) -> String {
        self.written(minor, '.', None)
    }

    /// As a European partner writes it: `1.234,50`.
    pub(super) fn european(&self, minor: i64) -> String {
        self.written(minor, ',', Some('.'))
    }

    fn written(&self, minor: i64, decimal: char, thousands: Option<char>) -> String {
        let sign = if minor < 0 { "-" } else { "" };
        let scale = 10u64.pow(self.decimals as u32);
        let (whole, part) = (minor.unsigned_abs() / scale, minor.unsigned_abs() % scale);
        let digits = whole.to_string();
        let mut text = sign.to_owned();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place) % 3 == 0 {
                text.extend(thousands);
            }
            text.push(digit);
        }
        if self.decimals > 0 {
            text.push_str(&format!("{decimal}{part:0width$}", width = self.decimals));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_write_them() {
        assert_eq!(EUR.plain(-5), "-0.05");
        assert_eq!(EUR.european(123_456_789), "1.234.567,89");
        assert_eq!(JPY.european(1_000), "1.000");
        assert_eq!(KWD.plain(1_001), "1.001");
    }

    #[test]
    fn fees_need_no_rounding() {
        for currency in [EUR, USD, JPY, KWD] {
            let gross = 7 * GROSS_STEP;
            assert_eq!(
                (currency.fee(gross) - currency.fee_fixed) * 100,
                gross * FEE_PERCENT
            );
        }
    }
}
