//! The name by which a caller and the logs speak of the same request.
//!
//! Promise: a version 4 UUID (RFC 9562, 5.4), never derived from the request.

use std::fmt;

/// Sixteen random bytes as a UUID's 36 characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId([u8; 36]);

impl RequestId {
    /// A fresh one. Should the system have no randomness, ids repeat: they only help to find log lines.
    pub(crate) fn fresh() -> Self {
        let mut bytes = [0; 16];
        let _only_for_logs = aws_lc_rs::rand::fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(text(bytes))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits and dashes are UTF-8")
    }
}

fn text(bytes: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    // Where the five groups stand: between them the dashes are left.
    let places = (0..8).chain(9..13).chain(14..18).chain(19..23).chain(24..36);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    for (place, digit) in places.zip(digits) {
        text[place] = DIGITS[usize::from(digit)];
    }
    text
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_order_in_five_groups() {
        let bytes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff];
        assert_eq!(text(bytes).as_slice(), b"00010203-0405-0607-0809-0a0b0c0d0eff");
    }

    #[test]
    fn ids_are_version_4_uuids_and_differ() {
        let (one, two) = (RequestId::fresh().to_string(), RequestId::fresh().to_string());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]));
    }
}
