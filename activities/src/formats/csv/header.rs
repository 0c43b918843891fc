//! Finding the header, and the place of each mapped column in it.

use super::columns::{AmountColumns, AmountSource, Column, FieldSource, Sign};
use super::mapping::CsvMapping;
use super::rules::same;
use super::tokens::Row;
use crate::formats::FormatError;
use crate::formats::lines::Input;
use crate::formats::settings::Pattern;
use domain::masking;
use domain::record::ReferenceKind;

/// The mapping, tied to the columns of one header.
pub(super) struct Layout<'m> {
    /// How many fields a row has; unknown for a file without a header that goes by position.
    pub(super) width: Option<Width>,
    /// Names as they stand in the header.
    names: Vec<Box<str>>,
    /// A column of the header to tell repeated headers by.
    probe: Option<usize>,
    pub(super) references: Vec<(ReferenceKind, Text<'m>)>,
    pub(super) amount: Option<Amounts<'m>>,
    pub(super) gross: Option<Amounts<'m>>,
    pub(super) fee: Option<Amounts<'m>>,
    pub(super) net: Option<Amounts<'m>>,
    pub(super) currency: Option<Text<'m>>,
    pub(super) gross_currency: Option<Text<'m>>,
    pub(super) net_currency: Option<Text<'m>>,
    pub(super) value_date: Option<Text<'m>>,
    pub(super) booking_date: Option<Text<'m>>,
    pub(super) time_zone: Option<Text<'m>>,
    pub(super) status: Option<Text<'m>>,
    pub(super) client: Option<Text<'m>>,
    pub(super) counterparty: Option<Text<'m>>,
    pub(super) description: Option<Text<'m>>,
    /// The column of each skip rule.
    pub(super) skip: Vec<Option<usize>>,
    /// The columns of each totals rule.
    pub(super) totals: Vec<TotalsColumns<'m>>,
}

/// How many fields a row has. Headers and rows may end in delimiters that the other does not have.
#[derive(Clone, Copy)]
pub(super) struct Width {
    /// Up to the last column with a name.
    pub(super) named: usize,
    /// With the columns without a name behind it.
    pub(super) all: usize,
}

impl Width {
    fn of(names: &[Box<str>]) -> Option<Width> {
        let last_named = names.iter().rposition(|name| !name.is_empty());
        last_named.map(|last| Width {
            named: last + 1,
            all: names.len(),
        })
    }
}

/// Where a text is.
pub(super) enum Text<'m> {
    At(usize, Option<&'m Pattern>),
    Constant(&'m str),
    /// An optional column that this file does not have.
    Absent,
}

/// Where an amount is.
pub(super) struct Amounts<'m> {
    pub(super) places: Places<'m>,
    pub(super) sign: Sign,
}

pub(super) enum Places<'m> {
    Signed(usize),
    Sum(Vec<usize>),
    Split {
        debit: usize,
        credit: usize,
    },
    Directed {
        amount: usize,
        direction: usize,
        credit: &'m [String],
        debit: &'m [String],
    },
}

/// The columns of a totals rule.
pub(super) struct TotalsColumns<'m> {
    pub(super) rows: Option<usize>,
    pub(super) amount: Option<Amounts<'m>>,
    pub(super) count: Option<usize>,
}

/// A row that is no header for this mapping.
#[derive(Debug)]
pub(super) struct NoHeader {
    line: u32,
    found: usize,
    missing: Vec<String>,
    repeated: Option<(String, usize)>,
    names: Vec<Box<str>>,
}

impl NoHeader {
    /// The more of the wanted columns a row has, the more it looks like the header.
    pub(super) fn nearest(self, other: Option<NoHeader>) -> NoHeader {
        match other {
            Some(other) if other.found >= self.found => other,
            _ => self,
        }
    }

