//! The canonical form of a request, which both sides hash.
//!
//! Promise: differs from the request on the wire only where AWS's rules say so; header values are carried as
//! the bytes they are.

use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A presigned query's own signature is not part of what it signs.
pub(super) const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// The canonical request up to the line of the payload's hash.
pub(super) fn head(parts: &Parts, signed_headers: &[String]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    text.extend_from_slice(parts.method.as_str().as_bytes());
    text.push(b'\n');
    text.extend_from_slice(path(parts.uri.path()).as_bytes());
    text.push(b'\n');
    text.extend_from_slice(query(parts.uri.query().unwrap_or_default()).as_bytes());
    text.push(b'\n');
    for name in signed_headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(&header(parts, name)?);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.join(";").as_bytes());
    text.push(b'\n');
    Some(text)
}

/// Dot segments and doubled slashes removed, then encoded over the encoding that is already there.
fn path(raw: &str) -> String {
    let mut kept = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let slash = if raw.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    let normal = format!("/{}{slash}", kept.join("/"));
    percent_encode(normal.as_bytes(), RESERVED_IN_PATH).to_string()
}

/// Names and values decoded, encoded anew in one way, and sorted.
fn query(raw: &str) -> String {
    let again = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&bytes, RESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = raw
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .filter(|(name, _)| name != SIGNATURE_PARAMETER)
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of a header joined, outer space cut, inner runs folded; `None` when it was not sent.
fn header(parts: &Parts, name: &str) -> Option<Vec<u8>> {
    let mut values = parts.headers.get_all(name).iter().map(|value| fold(value.as_bytes())).peekable();
    if values.peek().is_none() {
        // HTTP/2 carries the host as the authority of the URI.
        let authority = parts.uri.authority().filter(|_| name == "host")?;
        return Some(authority.as_str().as_bytes().to_vec());
    }
    Some(values.collect::<Vec<_>>().join(&b','))
}

fn fold(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| *byte == b' ' || *byte == b'\t').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_a_second_time() {
        assert_eq!(path("/"), "/");
        assert_eq!(path(""), "/");
        assert_eq!(path("/tags/arn%3Aaws"), "/tags/arn%253Aaws");
        assert_eq!(path("/a/./b/../c/"), "/a/c/");
        assert_eq!(path("//a//b"), "/a/b");
        assert_eq!(path("/../.."), "/");
    }

    #[test]
    fn queries_are_sorted_after_encoding_and_lose_their_signature() {
        assert_eq!(query("b=2&a=%20x&a=%2B&X-Amz-Signature=f"), "a=%20x&a=%2B&b=2");
        assert_eq!(query("tagKeys=%7e&flag"), "flag=&tagKeys=~");
        assert_eq!(query(""), "");
    }

    #[test]
    fn header_values_are_folded_and_joined() {
        let request = http::Request::builder()
            .header("x-amz-a", "  a   b  ")
            .header("x-amz-a", "c")
            .body(())
            .expect("a request");
        let (parts, ()) = request.into_parts();
        assert_eq!(header(&parts, "x-amz-a").as_deref(), Some(b"a b,c".as_slice()));
        assert_eq!(header(&parts, "x-amz-b"), None);
    }
}
