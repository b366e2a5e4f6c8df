//! Session ids: what tells one playback session from another.
//!
//! Promise: an id that was made here is told from an invented one without any state, holds for one stream
//! only, and is nothing but random bits: it names nobody.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::StreamId;

/// The query parameter of a media playlist's URL that carries the id.
pub(crate) const PARAMETER: &str = "session";
/// Bytes of an id that are random; as many again prove it. Two of a million sessions are the same with a
/// probability of 1 in 30 million, and a guessed proof is right once in 2^64 tries.
const RANDOM: usize = 8;
/// Characters of an id.
pub(crate) const CHARACTERS: usize = 22;
/// As much of a User-Agent as can matter; the rest of an endless one is not looked at.
const AGENT: usize = 512;

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

/// Makes ids, and knows its own.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
}

/// What a proof is about; keeps the two uses of the key apart.
const SESSION: &[u8] = b"session\0";
const STRANGER: &[u8] = b"stranger\0";

impl Mint {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A fresh id for a session of this stream.
    pub(crate) fn fresh(&self, stream: &StreamId) -> SessionId {
        let mut random = [0; RANDOM];
        rand::fill(&mut random).expect("the operating system gives random bytes");
        self.proven(random, stream)
    }

    /// Was this id made here, for this stream?
    pub(crate) fn made(&self, id: SessionId, stream: &StreamId) -> bool {
        let mut random = [0; RANDOM];
        random.copy_from_slice(&id.0[..RANDOM]);
        constant_time::verify_slices_are_equal(&self.proven(random, stream).0, &id.0).is_ok()
    }

    /// The id of somebody who brought none: the same for the same address and program. All of an IPv6 /64 is
    /// one address, as a household is behind one of IPv4.
    pub(crate) fn stranger(&self, address: IpAddr, agent: &[u8]) -> SessionId {
        let mut proof = hmac::Context::with_key(&self.key);
        proof.update(STRANGER);
        match address.to_canonical() {
            IpAddr::V4(address) => proof.update(&address.octets()),
            IpAddr::V6(address) => proof.update(&address.octets()[..8]),
        }
        // Lengths differ, so the family needs no mark: 4 or 8 bytes, then this one.
        proof.update(&[u8::from(address.to_canonical().is_ipv4())]);
        proof.update(&agent[..agent.len().min(AGENT)]);
        let mut bytes = [0; 2 * RANDOM];
        bytes.copy_from_slice(&proof.sign().as_ref()[..2 * RANDOM]);
        SessionId(bytes)
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

/// The id in a query, whatever it is worth.
pub(crate) fn find(query: &str) -> Option<&str> {
    let values = query.split('&').filter_map(|pair| pair.strip_prefix(PARAMETER)?.strip_prefix('='));
    values.into_iter().next()
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
                let id = SessionId::parse(&text);
                prop_assert!(id.is_none_or(|id| !mint().made(id, &stream('a'))));
                let _ = find(&text);
            }
        }

        #[test]
        fn a_changed_bit_makes_an_id_an_invented_one(at in 0..16usize, bit in 0..8u32) {
            let id = mint().fresh(&stream('a'));
            let mut bytes = *id.bytes();
            bytes[at] ^= 1 << bit;
            prop_assert!(!mint().made(SessionId(bytes), &stream('a')));
        }

        #[test]
        fn an_id_has_one_spelling(bytes in any::<[u8; 16]>()) {
            let text = SessionId(bytes).to_string();
            prop_assert_eq!(text.len(), CHARACTERS);
            prop_assert_eq!(SessionId::parse(&text), Some(SessionId(bytes)));
            // The last character has four bits that carry nothing.
            let spellings = (b'0'..=b'z').filter(|last| {
                let other = format!("{}{}", &text[..CHARACTERS - 1], char::from(*last));
                SessionId::parse(&other) == Some(SessionId(bytes))
            });
            prop_assert!(spellings.count() <= 1);
        }
    }

    #[test]
    fn fresh_ids_are_their_streams_own_and_never_the_same() {
        let (ours, theirs) = (mint(), Mint::new(&[8; 32]));
        let made: Vec<_> = (0..1_000).map(|_| ours.fresh(&stream('a'))).collect();
        assert!(made.iter().all(|id| ours.made(*id, &stream('a'))));
        assert!(!made.iter().any(|id| ours.made(*id, &stream('b')) || theirs.made(*id, &stream('a'))));
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len());
    }

    #[test]
    fn strangers_are_told_apart_by_address_and_program() {
        let stranger =
            |address: &str, agent: &[u8]| mint().stranger(address.parse().expect("an address"), agent);
        let one = stranger("10.0.0.1", b"vlc");
        assert_eq!(one, stranger("::ffff:10.0.0.1", b"vlc"));
        assert_ne!(one, stranger("10.0.0.2", b"vlc"));
        assert_ne!(one, stranger("10.0.0.1", b"mpv"));
        let home = stranger("2001:db8:0:1::1", b"vlc");
        assert_eq!(home, stranger("2001:db8:0:1:ffff::2", b"vlc"));
        assert_ne!(home, stranger("2001:db8:0:2::1", b"vlc"));
        let endless = vec![b'x'; 100_000];
        assert_eq!(stranger("10.0.0.1", &endless), stranger("10.0.0.1", &endless[..AGENT]));
    }

    #[test]
    fn the_id_is_found_among_directives() {
        assert_eq!(find("_HLS_msn=3&session=abc&_HLS_part=1"), Some("abc"));
        assert_eq!(find("session=&session=x"), Some(""));
        assert_eq!(find("sessions=1&mysession=2&session"), None);
        assert_eq!(find(""), None);
    }
}
