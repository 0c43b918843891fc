//! Reads the text files of the corpus.

use super::settings::{Settings, day, money, policy_of, settings};
use super::*;
use crate::record::ShortText;

/// One case, ready to be tried.
pub(super) struct Case {
    pub(super) title: String,
    pub(super) policy: SourcePolicy,
    pub(super) context: RunContext,
    pub(super) records: Vec<Record>,
    pub(super) expected: Vec<Outcome>,
}

/// Verdicts that each record has for itself.
const LONE: [&str; 7] = [
    "missing_in_ledger",
    "missing_at_partner",
    "duplicate_at_partner",
    "duplicate_in_ledger",
    "in transit",
    "out of scope",
    "superseded",
];

/// The cases of a file.
pub(super) fn cases(text: &str) -> Vec<Case> {
    let mut parts = text.split("\ncase: ");
    let of_file = settings(parts.next().expect("a beginning").lines());
    let cases: Vec<Case> = parts.map(|part| case(part, &of_file)).collect();
    assert!(!cases.is_empty(), "no case");
    cases
}

/// One of them: `text` is what follows its `case: `.
fn case(text: &str, of_file: &Settings) -> Case {
    let (title, rest) = text.split_once('\n').expect("lines");
    let mut own = settings(rest.lines());
    let names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
    own.extend(of_file.iter().filter(|(name, _)| !names.contains(name)));
    let (policy, context) = policy_of(&own);
    let (mut columns, mut records) = (Vec::new(), Vec::new());
    // Of records in one match or discrepancy the texts, by verdict and, where it has one record, line.
    let mut together: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
    for line in rest.lines() {
        let (said, verdict) = line.split_once("->").unwrap_or((line, ""));
        let cells = said.split("  ").map(str::trim);
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let Some((first, cells)) = cells.split_first() else {
            continue;
        };
        let (count, side) = first.rsplit_once(' ').unwrap_or(("1", first));
        match side {
            "columns" => columns = cells.to_vec(),
            "partner" | "ledger" => {
                assert_eq!(cells.len(), columns.len(), "{title}: {line}");
                for number in 1..=count.parse().expect(line) {
                    let numbered = |text: &str| text.replace('#', &usize::to_string(&number));
                    let cells: Vec<String> = cells.iter().map(|cell| numbered(cell)).collect();
                    let verdict = numbered(verdict.trim());
                    let at = if LONE.contains(&&*verdict) {
                        records.len()
                    } else {
                        0
                    };
                    let record = record_of(side, &columns, &cells);
                    let texts = together.entry((verdict, at)).or_default();
                    texts.push(record.origin.raw.to_string());
                    records.push(record);
                }
            }
            // Settings, or words.
            _ => {}
        }
    }
    assert!(!records.is_empty(), "{title}: no records");
    let outcome = |((verdict, _), mut texts): ((String, usize), Vec<String>)| {
        texts.sort();
        let verdict = verdict.split(" (").next().unwrap_or_default();
        (verdict.to_owned(), texts)
    };
    let mut expected: Vec<Outcome> = together.into_iter().map(outcome).collect();
    expected.sort();
    Case {
        title: title.to_owned(),
        policy,
        context,
        records,
        expected,
    }
}

fn record_of(side: &str, columns: &[&str], cells: &[String]) -> Record {
    let side = if side == "partner" { "P" } else { "L" };
    // What is not said is as in every other test.
    let mut record = super::record(&format!("{side} - 0 EUR 1"), 1);
    record.origin.raw = format!("{} {}", record.side, cells.join(" | ")).into();
    for (column, cell) in columns.iter().zip(cells).filter(|(_, cell)| *cell != "-") {
        let text = Some(ShortText::from(&**cell));
        match *column {
            "amount" => record.money = money(cell),
            "date" => record.value_date = day(cell),
            "status" => record.status = Some(Status::parse(cell).expect(cell)),
            "client" => record.client = text,
            "counterparty" => record.counterparty = text,
            "text" => record.description = text,
            "gross - fee = net" => {
                let (gross, rest) = cell.split_once(" - ").expect(cell);
                let (fee, net) = rest.split_once(" = ").expect(cell);
                let stated = |text: &str| (text != "?").then(|| amount(text));
                let [gross, fee, net] = [gross, fee, net].map(stated);
                record.fees = FeeSplit::of(gross, fee, net).expect(cell).map(Box::new);
            }
            kind => record
                .references
                .push((ReferenceKind::parse(kind).expect(kind), (**cell).into())),
        }
    }
    record.references.sort();
    record
}