    pub(super) fn into_error(self, input: Input<'_>) -> FormatError {
        let file = input.file_name();
        if let (Some((column, count)), true) = (self.repeated, self.missing.is_empty()) {
            let line = self.line;
            return FormatError::ColumnRepeated {
                file,
                line,
                column,
                count,
            };
        }
        let quoted = |names: Vec<String>| names.join(", ");
        let found = self.names.iter().take(FOUND_NAMES_MAX);
        // A line without any of the columns may be one of data: what people are told has no names.
        let is_header = self.found > 0;
        let shown = |name: &str| match is_header {
            true => name.to_owned(),
            false => masking::name(name),
        };
        FormatError::ColumnMissing {
            file,
            line: self.line,
            missing: quoted(self.missing),
            found: quoted(found.map(|name| format!("{:?}", shown(name))).collect()),
        }
    }
}

/// Most column names that an error lists.
const FOUND_NAMES_MAX: usize = 200;

impl<'m> Layout<'m> {
    /// Takes `row` as the header.
    pub(super) fn of_header(mapping: &'m CsvMapping, row: &Row<'_>) -> Result<Self, NoHeader> {
        Self::new(mapping, row.iter().map(shown).collect(), row.line)
    }

    /// For files without a header: takes the columns that the mapping lists, or goes by position
    /// when it lists none.
    pub(super) fn of_columns(mapping: &'m CsvMapping) -> Result<Self, NoHeader> {
        let names = mapping.columns.iter().map(|name| shown(name)).collect();
        Self::new(mapping, names, 1)
    }

    fn new(mapping: &'m CsvMapping, names: Vec<Box<str>>, line: u32) -> Result<Self, NoHeader> {
        let mut finder = Finder::new(names, line);
        let fields = &mapping.fields;
        let references = fields.references().into_iter();
        let references = references.map(|(kind, field)| (kind, finder.text(field)));
        let references = references.collect();
        let layout = Layout {
            width: Width::of(&finder.names),
            names: Vec::new(),
            probe: None,
            references,
            amount: finder.optional_amounts(fields.amount.as_ref()),
            gross: finder.optional_amounts(fields.gross.as_ref()),
            fee: finder.optional_amounts(fields.fee.as_ref()),
            net: finder.optional_amounts(fields.net.as_ref()),
            currency: finder.optional_text(fields.currency.as_ref()),
            gross_currency: finder.optional_text(fields.gross_currency.as_ref()),
            net_currency: finder.optional_text(fields.net_currency.as_ref()),
            value_date: finder.optional_text(fields.value_date.as_ref()),
            booking_date: finder.optional_text(fields.booking_date.as_ref()),
            time_zone: finder.optional_text(fields.time_zone.as_ref()),
            status: finder.optional_text(fields.status.as_ref()),
            client: finder.optional_text(fields.client.as_ref()),
            counterparty: finder.optional_text(fields.counterparty.as_ref()),
            description: finder.optional_text(fields.description.as_ref()),
            skip: mapping
                .skip
                .iter()
                .map(|skip| finder.find(&skip.rows.column))
                .collect(),
            totals: mapping
                .totals
                .iter()
                .map(|totals| TotalsColumns {
                    rows: finder.find(&totals.rows.column),
                    amount: finder.optional_amounts(totals.amount.as_ref()),
                    count: totals.count.as_ref().and_then(|c| finder.find(c)),
                })
                .collect(),
        };
        finder.finish(layout)
    }

    /// The name of a column, for messages.
    pub(super) fn name(&self, index: usize) -> String {
        match self.names.get(index) {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => format!("column {}", index + 1),
        }
    }

    /// Whether a row may be a header again, as in files glued together. Cheap: most rows hold no
    /// column name at all.
    pub(super) fn may_be_header(&self, row: &Row<'_>) -> bool {
        let name = self.probe_name();
        name.is_some_and(|name| row.iter().any(|text| is_name(text, name)))
    }

    /// The name that every header has.
    pub(super) fn probe_name(&self) -> Option<&str> {
        let name = self.probe.and_then(|probe| self.names.get(probe));
        name.map(|name| &**name)
    }
}

/// Whether a field holds the name of a column.
pub(super) fn is_name(text: &str, name: &str) -> bool {
    text.len() >= name.len() && same(bare(text), name)
}

