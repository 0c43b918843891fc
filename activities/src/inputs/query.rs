//! A reviewed query file: one SELECT with named binds, turned into one with numbered parameters.
//!
//! Reads SQL as far as needed to tell binds from casts, texts, names and comments; PostgreSQL does
//! the rest. Values never become part of the text.

use std::fmt;

/// Largest query file.
pub(super) const QUERY_BYTES_MAX: usize = 64 << 10;

/// A query, ready to be prepared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// The SELECT, with `$1`, `$2`, … for its binds and no semicolon. Line by line as in the file.
    pub sql: String,
    /// What the parameters are, in order; each once.
    pub binds: Vec<Bind>,
}

/// A value of the run that a query can use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bind {
    /// The day that is reconciled.
    BusinessDate,
    /// First value date to return.
    FromDate,
    /// Last value date to return.
    ToDate,
    /// The client that the run is about, else NULL.
    Client,
    /// The invoice that the run is about, else NULL.
    Invoice,
}

/// Why a text is not a usable query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct QueryError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Bind {
    /// All of them.
    pub const ALL: [Bind; 5] = [
        Bind::BusinessDate,
        Bind::FromDate,
        Bind::ToDate,
        Bind::Client,
        Bind::Invoice,
    ];

    /// Its name in a query, after the colon.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Bind::BusinessDate => "business_date",
            Bind::FromDate => "from_date",
            Bind::ToDate => "to_date",
            Bind::Client => "client",
            Bind::Invoice => "invoice",
        }
    }

    /// Parameters travel as text; the type that the query sees is fixed here.
    fn type_name(self) -> &'static str {
        match self {
            Bind::BusinessDate | Bind::FromDate | Bind::ToDate => "date",
            Bind::Client | Bind::Invoice => "text",
        }
    }
}

