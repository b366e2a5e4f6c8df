//! Why a policy decides as it does, statement by statement.
//!
//! Promise: made from the very checks that decide; each line prints as one line of text.

use std::fmt;

use super::context::Context;
use super::statement::{Miss, Statement, Targets};
use super::{Effect, Named, Question};

/// What one statement says of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The statement.
    pub statement: Named,
    /// What it does where it applies.
    pub effect: Effect,
    /// The first thing that keeps it from applying; `None` when it applies.
    pub obstacle: Option<Obstacle>,
}

/// Why a statement does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The action is not among those listed, or is among those excepted.
    Action {
        /// The action that was asked for.
        asked: String,
        /// The member that decides.
        member: &'static str,
        /// What it lists.
        listed: Vec<String>,
    },
    /// The resource is not among those listed, or is among those excepted.
    Resource {
        /// The resource that was asked for.
        asked: String,
        /// The member that decides.
        member: &'static str,
        /// What it lists.
        listed: Vec<String>,
    },
    /// A variable has no value in this request.
    Variable {
        /// The key whose value it would be.
        key: String,
    },
    /// A condition does not hold.
    Condition {
        /// The operator.
        operator: String,
        /// The key.
        key: String,
        /// The values that the policy lists.
        wanted: Vec<String>,
        /// The values that the request has.
        actual: Vec<String>,
    },
}

impl Line {
    /// What `statement` says of `question`.
    pub(super) fn of(statement: &Statement, question: &Question<'_>) -> Self {
        let obstacle = statement.check(question).err().map(|miss| Obstacle::of(miss, question));
        Self { statement: statement.name.clone(), effect: statement.effect, obstacle }
    }
}

impl Obstacle {
    fn of(miss: Miss<'_>, question: &Question<'_>) -> Self {
        let Question { action, resource, context } = *question;
        match miss {
            Miss::Action(Targets { member, patterns, .. }) => {
                let listed = patterns.iter().map(|pattern| pattern.written.to_string()).collect();
                Self::Action { asked: action.to_owned(), member, listed }
            }
            Miss::Resource(Targets { member, patterns, .. }) => {
                let listed = patterns.iter().map(|pattern| pattern.written.to_string()).collect();
                Self::Resource { asked: resource.to_owned(), member, listed }
            }
            Miss::Unresolved(variable) => Self::Variable { key: variable.key.text.to_string() },
            Miss::Condition(condition) => Self::Condition {
                operator: condition.name.to_string(),
                key: condition.key.text.to_string(),
                wanted: condition.written.to_vec(),
                actual: Context::get(context, &condition.key.text).to_vec(),
            },
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) ", self.statement, self.effect)?;
        match &self.obstacle {
            None => f.write_str("applies"),
            Some(obstacle) => write!(f, "does not apply: {obstacle}"),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action { asked, member, listed } | Self::Resource { asked, member, listed } => {
                let word = if member.starts_with("Not") { "is among" } else { "is not among" };
                write!(f, "{} {word} its {member}: {}", Shown(asked), Values(listed))
            }
            Self::Variable { key } => {
                write!(f, "the variable ${{{}}} has no value in this request", Shown(key))
            }
            Self::Condition { operator, key, wanted, actual } if actual.is_empty() => {
                write!(f, "{operator} {} wants {}; the request does not have it", Shown(key), Values(wanted))
            }
            Self::Condition { operator, key, wanted, actual } => {
                write!(
                    f,
                    "{operator} {} wants {}; the request has {}",
                    Shown(key),
                    Values(wanted),
                    Values(actual)
                )
            }
        }
    }
}

/// A list as `a, b, c`, at most this many of them.
struct Values<'a>(&'a [String]);

const SHOWN: usize = 8;

impl fmt::Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().take(SHOWN).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}\"{}\"", Shown(value))?;
        }
        match self.0.len().checked_sub(SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}

/// Text on one line, whatever control characters it has.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| {
            if char.is_control() { write!(f, "{}", char.escape_default()) } else { write!(f, "{char}") }
        })
    }
}
