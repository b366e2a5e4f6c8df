//! Passes: what a viewer shows with each request after the first, and what tells one session from another.
//!
//! Promise: a pass that was made here is told from an invented one without any state and holds for one stream only.
//! That of a public channel is nothing but random bits; that of a private one also says what its holder's token
//! allowed, and names the viewer to nobody but the servers.

mod house;
mod recording;

use std::fmt;

use auth::playback_token::{PlaybackClaims, TokenViewer};
use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Arn, MultitrackResolution, StreamId};

use crate::entropy;
use crate::readers::Readers;

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
    /// Of the holder of a token.
    rights: Option<Box<Rights>>,
}

/// What a token allowed.
#[derive(Clone, PartialEq, Eq)]
struct Rights {
    /// As it stands in a path.
    text: String,
    viewer: Option<Holder>,
    /// Strictly enforced; empty: all.
    origins: String,
    cap: Option<MultitrackResolution>,
    /// Given by the house itself: restrictions do not apply.
    is_house: bool,
    /// Which pages may read the answer to the request at hand.
    readers: Readers,
}

/// What a pass is to say.
struct Terms {
    viewer: Option<Holder>,
    origins: String,
    cap: Option<MultitrackResolution>,
    is_house: bool,
}

/// A viewer who can be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Stands for the viewer of a channel.
    pub(crate) tag: ViewerTag,
    pub(crate) version: i64,
}

/// Stands for a viewer of a channel wherever the name would tell too much.
pub(crate) type ViewerTag = [u8; TAG];

impl Pass {
    /// Whose it is, if that was said.
    pub(crate) fn holder(&self) -> Option<Holder> {
        self.rights.as_ref()?.viewer
    }

    /// The largest picture for its holder.
    pub(crate) fn cap(&self) -> Option<MultitrackResolution> {
        self.rights.as_ref()?.cap
    }

    /// Was it given by the house itself, for who runs the channel?
    pub(crate) fn is_house(&self) -> bool {
        self.rights.as_ref().is_some_and(|rights| rights.is_house)
    }

    /// Which pages may read the answer to the request that it was made for or shown with.
    pub(crate) fn readers(&self) -> Readers {
        self.rights.as_ref().map_or(Readers::Everyone, |rights| rights.readers.clone())
    }

    /// The same, for an answer that these may read.
    pub(crate) fn with_readers(mut self, readers: Readers) -> Self {
        if let Some(rights) = &mut self.rights {
            rights.readers = readers;
        }
        self
    }

    /// Which of the pages that are strictly wanted asks.
    pub(crate) fn strict_readers(&self, origin: Option<&[u8]>) -> Readers {
        let origins = self.rights.as_ref().map_or("", |rights| rights.origins.as_str());
        Readers::of(origins.split(','), origin)
    }
}

/// As it stands in a path.
impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rights {
            Some(rights) => f.write_str(&rights.text),
            None => self.session.fmt(f),
        }
    }
}

/// As little as a session's.
impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rights")
    }
}

/// Makes passes, and knows its own.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    key: hmac::Key,
}

/// What a proof is about; keeps the uses of the key apart.
const SESSION: &[u8] = b"session\0";
const PRIVATE: &[u8] = b"private pass\0";
const VIEWER: &[u8] = b"viewer\0";

/// Bytes that stand for a viewer, and those that prove a private pass.
const TAG: usize = 16;
/// The longest private pass that is looked at, in characters. A token's origins, the only part without a length of
/// its own, are shorter than the token.
const LONGEST: usize = 2_812;

/// What a private pass says of itself.
const HAS_VIEWER: u8 = 1;
const CAP_SHIFT: u8 = 1;
const IS_HOUSE: u8 = 1 << 3;
/// What else a pass may say of itself is not known here.
const KINDS: u8 = 1 << 4;
const CAPS: [Option<MultitrackResolution>; 4] = [
    None,
    Some(MultitrackResolution::Sd),
    Some(MultitrackResolution::Hd),
    Some(MultitrackResolution::FullHd),
];

impl Mint {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A fresh pass for a session of this stream.
    pub(crate) fn fresh(&self, stream: &StreamId) -> Pass {
        Pass { session: self.proven(random(), stream), rights: None }
    }

    /// A fresh pass for the holder of a token.
    pub(crate) fn private(&self, stream: &StreamId, claims: &PlaybackClaims) -> Pass {
        self.vouch(PRIVATE, stream.as_str(), &[], self.terms(claims))
    }

    /// What a token allows.
    fn terms(&self, claims: &PlaybackClaims) -> Terms {
        let origins = claims.strict.then(|| claims.origins().collect::<Vec<_>>().join(","));
        Terms {
            viewer: self.holder(claims),
            origins: origins.unwrap_or_default(),
            cap: claims.maximum_resolution,
            is_house: false,
        }
    }

