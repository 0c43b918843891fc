//! Where a field of a record is found: a column by name, alias, occurrence or place, or a constant.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use crate::formats::settings::Pattern;

/// One column of the file.
///
/// `"Amount"`, `["Psp Reference", "PSP reference"]` (the first that is there),
/// `{ column = "Charge", occurrence = 2 }`, `{ position = 7 }` (from 1). Case and surrounding
/// space of names do not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The names it may have; empty for a column by place.
    pub names: Vec<String>,
    /// Which one of several columns of that name, from 1.
    pub occurrence: Option<usize>,
    /// The place, from 1, when it goes by place.
    pub position: Option<usize>,
}

impl Column {
    /// What people call it.
    pub(super) fn label(&self) -> String {
        match (self.names.first(), self.position) {
            (Some(name), _) => name.clone(),
            (None, Some(position)) => format!("column {position}"),
            (None, None) => String::new(),
        }
    }
}

/// A text field: a column, part of a column, or the same for every row.
///
/// As [`Column`]; also `{ constant = "EUR" }`,
/// `{ column = "Description", pattern = "INV-[0-9]+" }` (the only match, or its first group), and
/// `optional = true` for a column that not every file has.
#[derive(Clone, Debug)]
pub enum FieldSource {
    /// From the file.
    Column {
        /// Which.
        column: Column,
        /// What of it; all when there is none.
        pattern: Option<Pattern>,
        /// Whether a file without the column is read too.
        optional: bool,
    },
    /// For every row.
    Constant(String),
}

/// Which way a written amount counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// As written: positive is money to us.
    #[default]
    Signed,
    /// The other way round.
    Inverted,
}

/// Where an amount is found, and how its direction is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AmountSource {
    /// The columns it comes from.
    pub columns: AmountColumns,
    /// Applied at the end.
    pub sign: Sign,
}

/// The columns of an amount.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AmountColumns {
    /// `"Amount"`: carries its own sign.
    Signed(Column),
    /// `{ columns = ["Commission", "Markup"] }`: their sum; empty cells add nothing.
    Sum(Vec<Column>),
    /// `{ debit_column = "Debit", credit_column = "Credit" }`: unsigned, one of them filled.
    Split {
        /// Money from us.
        debit: Column,
        /// Money to us.
        credit: Column,
    },
    /// `{ column = "Amount", direction = "D/C", credit = ["C"], debit = ["D"] }`: unsigned, with
    /// its direction in another column.
    Directed {
        /// How much.
        amount: Column,
        /// Which way.
        direction: Column,
        /// What the direction says for money to us.
        credit: Vec<String>,
        /// What it says for money from us.
        debit: Vec<String>,
    },
}

impl AmountColumns {
    pub(super) fn all(&self) -> Vec<&Column> {
        match self {
            AmountColumns::Signed(column) => vec![column],
            AmountColumns::Sum(columns) => columns.iter().collect(),
            AmountColumns::Split { debit, credit } => vec![debit, credit],
            AmountColumns::Directed {
                amount, direction, ..
            } => vec![amount, direction],
        }
    }
}

/// `"Amount"` or a list of aliases.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged, expecting = "a column name, or a list of names")]
enum Names {
    One(String),
    Any(Vec<String>),
}

