//! `GetStreamSession`, `ListStreamSessions`.
//!
//! Promise: every member is checked on the JSON; sessions are read from the store, live or over.

use api::ivs::{
    CreateChannelRequest, DeleteChannelRequest, GetRecordingConfigurationRequest, GetStreamSessionRequest,
    GetStreamSessionResponse, Ivs, ListStreamSessionsRequest, ListStreamSessionsResponse, ListStreamsRequest,
};
use api::{ApiError, Call};
use domain::{BreachedLimit, EventKind, HealthChange, LimitBreach, StateChange, TakeoverFailure};
use serde_json::{Value, json};

use crate::air::stream_id;
use crate::house::{House, INVALID, NOT_FOUND, caller, caller_of, refused_as};

const NO_CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";

async fn get(
    caller: &Call,
    house: &House,
    channel: &str,
    stream: Option<&str>,
) -> Result<GetStreamSessionResponse, ApiError> {
    let input =
        GetStreamSessionRequest { channel_arn: channel.to_owned(), stream_id: stream.map(str::to_owned) };
    house.control.get_stream_session(caller, input).await
}

/// The caller's newest, as JSON.
async fn newest(house: &House, channel: &str) -> Value {
    let answer = get(&caller(), house, channel, None).await.unwrap();
    serde_json::to_value(answer).unwrap()["streamSession"].take()
}

async fn list(caller: &Call, house: &House, channel: &str) -> Result<Value, ApiError> {
    let input = ListStreamSessionsRequest { channel_arn: channel.to_owned(), ..Default::default() };
    let answer = house.control.list_stream_sessions(caller, input).await?;
    Ok(serde_json::to_value(answer).unwrap())
}

async fn page(
    house: &House,
    channel: &str,
    max_results: i32,
    next_token: Option<String>,
) -> ListStreamSessionsResponse {
    let max_results = Some(max_results);
    let input = ListStreamSessionsRequest { channel_arn: channel.to_owned(), max_results, next_token };
    house.control.list_stream_sessions(&caller(), input).await.unwrap()
}

fn ids(page: &ListStreamSessionsResponse) -> Vec<&str> {
    page.stream_sessions.iter().map(|session| session.stream_id.as_deref().unwrap()).collect()
}

fn texts(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| stream_id(number).to_string()).collect()
}

#[tokio::test]
async fn a_session_shows_the_channel_what_is_sent_and_what_happened() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    house.open(&channel, 5, 7).await;
    house.start(&channel, 5, 9).await;
    let audio = json!({
        "channels": 2,
        "codec": "mp4a.40.2",
        "sampleRate": 48_000,
        "targetBitrate": 160_000,
        "track": "Track0",
    });
    let picture = |avc_level: &str, avc_profile: &str| {
        json!({
            "avcLevel": avc_level,
            "avcProfile": avc_profile,
            "codec": "avc1.42C028",
            "encoder": "obs-output module (libobs version 27.0.1)",
            "level": "4.0",
            "profile": "Baseline",
            "targetBitrate": 3_500_000,
            "targetFramerate": 30,
            "track": "Track0",
            "videoHeight": 1_080,
            "videoWidth": 1_920,
        })
    };
    let event =
        |name: &str, time: &str| json!({"eventTime": time, "name": name, "type": "IVS Stream State Change"});
    let mut expected = json!({
        "channel": channel,
        "ingestConfiguration": {"audio": audio, "video": picture("4.0", "Baseline")},
        "ingestConfigurations": {
            "audioConfigurations": [audio],
            "videoConfigurations": [picture("", "")],
        },
        "startTime": "2024-01-01T00:00:09Z",
        "streamId": stream_id(5).as_str(),
        "truncatedEvents": [
            event("Stream Start", "2024-01-01T00:00:09Z"),
            event("Session Created", "2024-01-01T00:00:07Z"),
        ],
    });
    assert_eq!(newest(&house, &arn).await, expected);

    house.close(&channel, 5, 61).await;
    expected["endTime"] = json!("2024-01-01T00:01:01Z");
    expected["truncatedEvents"]
        .as_array_mut()
        .unwrap()
        .insert(0, event("Stream End", "2024-01-01T00:01:01Z"));
    assert_eq!(newest(&house, &arn).await, expected);
    let named = get(&caller(), &house, &arn, Some(stream_id(5).as_str())).await.unwrap();
    assert_eq!(serde_json::to_value(named).unwrap()["streamSession"], expected);
    let summary = json!({
        "endTime": "2024-01-01T00:01:01Z",
        "hasErrorEvent": false,
        "startTime": "2024-01-01T00:00:09Z",
        "streamId": stream_id(5).as_str(),
    });
    assert_eq!(list(&caller(), &house, &arn).await.unwrap(), json!({"streamSessions": [summary]}));
}