    /// Whose the token is, if it says so.
    pub(crate) fn holder(&self, claims: &PlaybackClaims) -> Option<Holder> {
        let TokenViewer { id, version } = claims.viewer.as_ref()?;
        Some(Holder { tag: self.tag(&claims.channel, id), version: *version })
    }

    /// A pass for what `subject` names. `first` is said before its terms.
    fn vouch(&self, purpose: &[u8], subject: &str, first: &[u8], terms: Terms) -> Pass {
        let Terms { viewer, origins, cap, is_house } = terms;
        let mut bytes = random().to_vec();
        bytes.extend(first);
        let level = CAPS.iter().position(|known| *known == cap).and_then(|at| u8::try_from(at).ok());
        let kinds = [(viewer.is_some(), HAS_VIEWER), (is_house, IS_HOUSE)];
        let kind = kinds.into_iter().fold(0, |sum, (is, kind)| if is { sum | kind } else { sum });
        bytes.push(level.unwrap_or(0) << CAP_SHIFT | kind);
        if let Some(Holder { tag, version }) = viewer {
            bytes.extend(tag);
            bytes.extend(version.to_be_bytes());
        }
        bytes.extend(origins.as_bytes());
        let proof = self.proof(&[purpose, &bytes, subject.as_bytes()]);
        bytes.extend(proof);
        let session = session(&bytes, &proof);
        let text = URL_SAFE_NO_PAD.encode(&bytes);
        let rights = Rights { text, viewer, origins, cap, is_house, readers: Readers::Everyone };
        Pass { session, rights: Some(Box::new(rights)) }
    }

    /// Reads a pass; `None` unless it was made here, for this stream.
    pub(crate) fn read(&self, stream: &StreamId, text: &str) -> Option<Pass> {
        if text.len() != CHARACTERS {
            return self.read_private(stream, text);
        }
        let session = SessionId::parse(text)?;
        let mut random = [0; RANDOM];
        random.copy_from_slice(&session.0[..RANDOM]);
        let proven = constant_time::verify_slices_are_equal(&self.proven(random, stream).0, &session.0);
        proven.is_ok().then_some(Pass { session, rights: None })
    }

    fn read_private(&self, stream: &StreamId, text: &str) -> Option<Pass> {
        let (session, said) = self.proven_words(PRIVATE, stream.as_str(), text)?;
        Some(Pass { session, rights: Some(Box::new(rights(text, &said)?)) })
    }

