//! CloudWatch Logs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::LogDestination;
use outbound::log_sink::{LogEvent, SinkTrouble};
use serde_json::{Value, json};

use crate::service::{Answer, Service, refusal};
use crate::{events, number, region, sinks};

const STREAM: &str = "aws/IVSChatLogs/1.0/room_AbCdEfGhIjKl";

fn destination() -> LogDestination {
    LogDestination::CloudWatchLogs { log_group: "chat/logs".to_owned() }
}

/// One group with its streams; the bounds are those of the API reference, `PutLogEvents`.
#[derive(Default)]
struct Group {
    streams: HashMap<String, Vec<String>>,
    puts: usize,
}

impl Group {
    fn answer(&mut self, target: &str, request: &Value) -> Answer {
        assert_eq!(request["logGroupName"], "chat/logs");
        let stream = request["logStreamName"].as_str().unwrap().to_owned();
        match target {
            "Logs_20140328.CreateLogStream" if self.streams.contains_key(&stream) => {
                refusal(400, "ResourceAlreadyExistsException")
            }
            "Logs_20140328.CreateLogStream" => {
                self.streams.insert(stream, Vec::new());
                (200, json!({}))
            }
            "Logs_20140328.PutLogEvents" => self.put(&stream, request["logEvents"].as_array().unwrap()),
            _ => refusal(400, "UnknownOperationException"),
        }
    }

    fn put(&mut self, stream: &str, events: &[Value]) -> Answer {
        let Some(stream) = self.streams.get_mut(stream) else {
            return refusal(400, "ResourceNotFoundException");
        };
        let message = |event: &Value| event["message"].as_str().unwrap().to_owned();
        let bytes: usize = events.iter().map(|event| message(event).len() + 26).sum();
        let times: Vec<_> = events.iter().map(|event| event["timestamp"].as_i64().unwrap()).collect();
        let span = times.last().unwrap() - times.first().unwrap();
        if events.len() > 10_000 || bytes > 1_048_576 || !times.is_sorted() || span > 24 * 3_600_000 {
            return refusal(400, "InvalidParameterException");
        }
        self.puts += 1;
        stream.extend(events.iter().map(message));
        (200, json!({"nextSequenceToken": "1"}))
    }
}

async fn serve(group: &Arc<Mutex<Group>>) -> Service {
    let group = Arc::clone(group);
    Service::start(move |target, request| group.lock().unwrap().answer(target, &request)).await
}

#[tokio::test]
async fn a_rooms_stream_is_made_when_it_is_first_written_to() {
    let group = Arc::new(Mutex::new(Group::default()));
    let service = serve(&group).await;
    let sinks = sinks(&service.url);
    for _ in 0..2 {
        let done = sinks.deliver(&destination(), &region(), &events(3, 0)).await;
        assert!(done.error.is_none() && done.taken == 3 && done.refused == 0, "{done:?}");
    }
    let numbers: Vec<_> = group.lock().unwrap().streams[STREAM].iter().map(|text| number(text)).collect();
    assert_eq!(numbers, [0, 1, 2, 0, 1, 2]);
}

#[tokio::test]
async fn batches_keep_the_services_bounds_and_their_order() {
    let group = Arc::new(Mutex::new(Group::default()));
    let service = serve(&group).await;
    for (count, length, puts) in [(25_000, 0, 3), (2_900, 1_000, 3), (3, 900_000, 3)] {
        *group.lock().unwrap() = Group::default();
        let done = sinks(&service.url).deliver(&destination(), &region(), &events(count, length)).await;
        assert!(done.error.is_none() && done.taken == count, "{:?}", done.error);
        let group = group.lock().unwrap();
        let numbers: Vec<_> = group.streams[STREAM].iter().map(|text| number(text)).collect();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>());
        assert_eq!(group.puts, puts);
    }
}

#[tokio::test]
async fn times_that_go_back_or_lie_days_apart_are_taken() {
    let group = Arc::new(Mutex::new(Group::default()));
    let service = serve(&group).await;
    let mut events: Vec<LogEvent> = events(6, 0);
    let day = 24 * 3_600_000;
    for (event, at) in events.iter_mut().zip([5, 3, 3, day + 10, 2 * day + 20, 4]) {
        event.at_ms = at;
    }
    let done = sinks(&service.url).deliver(&destination(), &region(), &events).await;
    assert!(done.error.is_none(), "{done:?}");
    let numbers: Vec<_> = group.lock().unwrap().streams[STREAM].iter().map(|text| number(text)).collect();
    assert_eq!(numbers, [1, 2, 0, 3, 4, 5], "in order of their times within a call");
}

#[tokio::test]
async fn what_the_service_finds_too_old_is_told() {
    let service =
        Service::start(|_, _| (200, json!({"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 2}}))).await;
    let done = sinks(&service.url).deliver(&destination(), &region(), &events(5, 0)).await;
    assert!(done.error.is_none() && done.taken == 5 && done.refused == 2, "{done:?}");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (name, trouble) in [
        ("AccessDeniedException", SinkTrouble::Denied),
        ("UnrecognizedClientException", SinkTrouble::Denied),
        ("ResourceNotFoundException", SinkTrouble::Missing),
        ("InvalidParameterException", SinkTrouble::Unfit),
        ("ThrottlingException", SinkTrouble::Other),
    ] {
        let service = Service::start(move |_, _| refusal(400, name)).await;
        let done = sinks(&service.url).deliver(&destination(), &region(), &events(5, 0)).await;
        assert_eq!((done.taken, done.error.unwrap().trouble()), (0, trouble), "{name}");
        let probed = sinks(&service.url).probe(&destination(), &region()).await.unwrap_err();
        assert_eq!(probed.trouble(), trouble, "{name}");
    }
    let done = sinks("http://127.0.0.1:1").deliver(&destination(), &region(), &events(5, 0)).await;
    assert_eq!((done.taken, done.error.unwrap().trouble()), (0, SinkTrouble::Other));
}

#[tokio::test]
async fn a_group_that_can_be_written_to_passes_its_trial_again_and_again() {
    let group = Arc::new(Mutex::new(Group::default()));
    let service = serve(&group).await;
    for _ in 0..2 {
        sinks(&service.url).probe(&destination(), &region()).await.unwrap();
    }
}

#[tokio::test]
async fn a_look_at_a_group_asks_for_its_streams_and_nothing_else() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let book = Arc::clone(&asked);
    let service = Service::start(move |target, request| {
        book.lock().unwrap().push((target.to_owned(), request));
        (200, json!({"logStreams": []}))
    })
    .await;
    sinks(&service.url).look(&destination(), &region()).await.unwrap();
    let wanted = json!({"logGroupName": "chat/logs", "limit": 1});
    assert_eq!(*asked.lock().unwrap(), [("Logs_20140328.DescribeLogStreams".to_owned(), wanted)]);
    let service = Service::start(|_, _| refusal(400, "ResourceNotFoundException")).await;
    let refused = sinks(&service.url).look(&destination(), &region()).await.unwrap_err();
    assert_eq!(refused.trouble(), SinkTrouble::Missing);
}