impl Query {
    /// Reads a query file.
    ///
    /// # Errors
    /// [`QueryError`] for unknown binds, several statements, positional parameters, and texts or
    /// parentheses that do not end.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        if text.len() > QUERY_BYTES_MAX {
            let reason = format!("the file has over {QUERY_BYTES_MAX} bytes");
            return Err(QueryError { line: 1, reason });
        }
        let mut reader = Reader {
            text,
            at: 0,
            sql: String::new(),
            binds: Vec::new(),
        };
        reader.read()?;
        let Reader { sql, binds, .. } = reader;
        Ok(Query { sql, binds })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    sql: String,
    binds: Vec<Bind>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), QueryError> {
        let mut depth: i32 = 0;
        let mut empty = true;
        while let Some(next) = self.text[self.at..].chars().next() {
            let length = self.piece_length(next)?;
            let piece = &self.text[self.at..self.at + length];
            match next {
                '(' => depth += 1,
                ')' if depth == 0 => return self.fail("there is a ) without its ("),
                ')' => depth -= 1,
                ';' => return self.end(depth, empty),
                '$' if piece.len() == 1 => {
                    return self.fail("a $ outside of a text; parameters are written :client");
                }
                ':' if piece.len() > 2 || (piece.len() == 2 && piece != "::" && piece != ":=") => {
                    self.bind(&piece[1..])?;
                    self.at += length;
                    empty = false;
                    continue;
                }
                _ => {}
            }
            empty = empty && (next.is_whitespace() || is_comment(piece));
            self.sql.push_str(piece);
            self.at += length;
        }
        self.end(depth, empty)
    }

    /// How many bytes from here on belong together.
    fn piece_length(&self, next: char) -> Result<usize, QueryError> {
        let rest = &self.text[self.at..];
        match next {
            '\'' => self.quoted(rest, 0, '\'', Backslash::IsText),
            '"' => self.quoted(rest, 0, '"', Backslash::IsText),
            'e' | 'E' if rest[1..].starts_with('\'') => {
                self.quoted(rest, 1, '\'', Backslash::Escapes)
            }
            '-' if rest.starts_with("--") => Ok(rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => self.block_comment(rest),
            '$' => self.dollar_quoted(rest),
            ':' if rest.starts_with("::") || rest.starts_with(":=") => Ok(2),
            ':' => Ok(1 + word_length(&rest[1..])),
            _ if is_word_start(next) || next.is_ascii_digit() => Ok(word_length_from(rest)),
            _ => Ok(next.len_utf8()),
        }
    }

    fn quoted(
        &self,
        rest: &str,
        prefix: usize,
        quote: char,
        backslash: Backslash,
    ) -> Result<usize, QueryError> {
        let mut chars = rest.char_indices().skip(prefix + 1).peekable();
        while let Some((at, char)) = chars.next() {
            if char == '\\' && matches!(backslash, Backslash::Escapes) {
                chars.next();
            } else if char == quote {
                match chars.peek() {
                    Some((_, again)) if *again == quote => chars.next(),
                    _ => return Ok(at + 1),
                };
            }
        }
        self.fail(format!(
            "a text or name that begins with {quote} does not end"
        ))
    }

    fn block_comment(&self, rest: &str) -> Result<usize, QueryError> {
        let mut depth = 0;
        let mut at = 0;
        while let Some(offset) = rest[at..].find(['/', '*']) {
            at += offset;
            if rest[at..].starts_with("/*") {
                depth += 1;
                at += 2;
            } else if rest[at..].starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Ok(at);
                }
            } else {
                at += 1;
            }
        }
        self.fail("a comment that begins with /* does not end")
    }

    /// `$$…$$` or `$tag$…$tag$`; 1 for a dollar sign that begins neither.
    fn dollar_quoted(&self, rest: &str) -> Result<usize, QueryError> {
        let tag = rest[1..].find('$').map(|end| &rest[..end + 2]);
        let Some(tag) = tag.filter(|tag| is_word(&tag[1..tag.len() - 1])) else {
            return Ok(1);
        };
        match rest[tag.len()..].find(tag) {
            Some(end) => Ok(tag.len() + end + tag.len()),
            None => self.fail(format!("a text that begins with {tag} does not end")),
        }
    }

    fn bind(&mut self, name: &str) -> Result<(), QueryError> {
        let Some(bind) = Bind::ALL.into_iter().find(|bind| bind.name() == name) else {
            let known = Bind::ALL.map(|bind| format!(":{}", bind.name())).join(", ");
            return self.fail(format!("bind :{name} is unknown; use {known}"));
        };
        let number = match self.binds.iter().position(|known| *known == bind) {
            Some(index) => index + 1,
            None => {
                self.binds.push(bind);
                self.binds.len()
            }
        };
        self.sql
            .push_str(&format!("${number}::{}", bind.type_name()));
        Ok(())
    }

    /// At a semicolon or the end of the file.
    fn end(&mut self, depth: i32, empty: bool) -> Result<(), QueryError> {
        if depth > 0 {
            return self.fail("there is a ( without its )");
        }
        if empty {
            return self.fail("there is no query");
        }
        while let Some(next) = self.text[self.at..].chars().next() {
            let length = self.piece_length(next)?;
            let piece = &self.text[self.at..self.at + length];
            if next != ';' && !next.is_whitespace() && !is_comment(piece) {
                return self.fail("a second statement begins here; the file holds one query");
            }
            self.at += length;
        }
        Ok(())
    }

    fn fail<T>(&self, reason: impl fmt::Display) -> Result<T, QueryError> {
        let line = self.text[..self.at].matches('\n').count() + 1;
        Err(QueryError {
            line,
            reason: reason.to_string(),
        })
    }
}

/// What a backslash in a quoted text is.
#[derive(Clone, Copy)]
enum Backslash {
    IsText,
    Escapes,
}

fn is_comment(piece: &str) -> bool {
    piece.starts_with("--") || piece.starts_with("/*")
}

fn is_word_start(char: char) -> bool {
    char.is_alphabetic() || char == '_'
}

