//! Whole reports in the manner of processors, wallets, carriers and banks, as files under
//! `activities/fixtures/formats`: what reading each gives stands beside it in `<name>.expected`.

use super::testing::{check, format};

macro_rules! fixture {
    ($name:expr) => {
        include_bytes!(concat!("../../fixtures/formats/", $name)).as_slice()
    };
}
pub(super) use fixture;

macro_rules! expected {
    ($name:expr) => {
        include_str!(concat!("../../fixtures/formats/", $name, ".expected"))
    };
}

/// The statements with the mapping that the expectations were written for.
pub(super) const STATEMENT_MAPPING: &str =
    "[camt053]\ninvoice = { from = [\"unstructured\"], pattern = \"INV-[0-9]{4}\" }\n";

macro_rules! csv_test {
    ($test:ident, $name:literal) => {
        #[test]
        fn $test() {
            let mapping = include_str!(concat!("../../fixtures/formats/", $name, ".toml"));
            check(
                &format(mapping),
                fixture!(concat!($name, ".csv")),
                expected!($name),
            );
        }
    };
}

macro_rules! statement_test {
    ($test:ident, $name:literal) => {
        #[test]
        fn $test() {
            check(
                &format(STATEMENT_MAPPING),
                fixture!(concat!($name, ".xml")),
                expected!($name),
            );
        }
    };
}

csv_test!(
    a_processor_with_two_columns_per_amount,
    "processor_settlement"
);
csv_test!(a_wallet_in_spanish, "wallet_activity");
csv_test!(payouts_in_utc, "payouts");
csv_test!(a_carrier_with_repeated_headers, "carrier_invoice");
statement_test!(a_german_bank_in_version_2, "german_v02");
statement_test!(a_german_bank_in_version_8, "german_v08");
statement_test!(a_swiss_bank_with_charges_and_qr_references, "swiss_v04");
statement_test!(a_dutch_bank_with_a_batch_without_details, "dutch_v02");
statement_test!(a_nordic_bank_in_two_currencies, "nordic_v02");
statement_test!(version_13_in_an_envelope, "envelope_v13");
