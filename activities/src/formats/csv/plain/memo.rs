//! What short texts mean: reports repeat few dates, currencies and statuses.

/// Texts that are remembered; one that falls on the place of another takes it.
const PLACES: usize = 256;
/// Longest text that is remembered.
pub(super) const SHORT_BYTES_MAX: usize = 16;

/// A text and, when it is short, its bytes as one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short<'t> {
    pub(super) text: &'t [u8],
    /// The bytes of a short text from the lowest byte on, then zeros.
    word: u128,
}

impl<'t> Short<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        let mut bytes = [0; SHORT_BYTES_MAX];
        if let Some(room) = bytes.get_mut(..text.len()) {
            room.copy_from_slice(text);
        }
        let word = u128::from_le_bytes(bytes);
        Short { text, word }
    }

    /// The same for the text from `start` to `end` of a longer one, without copying as many bytes as
    /// it has: their number differs from row to row, and a guess of it is often wrong.
    #[inline]
    pub(super) fn within(all: &'t [u8], start: usize, end: usize) -> Option<Self> {
        let text = all.get(start..end)?;
        let Some((bytes, mask)) = all[start..].first_chunk().zip(MASKS.get(text.len())) else {
            return Some(Short::of(text));
        };
        let word = u128::from_le_bytes(*bytes) & mask;
        Some(Short { text, word })
    }
}

/// All bits of as many bytes.
const MASKS: [u128; SHORT_BYTES_MAX + 1] = {
    let mut masks = [u128::MAX; SHORT_BYTES_MAX + 1];
    let mut bytes = 0;
    while bytes < SHORT_BYTES_MAX {
        masks[bytes] = (1 << (8 * bytes)) - 1;
        bytes += 1;
    }
    masks
};

/// Remembers what was read out of texts, by all of their bytes.
#[derive(Debug)]
pub(super) struct Memo<T> {
    places: Vec<Option<(u128, usize, T)>>,
}

impl<T: Copy> Memo<T> {
    pub(super) fn new() -> Self {
        Memo {
            places: vec![None; PLACES],
        }
    }

    /// What a text means, by `read` where that is not remembered.
    #[inline]
    pub(super) fn get(&mut self, short: Short<'_>, read: impl FnOnce(&[u8]) -> T) -> T {
        let Short { text, word } = short;
        if text.len() > SHORT_BYTES_MAX {
            return read(text);
        }
        let (low, high) = (word as u64, (word >> 64) as u64);
        let spread = (low ^ high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = &mut self.places[(spread >> 56) as usize];
        match place {
            Some((known, length, meaning)) if *known == word && *length == text.len() => *meaning,
            _ => {
                let meaning = read(text);
                *place = Some((word, text.len(), meaning));
                meaning
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn remembers_no_other_text(texts in proptest::collection::vec("[ab0]{0,18}", 1..200)) {
            let mut memo = Memo::new();
            let meaning = |text: &[u8]| text.iter().fold(7u64, |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
            });
            for text in &texts {
                let text = text.as_bytes();
                let around = [b"<<", text, b">>>>>>>>>>>>>>>>"].concat();
                let within = Short::within(&around, 2, 2 + text.len()).unwrap();
                if text.len() <= SHORT_BYTES_MAX {
                    prop_assert_eq!(within.word, Short::of(text).word);
                }
                prop_assert_eq!(within.text, text);
                prop_assert_eq!(memo.get(Short::of(text), meaning), meaning(text));
            }
        }
    }
}
