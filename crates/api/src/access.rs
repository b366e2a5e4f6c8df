//! What an operation is about, so that a policy can be asked.
//!
//! Promise: plain data; each service has one table of it (`ivs/access.rs`), an exhaustive `match`.

use domain::ResourceKind;

/// What a policy must allow before an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The resources; each must be allowed.
    pub(crate) about: &'static [About],
    /// What the operation does with tags.
    pub(crate) tags: Tagging,
}

/// One or several resources that an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The one whose ARN this member holds.
    Named(&'static str),
    /// Those whose ARNs this list holds.
    EachOf(&'static str),
    /// Those whose ARNs stand in this list's elements, in the member of the second name.
    EachIn(&'static str, &'static str),
    /// One that is not there yet: of this kind, with any id.
    New(ResourceKind),
    /// All of a kind that the caller has.
    Kind(ResourceKind),
    /// No kind of resource in particular: `*`.
    Everything,
}

/// What an operation does with tags, which decides where `aws:RequestTag` and `aws:TagKeys` come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tagging {
    /// Nothing.
    Nothing,
    /// Sets those of the member `tags`.
    Sets,
    /// Sets those of the member `tags` on what it creates; with any, this action must be allowed too.
    SetsOnNew(&'static str),
    /// Removes those of the member `tagKeys`.
    Removes,
}

impl Access {
    /// To resources, with no word on tags.
    pub(crate) const fn to(about: &'static [About]) -> Self {
        Self { about, tags: Tagging::Nothing }
    }

    /// The same, and the operation does this with tags.
    pub(crate) const fn and(self, tags: Tagging) -> Self {
        Self { about: self.about, tags }
    }
}
