//! `CreateLoggingConfiguration` and its siblings, and what their states tell.
//!
//! Promise: buckets are real folders, and the log services a server that answers, refuses or never answers.

use std::time::Duration;

use api::ivschat::{
    CloudWatchLogsDestinationConfiguration, CreateLoggingConfigurationRequest,
    DeleteLoggingConfigurationRequest, DestinationConfiguration, FirehoseDestinationConfiguration,
    GetLoggingConfigurationRequest, IvsChat, UpdateLoggingConfigurationRequest, UpdateRoomRequest,
};
use bus::RoomNews;
use control::Config;
use domain::{Limits, LogDestination, LoggingConfiguration, LoggingState, Tags};
use serde_json::{Value, json};
use store::Tenant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, QUOTA, caller, named, refused_as, s3};

fn group(name: &str) -> DestinationConfiguration {
    let cloud_watch_logs = Some(CloudWatchLogsDestinationConfiguration { log_group_name: name.to_owned() });
    DestinationConfiguration { cloud_watch_logs, ..Default::default() }
}

fn stream(name: &str) -> DestinationConfiguration {
    let firehose = Some(FirehoseDestinationConfiguration { delivery_stream_name: name.to_owned() });
    DestinationConfiguration { firehose, ..Default::default() }
}

async fn get(house: &House, arn: &str) -> Value {
    let input = GetLoggingConfigurationRequest { identifier: arn.to_owned() };
    let read = house.control.get_logging_configuration(&caller(), input).await.unwrap();
    serde_json::to_value(read).unwrap()
}

fn change(arn: &str) -> UpdateLoggingConfigurationRequest {
    UpdateLoggingConfigurationRequest { identifier: arn.to_owned(), ..Default::default() }
}

