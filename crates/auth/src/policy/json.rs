//! JSON read strictly.
//!
//! Promise: a member that stands twice in one object is an error, not a choice between the two (IAM User
//! Guide, "Grammar of the IAM JSON policy language": no element has two instances of one key).

use std::collections::BTreeMap;

use domain::strict_json;
use serde_json::{Number, Value};

/// A JSON value; numbers are kept as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Truth(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a whole text, strictly.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        strict_json::parse(text).map(Self::from)
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Truth(truth),
            Value::Number(number) => Self::Number(written(&number)),
            Value::String(text) => Self::Text(text),
            Value::Array(list) => Self::List(list.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

/// Without a fraction of zero: policies compare numbers as what they mean.
fn written(number: &Number) -> String {
    let whole = number.as_u64().map(|whole| whole.to_string());
    let whole = whole.or_else(|| number.as_i64().map(|whole| whole.to_string()));
    whole.or_else(|| number.as_f64().map(|number| number.to_string())).unwrap_or_else(|| number.to_string())
}
