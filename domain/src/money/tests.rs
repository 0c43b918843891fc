//! What is read as an amount, how sums are kept exact, and how both are shown.

use super::*;
use proptest::prelude::*;

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect(text)
}

#[test]
fn reads_plain_decimals_only() {
    for (text, shown) in [
        ("0", "0"),
        ("-0", "0"),
        ("+12.30", "12.3"),
        ("000000000000149.87", "149.87"),
        (".5", "0.5"),
        ("-1000", "-1000"),
        ("999999999999999999.99999999", "999999999999999999.99999999"),
    ] {
        assert_eq!(amount(text).to_string(), shown, "{text}");
    }
    for text in [
        "",
        "-",
        "+",
        ".",
        "5.",
        "1e3",
        "1_000",
        "1,000.00",
        " 1",
        "1 ",
        "--1",
        "0x1",
        "1.2.3",
        "NaN",
        "inf",
        "١",
        "1000000000000000000",
        "0.000000001",
    ] {
        assert!(
            Amount::parse(text).is_err(),
            "{text:?} must not be an amount"
        );
    }
}

#[test]
fn sums_are_exact_or_refused() {
    let largest = amount("999999999999999999.99999999");
    let sum_of =
        |count: usize| (0..count).try_fold(Amount::ZERO, |sum, _| sum.checked_add(largest));
    let hundred = sum_of(100).expect("fits 96 bits");
    assert_eq!(hundred.to_string(), "99999999999999999999.999999");
    assert_eq!(sum_of(1000), Err(MoneyError::Overflow));
    let euro = Money {
        amount: amount("1"),
        currency: Currency::parse("eur").unwrap(),
    };
    let yen = Money {
        currency: Currency::parse("JPY").unwrap(),
        ..euro
    };
    assert!(matches!(
        euro.checked_add(yen),
        Err(MoneyError::CurrencyMixed(_, _))
    ));
}

#[test]
fn shows_the_decimals_of_the_currency() {
    let shown = |text: &str, code: &str| {
        Money {
            amount: amount(text),
            currency: Currency::parse(code).unwrap(),
        }
        .to_string()
    };
    assert_eq!(shown("10.5", "EUR"), "10.50 EUR");
    assert_eq!(shown("-3", "EUR"), "-3.00 EUR");
    assert_eq!(shown("100", "JPY"), "100 JPY");
    assert_eq!(shown("1.125", "EUR"), "1.125 EUR");
    assert_eq!(shown("1", "KWD"), "1.000 KWD");
}

#[test]
fn percent_is_exact() {
    assert_eq!(amount("200").percent(amount("2.9")).unwrap(), amount("5.8"));
    assert_eq!(
        amount("0.01").percent(amount("1")).unwrap(),
        amount("0.0001")
    );
}

#[test]
fn half_a_minor_unit_is_rounded_up() {
    let rounded = |text: &str, code: &str| {
        let currency = Currency::parse(code).unwrap();
        amount(text).rounded(currency).to_string()
    };
    assert_eq!(rounded("0.46662", "EUR"), "0.47");
    assert_eq!(rounded("0.125", "EUR"), "0.13");
    assert_eq!(rounded("-0.125", "EUR"), "-0.13");
    assert_eq!(rounded("0.1249", "EUR"), "0.12");
    assert_eq!(rounded("17.5", "JPY"), "18");
    assert_eq!(rounded("0.1249", "KWD"), "0.125");
    assert_eq!(rounded("3.2", "EUR"), "3.2");
}

#[test]
fn computed_amounts_are_read_back() {
    let largest = amount("999999999999999999.99999999");
    let sum = (0..100)
        .try_fold(Amount::ZERO, |sum, _| sum.checked_add(largest))
        .unwrap();
    let product = amount("0.00000001").percent(amount("-0.01")).unwrap();
    for computed in [sum, product, Amount::ZERO, Amount::ZERO.negated()] {
        assert_eq!(Amount::parse_computed(&computed.to_string()), Ok(computed));
    }
    for text in [
        "",
        "-",
        ".",
        "1.2.3",
        "1-2",
        "1e3",
        "1_000",
        " 1",
        &"9".repeat(40),
    ] {
        assert!(
            Amount::parse_computed(text).is_err(),
            "{text:?} is no amount"
        );
    }
}

proptest! {
    #[test]
    fn printing_and_parsing_agree(mantissa in -10i128.pow(25)..10i128.pow(25), scale in 0usize..=8) {
        if let Ok(value) = Amount::from_scaled(mantissa, scale) {
            prop_assert_eq!(Amount::parse(&value.to_string()), Ok(value));
        }
    }

    #[test]
    fn texts_of_amounts_are_decimals(
        mantissa in prop_oneof![-10i128.pow(25)..10i128.pow(25), -2000i128..2000],
        scale in 0usize..=8, code in prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")],
    ) {
        let currency = Currency::parse(code).unwrap();
        if let Ok(value) = Amount::from_scaled(mantissa, scale) {
            let decimals = (value.to_scaled().1 as usize).max(currency.exponent());
            prop_assert_eq!(amount_text(value, currency), format!("{value:.decimals$}"));
        }
    }

    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC*") {
        let _ = Amount::parse(&text);
    }
}
