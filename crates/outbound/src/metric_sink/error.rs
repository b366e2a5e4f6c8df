//! What CloudWatch answers.
//!
//! Promise: every answer is read as a yes, or as an error that says whether asking again can help.

use serde::Deserialize;

use crate::client::Answer;
use crate::error::OutboundError;

/// Characters of the service's words that an error keeps.
const MESSAGE: usize = 300;

/// Why CloudWatch did not take metrics.
#[derive(Debug, thiserror::Error)]
pub enum MetricSinkError {
    /// No answer.
    #[error("the call to CloudWatch had no answer")]
    Call(#[from] OutboundError),
    /// The service answered with an error.
    #[error("CloudWatch answered {status} {code}: {message}")]
    Service {
        /// HTTP status.
        status: u16,
        /// Its name for the error, such as `Throttling`.
        code: String,
        /// Its words, cut.
        message: String,
    },
}

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTrouble {
    /// What was sent is wrong, whenever it is sent.
    Unfit,
    /// It may be taken later: the service is away, has had enough, or does not know us yet.
    Passing,
}

impl MetricSinkError {
    /// Can asking again help?
    pub fn trouble(&self) -> MetricTrouble {
        match self {
            Self::Service { status: 413, .. } => MetricTrouble::Unfit,
            Self::Service { code, .. } if is_unfit(code) => MetricTrouble::Unfit,
            _ => MetricTrouble::Passing,
        }
    }
}

/// The service's errors about what was sent, with and without the ending that a protocol adds; the last one is the
/// protocol's own.
fn is_unfit(code: &str) -> bool {
    let code = code.strip_suffix("Exception").unwrap_or(code);
    matches!(
        code,
        "InvalidParameterValue"
            | "InvalidParameterCombination"
            | "MissingParameter"
            | "MissingRequiredParameter"
            | "ValidationError"
            | "Validation"
            | "Serialization"
    )
}

#[derive(Default, Deserialize)]
struct Fault {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(default, alias = "Message")]
    message: String,
}

/// A yes, or the service's error.
pub(super) fn read(answer: &Answer) -> Result<(), MetricSinkError> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let fault: Fault = serde_json::from_slice(&answer.body).unwrap_or_default();
    let name = if fault.kind.is_empty() { "an error without a name" } else { &fault.kind };
    // `namespace#Name`
    let name = name.rsplit('#').next().unwrap_or(name);
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(MESSAGE).collect();
    Err(MetricSinkError::Service { status: answer.status, code: clean(name), message: clean(&fault.message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> MetricSinkError {
        let body = bytes::Bytes::from_static(body.as_bytes());
        read(&Answer { status, headers: http::HeaderMap::new(), body }).expect_err("an error")
    }

    #[test]
    fn what_is_wrong_for_good_is_told_from_what_may_pass() {
        let unfit = [
            answer(
                400,
                r#"{"__type":"com.amazonaws.cloudwatch#InvalidParameterValueException","message":"NaN"}"#,
            ),
            answer(400, r#"{"__type":"InvalidParameterValue","Message":"reserved"}"#),
            answer(413, ""),
        ];
        assert!(unfit.iter().all(|error| error.trouble() == MetricTrouble::Unfit), "{unfit:?}");
        let passing = [
            answer(400, r#"{"__type":"com.amazon.coral.service#AccessDeniedException"}"#),
            answer(400, r#"{"__type":"ThrottlingException"}"#),
            answer(503, "<html>"),
            answer(400, ""),
        ];
        assert!(passing.iter().all(|error| error.trouble() == MetricTrouble::Passing), "{passing:?}");
    }

    #[test]
    fn the_services_words_are_kept_short_and_clean() {
        let error = answer(400, r#"{"__type":"a#B","message":"one\u001b[2J\ntwo"}"#);
        assert_eq!(error.to_string(), "CloudWatch answered 400 B: one[2Jtwo");
    }
}
