//! `ListTagsForResource`, `TagResource`, `UntagResource`.
//!
//! Promise: each rule holds for every kind of resource.

use api::ivs::{
    GetChannelRequest, ImportPlaybackKeyPairRequest, Ivs, ListTagsForResourceRequest, TagResourceRequest,
    UntagResourceRequest,
};
use api::{ApiError, Call};
use domain::Tags;
use serde_json::json;
use tokio::task::JoinSet;

use crate::house::{House, INVALID, NOT_FOUND, caller, caller_of, refused_as};

const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAED5W4FWC0vHPKp4cazJDJkKwV3VxHnp+0\n\
    PvoydpLWLumejffQ4pH/x6e0JtBjW3kMQ5mLnWbnwfO+SDnIKPt75ApcU2oBrBtl\n\
    vnoDo4gb1qkf3xHQTvjDm5Yain49VDO4\n\
    -----END PUBLIC KEY-----\n";

fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// One of each kind.
async fn furnish(house: &House) -> Vec<String> {
    let (channel, key) = house.named("show").await;
    let public_key_material = KEY.to_owned();
    let input = ImportPlaybackKeyPairRequest { name: None, public_key_material, tags: None };
    let pair = house.control.import_playback_key_pair(&caller(), input).await.unwrap().key_pair.unwrap();
    let mut all = [channel.arn, key.arn, pair.arn].map(Option::unwrap).to_vec();
    all.extend([house.policy().await, house.recording("bucket").await]);
    all
}

async fn tag_as(caller: &Call, house: &House, arn: &str, tags: Tags) -> Result<(), ApiError> {
    let input = TagResourceRequest { resource_arn: arn.to_owned(), tags };
    let answer = house.control.tag_resource(caller, input).await?;
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({}));
    Ok(())
}

async fn tag(house: &House, arn: &str, tags: Tags) -> Result<(), ApiError> {
    tag_as(&caller(), house, arn, tags).await
}

async fn untag(caller: &Call, house: &House, arn: &str, keys: &[&str]) -> Result<(), ApiError> {
    let tag_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let input = UntagResourceRequest { resource_arn: arn.to_owned(), tag_keys };
    house.control.untag_resource(caller, input).await.map(drop)
}

async fn list_as(caller: &Call, house: &House, arn: &str) -> Result<serde_json::Value, ApiError> {
    let input = ListTagsForResourceRequest { resource_arn: arn.to_owned() };
    let answer = house.control.list_tags_for_resource(caller, input).await?;
    Ok(serde_json::to_value(answer).unwrap())
}

async fn list(house: &House, arn: &str) -> serde_json::Value {
    list_as(&caller(), house, arn).await.unwrap()
}

#[tokio::test]
async fn every_kind_is_tagged_retagged_and_untagged() {
    let house = House::new().await;
    for arn in furnish(&house).await {
        assert_eq!(list(&house, &arn).await, json!({"tags": {}}), "{arn}");
        tag(&house, &arn, tags([("a", "1"), ("Ä b", "x/y:z")])).await.unwrap();
        tag(&house, &arn, tags([("a", "2"), ("c", "")])).await.unwrap();
        assert_eq!(list(&house, &arn).await, json!({"tags": {"a": "2", "c": "", "Ä b": "x/y:z"}}));
        untag(&caller(), &house, &arn, &["a", "absent", "A"]).await.unwrap();
        assert_eq!(list(&house, &arn).await, json!({"tags": {"c": "", "Ä b": "x/y:z"}}));
        untag(&caller(), &house, &arn, &["c", "Ä b"]).await.unwrap();
        untag(&caller(), &house, &arn, &["c"]).await.unwrap();
        assert_eq!(list(&house, &arn).await, json!({"tags": {}}));
    }
}

#[tokio::test]
async fn the_resource_itself_shows_its_new_tags() {
    let house = House::new().await;
    let arn = furnish(&house).await.remove(0);
    tag(&house, &arn, tags([("a", "1")])).await.unwrap();
    let answer = house.control.get_channel(&caller(), GetChannelRequest { arn }).await.unwrap();
    assert_eq!(answer.channel.unwrap().tags, Some(tags([("a", "1")])));
}

