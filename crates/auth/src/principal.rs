//! Who stands behind a proven call.
//!
//! Promise: holds names only, nothing secret; it may be logged.

use domain::AccountId;

/// The holder of an access key whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account that the key belongs to.
    pub account: AccountId,
    /// The public half of the key, as in the signature's credential.
    pub access_key_id: String,
}
