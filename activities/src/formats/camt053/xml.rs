//! A pull reader over XML that knows elements by their local name, counts lines and keeps limits.
//!
//! Refuses document type declarations, entities other than the five of XML, deep nesting, crowds of
//! attributes, long texts and files that end early.

use std::borrow::Cow;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use crate::formats::FormatError;
use crate::formats::lines::{Input, LineCounter};

/// An element whose beginning was read.
pub(super) struct Tag<'a> {
    start: BytesStart<'a>,
    /// Byte offset of its `<`.
    pub(super) offset: usize,
}

impl Tag<'_> {
    /// Its name without a prefix.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The namespace that the element declares for its own prefix.
    pub(super) fn namespace(&self) -> Option<String> {
        let name = self.start.name();
        let prefix = name.prefix().map(|prefix| prefix.into_inner().to_owned());
        match prefix {
            Some(prefix) => self.attribute(&format!("xmlns:{prefix}")),
            None => self.attribute("xmlns"),
        }
    }

    /// The value of an attribute, as long as it holds no entity: codes and identifiers do not.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let attribute = self.start.try_get_attribute(name).ok()??;
        Some(attribute.value.trim().to_owned())
    }
}

/// The reader, somewhere in a document.
pub(super) struct Xml<'a> {
    input: Input<'a>,
    text: &'a str,
    reader: Reader<&'a [u8]>,
    lines: LineCounter<'a>,
    depth: usize,
}

impl<'a> Xml<'a> {
    pub(super) fn new(input: Input<'a>, text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Xml {
            input,
            text,
            reader,
            lines: LineCounter::new(text),
            depth: 0,
        }
    }

    /// The next element inside the current one, entering it; `None` at the current one's end,
    /// leaving it. Outside of all elements: `None` at the end of the file.
    pub(super) fn child(&mut self) -> Result<Option<Tag<'a>>, FormatError> {
        loop {
            let offset = self.offset();
            match self.event()? {
                Event::Start(start) => return Ok(Some(Tag { start, offset })),
                Event::End(_) | Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Leaves the element that was just entered, whatever is in it.
    pub(super) fn skip(&mut self) -> Result<(), FormatError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.event()?;
        }
        Ok(())
    }

    /// All text inside the element that was just entered, also of elements in it, without
    /// surrounding space. Leaves the element.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, FormatError> {
        let outside = self.depth.saturating_sub(1);
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        while self.depth > outside {
            let part = match self.event()? {
                Event::Text(part) => part.xml10_content(),
                Event::CData(part) => part.xml10_content(),
                Event::GeneralRef(name) => Cow::Owned(self.resolve(&name)?),
                _ => continue,
            };
            match text.is_empty() {
                true => text = part,
                false => text.to_mut().push_str(&part),
            }
            if text.len() > self.input.limits.row_bytes_max {
                return Err(self.limit("a text too long", "row_bytes_max"));
            }
        }
        Ok(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })
    }

    /// Byte offset of what is read next.
    pub(super) fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    pub(super) fn line_of(&mut self, offset: usize) -> u32 {
        self.lines.line_of(offset)
    }

    /// The text of the document from `offset` to where the reader is.
    pub(super) fn raw_from(&self, offset: usize) -> &'a str {
        self.text.get(offset..self.offset()).unwrap_or_default()
    }

    pub(super) fn too_many_rows(&mut self, limit: u64) -> FormatError {
        FormatError::LimitReached {
            file: self.input.file_name(),
            line: self.here(),
            what: "too many transactions",
            setting: "rows_max",
            limit,
            help: "raise it if such files are expected, or have the report split",
        }
    }

    fn event(&mut self) -> Result<Event<'a>, FormatError> {
        let event = self.reader.read_event().map_err(|error| {
            let offset = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
            let line = self.lines.line_of(offset);
            match is_cut_off(&error) {
                true => truncated(self.input, line, "inside an element"),
                false => FormatError::BrokenXml {
                    file: self.input.file_name(),
                    line,
                    reason: error.to_string(),
                },
            }
        })?;
        match &event {
            Event::Start(start) => self.enter(start)?,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => {
                return Err(FormatError::DoctypeRefused {
                    file: self.input.file_name(),
                    line: self.here(),
                });
            }
            Event::GeneralRef(name) => _ = self.resolve(name)?,
            Event::Eof if self.depth > 0 => {
                let line = self.here();
                return Err(truncated(self.input, line, "inside an element"));
            }
            _ => {}
        }
        Ok(event)
    }

    fn enter(&mut self, start: &BytesStart<'_>) -> Result<(), FormatError> {
        self.depth += 1;
        if self.depth > self.input.limits.xml_depth_max {
            return Err(self.limit("elements nested too deeply", "xml_depth_max"));
        }
        if start.len() > self.input.limits.row_bytes_max {
            return Err(self.limit("a tag too long", "row_bytes_max"));
        }
        let attributes = start.attributes_raw();
        if !attributes.trim().is_empty() {
            let count = attributes.bytes().filter(|&byte| byte == b'=').count();
            if count > self.input.limits.xml_attributes_max {
                return Err(self.limit("too many attributes", "xml_attributes_max"));
            }
        }
        Ok(())
    }

    fn resolve(&mut self, name: &BytesRef<'_>) -> Result<String, FormatError> {
        match name.resolve_char_ref() {
            Ok(Some(character)) => return Ok(character.to_string()),
            Err(error) => {
                return Err(FormatError::BrokenXml {
                    file: self.input.file_name(),
                    line: self.here(),
                    reason: error.to_string(),
                });
            }
            Ok(None) => {}
        }
        match resolve_predefined_entity(name) {
            Some(text) => Ok(text.to_owned()),
            None => Err(FormatError::EntityRefused {
                file: self.input.file_name(),
                line: self.here(),
                name: name.to_string(),
            }),
        }
    }

    fn here(&mut self) -> u32 {
        self.lines.line_of(self.offset())
    }

    fn limit(&mut self, what: &'static str, setting: &'static str) -> FormatError {
        let limits = self.input.limits;
        let limit = match setting {
            "xml_depth_max" => limits.xml_depth_max,
            "xml_attributes_max" => limits.xml_attributes_max,
            _ => limits.row_bytes_max,
        };
        FormatError::LimitReached {
            file: self.input.file_name(),
            line: self.here(),
            what,
            setting,
            limit: limit as u64,
            help: "a bank statement does not need this: look at who sent the file",
        }
    }
}

fn truncated(input: Input<'_>, line: u32, inside: &str) -> FormatError {
    FormatError::Truncated {
        file: input.file_name(),
        line,
        inside: inside.to_owned(),
    }
}

/// Errors that only the end of the input causes.
fn is_cut_off(error: &quick_xml::Error) -> bool {
    use quick_xml::errors::SyntaxError::InvalidBangMarkup;
    match error {
        quick_xml::Error::Syntax(error) => !matches!(error, InvalidBangMarkup),
        _ => false,
    }
}
