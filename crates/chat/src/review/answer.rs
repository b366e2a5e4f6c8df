//! What a handler answers.
//!
//! Promise: only an answer that keeps all rules lets a message pass in the handler's name, and a denial denies
//! whatever else is wrong with it: no slip in an answer publishes what its handler refused.

use std::collections::BTreeMap;

use domain::CHAT_ATTRIBUTE_BYTES;
use serde::Deserialize;
use serde_json::Value;

use super::question::{Question, Verdict};

/// Bytes that an answer may have: the longest content and attributes, each character escaped, fit.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it is no JSON object with its keys once each")]
    Shape,
    #[error("ReviewResult is neither ALLOW nor DENY")]
    Result,
    #[error("Content is missing or no text")]
    Content,
    #[error("Content is empty or longer than the room allows")]
    Length,
    #[error("Attributes is no object of texts")]
    Attributes,
    #[error("Attributes has more than {CHAT_ATTRIBUTE_BYTES} bytes")]
    AttributeBytes,
}

/// An answer that decides.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) decision: Decision,
    /// What is wrong although it decides.
    pub(super) flaw: Option<Flaw>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allow { content: String, attributes: Option<BTreeMap<String, String>> },
    Deny { reason: Option<String> },
}

impl Decision {
    pub(super) fn on(self, question: Question) -> Verdict {
        match self {
            Self::Allow { content, attributes } => {
                Verdict::Allow { content, attributes: attributes.unwrap_or(question.attributes) }
            }
            Self::Deny { reason } => Verdict::Deny { reason },
        }
    }
}

/// Keys that an answer may have besides are not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    review_result: Value,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    attributes: Value,
}

/// Reads an answer for a room whose messages have at most `max_length` code points.
pub(super) fn read(text: &[u8], max_length: u16) -> Result<Answer, Flaw> {
    let raw: Raw = serde_json::from_slice(text).map_err(|_| Flaw::Shape)?;
    match raw.review_result.as_str() {
        Some("ALLOW") => Ok(Answer { decision: allow(raw, max_length)?, flaw: None }),
        Some("DENY") => Ok(deny(raw.attributes)),
        _ => Err(Flaw::Result),
    }
}

fn allow(raw: Raw, max_length: u16) -> Result<Decision, Flaw> {
    let Value::String(content) = raw.content else {
        return Err(Flaw::Content);
    };
    if content.is_empty() || content.chars().nth(usize::from(max_length)).is_some() {
        return Err(Flaw::Length);
    }
    Ok(Decision::Allow { content, attributes: attributes(raw.attributes)? })
}

fn deny(given: Value) -> Answer {
    match attributes(given) {
        Ok(given) => {
            let reason =
                given.and_then(|mut given| given.remove("Reason")).filter(|reason| !reason.is_empty());
            Answer { decision: Decision::Deny { reason }, flaw: None }
        }
        Err(flaw) => Answer { decision: Decision::Deny { reason: None }, flaw: Some(flaw) },
    }
}

