//! What stands behind a request's question mark.
//!
//! Promise: a name is decoded once, and the first of two with the same name counts.

use api::ApiError;
use http::request::Parts;
use percent_encoding::percent_decode_str;

/// The value of this name.
pub(super) fn find(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&');
    let (_, value) = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// Refuses other names than these: a slip in a name must not look like a filter that holds.
pub(super) fn only(parts: &Parts, names: &[&str]) -> Result<(), ApiError> {
    let mut pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    if pairs.all(|pair| names.contains(&pair.split('=').next().unwrap_or_default())) {
        return Ok(());
    }
    Err(ApiError::validation(format!("the query has `{}` at most", names.join("`, `"))))
}
