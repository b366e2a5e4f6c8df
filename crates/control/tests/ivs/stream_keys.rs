//! `CreateStreamKey`, `DeleteStreamKey`, `GetStreamKey`.
//!
//! Promise: each rule of the vendor's documents has its line here.

use api::ivs::{
    CreateStreamKeyRequest, DeleteStreamKeyRequest, GetStreamKeyRequest, Ivs, ListStreamKeysRequest,
};
use domain::{StreamKeyValue, Tags};

use crate::house::{House, INVALID, NOT_FOUND, QUOTA, caller, refused_as};

const NO_CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";
const NO_KEY: &str = "arn:aws:ivs:us-east-1:123456789012:stream-key/abcdABCD0123";

fn create(channel: Option<&String>) -> CreateStreamKeyRequest {
    CreateStreamKeyRequest { channel_arn: channel.unwrap().clone(), tags: None }
}

#[tokio::test]
async fn a_key_reads_back_with_its_value() {
    let house = House::new().await;
    let (_, key) = house.named("show").await;
    let input = GetStreamKeyRequest { arn: key.arn.clone().unwrap() };
    let read = house.control.get_stream_key(&caller(), input).await.unwrap();
    assert_eq!(read.stream_key, Some(key));
}

#[tokio::test]
async fn a_second_key_exceeds_the_quota_and_a_reset_is_delete_then_create() {
    let house = House::new().await;
    let (channel, old) = house.named("show").await;
    let refusal = house.control.create_stream_key(&caller(), create(channel.arn.as_ref())).await;
    let text = refused_as(QUOTA, refusal);
    assert!(text.contains("at most 1 per channel"), "{text}");

    let input = DeleteStreamKeyRequest { arn: old.arn.clone().unwrap() };
    house.control.delete_stream_key(&caller(), input).await.unwrap();
    let tags = Tags::from([("rotated".to_owned(), "yes".to_owned())]);
    let input = CreateStreamKeyRequest { tags: Some(tags.clone()), ..create(channel.arn.as_ref()) };
    let fresh = house.control.create_stream_key(&caller(), input).await.unwrap().stream_key.unwrap();
    assert_eq!((fresh.channel_arn.as_ref(), fresh.tags), (channel.arn.as_ref(), Some(tags)));
    assert_ne!(fresh.arn, old.arn);
    assert_ne!(fresh.value, old.value);
}

#[tokio::test]
async fn a_deleted_key_admits_nobody_but_ends_no_stream() {
    let house = House::new().await;
    let (channel, key) = house.named("show").await;
    let publisher = house.go_live(&channel);
    let input = DeleteStreamKeyRequest { arn: key.arn.unwrap() };
    house.control.delete_stream_key(&caller(), input.clone()).await.unwrap();
    let value = StreamKeyValue::parse(&key.value.unwrap().0).unwrap();
    assert!(house.store.stream_key_by_value(&value).await.unwrap().is_none());
    assert!(house.hub.broadcast(publisher.broadcast().channel()).is_some());
    refused_as(NOT_FOUND, house.control.delete_stream_key(&caller(), input).await);
}

#[tokio::test]
async fn a_key_for_an_unknown_channel_is_not_found() {
    let house = House::new().await;
    let absent = NO_CHANNEL.to_owned();
    let text = refused_as(NOT_FOUND, house.control.create_stream_key(&caller(), create(Some(&absent))).await);
    assert_eq!(text, format!("Resource: {NO_CHANNEL} not found"));
    let input =
        ListStreamKeysRequest { channel_arn: NO_CHANNEL.to_owned(), max_results: None, next_token: None };
    refused_as(NOT_FOUND, house.control.list_stream_keys(&caller(), input).await);
}

#[tokio::test]
async fn an_unknown_key_is_not_found() {
    let house = House::new().await;
    let get = GetStreamKeyRequest { arn: NO_KEY.to_owned() };
    let text = refused_as(NOT_FOUND, house.control.get_stream_key(&caller(), get).await);
    assert_eq!(text, format!("Resource: {NO_KEY} not found"));
    let delete = DeleteStreamKeyRequest { arn: NO_KEY.to_owned() };
    refused_as(NOT_FOUND, house.control.delete_stream_key(&caller(), delete).await);
}

#[tokio::test]
async fn reserved_tags_are_refused_before_anything_is_made() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let tags = Some(Tags::from([("aws:x".to_owned(), String::new())]));
    let input = CreateStreamKeyRequest { tags, ..create(channel.arn.as_ref()) };
    refused_as(INVALID, house.control.create_stream_key(&caller(), input).await);
}
