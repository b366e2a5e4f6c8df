//! Chat tokens: what `CreateChatToken` gives out and a connection is opened with.
//!
//! Promise: a token is readable and makeable only with a key of the installation; its characters are those
//! of a WebSocket subprotocol (RFC 7230 `token`, RFC 6455 4.1); opening one that is garbage costs no more
//! than its length and says nothing of why.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::{Arn, ChatCapability};
use serde::{Deserialize, Serialize};

/// Bytes of AES-GCM's nonce.
pub const NONCE: usize = 12;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatClaims {
    /// Names this token among all; what is kept of it once it was used.
    pub id: [u8; 16],
    /// The room it opens.
    pub room: Arn,
    /// Who comes, 1 to 128 characters.
    pub user: String,
    /// Shown with each message of the user.
    pub attributes: BTreeMap<String, String>,
    /// What the user may do besides reading.
    pub capabilities: Vec<ChatCapability>,
    /// Until when it opens a connection, in milliseconds since 1970.
    pub token_expires_at: i64,
    /// Until when that connection lasts, in milliseconds since 1970.
    pub session_expires_at: i64,
}

/// A key that seals and opens tokens.
#[derive(Clone)]
pub struct ChatTokenKey {
    /// Stands in the token, so that it is found again.
    pub id: u32,
    /// AES-256.
    pub secret: [u8; 32],
}

impl std::fmt::Debug for ChatTokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChatTokenKey({})", self.id)
    }
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatTokenError {
    /// Of another form, changed, or sealed by someone else.
    #[error("not a chat token of this installation")]
    Invalid,
    /// Sealed with a key that is not here; another look at the keys may find it.
    #[error("sealed with a key that is not known")]
    UnknownKey(u32),
}

/// The longest token that is looked at, in characters.
pub const MAX_TOKEN: usize = 10 * 1024;

/// Seals claims; `nonce` is 12 bytes that were never used before with this key (random ones will do for
/// four thousand million tokens, NIST SP 800-38D 8.3). The text has at most [`MAX_TOKEN`] characters when
/// user and attributes keep to the vendor's bounds.
pub fn seal(claims: &ChatClaims, key: &ChatTokenKey, nonce: [u8; NONCE]) -> String {
    let head = Head { alg: "dir".to_owned(), enc: "A256GCM".to_owned(), kid: key.id };
    let mut token = part(&head);
    token.push('.');
    token.push_str(&part(&Shown { exp: claims.token_expires_at.div_euclid(1000) }));
    let mut sealed = encoded(&Sealed::from(claims));
    let aad = Aad::from(token.as_bytes());
    // Sealing fails only for more than 64 GiB, and then gives out nothing.
    if cipher(key).seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).is_err() {
        sealed.clear();
    }
    let mut tail = nonce.to_vec();
    tail.append(&mut sealed);
    token.push('.');
    BASE64.encode_string(tail, &mut token);
    token
}

/// Opens a token with the key that it names. Times are the caller's to check.
///
/// # Errors
/// [`ChatTokenError`].
pub fn open<'k>(
    token: &str,
    key: impl FnOnce(u32) -> Option<&'k ChatTokenKey>,
) -> Result<ChatClaims, ChatTokenError> {
    let (shown, tail) = token.rsplit_once('.').ok_or(ChatTokenError::Invalid)?;
    let (head, _) = shown.split_once('.').ok_or(ChatTokenError::Invalid)?;
    if token.len() > MAX_TOKEN {
        return Err(ChatTokenError::Invalid);
    }
    let Head { kid, .. } = read(&plain(head)?)?;
    let key = key(kid).ok_or(ChatTokenError::UnknownKey(kid))?;
    let mut tail = plain(tail)?;
    let (nonce, sealed) = tail.split_first_chunk_mut::<NONCE>().ok_or(ChatTokenError::Invalid)?;
    let (nonce, aad) = (Nonce::assume_unique_for_key(*nonce), Aad::from(shown.as_bytes()));
    let opened = cipher(key).open_in_place(nonce, aad, sealed).map_err(|_| ChatTokenError::Invalid)?;
    read::<Sealed>(opened).map(ChatClaims::from)
}

/// The first part, as a JWE's header would say it (RFC 7516 4.1).
#[derive(Serialize, Deserialize)]
struct Head {
    alg: String,
    enc: String,
    kid: u32,
}

/// The second part: there are clients that read a chat token's `exp` as that of a JWT.
#[derive(Serialize)]
struct Shown {
    exp: i64,
}

