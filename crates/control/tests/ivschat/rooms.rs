//! `CreateRoom`, `GetRoom`, `UpdateRoom`, `DeleteRoom`.
//!
//! Promise: each default and rule of the vendor's documents has its line here; who has the room open hears of each
//! change and of nothing else.

use api::ApiError;
use api::ivschat::{
    CreateRoomRequest, DeleteRoomRequest, FallbackResult, GetRoomRequest, GetRoomResponse, IvsChat,
    MessageReviewHandler, UpdateRoomRequest, UpdateRoomResponse,
};
use bus::RoomNews;
use domain::{Limits, LoggingState, Tags};
use serde_json::{Value, json};

use crate::house::{House, INVALID, NOT_FOUND, QUOTA, caller, named, refused_as, s3};

const LAMBDA: &str = "arn:aws:lambda:us-east-1:123456789012:function:review";

async fn get(house: &House, arn: &str) -> Result<GetRoomResponse, ApiError> {
    let input = GetRoomRequest { identifier: arn.to_owned() };
    house.control.get_room(&caller(), input).await
}

async fn update(house: &House, input: UpdateRoomRequest) -> Result<UpdateRoomResponse, ApiError> {
    house.control.update_room(&caller(), input).await
}

fn change(arn: &str) -> UpdateRoomRequest {
    UpdateRoomRequest { identifier: arn.to_owned(), ..Default::default() }
}

fn handler(uri: Option<&str>, fallback: Option<FallbackResult>) -> Option<MessageReviewHandler> {
    Some(MessageReviewHandler { uri: uri.map(str::to_owned), fallback_result: fallback })
}

