//! IAM policies: what may the holder of a key do? (AWS IAM User Guide, "IAM JSON policy reference" and
//! "Policy evaluation logic".)
//!
//! A policy is AWS's own JSON. [`Policy::parse`] reads it, strictly; [`Policy::decide`] answers a
//! [`Question`]: an explicit deny wins over every allow, and what no statement speaks of is denied.
//!
//! Where IAM leaves a choice, or is more lenient, this is what holds here:
//!
//! - A condition key that these services never provide ([`KEYS`]) is refused, and so is an operator that does
//!   not fit the key's values: a slip would otherwise open or close without a word.
//! - `aws:TagKeys` must be asked for with `ForAllValues:` or `ForAnyValue:`, as the guide says. A key that
//!   should have one value and has two (two tags whose keys differ in case only) counts as unmatched.
//! - Values that are all empty count as no values for `Null`, `ForAllValues:` and `ForAnyValue:`.
//! - A variable stands for its value literally; wildcards in the value are plain characters. Without a value
//!   its statement says nothing, be it an allow or a deny.
//! - An empty list of actions, resources or values is refused; an empty list of statements allows nothing.
//!
//! Promise: pure, and bounded by the constants below; no panic on any text or question; deciding allocates
//! nothing unless a pattern has variables.

mod condition;
mod context;
mod error;
mod explain;
mod instant;
mod json;
mod keys;
mod net;
mod operator;
mod pattern;
mod read;
mod ready_made;
mod statement;
mod variable;
mod wanted;

use std::fmt;
use std::sync::Arc;

pub use context::Context;
pub use error::{Fault, PolicyError};
pub use explain::{Line, Obstacle};
pub use keys::{Holds, KEYS, Key};
pub use ready_made::{ADMIN, APPLICATION, READ_ONLY, READY_MADE, ready_made};
use statement::Statement;

/// The most statements that a policy may have.
pub const MAX_STATEMENTS: usize = 256;

/// The most values that one list in a policy may have.
pub const MAX_VALUES: usize = 512;

/// A policy, read and ready to decide. To clone it is cheap.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Arc<[Statement]>,
}

/// What is asked of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The service's prefix and the operation: `ivs:GetChannel`.
    pub action: &'a str,
    /// The ARN of what is acted on; `*` where the operation names none.
    pub resource: &'a str,
    /// What else is known of the request.
    pub context: &'a Context,
}

/// What a policy says of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed {
        /// The first that does.
        statement: Named,
    },
    /// A statement denies it.
    Denied {
        /// The first that does.
        statement: Named,
    },
    /// No statement speaks of it, which denies it as well.
    Unmentioned,
}

impl Decision {
    /// Whether the answer is yes.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// What a statement does where it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// What a statement is called: its Sid, or `statement 2`, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(Arc<str>);

impl Named {
    fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Policy {
    /// The most bytes that a policy's text may have: twice what AWS allows for all policies of a role (10,240
    /// characters without white space; IAM User Guide, "IAM and AWS STS quotas"), because white space counts.
    pub const MAX_BYTES: usize = 20_480;

    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] when the text is too long, is not JSON, or says anything that is not understood.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > Self::MAX_BYTES {
            return Err(PolicyError::TooLong { bytes: text.len() });
        }
        let json = json::Json::parse(text).map_err(PolicyError::NotJson)?;
        Ok(Self { statements: read::document(json)?.into() })
    }

    /// Answers a question.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let mut allows = None;
        for statement in self.statements.iter() {
            // Once something allows, only a deny can change the answer.
            let matters = allows.is_none() || statement.effect == Effect::Deny;
            if !matters || statement.check(question).is_err() {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Decision::Denied { statement: statement.name.clone() },
                Effect::Allow => allows = Some(&statement.name),
            }
        }
        allows.map_or(Decision::Unmentioned, |name| Decision::Allowed { statement: name.clone() })
    }

    /// Says of each statement whether it applies, and if not, what first keeps it from it.
    pub fn explain(&self, question: &Question<'_>) -> Vec<Line> {
        self.statements.iter().map(|statement| Line::of(statement, question)).collect()
    }

    /// Whether a condition or a variable reads the tags of the resource, which must then be in the context.
    pub fn reads_resource_tags(&self) -> bool {
        self.statements.iter().any(|statement| statement.reads(true))
    }

    /// Whether a condition or a variable reads anything of the context; if not, an empty one will do.
    pub fn reads_context(&self) -> bool {
        self.statements.iter().any(|statement| statement.reads(false))
    }
}
