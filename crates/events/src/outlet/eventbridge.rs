//! EventBridge's `PutEvents`, or a service that is compatible.
//!
//! Promise: entry by entry, what the service took is delivered and what it did not is not; a call keeps the
//! service's bounds.
//!
//! Source: EventBridge API reference, `PutEvents`, `PutEventsRequestEntry`; user guide, "Calculating Amazon
//! EventBridge event entry sizes".

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use outbound::{Answer, Call, Outbound};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use super::{Failure, Letter, Outcome, story};
use crate::sinks;

/// Entries of one call.
pub(super) const ENTRIES: usize = 10;
/// Bytes of all entries of one call.
const BYTES: usize = 256 * 1024;
/// What an entry's time counts.
const TIME_BYTES: usize = 14;
const DEADLINE: Duration = Duration::from_secs(15);
const MAX_ANSWER: usize = 64 * 1024;
/// Of an error's words so many are kept.
const WORDS: usize = 300;

#[derive(Debug)]
pub(crate) struct EventBridge {
    pub(super) config: sinks::EventBridge,
    pub(super) outbound: Outbound,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents<'a> {
    entries: Vec<&'a Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    time: i64,
    source: String,
    resources: Vec<String>,
    detail_type: String,
    detail: String,
    event_bus_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    entries: Vec<Fate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fate {
    event_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message")]
    message: String,
}

impl EventBridge {
    pub(super) async fn deliver(&self, lanes: &[Vec<Letter>]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(lanes.len());
        let mut rest = lanes;
        while !rest.is_empty() {
            let (taken, fates) = self.deliver_some(rest).await;
            outcomes.extend(
                fates
                    .into_iter()
                    .map(|fate| Outcome { delivered: usize::from(fate.is_ok()), failure: fate.err() }),
            );
            rest = rest.get(taken..).unwrap_or_default();
        }
        outcomes
    }

