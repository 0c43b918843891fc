//! The bounds of the fields of rows with quotes, found by walking from special byte to special
//! byte.

use domain::record::ReferenceKind;

use super::memo::Short;
use super::specials::Specials;

/// One field of a row: what stands between its quotes, or all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether a quote in it is doubled.
    is_escaped: bool,
}

/// A row whose end was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// Where the next row begins.
    pub(super) next: usize,
    /// Index of the first special byte behind it.
    pub(super) at: usize,
    /// Line ends in it, its own included.
    pub(super) lines: u32,
    /// Whether the bounds can be trusted.
    pub(super) is_sound: bool,
}

/// Why no end was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoEnd {
    /// It lies in the next block.
    NotYet,
    /// A carriage return without a line feed.
    LoneReturn,
}

/// Fields of one row, and the place in the special bytes of a block.
pub(super) struct Walk<'b> {
    pub(super) text: &'b [u8],
    pub(super) places: &'b [u32],
    pub(super) specials: Specials,
    pub(super) has_quotes: bool,
}

impl Walk<'_> {
    /// Walks over the row at `start`, whose first special byte is the one at index `at`.
    pub(super) fn row(
        &self,
        start: usize,
        at: usize,
        bounds: &mut Vec<Bounds>,
    ) -> Result<Walked, NoEnd> {
        bounds.clear();
        let mut walked = Walked {
            next: start,
            at,
            lines: 0,
            is_sound: true,
        };
        let mut field = start;
        loop {
            let mut end = None;
            if self.has_quotes && self.text.get(field) == Some(&self.specials.quote) {
                let (close, is_escaped) = self.quoted(&mut walked)?;
                end = Some(close);
                bounds.push(Bounds {
                    start: field + 1,
                    end: close,
                    is_escaped,
                });
            }
            let place = self.unquoted(&mut walked)?;
            match end {
                Some(close) => walked.is_sound &= place == close + 1,
                None => bounds.push(Bounds {
                    start: field,
                    end: place,
                    is_escaped: false,
                }),
            }
            walked.at += 1;
            if self.text[place] == self.specials.delimiter {
                field = place + 1;
                continue;
            }
            walked.lines += 1;
            walked.next = place + 1;
            if self.text[place] == b'\r' {
                walked.at += 1;
                walked.next += 1;
            }
            return Ok(walked);
        }
    }

    /// From an opening quote to the one that closes it.
    fn quoted(&self, walked: &mut Walked) -> Result<(usize, bool), NoEnd> {
        let mut is_escaped = false;
        walked.at += 1;
        loop {
            let place = self.place(walked)?;
            let byte = self.text[place];
            walked.at += 1;
            if byte == self.specials.quote {
                if self.text.get(place + 1) != Some(&byte) {
                    return Ok((place, is_escaped));
                }
                is_escaped = true;
                walked.at += 1;
            } else {
                self.pass(walked, place)?;
            }
        }
    }

    /// To the delimiter or line end that ends a field.
    fn unquoted(&self, walked: &mut Walked) -> Result<usize, NoEnd> {
        loop {
            let place = self.place(walked)?;
            let byte = self.text[place];
            if byte == self.specials.delimiter || byte == b'\n' {
                return Ok(place);
            }
            if byte == b'\r' {
                return match self.text.get(place + 1) {
                    Some(b'\n') => Ok(place),
                    _ => Err(NoEnd::LoneReturn),
                };
            }
            self.pass(walked, place)?;
            walked.at += 1;
        }
    }

    /// Takes note of a special byte that separates nothing.
    fn pass(&self, walked: &mut Walked, place: usize) -> Result<(), NoEnd> {
        match self.text[place] {
            b'\n' => walked.lines += 1,
            b'\r' if self.text.get(place + 1) != Some(&b'\n') => return Err(NoEnd::LoneReturn),
            0 => walked.is_sound = false,
            _ => {}
        }
        Ok(())
    }

    fn place(&self, walked: &Walked) -> Result<usize, NoEnd> {
        let place = self.places.get(walked.at).ok_or(NoEnd::NotYet)?;
        Ok(*place as usize)
    }
}

