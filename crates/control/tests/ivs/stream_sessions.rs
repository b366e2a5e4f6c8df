//! `GetStreamSession`, `ListStreamSessions`.
//!
//! Promise: each member that the codec headers can tell is checked on the JSON.

use api::ivs::{
    CreateChannelRequest, GetRecordingConfigurationRequest, GetStreamSessionRequest,
    GetStreamSessionResponse, Ivs, ListStreamSessionsRequest, ListStreamsRequest,
};
use api::{ApiError, Call};
use serde_json::json;

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

async fn list(caller: &Call, house: &House, channel: &str) -> Result<serde_json::Value, ApiError> {
    let input = ListStreamSessionsRequest { channel_arn: channel.to_owned(), ..Default::default() };
    let answer = house.control.list_stream_sessions(caller, input).await?;
    Ok(serde_json::to_value(answer).unwrap())
}

#[tokio::test]
async fn the_session_on_air_shows_the_channel_and_what_is_sent() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    let publisher = house.play(&channel, 5, 9);
    let answer = get(&caller(), &house, &arn, None).await.unwrap();
    let wire = serde_json::to_value(&answer).unwrap();
    let video = &wire["streamSession"]["ingestConfiguration"]["video"];
    let (codec, level, profile) = (&video["codec"], &video["avcLevel"], &video["avcProfile"]);
    assert!(codec.as_str().unwrap().starts_with("avc1.") && !level.is_null() && !profile.is_null());
    let audio = json!({"channels": 2, "codec": "mp4a.40.2", "sampleRate": 48_000, "track": "Track0"});
    let picture = |avc_level: &serde_json::Value, avc_profile: &serde_json::Value| {
        json!({
            "avcLevel": avc_level,
            "avcProfile": avc_profile,
            "codec": codec,
            "level": level,
            "profile": profile,
            "targetFramerate": 30,
            "track": "Track0",
            "videoHeight": 360,
            "videoWidth": 640,
        })
    };
    let expected = json!({
        "channel": channel,
        "ingestConfiguration": {"audio": audio, "video": picture(level, profile)},
        "ingestConfigurations": {
            "audioConfigurations": [audio],
            "videoConfigurations": [picture(&json!(""), &json!(""))],
        },
        "startTime": "2024-01-01T00:00:09Z",
        "streamId": stream_id(5).as_str(),
        "truncatedEvents": [],
    });
    assert_eq!(wire["streamSession"], expected);
    assert_eq!(get(&caller(), &house, &arn, Some(stream_id(5).as_str())).await.unwrap(), answer);

    let summary = json!({
        "hasErrorEvent": false,
        "startTime": "2024-01-01T00:00:09Z",
        "streamId": stream_id(5).as_str(),
    });
    assert_eq!(list(&caller(), &house, &arn).await.unwrap(), json!({"streamSessions": [summary]}));
    drop(publisher);
}

#[tokio::test]
async fn a_recorded_channels_session_shows_where_it_is_recorded_to() {
    let house = House::new().await;
    let recording = house.recording("bucket").await;
    let input =
        CreateChannelRequest { recording_configuration_arn: Some(recording.clone()), ..Default::default() };
    let (channel, _) = house.create(input).await.unwrap();
    let publisher = house.play(&channel, 5, 9);
    let answer = get(&caller(), &house, &channel.arn.unwrap(), None).await.unwrap();
    let input = GetRecordingConfigurationRequest { arn: recording };
    let own = house.control.get_recording_configuration(&caller(), input).await.unwrap();
    assert_eq!(answer.stream_session.unwrap().recording_configuration, own.recording_configuration);
    drop(publisher);
}

#[tokio::test]
async fn before_the_encoder_said_what_it_sends_nothing_is_claimed_of_it() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let publisher = house.connect(&channel, 5, 9);
    let answer = get(&caller(), &house, &channel.arn.unwrap(), None).await.unwrap();
    let session = answer.stream_session.unwrap();
    assert_eq!((session.ingest_configuration, session.ingest_configurations), (None, None));
    drop(publisher);
}

#[tokio::test]
async fn without_a_stream_there_is_no_session_to_get_and_the_list_is_empty() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let arn = channel.arn.clone().unwrap();
    let text = refused_as(NOT_FOUND, get(&caller(), &house, &arn, None).await);
    assert_eq!(text, format!("Stream session of channel: {arn} not found"));
    assert_eq!(list(&caller(), &house, &arn).await.unwrap(), json!({"streamSessions": []}));

    let publisher = house.play(&channel, 5, 9);
    let other = stream_id(6);
    let text = refused_as(NOT_FOUND, get(&caller(), &house, &arn, Some(other.as_str())).await);
    assert_eq!(text, format!("Stream session {other} of channel: {arn} not found"));
    drop(publisher);
    refused_as(NOT_FOUND, get(&caller(), &house, &arn, Some(stream_id(5).as_str())).await);
}

#[tokio::test]
async fn another_channels_or_accounts_session_is_not_found() {
    let house = House::new().await;
    let (mine, _) = house.named("mine").await;
    let (other, _) = house.named("other").await;
    let (mine_arn, other_arn) = (mine.arn.clone().unwrap(), other.arn.clone().unwrap());
    let publishers = [house.play(&mine, 5, 9), house.play(&other, 6, 9)];
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
    drop(publishers);
}

#[tokio::test]
async fn no_token_is_good_for_a_list_that_never_gives_one_out() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let (second, _) = house.named("second").await;
    let publishers = [house.play(&channel, 1, 1), house.play(&second, 2, 2)];
    let streams = ListStreamsRequest { max_results: Some(1), ..Default::default() };
    let foreign = house.control.list_streams(&caller(), streams).await.unwrap().next_token.unwrap();
    for token in [foreign, "00".repeat(40)] {
        let input = ListStreamSessionsRequest {
            channel_arn: channel.arn.clone().unwrap(),
            max_results: None,
            next_token: Some(token),
        };
        refused_as(INVALID, house.control.list_stream_sessions(&caller(), input).await);
    }
    drop(publishers);
}
