//! What is wrong in a configuration, where, and what would be right.
//!
//! Renders for people (a snippet with a caret) and for scripts (JSON). Decides nothing.

use std::fmt;

use serde::Serialize;

/// Something wrong in a configuration file: it can't be used as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Problem {
    /// File, relative to the configuration folder.
    pub file: String,
    /// Where in the file; `None` when it is about the file as a whole.
    #[serde(flatten)]
    pub position: Option<Position>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Something in a configuration that works but is probably not what was meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(transparent)]
pub struct Warning(pub Problem);

/// A place in a file, with its line for showing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    #[serde(skip)]
    pub width: usize,
    /// The text of the line.
    #[serde(skip)]
    pub text: String,
}

impl Position {
    /// The position of the bytes `start..end` of `text`. A span of several lines is cut at the
    /// end of its first one.
    pub(crate) fn of(text: &str, start: usize, end: usize) -> Position {
        let start = floor_boundary(text, start);
        let end = floor_boundary(text, end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &text[line_start..];
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let line_end = line_start + line.len();
        Position {
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: text[start.min(line_end)..end.min(line_end)]
                .chars()
                .count()
                .max(1),
            text: line.replace('\t', " "),
        }
    }
}

impl Problem {
    /// A problem with a file as a whole.
    pub(crate) fn of_file(file: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            file: file.into(),
            position: None,
            message: message.into(),
            help: None,
        }
    }

    /// The same problem, with what would be right.
    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    fn show(&self, level: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            file,
            position,
            message,
            help,
        } = self;
        writeln!(f, "{level}: {message}")?;
        let Some(at) = position else {
            write!(f, "  --> {file}")?;
            return match help {
                Some(help) => write!(f, "\n   = help: {help}"),
                None => Ok(()),
            };
        };
        let number = at.line.to_string();
        let gutter = " ".repeat(number.len());
        let indent = " ".repeat(at.column - 1);
        let carets = "^".repeat(at.width);
        writeln!(f, "{gutter} --> {file}:{}:{}", at.line, at.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", at.text)?;
        write!(f, "{gutter} | {indent}{carets}")?;
        match help {
            Some(help) => write!(f, "\n{gutter} = help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show("error", f)
    }
}

impl Warning {
    /// The same warning, with what would be right.
    #[must_use]
    pub(crate) fn with_help(self, help: impl Into<String>) -> Warning {
        Warning(self.0.with_help(help))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show("warning", f)
    }
}

fn floor_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_line_with_a_caret() {
        let text = "title = \"Ä\"\nacepted = 1 # é\n";
        let start = text.find("acepted").expect("is there");
        let problem = Problem {
            file: "sources/a.toml".into(),
            position: Some(Position::of(text, start, start + 7)),
            message: "unknown key `acepted`".into(),
            help: Some("did you mean `accepted`?".into()),
        };
        assert_eq!(
            problem.to_string(),
            "error: unknown key `acepted`\n  --> sources/a.toml:2:1\n  |\n2 | acepted = 1 # é\n  \
             | ^^^^^^^\n  = help: did you mean `accepted`?"
        );
    }

    #[test]
    fn any_span_of_any_text_has_a_position() {
        for text in ["", "\n", "é\r\nü", "a\tb"] {
            for start in 0..text.len() + 2 {
                for end in 0..text.len() + 2 {
                    let at = Position::of(text, start, end);
                    assert!(
                        at.line >= 1 && at.column >= 1 && at.width >= 1,
                        "{text:?} {start}"
                    );
                }
            }
        }
    }
}
