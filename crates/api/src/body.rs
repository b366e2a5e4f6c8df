//! Takes a request's body in.
//!
//! Promise: never holds more than the limit, never waits longer than the deadline.

use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::error::ApiError;

/// Reads a whole body; one whose announced length is over the limit is refused unread.
pub(crate) async fn take<B>(body: B, max: usize, deadline: Duration) -> Result<Bytes, ApiError>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(ApiError::BodyTooLarge { max });
    }
    match tokio::time::timeout(deadline, Limited::new(body, max).collect()).await {
        Err(_elapsed) => Err(ApiError::BodyTooSlow { seconds: deadline.as_secs() }),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::BodyTooLarge { max }),
        Ok(Err(_broken)) => Err(ApiError::BodyBroken),
    }
}
