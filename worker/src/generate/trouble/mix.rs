//! How much of which trouble: `--trouble`.

use domain::money::Amount;

use super::Trouble;

/// Shares of all payments, in millionths.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mix(Vec<(Trouble, u32)>);

const WHOLE: u32 = 1_000_000;

/// What a company with some careless partners sees: about eight payments of a hundred.
const DEFAULT: [(Trouble, u32); 17] = [
    (Trouble::Typo, 5_000),
    (Trouble::Truncated, 5_000),
    (Trouble::Spelled, 10_000),
    (Trouble::Embedded, 5_000),
    (Trouble::Merged, 3_000),
    (Trouble::Split, 5_000),
    (Trouble::Batched, 5_000),
    (Trouble::Fees, 5_000),
    (Trouble::Fx, 1_000),
    (Trouble::Reversal, 5_000),
    (Trouble::Chargeback, 2_000),
    (Trouble::Repeat, 10_000),
    (Trouble::LookAlike, 3_000),
    (Trouble::OffByOne, 10_000),
    (Trouble::MonthEnd, 5_000),
    (Trouble::Duplicate, 2_000),
    (Trouble::Failed, 2_000),
];

impl Mix {
    /// No trouble.
    #[must_use]
    pub fn none() -> Self {
        Mix(Vec::new())
    }

    /// Reads `none`, `default`, or a list such as `typo=0.5%,split=2‰`.
    ///
    /// # Errors
    /// Says which part can't be read, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => return Ok(Mix::none()),
            "default" => return Ok(Mix(DEFAULT.to_vec())),
            _ => {}
        }
        let mut shares = Vec::new();
        for part in text.split(',') {
            let (trouble, share) = share(part.trim())?;
            if shares.iter().any(|(known, _)| *known == trouble) {
                return Err(format!("{trouble} is there twice"));
            }
            shares.push((trouble, share));
        }
        // Any order of the list gives the same data.
        shares.sort_unstable();
        match shares.iter().map(|(_, share)| share).sum::<u32>() {
            sum if sum > WHOLE => Err("the shares are more than 100% together".to_owned()),
            _ => Ok(Mix(shares)),
        }
    }

    /// How many of `payments` stories each trouble gets: its share, rounded up.
    pub(in crate::generate) fn counts(&self, payments: usize) -> Vec<(Trouble, usize)> {
        let count = |share: u32| (payments * share as usize).div_ceil(WHOLE as usize);
        self.0
            .iter()
            .map(|(trouble, share)| (*trouble, count(*share)))
            .collect()
    }
}

/// `typo=0.5%` as its trouble and millionths, exactly.
fn share(part: &str) -> Result<(Trouble, u32), String> {
    let Some((name, share)) = part.split_once('=') else {
        return Err(format!(
            "`{part}` is not `none`, `default`, or a trouble with its share, as `typo=0.5%`"
        ));
    };
    let trouble = Trouble::parse(name.trim()).ok_or_else(|| {
        let names: Vec<&str> = Trouble::ALL.iter().map(|trouble| trouble.name()).collect();
        format!("`{name}` is no trouble; there are {}", names.join(", "))
    })?;
    let share = share.trim();
    let (number, unit) = [("%", WHOLE / 100), ("‰", WHOLE / 1000)]
        .into_iter()
        .find_map(|(sign, unit)| Some((share.strip_suffix(sign)?, unit)))
        .ok_or_else(|| format!("`{share}` needs its unit: `{share}%`, or ‰ for per mille"))?;
    let millionths = millionths(number.trim_end(), unit).ok_or_else(|| {
        format!("`{share}` is no share: above 0, up to 100%, with 4 decimals of a per cent at most")
    })?;
    Ok((trouble, millionths))
}

fn millionths(number: &str, unit: u32) -> Option<u32> {
    let (mantissa, scale) = Amount::parse(number).ok()?.to_scaled();
    let scaled = mantissa.checked_mul(i128::from(unit))?;
    let divisor = 10i128.pow(scale);
    let millionths = u32::try_from(scaled / divisor).ok()?;
    let is_exact = scaled % divisor == 0;
    (is_exact && (1..=WHOLE).contains(&millionths)).then_some(millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_exactly() {
        let mix = Mix::parse("split=2‰, typo=0.0001%,fx = 50%").unwrap();
        let shares = [
            (Trouble::Typo, 1),
            (Trouble::Split, 2_000),
            (Trouble::Fx, 500_000),
        ];
        assert_eq!(mix, Mix(shares.to_vec()));
        let counts = [(Trouble::Typo, 1), (Trouble::Split, 3), (Trouble::Fx, 501)];
        assert_eq!(mix.counts(1_001), counts);
        assert_eq!(Mix::parse("none").unwrap().counts(1_000), []);
    }

    #[test]
    fn the_default_has_every_trouble() {
        let named: Vec<Trouble> = DEFAULT.iter().map(|(trouble, _)| *trouble).collect();
        assert_eq!(named, Trouble::ALL);
    }

    #[test]
    fn what_is_no_mix_is_refused_with_what_would_do() {
        for (text, says) in [
            ("", "typo=0.5%"),
            ("typo", "typo=0.5%"),
            ("tpyo=1%", "there are typo, truncated"),
            ("typo=1", "`1%`"),
            ("typo=1e1%", "no share"),
            ("typo=0%", "no share"),
            ("typo=-1%", "no share"),
            ("typo=101%", "no share"),
            ("typo=0.00001%", "no share"),
            ("typo=1%,typo=2%", "twice"),
            ("typo=60%,split=41%", "more than 100%"),
        ] {
            let error = Mix::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
