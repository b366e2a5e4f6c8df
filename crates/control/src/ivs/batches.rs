//! What the batch operations have in common (API reference, `BatchGetChannel`, `BatchGetStreamKey`).
//!
//! Promise: each name is answered once, in the order asked, found or not; one that is absent does not keep
//! the others from being answered.

use std::collections::HashSet;

use api::ApiError;
use api::ivs::BatchError;
use domain::Arn;
use store::StoreError;

use crate::error::{missing, refusal};

/// The names without those that were there before.
pub(super) fn each_once(arns: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    arns.into_iter().filter(|arn| seen.insert(arn.clone())).collect()
}

/// What `read` finds under a name; `None` also for a name that nothing here can have.
pub(super) async fn found<T>(
    arn: &str,
    read: impl AsyncFnOnce(&Arn) -> Result<Option<T>, StoreError>,
) -> Result<Option<T>, ApiError> {
    match Arn::parse(arn) {
        Ok(name) => read(&name).await.map_err(refusal),
        Err(_) => Ok(None),
    }
}

/// The line about a name that nothing has. The vendor does not say what codes there are; this is the
/// exception's name.
pub(super) fn absent(arn: String) -> BatchError {
    let refusal = missing(&arn);
    BatchError { code: Some(refusal.wire().1.to_owned()), message: Some(refusal.to_string()), arn: Some(arn) }
}
