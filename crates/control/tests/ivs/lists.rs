//! `ListChannels`, `ListStreamKeys`: order, filters, pages and their tokens.
//!
//! Promise: the last page's missing token is checked on the JSON, where SDKs look for it.

use api::ivs::{
    ChannelSummary, ChannelType, CreateChannelRequest, DeleteChannelRequest, Ivs, ListChannelsRequest,
    ListChannelsResponse, ListStreamKeysRequest, StreamKeySummary,
};
use domain::{Limits, Tags};
use serde_json::json;

use crate::house::{CONFLICT, House, INVALID, caller, caller_of, refused_as};

async fn list(house: &House, input: ListChannelsRequest) -> ListChannelsResponse {
    house.control.list_channels(&caller(), input).await.unwrap()
}

fn names(channels: &[ChannelSummary]) -> Vec<&str> {
    channels.iter().map(|channel| channel.name.as_deref().unwrap()).collect()
}

async fn fill(house: &House, count: usize) -> Vec<String> {
    let mut arns = Vec::new();
    for number in 0..count {
        arns.push(house.named(&format!("c{number}")).await.0.arn.unwrap());
    }
    arns
}

fn page(max_results: i32, next_token: Option<String>) -> ListChannelsRequest {
    ListChannelsRequest { max_results: Some(max_results), next_token, ..Default::default() }
}

#[tokio::test]
async fn an_empty_list_is_an_empty_array_without_a_token() {
    let house = House::new().await;
    let answer = list(&house, ListChannelsRequest::default()).await;
    assert_eq!(serde_json::to_value(&answer).unwrap(), json!({"channels": []}));
}

#[tokio::test]
async fn a_summary_has_the_models_members_and_no_secret() {
    let house = House::new().await;
    let input = CreateChannelRequest {
        name: Some("summed-up".to_owned()),
        r#type: Some(ChannelType::AdvancedHd),
        tags: Some(Tags::from([("a".to_owned(), "b".to_owned())])),
        ..Default::default()
    };
    let (channel, _) = house.create(input).await.unwrap();
    let answer = list(&house, ListChannelsRequest::default()).await;
    let expected = json!({
        "arn": channel.arn,
        "name": "summed-up",
        "latencyMode": "LOW",
        "type": "ADVANCED_HD",
        "preset": "HIGHER_BANDWIDTH_DELIVERY",
        "authorized": false,
        "insecureIngest": false,
        "recordingConfigurationArn": "",
        "playbackRestrictionPolicyArn": "",
        "adConfigurationArn": "",
        "failoverSlateConfigurationArn": "",
        "tags": {"a": "b"},
    });
    assert_eq!(serde_json::to_value(&answer).unwrap(), json!({"channels": [expected]}));
}

#[tokio::test]
async fn pages_walk_in_creation_order_and_the_last_has_no_token_member() {
    let house = House::new().await;
    fill(&house, 5).await;
    let first = list(&house, page(2, None)).await;
    let second = list(&house, page(2, first.next_token.clone())).await;
    let third = list(&house, page(2, second.next_token.clone())).await;
    assert_eq!(names(&first.channels), ["c0", "c1"]);
    assert_eq!(names(&second.channels), ["c2", "c3"]);
    assert_eq!(names(&third.channels), ["c4"]);
    assert!(serde_json::to_value(&third).unwrap().get("nextToken").is_none());
    let whole = list(&house, page(5, None)).await;
    assert_eq!((whole.channels.len(), whole.next_token), (5, None), "a full last page is the last");
}

#[tokio::test]
async fn a_page_holds_a_hundred_by_default() {
    let house = House::new().await;
    fill(&house, 101).await;
    let first = list(&house, ListChannelsRequest::default()).await;
    assert_eq!(first.channels.len(), 100);
    let rest = ListChannelsRequest { next_token: first.next_token, ..Default::default() };
    assert_eq!(names(&list(&house, rest).await.channels), ["c100"]);
}

#[tokio::test]
async fn a_walk_is_stable_while_channels_come_and_go() {
    let house = House::new().await;
    let arns = fill(&house, 6).await;
    let first = list(&house, page(3, None)).await;
    for gone in [0, 2, 3] {
        let input = DeleteChannelRequest { arn: arns[gone].clone() };
        house.control.delete_channel(&caller(), input).await.unwrap();
    }
    house.named("new").await;
    let rest = list(&house, page(100, first.next_token)).await;
    assert_eq!(names(&rest.channels), ["c4", "c5", "new"]);
}

#[tokio::test]
async fn the_name_filter_is_exact_and_the_page_size_may_change_on_the_way() {
    let house = House::new().await;
    for name in ["show", "show-2", "Show", "show", "show"] {
        house.named(name).await;
    }
    let named = |max_results, next_token| ListChannelsRequest {
        filter_by_name: Some("show".to_owned()),
        ..page(max_results, next_token)
    };
    let first = list(&house, named(1, None)).await;
    let rest = list(&house, named(50, first.next_token)).await;
    assert_eq!((first.channels.len(), names(&rest.channels)), (1, vec!["show", "show"]));
    let unfiltered = ListChannelsRequest { filter_by_name: Some(String::new()), ..Default::default() };
    assert_eq!(list(&house, unfiltered).await.channels.len(), 5);
}

