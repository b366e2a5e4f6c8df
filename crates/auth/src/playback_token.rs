//! Playback tokens: what opens a private channel to a viewer (user guide, "Generate and sign playback tokens").
//!
//! A token is a JWT (RFC 7519) that the account's own server signs by ES384 with the private half of a playback
//! key pair. It names no key, so each of the account's may have signed it.
//!
//! Promise: what costs little is looked at first and the signature last; claims are given out by [`Unproven::verify`]
//! alone; a token is read in one way only (no member twice, no second spelling of base64) or not at all, and a
//! refusal repeats nothing of it.

mod claims;
mod key;
mod refusal;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::{Arn, strict_json};
use serde_json::{Map, Value};

pub use claims::{MAX_LIFE, MAX_STRICT_ORIGINS, MAX_VIEWER, PlaybackClaims, TokenViewer};
pub use key::{PlaybackKey, PlaybackSigner, SignerError};
pub use refusal::Refusal;

/// The longest token that is looked at, in bytes (user guide, "Service quotas": 2 KB).
pub const MAX_TOKEN: usize = 2_048;

/// Bytes of a signature: two numbers of 48 bytes (RFC 7518, 3.4).
const SIGNATURE: usize = 96;

/// A token that says what it should. Who says so is not proven.
#[derive(Clone, Debug)]
pub struct Unproven<'t> {
    /// Header and claims, as they were signed.
    message: &'t str,
    signature: [u8; SIGNATURE],
    claims: PlaybackClaims,
}

/// Reads a token for a channel at a time, in milliseconds since 1970.
///
/// # Errors
/// [`Refusal`], all but [`Refusal::Signature`].
pub fn read<'t>(token: &'t str, channel: &Arn, now_ms: i64) -> Result<Unproven<'t>, Refusal> {
    if token.len() > MAX_TOKEN {
        return Err(Refusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Form)?;
    let (header, payload) = message.split_once('.').ok_or(Refusal::Form)?;
    let signature = decode(signature)?.try_into().map_err(|_| Refusal::SignatureLength)?;
    check_header(&object(header).ok_or(Refusal::Header)?)?;
    let claims = claims::read(&object(payload).ok_or(Refusal::Claims)?)?;
    claims.check(channel, now_ms)?;
    Ok(Unproven { message, signature, claims })
}

impl Unproven<'_> {
    /// What it says, though anybody may have said so: not to be acted on.
    pub fn unproven_claims(&self) -> &PlaybackClaims {
        &self.claims
    }

    /// Gives the claims out if this key has signed them.
    pub fn verify(&self, key: &PlaybackKey) -> Option<PlaybackClaims> {
        key.verifies(self.message.as_bytes(), &self.signature).then(|| self.claims.clone())
    }
}

/// Signs claims, in the JSON that they are to stand in, as a token.
///
/// # Errors
/// [`SignerError::Sign`].
pub fn sign(claims: &Value, signer: &PlaybackSigner) -> Result<String, SignerError> {
    let header = BASE64.encode(r#"{"alg":"ES384","typ":"JWT"}"#);
    let message = format!("{header}.{}", BASE64.encode(claims.to_string()));
    let signature = signer.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", BASE64.encode(signature)))
}

/// The algorithm is this one whatever the header says, so that nobody else chooses it. `kid` and other members
/// that say nothing to us are ignored (RFC 7515, 4), but for those that must be understood (4.1.11).
fn check_header(header: &Map<String, Value>) -> Result<(), Refusal> {
    if header.get("alg").and_then(Value::as_str) != Some("ES384") {
        return Err(Refusal::Algorithm);
    }
    if header.contains_key("crit") {
        return Err(Refusal::Critical);
    }
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("JWT") => Ok(()),
        Some(_) => Err(Refusal::Kind),
    }
}

/// Base64 without padding, whose last character has no bits to spare: one text for one value.
fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    BASE64.decode(part).map_err(|_| Refusal::Form)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let text = String::from_utf8(decode(part).ok()?).ok()?;
    match strict_json::parse(&text) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
