//! A call that its caller's policy does not allow.
//!
//! Promise: the caller reads the words that AWS uses; which statement denied is for the log alone.

use std::fmt;

use auth::policy::Named;

/// Who may not do what, and why (wording: IAM User Guide, "Troubleshoot access denied error messages").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The caller's ARN.
    pub(crate) user: String,
    /// The action, as `ivs:GetChannel`.
    pub(crate) action: &'static str,
    /// The ARN of the resource as the caller named it, or with `*` for its id.
    pub(crate) resource: String,
    /// The statement that denies; `None` when no statement speaks of it.
    pub(crate) denied_by: Option<Named>,
}

impl Refusal {
    /// Why, for the log.
    pub(crate) fn reason(&self) -> String {
        match &self.denied_by {
            Some(statement) => format!("denied by {statement}"),
            None => "no statement allows it".to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, action, resource, denied_by } = self;
        write!(f, "User: {user} is not authorized to perform: {action} on resource: {resource} ")?;
        match denied_by {
            Some(_) => f.write_str("with an explicit deny in an identity-based policy"),
            None => write!(f, "because no identity-based policy allows the {action} action"),
        }
    }
}
