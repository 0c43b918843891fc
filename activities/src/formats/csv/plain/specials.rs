//! Where delimiters, quotes, line ends and control characters stand in a block of bytes.
//!
//! Bytes are compared 64 at a time, with what this processor has for it; the results are one bit each,
//! and the bits become places.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

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
    /// What the processor can do.
    level: Level,
}

impl Specials {
    pub(super) fn new(delimiter: u8, quote: Option<u8>) -> Self {
        Specials {
            delimiter,
            quote: quote.unwrap_or(delimiter),
            level: Level::new(),
        }
    }

    /// The places of all special bytes, in order. What else is in `places` means nothing.
    pub(super) fn find<'p>(self, bytes: &[u8], places: &'p mut Vec<u32>) -> &'p [u32] {
        // Room for all that there can be: places are written in groups, beyond the last one, too.
        let most = bytes.len() + STRIDE;
        if places.len() < most {
            places.resize(most, 0);
        }
        let count = dispatch!(self.level, simd => self.put_all(simd, bytes, places));
        &places[..count]
    }

    /// Puts the places of all special bytes to the beginning of `places`; gives back how many there are.
    #[inline(always)]
    fn put_all<S: Simd>(self, simd: S, bytes: &[u8], places: &mut [u32]) -> usize {
        let strides = bytes.chunks_exact(STRIDE);
        let rest = strides.remainder();
        let (mut base, mut count) = (0, 0);
        for stride in strides {
            let stride = u8x64::from_slice(simd, stride);
            let special = stride.simd_eq(self.delimiter)
                | stride.simd_eq(self.quote)
                | stride.simd_le(LAST_CONTROL);
            count += put(&mut places[count..], base, special.to_bitmask());
            base += STRIDE as u32;
        }
        for (place, byte) in (base..).zip(rest) {
            places[count] = place;
            count += usize::from(self.is_special(*byte));
        }
        count
    }

    fn is_special(self, byte: u8) -> bool {
        byte == self.delimiter || byte == self.quote || byte <= LAST_CONTROL
    }
}

/// Puts the places of bits to the beginning of `places`; gives back how many there are.
#[inline(always)]
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
            let specials = Specials::new(b',', Some(b'"'));
            let mut places = Vec::new();
            let places = specials.find(&bytes, &mut places);
            let one_by_one = (0..).zip(&bytes).filter(|(_, byte)| specials.is_special(**byte));
            let one_by_one: Vec<u32> = one_by_one.map(|(place, _)| place).collect();
            prop_assert_eq!(places, one_by_one);
        }
    }
}