impl Names {
    fn into_vec(self) -> Vec<String> {
        match self {
            Names::One(name) => vec![name],
            Names::Any(names) => names,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnTable {
    column: Option<Names>,
    occurrence: Option<usize>,
    position: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    column: Option<Names>,
    occurrence: Option<usize>,
    position: Option<usize>,
    constant: Option<String>,
    pattern: Option<Pattern>,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmountTable {
    column: Option<Names>,
    occurrence: Option<usize>,
    position: Option<usize>,
    columns: Option<Vec<Column>>,
    debit_column: Option<Column>,
    credit_column: Option<Column>,
    direction: Option<Column>,
    #[serde(default)]
    credit: Vec<String>,
    #[serde(default)]
    debit: Vec<String>,
    #[serde(default)]
    sign: Sign,
}

fn column(
    names: Option<Names>,
    occurrence: Option<usize>,
    position: Option<usize>,
) -> Result<Column, String> {
    let names = names.map(Names::into_vec).unwrap_or_default();
    match (names.is_empty(), position) {
        (true, None) => Err("say which column: column = \"NAME\" or position = 1".to_owned()),
        (false, Some(_)) => Err("column and position exclude each other".to_owned()),
        _ if position == Some(0) || occurrence == Some(0) => {
            Err("position and occurrence count from 1".to_owned())
        }
        (true, Some(_)) if occurrence.is_some() => {
            Err("occurrence goes with column, not with position".to_owned())
        }
        _ if names.iter().any(|name| name.trim().is_empty()) => {
            Err("a column name is empty: use position for a column without a name".to_owned())
        }
        _ => Ok(Column {
            names,
            occurrence,
            position,
        }),
    }
}

impl TryFrom<ColumnTable> for Column {
    type Error = String;

    fn try_from(table: ColumnTable) -> Result<Self, String> {
        column(table.column, table.occurrence, table.position)
    }
}

impl TryFrom<FieldTable> for FieldSource {
    type Error = String;

    fn try_from(table: FieldTable) -> Result<Self, String> {
        let of_column = table.column.is_some() || table.position.is_some();
        match table.constant {
            Some(_) if of_column || table.pattern.is_some() || table.optional => {
                Err("a constant stands alone".to_owned())
            }
            Some(text) if text.trim().is_empty() => Err("the constant is empty".to_owned()),
            Some(text) => Ok(FieldSource::Constant(text)),
            None => Ok(FieldSource::Column {
                column: column(table.column, table.occurrence, table.position)?,
                pattern: table.pattern,
                optional: table.optional,
            }),
        }
    }
}

impl TryFrom<AmountTable> for AmountSource {
    type Error = String;

    fn try_from(table: AmountTable) -> Result<Self, String> {
        let single = table.column.is_some() || table.position.is_some();
        let markers = !table.credit.is_empty() || !table.debit.is_empty();
        let AmountTable {
            columns,
            debit_column,
            credit_column,
            direction,
            ..
        } = table;
        let columns = match (single, columns, debit_column, credit_column, direction) {
            (true, None, None, None, None) if !markers => {
                AmountColumns::Signed(column(table.column, table.occurrence, table.position)?)
            }
            (true, None, None, None, Some(direction)) => {
                if table.credit.is_empty() || table.debit.is_empty() {
                    return Err(
                        "direction needs credit = [\"C\"] and debit = [\"D\"]: what the \
                                column says for money to us and from us"
                            .to_owned(),
                    );
                }
                AmountColumns::Directed {
                    amount: column(table.column, table.occurrence, table.position)?,
                    direction,
                    credit: table.credit,
                    debit: table.debit,
                }
            }
            (false, Some(columns), None, None, None) if !markers && !columns.is_empty() => {
                AmountColumns::Sum(columns)
            }
            (false, None, Some(debit), Some(credit), None) if !markers => {
                AmountColumns::Split { debit, credit }
            }
            (false, None, Some(_), None, None) | (false, None, None, Some(_), None) => {
                return Err("debit_column and credit_column go together".to_owned());
            }
            _ => {
                return Err(
                    "an amount is one of { column }, { columns = [..] } (their sum), \
                            { debit_column, credit_column }, { column, direction, credit, debit }"
                        .to_owned(),
                );
            }
        };
        Ok(AmountSource {
            columns,
            sign: table.sign,
        })
    }
}

impl From<Column> for FieldSource {
    fn from(column: Column) -> Self {
        FieldSource::Column {
            column,
            pattern: None,
            optional: false,
        }
    }
}

impl From<Column> for AmountSource {
    fn from(column: Column) -> Self {
        AmountSource {
            columns: AmountColumns::Signed(column),
            sign: Sign::Signed,
        }
    }
}

/// Reads `"name"`, `["name", "alias"]` or a table, keeping the place of an error in the file, which
/// an untagged enum would lose.
macro_rules! name_or_table {
    ($target:ty, $table:ty, $expecting:literal) => {
        impl<'de> Deserialize<'de> for $target {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameOrTable;
                impl<'de> Visitor<'de> for NameOrTable {
                    type Value = $target;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: de::Error>(self, name: &str) -> Result<$target, E> {
                        column(Some(Names::One(name.to_owned())), None, None)
                            .map(Into::into)
                            .map_err(E::custom)
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<$target, A::Error> {
                        let names = Vec::deserialize(SeqAccessDeserializer::new(names))?;
                        column(Some(Names::Any(names)), None, None)
                            .map(Into::into)
                            .map_err(de::Error::custom)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<$target, A::Error> {
                        <$table>::deserialize(MapAccessDeserializer::new(table))?
                            .try_into()
                            .map_err(de::Error::custom)
                    }
                }
                deserializer.deserialize_any(NameOrTable)
            }
        }
    };
}

name_or_table!(
    Column,
    ColumnTable,
    "a column name, a list of names, or a table with column or position"
);
name_or_table!(
    FieldSource,
    FieldTable,
    "a column name, a list of names, or a table with column, position or constant"
);
name_or_table!(
    AmountSource,
    AmountTable,
    "a column name, a list of names, or a table saying how the amount is written"
);
