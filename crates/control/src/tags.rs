//! The rules of tags that the model's bounds do not say.
//!
//! Promise: what is stored as a tag was given by the caller and is theirs to change.

use api::ApiError;
use domain::Tags;

/// Keys with this beginning are the vendor's own (AWS General Reference, "Tagging": in any case of letters).
const RESERVED: &str = "aws:";

/// Tags that a resource may have (API reference, `TagResource`).
const MOST: usize = 50;

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

/// Refuses more tags than a resource may have. The model knows no quota error for tags.
pub(crate) fn few_enough(tags: &Tags) -> Result<(), ApiError> {
    match tags.len() {
        0..=MOST => Ok(()),
        count => Err(ApiError::validation(format!(
            "tags: a resource may have at most {MOST}, and this one would have {count}"
        ))),
    }
}