/// `None` when they are left out, or null as some languages write a map that was never made.
fn attributes(given: Value) -> Result<Option<BTreeMap<String, String>>, Flaw> {
    let given = match given {
        Value::Null => return Ok(None),
        Value::Object(given) => given,
        _ => return Err(Flaw::Attributes),
    };
    let mut bytes = 0;
    let mut attributes = BTreeMap::new();
    for (key, value) in given {
        let Value::String(value) = value else {
            return Err(Flaw::Attributes);
        };
        bytes += key.len() + value.len();
        attributes.insert(key, value);
    }
    if bytes > CHAT_ATTRIBUTE_BYTES { Err(Flaw::AttributeBytes) } else { Ok(Some(attributes)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn allowed(content: &str, attributes: Option<&[(&str, &str)]>) -> Answer {
        let attributes = attributes
            .map(|pairs| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
        Answer { decision: Decision::Allow { content: content.to_owned(), attributes }, flaw: None }
    }

    fn denied(reason: Option<&str>, flaw: Option<Flaw>) -> Answer {
        Answer { decision: Decision::Deny { reason: reason.map(str::to_owned) }, flaw }
    }

    #[test]
    fn an_allowance_brings_content_and_keeps_attributes_that_it_leaves_out() {
        for text in [
            r#"{"ReviewResult":"ALLOW","Content":"hi"}"#,
            r#"{"ReviewResult":"ALLOW","Content":"hi","Attributes":null}"#,
            r#"{"Content":"hi","More":[1,{}],"ReviewResult":"ALLOW"}"#,
        ] {
            assert_eq!(read(text.as_bytes(), 500), Ok(allowed("hi", None)), "{text}");
        }
        let text = br#"{"ReviewResult":"ALLOW","Content":"hi","Attributes":{"a":"b"}}"#;
        assert_eq!(read(text, 500), Ok(allowed("hi", Some(&[("a", "b")]))));
        let text = br#"{"ReviewResult":"ALLOW","Content":"hi","Attributes":{}}"#;
        assert_eq!(read(text, 500), Ok(allowed("hi", Some(&[]))));
    }

    #[test]
    fn lengths_are_counted_in_code_points() {
        let text = r#"{"ReviewResult":"ALLOW","Content":"🙂🙂🙂"}"#.as_bytes();
        assert_eq!(read(text, 3), Ok(allowed("🙂🙂🙂", None)));
        assert_eq!(read(text, 2), Err(Flaw::Length));
        assert_eq!(read(br#"{"ReviewResult":"ALLOW","Content":""}"#, 500), Err(Flaw::Length));
    }

    #[test]
    fn what_breaks_a_rule_allows_nothing() {
        let cases: [(&str, Flaw); 14] = [
            ("", Flaw::Shape),
            ("null", Flaw::Shape),
            (r#""ALLOW""#, Flaw::Shape),
            ("{}", Flaw::Shape),
            (r#"{"ReviewResult":"ALLOW","Content":"a"} x"#, Flaw::Shape),
            (r#"{"ReviewResult":"ALLOW","ReviewResult":"DENY","Content":"a"}"#, Flaw::Shape),
            (r#"{"ReviewResult":"ALLOW","Content":"\ud800"}"#, Flaw::Shape),
            (r#"{"reviewresult":"ALLOW","Content":"a"}"#, Flaw::Shape),
            (r#"{"ReviewResult":"allow","Content":"a"}"#, Flaw::Result),
            (r#"{"ReviewResult":null,"Content":"a"}"#, Flaw::Result),
            (r#"{"ReviewResult":"ALLOW"}"#, Flaw::Content),
            (r#"{"ReviewResult":"ALLOW","Content":5}"#, Flaw::Content),
            (r#"{"ReviewResult":"ALLOW","Content":"a","Attributes":{"k":1}}"#, Flaw::Attributes),
            (r#"{"ReviewResult":"ALLOW","Content":"a","Attributes":["k"]}"#, Flaw::Attributes),
        ];
        for (text, flaw) in cases {
            assert_eq!(read(text.as_bytes(), 500), Err(flaw), "{text}");
        }
    }

    #[test]
    fn attributes_have_a_kibibyte_of_keys_and_values() {
        let text = |bytes: usize| {
            format!(
                r#"{{"ReviewResult":"ALLOW","Content":"a","Attributes":{{"key":"{}"}}}}"#,
                "v".repeat(bytes - 3)
            )
        };
        assert!(read(text(1_024).as_bytes(), 500).is_ok());
        assert_eq!(read(text(1_025).as_bytes(), 500), Err(Flaw::AttributeBytes));
    }

    #[test]
    fn a_denial_denies_whatever_else_is_wrong() {
        for (text, answer) in [
            (
                r#"{"ReviewResult":"DENY","Content":"","Attributes":{"Reason":"rude"}}"#,
                denied(Some("rude"), None),
            ),
            (r#"{"ReviewResult":"DENY","Content":"a","Attributes":{"Reason":""}}"#, denied(None, None)),
            (r#"{"ReviewResult":"DENY"}"#, denied(None, None)),
            (r#"{"ReviewResult":"DENY","Content":7}"#, denied(None, None)),
            (r#"{"ReviewResult":"DENY","Attributes":{"Reason":7}}"#, denied(None, Some(Flaw::Attributes))),
            (r#"{"ReviewResult":"DENY","Attributes":"no"}"#, denied(None, Some(Flaw::Attributes))),
        ] {
            assert_eq!(read(text.as_bytes(), 500), Ok(answer), "{text}");
        }
    }

    #[test]
    fn the_longest_answer_fits_the_bound_with_each_character_escaped() {
        let content = "\\ud83d\\ude00".repeat(500);
        let value = "\\u0061".repeat(1_023);
        let text = format!(
            r#"{{"ReviewResult": "ALLOW", "Content": "{content}", "Attributes": {{"k": "{value}"}}}}"#
        );
        assert!(text.len() < MAX_BYTES);
        assert!(read(text.as_bytes(), 500).is_ok());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,30}".prop_map(Value::from),
            prop_oneof![Just("ALLOW"), Just("DENY")].prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zR]{0,600}", inner, 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_answered_what_passes_keeps_the_rules(
            result in value(), content in value(), attributes in value(), max_length in 1u16..40,
        ) {
            let text = json!({"ReviewResult": result, "Content": content, "Attributes": attributes}).to_string();
            match read(text.as_bytes(), max_length).map(|answer| answer.decision) {
                Ok(Decision::Allow { content, attributes }) => {
                    prop_assert_eq!(result, "ALLOW");
                    prop_assert!((1..=usize::from(max_length)).contains(&content.chars().count()));
                    let bytes = attributes.iter().flatten().map(|(key, value)| key.len() + value.len()).sum::<usize>();
                    prop_assert!(bytes <= CHAT_ATTRIBUTE_BYTES);
                }
                Ok(Decision::Deny { .. }) => prop_assert_eq!(result, "DENY"),
                Err(_) => prop_assert_ne!(result, "DENY"),
            }
        }

        #[test]
        fn bytes_that_are_no_answer_decide_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read(&bytes, 500).is_err());
        }
    }
}
