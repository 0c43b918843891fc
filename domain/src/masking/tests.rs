//! No account number is left in a text, and nothing else is taken from it.

use proptest::prelude::*;

use super::*;

#[test]
fn account_numbers_are_masked_wherever_they_are() {
    for (text, masked) in [
        ("DE89370400440532013000", "DE89 **** 3000"),
        ("DE89 3704 0044 0532 0130 00", "DE89 **** 3000"),
        ("paid to DE89370400440532013000.", "paid to DE89 **** 3000."),
        (
            "DE89 3704 0044 0532 0130 00 from Zoë",
            "DE89 **** 3000 from Zoë",
        ),
        ("(GB82WEST12345698765432)", "(GB82 **** 5432)"),
        ("gb82west12345698765432", "gb82 **** 5432"),
        // Wrong check digits, and still an account in everybody's eyes.
        ("DE00370400440532013000", "DE00 **** 3000"),
        // A country without a known length, with right check digits.
        ("ZZ68539007547034ABCD1", "ZZ68539007547034ABCD1"),
        ("card 4111 1111 1111 1111, thanks", "card **** 1111, thanks"),
        ("4111-1111-1111-1111", "**** 1111"),
        ("4111111111111111;5500005555555559", "**** 1111;**** 5559"),
    ] {
        assert_eq!(accounts_in(text), masked, "{text}");
        assert_eq!(has_account(text), text != masked);
    }
}

#[test]
fn what_is_no_account_number_stays() {
    for text in [
        "",
        "INV-2026-000123",
        "P-1: the partner reports 90.00 EUR more than the ledger",
        "4111111111111112",
        "41111111111111.11",
        "1234567890.4111111111111111",
        "2026-11-20 2026-11-21",
        "recon/shop/2026-11-20",
        "0f4111111111111111",
        "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "in 2026 we paid 4111 times",
        "DE89 is a country and two digits",
    ] {
        assert_eq!(accounts_in(text), text);
    }
}

#[test]
fn accounts_and_names_known_to_be_such() {
    assert_eq!(account("12-3456-7890"), "**** 7890");
    assert_eq!(account("1234567"), "****");
    assert_eq!(account(""), "****");
    assert_eq!(name("Zoë  van der Berg GmbH"), "Z*** v*** d*** B*** G***");
    assert_eq!(name("  "), "");
}

/// An account as banks write them.
fn iban() -> impl Strategy<Value = String> {
    let countries = prop::sample::select(vec!["DE", "NO", "MT", "FR", "RU"]);
    (countries, "[0-9]{40}", any::<bool>()).prop_map(|(country, digits, grouped)| {
        let length = length_of(country).unwrap_or_default();
        let bare = format!("{country}{}", &digits[..length - 2]);
        match grouped {
            false => bare,
            true => {
                let groups = bare.as_bytes().chunks(4);
                let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
                groups.join(" ")
            }
        }
    })
}

fn card() -> impl Strategy<Value = String> {
    "[2-6][0-9]{11,17}".prop_map(|digits| {
        let numbers = |last: u32| -> Vec<u32> {
            let before = digits.chars().filter_map(|c| c.to_digit(10));
            before.chain([last]).collect()
        };
        let mut lasts = 0..10;
        let last = lasts.find(|last| has_luhn(&numbers(*last)));
        let last = last.unwrap_or_default();
        format!("{digits}{last}")
    })
}

proptest! {
    #[test]
    fn at_most_the_last_four_characters_are_left(
        account in prop_oneof![iban(), card()],
        before in "([a-zäö:;(]{0,8}[ :(])?",
        after in "([ ).;:][a-zäö ]{0,8})?",
    ) {
        let text = format!("{before}{account}{after}");
        let bare: String = account.chars().filter(char::is_ascii_alphanumeric).collect();
        let is_iban = account.starts_with(|c: char| c.is_ascii_alphabetic());
        let head = if is_iban { format!("{} ", &bare[..4]) } else { String::new() };
        let tail = &bare[bare.len() - SHOWN_MAX..];
        let masked = accounts_in(&text).into_owned();
        prop_assert_eq!(masked, format!("{before}{head}{HIDDEN} {tail}{after}"));
    }

    #[test]
    fn any_text_can_be_masked_twice(text in "(\\PC|[0-9 .-]){0,60}") {
        let once = accounts_in(&text).into_owned();
        let twice = accounts_in(&once).into_owned();
        prop_assert_eq!(twice, once);
    }
}
