//! The numbers of the verification.
//!
//! Promise: the work per request is bounded by these and by the length of path, headers and body.

use std::time::Duration;

/// How far a request's clock may be from the server's, either way (AWS: 5 minutes).
pub const SKEW: Duration = Duration::from_secs(5 * 60);

/// The longest life of a presigned request (AWS: seven days), in seconds.
pub const MAX_EXPIRES: u32 = 604_800;

/// Headers that a signature may cover.
pub const MAX_SIGNED_HEADERS: usize = 64;

/// Bytes of an `Authorization` header that are read.
pub const MAX_AUTHORIZATION: usize = 4_096;

/// Bytes of a query that are read.
pub const MAX_QUERY: usize = 16_384;
