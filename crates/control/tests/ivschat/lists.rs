//! `ListRooms`, `ListLoggingConfigurations`: order, filters, pages and their tokens.
//!
//! Promise: the last page's missing token is checked on the JSON, where SDKs look for it.

use std::time::{SystemTime, UNIX_EPOCH};

use api::ivschat::{
    CreateRoomRequest, IvsChat, ListLoggingConfigurationsRequest, ListRoomsRequest, ListRoomsResponse,
    MessageReviewHandler, UpdateRoomRequest,
};
use serde_json::{Value, json};

use crate::house::{House, INVALID, NOT_FOUND, caller, caller_of, refused_as};

const LAMBDA: &str = "arn:aws:lambda:us-east-1:123456789012:function:review";

async fn list(house: &House, input: ListRoomsRequest) -> ListRoomsResponse {
    house.control.list_rooms(&caller(), input).await.unwrap()
}

fn names(answer: &ListRoomsResponse) -> Vec<&str> {
    answer.rooms.iter().map(|room| room.name.as_deref().unwrap()).collect()
}

fn page(max_results: i32, next_token: Option<String>) -> ListRoomsRequest {
    ListRoomsRequest { max_results: Some(max_results), next_token, ..Default::default() }
}

fn millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// The next change has a later time than all before.
fn pass_a_millisecond() {
    let now = millis();
    while millis() == now {
        std::thread::yield_now();
    }
}

async fn rename(house: &House, arn: &str, name: &str) {
    pass_a_millisecond();
    let input =
        UpdateRoomRequest { identifier: arn.to_owned(), name: Some(name.to_owned()), ..Default::default() };
    house.control.update_room(&caller(), input).await.unwrap();
}

#[tokio::test]
async fn an_empty_list_is_an_empty_array_without_a_token() {
    let house = House::new().await;
    let answer = list(&house, ListRoomsRequest::default()).await;
    assert_eq!(serde_json::to_value(&answer).unwrap(), json!({"rooms": []}));
    let logs = house.control.list_logging_configurations(&caller(), Default::default()).await.unwrap();
    assert_eq!(serde_json::to_value(&logs).unwrap(), json!({"loggingConfigurations": []}));
}

#[tokio::test]
async fn a_summary_lacks_the_two_limits_alone() {
    let house = House::new().await;
    let made = house.create(CreateRoomRequest::default()).await.unwrap();
    let mut expected = serde_json::to_value(&made).unwrap();
    expected.as_object_mut().unwrap().retain(|member, _| !member.starts_with("maximum"));
    let answer = list(&house, ListRoomsRequest::default()).await;
    assert_eq!(serde_json::to_value(&answer).unwrap(), json!({ "rooms": [expected] }));
}

#[tokio::test]
async fn rooms_stand_in_the_order_of_their_last_change_latest_first() {
    let house = House::new().await;
    let (a, b) = (house.room("a").await, house.room("b").await);
    house.room("c").await;
    assert_eq!(names(&list(&house, ListRoomsRequest::default()).await), ["c", "b", "a"]);
    rename(&house, &a, "a2").await;
    rename(&house, &b, "b2").await;
    assert_eq!(names(&list(&house, ListRoomsRequest::default()).await), ["b2", "a2", "c"]);
}

#[tokio::test]
async fn pages_walk_through_all_and_a_room_that_changes_meanwhile_hides_no_other() {
    let house = House::new().await;
    let mut arns = Vec::new();
    for number in 0..6 {
        arns.push(house.room(&format!("r{number}")).await);
    }
    let first = list(&house, page(2, None)).await;
    assert_eq!(names(&first), ["r5", "r4"]);
    rename(&house, &arns[2], "changed").await;
    let second = list(&house, page(2, first.next_token)).await;
    assert_eq!(names(&second), ["r3", "r1"], "the changed one has moved to the front");
    let third = list(&house, page(2, second.next_token)).await;
    assert_eq!(names(&third), ["r0"]);
    assert!(serde_json::to_value(&third).unwrap().get("nextToken").is_none());
    let again = list(&house, page(1, Some(String::new()))).await;
    assert_eq!(names(&again), ["changed"], "an empty token is the first page");
}