    /// The first event of each of as many lanes as one call takes, at least one.
    async fn deliver_some(&self, lanes: &[Vec<Letter>]) -> (usize, Vec<Result<(), Failure>>) {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for letter in lanes.iter().take(ENTRIES).filter_map(|letters| letters.first()) {
            let Some(entry) = self.entry(letter) else {
                if !entries.is_empty() {
                    break;
                }
                return (1, vec![Err(Failure::refused("it is no event"))]);
            };
            bytes += entry.size();
            if bytes > BYTES && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        let fates = match self.put(&entries).await {
            Ok(fates) => fates,
            Err(failure) => vec![Err(failure); entries.len()],
        };
        (entries.len().max(1), fates)
    }

    fn entry(&self, letter: &Letter) -> Option<Entry> {
        let event: Value = serde_json::from_slice(&letter.envelope).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let resources = event["resources"].as_array()?;
        Some(Entry {
            time: letter.at.div_euclid(1000),
            source: self.config.source.clone().or_else(|| text(&event["source"]))?,
            resources: resources.iter().filter_map(text).collect(),
            detail_type: text(&event["detail-type"])?,
            detail: event["detail"].to_string(),
            event_bus_name: self.config.bus.clone(),
        })
    }

    async fn put(&self, entries: &[Entry]) -> Result<Vec<Result<(), Failure>>, Failure> {
        let request = PutEvents { entries: entries.iter().collect() };
        let body = serde_json::to_vec(&request).map_err(|error| Failure::refused(error.to_string()))?;
        let answer = self.call(body.into()).await?;
        let put: Put = serde_json::from_slice(&answer.body)
            .map_err(|_| Failure::failed("it answered something else than PutEvents does"))?;
        if put.entries.len() != entries.len() {
            return Err(Failure::failed("it did not answer for each entry"));
        }
        Ok(put.entries.into_iter().map(Fate::judge).collect())
    }

    async fn call(&self, body: Bytes) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        let target = HeaderValue::from_static("AWSEvents.PutEvents");
        headers.insert(HeaderName::from_static("x-amz-target"), target);
        let call = Call {
            service: "events",
            region: &self.config.region,
            keys: None,
            method: http::Method::POST,
            url: &self.config.endpoint,
            headers,
            body,
            deadline: Instant::now() + DEADLINE,
            max_answer: MAX_ANSWER,
        };
        let answer = self.outbound.signed(call).await.map_err(|error| Failure::away(story(&error)))?;
        match answer.status {
            200 => Ok(answer),
            _ => Err(refusal(&answer)),
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        let resources: usize = self.resources.iter().map(String::len).sum();
        TIME_BYTES + self.source.len() + self.detail_type.len() + self.detail.len() + resources
    }
}

impl Fate {
    fn judge(self) -> Result<(), Failure> {
        let Some(code) = self.error_code else {
            return match self.event_id {
                Some(_) => Ok(()),
                None => Err(Failure::failed("it answered neither with an id nor with an error")),
            };
        };
        let reason = reason(&code, self.error_message.as_deref().unwrap_or_default());
        match passes(&code) {
            true => Err(Failure::failed(reason)),
            false => Err(Failure::refused(reason)),
        }
    }
}

/// A whole call that was refused is not about one event: rights, credentials or the bus can be mended, so it is
/// asked again until events are too old.
fn refusal(answer: &Answer) -> Failure {
    let said: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = said.kind.rsplit('#').next().unwrap_or_default();
    let reason = format!("it answered {}: {}", answer.status, reason(code, &said.message));
    match code == "ValidationException" || answer.status == 413 {
        true => Failure::refused(reason),
        false => Failure::away(reason),
    }
}

fn passes(code: &str) -> bool {
    code.contains("Throttl")
        || code.contains("Internal")
        || code.contains("Unavailable")
        || code.contains("Limit")
}

fn reason(code: &str, message: &str) -> String {
    format!("{code} {message}").trim().chars().take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use outbound::{Credentials, Keys};
    use serde_json::json;
    use testkit::{Answerer, Reply};

    use super::*;
    use crate::outlet::FailureKind;

    fn letter(bytes: usize) -> Vec<Letter> {
        let event = json!({
            "source": "aws.ivs", "detail-type": "x", "resources": [], "detail": {"reason": "x".repeat(bytes)},
        });
        let id = domain::EventId::parse("00000000-0000-4000-8000-000000000000").expect("an id");
        vec![Letter { id, at: 1_999, envelope: Bytes::from(event.to_string()) }]
    }

    fn bridge(answerer: &Answerer) -> EventBridge {
        let keys = Keys { id: "AKIATEST".to_owned(), secret: "a secret".to_owned(), session: None };
        let outbound = Outbound::new(outbound::Config {
            credentials: Credentials::Keys(keys),
            ..outbound::Config::default()
        });
        let config = sinks::EventBridge {
            bus: "default".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: answerer.url("/"),
            source: Some("mine".to_owned()),
        };
        EventBridge { config, outbound: outbound.expect("a client") }
    }

    fn kinds(outcomes: &[Outcome]) -> Vec<Option<FailureKind>> {
        outcomes.iter().map(|outcome| outcome.failure.as_ref().map(|failure| failure.kind)).collect()
    }

    #[tokio::test]
    async fn a_call_keeps_the_services_bounds() {
        let answerer = Answerer::start(|asked| {
            let entries = asked.body.windows(12).filter(|window| window == b"\"DetailType\"").count();
            let fates = vec![json!({"EventId": "1"}); entries];
            Reply::Wire(Reply::json(200, &json!({"FailedEntryCount": 0, "Entries": fates}).to_string()))
        });
        let answerer = answerer.await;
        let bridge = bridge(&answerer);
        let large = [letter(100_000), letter(100_000), letter(100_000)];
        assert_eq!(kinds(&bridge.deliver(&large).await), [None; 3]);
        assert_eq!(answerer.asked().len(), 2, "not more than 256 KB in a call");
        let many: Vec<_> = (0..23).map(|_| letter(1)).collect();
        assert_eq!(kinds(&bridge.deliver(&many).await), [None; 23]);
        assert_eq!(answerer.asked().len(), 5, "not more than ten entries in a call");
        let sent: Value = serde_json::from_slice(&answerer.asked()[4].body).expect("JSON");
        assert_eq!((&sent["Entries"][0]["Time"], &sent["Entries"][0]["Source"]), (&json!(1), &json!("mine")));
    }

    #[tokio::test]
    async fn rights_that_are_missing_condemn_no_event() {
        let answerer = Answerer::start(|_| {
            let said = r#"{"__type": "com.amazon#AccessDeniedException", "Message": "no"}"#;
            Reply::Wire(Reply::json(400, said))
        });
        let answerer = answerer.await;
        let outcomes = bridge(&answerer).deliver(&[letter(1)]).await;
        assert_eq!(kinds(&outcomes), [Some(FailureKind::Away(None))]);
        let reason = outcomes[0].failure.as_ref().map(|failure| failure.reason.as_str());
        assert_eq!(reason, Some("it answered 400: AccessDeniedException no"));
    }

    #[tokio::test]
    async fn an_entry_that_is_refused_is_refused_alone_and_nonsense_is_no_success() {
        let answers = std::sync::Mutex::new(vec![
            json!({"Entries": [{"EventId": "1"}, {"ErrorCode": "MalformedDetail"}, {"ErrorCode": "InternalFailure"}]}),
            json!({"Entries": []}),
            json!(["what"]),
        ]);
        let answerer = Answerer::start(move |_| {
            let next = answers.lock().expect("no panic").remove(0);
            Reply::Wire(Reply::json(200, &next.to_string()))
        });
        let answerer = answerer.await;
        let bridge = bridge(&answerer);
        let three = [letter(1), letter(1), letter(1)];
        let (refused, failed) = (Some(FailureKind::Refused), Some(FailureKind::Failed));
        assert_eq!(kinds(&bridge.deliver(&three).await), [None, refused, failed]);
        assert_eq!(kinds(&bridge.deliver(&three).await), [failed; 3]);
        assert_eq!(kinds(&bridge.deliver(&three).await), [failed; 3]);
    }
}