fn value(answer: &impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

#[tokio::test]
async fn a_room_with_nothing_said_has_every_default() {
    let house = House::new().await;
    let made = house.create(CreateRoomRequest::default()).await.unwrap();
    let arn = made.arn.clone().unwrap();
    let id = arn.strip_prefix("arn:aws:ivschat:us-east-1:123456789012:room/").unwrap();
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    let expected = json!({
        "arn": arn,
        "id": id,
        "name": "",
        "createTime": value(&made)["createTime"],
        "updateTime": value(&made)["createTime"],
        "maximumMessageRatePerSecond": 10,
        "maximumMessageLength": 500,
        "loggingConfigurationIdentifiers": [],
        "tags": {},
    });
    assert_eq!(value(&made), expected);
    assert_eq!(value(&get(&house, &arn).await.unwrap()), expected);
    assert_eq!(house.heard(), [], "nobody can have it open yet");
}

#[tokio::test]
async fn a_room_reads_back_as_it_was_created() {
    let house = House::new().await;
    let logs = [house.active_log("first").await, house.active_log("second").await];
    let asked = CreateRoomRequest {
        name: Some("lobby".to_owned()),
        maximum_message_rate_per_second: Some(100),
        maximum_message_length: Some(1),
        message_review_handler: handler(Some(LAMBDA), Some(FallbackResult::Deny)),
        logging_configuration_identifiers: Some(vec![logs[1].clone(), logs[0].clone(), logs[1].clone()]),
        tags: Some(Tags::from([("team".to_owned(), "blue".to_owned())])),
    };
    let made = house.create(asked).await.unwrap();
    let read = value(&get(&house, made.arn.as_deref().unwrap()).await.unwrap());
    assert_eq!(value(&made), read);
    assert_eq!(read["name"], "lobby");
    assert_eq!(
        (&read["maximumMessageRatePerSecond"], &read["maximumMessageLength"]),
        (&100.into(), &1.into())
    );
    assert_eq!(read["messageReviewHandler"], json!({"uri": LAMBDA, "fallbackResult": "DENY"}));
    assert_eq!(read["loggingConfigurationIdentifiers"], json!([logs[1], logs[0]]), "each once, in order");
    assert_eq!(read["tags"], json!({"team": "blue"}));
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_nothing_else() {
    let house = House::new().await;
    let (arn, log) = (house.room("before").await, house.active_log("bucket").await);
    let before = value(&get(&house, &arn).await.unwrap());
    house.heard();
    let steps: [(UpdateRoomRequest, &str, Value); 5] = [
        (UpdateRoomRequest { name: Some("after".to_owned()), ..change(&arn) }, "name", json!("after")),
        (
            UpdateRoomRequest { maximum_message_rate_per_second: Some(7), ..change(&arn) },
            "maximumMessageRatePerSecond",
            json!(7),
        ),
        (
            UpdateRoomRequest { maximum_message_length: Some(20), ..change(&arn) },
            "maximumMessageLength",
            json!(20),
        ),
        (
            UpdateRoomRequest { message_review_handler: handler(Some(LAMBDA), None), ..change(&arn) },
            "messageReviewHandler",
            json!({"uri": LAMBDA, "fallbackResult": "ALLOW"}),
        ),
        (
            UpdateRoomRequest { logging_configuration_identifiers: Some(vec![log.clone()]), ..change(&arn) },
            "loggingConfigurationIdentifiers",
            json!([log]),
        ),
    ];
    let mut expected = before;
    for (input, member, is) in steps {
        let answer = value(&update(&house, input).await.unwrap());
        expected[member] = is;
        expected["updateTime"] = answer["updateTime"].clone();
        assert_eq!(answer, expected, "{member}");
        assert_eq!(value(&get(&house, &arn).await.unwrap()), expected, "{member}");
        assert_eq!(house.heard(), [(named(&arn), RoomNews::Changed)], "{member}");
    }
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_no_change() {
    let house = House::new().await;
    let arn = house.room("same").await;
    let before = house.store.room(&store::Tenant::of(&named(&arn)), &named(&arn)).await.unwrap();
    update(&house, change(&arn)).await.unwrap();
    let input = UpdateRoomRequest { name: Some("same".to_owned()), ..change(&arn) };
    update(&house, input).await.unwrap();
    assert_eq!(house.store.room(&store::Tenant::of(&named(&arn)), &named(&arn)).await.unwrap(), before);
    assert_eq!(house.heard(), []);
}

#[tokio::test]
async fn an_empty_uri_removes_the_handler_and_stays_to_be_seen() {
    let house = House::new().await;
    let input = CreateRoomRequest {
        message_review_handler: handler(Some(LAMBDA), Some(FallbackResult::Deny)),
        ..Default::default()
    };
    let arn = house.create(input).await.unwrap().arn.unwrap();
    let input = UpdateRoomRequest {
        message_review_handler: handler(None, Some(FallbackResult::Allow)),
        ..change(&arn)
    };
    let shown = value(&update(&house, input).await.unwrap())["messageReviewHandler"].clone();
    assert_eq!(shown, json!({"uri": LAMBDA, "fallbackResult": "ALLOW"}), "the uri was not given");
    let input = UpdateRoomRequest { message_review_handler: handler(Some(""), None), ..change(&arn) };
    let shown = value(&update(&house, input).await.unwrap())["messageReviewHandler"].clone();
    assert_eq!(shown, json!({"uri": "", "fallbackResult": "ALLOW"}));
    let room = house.store.room(&store::Tenant::of(&named(&arn)), &named(&arn)).await.unwrap().unwrap();
    assert_eq!(room.reviewer(), None);
    assert!(room.review_handler.is_some());
}

#[tokio::test]
async fn a_given_list_of_logs_replaces_the_old_one_and_an_empty_one_clears_it() {
    let house = House::new().await;
    let (arn, one, other) =
        (house.room("a").await, house.active_log("one").await, house.active_log("other").await);
    for list in [vec![one.clone()], vec![other.clone(), one], vec![other], vec![]] {
        let input =
            UpdateRoomRequest { logging_configuration_identifiers: Some(list.clone()), ..change(&arn) };
        let shown = value(&update(&house, input).await.unwrap())["loggingConfigurationIdentifiers"].clone();
        assert_eq!(shown, json!(list));
    }
}

#[tokio::test]
async fn only_an_active_log_that_is_there_can_be_named() {
    let house = House::new().await;
    let absent = "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/abcdefghijkl";
    let foreign = "arn:aws:ivschat:eu-west-1:123456789012:logging-configuration/abcdefghijkl";
    let odd = "arn:aws:ivschat:us-east-1:1:logging-configuration/abcdefghijkl";
    let log = |arn: &str| CreateRoomRequest {
        logging_configuration_identifiers: Some(vec![arn.to_owned()]),
        ..Default::default()
    };
    for arn in [absent, foreign, odd] {
        assert_eq!(refused_as(NOT_FOUND, house.create(log(arn)).await), format!("Resource: {arn} not found"));
    }
    std::fs::write(house.buckets.path().join("a-file"), "").unwrap();
    let failed = house.log(s3("a-file")).await.unwrap().arn.unwrap();
    let text = refused_as(INVALID, house.create(log(&failed)).await);
    assert!(text.starts_with("loggingConfigurationIdentifiers: ") && text.contains(&failed), "{text}");
    let arn = house.room("a").await;
    let input = UpdateRoomRequest { logging_configuration_identifiers: Some(vec![failed]), ..change(&arn) };
    refused_as(INVALID, update(&house, input).await);
}

#[tokio::test]
async fn a_log_that_fails_later_does_not_keep_a_room_from_being_changed() {
    let house = House::new().await;
    let (arn, log) = (house.room("a").await, house.active_log("bucket").await);
    let input =
        UpdateRoomRequest { logging_configuration_identifiers: Some(vec![log.clone()]), ..change(&arn) };
    update(&house, input.clone()).await.unwrap();
    let revise = |found: &mut domain::LoggingConfiguration| {
        found.state = LoggingState::UpdateFailed;
        Ok::<_, store::StoreError>(())
    };
    let name = named(&log);
    house.store.update_logging_configuration(&store::Tenant::of(&name), &name, revise).await.unwrap();
    update(&house, UpdateRoomRequest { name: Some("b".to_owned()), ..input }).await.unwrap();
}

#[tokio::test]
async fn a_deleted_room_is_gone_and_its_sockets_hear_of_it() {
    let house = House::new().await;
    let arn = house.room("a").await;
    let delete = || {
        let input = DeleteRoomRequest { identifier: arn.clone() };
        async { house.control.delete_room(&caller(), input).await }
    };
    delete().await.unwrap();
    assert_eq!(house.heard(), [(named(&arn), RoomNews::Changed)]);
    refused_as(NOT_FOUND, delete().await);
    refused_as(NOT_FOUND, get(&house, &arn).await);
    refused_as(NOT_FOUND, update(&house, change(&arn)).await);
    assert_eq!(house.heard(), []);
}

#[tokio::test]
async fn no_more_rooms_are_made_than_the_quota_and_a_deleted_one_makes_place() {
    let house = House::with(Limits { rooms: 2, ..Limits::default() }).await;
    let first = house.room("a").await;
    house.room("a").await;
    let text = refused_as(QUOTA, house.create(CreateRoomRequest::default()).await);
    assert_eq!(text, "Room quota exceeded: at most 2 rooms");
    house.control.delete_room(&caller(), DeleteRoomRequest { identifier: first }).await.unwrap();
    house.room("a").await;
}

#[tokio::test]
async fn reserved_tags_are_refused() {
    let house = House::new().await;
    let tags = Some(Tags::from([("aws:x".to_owned(), "y".to_owned())]));
    refused_as(INVALID, house.create(CreateRoomRequest { tags, ..Default::default() }).await);
}
