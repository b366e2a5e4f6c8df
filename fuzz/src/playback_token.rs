//! Playback tokens of any text, for one channel at one time.
//!
//! An input is a token, or claims alone: text without a dot gets a good header and some signature around it.
//!
//! Promise checked: nothing panics, nothing is proven by a key that signed nothing, and what is read keeps to the
//! bounds that servers rely on.

use std::sync::LazyLock;

use auth::playback_token::{MAX_STRICT_ORIGINS, MAX_TOKEN, MAX_VIEWER, PlaybackKey, read};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::Arn;

const CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";
const NOW_MS: i64 = 1_800_000_000_000;
/// Made by `openssl ecparam -name secp384r1 -genkey`, then `openssl ec -pubout`; its private half is gone.
const KEY: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAED5W4FWC0vHPKp4cazJDJkKwV3VxHnp+0PvoydpLWLumejffQ4pH/\
    x6e0JtBjW3kMQ5mLnWbnwfO+SDnIKPt75ApcU2oBrBtlvnoDo4gb1qkf3xHQTvjDm5Yain49VDO4";

static PROOF: LazyLock<(Arn, PlaybackKey)> = LazyLock::new(|| {
    let der = base64::engine::general_purpose::STANDARD.decode(KEY).expect("base64");
    (CHANNEL.parse().expect("an ARN"), PlaybackKey::from_der(&der).expect("a good key"))
});

/// Reads `data` as a token, and checks what came of it.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let header = BASE64.encode(r#"{"alg":"ES384","typ":"JWT"}"#);
    let wrapped = format!("{header}.{}.{}", BASE64.encode(text.as_bytes()), BASE64.encode([7; 96]));
    let token = if text.contains('.') { &*text } else { &wrapped };
    let (channel, key) = &*PROOF;
    match read(token, channel, NOW_MS) {
        Ok(unproven) => {
            assert!(token.len() <= MAX_TOKEN);
            assert_eq!(unproven.verify(key), None);
            check(&unproven);
        }
        Err(refusal) => assert!(refusal.to_string().starts_with("the token")),
    }
}

fn check(unproven: &auth::playback_token::Unproven<'_>) {
    let claims = unproven.unproven_claims();
    assert_eq!(claims.channel.to_string(), CHANNEL);
    assert!(claims.expires_at.saturating_mul(1_000) > NOW_MS);
    assert!(!claims.strict || claims.origins().count() <= MAX_STRICT_ORIGINS);
    if let Some(viewer) = &claims.viewer {
        assert!((1..=MAX_VIEWER).contains(&viewer.id.chars().count()));
    }
    if claims.viewer.is_some() || claims.single_use.is_some() {
        assert!(claims.expires_at <= NOW_MS / 1_000 + 605);
    }
}
