//! Whose data it is: a client, a name or an account, and where it is in a text.

use std::collections::BTreeSet;

use domain::record::Record;
use regex::bytes::{Regex, RegexBuilder};

/// Shortest name or account: shorter ones are in too many texts of others.
const CHARACTERS_MIN: usize = 4;
/// Largest search for one person, in bytes.
const SEARCH_BYTES_MAX: usize = 64 << 20;

/// Who asked to be forgotten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Person {
    /// Our client of this identifier: its records, and the names in them wherever else they are.
    Client(String),
    /// Whoever has this name.
    Counterparty(String),
    /// Whoever has this account.
    Account(String),
}

/// A person's records and texts, as far as they are known.
#[derive(Clone)]
pub(super) struct Sought {
    client: Option<String>,
    /// Names and accounts.
    texts: BTreeSet<String>,
    /// Whole raw lines of the client's records.
    lines: BTreeSet<String>,
}

impl Person {
    /// What is wrong with it.
    pub(super) fn refused(&self) -> Option<String> {
        let (Person::Counterparty(text) | Person::Account(text)) = self else {
            return None;
        };
        let count = text.chars().filter(|c| c.is_alphanumeric()).count();
        (count < CHARACTERS_MIN).then(|| {
            format!("{text:?} is too short: it takes {CHARACTERS_MIN} letters or digits, or more")
        })
    }

    pub(super) fn sought(&self) -> Sought {
        let (client, text) = match self {
            Person::Client(client) => (Some(client.clone()), None),
            Person::Counterparty(text) | Person::Account(text) => (None, Some(text.clone())),
        };
        Sought {
            client,
            texts: text.into_iter().collect(),
            lines: BTreeSet::new(),
        }
    }
}

impl Sought {
    /// Learns the names and lines of the client's records from one of them.
    pub(super) fn learn(&mut self, record: &Record) {
        if !self.owns(record) {
            return;
        }
        let name = record.counterparty.as_deref().unwrap_or_default();
        if name.chars().filter(|c| c.is_alphanumeric()).count() >= CHARACTERS_MIN {
            self.texts.insert(name.to_owned());
        }
        // A line that was redacted names nobody any more.
        if record.origin.raw.contains(char::is_alphanumeric) {
            self.lines.insert(record.origin.raw.to_string());
        }
    }

    /// Whether it is a record of the client.
    pub(super) fn owns(&self, record: &Record) -> bool {
        self.client.is_some() && record.client.as_deref() == self.client.as_deref()
    }

    /// What finds the person in bytes of any kind; none where nothing is known to look for.
    ///
    /// # Errors
    /// More than can be looked for at once.
    pub(super) fn search(&self) -> Result<Option<Regex>, regex::Error> {
        let texts = self.texts.iter().map(|text| pattern(text));
        let lines = self.lines.iter().map(|line| regex::escape(line));
        let all: Vec<String> = texts.chain(lines).collect();
        if all.is_empty() {
            return Ok(None);
        }
        let search = RegexBuilder::new(&all.join("|"))
            .case_insensitive(true)
            .size_limit(SEARCH_BYTES_MAX)
            .build()?;
        Ok(Some(search))
    }
}

/// A name or an account however it is written: blanks, hyphens and line breaks between its parts, `&`
/// as XML has it, letters beyond ASCII as one or more bytes.
fn pattern(text: &str) -> String {
    let is_number = text.chars().filter(char::is_ascii_digit).count() >= CHARACTERS_MIN;
    let gap = if is_number { "[ -]?" } else { "" };
    let mut parts: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let characters = word.chars().filter(|c| !(is_number && *c == '-'));
        let characters: Vec<String> = characters.map(character).collect();
        parts.push(characters.join(gap));
    }
    let between = if is_number { gap } else { r"\s+" };
    format!(r"(?-u:\b){}(?-u:\b)", parts.join(between))
}

/// One character in UTF-8, in XML or in a Western one-byte encoding.
fn character(c: char) -> String {
    match c {
        '&' => "&(?:amp;)?".to_owned(),
        '\'' => "(?:'|&apos;)".to_owned(),
        '"' => "(?:\"{1,2}|&quot;)".to_owned(),
        '\u{a0}'..='\u{ff}' => format!(r"(?:{c}|(?-u:\x{:02x}))", u32::from(c)),
        _ => regex::escape(&c.to_string()),
    }
}