async fn update(house: &House, input: UpdateLoggingConfigurationRequest) -> Value {
    let answer = house.control.update_logging_configuration(&caller(), input).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

/// Waits until it is no longer on trial. Looks into the store, which has no rates.
async fn settled(house: &House, arn: &str) -> LoggingState {
    let name = named(arn);
    let wait = async {
        loop {
            let found = house.store.logging_configuration(&Tenant::of(&name), &name).await.unwrap().unwrap();
            match found.state {
                LoggingState::Creating | LoggingState::Updating => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                state => return state,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("a final state")
}

/// A server that gives every request this answer, or none; its URL.
async fn service(answer: Option<(u16, &'static str)>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 16_384];
            let _ = socket.read(&mut request).await;
            if let Some((status, body)) = answer {
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
            } else {
                open.push(socket);
            }
        }
    });
    (url, running)
}

#[tokio::test]
async fn a_bucket_that_can_be_written_to_is_active_in_the_very_answer() {
    let house = House::new().await;
    let input = CreateLoggingConfigurationRequest {
        destination_configuration: s3("my-bucket"),
        name: Some("archive".to_owned()),
        tags: Some(Tags::from([("team".to_owned(), "blue".to_owned())])),
    };
    let made = house.control.create_logging_configuration(&caller(), input).await.unwrap();
    let arn = made.arn.clone().unwrap();
    let made = serde_json::to_value(made).unwrap();
    let id = arn.strip_prefix("arn:aws:ivschat:us-east-1:123456789012:logging-configuration/").unwrap();
    let expected = json!({
        "arn": arn,
        "id": id,
        "name": "archive",
        "createTime": made["createTime"],
        "updateTime": made["createTime"],
        "destinationConfiguration": {"s3": {"bucketName": "my-bucket"}},
        "state": "ACTIVE",
        "tags": {"team": "blue"},
    });
    assert_eq!(made, expected);
    assert_eq!(get(&house, &arn).await, expected);
}

#[tokio::test]
async fn a_destination_that_cannot_be_written_to_says_so() {
    let house = House::new().await;
    std::fs::write(house.buckets.path().join("a-file"), "").unwrap();
    let made = house.log(s3("a-file")).await.unwrap();
    assert_eq!(serde_json::to_value(&made).unwrap()["state"], "CREATE_FAILED");
    assert_eq!(get(&house, &made.arn.unwrap()).await["state"], "CREATE_FAILED");
    let text = refused_as(INVALID, house.log(s3("a..b")).await);
    assert!(text.starts_with("destinationConfiguration.s3.bucketName: "), "{text}");
}

#[tokio::test]
async fn log_services_are_tried_by_calls() {
    let active = r#"{"DeliveryStreamDescription": {"DeliveryStreamStatus": "ACTIVE"}}"#;
    let refused = r#"{"__type": "ResourceNotFoundException", "message": "no such thing"}"#;
    for (answer, state) in [((200, active), "ACTIVE"), ((400, refused), "CREATE_FAILED")] {
        let (url, _running) = service(Some(answer)).await;
        let house = House::set_up(Config::default(), Some(url)).await;
        for destination in [group("/my/group"), stream("my-stream")] {
            let made = house.log(destination.clone()).await.unwrap();
            assert_eq!(made.destination_configuration, Some(destination));
            assert_eq!(get(&house, &made.arn.unwrap()).await["state"], state);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_for_a_destination_that_never_answers() {
    // The wait is cut by a paused clock that runs ahead when nothing else can happen.
    let (url, _running) = service(None).await;
    let house = House::set_up(Config::default(), Some(url)).await;
    let made = house.log(stream("my-stream")).await.unwrap();
    assert_eq!(serde_json::to_value(&made).unwrap()["state"], "CREATING");
    let _running = house.run();
    assert_eq!(settled(&house, &made.arn.unwrap()).await, LoggingState::CreateFailed);
}

#[tokio::test]
async fn what_an_earlier_run_left_on_trial_is_tried_at_the_start() {
    let house = House::new().await;
    let arn = "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/abcdefghijkl";
    let configuration = LoggingConfiguration {
        arn: named(arn),
        name: String::new(),
        created_at: 1,
        updated_at: 1,
        destination: LogDestination::S3 { bucket: "left".to_owned() },
        state: LoggingState::Creating,
        tags: Tags::new(),
    };
    house.store.create_logging_configuration(&configuration, 10).await.unwrap();
    let _running = house.run();
    assert_eq!(settled(&house, arn).await, LoggingState::Active);
}

#[tokio::test]
async fn a_new_destination_is_tried_and_its_rooms_hear_of_it() {
    let house = House::new().await;
    let (arn, room) = (house.active_log("before").await, house.room("a").await);
    let attach = UpdateRoomRequest {
        identifier: room.clone(),
        logging_configuration_identifiers: Some(vec![arn.clone()]),
        ..Default::default()
    };
    house.control.update_room(&caller(), attach).await.unwrap();
    house.heard();
    std::fs::write(house.buckets.path().join("a-file"), "").unwrap();
    let to = |bucket: &str| UpdateLoggingConfigurationRequest {
        destination_configuration: Some(s3(bucket)),
        ..change(&arn)
    };
    let failed = update(&house, to("a-file")).await;
    assert_eq!(failed["state"], "UPDATE_FAILED");
    assert_eq!(failed["destinationConfiguration"], json!({"s3": {"bucketName": "a-file"}}));
    let heard = house.heard();
    assert!(!heard.is_empty() && heard.iter().all(|news| *news == (named(&room), RoomNews::Changed)));
    std::fs::remove_file(house.buckets.path().join("a-file")).unwrap();
    assert_eq!(update(&house, to("a-file")).await["state"], "ACTIVE", "the same again is another try");
    assert_eq!(get(&house, &arn).await["state"], "ACTIVE");
}

#[tokio::test]
async fn a_new_name_is_no_reason_for_a_trial() {
    let house = House::new().await;
    let arn = house.active_log("bucket").await;
    let before = get(&house, &arn).await;
    std::fs::remove_dir_all(house.buckets.path()).unwrap();
    let renamed =
        update(&house, UpdateLoggingConfigurationRequest { name: Some("b".to_owned()), ..change(&arn) })
            .await;
    assert_eq!((&renamed["name"], &renamed["state"]), (&json!("b"), &json!("ACTIVE")));
    assert_eq!(renamed["destinationConfiguration"], before["destinationConfiguration"]);
    assert_eq!(renamed["createTime"], before["createTime"]);
}

#[tokio::test]
async fn one_that_a_room_is_logged_to_stays() {
    let house = House::new().await;
    let (arn, room) = (house.active_log("bucket").await, house.room("a").await);
    let log_to = async |list: Vec<String>| {
        let input = UpdateRoomRequest {
            identifier: room.clone(),
            logging_configuration_identifiers: Some(list),
            ..Default::default()
        };
        house.control.update_room(&caller(), input).await.unwrap();
    };
    let delete = async || {
        let input = DeleteLoggingConfigurationRequest { identifier: arn.clone() };
        house.control.delete_logging_configuration(&caller(), input).await
    };
    log_to(vec![arn.clone()]).await;
    let text = refused_as(CONFLICT, delete().await);
    assert_eq!(text, format!("Resource: {arn} is in use: at least one room is attached to it"));
    log_to(vec![]).await;
    delete().await.unwrap();
    refused_as(NOT_FOUND, delete().await);
}

#[tokio::test]
async fn no_more_are_made_than_the_quota() {
    let house = House::with(Limits { logging_configurations: 1, ..Limits::default() }).await;
    house.active_log("one").await;
    let text = refused_as(QUOTA, house.log(s3("two")).await);
    assert_eq!(text, "Logging configuration quota exceeded: at most 1 logging configurations");
}
