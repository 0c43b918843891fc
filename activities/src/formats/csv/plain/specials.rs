//! Where delimiters, quotes, line ends and control characters stand in a block of bytes.
//!
//! Bytes are compared 64 at a time in a form that compilers turn into vector instructions of every
//! processor; the results become one bit each, and the bits become places.

/// Bytes looked at together.
const STRIDE: usize = 64;
/// Places written together: most strides have no more.
const GROUP: usize = 8;
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
    /// The places of all special bytes, in order. What else is in `places` means nothing.
    pub(super) fn find<'p>(self, bytes: &[u8], places: &'p mut Vec<u32>) -> &'p [u32] {
        // Room for all that there can be: places are written in groups, beyond the last one, too.
        let most = bytes.len() + STRIDE;
        if places.len() < most {
            places.resize(most, 0);
        }
        let strides = bytes.chunks_exact(STRIDE);
        let rest = strides.remainder();
        let (mut base, mut count) = (0, 0);
        for stride in strides {
            let Some(stride) = stride.first_chunk() else {
                break;
            };
            count += put(&mut places[count..], base, self.bits(stride));
            base += STRIDE as u32;
        }
        for (place, byte) in (base..).zip(rest) {
            places[count] = place;
            count += usize::from(self.is_special(*byte));
        }
        &places[..count]
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

/// Puts the places of bits to the beginning of `places`; gives back how many there are.
#[inline]
fn put(places: &mut [u32], base: u32, mut bits: u64) -> usize {
    let count = bits.count_ones() as usize;
    // So many at once, whether there are as many or not: a loop that ends where the bits end costs
    // a wrong guess for most strides.
    for group in places
        .chunks_exact_mut(GROUP)
        .take(count.div_ceil(GROUP).max(1))
    {
        for place in group {
            *place = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
    }
    count
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
            let places = specials.find(&bytes, &mut places);
            let one_by_one = (0..).zip(&bytes).filter(|(_, byte)| specials.is_special(**byte));
            let one_by_one: Vec<u32> = one_by_one.map(|(place, _)| place).collect();
            prop_assert_eq!(places, one_by_one);
        }
    }
}
