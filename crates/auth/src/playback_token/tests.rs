//! Tokens of every kind: each claim and each rule, valid, at its bound and beyond.
//!
//! Promise: a case stands in a table, and what it is refused for is named.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::engine::general_purpose::STANDARD;
use domain::MultitrackResolution;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";
/// In seconds, as tokens have it.
const NOW: i64 = 1_800_000_000;

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

struct Pair {
    signer: PlaybackSigner,
    key: PlaybackKey,
}

fn pair() -> Pair {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key pair");
    let pkcs8 = pair.to_pkcs8v1().expect("its form");
    let public = pair.public_key().as_der().expect("its form");
    Pair {
        signer: PlaybackSigner::from_pem(&pem("PRIVATE KEY", pkcs8.as_ref())).expect("a good key"),
        key: PlaybackKey::from_der(public.as_ref()).expect("a good key"),
    }
}

fn channel() -> Arn {
    CHANNEL.parse().expect("an ARN")
}

/// The claims that must be there, and these.
fn with(claims: &Value) -> Value {
    let mut all = json!({ "aws:channel-arn": CHANNEL, "exp": NOW + 60 });
    let (all_members, more) =
        (all.as_object_mut().expect("an object"), claims.as_object().expect("an object"));
    all_members.extend(more.clone());
    all
}

fn encoded(header: &str, claims: &str) -> String {
    format!("{}.{}.{}", BASE64.encode(header), BASE64.encode(claims), BASE64.encode([0; SIGNATURE]))
}

const HEADER: &str = r#"{"alg":"ES384","typ":"JWT"}"#;

fn read_claims(claims: &Value) -> Result<PlaybackClaims, Refusal> {
    let token = encoded(HEADER, &claims.to_string());
    read(&token, &channel(), NOW * 1_000).map(|token| token.claims)
}

#[test]
fn a_signed_token_gives_its_claims_to_its_own_key_alone() {
    let (ours, theirs) = (pair(), pair());
    let claims = with(&json!({
        "aws:access-control-allow-origin": "https://a.com, https://*.b.com,,",
        "aws:strict-origin-enforcement": true,
        "aws:viewer-id": "ada",
        "aws:viewer-session-version": 7,
        "aws:single-use-uuid": "0190F8E0-0000-7000-8000-0123456789ab",
        "aws:maximum-resolution": "HD",
        "iss": "unknown claims say nothing",
        "nbf": NOW + 9,
    }));
    let token = sign(&claims, &ours.signer).expect("a token");
    let unproven = read(&token, &channel(), NOW * 1_000).expect("what it should be");
    assert_eq!(unproven.verify(&theirs.key), None, "someone else's key");
    let claims = unproven.verify(&ours.key).expect("its own key");
    assert_eq!(claims.channel, channel());
    assert_eq!(claims.expires_at, NOW + 60);
    assert_eq!(claims.origins().collect::<Vec<_>>(), ["https://a.com", "https://*.b.com"]);
    assert!(claims.strict);
    assert_eq!(claims.viewer, Some(TokenViewer { id: "ada".to_owned(), version: 7 }));
    assert_eq!(claims.single_use.map(|id| id[15]), Some(0xab));
    assert_eq!(claims.maximum_resolution, Some(MultitrackResolution::Hd));
}

#[test]
fn a_token_with_what_must_be_there_leaves_all_else_open() {
    let claims = read_claims(&with(&json!({}))).expect("a good token");
    assert_eq!(claims.origins().count(), 0);
    assert!(!claims.strict);
    assert_eq!((claims.single_use, claims.viewer, claims.maximum_resolution), (None, None, None));
}

