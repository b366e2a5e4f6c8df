//! What a request brings along.
//!
//! Promise: a body that is not what its door takes is refused with the reason; none at all is an empty object.

use api::{Admitted, ApiError};
use serde::de::DeserializeOwned;

/// Reads the body as JSON. What `T` does not know it should refuse (`deny_unknown_fields`).
pub(super) fn read<T: DeserializeOwned>(admitted: &Admitted) -> Result<T, ApiError> {
    let body: &[u8] = if admitted.body.is_empty() { b"{}" } else { &admitted.body };
    serde_json::from_slice(body).map_err(|error| ApiError::validation(format!("Request body: {error}")))
}
