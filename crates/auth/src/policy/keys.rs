//! The condition keys that the two services provide (IAM User Guide, "AWS global condition context keys";
//! Service Authorization Reference, "Actions, resources, and condition keys for Amazon IVS" and "… Chat").
//!
//! Promise: a key that is not in [`KEYS`] is found nowhere; a policy that names one is refused rather than
//! left to match never or always.

use super::error::Fault;

/// What the values of a condition key are, and so which operators fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Any text, such as a tag's value, which may as well be a number or a date.
    Text,
    /// A name of fixed form, such as an account.
    Name,
    /// An Amazon resource name.
    Arn,
    /// An IPv4 or IPv6 address.
    Address,
    /// `true` or `false`.
    Truth,
    /// A point in time in ISO 8601.
    Date,
    /// A point in time in seconds since 1970.
    Epoch,
}

/// A condition key that these services provide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name; one that ends in `/` is followed by the key of a tag. Case does not matter.
    pub name: &'static str,
    /// What its values are.
    pub holds: Holds,
    /// Whether one request may have several values of it.
    pub many: bool,
    /// What it tells, in a few words.
    pub meaning: &'static str,
}

impl Key {
    const fn single(name: &'static str, holds: Holds, meaning: &'static str) -> Self {
        Self { name, holds, many: false, meaning }
    }

    /// Whether the key is followed by the key of a tag.
    pub fn is_tag(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// What the keys of tags on the resource begin with.
pub(super) const RESOURCE_TAG: &str = "aws:ResourceTag/";

/// A tag's key has at most this many characters (vendor's model).
const MAX_TAG_KEY: usize = 128;

/// All keys that a policy may name, in conditions and (those with one value) as variables.
pub const KEYS: &[Key] = &[
    Key::single("aws:CurrentTime", Holds::Date, "the time of the request, ISO 8601"),
    Key::single("aws:EpochTime", Holds::Epoch, "the time of the request, seconds since 1970"),
    Key::single("aws:PrincipalAccount", Holds::Name, "the account of the caller"),
    Key::single("aws:PrincipalArn", Holds::Arn, "the ARN of the caller"),
    Key::single("aws:RequestTag/", Holds::Text, "the value of a tag that the request sets"),
    Key::single("aws:RequestedRegion", Holds::Name, "the region that was called"),
    Key::single(RESOURCE_TAG, Holds::Text, "the value of a tag on the resource"),
    Key::single("aws:SecureTransport", Holds::Truth, "whether the request came over TLS"),
    Key::single("aws:SourceIp", Holds::Address, "the address of the caller"),
    Key {
        name: "aws:TagKeys",
        holds: Holds::Name,
        many: true,
        meaning: "the keys of all tags in the request",
    },
    Key::single("aws:username", Holds::Name, "the name of the caller's access key"),
];

/// A key as a policy names it.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// As written, with the key of the tag if there is one.
    pub(super) text: Box<str>,
    /// Which of [`KEYS`] it is.
    pub(super) key: &'static Key,
}

impl Reference {
    /// Finds the key that `text` names.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let key = KEYS.iter().find(|key| key.is_named_by(text));
        let key = key.ok_or_else(|| Fault::UnknownKey(text.to_owned()))?;
        Ok(Self { text: text.into(), key })
    }

    /// Whether it reads a tag of the resource.
    pub(super) fn is_resource_tag(&self) -> bool {
        self.key.name == RESOURCE_TAG
    }
}

impl Key {
    fn is_named_by(&self, text: &str) -> bool {
        if !self.is_tag() {
            return self.name.eq_ignore_ascii_case(text);
        }
        let Some((prefix, tag)) = text.split_at_checked(self.name.len()) else { return false };
        prefix.eq_ignore_ascii_case(self.name) && (1..=MAX_TAG_KEY).contains(&tag.chars().count())
    }
}

/// The names of all keys, for an error's text.
pub(super) fn known() -> String {
    let name = |key: &Key| if key.is_tag() { format!("{}<tag>", key.name) } else { key.name.to_owned() };
    KEYS.iter().map(name).collect::<Vec<_>>().join(", ")
}
