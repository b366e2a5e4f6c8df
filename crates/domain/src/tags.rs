//! Tags: names and values that users hang on resources.
//!
//! Promise: they come back in the same order every time.

use std::collections::BTreeMap;

/// Key to value, in key order. Bounds (50 tags, key 1 to 128, value 0 to 256) are the wire's to check.
pub type Tags = BTreeMap<String, String>;