#[tokio::test]
async fn a_resource_has_fifty_tags_at_most_after_the_change() {
    let house = House::new().await;
    let arn = furnish(&house).await.remove(0);
    let numbered = |range: std::ops::Range<usize>| -> Tags {
        range.map(|number| (format!("k{number:02}"), String::new())).collect()
    };
    tag(&house, &arn, numbered(0..49)).await.unwrap();
    let text = refused_as(INVALID, tag(&house, &arn, numbered(49..51)).await);
    assert_eq!(text, "tags: a resource may have at most 50, and this one would have 51");
    assert_eq!(list(&house, &arn).await["tags"].as_object().unwrap().len(), 49, "nothing of it was kept");
    tag(&house, &arn, numbered(40..50)).await.unwrap();
    assert_eq!(list(&house, &arn).await["tags"].as_object().unwrap().len(), 50);
    untag(&caller(), &house, &arn, &["k00"]).await.unwrap();
    tag(&house, &arn, numbered(50..51)).await.unwrap();
}

#[tokio::test]
async fn reserved_keys_are_refused_whole_and_never_there_to_be_untagged() {
    let house = House::new().await;
    for arn in furnish(&house).await {
        for key in ["aws:x", "AWS:x", "aws:"] {
            let text = refused_as(INVALID, tag(&house, &arn, tags([("good", "1"), (key, "2")])).await);
            assert!(text.starts_with("tags: ") && text.contains(key), "{text}");
        }
        untag(&caller(), &house, &arn, &["aws:x"]).await.unwrap();
        assert_eq!(list(&house, &arn).await, json!({"tags": {}}));
    }
}

#[tokio::test]
async fn of_many_who_tag_one_resource_nobody_is_lost() {
    let house = House::new().await;
    for arn in furnish(&house).await {
        let mut taggers = JoinSet::new();
        for number in 0..25 {
            let (control, arn) = (house.control.clone(), arn.clone());
            let tags = tags([(&format!("key-{number}"), "")]);
            let input = TagResourceRequest { resource_arn: arn, tags };
            taggers.spawn(async move { control.tag_resource(&caller(), input).await.unwrap() });
        }
        taggers.join_all().await;
        assert_eq!(list(&house, &arn).await["tags"].as_object().unwrap().len(), 25, "{arn}");
    }
}

#[tokio::test]
async fn strangers_find_no_resource_to_tag() {
    let house = House::new().await;
    for arn in furnish(&house).await {
        tag(&house, &arn, tags([("mine", "1")])).await.unwrap();
        for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
            let missing = format!("Resource: {arn} not found");
            assert_eq!(refused_as(NOT_FOUND, list_as(&stranger, &house, &arn).await), missing);
            let refused = tag_as(&stranger, &house, &arn, tags([("a", "1")])).await;
            assert_eq!(refused_as(NOT_FOUND, refused), missing);
            assert_eq!(refused_as(NOT_FOUND, untag(&stranger, &house, &arn, &["mine"]).await), missing);
        }
        assert_eq!(list(&house, &arn).await, json!({"tags": {"mine": "1"}}));
    }
}

#[tokio::test]
async fn a_name_that_nothing_has_is_not_found() {
    let house = House::new().await;
    for kind in [
        "channel",
        "stream-key",
        "playback-key",
        "playback-restriction-policy",
        "recording-configuration",
        "ad-configuration",
        "stage",
    ] {
        for account in ["123456789012", "1"] {
            let arn = format!("arn:aws:ivs:us-east-1:{account}:{kind}/abcdABCD0123");
            refused_as(NOT_FOUND, list_as(&caller(), &house, &arn).await);
            refused_as(NOT_FOUND, tag(&house, &arn, tags([("a", "1")])).await);
            refused_as(NOT_FOUND, untag(&caller(), &house, &arn, &["a"]).await);
        }
    }
}

#[tokio::test]
async fn what_is_no_name_of_this_service_is_invalid() {
    let house = House::new().await;
    for text in [
        "x",
        "arn:aws:ivs:us-east-1:123456789012:channel",
        "arn:aws:ivs:us-east-1:123456789012:channel/",
        "arn:aws:ivs:us-east-1:123456789012:channel/a/b",
        "arn:aws:ivs:us-east-1:123456789012:Channel/abc",
        "arn:aws:ivs:US:123456789012:channel/abc",
        "arn:aws:ivs:us-east-1::channel/abc",
        "arn:aws:ivschat:us-east-1:123456789012:room/abcdABCD0123",
        "arn:aws:s3:::bucket",
        "arn:aws:ivs:us-east-1:123456789012:channel/\u{e4}",
    ] {
        let refused = refused_as(INVALID, list_as(&caller(), &house, text).await);
        assert!(refused.starts_with("resourceArn: "), "{refused}");
        refused_as(INVALID, tag(&house, text, tags([("a", "1")])).await);
        refused_as(INVALID, untag(&caller(), &house, text, &["a"]).await);
    }
}