/// Nothing, or a name without dollar signs.
fn is_word(text: &str) -> bool {
    word_length(text) == text.len()
}

/// Length of the name at the beginning; 0 when there is none.
fn word_length(text: &str) -> usize {
    let begins = text.chars().next().is_some_and(is_word_start);
    let end = text.find(|char: char| !is_word_start(char) && !char.is_ascii_digit());
    if begins { end.unwrap_or(text.len()) } else { 0 }
}

/// Length of the name or number at the beginning. Names may hold dollar signs: `a$1` is no
/// parameter.
fn word_length_from(text: &str) -> usize {
    let inside = |char: char| is_word_start(char) || char.is_ascii_digit() || char == '$';
    text.find(|char: char| !inside(char)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<(String, Vec<Bind>), String> {
        let query = Query::parse(text).map_err(|error| error.to_string())?;
        Ok((query.sql, query.binds))
    }

    #[test]
    fn binds_become_parameters() {
        let (sql, binds) = parse(
            "select id, (paid_at at time zone 'UTC')::date as d\n\
             from payments -- of :nobody\n\
             where paid_on between :from_date and :to_date\n\
             and (:client::text is null or client = :client);\n",
        )
        .unwrap();
        assert_eq!(
            sql,
            "select id, (paid_at at time zone 'UTC')::date as d\n\
             from payments -- of :nobody\n\
             where paid_on between $1::date and $2::date\n\
             and ($3::text::text is null or client = $3::text)"
        );
        assert_eq!(binds, [Bind::FromDate, Bind::ToDate, Bind::Client]);
    }

    #[test]
    fn texts_names_and_comments_are_left_alone() {
        for text in [
            "select ':client'",
            "select 'it''s :client'",
            r"select E'\':client'",
            r"select e'it''s \\' || ':x'",
            r"select 'a\' || ':client'",
            "select \":client\" from t",
            "select \"a\"\":client\" from t",
            "select $$ :client ; $$",
            "select $a$ :client $$ $b$ $a$",
            "select 1 /* :client /* nested */ :invoice ; */",
            "select 1 -- :client ; )\n + 1",
            "select x::date::text, a$1 from t",
            "select a[1:2], b[x : y] from t",
            "select date ':business_date'",
            "select f(a := 1)",
            "select 'ü:client' as \"ö\", größe::text from tabelle",
        ] {
            assert_eq!(parse(text), Ok((text.to_owned(), Vec::new())), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_query_is_refused() {
        for (text, said) in [
            ("", "line 1: there is no query"),
            (" -- nothing\n ;", "line 2: there is no query"),
            ("select 1;\n\ndelete from t", "line 3: a second statement"),
            ("select 1; select 2", "line 1: a second statement"),
            ("select 1) as q; --", "line 1: there is a ) without its ("),
            ("select (1", "line 1: there is a ( without its )"),
            (
                "select\n:cliente",
                "line 2: bind :cliente is unknown; use :business_date",
            ),
            ("select a[x:y]", "line 1: bind :y is unknown"),
            ("select $1", "line 1: a $ outside of a text"),
            ("select 'a", "line 1: a text or name that begins with '"),
            ("select \"a", "line 1: a text or name that begins with \""),
            (
                "select\n/* a /* b */",
                "line 2: a comment that begins with /*",
            ),
            ("select $x$ a $y$", "line 1: a text that begins with $x$"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }

    #[test]
    fn semicolons_and_comments_may_follow() {
        let end = parse("select 1 ; -- done\n/* really */ ;\n").unwrap();
        assert_eq!(end, ("select 1 ".to_owned(), Vec::new()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-a-eE:;'\"$/*() \\\\\n_1ü]{0,40}") {
            if let Ok(query) = Query::parse(&text) {
                prop_assert!(query.binds.is_empty(), "no known bind can be made of these");
                prop_assert!(text.starts_with(&query.sql));
            }
        }
    }
}
