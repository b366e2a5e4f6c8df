//! The name by which a caller and the logs speak of the same request.
//!
//! Promise: a version 4 UUID (RFC 9562, 5.4), never derived from the request.

use std::fmt;

/// Sixteen random bytes, shown as a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestId([u8; 16]);

impl RequestId {
    /// A fresh one. Should the system have no randomness, ids repeat: they only help to find log lines.
    pub(crate) fn fresh() -> Self {
        let mut bytes = [0; 16];
        let _only_for_logs = aws_lc_rs::rand::fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = hex::encode(self.0);
        let (a, rest) = text.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_4_uuids_and_differ() {
        let (one, two) = (RequestId::fresh().to_string(), RequestId::fresh().to_string());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]));
    }
}
