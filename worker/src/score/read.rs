//! Reads truths and results by the names of their columns.
//!
//! A truth of two columns, `reference` and `kind` (or `class`), is enough; a column that is not
//! there leaves out what it would tell. What can't be understood is an error with file and line:
//! nothing is skipped in silence.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use csv::StringRecord;
use domain::discrepancy::Kind;
use domain::money::{Amount, Currency, Money};

use super::claim::{Claim, Lines, What};
use crate::report::plain_text;

/// The discrepancies in a truth, in `discrepancies.csv`, or in another program's file.
pub(super) fn discrepancies(path: &Path) -> anyhow::Result<Vec<Claim>> {
    let mut table = Table::open(path)?;
    let reference = table.needs(&["reference"])?;
    let kind = table.needs(&["kind", "class"])?;
    table.claims(|row, cells| {
        let name = row.get(kind).unwrap_or_default();
        let kind = kind_named(name).ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            anyhow!("`{name}` is no kind; there are {}", names.join(", "))
        })?;
        let reference = plain_text(row.get(reference).unwrap_or_default()).into();
        cells.claim(row, What::Kind(kind), reference)
    })
}

/// The groups in a truth's `-matches.csv`, or in `matches.csv`.
pub(super) fn matches(path: &Path) -> anyhow::Result<Vec<Claim>> {
    let mut table = Table::open(path)?;
    table.needs(&["partner_lines"])?;
    table.needs(&["ledger_lines"])?;
    table.claims(|row, cells| cells.claim(row, What::Match, Box::default()))
}

/// A kind by its name, or by the name that the benchmark's data gives it.
fn kind_named(name: &str) -> Option<Kind> {
    let small = name.to_ascii_lowercase();
    match small.as_str() {
        "date_out_of_window" => Some(Kind::DateMismatch),
        name => Kind::parse(name),
    }
}

/// A CSV file with a header.
struct Table {
    path: PathBuf,
    reader: csv::Reader<File>,
    header: StringRecord,
}

impl Table {
    fn open(path: &Path) -> anyhow::Result<Table> {
        let name = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(name)?;
        let mut reader = csv::Reader::from_reader(file);
        let header = reader.headers().with_context(name)?.clone();
        Ok(Table {
            path: path.to_owned(),
            reader,
            header,
        })
    }

    /// Where the first of these columns is that there is.
    fn column(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.header.iter().position(|column| column == *name))
    }

    fn needs(&self, names: &[&str]) -> anyhow::Result<usize> {
        self.column(names).with_context(|| {
            format!(
                "{} has no column {}",
                self.path.display(),
                names.join(" or ")
            )
        })
    }

    fn claims(
        &mut self,
        claim: impl Fn(&StringRecord, &mut Cells) -> anyhow::Result<Claim>,
    ) -> anyhow::Result<Vec<Claim>> {
        let mut cells = Cells {
            trouble: self.column(&["trouble"]),
            currency: self.column(&["currency"]),
            amounts: ["amount", "difference", "partner_amount", "ledger_amount"]
                .into_iter()
                .filter_map(|name| self.column(&[name]))
                .collect(),
            partner_lines: self.column(&["partner_lines", "partner_line"]),
            ledger_lines: self.column(&["ledger_lines", "ledger_line"]),
            labels: HashMap::new(),
        };
        let mut claims = Vec::new();
        let mut row = StringRecord::new();
        let path = &self.path;
        loop {
            let at = self.reader.position().line();
            let at = || format!("{}, line {at}", path.display());
            if !self.reader.read_record(&mut row).with_context(at)? {
                return Ok(claims);
            }
            claims.push(claim(&row, &mut cells).with_context(at)?);
        }
    }
}

/// Where in a row the further facts of a claim are.
struct Cells {
    trouble: Option<usize>,
    currency: Option<usize>,
    /// The first that holds something other than zero counts: what is at stake.
    amounts: Vec<usize>,
    partner_lines: Option<usize>,
    ledger_lines: Option<usize>,
    /// Every label once: there are millions of rows and a few labels.
    labels: HashMap<Box<str>, Arc<str>>,
}

impl Cells {
    fn claim(
        &mut self,
        row: &StringRecord,
        what: What,
        reference: Box<str>,
    ) -> anyhow::Result<Claim> {
        Ok(Claim {
            what,
            reference,
            lines: Lines {
                partner: lines(cell(row, self.partner_lines))?,
                ledger: lines(cell(row, self.ledger_lines))?,
            },
            value: self.value(row)?,
            trouble: self.label(cell(row, self.trouble)),
        })
    }

    fn value(&self, row: &StringRecord) -> anyhow::Result<Option<Money>> {
        let currency = match cell(row, self.currency) {
            "" => return Ok(None),
            code => Currency::parse(code).with_context(|| format!("`{code}`"))?,
        };
        let mut value = None;
        for column in &self.amounts {
            let text = cell(row, Some(*column));
            if text.is_empty() {
                continue;
            }
            let amount = Amount::parse_computed(text).with_context(|| format!("`{text}`"))?;
            value = Some(amount.abs());
            if !amount.is_zero() {
                break;
            }
        }
        Ok(value.map(|amount| Money { amount, currency }))
    }

    fn label(&mut self, text: &str) -> Option<Arc<str>> {
        if text.is_empty() {
            return None;
        }
        if let Some(known) = self.labels.get(text) {
            return Some(Arc::clone(known));
        }
        let label: Arc<str> = text.into();
        self.labels.insert(text.into(), Arc::clone(&label));
        Some(label)
    }
}

fn cell(row: &StringRecord, column: Option<usize>) -> &str {
    column
        .and_then(|column| row.get(column))
        .unwrap_or_default()
}

/// Line numbers with spaces between, in ascending order.
fn lines(text: &str) -> anyhow::Result<Box<[u32]>> {
    let number = |word: &str| {
        word.parse()
            .map_err(|_| anyhow!("`{word}` is no line number"))
    };
    let mut lines: Vec<u32> = text
        .split_ascii_whitespace()
        .map(number)
        .collect::<anyhow::Result<_>>()?;
    lines.sort_unstable();
    Ok(lines.into())
}