/// Where the fields of a row are.
pub(super) trait RowFields {
    fn count(&self) -> usize;
    /// The bytes of a field; `None` when they have to be read more slowly.
    fn field<'t>(&self, text: &'t [u8], index: usize) -> Option<&'t [u8]>;
    /// The same, for remembering what it means.
    fn short<'t>(&self, text: &'t [u8], index: usize) -> Option<Short<'t>> {
        self.field(text, index).map(Short::of)
    }
    /// The same, with the bytes at its end as one word.
    fn ending<'t>(&self, text: &'t [u8], index: usize) -> Option<Ending<'t>> {
        self.field(text, index).map(Ending::of)
    }
}

/// A text and the bytes at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending<'t> {
    pub(super) text: &'t [u8],
    /// The last bytes of the text in the highest bytes; below them anything.
    pub(super) word: u128,
}

impl<'t> Ending<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        let mut bytes = [0; size_of::<u128>()];
        let kept = text.len().min(bytes.len());
        let start = bytes.len() - kept;
        bytes[start..].copy_from_slice(&text[text.len() - kept..]);
        let word = u128::from_le_bytes(bytes);
        Ending { text, word }
    }
}

impl RowFields for [Bounds] {
    fn count(&self) -> usize {
        self.len()
    }

    fn field<'t>(&self, text: &'t [u8], index: usize) -> Option<&'t [u8]> {
        let bounds = self.get(index)?;
        (!bounds.is_escaped).then_some(text.get(bounds.start..bounds.end)?)
    }
}

/// A row that begins at `start`, and whose special bytes are the ends of its fields.
#[derive(Clone, Copy)]
pub(super) struct Straight<'p> {
    pub(super) start: usize,
    pub(super) ends: &'p [u32],
}

impl Straight<'_> {
    #[inline]
    fn bounds(&self, index: usize) -> Option<(usize, usize)> {
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize + 1,
            None => self.start,
        };
        Some((start, *self.ends.get(index)? as usize))
    }
}

impl RowFields for Straight<'_> {
    #[inline]
    fn count(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    fn field<'t>(&self, text: &'t [u8], index: usize) -> Option<&'t [u8]> {
        let (start, end) = self.bounds(index)?;
        text.get(start..end)
    }

    #[inline]
    fn short<'t>(&self, text: &'t [u8], index: usize) -> Option<Short<'t>> {
        let (start, end) = self.bounds(index)?;
        Short::within(text, start, end)
    }

    #[inline]
    fn ending<'t>(&self, text: &'t [u8], index: usize) -> Option<Ending<'t>> {
        let (start, end) = self.bounds(index)?;
        let field = text.get(start..end)?;
        // Only the first row of a block has nothing in front of it.
        match text[..end].last_chunk() {
            Some(bytes) => Some(Ending {
                text: field,
                word: u128::from_le_bytes(*bytes),
            }),
            None => Some(Ending::of(field)),
        }
    }
}

/// The fields of a simple row, and which of them are references.
#[derive(Clone, Copy)]
pub(super) struct Fields<'r> {
    pub(super) text: &'r [u8],
    pub(super) places: FieldPlaces<'r>,
    pub(super) references: &'r [(ReferenceKind, usize)],
    /// Texts that are none.
    pub(super) no_reference: &'r [String],
}

/// How the places of fields are known.
#[derive(Clone, Copy)]
pub(super) enum FieldPlaces<'r> {
    Straight(Straight<'r>),
    Walked(&'r [Bounds]),
}

impl<'r> Fields<'r> {
    pub(super) fn get(&self, index: usize) -> Option<&'r [u8]> {
        match &self.places {
            FieldPlaces::Straight(row) => row.field(self.text, index),
            FieldPlaces::Walked(row) => row.field(self.text, index),
        }
    }
}
