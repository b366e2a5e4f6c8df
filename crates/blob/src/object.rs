//! What a bucket holds.
//!
//! Promise: nothing here touches a bucket.

use std::time::SystemTime;

/// An object's size and age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub modified: SystemTime,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size and age.
    pub stat: Stat,
}
