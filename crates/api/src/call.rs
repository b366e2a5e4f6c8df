//! One proven and permitted call of an operation.
//!
//! Promise: from outside the house an operation gets a call only in [`crate::Api::handle`] and
//! [`crate::Gate::admit`], after the signature was verified, the key found active and its policy asked; so whoever gets one need not ask again who the
//! caller is and what it may do.

use auth::Principal;
use domain::Region;

/// Who calls, where to, and by which name the call is found in the logs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Whose key signed.
    pub principal: Principal,
    /// The region that the caller signed for; it is one that the server answers for.
    pub region: Region,
    /// What the answer carries as `x-amzn-RequestId`.
    pub request_id: String,
}

impl Call {
    /// A call that the house itself vouches for: bootstrap and tests. No request from outside comes this way.
    pub fn trusted(principal: Principal, region: Region, request_id: impl Into<String>) -> Self {
        Self { principal, region, request_id: request_id.into() }
    }
}
