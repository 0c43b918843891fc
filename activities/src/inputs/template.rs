//! Path templates: `inbox/{year}/acme-{business_date}*.csv`, and the files that fit one.
//!
//! What fills a placeholder is taken literally: a client called `*` or `../x` opens nothing else
//! than what the template's author meant.

use std::fmt;
use std::path::PathBuf;

use domain::policy::Scope;
use serde::Deserialize;

use super::{InputError, InputRequest};

/// A path with placeholders, checked. Wildcards (`*`: any characters) are in the file name only.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct PathTemplate {
    text: String,
    pieces: Vec<Piece>,
}

/// Why a text is not a path template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// An opening brace without a closing one, or the other way round.
    #[error("path {0:?} has a brace without its counterpart; placeholders are written {{name}}")]
    Brace(String),
    /// A name in braces that means nothing here.
    #[error("placeholder {{{0}}} is unknown; use {known}", known = known_placeholders())]
    Unknown(String),
    /// `*` before the last slash.
    #[error("path {0:?} has a wildcard in a folder; * may stand in the file name only")]
    Wildcard(String),
    /// No file name after the last slash.
    #[error("path {0:?} names no file")]
    NoFileName(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
    Wildcard,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Placeholder {
    BusinessDate,
    BusinessDateCompact,
    Year,
    Month,
    Day,
    Client,
    Invoice,
}

/// The files that a request is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FilePattern {
    /// The folder they are in.
    pub(super) folder: PathBuf,
    /// What their names look like.
    pub(super) name: NamePattern,
}

/// A file name, with wildcards between its literal parts. Never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NamePattern(Vec<String>);

const PLACEHOLDERS: [(&str, Placeholder); 7] = [
    ("business_date", Placeholder::BusinessDate),
    ("business_date_compact", Placeholder::BusinessDateCompact),
    ("year", Placeholder::Year),
    ("month", Placeholder::Month),
    ("day", Placeholder::Day),
    ("client", Placeholder::Client),
    ("invoice", Placeholder::Invoice),
];

