//! The steps that every source has, for keys of millions of rows: over ASCII bytes, in place.

use super::TextStep;

/// Longest text: of those that are longer there are few.
const BYTES_MAX: usize = 63;

/// Room for a text and one byte behind it.
pub(crate) type Room = [u8; BYTES_MAX + 1];

/// Some steps, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AsciiSteps {
    passes: Vec<Pass>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Pass {
    /// What becomes of each byte, and whether it is kept.
    Bytes(Box<[(u8, bool); 256]>),
    /// Takes away zeros that lead a number.
    LeadingZeros,
}

impl AsciiSteps {
    /// None where one of them can't be done so.
    pub(crate) fn of(steps: &[TextStep]) -> Option<Self> {
        let passes = steps.iter().map(|step| match step {
            TextStep::IgnoreCase => Some(Pass::bytes(|byte| (byte.to_ascii_uppercase(), true))),
            TextStep::IgnoreSeparators => {
                Some(Pass::bytes(|byte| (byte, byte.is_ascii_alphanumeric())))
            }
            TextStep::IgnoreLeadingZeros => Some(Pass::LeadingZeros),
            _ => None,
        });
        let mut merged: Vec<Pass> = Vec::new();
        for pass in passes {
            match (merged.last_mut(), pass?) {
                (Some(Pass::Bytes(before)), Pass::Bytes(then)) => {
                    for (byte, is_kept) in before.iter_mut() {
                        let (next, is_kept_then) = then[usize::from(*byte)];
                        (*byte, *is_kept) = (next, *is_kept && is_kept_then);
                    }
                }
                (_, pass) => merged.push(pass),
            }
        }
        Some(AsciiSteps { passes: merged })
    }

    /// Applies them; what is left is in the room. None for a text that is no ASCII, or too long.
    pub(crate) fn apply<'r>(&self, text: &[u8], room: &'r mut Room) -> Option<&'r [u8]> {
        if text.len() > BYTES_MAX || !text.is_ascii() {
            return None;
        }
        room[..text.len()].copy_from_slice(text);
        let mut length = text.len() as u8;
        for pass in &self.passes {
            length = match pass {
                Pass::Bytes(bytes) => map(bytes, room, length),
                Pass::LeadingZeros => without_leading_zeros(room, length),
            };
        }
        Some(&room[..usize::from(length)])
    }
}

impl Pass {
    fn bytes(of: impl Fn(u8) -> (u8, bool)) -> Self {
        let mut bytes = Box::new([(0, false); 256]);
        for (byte, becomes) in (0..=u8::MAX).zip(bytes.iter_mut()) {
            *becomes = of(byte);
        }
        Pass::Bytes(bytes)
    }
}

fn map(bytes: &[(u8, bool); 256], room: &mut Room, length: u8) -> u8 {
    let mut kept = 0u8;
    for at in 0..length {
        let (byte, is_kept) = bytes[usize::from(room[usize::from(at)])];
        room[usize::from(kept)] = byte;
        kept += u8::from(is_kept);
    }
    kept
}

/// Without branches: whether a digit leads a number is as good as random.
fn without_leading_zeros(room: &mut Room, length: u8) -> u8 {
    let is_digit = |byte: u8| byte.wrapping_sub(b'0') < 10;
    room[usize::from(length)] = 0;
    let (mut kept, mut is_in_number) = (0u8, false);
    for at in 0..length {
        let (byte, next) = (room[usize::from(at)], room[usize::from(at) + 1]);
        let is_kept = (byte != b'0') | is_in_number | !is_digit(next);
        room[usize::from(kept)] = byte;
        kept += u8::from(is_kept);
        is_in_number = is_kept & is_digit(byte);
    }
    kept
}
