//! `GetStream`, `ListStreams`, `PutMetadata`, `StopStream`.
//!
//! Promise: streams are those of the hub, published as ingest does and packaged by the real segmenter.

use std::time::Duration;

use api::ivs::{
    Channel, DeleteChannelRequest, GetStreamRequest, Ivs, ListStreamsRequest, ListStreamsResponse,
    PutMetadataRequest, StopStreamRequest, Stream, StreamFilters, StreamHealth, StreamSummary,
    UpdateChannelRequest,
};
use api::{ApiError, Call};
use domain::Limits;
use live::Next;
use serde_json::json;
use testkit::Film;

use crate::air::stream_id;
use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, caller, caller_of, refused_as};

const NO_CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";
const OFFLINE: (u16, &str) = (404, "ChannelNotBroadcasting");
const AWAY: (u16, &str) = (503, "StreamUnavailable");
const THROTTLED: (u16, &str) = (429, "ThrottlingException");

fn arn(channel: &Channel) -> String {
    channel.arn.clone().unwrap()
}

async fn get(caller: &Call, house: &House, channel: &str) -> Result<Stream, ApiError> {
    let input = GetStreamRequest { channel_arn: channel.to_owned() };
    Ok(house.control.get_stream(caller, input).await?.stream.unwrap())
}

async fn stop(caller: &Call, house: &House, channel: &str) -> Result<(), ApiError> {
    let input = StopStreamRequest { channel_arn: channel.to_owned() };
    let answer = house.control.stop_stream(caller, input).await?;
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({}));
    Ok(())
}

async fn put(caller: &Call, house: &House, channel: &str, text: &str) -> Result<(), ApiError> {
    let input = PutMetadataRequest { channel_arn: channel.to_owned(), metadata: text.to_owned().into() };
    house.control.put_metadata(caller, input).await
}

async fn list(house: &House, input: ListStreamsRequest) -> ListStreamsResponse {
    house.control.list_streams(&caller(), input).await.unwrap()
}

fn page(max_results: i32, next_token: Option<String>) -> ListStreamsRequest {
    ListStreamsRequest { max_results: Some(max_results), next_token, filter_by: None }
}

fn ids(streams: &[StreamSummary]) -> Vec<&str> {
    streams.iter().map(|stream| stream.stream_id.as_deref().unwrap()).collect()
}

fn texts(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| stream_id(number).to_string()).collect()
}

#[tokio::test]
async fn a_stream_that_can_be_played_is_live() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let publisher = house.play(&channel, 7, 3);
    let stream = get(&caller(), &house, &arn(&channel)).await.unwrap();
    let expected = json!({
        "channelArn": channel.arn,
        "health": "UNKNOWN",
        "playbackUrl": channel.playback_url,
        "startTime": "2024-01-01T00:00:03Z",
        "state": "LIVE",
        "streamId": stream_id(7).as_str(),
        "viewerCount": 0,
    });
    assert_eq!(serde_json::to_value(&stream).unwrap(), expected);

    let listed = serde_json::to_value(list(&house, ListStreamsRequest::default()).await).unwrap();
    let mut summary = expected;
    summary.as_object_mut().unwrap().remove("playbackUrl");
    assert_eq!(listed, json!({"streams": [summary]}));
    drop(publisher);
    refused_as(OFFLINE, get(&caller(), &house, &arn(&channel)).await);
    assert_eq!(list(&house, ListStreamsRequest::default()).await.streams, []);
}

#[tokio::test]
async fn a_channel_without_a_stream_to_watch_is_not_online() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let offline = format!("Channel: {} is not currently online", arn(&channel));
    assert_eq!(refused_as(OFFLINE, get(&caller(), &house, &arn(&channel)).await), offline);
    assert_eq!(refused_as(OFFLINE, stop(&caller(), &house, &arn(&channel)).await), offline);
    assert_eq!(refused_as(OFFLINE, put(&caller(), &house, &arn(&channel), "x").await), offline);
    // Nor is one whose encoder has sent nothing that can be played yet.
    let publisher = house.connect(&channel, 1, 0);
    assert_eq!(refused_as(OFFLINE, get(&caller(), &house, &arn(&channel)).await), offline);
    assert_eq!(list(&house, ListStreamsRequest::default()).await.streams, []);
    drop(publisher);
}

