//! Firehose: one record of the stream for each record of the log, with a line's end.
//!
//! Promise: what the service refuses out of a batch is sent again, in its order, before anything later.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::Region;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::sleep;

use super::answer::SinkError;
use super::{Delivery, LogEvent, LogSinks, Service};

/// Bounds of a batch (API reference, `PutRecordBatch`): 4 MiB for the entire request, of which this much is
/// left for the records' base64 text.
const RECORDS: usize = 500;
const BYTES: usize = 4 * 1_048_576 - 64 * 1_024;
/// What JSON puts around each record.
const BYTES_PER_RECORD: usize = 16;
/// How often the refused part of a batch is sent again before the whole delivery has failed.
const AGAIN: u32 = 3;
/// Before the first such repetition; longer before each further one.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct PutRecordBatch<'a> {
    #[serde(rename = "DeliveryStreamName")]
    stream: &'a str,
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Record<'a> {
    #[serde(rename = "Data")]
    data: &'a str,
}

#[derive(Deserialize)]
struct Put {
    #[serde(rename = "FailedPutCount")]
    failed: usize,
    #[serde(rename = "RequestResponses", default)]
    each: Vec<PutOne>,
}

#[derive(Deserialize)]
struct PutOne {
    #[serde(rename = "ErrorCode", default)]
    code: Option<String>,
    #[serde(rename = "ErrorMessage", default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "DeliveryStreamDescription")]
    description: Description,
}

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "DeliveryStreamStatus")]
    status: String,
}

pub(super) async fn probe(sinks: &LogSinks, region: &Region, stream: &str) -> Result<(), SinkError> {
    let body = Bytes::from(json!({"DeliveryStreamName": stream}).to_string());
    let answer = sinks.call(Service::Firehose, region, "DescribeDeliveryStream", body).await?;
    let described: Described =
        serde_json::from_slice(&answer).map_err(|_| SinkError::Answer { service: "firehose" })?;
    match described.description.status.as_str() {
        "ACTIVE" => Ok(()),
        other => Err(SinkError::NotActive(other.chars().take(64).collect())),
    }
}

pub(super) async fn deliver(
    sinks: &LogSinks,
    region: &Region,
    stream: &str,
    events: &[LogEvent],
) -> Delivery {
    let mut done = Delivery { taken: 0, refused: 0, error: None };
    while done.taken < events.len() && done.error.is_none() {
        let batch = batch(&events[done.taken..]);
        let (taken, error) = send(sinks, region, stream, &batch).await;
        done.taken += taken;
        done.error = error;
    }
    done
}

/// The base64 of as many of the first events as one call takes: at least one.
fn batch(events: &[LogEvent]) -> Vec<String> {
    let mut bytes = 0;
    let mut batch = Vec::new();
    for event in events.iter().take(RECORDS) {
        let data = STANDARD.encode([&event.text[..], b"\n"].concat());
        bytes += data.len() + BYTES_PER_RECORD;
        if bytes > BYTES && !batch.is_empty() {
            break;
        }
        batch.push(data);
    }
    batch
}

/// How many of the batch's first records the service has, and why not the others.
async fn send(
    sinks: &LogSinks,
    region: &Region,
    stream: &str,
    batch: &[String],
) -> (usize, Option<SinkError>) {
    let mut left: Vec<usize> = (0..batch.len()).collect();
    let mut error = None;
    for attempt in 0..=AGAIN {
        if attempt > 0 {
            sleep(PAUSE * attempt).await;
        }
        let records = left.iter().map(|&index| Record { data: &batch[index] }).collect();
        match put(sinks, region, PutRecordBatch { stream, records }).await {
            Ok(put) if put.failed == 0 => return (batch.len(), None),
            Ok(put) if put.each.len() == left.len() => {
                let failed = |index: usize| put.each.get(index).is_some_and(|one| one.code.is_some());
                error = put.each.iter().find_map(refusal);
                left =
                    left.iter().enumerate().filter(|(at, _)| failed(*at)).map(|(_, &index)| index).collect();
                if left.is_empty() {
                    return (batch.len(), None);
                }
            }
            Ok(_) => error = Some(SinkError::Answer { service: "firehose" }),
            Err(refused) => {
                error = Some(refused);
                break;
            }
        }
    }
    // What stands behind the first that is missing goes again with it.
    (left.first().copied().unwrap_or(0), error)
}

async fn put(sinks: &LogSinks, region: &Region, request: PutRecordBatch<'_>) -> Result<Put, SinkError> {
    let wrong = |_| SinkError::Answer { service: "firehose" };
    let body = serde_json::to_vec(&request).map_err(wrong)?;
    let answer = sinks.call(Service::Firehose, region, "PutRecordBatch", body.into()).await?;
    serde_json::from_slice(&answer).map_err(wrong)
}

fn refusal(one: &PutOne) -> Option<SinkError> {
    let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(300).collect();
    one.code.as_deref().map(|code| SinkError::Service {
        service: "firehose",
        status: 200,
        code: cut(code),
        message: cut(one.message.as_deref().unwrap_or_default()),
    })
}
