//! `ListTagsForResource`, `TagResource`, `UntagResource` of chat.
//!
//! Promise: each service tags what is its own alone.

use api::ivs::{CreateChannelRequest, Ivs};
use api::ivschat::{IvsChat, ListTagsForResourceRequest, TagResourceRequest, UntagResourceRequest};
use bus::RoomNews;
use domain::Tags;
use serde_json::{Value, json};

use crate::house::{House, INVALID, NOT_FOUND, caller, caller_of, named, refused_as};

fn tags(count: usize) -> Tags {
    (0..count).map(|number| (format!("k{number}"), String::new())).collect()
}

async fn list(house: &House, arn: &str) -> Value {
    let input = ListTagsForResourceRequest { resource_arn: arn.to_owned() };
    let answer = IvsChat::list_tags_for_resource(&*house.control, &caller(), input).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

fn tag(arn: &str, tags: Tags) -> TagResourceRequest {
    TagResourceRequest { resource_arn: arn.to_owned(), tags }
}

#[tokio::test]
async fn rooms_and_logs_are_tagged_and_rooms_hear_of_it() {
    let house = House::new().await;
    let (room, log) = (house.room("a").await, house.active_log("bucket").await);
    house.heard();
    for (arn, heard) in [(&room, vec![(named(&room), RoomNews::Changed)]), (&log, vec![])] {
        assert_eq!(list(&house, arn).await, json!({"tags": {}}));
        let added = Tags::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let answer = IvsChat::tag_resource(&*house.control, &caller(), tag(arn, added)).await.unwrap();
        assert_eq!(serde_json::to_value(answer).unwrap(), json!({}));
        assert_eq!(house.heard(), heard);
        let input = UntagResourceRequest {
            resource_arn: arn.clone(),
            tag_keys: vec!["a".to_owned(), "absent".to_owned()],
        };
        IvsChat::untag_resource(&*house.control, &caller(), input).await.unwrap();
        assert_eq!(list(&house, arn).await, json!({"tags": {"b": "2"}}));
        assert_eq!(house.heard(), heard);
    }
}

#[tokio::test]
async fn a_resource_has_fifty_tags_at_most_and_none_that_is_reserved() {
    let house = House::new().await;
    let room = house.room("a").await;
    let add = async |tags: Tags| IvsChat::tag_resource(&*house.control, &caller(), tag(&room, tags)).await;
    add(tags(50)).await.unwrap();
    let more = Tags::from([("more".to_owned(), String::new())]);
    refused_as(INVALID, add(more).await);
    refused_as(INVALID, add(Tags::from([("AWS:x".to_owned(), String::new())])).await);
    assert_eq!(list(&house, &room).await["tags"].as_object().unwrap().len(), 50);
}

#[tokio::test]
async fn neither_service_tags_what_is_the_others() {
    let house = House::new().await;
    let made = house.control.create_channel(&caller(), CreateChannelRequest::default()).await.unwrap();
    let (channel, room) = (made.channel.unwrap().arn.unwrap(), house.room("a").await);
    let text =
        refused_as(INVALID, IvsChat::tag_resource(&*house.control, &caller(), tag(&channel, tags(1))).await);
    assert!(text.contains("arn:aws:ivschat:"), "{text}");
    let input = api::ivs::TagResourceRequest { resource_arn: room.clone(), tags: tags(1) };
    let text = refused_as(INVALID, Ivs::tag_resource(&*house.control, &caller(), input).await);
    assert!(text.contains("arn:aws:ivs:"), "{text}");
    assert_eq!(list(&house, &room).await, json!({"tags": {}}));
}

#[tokio::test]
async fn what_no_resource_can_be_called_is_a_bad_name_and_what_one_could_be_is_not_found() {
    let house = House::new().await;
    let ask = async |arn: &str| {
        let input = ListTagsForResourceRequest { resource_arn: arn.to_owned() };
        IvsChat::list_tags_for_resource(&*house.control, &caller(), input).await
    };
    for arn in ["", "x", "arn:aws:ivschat:us-east-1:123456789012:room/", "arn:aws:s3:us-east-1:1:room/a"] {
        refused_as(INVALID, ask(arn).await);
    }
    for arn in ["arn:aws:ivschat:us-east-1:1:room/a", "arn:aws:ivschat:us-east-1:123456789012:wall/a"] {
        refused_as(NOT_FOUND, ask(arn).await);
    }
    let room = house.room("a").await;
    let input = tag(&room, tags(1));
    let stranger = caller_of("999999999999", "us-east-1");
    refused_as(NOT_FOUND, IvsChat::tag_resource(&*house.control, &stranger, input).await);
}
