//! `[[rules]]`: from the tables of a source's file to the domain's rules, and what can't be meant in
//! them.

use std::collections::BTreeMap;

use domain::money::Currency;
use domain::policy::{Cardinality, DateWindow, Field, Key, MatchRule, Pattern, Term, TextStep};
use serde::{Deserialize, Deserializer};

use super::document::Document;
use super::policy::{Findings, check_days, tolerances};
use super::source_file::{DatesTable, ToleranceTable};
use super::tree::Place;
use super::values::{FromText, Parsed, TextOrTable, text_or_table};

/// `[[rules]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    /// Shown with every decision that the rule makes.
    pub(crate) name: String,
    /// What must all be there and be equal.
    pub(crate) on: Vec<KeyTable>,
    /// Whether texts may be misspelled, cut off or in the middle of others.
    #[serde(default)]
    pub(crate) alike: bool,
    /// How many records of each side make one match.
    #[serde(default = "one_to_one")]
    pub(crate) cardinality: Parsed<Cardinality>,
    /// Through how many combinations a search may go.
    pub(crate) combinations_max: Option<u32>,
    /// Instead of the source's.
    pub(crate) tolerances: Option<BTreeMap<Parsed<Currency>, ToleranceTable>>,
    /// Instead of the source's.
    pub(crate) dates: Option<DatesTable>,
}

fn one_to_one() -> Parsed<Cardinality> {
    Parsed(Cardinality::OneToOne)
}

/// What is compared: a field of both sides, or one of each.
#[derive(Debug)]
pub(crate) struct KeyTable(Key);

/// A field of one side.
#[derive(Debug)]
struct TermTable(Term);

/// One step of `normalise`.
#[derive(Debug)]
struct StepTable(TextStep);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFields {
    field: Option<Parsed<Field>>,
    #[serde(default)]
    normalise: Vec<StepTable>,
    partner: Option<TermTable>,
    ledger: Option<TermTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermFields {
    field: Parsed<Field>,
    #[serde(default)]
    normalise: Vec<StepTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepFields {
    prefix: Option<String>,
    suffix: Option<String>,
    first: Option<u32>,
    capture: Option<String>,
}

impl RuleTable {
    /// What is compared, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.on.iter().map(|key| &key.0)
    }
}

/// The rules that the tables state.
pub(crate) fn rules(
    tables: &[RuleTable],
    document: &Document,
    findings: &mut Findings,
) -> Vec<MatchRule> {
    let place = Place::root().key("rules");
    if tables.is_empty() {
        let problem = document.problem(&place, "there is no matching rule");
        let help = "add a rule: `[[rules]]` with `name` and `on`";
        findings.problems.push(problem.with_help(help));
    }
    let mut known: Vec<MatchRule> = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let here = place.index(index);
        check(table, &here, &known, document, findings);
        let window = |dates: &DatesTable| DateWindow {
            early_days: dates.early_days,
            late_days: dates.late_days,
            unit: dates.unit.0,
        };
        let own = table.tolerances.as_ref();
        let rule = MatchRule {
            name: table.name.clone(),
            on: table.keys().cloned().collect(),
            is_alike: table.alike,
            cardinality: table.cardinality.0,
            combinations_max: table.combinations_max,
            tolerances: own
                .map(|tables| tolerances(tables, &here.key("tolerances"), document, findings)),
            date_window: table.dates.as_ref().map(window),
        };
        if let Some(earlier) = known.iter().find(|earlier| earlier.shadows(&rule)) {
            let message = format!(
                "this rule never decides: `{}` has decided before",
                earlier.name
            );
            let warning = document.warning(&here.key("on"), message);
            findings
                .warnings
                .push(warning.with_help("match on something else, or drop it"));
        }
        known.push(rule);
    }
    known
}

fn check(
    table: &RuleTable,
    here: &Place,
    known: &[MatchRule],
    document: &Document,
    findings: &mut Findings,
) {
    let mut refuse = |place: Place, message: String, help: &str| {
        let problem = document.problem(&place, message);
        findings.problems.push(problem.with_help(help));
    };
    if table.on.is_empty() {
        let message = "a rule needs something to compare".to_owned();
        refuse(
            here.key("on"),
            message,
            "for example `on = [\"reference\"]`",
        );
    }
    if known.iter().any(|rule| rule.name == table.name) {
        let message = format!("there is another rule `{}`", table.name);
        refuse(
            here.key("name"),
            message,
            "give each rule a name of its own",
        );
    }
    let cardinality = table.cardinality.0;
    let is_search = matches!(cardinality, Cardinality::OneToMany | Cardinality::ManyToOne);
    if table.alike && cardinality != Cardinality::OneToOne {
        refuse(
            here.key("alike"),
            "what is alike is matched one by one".to_owned(),
            "drop `cardinality`, or `alike`",
        );
    }
    if table.alike && table.tolerances.is_some() {
        refuse(
            here.key("tolerances"),
            "what is alike has to have equal amounts: nothing is tolerated".to_owned(),
            "drop `tolerances`, or `alike`",
        );
    }
    match table.combinations_max {
        Some(_) if !is_search => refuse(
            here.key("combinations_max"),
            format!("combinations are not looked for where the cardinality is {cardinality}"),
            "drop it, or set `cardinality = \"1:N\"` or `\"N:1\"`",
        ),
        Some(0) => refuse(
            here.key("combinations_max"),
            "no combination may be looked at".to_owned(),
            "write how many, as `combinations_max = 1000000`, or drop it",
        ),
        Some(count) if count > COMBINATIONS_MAX => refuse(
            here.key("combinations_max"),
            format!("{count} combinations are more than fit into memory"),
            "at most 10000000",
        ),
        _ => {}
    }
    if let Some(dates) = &table.dates {
        let place = here.key("dates");
        check_days(
            &place.key("early_days"),
            dates.early_days,
            document,
            findings,
        );
        check_days(&place.key("late_days"), dates.late_days, document, findings);
    }
}