#[tokio::test]
async fn one_that_never_started_begins_when_its_key_was_accepted() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    house.open(&channel, 5, 7).await;
    let wire = newest(&house, &arn).await;
    assert_eq!(wire["startTime"], "2024-01-01T00:00:07Z");
    assert_eq!((wire.get("endTime"), wire.get("ingestConfiguration")), (None, None));
    assert_eq!(wire.get("ingestConfigurations"), None);
    let listed = list(&caller(), &house, &arn).await.unwrap();
    assert_eq!(listed["streamSessions"][0]["startTime"], "2024-01-01T00:00:07Z");
}

#[tokio::test]
async fn events_have_the_type_name_and_code_that_consumers_know() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    house.open(&channel, 5, 1).await;
    house.start(&channel, 5, 2).await;
    let breach =
        LimitBreach { limit: BreachedLimit::IngestBitrate, value: 8_500_000, exceeded_by: 1_000_000 };
    let listed = |listed: Value| listed["streamSessions"][0]["hasErrorEvent"].clone();
    let kinds = [
        EventKind::Health(HealthChange::StarvationStart),
        EventKind::State(StateChange::StreamTakeoverFailure(TakeoverFailure::InvalidPriority)),
    ];
    for (number, kind) in (3..).zip(kinds) {
        house.happen(&channel, 5, number, kind).await;
    }
    assert_eq!(listed(list(&caller(), &house, &arn).await.unwrap()), false, "neither is an error");
    house.happen(&channel, 5, 5, EventKind::Breach(breach)).await;
    assert_eq!(listed(list(&caller(), &house, &arn).await.unwrap()), true);
    let events = newest(&house, &arn).await["truncatedEvents"].clone();
    let expected = json!([
        {"type": "IVS Limit Breach", "name": "Ingest Bitrate", "eventTime": "2024-01-01T00:00:05Z"},
        {"type": "IVS Stream State Change", "name": "Stream Takeover Failure",
         "code": "StreamTakeoverInvalidPriority", "eventTime": "2024-01-01T00:00:04Z"},
        {"type": "IVS Stream Health Change", "name": "Starvation Start", "eventTime": "2024-01-01T00:00:03Z"},
        {"type": "IVS Stream State Change", "name": "Stream Start", "eventTime": "2024-01-01T00:00:02Z"},
        {"type": "IVS Stream State Change", "name": "Session Created", "eventTime": "2024-01-01T00:00:01Z"},
    ]);
    assert_eq!(events, expected);
}

#[tokio::test]
async fn a_recorded_channels_session_shows_where_it_was_recorded_to() {
    let house = House::new().await;
    let recording = house.recording("bucket").await;
    let input =
        CreateChannelRequest { recording_configuration_arn: Some(recording.clone()), ..Default::default() };
    let (channel, _) = house.create(input).await.unwrap();
    house.open(&channel, 5, 9).await;
    let answer = get(&caller(), &house, &channel.arn.unwrap(), None).await.unwrap();
    let input = GetRecordingConfigurationRequest { arn: recording };
    let own = house.control.get_recording_configuration(&caller(), input).await.unwrap();
    assert_eq!(answer.stream_session.unwrap().recording_configuration, own.recording_configuration);
}

#[tokio::test]
async fn a_channel_that_never_was_on_air_has_an_empty_list_and_no_session() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    let text = refused_as(NOT_FOUND, get(&caller(), &house, &arn, None).await);
    assert_eq!(text, format!("Stream session of channel: {arn} not found"));
    assert_eq!(list(&caller(), &house, &arn).await.unwrap(), json!({"streamSessions": []}));

    house.open(&channel, 5, 9).await;
    let other = stream_id(6);
    let text = refused_as(NOT_FOUND, get(&caller(), &house, &arn, Some(other.as_str())).await);
    assert_eq!(text, format!("Stream session {other} of channel: {arn} not found"));
}

#[tokio::test]
async fn sessions_outlive_their_channel() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    house.open(&channel, 5, 7).await;
    house.start(&channel, 5, 9).await;
    house.close(&channel, 5, 61).await;
    let before = (newest(&house, &arn).await, list(&caller(), &house, &arn).await.unwrap());
    let input = DeleteChannelRequest { arn: arn.clone() };
    house.control.delete_channel(&caller(), input).await.unwrap();
    assert_eq!((newest(&house, &arn).await, list(&caller(), &house, &arn).await.unwrap()), before);
    assert_eq!(before.0["channel"]["name"], "show");
    let text = refused_as(NOT_FOUND, get(&caller(), &house, &arn, Some(stream_id(6).as_str())).await);
    assert_eq!(text, format!("Resource: {arn} not found"));
}