#[tokio::test]
async fn an_unknown_or_foreign_channel_is_not_found_whether_live_or_not() {
    let house = House::new().await;
    let (live, _) = house.named("live").await;
    let (quiet, _) = house.named("quiet").await;
    let publisher = house.play(&live, 1, 0);
    let absent = (NO_CHANNEL.to_owned(), caller());
    let strangers = [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")];
    let mut cases = vec![absent];
    for stranger in strangers {
        cases.extend([(arn(&live), stranger.clone()), (arn(&quiet), stranger.clone())]);
        let listed = house.control.list_streams(&stranger, ListStreamsRequest::default()).await.unwrap();
        assert_eq!(listed.streams, []);
    }
    for (channel, caller) in cases {
        let missing = format!("Resource: {channel} not found");
        assert_eq!(refused_as(NOT_FOUND, get(&caller, &house, &channel).await), missing);
        assert_eq!(refused_as(NOT_FOUND, stop(&caller, &house, &channel).await), missing);
        assert_eq!(refused_as(NOT_FOUND, put(&caller, &house, &channel, "x").await), missing);
    }
    get(&caller(), &house, &arn(&live)).await.unwrap();
    drop(publisher);
}

#[tokio::test]
async fn a_stop_reaches_the_publisher_also_before_anything_can_be_played() {
    let house = House::new().await;
    for (name, playable) in [("on", true), ("early", false)] {
        let (channel, _) = house.named(name).await;
        let publisher = if playable { house.play(&channel, 1, 0) } else { house.connect(&channel, 2, 0) };
        stop(&caller(), &house, &arn(&channel)).await.unwrap();
        publisher.stop_requested().await;
        // It is on air until its publisher lets go; a second stop is no harm.
        stop(&caller(), &house, &arn(&channel)).await.unwrap();
        drop(publisher);
        refused_as(OFFLINE, stop(&caller(), &house, &arn(&channel)).await);
        let input = DeleteChannelRequest { arn: arn(&channel) };
        house.control.delete_channel(&caller(), input).await.unwrap();
    }
}

#[tokio::test]
async fn streams_are_listed_in_the_order_of_their_start_page_by_page() {
    let house = House::new().await;
    let mut on_air = Vec::new();
    // Two began in the same moment.
    for (number, seconds) in [(3, 30), (9, 10), (1, 20), (2, 10), (8, 40)] {
        let (channel, _) = house.named(&format!("c{number}")).await;
        on_air.push(house.play(&channel, number, seconds));
    }
    let first = list(&house, page(2, None)).await;
    let second = list(&house, page(2, first.next_token.clone())).await;
    let third = list(&house, page(2, second.next_token.clone())).await;
    assert_eq!(ids(&first.streams), texts([2, 9]));
    assert_eq!(ids(&second.streams), texts([1, 3]));
    assert_eq!(ids(&third.streams), texts([8]));
    assert!(serde_json::to_value(&third).unwrap().get("nextToken").is_none());
    let whole = list(&house, page(5, None)).await;
    assert_eq!((whole.streams.len(), whole.next_token), (5, None), "a full last page is the last");
}

#[tokio::test]
async fn a_walk_is_stable_while_streams_come_and_go() {
    let house = House::new().await;
    let mut on_air = Vec::new();
    for number in 0..6 {
        let (channel, _) = house.named(&format!("c{number}")).await;
        on_air.push((number, house.play(&channel, number, number.into())));
    }
    let first = list(&house, page(3, None)).await;
    assert_eq!(ids(&first.streams), texts([0, 1, 2]));
    // Gone: one already seen, the very one that the token points at, and one to come; then a new one.
    on_air.retain(|(number, _)| ![0, 2, 3].contains(number));
    let (channel, _) = house.named("new").await;
    on_air.push((6, house.play(&channel, 6, 6)));
    let rest = list(&house, page(100, first.next_token)).await;
    assert_eq!(
        (ids(&rest.streams), rest.next_token),
        (texts([4, 5, 6]).iter().map(String::as_str).collect(), None)
    );
}

#[tokio::test]
async fn a_page_holds_a_hundred_by_default() {
    let house = House::new().await;
    let mut on_air = Vec::new();
    for number in 0..101 {
        let (channel, _) = house.named("c").await;
        on_air.push(house.play(&channel, number, number.into()));
    }
    let first = list(&house, ListStreamsRequest::default()).await;
    assert_eq!(first.streams.len(), 100);
    let rest = ListStreamsRequest { next_token: first.next_token, ..Default::default() };
    assert_eq!(ids(&list(&house, rest).await.streams), texts([100]));
}

#[tokio::test]
async fn a_stream_starts_when_it_could_be_played_once_that_is_written() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let publisher = house.play(&channel, 7, 3);
    house.open(&channel, 7, 3).await;
    house.start(&channel, 7, 8).await;
    let stream = get(&caller(), &house, &arn(&channel)).await.unwrap();
    assert_eq!(serde_json::to_value(&stream).unwrap()["startTime"], "2024-01-01T00:00:08Z");
    let listed = list(&house, ListStreamsRequest::default()).await;
    assert_eq!(listed.streams.len(), 1);
    assert_eq!(listed.streams[0].start_time, stream.start_time);
    drop(publisher);
    // The end is not written yet, but there is nothing to watch any more.
    refused_as(OFFLINE, get(&caller(), &house, &arn(&channel)).await);
    assert_eq!(list(&house, ListStreamsRequest::default()).await.streams, []);
}

