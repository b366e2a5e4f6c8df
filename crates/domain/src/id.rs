//! Identifiers as the services issue them.
//!
//! Promise: an id made here always matches its pattern in the vendor's model, and is drawn from
//! the entropy that the caller hands in, nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where random bytes come from: fills the whole slice with bytes nobody can guess.
pub type Entropy<'a> = &'a mut dyn FnMut(&mut [u8]);

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The character of `[A-Za-z0-9]` that a random byte draws; `None` for the bytes that would favour some
/// characters: draw again.
pub fn drawn(byte: u8) -> Option<u8> {
    const FAIR: u8 = 62 * 4;
    (byte < FAIR).then(|| ALPHABET[usize::from(byte % 62)])
}

/// `len` characters of `[A-Za-z0-9]`, each an unbiased draw.
pub fn alphanumeric(len: usize, entropy: Entropy<'_>) -> String {
    let mut text = String::with_capacity(len);
    let mut pool = [0u8; 64];
    while text.len() < len {
        entropy(&mut pool);
        let fair = pool.iter().filter_map(|byte| drawn(*byte));
        text.extend(fair.take(len - text.len()).map(char::from));
    }
    text
}

/// The last part of an ARN: 12 characters of `[A-Za-z0-9]` when issued here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(String);

impl ResourceId {
    /// Characters in an id that is issued here.
    pub const LENGTH: usize = 12;

    /// A fresh id.
    pub fn mint(entropy: Entropy<'_>) -> Self {
        Self(alphanumeric(Self::LENGTH, entropy))
    }

    /// Reads an id as it stands in an ARN: one or more of `[a-zA-Z0-9-]`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (!text.is_empty() && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One live session of a channel: `st-` and 23 of `[A-Za-z0-9]` (model: `StreamId`, 26 to 26 long).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(String);

impl StreamId {
    /// A fresh stream id; each go-live gets its own.
    pub fn mint(entropy: Entropy<'_>) -> Self {
        Self(format!("st-{}", alphanumeric(23, entropy)))
    }

    /// Reads a stream id; `None` when it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("st-")?;
        let fits = rest.len() == 23 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0u8;
        move |slice| {
            for byte in slice {
                *byte = next;
                next = next.wrapping_add(7);
            }
        }
    }

    #[test]
    fn minted_ids_have_the_issued_form() {
        let mut source = counting();
        let id = ResourceId::mint(&mut source);
        assert_eq!(id.as_str().len(), 12);
        assert_eq!(ResourceId::parse(id.as_str()), Some(id));
        let stream = StreamId::mint(&mut source);
        assert_eq!(stream.as_str().len(), 26);
        assert_eq!(StreamId::parse(stream.as_str()), Some(stream));
    }

    #[test]
    fn foreign_forms_are_refused() {
        assert_eq!(ResourceId::parse(""), None);
        assert_eq!(ResourceId::parse("a/b"), None);
        assert_eq!(StreamId::parse("st-short"), None);
        assert_eq!(StreamId::parse("xx-12345678901234567890123"), None);
    }
}
