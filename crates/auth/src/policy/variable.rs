//! Policy variables (IAM User Guide, "IAM policy elements: Variables and tags").
//!
//! Promise: a variable names a key that exists and has one value; `${*}`, `${?}` and `${$}` are the
//! characters themselves.

use super::context::Context;
use super::error::Fault;
use super::keys;
use super::pattern::Atom;

/// `${key}` or `${key, 'default'}`.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// The key whose value it is.
    pub(super) key: keys::Reference,
    default: Option<Box<str>>,
}

impl Variable {
    /// Reads the variable at the start of `text`, which begins with `${`; gives back what comes after it.
    /// Fails with `None` when the form is wrong.
    pub(super) fn parse(text: &str) -> Result<(Atom, &str), Option<Fault>> {
        let inside = text.strip_prefix("${").ok_or(None)?;
        for char in ['*', '?', '$'] {
            if let Some(after) = inside.strip_prefix(char).and_then(|rest| rest.strip_prefix('}')) {
                return Ok((Atom::Char(char), after));
            }
        }
        let end = inside.find(['}', ',']).ok_or(None)?;
        let (name, rest) = inside.split_at(end);
        let (default, after) = default(rest).ok_or(None)?;
        if name.trim().is_empty() {
            return Err(None);
        }
        let key = keys::Reference::parse(name.trim())?;
        if key.key.many {
            return Err(Some(Fault::ManyValuedVariable(key.text.into())));
        }
        Ok((Atom::Variable(Self { key, default }), after))
    }

    /// What it stands for in a request; `None` when the key is not there, or ambiguous, and has no default.
    pub(super) fn value<'a>(&'a self, context: &'a Context) -> Option<&'a str> {
        let default = if context.get(&self.key.text).is_empty() { self.default.as_deref() } else { None };
        context.single(&self.key.text).or(default)
    }
}

/// Reads `}` or `, 'default'}`; gives back what comes after it.
fn default(text: &str) -> Option<(Option<Box<str>>, &str)> {
    if let Some(after) = text.strip_prefix('}') {
        return Some((None, after));
    }
    let quoted = text.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, after) = quoted.split_once('\'')?;
    Some((Some(default.into()), after.trim_start().strip_prefix('}')?))
}
