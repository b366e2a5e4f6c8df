//! Names of buckets.
//!
//! Promise: a name that was parsed is a plain file name: no separator, no `.` or `..`, nothing hidden.

use std::fmt;
use std::net::Ipv4Addr;

/// Why a text is no bucket's name (S3 user guide, "Bucket naming rules", those for general purpose buckets
/// that are about form; prefixes and suffixes which S3 keeps for itself mean nothing here).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketNameError {
    /// Too short or too long.
    #[error("a bucket name has 3 to 63 characters")]
    Length,
    /// Holds something else.
    #[error("a bucket name consists of lower-case letters, digits, dots and hyphens")]
    Character,
    /// A dot or hyphen stands at an end.
    #[error("a bucket name begins and ends with a letter or digit")]
    End,
    /// Holds `..`.
    #[error("a bucket name has no two dots in a row")]
    Dots,
    /// Such as 192.168.5.4.
    #[error("a bucket name is not formatted as an IP address")]
    Address,
}

/// A bucket's name: 3 to 63 of `[a-z0-9.-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket(String);

impl Bucket {
    /// Reads a bucket's name.
    ///
    /// # Errors
    /// [`BucketNameError`] says which rule it breaks.
    pub fn parse(name: &str) -> Result<Self, BucketNameError> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = |byte: u8| alphanumeric(byte) || byte == b'.' || byte == b'-';
        let ends = [name.bytes().next(), name.bytes().next_back()];
        if !(3..=63).contains(&name.len()) {
            Err(BucketNameError::Length)
        } else if !name.bytes().all(fits) {
            Err(BucketNameError::Character)
        } else if !ends.into_iter().flatten().all(alphanumeric) {
            Err(BucketNameError::End)
        } else if name.contains("..") {
            Err(BucketNameError::Dots)
        } else if name.parse::<Ipv4Addr>().is_ok() {
            Err(BucketNameError::Address)
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_s3_takes_are_taken() {
        for name in ["abc", "my-bucket", "logs.2024.example", "0a1", "1.2.3", "300.1.1.1", &"a".repeat(63)] {
            assert_eq!(Bucket::parse(name).map(|bucket| bucket.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn each_rule_has_its_refusal() {
        for (name, why) in [
            ("", BucketNameError::Length),
            ("ab", BucketNameError::Length),
            (&*"a".repeat(64), BucketNameError::Length),
            ("Bucket", BucketNameError::Character),
            ("a/b", BucketNameError::Character),
            ("a_b", BucketNameError::Character),
            ("büc", BucketNameError::Character),
            ("a\0b", BucketNameError::Character),
            ("...", BucketNameError::End),
            (".ab", BucketNameError::End),
            ("ab-", BucketNameError::End),
            ("a..b", BucketNameError::Dots),
            ("192.168.5.4", BucketNameError::Address),
        ] {
            assert_eq!(Bucket::parse(name), Err(why), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_plain_step_of_a_path(name in "[a-z0-9./-]{0,70}") {
            if let Ok(bucket) = Bucket::parse(&name) {
                let steps: Vec<_> = Path::new(bucket.as_str()).components().collect();
                prop_assert!(matches!(steps.as_slice(), [Component::Normal(step)] if *step == name.as_str()));
                prop_assert!(!name.starts_with('.'));
            }
        }
    }
}
