//! Event patterns in EventBridge's own JSON: which events does somebody want?
//!
//! Promise: pure and bounded: a pattern has at most 4,096 bytes, and matching takes time in proportion to the
//! event's length times the pattern's; what is no pattern is refused with the place and the reason, so that a
//! slip never makes a filter that lets everything through.
//!
//! Sources: EventBridge user guide, "Comparison operators for use in event patterns"; the bounds and refusals of
//! the service's open matcher, `aws/event-ruler`. As there, a number equals another of the same value however
//! it is written, conditions are about leaves (the members of an array each are one), and of objects in an array
//! one alone has to meet all conditions.

mod condition;

use domain::strict_json;
use serde_json::{Map, Value};

use crate::error::PatternError;
use condition::Condition;

/// The most bytes of a pattern (EventBridge API reference, `PutRule`, `EventPattern`).
const MOST_BYTES: usize = 4096;
const WHOLE: &str = "the pattern";
const OR: &str = "$or";

/// Which events are wanted.
#[derive(Clone, Debug)]
pub struct Pattern(Vec<Rule>);

/// One thing that has to be so of an object; an object has to meet all of its rules.
#[derive(Clone, Debug)]
enum Rule {
    /// A member is an object that meets these.
    Within(String, Vec<Rule>),
    /// A leaf of a member meets one of these.
    Leaf(String, Vec<Condition>),
    /// The object meets one of these.
    Or(Vec<Vec<Rule>>),
}

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    /// [`PatternError`] says where and why.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > MOST_BYTES {
            return Err(PatternError::Long { length: text.len(), limit: MOST_BYTES });
        }
        let value = strict_json::parse(text).map_err(|error| PatternError::Json(error.to_string()))?;
        match &value {
            Value::Object(members) => Ok(Self(rules(members, "")?)),
            _ => Err(wrong("", "is no object")),
        }
    }

    /// Is this event wanted?
    pub fn matches(&self, event: &Value) -> bool {
        all(&self.0, Some(event))
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

/// What is wrong at a path; the empty one is the whole pattern.
fn wrong(at: &str, why: impl Into<String>) -> PatternError {
    let at = if at.is_empty() { WHOLE } else { at };
    PatternError::Meaning { at: at.to_owned(), why: why.into() }
}

fn inner(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

fn rules(members: &Map<String, Value>, at: &str) -> Result<Vec<Rule>, PatternError> {
    if members.is_empty() {
        return Err(wrong(at, "is an empty object: it would match everything"));
    }
    members.iter().map(|(key, value)| rule(key, value, &inner(at, key))).collect()
}

fn rule(key: &str, value: &Value, at: &str) -> Result<Rule, PatternError> {
    match value {
        Value::Object(members) => Ok(Rule::Within(key.to_owned(), rules(members, at)?)),
        Value::Array(ways) if key == OR => Ok(Rule::Or(alternatives(ways, at)?)),
        Value::Array(values) if values.is_empty() => {
            Err(wrong(at, "is an empty array: nothing could match it"))
        }
        Value::Array(values) => {
            let conditions = values
                .iter()
                .enumerate()
                .map(|(index, value)| Condition::read(value, &format!("{at}[{index}]")));
            Ok(Rule::Leaf(key.to_owned(), conditions.collect::<Result<_, _>>()?))
        }
        _ => Err(wrong(at, "is neither an object nor an array")),
    }
}

fn alternatives(ways: &[Value], at: &str) -> Result<Vec<Vec<Rule>>, PatternError> {
    if ways.len() < 2 {
        return Err(wrong(at, "has fewer than two objects to choose from"));
    }
    let read = |(index, way): (usize, &Value)| {
        let at = format!("{at}[{index}]");
        match way {
            Value::Object(members) => rules(members, &at),
            _ => Err(wrong(&at, "is no object")),
        }
    };
    ways.iter().enumerate().map(read).collect()
}

/// Does an object meet all rules? Of several in an array, does one? `None` is a member that is not there, of
/// which only absence can be true.
fn all(rules: &[Rule], value: Option<&Value>) -> bool {
    match value {
        Some(Value::Array(values)) => values.iter().any(|value| all(rules, Some(value))),
        _ => rules.iter().all(|rule| meets(rule, value)),
    }
}

fn meets(rule: &Rule, value: Option<&Value>) -> bool {
    let member = |key: &str| value.and_then(|value| value.as_object()).and_then(|members| members.get(key));
    match rule {
        Rule::Within(key, rules) => all(rules, member(key)),
        Rule::Or(ways) => ways.iter().any(|rules| all(rules, value)),
        Rule::Leaf(key, conditions) => {
            let leaves = leaves(member(key));
            conditions.iter().any(|condition| condition.holds(&leaves))
        }
    }
}

/// Texts, numbers, truths and null: the value itself, or those in an array at any depth.
fn leaves(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Object(_)) => Vec::new(),
        Some(Value::Array(values)) => values.iter().flat_map(|value| leaves(Some(value))).collect(),
        Some(leaf) => vec![leaf],
    }
}
