//! Destinations that are services.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::LogDestination;
use serde_json::{Value, json};

use crate::house::{House, until};
use crate::service::{Answer, Service, refusal};

/// Numbers by stream, as far as `verdict` lets them in.
type Taken = Arc<Mutex<HashMap<String, Vec<u64>>>>;

fn numbers(request: &Value) -> Vec<u64> {
    let events = request["logEvents"].as_array().unwrap().iter();
    let record = |event: &Value| serde_json::from_str::<Value>(event["message"].as_str().unwrap()).unwrap();
    events.map(|event| record(event)["payload"]["n"].as_u64().unwrap()).collect()
}

fn group(taken: &Taken, verdict: impl Fn(&[u64]) -> Option<Answer>, action: &str, request: &Value) -> Answer {
    let stream = request["logStreamName"].as_str().unwrap().to_owned();
    let mut taken = taken.lock().unwrap();
    if action == "CreateLogStream" {
        taken.entry(stream).or_default();
        return (200, json!({}));
    }
    let numbers = numbers(request);
    match (verdict(&numbers), taken.get_mut(&stream)) {
        (Some(refused), _) => refused,
        (None, None) => refusal("ResourceNotFoundException"),
        (None, Some(stream)) => {
            stream.extend(numbers);
            (200, json!({}))
        }
    }
}

async fn house() -> House {
    let mut house = House::new().await;
    house.config.batch = Duration::from_millis(200);
    house
}

fn logs() -> LogDestination {
    LogDestination::CloudWatchLogs { log_group: "chat".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_room_has_its_stream_in_order() {
    let (mut house, taken) = (house().await, Taken::default());
    let theirs = Arc::clone(&taken);
    let service = Service::start(move |action, request| group(&theirs, |_| None, action, &request)).await;
    house.service = Some(service.url.clone());
    let configuration = house.configuration_of("Logs", logs()).await;
    let mut rooms = Vec::new();
    for number in 0..50 {
        rooms.push(house.room(number, &[&configuration]).await);
    }
    let running = house.run();
    for number in 0..20 {
        rooms.iter().for_each(|room| running.say(room, number));
    }
    until("all records", || running.metric("ivschat_log_records_delivered_total") == 1_000).await;
    running.stop().await;
    let taken = taken.lock().unwrap();
    for room in rooms {
        let stream = format!("aws/IVSChatLogs/1.0/room_{}", room.id);
        assert_eq!(taken[&stream], (0..20).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_service_finds_unfit_holds_up_no_other() {
    let (mut house, taken) = (house().await, Taken::default());
    let theirs = Arc::clone(&taken);
    let unfit = |numbers: &[u64]| numbers.contains(&77).then(|| refusal("InvalidParameterException"));
    let service = Service::start(move |action, request| group(&theirs, unfit, action, &request)).await;
    house.service = Some(service.url.clone());
    let configuration = house.configuration_of("Logs", logs()).await;
    let room = house.room(1, &[&configuration]).await;
    let running = house.run();
    (0..200).for_each(|number| running.say(&room, number));
    until("the others", || running.metric("ivschat_log_records_delivered_total") == 199).await;
    until("the loss", || running.metric("ivschat_log_records_lost_total") == 1).await;
    let stream = format!("aws/IVSChatLogs/1.0/room_{}", room.id);
    let wanted: Vec<_> = (0..200).filter(|number| *number != 77).collect();
    assert_eq!(taken.lock().unwrap()[&stream], wanted);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_counted_by_their_kind_and_asked_again() {
    for (name, metric) in [
        ("AccessDeniedException", "ivschat_log_destination_access_denied_error_total"),
        ("ResourceNotFoundException", "ivschat_log_destination_resource_not_found_errors_total"),
    ] {
        let (mut house, taken) = (house().await, Taken::default());
        let (theirs, repaired) = (Arc::clone(&taken), Arc::new(Mutex::new(false)));
        let open = Arc::clone(&repaired);
        let service = Service::start(move |action, request| {
            let open = *open.lock().unwrap();
            if open { group(&theirs, |_| None, action, &request) } else { refusal(name) }
        })
        .await;
        house.service = Some(service.url.clone());
        let configuration = house.configuration_of("Logs", logs()).await;
        let room = house.room(1, &[&configuration]).await;
        let running = house.run();
        running.say(&room, 0);
        until("refusals", || running.metric(metric) >= 2).await;
        assert_eq!(running.metric("ivschat_log_destination_errors_total"), running.metric(metric));
        *repaired.lock().unwrap() = true;
        until("the record", || running.metric("ivschat_log_records_delivered_total") == 1).await;
        running.stop().await;
    }
}
