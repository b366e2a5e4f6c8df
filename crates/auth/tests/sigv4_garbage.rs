//! No request, however strange, makes the verification panic or believe it.
//!
//! Promise: the generators lean towards almost-valid requests, where parsers break.

use std::time::SystemTime;

use auth::sigv4::{Claim, Expected};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

fn request(path: &str, headers: &[(&'static str, Vec<u8>)]) -> Option<Parts> {
    let mut request = http::Request::builder().uri(path).body(()).ok()?;
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value).ok()?;
        request.headers_mut().append(HeaderName::from_static(name), value);
    }
    Some(request.into_parts().0)
}

fn believed(parts: &Parts, body: &[u8]) -> bool {
    let Ok(claim) = Claim::parse(parts) else { return false };
    let _any = claim.check(Expected { region: None, service: "ivs" }, SystemTime::UNIX_EPOCH);
    claim.verify("secret", body).is_ok()
}

proptest! {
    #[test]
    fn garbage_headers_are_refused(auth in any::<Vec<u8>>(), date in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
        if let Some(parts) = request("/", &[("authorization", auth), ("x-amz-date", date), ("host", b"h".to_vec())]) {
            prop_assert!(!believed(&parts, &body));
        }
    }

    #[test]
    fn almost_valid_headers_are_refused(
        key in "[A-Z/]{0,20}", day in "[0-9T]{0,9}", headers in "[a-z;-]{0,40}", signature in "[0-9a-f]{0,70}",
        date in "[0-9]{7,9}T[0-9]{5,7}Z?",
    ) {
        let auth = format!(
            "AWS4-HMAC-SHA256 Credential={key}/{day}/us-east-1/ivs/aws4_request, \
             SignedHeaders=host;x-amz-date{headers}, Signature={signature}"
        );
        let headers = [("authorization", auth.into_bytes()), ("x-amz-date", date.into_bytes()), ("host", b"h".to_vec())];
        let parts = request("/ListChannels", &headers).expect("plain text fits headers");
        prop_assert!(!believed(&parts, b""));
    }

    #[test]
    fn garbage_queries_are_refused(query in "[ -~&&[^ \"<>#`{}|^\\\\]]{0,200}", expires in any::<u64>()) {
        let uri = format!("/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={expires}&{query}");
        if let Some(parts) = request(&uri, &[("host", b"h".to_vec())]) {
            prop_assert!(!believed(&parts, b""));
        }
    }
}
