//! Public keys as callers hand them in: one PEM block with a key on P-384 (user guide, "Create or import a
//! playback key").
//!
//! Promise: what is taken is a point on the curve in the one DER form that every library writes, so a key
//! has one fingerprint; what is not is refused in words that name what it is, and none of it is repeated.

use api::ApiError;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

/// What a SubjectPublicKeyInfo (RFC 5280, 4.1; RFC 5480, 2) of a key on P-384 begins with: all but the two
/// coordinates of its uncompressed point.
const HEAD: [u8; 24] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
    0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
];
const LENGTH: usize = HEAD.len() + 2 * 48;

/// Bytes of [`HEAD`] that are the curve's name.
const P384: std::ops::Range<usize> = 13..20;

/// The DER encoded names of algorithms that people hold keys of.
const OTHER_ALGORITHMS: [(&[u8], &str); 7] = [
    (&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], "an RSA key"),
    (&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a], "an RSA-PSS key"),
    (&[0x06, 0x03, 0x2b, 0x65, 0x70], "an Ed25519 key"),
    (&[0x06, 0x03, 0x2b, 0x65, 0x71], "an Ed448 key"),
    (&[0x06, 0x03, 0x2b, 0x65, 0x6e], "an X25519 key"),
    (&[0x06, 0x03, 0x2b, 0x65, 0x6f], "an X448 key"),
    (&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], "a DSA key"),
];
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OTHER_CURVES: [(&[u8], &str); 4] = [
    (&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "an EC key on the curve P-256"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23], "an EC key on the curve P-521"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a], "an EC key on the curve secp256k1"),
    (&[0x30], "an EC key whose curve is given by parameters instead of a name"),
];

/// A public key on P-384.
#[derive(Debug)]
pub(crate) struct PublicKey {
    der: Vec<u8>,
}

impl PublicKey {
    /// Reads the `publicKeyMaterial` of a call. Space around the block, at the ends of its lines and any
    /// kind of line break are tolerated.
    pub(crate) fn parse(material: &str) -> Result<Self, ApiError> {
        let der = unwrap(material.trim()).and_then(checked);
        let der = der.map_err(|why| ApiError::validation(format!("publicKeyMaterial: {why}")))?;
        Ok(Self { der })
    }

    /// MD5 over the DER, as lower-case pairs joined by colons.
    pub(crate) fn fingerprint(&self) -> String {
        Md5::digest(&self.der).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }

    /// The DER in hexadecimal digits.
    pub(crate) fn to_hex(&self) -> String {
        hex::encode(&self.der)
    }
}

/// The bytes in a block of RFC 7468.
fn unwrap(text: &str) -> Result<Vec<u8>, String> {
    if text.contains("PRIVATE KEY-----") {
        return Err("this is a private key; keep it, and import the public key that belongs to it".to_owned());
    }
    if text.contains("\\n") {
        return Err("there are backslashes with an n where line breaks should be".to_owned());
    }
    if text.matches("-----BEGIN ").count() > 1 {
        return Err("there is more than one PEM block; one public key is expected".to_owned());
    }
    let block = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    let (label, rest) = block.ok_or("not a PEM block that begins with -----BEGIN PUBLIC KEY-----")?;
    match label {
        "PUBLIC KEY" => {}
        "CERTIFICATE" => return Err(expected("a certificate")),
        "RSA PUBLIC KEY" => return Err(expected("an RSA key")),
        "EC PARAMETERS" => return Err(expected("a set of EC parameters")),
        _ => return Err("a PEM block of another kind than PUBLIC KEY".to_owned()),
    }
    let body = rest.strip_suffix("-----END PUBLIC KEY-----");
    let body = body.ok_or("the PEM block does not end with -----END PUBLIC KEY-----")?;
    let digits: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(digits).map_err(|_| "what is in the PEM block is not base64".to_owned())
}

/// The key itself, unless it is none that can be taken.
fn checked(der: Vec<u8>) -> Result<Vec<u8>, String> {
    if der.len() != LENGTH || !der.starts_with(&HEAD) {
        return Err(unfit(&der));
    }
    match ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &der) {
        Ok(_) => Ok(der),
        Err(_) => Err("the key's point is not on the curve P-384".to_owned()),
    }
}

