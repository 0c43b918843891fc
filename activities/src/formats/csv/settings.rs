//! Single characters and the encoding of a delimited file.

use encoding_rs::Encoding;
use serde::Deserialize;

macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident($inner:ty), $parse:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(pub(super) $inner);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(&text).map($name)
            }
        }
    };
}

checked_text!(
    /// What separates fields.
    Delimiter(u8),
    |text| match text.as_bytes() {
        b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(*byte),
        _ => Err("the delimiter is one ASCII character, or \"tab\"".to_owned()),
    }
);
checked_text!(
    /// What stands around a field that holds delimiters or line ends.
    Quote(Option<u8>),
    |text| match text.as_bytes() {
        b"none" => Ok(None),
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(Some(*byte)),
        _ => Err("the quote is one ASCII character, or \"none\"".to_owned()),
    }
);
checked_text!(
    /// One character inside a number.
    Separator(char),
    |text| {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if !one.is_ascii_digit() && !"+-()".contains(one) => Ok(one),
            _ => Err("a separator is one character that no number has otherwise".to_owned()),
        }
    }
);

/// The encoding of a file; `None` finds out.
#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct TextEncoding(pub(super) Option<&'static Encoding>);

impl TryFrom<String> for TextEncoding {
    type Error = String;

    fn try_from(label: String) -> Result<Self, String> {
        if label == "auto" {
            return Ok(TextEncoding(None));
        }
        match Encoding::for_label(label.as_bytes()) {
            Some(encoding) if encoding != encoding_rs::REPLACEMENT => {
                Ok(TextEncoding(Some(encoding)))
            }
            _ => Err(format!(
                "{label:?} is not an encoding: write \"auto\" or a WHATWG label such as \
                 \"windows-1252\", \"utf-16le\", \"shift_jis\""
            )),
        }
    }
}
