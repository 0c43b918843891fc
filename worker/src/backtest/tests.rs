//! The account of a backtest, word for word.

use std::collections::BTreeSet;

use domain::backtest::Match;
use domain::money::{Amount, Currency, Money};
use domain::record::{Place, Side};
use jiff::civil::date;

use super::*;

fn euros(text: &str) -> Money {
    Money {
        amount: Amount::parse(text).expect("an amount"),
        currency: Currency::parse("EUR").expect("a currency"),
    }
}

fn place(side: Side, line: u32) -> Place {
    Place {
        side,
        file: format!("{side}.csv").into(),
        line,
        carried_from: None,
    }
}

fn days() -> Days {
    let matched = Match {
        rule: "invoice".to_owned(),
        reference: "INV-7".to_owned(),
        places: BTreeSet::from([
            place(Side::Partner, 3),
            place(Side::Partner, 4),
            place(Side::Ledger, 9),
        ]),
        value: euros("12.5"),
    };
    let tally = |count, text: &str| Tally {
        count,
        value: [(euros("0").currency, euros(text).amount)].into(),
    };
    let found = Backtest {
        same: tally(3, "1000"),
        new: vec![matched],
        ..Backtest::default()
    };
    let mut days = Days::new(
        "acme-pay",
        (date(2026, 11, 20), date(2026, 11, 24)),
        "new.toml",
    );
    let replayed = Replayed {
        found,
        discrepancies: (4, 2),
    };
    days.add("recon/acme-pay/2026-11-20".to_owned(), replayed)
        .expect("small amounts");
    days
}

#[test]
fn the_account_counts_and_lists() {
    let wanted = "\
acme-pay, 2026-11-20 to 2026-11-24: 1 run by the rules of then, and by those of new.toml

 matches  count  value reported by the partner
 same         3  1000.00 EUR
 new          1  12.50 EUR
 lost         0
 changed      0

Discrepancies: 4 by the rules of then, 2 by the new ones; 0 no longer found, 0 new.

People decided none of these.

New matches:
 reference      value  rule     partner          ledger        run
 INV-7      12.50 EUR  invoice  partner.csv 3 4  ledger.csv 9  recon/acme-pay/2026-11-20";
    assert_eq!(account(&days(), false), wanted);
    assert!(days().is_clean());
}

#[test]
fn scripts_get_the_same() {
    let told = to_json(&days());
    assert_eq!(told["same"]["count"], 3);
    assert_eq!(told["new"]["value"]["EUR"], "12.50");
    assert_eq!(told["new"]["matches"][0]["records"][0]["line"], 3);
    assert_eq!(told["discrepancies"]["then"], 4);
    assert_eq!(told["people"]["contradicts"], 0);
}