    /// What a pass that was made here for this purpose and subject says behind its random bits.
    fn proven_words(&self, purpose: &[u8], subject: &str, text: &str) -> Option<(SessionId, Vec<u8>)> {
        let bytes = (text.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        let (said, given) = bytes.split_last_chunk::<TAG>()?;
        let proof = self.proof(&[purpose, said, subject.as_bytes()]);
        constant_time::verify_slices_are_equal(&proof, given).ok()?;
        let (_, said) = said.split_first_chunk::<RANDOM>()?;
        Some((session(&bytes, &proof), said.to_vec()))
    }

    /// What stands for a viewer of a channel.
    pub(crate) fn tag(&self, channel: &Arn, viewer: &str) -> ViewerTag {
        self.proof(&[VIEWER, channel.to_string().as_bytes(), b"\0", viewer.as_bytes()])
    }

    fn proof(&self, parts: &[&[u8]]) -> [u8; TAG] {
        let mut proof = hmac::Context::with_key(&self.key);
        parts.iter().for_each(|part| proof.update(part));
        let mut bytes = [0; TAG];
        bytes.copy_from_slice(&proof.sign().as_ref()[..TAG]);
        bytes
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

/// What a token allowed, as its pass says it.
fn rights(text: &str, said: &[u8]) -> Option<Rights> {
    let (kind, said) = said.split_first()?;
    (*kind < KINDS).then_some(())?;
    let (viewer, origins) = if kind & HAS_VIEWER == 0 {
        (None, said)
    } else {
        let (tag, said) = said.split_first_chunk::<TAG>()?;
        let (version, said) = said.split_first_chunk::<8>()?;
        (Some(Holder { tag: *tag, version: i64::from_be_bytes(*version) }), said)
    };
    Some(Rights {
        text: text.to_owned(),
        viewer,
        origins: String::from_utf8(origins.to_vec()).ok()?,
        cap: CAPS[usize::from(kind >> CAP_SHIFT) % CAPS.len()],
        is_house: kind & IS_HOUSE != 0,
        readers: Readers::Everyone,
    })
}

fn random() -> [u8; RANDOM] {
    let mut random = [0; RANDOM];
    entropy::fill(&mut random);
    random
}

/// The session of a private pass: what is random in it, and some of what proves it.
fn session(bytes: &[u8], proof: &[u8; TAG]) -> SessionId {
    let mut id = [0; 2 * RANDOM];
    id[..RANDOM].copy_from_slice(&bytes[..RANDOM]);
    id[RANDOM..].copy_from_slice(&proof[..RANDOM]);
    SessionId(id)
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

    fn claims(more: impl FnOnce(&mut PlaybackClaims)) -> PlaybackClaims {
        let channel = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123".parse().expect("an ARN");
        let mut claims = PlaybackClaims {
            channel,
            expires_at: 0,
            origins: String::new(),
            strict: false,
            single_use: None,
            viewer: None,
            maximum_resolution: None,
        };
        more(&mut claims);
        claims
    }

    fn ada(version: i64) -> PlaybackClaims {
        claims(|claims| claims.viewer = Some(TokenViewer { id: "ada".to_owned(), version }))
    }

    #[test]
    fn a_private_pass_says_what_its_token_allowed() {
        let origins = "https://a.com, https://*.b.com";
        let caps = [
            None,
            Some(MultitrackResolution::Sd),
            Some(MultitrackResolution::Hd),
            Some(MultitrackResolution::FullHd),
        ];
        for (version, cap) in [0, -1, i64::MAX, i64::MIN].into_iter().zip(caps) {
            let mut claims = ada(version);
            (claims.origins, claims.strict, claims.maximum_resolution) = (origins.to_owned(), true, cap);
            let made = mint().private(&stream('a'), &claims);
            let read = mint().read(&stream('a'), &made.to_string()).expect("our own");
            assert_eq!(read, made);
            assert_eq!(read.holder().map(|holder| holder.version), Some(version));
            assert_eq!(read.holder().map(|holder| holder.tag), Some(mint().tag(&claims.channel, "ada")));
            assert_eq!(read.cap(), cap);
            assert_eq!(read.strict_readers(None), Readers::Nobody);
            assert!(matches!(read.strict_readers(Some(b"https://x.b.com")), Readers::Only(_)));
        }
    }

    #[test]
    fn origins_that_are_not_strict_are_no_matter_of_a_pass() {
        let pass =
            mint().private(&stream('a'), &claims(|claims| claims.origins = "https://a.com".to_owned()));
        assert_eq!(pass.strict_readers(None), Readers::Everyone);
        assert_eq!((pass.holder(), pass.cap()), (None, None));
        assert_eq!(pass.to_string().len(), 34);
    }

    #[test]
    fn a_pass_names_its_viewer_to_nobody() {
        let pass = mint().private(&stream('a'), &ada(0)).to_string();
        let bytes = URL_SAFE_NO_PAD.decode(&pass).expect("base64");
        assert!(!bytes.windows(3).any(|three| three == b"ada"));
        let other = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0124".parse().expect("an ARN");
        let tag = |mint: Mint, channel: &Arn, viewer: &str| mint.tag(channel, viewer);
        let ours = tag(mint(), &ada(0).channel, "ada");
        assert_ne!(ours, tag(mint(), &ada(0).channel, "adb"));
        assert_ne!(ours, tag(mint(), &other, "ada"));
        assert_ne!(ours, tag(Mint::new(&[8; 32]), &ada(0).channel, "ada"));
    }

    #[test]
    fn the_longest_token_makes_a_pass_that_is_read() {
        let claims = claims(|claims| {
            claims.origins = vec!["https://a.com"; 145].join(",");
            claims.strict = true;
            claims.viewer = Some(TokenViewer { id: "ä".repeat(40), version: 1 });
        });
        assert!(claims.origins.len() > auth::playback_token::MAX_TOKEN * 9 / 10);
        let pass = mint().private(&stream('a'), &claims).to_string();
        assert!(mint().read(&stream('a'), &pass).is_some(), "{}", pass.len());
    }

    proptest! {
        #[test]
        fn a_changed_private_pass_is_an_invented_one(at in 0..400_usize, by in 1_u8..128, long in "[a-z,]{0,99}") {
            let claims = claims(|claims| (claims.origins, claims.strict) = (long, true));
            let pass = mint().private(&stream('a'), &claims).to_string();
            prop_assert_eq!(mint().read(&stream('b'), &pass), None);
            prop_assert_eq!(Mint::new(&[8; 32]).read(&stream('a'), &pass), None);
            let mut changed = pass.into_bytes();
            let at = at % changed.len();
            changed[at] = changed[at].wrapping_add(by) & 0x7f;
            let changed = String::from_utf8(changed).expect("ASCII");
            prop_assert_eq!(mint().read(&stream('a'), &changed), None);
        }
    }
}
