//! The two halves of a playback key pair.
//!
//! Promise: the algorithm is ES384, which no token can change; a private key shows neither in `Debug` output nor
//! in an error's text.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, ParsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The public half: proves tokens.
pub struct PlaybackKey(ParsedPublicKey);

impl PlaybackKey {
    /// From a SubjectPublicKeyInfo in DER; `None` when that is no key on P-384.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, der).ok().map(Self)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PlaybackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaybackKey")
    }
}

/// The private half: signs tokens.
pub struct PlaybackSigner(EcdsaKeyPair);

/// Why nothing can be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Without a private key in it.
    #[error("there is no PEM block PRIVATE KEY or EC PRIVATE KEY")]
    NoKey,
    /// With a passphrase.
    #[error(
        "the private key is encrypted; openssl ec -in KEY -out PLAIN-KEY writes it down without a passphrase"
    )]
    Encrypted,
    /// Of another kind, or broken.
    #[error("the private key is not one of an EC key pair on the curve P-384")]
    Unfit,
    /// It happens to no sound key.
    #[error("the private key signs nothing")]
    Sign,
}

/// The kinds of PEM block that hold a private key: PKCS #8 (RFC 5958), and SEC 1 as OpenSSL's older commands write
/// it (RFC 5915), behind a block of parameters.
const PKCS8: &str = "PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";

impl PlaybackSigner {
    /// From a text with a PEM block, in either of the two forms that OpenSSL writes.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn from_pem(text: &str) -> Result<Self, SignerError> {
        let block = |label: &str| {
            let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
            text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(body, _)| body)
        };
        if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(SignerError::Encrypted);
        }
        let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let pair = match (block(PKCS8), block(SEC1)) {
            (Some(body), _) => EcdsaKeyPair::from_pkcs8(algorithm, &der(body)?),
            (None, Some(body)) => EcdsaKeyPair::from_private_key_der(algorithm, &der(body)?),
            (None, None) => return Err(SignerError::NoKey),
        };
        pair.map(Self).map_err(|_| SignerError::Unfit)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| SignerError::Sign)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for PlaybackSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaybackSigner")
    }
}

fn der(body: &str) -> Result<Vec<u8>, SignerError> {
    let digits: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(digits).map_err(|_| SignerError::Unfit)
}
