//! The one rule of tags that the model's bounds do not say.
//!
//! Promise: what is stored as a tag was given by the caller and is theirs to change.

use api::ApiError;
use domain::Tags;

/// Keys with this beginning are the vendor's own (AWS General Reference, "Tagging": in any case of letters).
const RESERVED: &str = "aws:";

/// The tags to be stored with a resource.
pub(crate) fn checked(tags: Option<Tags>) -> Result<Tags, ApiError> {
    let tags = tags.unwrap_or_default();
    let reserved = |key: &&String| {
        key.get(..RESERVED.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(RESERVED))
    };
    match tags.keys().find(reserved) {
        Some(key) => Err(ApiError::validation(format!("tags: key {key} has the reserved prefix {RESERVED}"))),
        None => Ok(tags),
    }
}