#[tokio::test]
async fn viewers_and_health_are_those_of_the_moment() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let publisher = house.play(&channel, 7, 3);
    for (viewers, health, word) in [
        (3, domain::StreamHealth::Healthy, StreamHealth::Healthy),
        (0, domain::StreamHealth::Starving, StreamHealth::Starving),
        (1, domain::StreamHealth::Unknown, StreamHealth::Unknown),
    ] {
        publisher.broadcast().pulse().set_viewers(viewers);
        publisher.broadcast().pulse().set_health(health);
        let stream = get(&caller(), &house, &arn(&channel)).await.unwrap();
        assert_eq!((stream.viewer_count, stream.health), (Some(viewers.into()), Some(word)));
        let listed = list(&house, ListStreamsRequest::default()).await.streams;
        assert_eq!((listed[0].viewer_count, listed[0].health), (Some(viewers.into()), Some(word)));
    }
}

#[tokio::test]
async fn a_stream_of_another_server_is_shown_without_its_viewers() {
    let house = House::new().await;
    let (here, _) = house.named("here").await;
    let (there, _) = house.named("there").await;
    let (silent, _) = house.named("silent").await;
    let publisher = house.play(&here, 1, 5);
    house.open_on("another", &there, 2, 3).await;
    house.open_on("another", &silent, 3, 3).await;
    refused_as(OFFLINE, get(&caller(), &house, &arn(&there)).await);
    house.start(&there, 2, 4).await;
    let stream = get(&caller(), &house, &arn(&there)).await.unwrap();
    let expected = json!({
        "channelArn": there.arn,
        "health": "HEALTHY",
        "playbackUrl": there.playback_url,
        "startTime": "2024-01-01T00:00:04Z",
        "state": "LIVE",
        "streamId": stream_id(2).as_str(),
        "viewerCount": -1,
    });
    assert_eq!(serde_json::to_value(&stream).unwrap(), expected);
    let listed = list(&house, ListStreamsRequest::default()).await;
    assert_eq!(ids(&listed.streams), texts([2, 1]), "the silent one can't be played");
    let healthy = StreamFilters { health: Some(StreamHealth::Healthy) };
    let healthy = ListStreamsRequest { filter_by: Some(healthy), ..Default::default() };
    assert_eq!(ids(&list(&house, healthy).await.streams), texts([2]));
    house.close(&there, 2, 9).await;
    refused_as(OFFLINE, get(&caller(), &house, &arn(&there)).await);
    assert_eq!(ids(&list(&house, ListStreamsRequest::default()).await.streams), texts([1]));
    drop(publisher);
}

#[tokio::test]
async fn a_stream_of_another_server_is_out_of_reach_and_keeps_its_channel() {
    let house = House::new().await;
    let (channel, _) = house.named("there").await;
    house.open_on("another", &channel, 2, 3).await;
    for refusal in [
        refused_as(AWAY, stop(&caller(), &house, &arn(&channel)).await),
        refused_as(AWAY, put(&caller(), &house, &arn(&channel), "x").await),
    ] {
        let text = "is on air on another server, which can't be reached now";
        assert_eq!(refusal, format!("The stream of channel: {} {text}", arn(&channel)));
    }
    let online = format!("Channel: {} is currently online", arn(&channel));
    let delete = DeleteChannelRequest { arn: arn(&channel) };
    assert_eq!(refused_as(CONFLICT, house.control.delete_channel(&caller(), delete).await), online);
    let update = UpdateChannelRequest { arn: arn(&channel), ..Default::default() };
    assert_eq!(refused_as(CONFLICT, house.control.update_channel(&caller(), update).await), online);
    // Nobody else learns of it.
    let stranger = caller_of("999999999999", "us-east-1");
    let update = UpdateChannelRequest { arn: arn(&channel), ..Default::default() };
    refused_as(NOT_FOUND, house.control.update_channel(&stranger, update).await);
    house.close(&channel, 2, 9).await;
    refused_as(OFFLINE, stop(&caller(), &house, &arn(&channel)).await);
    let delete = DeleteChannelRequest { arn: arn(&channel) };
    house.control.delete_channel(&caller(), delete).await.unwrap();
}

