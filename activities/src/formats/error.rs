//! Why a whole file is unusable. The caller quarantines it with this message; a row that cannot be
//! read is not an error but a reject.

/// A file that cannot be read as its source says. Nothing of it may be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No content.
    #[error("{file}: the file is empty: ask for it to be sent again")]
    Empty {
        /// The file.
        file: String,
    },
    /// More bytes than allowed.
    #[error(
        "{file}: {bytes} bytes, over the limit input_bytes_max = {limit}: raise it if such \
             files are expected"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// More rows, longer rows, deeper nesting than allowed.
    #[error("{file}, line {line}: {what}, over the limit {setting} = {limit}: {help}")]
    LimitReached {
        /// The file.
        file: String,
        /// Where.
        line: u32,
        /// What there is too much of.
        what: &'static str,
        /// The setting that limits it.
        setting: &'static str,
        /// Its value.
        limit: u64,
        /// What to look for.
        help: &'static str,
    },
    /// Bytes that are no text in the encoding.
    #[error("{file}, line {line}: byte {offset} is not {encoding}: {help}")]
    Encoding {
        /// The file.
        file: String,
        /// Where.
        line: u32,
        /// Offset of the offending byte from the beginning of the file.
        offset: usize,
        /// The encoding that was tried.
        encoding: &'static str,
        /// What to set.
        help: &'static str,
    },
    /// Something else than the source's format.
    #[error("{file}: not {expected}: {found}")]
    NotThisFormat {
        /// The file.
        file: String,
        /// What was expected.
        expected: &'static str,
        /// What was found, and what to do.
        found: String,
    },
    /// A column that the mapping needs is not there.
    #[error(
        "{file}, line {line}: no column {missing}; the columns there are {found}: correct the \
             column names in the mapping, or mark the field optional"
    )]
    ColumnMissing {
        /// The file.
        file: String,
        /// The line that looks most like the header.
        line: u32,
        /// What was looked for, in quotes.
        missing: String,
        /// What is there, in quotes.
        found: String,
    },
    /// A column name occurs more than once, and the mapping does not say which one.
    #[error(
        "{file}, line {line}: column {column:?} occurs {count} times: say which one with \
             {{ column = {column:?}, occurrence = 1 }}"
    )]
    ColumnRepeated {
        /// The file.
        file: String,
        /// The header's line.
        line: u32,
        /// The name.
        column: String,
        /// How often.
        count: usize,
    },
    /// It ends in the middle of something.
    #[error("{file}, line {line}: the file ends {inside}: it is incomplete, ask for it again")]
    Truncated {
        /// The file.
        file: String,
        /// Where the unfinished thing begins.
        line: u32,
        /// In the middle of what.
        inside: String,
    },
    /// A document type declaration: the way to entity expansion and outside files.
    #[error(
        "{file}, line {line}: document type declarations (DOCTYPE) are refused: a bank \
             statement has none"
    )]
    DoctypeRefused {
        /// The file.
        file: String,
        /// Where.
        line: u32,
    },
    /// An entity other than the five of XML.
    #[error(
        "{file}, line {line}: entity &{name}; is refused: only the five predefined ones and \
             character references may be used"
    )]
    EntityRefused {
        /// The file.
        file: String,
        /// Where.
        line: u32,
        /// Its name.
        name: String,
    },
    /// Not well-formed.
    #[error("{file}, line {line}: broken XML: {reason}: ask for the file to be sent again")]
    BrokenXml {
        /// The file.
        file: String,
        /// Where.
        line: u32,
        /// What the XML reader says.
        reason: String,
    },
    /// Spreadsheet software has rounded the references.
    #[error(
        "{file}: all {count} long references in column {column:?} end in zeros (such as \
             {example}): a spreadsheet has rounded them; ask for the original file"
    )]
    ReferencesRounded {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// How many.
        count: u64,
        /// One of them.
        example: String,
    },
    /// The mapping contradicts itself.
    #[error("{file}: the mapping of its format cannot be used: {problems}")]
    Mapping {
        /// The file.
        file: String,
        /// What is wrong with it.
        problems: String,
    },
}
