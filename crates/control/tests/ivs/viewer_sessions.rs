//! `StartViewerSessionRevocation`, `BatchStartViewerSessionRevocation`.
//!
//! Promise: what was answered without an error is read back from the store, where delivery will look.

use api::ivs::{
    BatchStartViewerSessionRevocationRequest, BatchStartViewerSessionRevocationViewerSession, Ivs,
    StartViewerSessionRevocationRequest,
};
use api::{ApiError, Call};
use domain::Arn;
use serde_json::json;

use crate::house::{House, INVALID, NOT_FOUND, caller, caller_of, refused_as};

const NO_CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";

async fn channel(house: &House) -> String {
    house.named("show").await.0.arn.unwrap()
}

async fn revoke(
    caller: &Call,
    house: &House,
    channel: &str,
    viewer: &str,
    version: Option<i32>,
) -> Result<(), ApiError> {
    let input = StartViewerSessionRevocationRequest {
        channel_arn: channel.to_owned(),
        viewer_id: viewer.to_owned(),
        viewer_session_versions_less_than_or_equal_to: version,
    };
    let answer = house.control.start_viewer_session_revocation(caller, input).await?;
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({}));
    Ok(())
}

async fn kept(house: &House, channel: &str, viewer: &str) -> Option<u32> {
    let channel = Arn::parse(channel).unwrap();
    house.store.viewer_revocation(&channel, viewer).await.unwrap().map(|revocation| revocation.version)
}

fn session(
    channel: &str,
    viewer: &str,
    version: Option<i32>,
) -> BatchStartViewerSessionRevocationViewerSession {
    BatchStartViewerSessionRevocationViewerSession {
        channel_arn: channel.to_owned(),
        viewer_id: viewer.to_owned(),
        viewer_session_versions_less_than_or_equal_to: version,
    }
}

async fn batch(
    caller: &Call,
    house: &House,
    viewer_sessions: Vec<BatchStartViewerSessionRevocationViewerSession>,
) -> serde_json::Value {
    let input = BatchStartViewerSessionRevocationRequest { viewer_sessions };
    let answer = house.control.batch_start_viewer_session_revocation(caller, input).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

#[tokio::test]
async fn the_highest_version_that_was_asked_for_stands() {
    let house = House::new().await;
    let channel = channel(&house).await;
    for (asked, stands) in
        [(None, 0), (Some(7), 7), (Some(3), 7), (None, 7), (Some(i32::MAX), i32::MAX as u32)]
    {
        revoke(&caller(), &house, &channel, "viewer", asked).await.unwrap();
        assert_eq!(kept(&house, &channel, "viewer").await, Some(stands));
    }
    assert_eq!(kept(&house, &channel, "another").await, None);
}

#[tokio::test]
async fn an_unknown_or_foreign_channel_is_not_found() {
    let house = House::new().await;
    let mine = channel(&house).await;
    for absent in [NO_CHANNEL, "arn:aws:ivs:us-east-1:1:channel/abc"] {
        let text = refused_as(NOT_FOUND, revoke(&caller(), &house, absent, "viewer", None).await);
        assert_eq!(text, format!("Resource: {absent} not found"));
    }
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        refused_as(NOT_FOUND, revoke(&stranger, &house, &mine, "viewer", None).await);
        let answer = batch(&stranger, &house, vec![session(&mine, "viewer", None)]).await;
        assert_eq!(answer["errors"][0]["code"], "ResourceNotFoundException");
    }
    assert_eq!(kept(&house, &mine, "viewer").await, None);
}

#[tokio::test]
async fn a_batch_tells_of_each_bad_pair_and_revokes_the_rest() {
    let house = House::new().await;
    let channel = channel(&house).await;
    let odd = "arn:aws:ivs:us-east-1:1:channel/abc";
    let sessions = vec![
        session(NO_CHANNEL, "a", None),
        session(&channel, "a", Some(2)),
        session(odd, "b", None),
        session(&channel, "a", Some(1)),
        session(&channel, "nul\0", None),
        session(&channel, "ß", None),
        session(NO_CHANNEL, "a", None),
    ];
    let error = |channel: &str, viewer: &str, code: &str, message: &str| json!({"channelArn": channel, "viewerId": viewer, "code": code, "message": message});
    let missing = |channel: &str, viewer: &str| {
        let text = format!("Resource: {channel} not found");
        error(channel, viewer, "ResourceNotFoundException", &text)
    };
    let nul = "viewerId: must not contain the character NUL";
    let expected = json!({"errors": [
        missing(NO_CHANNEL, "a"),
        missing(odd, "b"),
        error(&channel, "nul\0", "ValidationException", nul),
        missing(NO_CHANNEL, "a"),
    ]});
    assert_eq!(batch(&caller(), &house, sessions).await, expected);
    assert_eq!((kept(&house, &channel, "a").await, kept(&house, &channel, "ß").await), (Some(2), Some(0)));
}

#[tokio::test]
async fn a_batch_without_a_bad_pair_has_an_empty_list_of_errors() {
    let house = House::new().await;
    let channel = channel(&house).await;
    let sessions = (0..20).map(|number| session(&channel, &format!("v{number}"), Some(number))).collect();
    assert_eq!(batch(&caller(), &house, sessions).await, json!({"errors": []}));
    assert_eq!(kept(&house, &channel, "v19").await, Some(19));
}

#[tokio::test]
async fn a_viewers_name_with_a_nul_is_refused_on_every_database_alike() {
    let house = House::new().await;
    let channel = channel(&house).await;
    let text = refused_as(INVALID, revoke(&caller(), &house, &channel, "a\0b", None).await);
    assert!(text.starts_with("viewerId: "), "{text}");
}