#[tokio::test]
async fn filters_are_equal_to_the_letter_and_hold_together() {
    let house = House::new().await;
    let log = house.active_log("bucket").await;
    let reviewed = |name: &str, uri: &str, logged: bool| CreateRoomRequest {
        name: Some(name.to_owned()),
        message_review_handler: Some(MessageReviewHandler {
            uri: Some(uri.to_owned()),
            fallback_result: None,
        }),
        logging_configuration_identifiers: logged.then(|| vec![log.clone()]),
        ..Default::default()
    };
    for (name, uri, logged) in
        [("a", LAMBDA, true), ("a", LAMBDA, false), ("a", "", true), ("b", LAMBDA, true)]
    {
        house.create(reviewed(name, uri, logged)).await.unwrap();
    }
    let count = async |name: &str, uri: &str, log: &str| {
        let text = |text: &str| Some(text.to_owned());
        let input = ListRoomsRequest {
            name: text(name),
            message_review_handler_uri: text(uri),
            logging_configuration_identifier: text(log),
            ..Default::default()
        };
        list(&house, input).await.rooms.len()
    };
    assert_eq!(count("", "", "").await, 4, "empty texts filter nothing");
    assert_eq!(count("a", "", "").await, 3);
    assert_eq!(count("A", "", "").await, 0);
    assert_eq!(count("", LAMBDA, "").await, 3);
    assert_eq!(count("", "", &log).await, 3);
    assert_eq!(count("a", LAMBDA, "").await, 2);
    assert_eq!(count("a", LAMBDA, &log).await, 1);
}

#[tokio::test]
async fn a_filter_by_a_log_that_is_not_there_finds_no_log() {
    let house = House::new().await;
    for region in ["us-east-1", "eu-west-1"] {
        let arn = format!("arn:aws:ivschat:{region}:123456789012:logging-configuration/abcdefghijkl");
        let input =
            ListRoomsRequest { logging_configuration_identifier: Some(arn.clone()), ..Default::default() };
        let text = refused_as(NOT_FOUND, house.control.list_rooms(&caller(), input).await);
        assert_eq!(text, format!("Resource: {arn} not found"));
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_own_list_alone() {
    let house = House::new().await;
    for _ in 0..3 {
        house.room("a").await;
        house.active_log("bucket").await;
    }
    let rooms = list(&house, page(1, None)).await.next_token;
    let filtered = ListRoomsRequest { name: Some("a".to_owned()), ..page(1, None) };
    let of_a = list(&house, filtered).await.next_token;
    let logs = ListLoggingConfigurationsRequest { max_results: Some(1), next_token: None };
    let logs = house.control.list_logging_configurations(&caller(), logs).await.unwrap();
    assert_eq!(logs.logging_configurations.len(), 1);
    for wrong in [of_a.clone(), logs.next_token.clone(), Some("00".to_owned()), Some("x".repeat(1_024))] {
        refused_as(INVALID, house.control.list_rooms(&caller(), page(1, wrong)).await);
    }
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        refused_as(INVALID, house.control.list_rooms(&stranger, page(1, rooms.clone())).await);
    }
    let wrong = ListLoggingConfigurationsRequest { max_results: None, next_token: rooms };
    refused_as(INVALID, house.control.list_logging_configurations(&caller(), wrong).await);
}

#[tokio::test]
async fn fifty_are_listed_when_nothing_is_said() {
    let house = House::new().await;
    for _ in 0..51 {
        house.room("a").await;
    }
    assert_eq!(list(&house, ListRoomsRequest::default()).await.rooms.len(), 50);
}

#[tokio::test]
async fn logs_stand_in_the_order_of_their_creation() {
    let house = House::new().await;
    let mut made = Vec::new();
    for bucket in ["one", "two", "three"] {
        made.push(house.active_log(bucket).await);
    }
    let (mut seen, mut next_token) = (Vec::new(), None);
    loop {
        let input = ListLoggingConfigurationsRequest { max_results: Some(2), next_token };
        let page = house.control.list_logging_configurations(&caller(), input).await.unwrap();
        let json: Value = serde_json::to_value(&page).unwrap();
        seen.extend(page.logging_configurations.into_iter().map(|log| log.arn.unwrap()));
        next_token = page.next_token;
        if next_token.is_none() {
            assert!(json.get("nextToken").is_none());
            break;
        }
    }
    assert_eq!(seen, made);
}