#[tokio::test]
async fn the_filter_by_health_is_taken_by_its_word() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let publisher = house.play(&channel, 1, 0);
    let filtered =
        |health| ListStreamsRequest { filter_by: Some(StreamFilters { health }), ..Default::default() };
    for (health, count) in [
        (None, 1),
        (Some(StreamHealth::Unknown), 1),
        (Some(StreamHealth::Healthy), 0),
        (Some(StreamHealth::Starving), 0),
    ] {
        assert_eq!(list(&house, filtered(health)).await.streams.len(), count, "{health:?}");
    }
    drop(publisher);
}

#[tokio::test]
async fn a_forged_or_foreign_token_is_refused() {
    let house = House::new().await;
    let mut on_air = Vec::new();
    for number in 0..3 {
        let (channel, _) = house.named("c").await;
        on_air.push(house.play(&channel, number, number.into()));
    }
    let token = list(&house, page(1, None)).await.next_token.unwrap();
    assert!(token.len() <= 1_024 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(!token.contains(&"30".repeat(5)), "the stream id is not to be read in it");
    let mut flipped = token.clone();
    flipped.replace_range(..1, if token.starts_with('0') { "1" } else { "0" });
    for forged in [flipped, token[..token.len() - 2].to_owned(), "AAAA==".to_owned()] {
        let text = refused_as(INVALID, house.control.list_streams(&caller(), page(1, Some(forged))).await);
        assert!(text.starts_with("nextToken: "), "{text}");
    }
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        refused_as(INVALID, house.control.list_streams(&stranger, page(1, Some(token.clone()))).await);
    }
    let filter_by = Some(StreamFilters { health: Some(StreamHealth::Unknown) });
    let filtered = ListStreamsRequest { filter_by, ..page(1, Some(token.clone())) };
    refused_as(INVALID, house.control.list_streams(&caller(), filtered).await);
    let channels = api::ivs::ListChannelsRequest { next_token: Some(token.clone()), ..Default::default() };
    refused_as(INVALID, house.control.list_channels(&caller(), channels).await);
    let channels = api::ivs::ListChannelsRequest { max_results: Some(1), ..Default::default() };
    let foreign = house.control.list_channels(&caller(), channels).await.unwrap().next_token;
    refused_as(INVALID, house.control.list_streams(&caller(), page(1, foreign)).await);
    assert_eq!(list(&house, page(1, Some(token))).await.streams.len(), 1);
}

#[tokio::test]
async fn metadata_reaches_the_readers_of_the_stream_in_order() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let mut publisher = house.play(&channel, 1, 0);
    let mut reader = publisher.broadcast().subscribe();
    // A reader begins at a keyframe; what comes before is not for it.
    Film::default().pictures(Duration::from_millis(100)).into_iter().for_each(|frame| publisher.push(frame));
    for text in ["{\"score\": 1}", "ünïcode"] {
        put(&caller(), &house, &arn(&channel), text).await.unwrap();
    }
    let mut read = Vec::new();
    while let Some(next) = reader.try_next() {
        if let Next::Metadata(text) = next {
            read.push(text.text.to_string());
        }
    }
    assert_eq!(read, ["{\"score\": 1}", "ünïcode"]);
}

#[tokio::test]
async fn metadata_has_a_kilobyte_at_most_counted_in_bytes() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let publisher = house.play(&channel, 1, 0);
    for fits in ["x".to_owned(), "x".repeat(1_024), "ü".repeat(512)] {
        put(&caller(), &house, &arn(&channel), &fits).await.unwrap();
    }
    for too_much in ["x".repeat(1_025), "ü".repeat(513)] {
        let text = refused_as(INVALID, put(&caller(), &house, &arn(&channel), &too_much).await);
        assert_eq!(text, "Metadata size exceeds payload limit");
    }
    drop(publisher);
}

#[tokio::test]
async fn each_channel_takes_metadata_at_its_own_rate() {
    let house = House::with(Limits { metadata_calls_per_channel: 2, ..Limits::default() }).await;
    let (busy, _) = house.named("busy").await;
    let (calm, _) = house.named("calm").await;
    let publishers = [house.play(&busy, 1, 0), house.play(&calm, 2, 0)];
    let mut refusal = None;
    for _ in 0..100 {
        refusal = put(&caller(), &house, &arn(&busy), "x").await.err();
        if refusal.is_some() {
            break;
        }
    }
    let text = refused_as(THROTTLED, refusal.map_or(Ok(()), Err));
    assert!(text.contains(&arn(&busy)), "{text}");
    put(&caller(), &house, &arn(&calm), "x").await.unwrap();
    drop(publishers);
}
