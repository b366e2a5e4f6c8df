//! What stands behind a request's question mark.
//!
//! Promise: a name is decoded once, and the first of two with the same name counts.

use http::request::Parts;
use percent_encoding::percent_decode_str;

/// The value of this name.
pub(super) fn find(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&');
    let (_, value) = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}