/// Why this is no key that can be taken.
fn unfit(der: &[u8]) -> String {
    let known = |names: &[(&[u8], &str)], algorithm: &[u8]| {
        names.iter().find(|(name, _)| algorithm.starts_with(name)).map(|(_, what)| expected(what))
    };
    let broken = || "not a well-formed SubjectPublicKeyInfo".to_owned();
    let Some(algorithm) = sequence(der).and_then(sequence) else { return broken() };
    let Some(curve) = algorithm.strip_prefix(EC) else {
        return known(&OTHER_ALGORITHMS, algorithm).unwrap_or_else(broken);
    };
    if !curve.starts_with(&HEAD[P384]) {
        return known(&OTHER_CURVES, curve).unwrap_or_else(|| expected("an EC key on another curve"));
    }
    match curve.get(HEAD[P384].len()..) {
        Some([0x03, 0x32, 0x00, 2 | 3, ..]) => {
            "the key's point is compressed; write it in full (openssl ec -conv_form uncompressed)".to_owned()
        }
        _ => broken(),
    }
}

fn expected(found: &str) -> String {
    format!("this is {found}; the public key of an EC key pair on the curve P-384 is expected")
}

/// What stands behind the head of a DER sequence; its length is not looked at.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, 0..=0x7f, content @ ..] | [0x30, 0x81, _, content @ ..] | [0x30, 0x82, _, _, content @ ..] => {
            Some(content)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa;
    use aws_lc_rs::signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
    };
    use proptest::prelude::*;

    use super::*;

    /// Made by `openssl ecparam -name secp384r1 -genkey`, then `openssl ec -pubout`.
    const SAMPLE: &str = "-----BEGIN PUBLIC KEY-----\n\
        MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAED5W4FWC0vHPKp4cazJDJkKwV3VxHnp+0\n\
        PvoydpLWLumejffQ4pH/x6e0JtBjW3kMQ5mLnWbnwfO+SDnIKPt75ApcU2oBrBtl\n\
        vnoDo4gb1qkf3xHQTvjDm5Yain49VDO4\n\
        -----END PUBLIC KEY-----\n";
    /// By `openssl ec -pubin -outform DER | openssl md5 -c`.
    const FINGERPRINT: &str = "ce:01:e1:bd:09:54:bb:4c:70:07:c0:73:6f:09:b6:b4";

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    fn public(der: &[u8]) -> String {
        pem("PUBLIC KEY", der)
    }

    fn der() -> Vec<u8> {
        PublicKey::parse(SAMPLE).expect("the sample is good").der
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
        let pair = EcdsaKeyPair::generate(algorithm).expect("a key pair");
        pair.public_key().as_der().expect("an X.509 form").as_ref().to_vec()
    }

    fn why(material: &str) -> String {
        let error = PublicKey::parse(material).expect_err("a refusal");
        assert_eq!(error.wire().1, "ValidationException");
        error.to_string()
    }

    #[test]
    fn the_fingerprint_is_the_one_that_openssl_computes() {
        assert_eq!(PublicKey::parse(SAMPLE).expect("the sample is good").fingerprint(), FINGERPRINT);
    }

    #[test]
    fn line_breaks_and_space_do_not_matter() {
        for material in [
            SAMPLE.trim_end().to_owned(),
            format!("\r\n \t{SAMPLE}\n\n\n"),
            SAMPLE.replace('\n', "\r\n"),
            SAMPLE.replace('\n', "  \n"),
            SAMPLE.replace('\n', "\n    "),
            SAMPLE.replace('\n', ""),
            public(&der()),
        ] {
            let key = PublicKey::parse(&material).unwrap_or_else(|error| panic!("{error}: {material:?}"));
            assert_eq!(key.fingerprint(), FINGERPRINT);
        }
    }

    #[test]
    fn whatever_key_pair_is_made_its_public_key_is_taken() {
        for _ in 0..20 {
            let der = ec(&ECDSA_P384_SHA384_FIXED_SIGNING);
            assert_eq!(PublicKey::parse(&public(&der)).expect("a good key").to_hex(), hex::encode(der));
        }
    }

    #[test]
    fn other_keys_are_refused_by_name() {
        let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key pair");
        let rsa = rsa.public_key().as_der().expect("an X.509 form");
        let edwards = Ed25519KeyPair::generate().expect("a key pair");
        let edwards = edwards.public_key().as_der().expect("an X.509 form");
        for (der, name) in [
            (rsa.as_ref(), "this is an RSA key; "),
            (edwards.as_ref(), "this is an Ed25519 key; "),
            (&ec(&ECDSA_P256_SHA256_FIXED_SIGNING), "this is an EC key on the curve P-256; "),
            (&ec(&ECDSA_P521_SHA512_FIXED_SIGNING), "this is an EC key on the curve P-521; "),
            (&ec(&signature::ECDSA_P256K1_SHA256_ASN1_SIGNING), "this is an EC key on the curve secp256k1; "),
        ] {
            let text = why(&public(der));
            assert!(text.starts_with(&format!("publicKeyMaterial: {name}")), "{text}");
            assert!(text.ends_with("on the curve P-384 is expected"), "{text}");
        }
    }

    #[test]
    fn other_blocks_are_refused_by_name() {
        for (material, reason) in [
            (String::new(), "not a PEM block"),
            ("hello".to_owned(), "not a PEM block"),
            (STANDARD.encode(der()), "not a PEM block"),
            (format!("a key:\n{SAMPLE}"), "not a PEM block"),
            (format!("{SAMPLE}bye"), "does not end with"),
            (SAMPLE.replace("END PUBLIC", "END PUBIC"), "does not end with"),
            ("-----BEGIN PUBLIC KEY-----".to_owned(), "does not end with"),
            (format!("{SAMPLE}{SAMPLE}"), "more than one"),
            (pem("CERTIFICATE", &der()), "a certificate"),
            (pem("RSA PUBLIC KEY", &der()), "an RSA key"),
            (pem("EC PARAMETERS", &der()), "EC parameters"),
            (pem("X", &der()), "another kind"),
            (SAMPLE.replace('M', "*"), "not base64"),
            (SAMPLE.replace('\n', "\\n"), "backslashes"),
            (public(&[]), "not a well-formed"),
            (public(&der()[..119]), "not a well-formed"),
            (public(&[der(), vec![0]].concat()), "not a well-formed"),
        ] {
            let text = why(&material);
            assert!(text.contains(reason), "{text}: {material:?}");
        }
    }

    #[test]
    fn a_private_key_is_refused_and_not_repeated() {
        let secret = STANDARD.encode([7; 48]);
        for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            let block = pem(label, &[7; 48]);
            for material in [block.clone(), format!("{SAMPLE}{block}"), pem("EC PARAMETERS", &[6]) + &block] {
                let text = why(&material);
                assert!(text.contains("private key") && !text.contains(&secret), "{text}");
            }
        }
    }

    #[test]
    fn compressed_points_and_points_beside_the_curve_are_refused() {
        let mut compressed = der();
        compressed.truncate(LENGTH - 48);
        (compressed[1], compressed[21], compressed[23]) = (0x46, 0x32, 0x02);
        assert!(why(&public(&compressed)).contains("compressed"));
        let mut beside = der();
        beside[LENGTH - 1] ^= 1;
        assert!(why(&public(&beside)).contains("not on the curve"));
        assert!(why(&public(&[&HEAD[..], &[0; 96]].concat())).contains("not on the curve"));
        assert!(why(&public(&[&HEAD[..], &[0xff; 96]].concat())).contains("not on the curve"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_key_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(PublicKey::parse(&public(&bytes)).is_err());
        }

        #[test]
        fn a_key_with_a_changed_byte_is_refused(place in 0..LENGTH, change in 1..=255u8) {
            let mut der = der();
            der[place] ^= change;
            prop_assert!(PublicKey::parse(&public(&der)).is_err());
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,200}") {
            prop_assert!(PublicKey::parse(&text).is_err());
            let _ = PublicKey::parse(&format!("-----BEGIN PUBLIC KEY-----{text}-----END PUBLIC KEY-----"));
        }
    }
}