fn bad(claim: &'static str) -> Option<&'static str> {
    Some(claim)
}

#[test]
fn each_claim_is_held_to_its_rule() {
    const GOOD: Option<&str> = None;
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    let origins = |count: usize| vec!["https://a.com"; count].join(",");
    for (claims, refused) in [
        (json!({ "aws:channel-arn": 7 }), bad("aws:channel-arn is not a text")),
        (json!({ "aws:channel-arn": null }), bad("aws:channel-arn is not a text")),
        (json!({ "aws:channel-arn": "abcd" }), bad("aws:channel-arn is not the ARN")),
        (json!({ "aws:channel-arn": format!("{CHANNEL}4") }), bad("another channel")),
        (json!({ "aws:channel-arn": CHANNEL.replace("us-east-1", "us-west-2") }), bad("another channel")),
        (json!({ "exp": NOW }), bad("expired")),
        (json!({ "exp": NOW - 1 }), bad("expired")),
        (json!({ "exp": 0 }), bad("expired")),
        (json!({ "exp": -1 }), bad("expired")),
        (json!({ "exp": i64::MIN }), bad("expired")),
        (json!({ "exp": -1e300 }), bad("expired")),
        (json!({ "exp": NOW + 1 }), GOOD),
        (json!({ "exp": NOW as f64 + 1.5 }), GOOD),
        (json!({ "exp": NOW as f64 + 0.5 }), bad("expired")),
        (json!({ "exp": NOW * 1_000 }), GOOD),
        (json!({ "exp": i64::MAX }), GOOD),
        (json!({ "exp": u64::MAX }), GOOD),
        (json!({ "exp": 1e300 }), GOOD),
        (json!({ "exp": (NOW + 60).to_string() }), bad("exp is not a number")),
        (json!({ "exp": null }), bad("exp is not a number")),
        (json!({ "exp": [NOW + 60] }), bad("exp is not a number")),
        (json!({ "aws:viewer-id": "ä".repeat(40) }), GOOD),
        (json!({ "aws:viewer-id": "ä".repeat(41) }), bad("more than 40")),
        (json!({ "aws:viewer-id": "" }), bad("aws:viewer-id is not 1 to 40")),
        (json!({ "aws:viewer-id": "a\u{0}" }), bad("aws:viewer-id is not 1 to 40")),
        (json!({ "aws:viewer-id": 7 }), bad("aws:viewer-id is not a text")),
        (json!({ "aws:viewer-id": "a", "exp": NOW + 600 }), GOOD),
        (json!({ "aws:viewer-id": "a", "exp": NOW + 605 }), GOOD),
        (
            json!({ "aws:viewer-id": "a", "exp": NOW + 606 }),
            bad("10 minutes ahead, which is the most with aws:viewer-id"),
        ),
        (json!({ "aws:viewer-id": "a", "exp": NOW * 1_000 }), bad("10 minutes")),
        (json!({ "aws:viewer-id": "a", "exp": 1e300 }), bad("10 minutes")),
        (json!({ "aws:viewer-session-version": 1 }), bad("without aws:viewer-id")),
        (json!({ "aws:viewer-id": "a", "aws:viewer-session-version": 0 }), GOOD),
        (json!({ "aws:viewer-id": "a", "aws:viewer-session-version": i64::MAX }), GOOD),
        (json!({ "aws:viewer-id": "a", "aws:viewer-session-version": i64::MIN }), GOOD),
        (json!({ "aws:viewer-id": "a", "aws:viewer-session-version": 1_u64 << 63 }), bad("whole number")),
        (json!({ "aws:viewer-id": "a", "aws:viewer-session-version": 1.5 }), bad("whole number")),
        (json!({ "aws:viewer-id": "a", "aws:viewer-session-version": "1" }), bad("whole number")),
        (json!({ "aws:single-use-uuid": uuid }), GOOD),
        (json!({ "aws:single-use-uuid": uuid.to_uppercase() }), GOOD),
        (json!({ "aws:single-use-uuid": uuid.replace('-', "") }), bad("a UUID")),
        (json!({ "aws:single-use-uuid": uuid.replace('f', "g") }), bad("a UUID")),
        (json!({ "aws:single-use-uuid": format!("{uuid}0") }), bad("a UUID")),
        (json!({ "aws:single-use-uuid": "" }), bad("a UUID")),
        (json!({ "aws:single-use-uuid": 7 }), bad("a text")),
        (json!({ "aws:single-use-uuid": uuid, "exp": NOW + 600 }), GOOD),
        (json!({ "aws:single-use-uuid": uuid, "exp": NOW + 606 }), bad("the most with aws:single-use-uuid")),
        (json!({ "aws:maximum-resolution": "SD" }), GOOD),
        (json!({ "aws:maximum-resolution": "HD" }), GOOD),
        (json!({ "aws:maximum-resolution": "FULL_HD" }), GOOD),
        (json!({ "aws:maximum-resolution": "full_hd" }), bad("SD, HD or FULL_HD")),
        (json!({ "aws:maximum-resolution": "4K" }), bad("SD, HD or FULL_HD")),
        (json!({ "aws:maximum-resolution": 720 }), bad("a text")),
        (json!({ "aws:access-control-allow-origin": "" }), GOOD),
        (json!({ "aws:access-control-allow-origin": origins(30) }), GOOD),
        (json!({ "aws:access-control-allow-origin": ["https://a.com"] }), bad("a text")),
        (json!({ "aws:strict-origin-enforcement": true }), GOOD),
        (json!({ "aws:strict-origin-enforcement": "true" }), bad("true or false")),
        (json!({ "aws:strict-origin-enforcement": 1 }), bad("true or false")),
        (
            json!({ "aws:strict-origin-enforcement": true, "aws:access-control-allow-origin": origins(5) }),
            GOOD,
        ),
        (
            json!({ "aws:strict-origin-enforcement": true, "aws:access-control-allow-origin": origins(6) }),
            bad("more than 5"),
        ),
        (
            json!({ "aws:strict-origin-enforcement": false, "aws:access-control-allow-origin": origins(6) }),
            GOOD,
        ),
        (
            json!({ "aws:ads-opt-out": true, "aws:ads-playback-config-name": "x", "aws:ads-reporting-mode": "CLIENT" }),
            GOOD,
        ),
        (json!({ "aws:ads-opt-out": "yes" }), bad("true or false")),
        (json!({ "aws:ads-playback-config-name": 7 }), bad("a text")),
        (json!({ "aws:ads-reporting-mode": "client" }), bad("CLIENT or SERVER")),
        (json!({ "aws:ads-player-params": "x".repeat(1_000) }), GOOD),
        (json!({ "aws:ads-player-params": "x".repeat(1_001) }), bad("1000 bytes")),
        (json!({ "aws:ads-player-params": { "a": "b" } }), GOOD),
        (json!({ "aws:ads-player-params": { "a": "x".repeat(993) } }), bad("1000 bytes")),
        (json!({ "aws:ads-player-params": 7 }), bad("1000 bytes")),
        (json!({ "aws:no-such-claim": {}, "kid": 7 }), GOOD),
    ] {
        let result = read_claims(&with(&claims));
        match (refused, result) {
            (None, Ok(_)) => {}
            (Some(text), Err(why)) if why.to_string().contains(text) => {}
            (_, result) => panic!("{claims}: {result:?}"),
        }
    }
    for claim in ["aws:channel-arn", "exp"] {
        let mut claims = with(&json!({}));
        claims.as_object_mut().expect("an object").remove(claim);
        assert_eq!(read_claims(&claims), Err(Refusal::Missing { claim }));
    }
}

#[test]
fn other_headers_are_refused() {
    let claims = with(&json!({})).to_string();
    for (header, outcome) in [
        (HEADER, Ok(())),
        (r#"{"alg":"ES384"}"#, Ok(())),
        (r#"{"typ":"jwt","alg":"ES384","kid":"7","x":[1]}"#, Ok(())),
        (r#"{"alg":"none","typ":"JWT"}"#, Err(Refusal::Algorithm)),
        (r#"{"alg":"None"}"#, Err(Refusal::Algorithm)),
        (r#"{"alg":"HS384","typ":"JWT"}"#, Err(Refusal::Algorithm)),
        (r#"{"alg":"ES256","typ":"JWT"}"#, Err(Refusal::Algorithm)),
        (r#"{"alg":"es384","typ":"JWT"}"#, Err(Refusal::Algorithm)),
        (r#"{"alg":["ES384"],"typ":"JWT"}"#, Err(Refusal::Algorithm)),
        (r#"{"typ":"JWT"}"#, Err(Refusal::Algorithm)),
        (r#"{"alg":"ES384","typ":"JOSE"}"#, Err(Refusal::Kind)),
        (r#"{"alg":"ES384","typ":null}"#, Err(Refusal::Kind)),
        (r#"{"alg":"ES384","crit":["b64"],"b64":false}"#, Err(Refusal::Critical)),
        (r#"{"alg":"none","alg":"ES384"}"#, Err(Refusal::Header)),
        (r#"["ES384"]"#, Err(Refusal::Header)),
        ("ES384", Err(Refusal::Header)),
        ("", Err(Refusal::Header)),
    ] {
        let token = encoded(header, &claims);
        assert_eq!(read(&token, &channel(), NOW * 1_000).map(drop), outcome, "{header}");
    }
}

#[test]
fn a_token_is_read_in_one_way_or_not_at_all() {
    let good = encoded(HEADER, &with(&json!({})).to_string());
    let read = |token: &str| read(token, &channel(), NOW * 1_000).map(drop);
    assert_eq!(read(&good), Ok(()));
    for (token, why) in [
        (String::new(), Refusal::Form),
        ("a.b".to_owned(), Refusal::Form),
        (good.replace('.', ""), Refusal::Form),
        (format!("{good}="), Refusal::Form),
        (format!(" {good}"), Refusal::Header),
        (format!("{good}A"), Refusal::Form),
        (format!("{good}AAAA"), Refusal::SignatureLength),
        (format!("a.{good}"), Refusal::Header),
        (good[..good.len() - 128].to_owned(), Refusal::SignatureLength),
        (encoded(HEADER, "7"), Refusal::Claims),
        (encoded(HEADER, r#"{"exp":1,"exp":2}"#), Refusal::Claims),
        (encoded(HEADER, &"[".repeat(1_000)), Refusal::Claims),
        ("A".repeat(MAX_TOKEN + 1), Refusal::TooLong),
    ] {
        assert_eq!(read(&token), Err(why), "{token}");
    }
    // The last character of a part has bits to spare; only one setting of them is the text of these bytes.
    let header = BASE64.encode(r#"{"alg":"ES384" }"#);
    let respelt = format!("{}R{}", &header[..header.len() - 1], &good[good.find('.').expect("a dot")..]);
    assert!(header.ends_with('Q'));
    assert_eq!(read(&respelt), Err(Refusal::Header));
}

#[test]
fn the_longest_token_is_two_kilobytes() {
    let with_filler = |length: usize| encoded(HEADER, &with(&json!({ "x": "x".repeat(length) })).to_string());
    let fits = (0..2_000).map(with_filler).take_while(|token| token.len() <= MAX_TOKEN).last();
    let fits = fits.expect("a short one");
    assert!(fits.len() + 2 > MAX_TOKEN, "{}", fits.len());
    assert!(read(&fits, &channel(), NOW * 1_000).is_ok());
    let longer = with_filler(2_000);
    assert_eq!(read(&longer, &channel(), NOW * 1_000).map(drop), Err(Refusal::TooLong));
}

#[test]
fn private_keys_are_read_in_both_forms_and_others_are_refused_by_name() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key pair");
    let key = PlaybackKey::from_der(pair.public_key().as_der().expect("its form").as_ref()).expect("a key");
    let sec1 = pair.private_key().as_der().expect("its form");
    let pkcs8 = pair.to_pkcs8v1().expect("its form");
    let parameters = "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n";
    for text in [
        pem("PRIVATE KEY", pkcs8.as_ref()),
        pem("EC PRIVATE KEY", sec1.as_ref()),
        format!("{parameters}{}", pem("EC PRIVATE KEY", sec1.as_ref()).replace('\n', "\r\n")),
    ] {
        let signer = PlaybackSigner::from_pem(&text).expect("a good key");
        let token = sign(&with(&json!({})), &signer).expect("a token");
        let unproven = read(&token, &channel(), NOW * 1_000).expect("a token");
        assert!(unproven.verify(&key).is_some());
        assert_eq!(format!("{signer:?}{key:?}"), "PlaybackSignerPlaybackKey");
    }
    let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair");
    let other = other.to_pkcs8v1().expect("its form");
    for (text, why) in [
        (String::new(), SignerError::NoKey),
        (pem("PUBLIC KEY", &[1]), SignerError::NoKey),
        (pem("PRIVATE KEY", other.as_ref()), SignerError::Unfit),
        (pem("PRIVATE KEY", &[1, 2, 3]), SignerError::Unfit),
        (pem("PRIVATE KEY", &[1]).replace("AQ==", "*"), SignerError::Unfit),
        (pem("ENCRYPTED PRIVATE KEY", &[1]), SignerError::Encrypted),
    ] {
        assert_eq!(PlaybackSigner::from_pem(&text).map(drop), Err(why));
    }
}

#[test]
fn only_keys_on_the_curve_prove_tokens() {
    let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair");
    let other = other.public_key().as_der().expect("its form");
    for der in [other.as_ref(), &[][..], &[0x30, 0x76]] {
        assert!(PlaybackKey::from_der(der).is_none());
    }
}

#[test]
fn a_refusal_is_one_line() {
    for refusal in [Refusal::TooLong, Refusal::Form, Refusal::TooFarAhead { claim: "aws:viewer-id" }] {
        let text = refusal.to_string();
        assert!(text.starts_with("the token") && !text.contains('\n'), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(read(&text, &channel(), 0).is_err());
    }

    #[test]
    fn any_claims_are_read_without_a_panic(text in "[\\[\\]{}\",:a-z0-9.e-]{0,60}", now in any::<i64>()) {
        prop_assert!(read(&encoded(HEADER, &text), &channel(), now).is_err());
    }

    #[test]
    fn a_token_that_was_changed_anywhere_proves_nothing(at in 0..600_usize, by in 1_u8..128) {
        let Pair { signer, key } = pair();
        let mut token = sign(&with(&json!({})), &signer).expect("a token").into_bytes();
        let at = at % token.len();
        token[at] = token[at].wrapping_add(by) & 0x7f;
        let token = String::from_utf8(token).expect("ASCII");
        let proven = read(&token, &channel(), NOW * 1_000).ok().and_then(|token| token.verify(&key));
        prop_assert_eq!(proven, None);
    }
}
