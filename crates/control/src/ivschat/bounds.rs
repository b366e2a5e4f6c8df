//! Bounds of chat's inputs that the model says in words alone.
//!
//! Promise: the same for tokens, messages and events, whoever sends them.

use std::collections::BTreeMap;

use api::ApiError;

/// Bytes of all keys and values of a token's or an event's attributes together: the model's "1 KB".
const ATTRIBUTES: usize = 1_024;

/// Refuses attributes that are too long.
pub(super) fn attributes(attributes: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let length: usize = attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
    if length <= ATTRIBUTES {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "attributes: keys and values must have at most {ATTRIBUTES} bytes together, and these have {length}"
    )))
}

/// Refuses what PostgreSQL has no text for: all databases are to answer alike when a user is banned.
pub(super) fn user(id: &str) -> Result<(), ApiError> {
    match id.contains('\0') {
        true => Err(ApiError::validation("userId: must not contain the character NUL")),
        false => Ok(()),
    }
}
