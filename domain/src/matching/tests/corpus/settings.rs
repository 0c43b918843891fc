//! The settings of the corpus: a policy in a few words.
//!
//! Settings of a file or a case, one a line, several `rule`, `accept` and `rounding`:
//!
//! ```text
//! rule      reference
//! rule      invoice ignore_case digits = description capture=INV-([0-9]+), N:1, combinations 100
//! rule      reference, alike, accept 1.5 % EUR, dates 0 early 7 late business
//! accept    0.02 EUR
//! rounding  0.05 EUR
//! dates     2 early 3 late business
//! transit   2
//! holidays  2026-01-06 2026-12-25
//! fee       2.9 % + 0.30 EUR within 0.01
//! today     2026-01-16
//! scope     client x
//! ```
//!
//! A key is a field and the steps that make it comparable; left of `=` is the partner's, right ours.

use super::*;
use crate::policy::{Field, Key, Pattern, Term, TextStep};

/// Lines of settings: the name, and what is said of it.
pub(super) type Settings<'t> = Vec<(&'t str, &'t str)>;

/// The lines that are settings: the others tell people something.
pub(super) fn settings<'t>(lines: impl Iterator<Item = &'t str>) -> Settings<'t> {
    const NAMES: [&str; 9] = [
        "rule", "accept", "rounding", "dates", "transit", "holidays", "fee", "today", "scope",
    ];
    let settings = lines.filter_map(|line| line.trim().split_once(' '));
    settings.filter(|(name, _)| NAMES.contains(name)).collect()
}

/// The policy, and what the run is about. Where nothing is said, nothing is accepted.
pub(super) fn policy_of(settings: &Settings) -> (SourcePolicy, RunContext) {
    let mut policy = SourcePolicy {
        rules: Vec::new(),
        tolerances: Tolerances::default(),
        date_window: window("0 early 0 late"),
        ..super::policy()
    };
    let mut context = whole();
    for (name, said) in settings {
        let said = said.trim();
        match *name {
            "rule" => policy.rules.push(rule_of(said)),
            "accept" | "rounding" => tolerate(&mut policy.tolerances, name, said),
            "dates" => policy.date_window = window(said),
            "transit" => policy.settlement_window_days = said.parse().expect(said),
            "holidays" => policy.calendar.holidays = said.split(' ').map(day).collect(),
            "fee" => policy.agreed_fee = Some(fee(said)),
            "today" => context.business_date = day(said),
            "scope" => {
                context.scope = match said.split_once(' ').expect(said) {
                    ("client", client) => Scope::Client(client.to_owned()),
                    (_, invoice) => Scope::Invoice(invoice.to_owned()),
                }
            }
            other => panic!("{other}"),
        }
    }
    (policy, context)
}

fn rule_of(said: &str) -> MatchRule {
    let mut rule = rule(said, &[]);
    for part in said.split(", ") {
        let (name, rest) = part.split_once(' ').unwrap_or((part, ""));
        match name {
            "alike" => rule.is_alike = true,
            "combinations" => rule.combinations_max = Some(rest.parse().expect(rest)),
            "dates" => rule.date_window = Some(window(rest)),
            "accept" | "rounding" => {
                tolerate(rule.tolerances.get_or_insert_default(), name, rest);
            }
            _ => match Cardinality::parse(part) {
                Some(cardinality) => rule.cardinality = cardinality,
                None => rule.on.push(key(part)),
            },
        }
    }
    rule
}

fn key(said: &str) -> Key {
    match said.split_once(" = ") {
        Some((partner, ledger)) => Key {
            partner: term(partner),
            ledger: term(ledger),
        },
        None => Key::same(term(said)),
    }
}

fn term(said: &str) -> Term {
    let mut words = said.split(' ');
    let field = words.next().expect("a field");
    let step = |word: &str| match word.split_once('=').unwrap_or((word, "")) {
        ("ignore_case", _) => TextStep::IgnoreCase,
        ("ignore_separators", _) => TextStep::IgnoreSeparators,
        ("ignore_leading_zeros", _) => TextStep::IgnoreLeadingZeros,
        ("digits", _) => TextStep::Digits,
        ("prefix", text) => TextStep::Prefix(text.into()),
        ("suffix", text) => TextStep::Suffix(text.into()),
        ("first", count) => TextStep::First(count.parse().expect(count)),
        ("capture", pattern) => TextStep::Capture(Pattern::parse(pattern).expect(pattern)),
        ("each", pattern) => TextStep::Each(Pattern::parse(pattern).expect(pattern)),
        _ => panic!("{word} is no step"),
    };
    Term {
        field: Field::parse(field).expect(field),
        steps: words.map(step).collect(),
    }
}

/// `0.02 EUR`, or `1.5 % EUR`.
fn tolerate(tolerances: &mut Tolerances, name: &str, said: &str) {
    let words: Vec<&str> = said.split(' ').collect();
    let currency = Currency::parse(words[words.len() - 1]).expect(said);
    let tolerance = tolerances.0.entry(currency).or_default();
    match (name, words.len()) {
        ("rounding", _) => tolerance.rounding = amount(words[0]),
        (_, 3) => tolerance.accepted_percent = amount(words[0]),
        _ => tolerance.accepted = amount(words[0]),
    }
}

/// `2 early 3 late`, with `business` behind it for business days.
fn window(said: &str) -> DateWindow {
    let words: Vec<&str> = said.split(' ').collect();
    DateWindow {
        early_days: words[0].parse().expect(said),
        late_days: words[2].parse().expect(said),
        unit: if words.len() > 4 {
            DayUnit::Business
        } else {
            DayUnit::Calendar
        },
    }
}

/// `2.9 % + 0.30 EUR within 0.01`.
fn fee(said: &str) -> AgreedFee {
    let words: Vec<&str> = said.split(' ').collect();
    let fixed = money(&words[3..5].join(" "));
    AgreedFee {
        percent: amount(words[0]),
        fixed: [(fixed.currency, fixed.amount)].into(),
        tolerance: words.get(6).map_or(Amount::ZERO, |text| amount(text)),
    }
}

pub(super) fn money(text: &str) -> Money {
    let (number, currency) = text.split_once(' ').expect(text);
    Money {
        amount: amount(number),
        currency: Currency::parse(currency).expect(currency),
    }
}

/// `2026-01-05`, or with its day of the week, which has to be right: `Mon 2026-01-05`.
pub(super) fn day(text: &str) -> Date {
    let (weekday, date) = text.rsplit_once(' ').unwrap_or(("", text));
    let date: Date = date.parse().expect(text);
    assert!(
        date.strftime("%a").to_string().starts_with(weekday),
        "{text} is another day"
    );
    date
}
