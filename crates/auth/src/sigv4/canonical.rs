//! The canonical form of a request, which both sides hash.
//!
//! Promise: differs from the request on the wire only where AWS's rules say so; header values are carried as
//! the bytes they are.

use std::borrow::Cow;

use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A presigned query's own signature is not part of what it signs.
pub(super) const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// The canonical request up to the line of the payload's hash; `None` when a signed header was not sent.
/// `signed_headers` are names joined by semicolons.
pub(super) fn head(parts: &Parts, signed_headers: &str) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(512);
    text.extend_from_slice(parts.method.as_str().as_bytes());
    text.push(b'\n');
    text.extend_from_slice(path(parts.uri.path()).as_bytes());
    text.push(b'\n');
    text.extend_from_slice(query(parts.uri.query().unwrap_or_default()).as_bytes());
    text.push(b'\n');
    for name in signed_headers.split(';') {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        header(parts, name, &mut text)?;
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.as_bytes());
    text.push(b'\n');
    Some(text)
}

/// Dot segments and doubled slashes removed, then encoded over the encoding that is already there.
fn path(raw: &str) -> Cow<'_, str> {
    if let Some(segment) = raw.strip_prefix('/')
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        // `/CreateChannel` and its like, so nearly all: nothing to remove, nothing to encode.
        return Cow::Borrowed(raw);
    }
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
    percent_encode(normal.as_bytes(), RESERVED_IN_PATH).to_string().into()
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
fn header(parts: &Parts, name: &str, text: &mut Vec<u8>) -> Option<()> {
    let mut values = parts.headers.get_all(name).iter();
    let Some(first) = values.next() else {
        // HTTP/2 carries the host as the authority of the URI.
        let authority = parts.uri.authority().filter(|_| name == "host")?;
        text.extend_from_slice(authority.as_str().as_bytes());
        return Some(());
    };
    fold(first.as_bytes(), text);
    for value in values {
        text.push(b',');
        fold(value.as_bytes(), text);
    }
    Some(())
}

fn fold(value: &[u8], text: &mut Vec<u8>) {
    let words = value.split(|byte| *byte == b' ' || *byte == b'\t').filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_a_second_time() {
        assert_eq!(path("/"), "/");
        assert_eq!(path(""), "/");
        assert_eq!(path("/CreateChannel"), "/CreateChannel");
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
        let mut text = Vec::new();
        assert_eq!(header(&parts, "x-amz-a", &mut text), Some(()));
        assert_eq!(text, b"a b,c");
        assert_eq!(header(&parts, "x-amz-b", &mut text), None);
    }
}
