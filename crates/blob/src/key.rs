//! Names of objects in a bucket.
//!
//! Promise: a key that was parsed is a path of plain steps: it never leads out of its bucket, and never to a
//! file that this crate keeps for itself.

use std::fmt;

/// What names of this crate's own files begin with: probes, and objects that are still being written.
pub(crate) const OWN: &str = ".rillcast-";

/// Why a text is no key. Stricter than S3, which takes any text: each step must also be a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty or too long.
    #[error("an object's key has 1 to 1024 bytes")]
    Length,
    /// A step between slashes is empty, `.`, `..`, too long or reserved.
    #[error("each step of an object's key is a file's name of 1 to 255 bytes")]
    Step,
    /// Holds something that not every backend can name.
    #[error("an object's key consists of letters, digits and !-_.*'()=~ between slashes")]
    Character,
}

/// An object's key: 1 to 1,024 bytes (S3 user guide, "Naming Amazon S3 objects"), only "safe characters"
/// of that page and `=`, `~`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyError`] says which rule it breaks.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        if !(1..=1_024).contains(&key.len()) {
            return Err(KeyError::Length);
        }
        if !key.bytes().all(fits) {
            return Err(KeyError::Character);
        }
        if !key.split('/').all(plain) {
            return Err(KeyError::Step);
        }
        Ok(Self(key.to_owned()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn fits(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!-_.*'()=~/".contains(&byte)
}

fn plain(step: &str) -> bool {
    (1..=255).contains(&step.len()) && step != "." && step != ".." && !step.starts_with(OWN)
}

/// The media type of an object, by the end of its key: of what recordings are made of.
pub fn media_type(key: &str) -> &'static str {
    match key.rsplit_once('.').map(|(_, end)| end) {
        Some("json") => "application/json",
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("ts") => "video/mp2t",
        Some("mp4") => "video/mp4",
        Some("jpg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_of_logs_and_recordings_are_taken() {
        for key in ["a", "AWSLogs/1/x_20240102T0304Z_0a.log.gz", "ivs/v1/2024/1/2/3/media/hls/160p30/0.ts"] {
            assert_eq!(Key::parse(key).map(|key| key.to_string()), Ok(key.to_owned()));
        }
    }

    #[test]
    fn each_rule_has_its_refusal() {
        for (key, why) in [
            ("", KeyError::Length),
            (&*"a/".repeat(513), KeyError::Length),
            ("/a", KeyError::Step),
            ("a/", KeyError::Step),
            ("a//b", KeyError::Step),
            ("a/../b", KeyError::Step),
            ("./a", KeyError::Step),
            ("a/.rillcast-probe-0", KeyError::Step),
            (&"a".repeat(256), KeyError::Step),
            ("a\\b", KeyError::Character),
            ("a\0", KeyError::Character),
            ("ä", KeyError::Character),
        ] {
            assert_eq!(Key::parse(key), Err(why), "{key}");
        }
    }

    proptest! {
        #[test]
        fn a_key_stays_below_its_bucket(key in "[a-z./]{0,40}") {
            if let Ok(key) = Key::parse(&key) {
                let plain = |step| matches!(step, Component::Normal(_));
                prop_assert!(Path::new(key.as_str()).components().all(plain));
                prop_assert_eq!(Path::new(key.as_str()).components().count(), key.as_str().split('/').count());
            }
        }
    }
}