/// Most combinations of one half: 32 bytes each.
const COMBINATIONS_MAX: u32 = 10_000_000;

impl FromText for Cardinality {
    const EXPECTED: &'static str = "\"1:1\", \"1:N\", \"N:1\" or \"N:M\"";

    fn from_text(text: &str) -> Result<Self, String> {
        Cardinality::parse(text).ok_or_else(|| {
            format!(
                "`{text}` is not a cardinality: partner to ledger, {}",
                Self::EXPECTED
            )
        })
    }
}

impl<'de> Deserialize<'de> for KeyTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table(deserializer)
    }
}

impl TextOrTable for KeyTable {
    type Table = KeyFields;

    const EXPECTED: &'static str = "a field (\"reference\"), or a table that says what is compared";

    fn from_text(name: &str) -> Result<Self, String> {
        Ok(KeyTable(Key::same(plain(name)?)))
    }

    fn from_table(table: KeyFields) -> Result<Self, String> {
        let KeyFields {
            field,
            normalise,
            partner,
            ledger,
        } = table;
        let key = match (field, partner, ledger) {
            (Some(field), None, None) => Key::same(Term {
                field: field.0,
                steps: steps(normalise),
            }),
            (None, Some(partner), Some(ledger)) if normalise.is_empty() => Key {
                partner: partner.0,
                ledger: ledger.0,
            },
            _ => {
                return Err(
                    "name either a `field` of both sides (with its `normalise`), or what is \
                     compared with what: `partner` and `ledger`, each with a `normalise` of its own"
                        .to_owned(),
                );
            }
        };
        Ok(KeyTable(key))
    }
}

impl<'de> Deserialize<'de> for TermTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table(deserializer)
    }
}

impl TextOrTable for TermTable {
    type Table = TermFields;

    const EXPECTED: &'static str = "a field (\"invoice\"), or a table with `field` and `normalise`";

    fn from_text(name: &str) -> Result<Self, String> {
        plain(name).map(TermTable)
    }

    fn from_table(table: TermFields) -> Result<Self, String> {
        Ok(TermTable(Term {
            field: table.field.0,
            steps: steps(table.normalise),
        }))
    }
}

/// A step that is a word.
fn word(text: &str) -> Option<TextStep> {
    Some(match text {
        "ignore_case" => TextStep::IgnoreCase,
        "ignore_separators" => TextStep::IgnoreSeparators,
        "ignore_leading_zeros" => TextStep::IgnoreLeadingZeros,
        "digits" => TextStep::Digits,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for StepTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table(deserializer)
    }
}

impl TextOrTable for StepTable {
    type Table = StepFields;

    const EXPECTED: &'static str =
        "a step (\"ignore_case\"), or a table such as { prefix = \"INV-\" }";

    fn from_text(text: &str) -> Result<Self, String> {
        let step = word(text).ok_or_else(|| {
            format!(
                "unknown step `{text}`; one of: ignore_case, ignore_separators, \
                 ignore_leading_zeros, digits, or a table with prefix, suffix, first or capture"
            )
        })?;
        Ok(StepTable(step))
    }

    fn from_table(table: StepFields) -> Result<Self, String> {
        let StepFields {
            prefix,
            suffix,
            first,
            capture,
        } = table;
        let not_one = || {
            "a step is one of `prefix`, `suffix`, `first` (at least 1) or `capture`; write several \
             one behind the other"
                .to_owned()
        };
        let of_first = |count| match count {
            0 => Err(not_one()),
            count => Ok(TextStep::First(count)),
        };
        let of_capture = |text: String| Pattern::parse(&text).map(TextStep::Capture);
        let given = [
            prefix.map(|text| Ok(TextStep::Prefix(text.into()))),
            suffix.map(|text| Ok(TextStep::Suffix(text.into()))),
            first.map(of_first),
            capture.map(of_capture),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(step), None) => step.map(StepTable),
            _ => Err(not_one()),
        }
    }
}

impl FromText for Field {
    const EXPECTED: &'static str = "a field (\"reference\")";

    fn from_text(text: &str) -> Result<Self, String> {
        super::values::named("kind of field", text, &fields())
    }
}

fn fields() -> Vec<(&'static str, Field)> {
    let references = domain::record::ReferenceKind::ALL.iter();
    let references = references.map(|kind| Field::Reference(*kind));
    let texts = [Field::Client, Field::Counterparty, Field::Description];
    let all = references.chain(texts);
    all.map(|field| (field.name(), field)).collect()
}

/// A field as it is written.
fn plain(name: &str) -> Result<Term, String> {
    let field = Field::from_text(name)?;
    let steps = Vec::new();
    Ok(Term { field, steps })
}

fn steps(tables: Vec<StepTable>) -> Vec<TextStep> {
    tables.into_iter().map(|step| step.0).collect()
}
