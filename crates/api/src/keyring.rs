//! Where the frame asks for access keys; the owner of the keys implements it.
//!
//! Promise: the secret never shows in `Debug` output.

use std::future::Future;

use domain::AccountId;

use crate::error::ApiError;
use crate::sensitive::Sensitive;

/// An access key as the frame needs it to verify a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The secret half.
    pub secret: Sensitive<String>,
    /// The account it acts for.
    pub account: AccountId,
    /// An inactive key is refused as if it did not exist.
    pub active: bool,
}

/// Finds access keys. Asked once per call, before the signature is known to be good: an answer must be cheap.
pub trait KeyRing: Send + Sync + 'static {
    /// The key with this id (16 to 128 word characters, not trusted); `None` when there is none.
    fn find(&self, access_key_id: &str) -> impl Future<Output = Result<Option<Key>, ApiError>> + Send;
}
