//! Where the frame asks about callers and resources; the owner of keys and resources implements it.
//!
//! Promise: the secret never shows in `Debug` output.

use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use auth::policy::Policy;
use domain::{AccountId, Arn, Tags};

use crate::error::ApiError;
use crate::sensitive::Sensitive;

/// An access key as the frame needs it to verify a signature and to decide what its holder may do.
#[derive(Clone, Debug)]
pub struct Key {
    /// The secret half.
    pub secret: Sensitive<String>,
    /// The account it acts for.
    pub account: AccountId,
    /// An inactive key is refused as if it did not exist.
    pub active: bool,
    /// The last part of its holder's ARN; the key's id when it has no name.
    pub name: String,
    /// What its holder may do.
    pub policy: Arc<Policy>,
}

/// Finds access keys and the tags that policies ask for.
pub trait KeyRing: Send + Sync + 'static {
    /// The key with this id (1 to 128 word characters and dashes, not trusted); `None` when there is none.
    /// Asked once per call, before the signature is known to be good: an answer must be cheap.
    fn find(&self, access_key_id: &str) -> impl Future<Output = Result<Option<Key>, ApiError>> + Send;

    /// A request signed by this key was verified at this time, whatever came of it. Told once per call: to take
    /// note must be cheap.
    fn used(&self, _access_key_id: &str, _now: SystemTime) {}

    /// The tags of a resource, for `aws:ResourceTag`; `None` when there is no such resource. Asked only when
    /// the caller's policy reads them, and only about resources of the caller's own account and region.
    fn resource_tags(&self, arn: &Arn) -> impl Future<Output = Result<Option<Tags>, ApiError>> + Send;
}
