//! How many edits make one text of another, when that is only asked up to a few.
//!
//! An edit puts in, takes out or replaces a character, or swaps two neighbours (optimal string
//! alignment: no character is edited twice).

/// Most edits that are told apart.
pub(super) const EDITS_MAX: usize = 2;
/// More than [`EDITS_MAX`].
const MANY: u8 = EDITS_MAX as u8 + 1;
/// Columns of a row of distances that can be within [`EDITS_MAX`]: that many to either side.
const BAND: usize = 2 * EDITS_MAX + 1;

/// The edits between two texts; `None` for more than [`EDITS_MAX`].
pub(super) fn edits(one: &str, other: &str) -> Option<usize> {
    if one.is_ascii() && other.is_ascii() {
        return between(one.as_bytes(), other.as_bytes());
    }
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    between(&one, &other)
}

fn between<T: PartialEq>(one: &[T], other: &[T]) -> Option<usize> {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let ends = one.iter().rev().zip(other.iter().rev());
    let same = ends.take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[..one.len() - same], &other[..other.len() - same]);
    if one.len().abs_diff(other.len()) > EDITS_MAX {
        return None;
    }
    // Row `i` holds at `k` the distance between the first `i` of one and the first
    // `i + k - EDITS_MAX` of the other.
    let mut before = [MANY; BAND];
    let mut last: [u8; BAND] = std::array::from_fn(|k| match k.checked_sub(EDITS_MAX) {
        Some(column) if column <= other.len() => column as u8,
        _ => MANY,
    });
    for (row, a) in (1..).zip(one) {
        let mut next = [MANY; BAND];
        for k in 0..BAND {
            let Some(column) = (row + k).checked_sub(EDITS_MAX) else {
                continue;
            };
            if column > other.len() {
                break;
            }
            let mut best = last.get(k + 1).map_or(MANY, |above| above + 1);
            if column > 0 {
                let b = &other[column - 1];
                best = best.min(last[k] + u8::from(a != b));
                if k > 0 {
                    best = best.min(next[k - 1] + 1);
                }
                let is_swapped =
                    row > 1 && column > 1 && *a == other[column - 2] && one[row - 2] == *b;
                if is_swapped {
                    best = best.min(before[k] + 1);
                }
            }
            next[k] = best.min(MANY);
        }
        if next.iter().all(|distance| *distance >= MANY) && last.iter().all(|d| *d >= MANY) {
            return None;
        }
        (before, last) = (last, next);
    }
    let end = other.len() + EDITS_MAX - one.len();
    Some(usize::from(last[end])).filter(|edits| *edits <= EDITS_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn is_the_distance_where_that_is_small(one in "[abä]{0,9}", other in "[abä]{0,9}") {
            let distance = strsim::osa_distance(&one, &other);
            prop_assert_eq!(edits(&one, &other), (distance <= EDITS_MAX).then_some(distance));
        }

        #[test]
        fn also_of_texts_that_are_alike(text in "[a-d]{3,14}", at in 0usize..14, by in "[a-d]{0,3}", swap in any::<bool>()) {
            let at = at.min(text.len() - 1);
            let mut other = text.clone();
            other.replace_range(at..=at, &by);
            if swap && other.len() > 2 {
                let mut bytes = other.into_bytes();
                bytes.swap(0, 1);
                other = String::from_utf8(bytes).unwrap();
            }
            let distance = strsim::osa_distance(&text, &other);
            prop_assert_eq!(edits(&text, &other), (distance <= EDITS_MAX).then_some(distance));
        }
    }
}