/// The claims as they are sealed; one letter each, since each byte goes over the wire twice.
#[derive(Serialize, Deserialize)]
struct Sealed {
    i: [u8; 16],
    r: Arn,
    u: String,
    a: BTreeMap<String, String>,
    c: Vec<ChatCapability>,
    t: i64,
    s: i64,
}

impl From<&ChatClaims> for Sealed {
    fn from(claims: &ChatClaims) -> Self {
        let ChatClaims { id, room, user, attributes, capabilities, token_expires_at, session_expires_at } =
            claims;
        Self {
            i: *id,
            r: room.clone(),
            u: user.clone(),
            a: attributes.clone(),
            c: capabilities.clone(),
            t: *token_expires_at,
            s: *session_expires_at,
        }
    }
}

impl From<Sealed> for ChatClaims {
    fn from(Sealed { i, r, u, a, c, t, s }: Sealed) -> Self {
        Self {
            id: i,
            room: r,
            user: u,
            attributes: a,
            capabilities: c,
            token_expires_at: t,
            session_expires_at: s,
        }
    }
}

fn cipher(key: &ChatTokenKey) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, &key.secret).expect("a secret has the 32 bytes of AES-256");
    LessSafeKey::new(key)
}

fn part(value: &impl Serialize) -> String {
    BASE64.encode(encoded(value))
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and maps of texts have a JSON form")
}

fn plain(part: &str) -> Result<Vec<u8>, ChatTokenError> {
    BASE64.decode(part).map_err(|_| ChatTokenError::Invalid)
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ChatTokenError> {
    serde_json::from_slice(bytes).map_err(|_| ChatTokenError::Invalid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(id: u32) -> ChatTokenKey {
        ChatTokenKey { id, secret: [7; 32] }
    }

    fn claims(user: &str, attributes: BTreeMap<String, String>) -> ChatClaims {
        ChatClaims {
            id: [9; 16],
            room: Arn::parse("arn:aws:ivschat:us-west-2:123456789012:room/g1H2I3j4k5L6").expect("an ARN"),
            user: user.to_owned(),
            attributes,
            capabilities: vec![ChatCapability::SendMessage, ChatCapability::DeleteMessage],
            token_expires_at: 1_760_000_300_000,
            session_expires_at: 1_760_003_600_000,
        }
    }

    fn may_stand_in_a_subprotocol(token: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !token.is_empty() && token.bytes().all(fits)
    }

    #[test]
    fn the_largest_token_of_the_vendors_bounds_is_short_enough() {
        let attributes = BTreeMap::from([("k".to_owned(), "\u{1}".repeat(1023))]);
        let claims = claims(&"\u{1}".repeat(128), attributes);
        let (key, token) = (key(u32::MAX), seal(&claims, &key(u32::MAX), [1; NONCE]));
        assert!(token.len() <= MAX_TOKEN, "{}", token.len());
        assert_eq!(open(&token, |_| Some(&key)), Ok(claims));
    }

    #[test]
    fn a_token_shows_its_expiry_as_a_jwt_would_and_nothing_else() {
        let token = seal(&claims("ada", BTreeMap::new()), &key(3), [1; NONCE]);
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(plain(parts[1]).expect("base64"), br#"{"exp":1760000300}"#);
        assert!(!token.contains("ada"));
    }

    #[test]
    fn only_its_own_key_opens_a_token() {
        let token = seal(&claims("ada", BTreeMap::new()), &key(3), [1; NONCE]);
        assert_eq!(open(&token, |_| None), Err(ChatTokenError::UnknownKey(3)));
        let other = ChatTokenKey { id: 3, secret: [8; 32] };
        assert_eq!(open(&token, |_| Some(&other)), Err(ChatTokenError::Invalid));
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened_equal(user in "\\PC{1,40}", name in "\\PC{0,20}", value in "\\PC{0,60}") {
            let claims = claims(&user, BTreeMap::from([(name, value)]));
            let key = key(1);
            let token = seal(&claims, &key, [5; NONCE]);
            prop_assert!(may_stand_in_a_subprotocol(&token));
            prop_assert_eq!(open(&token, |_| Some(&key)), Ok(claims));
        }

        #[test]
        fn a_token_that_was_changed_anywhere_is_refused(at in 0..400usize, by in 1u8..64) {
            let key = key(1);
            let mut token = seal(&claims("ada", BTreeMap::new()), &key, [5; NONCE]).into_bytes();
            let at = at % token.len();
            token[at] = token[at].wrapping_add(by) & 0x7f;
            let token = String::from_utf8(token).expect("ASCII");
            prop_assert!(open(&token, |_| Some(&key)).is_err());
        }

        #[test]
        fn garbage_is_refused(text in "\\PC{0,300}") {
            prop_assert!(open(&text, |_| None).is_err());
        }
    }
}
