//! Passes: what a viewer shows with each request after the first, and what tells one session from another.
//!
//! Promise: an id that was made here is told from an invented one without any state, holds for one stream
//! only, and is nothing but random bits: it names nobody.

use std::fmt;

use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::StreamId;

/// Bytes of an id that are random; as many again prove it. Two of a million sessions are the same with a
/// probability of 1 in 30 million, and a guessed proof is right once in 2^64 tries.
const RANDOM: usize = 8;
/// Characters of an id.
pub(crate) const CHARACTERS: usize = 22;

/// One playback session, of one stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionId([u8; 2 * RANDOM]);

impl SessionId {
    /// Reads one that may be invented; `None` when it has another form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 2 * RANDOM];
        let fits = text.len() == CHARACTERS;
        let read = fits.then(|| URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()).flatten()?;
        (read == bytes.len()).then_some(Self(bytes))
    }

    /// The bytes, all of them evenly spread among the ids that were made here.
    pub(crate) fn bytes(&self) -> &[u8; 2 * RANDOM] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// An id lets its holder pass for that viewer, so logs don't get it by accident.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId")
    }
}

/// What a viewer shows with each request after the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    /// The playback session.
    pub(crate) session: SessionId,
}

/// As it stands in a path.
impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.session.fmt(f)
    }
}

/// Makes passes, and knows its own.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
}

/// What a proof is about; keeps this use of the key apart from others.
const SESSION: &[u8] = b"session\0";

impl Mint {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A fresh pass for a session of this stream.
    pub(crate) fn fresh(&self, stream: &StreamId) -> Pass {
        let mut random = [0; RANDOM];
        rand::fill(&mut random).expect("the operating system gives random bytes");
        Pass { session: self.proven(random, stream) }
    }

    /// Reads a pass; `None` unless it was made here, for this stream.
    pub(crate) fn read(&self, stream: &StreamId, text: &str) -> Option<Pass> {
        let session = SessionId::parse(text)?;
        let mut random = [0; RANDOM];
        random.copy_from_slice(&session.0[..RANDOM]);
        let proven = constant_time::verify_slices_are_equal(&self.proven(random, stream).0, &session.0);
        proven.is_ok().then_some(Pass { session })
    }

    fn proven(&self, random: [u8; RANDOM], stream: &StreamId) -> SessionId {
        let mut proof = hmac::Context::with_key(&self.key);
        proof.update(SESSION);
        proof.update(&random);
        proof.update(stream.as_str().as_bytes());
        let mut bytes = [0; 2 * RANDOM];
        bytes[..RANDOM].copy_from_slice(&random);
        bytes[RANDOM..].copy_from_slice(&proof.sign().as_ref()[..RANDOM]);
        SessionId(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn stream(letter: char) -> StreamId {
        StreamId::parse(&format!("st-{}", String::from(letter).repeat(23))).expect("a stream id")
    }

    fn mint() -> Mint {
        Mint::new(&[7; 32])
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_none_passes(text in "\\PC{0,40}", other in "[A-Za-z0-9_-]{22}") {
            for text in [text, other] {
                prop_assert_eq!(mint().read(&stream('a'), &text), None);
            }
        }

        #[test]
        fn a_changed_bit_makes_a_pass_an_invented_one(at in 0..16usize, bit in 0..8u32) {
            let mut bytes = *mint().fresh(&stream('a')).session.bytes();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(mint().read(&stream('a'), &SessionId(bytes).to_string()), None);
        }
    }

    #[test]
    fn fresh_passes_are_their_streams_own_and_never_the_same() {
        let (ours, theirs) = (mint(), Mint::new(&[8; 32]));
        let made: Vec<_> = (0..1_000).map(|_| ours.fresh(&stream('a')).to_string()).collect();
        assert!(made.iter().all(|pass| ours.read(&stream('a'), pass).is_some()));
        let misread = |pass: &String| ours.read(&stream('b'), pass).or(theirs.read(&stream('a'), pass));
        assert!(!made.iter().any(|pass| misread(pass).is_some()));
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len());
    }
}