#[tokio::test]
async fn a_channel_keeps_the_looks_that_it_went_on_air_with() {
    let house = House::new().await;
    let (channel, _) = house.named("before").await;
    let arn = channel.arn.clone().unwrap();
    house.open(&channel, 5, 7).await;
    house.close(&channel, 5, 8).await;
    let input = api::ivs::UpdateChannelRequest {
        arn: arn.clone(),
        name: Some("after".to_owned()),
        ..Default::default()
    };
    house.control.update_channel(&caller(), input).await.unwrap();
    assert_eq!(newest(&house, &arn).await["channel"]["name"], "before");
}

#[tokio::test]
async fn sessions_are_listed_newest_first_page_by_page_while_more_come() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    for number in 1..=5 {
        house.open(&channel, number, number.into()).await;
        house.close(&channel, number, number.into()).await;
    }
    let first = page(&house, &arn, 2, None).await;
    assert_eq!(ids(&first), texts([5, 4]));
    house.open(&channel, 6, 6).await;
    let second = page(&house, &arn, 2, first.next_token.clone()).await;
    assert_eq!(ids(&second), texts([3, 2]));
    let third = page(&house, &arn, 2, second.next_token.clone()).await;
    assert_eq!(ids(&third), texts([1]));
    assert!(serde_json::to_value(&third).unwrap().get("nextToken").is_none());
    let whole = page(&house, &arn, 6, None).await;
    assert_eq!((ids(&whole).len(), whole.next_token), (6, None), "a full last page is the last");
}

#[tokio::test]
async fn a_page_holds_a_hundred_by_default() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    for number in 0..101 {
        house.open(&channel, number, 1).await;
        house.close(&channel, number, 2).await;
    }
    let arn = channel.arn.unwrap();
    let listed = list(&caller(), &house, &arn).await.unwrap();
    assert_eq!(listed["streamSessions"].as_array().unwrap().len(), 100);
    let token = listed["nextToken"].as_str().map(str::to_owned);
    assert_eq!(ids(&page(&house, &arn, 100, token).await), texts([0]));
}

#[tokio::test]
async fn another_channels_or_accounts_session_is_not_found() {
    let house = House::new().await;
    let (mine, _) = house.named("mine").await;
    let (other, _) = house.named("other").await;
    let (mine_arn, other_arn) = (mine.arn.clone().unwrap(), other.arn.clone().unwrap());
    house.open(&mine, 5, 9).await;
    house.open(&other, 6, 9).await;
    refused_as(NOT_FOUND, get(&caller(), &house, &mine_arn, Some(stream_id(6).as_str())).await);
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        for channel in [&mine_arn, &other_arn] {
            let missing = format!("Resource: {channel} not found");
            assert_eq!(refused_as(NOT_FOUND, get(&stranger, &house, channel, None).await), missing);
            assert_eq!(refused_as(NOT_FOUND, list(&stranger, &house, channel).await), missing);
        }
    }
    refused_as(NOT_FOUND, get(&caller(), &house, NO_CHANNEL, None).await);
    refused_as(NOT_FOUND, list(&caller(), &house, NO_CHANNEL).await);
    for odd in ["arn:aws:ivs:us-east-1:1:channel/abc", "arn:aws:ivs:us-east-1:123456789012:channel/%"] {
        refused_as(NOT_FOUND, get(&caller(), &house, odd, None).await);
        refused_as(NOT_FOUND, list(&caller(), &house, odd).await);
    }
}

#[tokio::test]
async fn a_forged_or_foreign_token_is_refused() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let (second, _) = house.named("second").await;
    let publishers = [house.play(&channel, 1, 1), house.play(&second, 2, 2)];
    let streams = ListStreamsRequest { max_results: Some(1), ..Default::default() };
    let of_streams = house.control.list_streams(&caller(), streams).await.unwrap().next_token.unwrap();
    for number in 3..6 {
        house.open(&second, number, 3).await;
    }
    let of_second = page(&house, second.arn.as_deref().unwrap(), 1, None).await.next_token.unwrap();
    for token in [of_streams, of_second, "00".repeat(40)] {
        let input = ListStreamSessionsRequest {
            channel_arn: channel.arn.clone().unwrap(),
            max_results: None,
            next_token: Some(token),
        };
        refused_as(INVALID, house.control.list_stream_sessions(&caller(), input).await);
    }
    drop(publishers);
}
