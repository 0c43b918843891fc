//! Where delimiters, quotes, line ends and control characters stand in a block of bytes.
//!
//! Bytes are compared 64 at a time in a form that compilers turn into vector instructions of every
//! processor; the results become one bit each, and the bits become places.

/// Bytes looked at together.
const STRIDE: usize = 64;
/// The last of the control characters that count: carriage return.
const LAST_CONTROL: u8 = b'\r';

/// Finds special bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Specials {
    pub(super) delimiter: u8,
    /// The delimiter, where nothing is quoted.
    pub(super) quote: u8,
}

impl Specials {
    /// Puts the places of all special bytes into `places`, in order.
    pub(super) fn find(self, bytes: &[u8], places: &mut Vec<u32>) {
        places.clear();
        let strides = bytes.chunks_exact(STRIDE);
        let rest = strides.remainder();
        let mut base = 0;
        for stride in strides {
            let Some(stride) = stride.first_chunk() else {
                break;
            };
            push(places, base, self.bits(stride));
            base += STRIDE as u32;
        }
        let is_special = |byte: &u8| self.is_special(*byte);
        let last = (base..).zip(rest).filter(|(_, byte)| is_special(byte));
        places.extend(last.map(|(place, _)| place));
    }

    fn is_special(self, byte: u8) -> bool {
        // Without shortcuts, so that it is done to many bytes at once.
        (byte == self.delimiter) | (byte <= LAST_CONTROL) | (byte == self.quote)
    }

    /// One bit for each special byte.
    #[inline]
    fn bits(self, stride: &[u8; STRIDE]) -> u64 {
        let mut found = [0; STRIDE];
        for (found, byte) in found.iter_mut().zip(stride) {
            *found = u8::from(self.is_special(*byte));
        }
        let words = found.chunks_exact(8).zip((0..).step_by(8));
        words.fold(0, |bits, (word, at)| bits | gathered(word) << at)
    }
}

/// Eight bytes that are 0 or 1 as eight bits.
#[inline]
fn gathered(word: &[u8]) -> u64 {
    let word = word
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word));
    word.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[inline]
fn push(places: &mut Vec<u32>, base: u32, mut bits: u64) {
    while bits != 0 {
        places.push(base + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_looking_at_each_byte_finds(
            bytes in vec(prop_oneof![any::<u8>(), Just(b','), Just(b'"'), Just(b'\n')], 0..300),
        ) {
            let specials = Specials { delimiter: b',', quote: b'"' };
            let mut places = Vec::new();
            specials.find(&bytes, &mut places);
            let one_by_one = (0..).zip(&bytes).filter(|(_, byte)| specials.is_special(**byte));
            let one_by_one: Vec<u32> = one_by_one.map(|(place, _)| place).collect();
            prop_assert_eq!(places, one_by_one);
        }
    }
}