#[tokio::test]
async fn two_filters_at_once_are_a_conflict() {
    let house = House::new().await;
    let arn = |kind: &str| Some(format!("arn:aws:ivs:us-east-1:123456789012:{kind}/abc"));
    let input = ListChannelsRequest {
        filter_by_name: Some("show".to_owned()),
        filter_by_recording_configuration_arn: arn("recording-configuration"),
        ..Default::default()
    };
    refused_as(CONFLICT, house.control.list_channels(&caller(), input).await);
    let input = ListChannelsRequest {
        filter_by_ad_configuration_arn: arn("ad-configuration"),
        filter_by_failover_slate_configuration_arn: arn("failover-slate-configuration"),
        ..Default::default()
    };
    refused_as(CONFLICT, house.control.list_channels(&caller(), input).await);
    let input = ListChannelsRequest {
        filter_by_playback_restriction_policy_arn: arn("playback-restriction-policy"),
        ..Default::default()
    };
    house.named("show").await;
    assert_eq!(list(&house, input).await, ListChannelsResponse::default(), "nothing has such a policy");
}

#[tokio::test]
async fn channels_are_listed_by_what_they_are_attached_to() {
    let house = House::new().await;
    let (policy, recording) = (house.policy().await, house.recording("my-bucket").await);
    let other = house.recording("my-bucket").await;
    for (name, policy, recording) in [
        ("both", Some(&policy), Some(&recording)),
        ("recorded", None, Some(&recording)),
        ("neither", None, None),
        ("restricted", Some(&policy), None),
        ("otherwise", None, Some(&other)),
    ] {
        let input = CreateChannelRequest {
            name: Some(name.to_owned()),
            playback_restriction_policy_arn: policy.cloned(),
            recording_configuration_arn: recording.cloned(),
            ..Default::default()
        };
        house.create(input).await.unwrap();
    }
    let recorded = |max_results, next_token| ListChannelsRequest {
        filter_by_recording_configuration_arn: Some(recording.clone()),
        ..page(max_results, next_token)
    };
    let first = list(&house, recorded(1, None)).await;
    assert_eq!(names(&first.channels), ["both"]);
    assert_eq!(first.channels[0].recording_configuration_arn.as_ref(), Some(&recording));
    let rest = list(&house, recorded(1, first.next_token.clone())).await;
    assert_eq!((names(&rest.channels), rest.next_token), (vec!["recorded"], None));
    let restricted = |next_token| ListChannelsRequest {
        filter_by_playback_restriction_policy_arn: Some(policy.clone()),
        ..page(9, next_token)
    };
    assert_eq!(names(&list(&house, restricted(None)).await.channels), ["both", "restricted"]);
    refused_as(INVALID, house.control.list_channels(&caller(), restricted(first.next_token)).await);
    let stranger = caller_of("999999999999", "us-east-1");
    let theirs = house.control.list_channels(&stranger, restricted(None)).await.unwrap();
    assert_eq!(theirs.channels, []);
}

#[tokio::test]
async fn a_forged_or_foreign_token_is_refused() {
    let house = House::new().await;
    fill(&house, 3).await;
    let token = list(&house, page(1, None)).await.next_token.unwrap();

    let mut flipped = token.clone();
    flipped.replace_range(..1, if token.starts_with('0') { "1" } else { "0" });
    for forged in [flipped, token[..token.len() - 2].to_owned(), "AAAA==".to_owned(), "2".to_owned()] {
        let text = refused_as(INVALID, house.control.list_channels(&caller(), page(1, Some(forged))).await);
        assert!(text.starts_with("nextToken: "), "{text}");
    }
    for other in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let input = page(1, Some(token.clone()));
        refused_as(INVALID, house.control.list_channels(&other, input).await);
    }
    let filtered =
        ListChannelsRequest { filter_by_name: Some("c1".to_owned()), ..page(1, Some(token.clone())) };
    refused_as(INVALID, house.control.list_channels(&caller(), filtered).await);
    assert_eq!(list(&house, page(1, Some(token))).await.channels.len(), 1);
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let house = House::new().await;
    fill(&house, 2).await;
    let token = list(&house, page(1, None)).await.next_token;
    let restarted = House::on(house.store.clone(), Limits::default()).await;
    assert_eq!(names(&list(&restarted, page(1, token)).await.channels), ["c1"]);
}

#[tokio::test]
async fn stream_keys_come_one_by_one_by_default_and_show_no_value() {
    let house = House::with(Limits { stream_keys_per_channel: 2, ..Limits::default() }).await;
    let (channel, first) = house.named("show").await;
    let channel_arn = channel.arn.unwrap();
    let input = api::ivs::CreateStreamKeyRequest { channel_arn: channel_arn.clone(), tags: None };
    let second = house.control.create_stream_key(&caller(), input).await.unwrap().stream_key.unwrap();

    let mut input = ListStreamKeysRequest { channel_arn, max_results: None, next_token: None };
    let answer = house.control.list_stream_keys(&caller(), input.clone()).await.unwrap();
    let summary = StreamKeySummary { arn: first.arn, channel_arn: first.channel_arn, tags: first.tags };
    assert_eq!(answer.stream_keys, [summary]);
    assert!(!serde_json::to_string(&answer).unwrap().contains("sk_"));

    input.next_token = answer.next_token;
    let last = house.control.list_stream_keys(&caller(), input).await.unwrap();
    assert_eq!((last.stream_keys[0].arn.as_ref(), last.next_token), (second.arn.as_ref(), None));
}

#[tokio::test]
async fn a_channels_token_is_no_stream_key_token() {
    let house = House::new().await;
    let arns = fill(&house, 2).await;
    let next_token = list(&house, page(1, None)).await.next_token;
    let input = ListStreamKeysRequest { channel_arn: arns[0].clone(), max_results: None, next_token };
    refused_as(INVALID, house.control.list_stream_keys(&caller(), input).await);
}