/// Looks columns up, and remembers what it did not find.
struct Finder {
    line: u32,
    names: Vec<Box<str>>,
    folded: Vec<String>,
    found: usize,
    probe: Option<usize>,
    missing: Vec<String>,
    repeated: Option<(String, usize)>,
}

impl Finder {
    fn new(names: Vec<Box<str>>, line: u32) -> Self {
        Finder {
            line,
            folded: names.iter().map(|name| folded(name)).collect(),
            names,
            found: 0,
            probe: None,
            missing: Vec::new(),
            repeated: None,
        }
    }

    fn finish(self, layout: Layout<'_>) -> Result<Layout<'_>, NoHeader> {
        if self.missing.is_empty() && self.repeated.is_none() {
            return Ok(Layout {
                names: self.names,
                probe: self.probe,
                ..layout
            });
        }
        Err(NoHeader {
            line: self.line,
            found: self.found,
            missing: self.missing,
            repeated: self.repeated,
            names: self.names,
        })
    }

    /// The place of a column; `None` and a note when it is missing.
    fn find(&mut self, column: &Column) -> Option<usize> {
        let place = self.look(column);
        match place {
            Some(_) => self.found += 1,
            None => {
                let label = format!("{:?}", column.label());
                if !self.missing.contains(&label) {
                    self.missing.push(label);
                }
            }
        }
        place
    }

    fn look(&mut self, column: &Column) -> Option<usize> {
        if let Some(position) = column.position {
            let there = self.names.is_empty() || position <= self.names.len();
            return there.then_some(position - 1);
        }
        for name in &column.names {
            let wanted = folded(name);
            let places = self.folded.iter().enumerate();
            let places: Vec<usize> = places
                .filter(|(_, n)| **n == wanted)
                .map(|(i, _)| i)
                .collect();
            let Some(&first) = places.first() else {
                continue;
            };
            if column.occurrence.is_none() && places.len() > 1 {
                self.repeated = Some((name.clone(), places.len()));
            }
            self.probe = self.probe.or(Some(first));
            return places.get(column.occurrence.unwrap_or(1) - 1).copied();
        }
        None
    }

    fn text<'m>(&mut self, field: &'m FieldSource) -> Text<'m> {
        match field {
            FieldSource::Constant(text) => Text::Constant(text.trim()),
            FieldSource::Column {
                column,
                pattern,
                optional,
            } => {
                let place = match optional {
                    true => self.look(column),
                    false => self.find(column),
                };
                place.map_or(Text::Absent, |index| Text::At(index, pattern.as_ref()))
            }
        }
    }

    fn optional_text<'m>(&mut self, field: Option<&'m FieldSource>) -> Option<Text<'m>> {
        field.map(|field| self.text(field))
    }

    fn optional_amounts<'m>(&mut self, source: Option<&'m AmountSource>) -> Option<Amounts<'m>> {
        let source = source?;
        let found: Vec<Option<usize>> = source
            .columns
            .all()
            .into_iter()
            .map(|column| self.find(column))
            .collect();
        let found: Vec<usize> = found.into_iter().collect::<Option<_>>()?;
        let places = match (&source.columns, found.as_slice()) {
            (AmountColumns::Signed(_), &[place]) => Places::Signed(place),
            (AmountColumns::Split { .. }, &[debit, credit]) => Places::Split { debit, credit },
            (AmountColumns::Directed { credit, debit, .. }, &[amount, direction]) => {
                Places::Directed {
                    amount,
                    direction,
                    credit,
                    debit,
                }
            }
            _ => Places::Sum(found),
        };
        Some(Amounts {
            places,
            sign: source.sign,
        })
    }
}

/// A name as it is shown: without a byte order mark and surrounding space.
fn shown(name: &str) -> Box<str> {
    bare(name).into()
}

fn bare(name: &str) -> &str {
    name.trim_matches(|c: char| c == '\u{feff}' || c.is_whitespace())
}

/// A name as it is compared.
fn folded(name: &str) -> String {
    bare(name).to_lowercase()
}
