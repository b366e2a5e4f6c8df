//! CloudWatch Logs: a stream for each room in the configured group.
//!
//! Promise: events of one batch are in the order of their times, and within a day, as the service demands.

use bytes::Bytes;
use domain::Region;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::SinkError;
use super::{Delivery, LogEvent, LogSinks, Service};

/// Bounds of a batch (API reference, `PutLogEvents`).
const EVENTS: usize = 10_000;
const BYTES: usize = 1_048_576;
const BYTES_PER_EVENT: usize = 26;
const SPAN_MS: i64 = 24 * 3_600 * 1_000;

/// Streams of rooms (user guide, "IVS Chat Logging").
const STREAM: &str = "aws/IVSChatLogs/1.0/room_";
/// The stream that the vendor's own log delivery makes in a group to see whether it may write there.
const TRIAL_STREAM: &str = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions";
const TRIAL_WORDS: &str = "Rillcast may write chat logs to this log group.";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PutLogEvents<'a> {
    log_group_name: &'a str,
    log_stream_name: &'a str,
    log_events: Vec<InputLogEvent<'a>>,
}

#[derive(Serialize)]
struct InputLogEvent<'a> {
    timestamp: i64,
    message: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    #[serde(default)]
    rejected_log_events_info: Option<Rejected>,
}

/// Index of the first event too new; end indices, exclusive, of those too old.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rejected {
    too_new_log_event_start_index: Option<usize>,
    too_old_log_event_end_index: Option<usize>,
    expired_log_event_end_index: Option<usize>,
}

impl Rejected {
    fn count(&self, events: usize) -> usize {
        let old = self.too_old_log_event_end_index.max(self.expired_log_event_end_index).unwrap_or(0);
        let new = self.too_new_log_event_start_index.map_or(0, |start| events.saturating_sub(start));
        (old + new).min(events)
    }
}

pub(super) async fn probe(sinks: &LogSinks, region: &Region, group: &str) -> Result<(), SinkError> {
    make_stream(sinks, region, group, TRIAL_STREAM).await?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let timestamp = i64::try_from(now.as_millis()).unwrap_or(0);
    let event = InputLogEvent { timestamp, message: TRIAL_WORDS };
    put(sinks, region, group, TRIAL_STREAM, vec![event]).await.map(drop)
}

/// The group's own description can only be asked for with all others whose names begin alike; its streams are asked
/// for by its name, which says as well whether it is there.
pub(super) async fn look(sinks: &LogSinks, region: &Region, group: &str) -> Result<(), SinkError> {
    let body = Bytes::from(json!({"logGroupName": group, "limit": 1}).to_string());
    sinks.call(Service::Logs, region, "DescribeLogStreams", body).await.map(drop)
}

pub(super) async fn deliver(sinks: &LogSinks, region: &Region, group: &str, events: &[LogEvent]) -> Delivery {
    let mut done = Delivery { taken: 0, refused: 0, error: None };
    while let Some(first) = events.get(done.taken) {
        let stream = format!("{STREAM}{}", first.room);
        let batch = batch(&events[done.taken..]);
        match put_or_make(sinks, region, group, &stream, batch).await {
            Ok(refused) => {
                done.taken += batch.len();
                done.refused += refused;
            }
            Err(error) => {
                done.error = Some(error);
                break;
            }
        }
    }
    done
}

/// As many of the first events as one call takes: at least one.
fn batch(events: &[LogEvent]) -> &[LogEvent] {
    let (mut bytes, mut from, mut to) = (0, i64::MAX, i64::MIN);
    let mut fits = |event: &LogEvent| {
        bytes += event.text.len() + BYTES_PER_EVENT;
        from = from.min(event.at_ms);
        to = to.max(event.at_ms);
        bytes <= BYTES && to.saturating_sub(from) < SPAN_MS
    };
    let count = events.iter().take(EVENTS).take_while(|event| fits(event)).count();
    &events[..count.max(1)]
}

/// How many events the service refused.
async fn put_or_make(
    sinks: &LogSinks,
    region: &Region,
    group: &str,
    stream: &str,
    batch: &[LogEvent],
) -> Result<usize, SinkError> {
    let put = || put(sinks, region, group, stream, input(batch));
    match put().await {
        Err(error) if error.is("ResourceNotFoundException") => {
            make_stream(sinks, region, group, stream).await?;
            put().await
        }
        other => other,
    }
}

/// Stable, so that what was said in one millisecond stays in order.
fn input(batch: &[LogEvent]) -> Vec<InputLogEvent<'_>> {
    let mut input: Vec<_> = batch.iter().map(event).collect();
    input.sort_by_key(|event| event.timestamp);
    input
}

/// A record is JSON text, so it is never anything but UTF-8.
fn event(event: &LogEvent) -> InputLogEvent<'_> {
    InputLogEvent { timestamp: event.at_ms, message: str::from_utf8(&event.text).unwrap_or("{}") }
}

async fn put(
    sinks: &LogSinks,
    region: &Region,
    group: &str,
    stream: &str,
    events: Vec<InputLogEvent<'_>>,
) -> Result<usize, SinkError> {
    let count = events.len();
    let request = PutLogEvents { log_group_name: group, log_stream_name: stream, log_events: events };
    let body = serde_json::to_vec(&request).map_err(|_| SinkError::Answer { service: "logs" })?;
    let answer = sinks.call(Service::Logs, region, "PutLogEvents", body.into()).await?;
    // Some compatible servers answer with nothing.
    let accepted: Accepted = serde_json::from_slice(&answer).unwrap_or_default();
    Ok(accepted.rejected_log_events_info.map_or(0, |rejected| rejected.count(count)))
}

async fn make_stream(sinks: &LogSinks, region: &Region, group: &str, stream: &str) -> Result<(), SinkError> {
    let body = Bytes::from(json!({"logGroupName": group, "logStreamName": stream}).to_string());
    match sinks.call(Service::Logs, region, "CreateLogStream", body).await {
        Err(error) if !error.is("ResourceAlreadyExistsException") => Err(error),
        _ => Ok(()),
    }
}
