//! Rules as they are written, and what they become.

use domain::calendar::DayUnit;
use domain::policy::{Cardinality, DateWindow, Field, Key, Pattern, Term, TextStep};
use domain::record::ReferenceKind;

use super::{SETTINGS, SOURCE, folder};
use crate::config::load;

const RULE: &str = "\
on = [
  \"reference\",
  { field = \"invoice\", normalise = [\"ignore_case\", \"ignore_leading_zeros\", { prefix = \"INV-\" }] },
  { partner = { field = \"invoice\", normalise = [{ capture = \"INV-([0-9]+)\" }] }, ledger = \"reference\" },
]
cardinality = \"1:N\"
combinations_max = 1000
dates = { late_days = 5, unit = \"business\" }
tolerances = { EUR = { accepted_percent = \"0.5\" } }
";

#[test]
fn a_rule_is_read_as_it_is_written() {
    let source = SOURCE.replace("on = [\"invoice\"]", RULE);
    let folder = folder(SETTINGS, &source);
    let (configuration, warnings) = load(folder.path()).expect("it can be used");
    assert!(warnings.is_empty(), "{warnings:?}");
    let policy = &configuration.source("acme").expect("it is there").policy;
    let rule = &policy.rules[1];
    let invoice = |steps| Term {
        field: Field::Reference(ReferenceKind::Invoice),
        steps,
    };
    let steps = vec![
        TextStep::IgnoreCase,
        TextStep::IgnoreLeadingZeros,
        TextStep::Prefix("INV-".into()),
    ];
    let captured = TextStep::Capture(Pattern::parse("INV-([0-9]+)").expect("a pattern"));
    let exact = Key::exact(ReferenceKind::Reference);
    let expected = [
        exact.clone(),
        Key::same(invoice(steps)),
        Key {
            partner: invoice(vec![captured]),
            ledger: exact.ledger,
        },
    ];
    assert_eq!(rule.on, expected);
    assert_eq!(rule.cardinality, Cardinality::OneToMany);
    assert_eq!(rule.combinations_max, Some(1000));
    let window = DateWindow {
        early_days: 0,
        late_days: 5,
        unit: DayUnit::Business,
    };
    assert_eq!(rule.date_window, Some(window));
    let tolerances = rule.tolerances.as_ref().expect("its own");
    let tolerance = tolerances.0.values().next().expect("one currency");
    assert_eq!(tolerance.accepted_percent.to_string(), "0.5");
}
