//! Firehose.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::LogDestination;
use outbound::log_sink::SinkTrouble;
use serde_json::{Value, json};

use crate::service::{Answer, Service, refusal};
use crate::{events, number, region, sinks};

fn destination() -> LogDestination {
    LogDestination::Firehose { delivery_stream: "chat".to_owned() }
}

/// A delivery stream that has a bad moment now and then; bounds as of the API reference, `PutRecordBatch`.
#[derive(Default)]
struct Stream {
    taken: Vec<usize>,
    calls: usize,
    /// These records of the calls with these numbers fail.
    failing: Vec<(usize, usize)>,
}

impl Stream {
    fn answer(&mut self, target: &str, request: &Value) -> Answer {
        assert_eq!(request["DeliveryStreamName"], "chat");
        if target == "Firehose_20150804.DescribeDeliveryStream" {
            return (200, json!({"DeliveryStreamDescription": {"DeliveryStreamStatus": "CREATING"}}));
        }
        assert_eq!(target, "Firehose_20150804.PutRecordBatch");
        let records = request["Records"].as_array().unwrap();
        if records.len() > 500 {
            return refusal(400, "InvalidArgumentException");
        }
        let call = self.calls;
        self.calls += 1;
        let mut responses = Vec::new();
        for (at, record) in records.iter().enumerate() {
            let text = STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
            let text = String::from_utf8(text).unwrap();
            if self.failing.contains(&(call, at)) {
                responses
                    .push(json!({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}));
            } else {
                self.taken.push(number(text.strip_suffix('\n').unwrap()));
                responses.push(json!({"RecordId": "1"}));
            }
        }
        let failed = responses.iter().filter(|one| one.get("ErrorCode").is_some()).count();
        (200, json!({"FailedPutCount": failed, "RequestResponses": responses}))
    }
}

async fn serve(stream: &Arc<Mutex<Stream>>) -> Service {
    let stream = Arc::clone(stream);
    Service::start(move |target, request| stream.lock().unwrap().answer(target, &request)).await
}

#[tokio::test]
async fn batches_keep_the_services_bounds_and_their_order() {
    let stream = Arc::new(Mutex::new(Stream::default()));
    let service = serve(&stream).await;
    for (count, length, calls) in [(1_201, 0, 3), (12, 900_000, 4)] {
        *stream.lock().unwrap() = Stream::default();
        let done = sinks(&service.url).deliver(&destination(), &region(), &events(count, length)).await;
        assert!(done.error.is_none() && done.taken == count, "{:?}", done.error);
        let stream = stream.lock().unwrap();
        assert_eq!(stream.taken, (0..count).collect::<Vec<_>>());
        assert_eq!(stream.calls, calls);
    }
}

#[tokio::test]
async fn what_fails_out_of_a_batch_goes_again_before_anything_later() {
    let failing = vec![(0, 1), (0, 3), (1, 1)];
    let stream = Arc::new(Mutex::new(Stream { failing, ..Stream::default() }));
    let service = serve(&stream).await;
    let done = sinks(&service.url).deliver(&destination(), &region(), &events(502, 0)).await;
    assert!(done.error.is_none() && done.taken == 502, "{:?}", done.error);
    let wanted: Vec<_> = [0, 2].into_iter().chain(4..500).chain([1, 3, 500, 501]).collect();
    assert_eq!(stream.lock().unwrap().taken, wanted);
}

#[tokio::test]
async fn a_record_that_fails_for_long_fails_the_delivery_from_there() {
    let failing = (0..10).map(|call| (call, if call == 0 { 2 } else { 0 })).collect();
    let stream = Arc::new(Mutex::new(Stream { failing, ..Stream::default() }));
    let service = serve(&stream).await;
    let done = sinks(&service.url).deliver(&destination(), &region(), &events(5, 0)).await;
    assert_eq!((done.taken, done.error.unwrap().trouble()), (2, SinkTrouble::Other));
}

#[tokio::test]
async fn a_stream_that_is_not_active_does_not_pass_its_trial() {
    let stream = Arc::new(Mutex::new(Stream::default()));
    let service = serve(&stream).await;
    let refused = sinks(&service.url).probe(&destination(), &region()).await.unwrap_err();
    assert_eq!(refused.trouble(), SinkTrouble::Missing);
    assert_eq!(refused.to_string(), "the delivery stream is CREATING, not ACTIVE");
    let refused = sinks(&service.url).look(&destination(), &region()).await.unwrap_err();
    assert_eq!(refused.trouble(), SinkTrouble::Missing, "nor a look");
}
