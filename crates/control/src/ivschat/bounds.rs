//! Bounds of chat's inputs that the model says in words alone.
//!
//! Promise: the same for tokens, messages and events, whoever sends them.

use std::collections::BTreeMap;

use api::ApiError;
use domain::{CHAT_ATTRIBUTE_BYTES, chat_attribute_bytes};

/// Refuses attributes that are too long.
pub(super) fn attributes(attributes: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let length = chat_attribute_bytes(attributes);
    if length <= CHAT_ATTRIBUTE_BYTES {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "attributes: keys and values must have at most {CHAT_ATTRIBUTE_BYTES} bytes together, and these have {length}"
    )))
}

/// Refuses what PostgreSQL has no text for: all databases are to answer alike when a user is banned.
pub(super) fn user(id: &str) -> Result<(), ApiError> {
    match id.contains('\0') {
        true => Err(ApiError::validation("userId: must not contain the character NUL")),
        false => Ok(()),
    }
}
