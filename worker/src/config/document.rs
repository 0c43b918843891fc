//! One TOML file: read into a struct with all of its problems found in one go, each at its place.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, Error};

use super::blame::{attempt, culprit, quoted_after, table_without};
use super::problem::{Position, Problem, Warning};
use super::suggest::closest;
use super::tree::{Place, Tree};

/// Most problems reported of one file; a file with more is not a configuration.
const PROBLEMS_MAX: usize = 50;
/// What the TOML reader says where one of several tables is to be chosen by its name.
const SEVERAL_VARIANTS: &str = "wanted exactly 1 element, more than 1 element";

/// A configuration file's text and what to call it.
#[derive(Debug)]
pub(crate) struct Document {
    /// Relative to the configuration folder.
    pub(crate) file: String,
    text: String,
}

impl Document {
    pub(crate) fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Document {
            file: file.into(),
            text: text.into(),
        }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Reads the file, or finds what is wrong with it.
    ///
    /// After a problem the value at fault is left out and the rest is read again, so that all of
    /// them are found. What would only follow from an earlier one is not reported.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Vec<Problem>> {
        let mut tree = self.parse()?;
        let mut problems: Vec<Problem> = Vec::new();
        let mut left_out: Vec<(Option<Range<usize>>, String)> = Vec::new();
        while problems.len() < PROBLEMS_MAX {
            let error = match attempt::<T>(&tree) {
                Ok(value) if problems.is_empty() => return Ok(value),
                Ok(_) => break,
                Err(error) => error,
            };
            let at_fault = match quoted_after(&error, "missing field ") {
                Some(field) => {
                    let table = table_without::<T>(&tree, &error, field);
                    if !left_out.contains(&(tree.span(&table), field.to_owned())) {
                        problems.push(self.missing(&tree, &table, field));
                    }
                    table
                }
                None => {
                    let place = place_of::<T>(&tree, &error);
                    // What is wrong with a table that something was left out of follows from that.
                    let span = tree.span(&place);
                    if !left_out.iter().any(|(table, _)| *table == span) {
                        problems.push(self.explain(&tree, &place, &error));
                    }
                    place
                }
            };
            if at_fault.is_root() {
                break;
            }
            if let Some(key) = at_fault.last_key() {
                left_out.push((tree.span(&at_fault.parent()), key.to_owned()));
            }
            tree = tree.without(&at_fault);
        }
        problems.sort_by_key(|problem| problem.position.as_ref().map(|at| (at.line, at.column)));
        Err(problems)
    }

    /// A problem with the value at `place`, or with what is nearest to it in the file.
    pub(crate) fn problem(&self, place: &Place, message: impl Into<String>) -> Problem {
        let tree = self.parse().ok();
        let mut place = place.clone();
        let mut span = None;
        while let Some(tree) = &tree
            && span.is_none()
            && !place.is_root()
        {
            span = tree.span(&place);
            place = place.parent();
        }
        self.at(span, message)
    }

    /// A warning about the value at `place`.
    pub(crate) fn warning(&self, place: &Place, message: impl Into<String>) -> Warning {
        Warning(self.problem(place, message))
    }

    fn at(&self, span: Option<Range<usize>>, message: impl Into<String>) -> Problem {
        Problem {
            position: span.map(|span| Position::of(&self.text, span.start, span.end)),
            ..Problem::of_file(&self.file, message)
        }
    }

    fn parse(&self) -> Result<Tree<'_>, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(&self.text);
        if errors.is_empty() {
            return Ok(Tree::new(root));
        }
        let mut problems: Vec<Problem> = errors
            .iter()
            .map(|error| self.at(error.span(), format!("not TOML: {}", error.message())))
            .collect();
        // One slip often makes several errors in its line: the first says it.
        problems.sort_by_key(|problem| problem.position.as_ref().map(|at| (at.line, at.column)));
        problems.dedup_by_key(|problem| problem.position.as_ref().map(|at| at.line));
        problems.truncate(PROBLEMS_MAX);
        Err(problems)
    }

    fn missing(&self, tree: &Tree<'_>, table: &Place, field: &str) -> Problem {
        let span = tree.span(table).filter(|_| !table.is_root());
        let place = if table.is_root() {
            "at the top of the file"
        } else {
            "to this table"
        };
        self.at(span, format!("missing key `{field}`"))
            .with_help(format!("add `{field}` {place}"))
    }

    /// serde's words in ours.
    fn explain(&self, tree: &Tree<'_>, place: &Place, error: &Error) -> Problem {
        let message = error.message();
        let at_value = tree.span(place).filter(|_| !place.is_root());
        let expected = message.split_once(", expected ");
        match (message.split_once(' '), expected) {
            (Some(("unknown", rest)), known) if rest.starts_with("field `") => {
                let key = quoted_after(error, "unknown field ").unwrap_or_default();
                let at_key = tree.key_span(place).or(at_value);
                self.at(at_key, format!("unknown key `{key}`"))
                    .with_help(known_names(
                        key,
                        known.map_or("", |(_, known)| known),
                        "keys",
                    ))
            }
            (Some(("unknown", rest)), known) if rest.starts_with("variant `") => {
                let value = quoted_after(error, "unknown variant ").unwrap_or_default();
                self.at(at_value, format!("unknown value `{value}`"))
                    .with_help(known_names(
                        value,
                        known.map_or("", |(_, known)| known),
                        "values",
                    ))
            }
            (Some(("invalid", rest)), Some((_, expected))) => {
                let found = rest.split_once(": ").map_or(rest, |(_, found)| found);
                let found = found.split(", expected ").next().unwrap_or(found);
                self.at(
                    at_value,
                    format!("expected {}, found {found}", plain(expected)),
                )
            }
            _ if message == SEVERAL_VARIANTS => {
                let keys = tree.children(place);
                let keys: Vec<&str> = keys.iter().filter_map(Place::last_key).collect();
                self.at(
                    at_value,
                    format!("expected one of these, not all: {}", keys.join(", ")),
                )
            }
            _ => match message.split_once("; ") {
                Some((wrong, right)) => self.at(at_value, wrong).with_help(right),
                None => self.at(at_value, message),
            },
        }
    }
}

/// The value that an error is about.
fn place_of<T: DeserializeOwned>(tree: &Tree<'_>, error: &Error) -> Place {
    let place = culprit::<T>(tree, error);
    match error.message() == SEVERAL_VARIANTS {
        true => place.parent(),
        false => place,
    }
}

/// Rust's names of types in plain words.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "a nonzero u32" => "a whole number from 1 up",
        "i32" | "i64" => "a whole number",
        "a string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list: [..]",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        _ => expected,
    }
}

/// From serde's list of names: the nearest one, and all of them.
fn known_names(name: &str, list: &str, what: &str) -> String {
    let known: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    if known.is_empty() {
        return format!("no {what} are known here");
    }
    let all = format!("known {what}: {}", known.join(", "));
    match closest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? {all}"),
        None => all,
    }
}