impl PathTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`] says what is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}', '*']) {
            let (before, from) = rest.split_at(at);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            rest = &from[1..];
            pieces.push(match from.as_bytes()[0] {
                b'*' => Piece::Wildcard,
                b'{' => {
                    let (name, after) = rest
                        .split_once('}')
                        .ok_or_else(|| TemplateError::Brace(text.to_owned()))?;
                    rest = after;
                    Piece::Placeholder(placeholder(name)?)
                }
                _ => return Err(TemplateError::Brace(text.to_owned())),
            });
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let slash = text.rfind('/').map_or(0, |at| at + 1);
        let (folder, name) = text.split_at(slash);
        if matches!(name, "" | "." | "..") {
            return Err(TemplateError::NoFileName(text.to_owned()));
        }
        if folder.contains('*') {
            return Err(TemplateError::Wildcard(text.to_owned()));
        }
        Ok(PathTemplate {
            text: text.to_owned(),
            pieces,
        })
    }

    /// The files that this request is about.
    pub(super) fn fill(&self, request: &InputRequest<'_>) -> Result<FilePattern, InputError> {
        let mut folder = String::new();
        let mut name = vec![String::new()];
        for piece in &self.pieces {
            let filled;
            let text = match piece {
                Piece::Wildcard => {
                    name.push(String::new());
                    continue;
                }
                Piece::Text(text) => text,
                Piece::Placeholder(placeholder) => {
                    filled = self.value(*placeholder, request)?;
                    &filled
                }
            };
            let last = name.last_mut().expect("a name pattern has a part");
            last.push_str(text);
            if let Some(slash) = last.rfind('/') {
                // No wildcard came yet: the template has none before its last slash.
                folder.push_str(&last[..=slash]);
                last.drain(..=slash);
            }
        }
        let folder = request.folder.join(folder);
        Ok(FilePattern {
            folder,
            name: NamePattern(name),
        })
    }

    fn value(
        &self,
        placeholder: Placeholder,
        request: &InputRequest<'_>,
    ) -> Result<String, InputError> {
        let date = request.business_date;
        Ok(match placeholder {
            Placeholder::BusinessDate => date.to_string(),
            Placeholder::BusinessDateCompact => date.strftime("%Y%m%d").to_string(),
            Placeholder::Year => date.strftime("%Y").to_string(),
            Placeholder::Month => date.strftime("%m").to_string(),
            Placeholder::Day => date.strftime("%d").to_string(),
            Placeholder::Client => match request.scope {
                Scope::Client(client) => self.part_of_name("client", client)?,
                _ => return Err(self.not_in_scope("client")),
            },
            Placeholder::Invoice => match request.scope {
                Scope::Invoice(invoice) => self.part_of_name("invoice", invoice)?,
                _ => return Err(self.not_in_scope("invoice")),
            },
        })
    }

    /// Refuses what would lead to another folder.
    fn part_of_name(&self, what: &str, value: &str) -> Result<String, InputError> {
        let leads_away = value.is_empty()
            || value.starts_with('.')
            || value.contains(['/', '\\'])
            || value.chars().any(char::is_control);
        if leads_away {
            return Err(InputError::Unusable {
                input: self.text.clone(),
                reason: format!("{what} {value:?} can't be part of a file name"),
            });
        }
        Ok(value.to_owned())
    }

    fn not_in_scope(&self, what: &str) -> InputError {
        InputError::Unusable {
            input: self.text.clone(),
            reason: format!("the path needs a {what}, and the run is not about one {what}"),
        }
    }
}

impl TryFrom<String> for PathTemplate {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        PathTemplate::parse(&text)
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl NamePattern {
    /// The name, when there is no wildcard.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.0[..] {
            [name] => Some(name),
            _ => None,
        }
    }

    /// Whether a file name fits. As in a shell, a leading wildcard finds no hidden files.
    pub(super) fn fits(&self, name: &str) -> bool {
        let [first, middle @ .., last] = &self.0[..] else {
            return self.literal() == Some(name);
        };
        if first.is_empty() && name.starts_with('.') {
            return false;
        }
        let Some(mut rest) = name.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.join("*"))
    }
}

fn placeholder(name: &str) -> Result<Placeholder, TemplateError> {
    PLACEHOLDERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, placeholder)| *placeholder)
        .ok_or_else(|| TemplateError::Unknown(name.to_owned()))
}

fn known_placeholders() -> String {
    PLACEHOLDERS
        .map(|(name, _)| format!("{{{name}}}"))
        .join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn fill(template: &str, scope: &Scope) -> Result<FilePattern, String> {
        let day = date(2026, 3, 7);
        let request = InputRequest {
            source: "acme",
            folder: Path::new("/etc/trueup"),
            business_date: day,
            from_date: day,
            to_date: day,
            scope,
            secret: &|_| None,
        };
        let template = PathTemplate::parse(template).map_err(|error| error.to_string())?;
        template.fill(&request).map_err(|error| error.to_string())
    }

    fn filled(template: &str) -> String {
        let pattern = fill(template, &Scope::Whole).unwrap();
        format!("{} | {}", pattern.folder.display(), pattern.name)
    }

    #[test]
    fn placeholders_are_filled() {
        let inbox = "/etc/trueup/inbox/2026/03/ | acme-2026-03-07*.csv";
        assert_eq!(
            filled("inbox/{year}/{month}/acme-{business_date}*.csv"),
            inbox
        );
        assert_eq!(
            filled("a_{business_date_compact}.xml"),
            "/etc/trueup/ | a_20260307.xml"
        );
        assert_eq!(filled("/var/in/{day}"), "/var/in/ | 07");
        let client = fill("in/{client}/x.csv", &Scope::Client("c*7".into())).unwrap();
        assert_eq!(client.folder, Path::new("/etc/trueup/in/c*7/"));
        let invoice = fill("in/{invoice}*", &Scope::Invoice("*".into())).unwrap();
        assert!(
            invoice.name.fits("*1") && !invoice.name.fits("a"),
            "* is taken literally"
        );
    }

    #[test]
    fn wrong_templates_say_what_would_be_right() {
        for (template, said) in [
            ("a-{busines_date}.csv", "{business_date}"),
            ("a-{business_date.csv", "counterpart"),
            ("a}.csv", "counterpart"),
            ("in*/a.csv", "file name only"),
            ("inbox/", "names no file"),
            ("", "names no file"),
            ("inbox/..", "names no file"),
            ("a-{client}.csv", "not about one client"),
        ] {
            let error = fill(template, &Scope::Whole).expect_err(template);
            assert!(error.contains(said), "{template}: {error}");
        }
    }

    #[test]
    fn a_client_leads_nowhere_else() {
        for client in [
            "../x", "a/b", "..", ".", "", "a\\b", "a\0b", ".hidden", "a\nb",
        ] {
            let scope = Scope::Client(client.to_owned());
            let error = fill("in/{client}.csv", &scope).expect_err(client);
            assert!(error.contains("file name"), "{error}");
        }
    }

    #[test]
    fn hidden_files_are_not_found_by_a_leading_wildcard() {
        let name = fill("*.csv", &Scope::Whole).unwrap().name;
        assert!(name.fits("a.csv") && !name.fits(".a.csv") && !name.fits("a.csv.part"));
    }

    proptest! {
        /// The same as trying every way to spread a name over the wildcards.
        #[test]
        fn fits_as_the_simplest_matcher_does(pattern in "[ab*]{1,6}", name in "[ab]{0,8}") {
            fn fits(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern, name) {
                    ([], _) => name.is_empty(),
                    ([b'*', rest @ ..], _) => {
                        (0..=name.len()).any(|taken| fits(rest, &name[taken..]))
                    }
                    ([first, rest @ ..], [next, others @ ..]) => {
                        first == next && fits(rest, others)
                    }
                    _ => false,
                }
            }
            let expected = fits(pattern.as_bytes(), name.as_bytes());
            let pattern = fill(&pattern, &Scope::Whole).unwrap().name;
            prop_assert_eq!(pattern.fits(&name), expected);
        }
    }
}
