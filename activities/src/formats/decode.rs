//! Bytes to text. Strict: a byte that is not in the encoding is an error, never a replacement mark.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use super::FormatError;
use super::lines::{Input, LineCounter};

const SET_ENCODING: &str =
    "set the mapping's encoding, for example \"windows-1252\" or \"utf-16le\"";
const SEND_AGAIN: &str = "the file is damaged or in another encoding than it or the mapping says";

/// Decodes by byte order mark, else by `named`, else as UTF-8. The mark is taken off.
pub(super) fn decode<'b>(
    input: Input<'_>,
    bytes: &'b [u8],
    named: Option<&'static Encoding>,
) -> Result<Cow<'b, str>, FormatError> {
    let (encoding, skipped) = match (Encoding::for_bom(bytes), named) {
        (Some(found), _) => found,
        (None, Some(named)) => (named, 0),
        (None, None) if looks_like_utf16(bytes) => {
            return Err(FormatError::Encoding {
                file: input.file_name(),
                line: 1,
                offset: 0,
                encoding: "UTF-8 (every other byte is zero, as in UTF-16 without its mark)",
                help: SET_ENCODING,
            });
        }
        (None, None) => (UTF_8, 0),
    };
    let help = match named {
        None if skipped == 0 => SET_ENCODING,
        _ => SEND_AGAIN,
    };
    let body = &bytes[skipped..];
    if encoding == UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => {
                let valid = &body[..error.valid_up_to()];
                let text = std::str::from_utf8(valid).unwrap_or_default();
                Err(not_text(input, text, skipped + valid.len(), encoding, help))
            }
        };
    }
    decode_other(body, encoding)
        .map(Cow::Owned)
        .map_err(|(text, offset)| not_text(input, &text, skipped + offset, encoding, help))
}

fn decode_other(body: &[u8], encoding: &'static Encoding) -> Result<String, (String, usize)> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let longest = decoder.max_utf8_buffer_length_without_replacement(body.len());
    let mut text = String::with_capacity(longest.unwrap_or(body.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(body, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::OutputFull | DecoderResult::Malformed(_, _) => {
            Err((text, read.saturating_sub(1)))
        }
    }
}

fn not_text(
    input: Input<'_>,
    decoded: &str,
    offset: usize,
    encoding: &'static Encoding,
    help: &'static str,
) -> FormatError {
    FormatError::Encoding {
        file: input.file_name(),
        line: LineCounter::new(decoded).line_of(decoded.len()),
        offset,
        encoding: encoding.name(),
        help,
    }
}

/// Zeros at every second place of the beginning, and nowhere else.
pub(super) fn looks_like_utf16(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64)];
    let zeros = |parity: usize| {
        let places = head.iter().skip(parity).step_by(2);
        places.filter(|&&byte| byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let most = head.len() / 2;
    most >= 4 && even.min(odd) == 0 && even.max(odd) * 4 >= most * 3
}
