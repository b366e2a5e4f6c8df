//! AWS Signature Version 4, the verifying side (AWS, "Signature Version 4 signing process").
//!
//! Two steps, because the secret is found by the key id that the request names: [`Claim::parse`] reads who
//! says to have signed what; [`Claim::verify`] proves it with the secret.
//!
//! Both forms are read: the `Authorization` header, and presigned query parameters. The choices made:
//!
//! - The path is encoded once more than it stands on the wire, as for every service but S3.
//! - The body's hash is always that of the bytes received. `x-amz-content-sha256`, when sent, must be that
//!   hash. `UNSIGNED-PAYLOAD` is believed only in a presigned query that says so itself: in a header it would
//!   let anyone on the way change the body.
//! - `host`, the date and the `x-amz-` headers that change meaning must be among the signed headers.
//! - Session tokens are refused: no temporary keys are issued here.
//!
//! Promise: pure, bounded by the constants below, no panic on any request; signatures are compared in
//! constant time, and no error tells more than the caller's own words and the server's clock.

mod canonical;
mod claim;
mod error;
mod limits;
mod scope;
mod signing_key;
mod stamp;

pub use claim::{Claim, Expected};
pub use error::Error;
pub use limits::{MAX_AUTHORIZATION, MAX_EXPIRES, MAX_QUERY, MAX_SIGNED_HEADERS, SKEW};
pub use scope::Scope;
pub use signing_key::SigningKey;
