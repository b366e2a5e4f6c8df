//! `CreatePlaybackRestrictionPolicy` and its siblings.
//!
//! Promise: each default and rule of the vendor's documents has its line here.

use api::ApiError;
use api::ivs::{
    CreateChannelRequest, CreatePlaybackRestrictionPolicyRequest, DeleteChannelRequest,
    DeletePlaybackRestrictionPolicyRequest, GetPlaybackRestrictionPolicyRequest, Ivs, ListChannelsRequest,
    ListPlaybackRestrictionPoliciesRequest, PlaybackRestrictionPolicy, UpdateChannelRequest,
    UpdatePlaybackRestrictionPolicyRequest,
};
use domain::{Limits, Tags};
use serde_json::json;
use tokio::task::JoinSet;

use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, QUOTA, caller, caller_of, refused_as};

fn texts(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

async fn create(
    house: &House,
    input: CreatePlaybackRestrictionPolicyRequest,
) -> Result<PlaybackRestrictionPolicy, ApiError> {
    let made = house.control.create_playback_restriction_policy(&caller(), input).await?;
    Ok(made.playback_restriction_policy.unwrap())
}

async fn read(house: &House, arn: &str) -> Result<PlaybackRestrictionPolicy, ApiError> {
    let input = GetPlaybackRestrictionPolicyRequest { arn: arn.to_owned() };
    let read = house.control.get_playback_restriction_policy(&caller(), input).await?;
    Ok(read.playback_restriction_policy.unwrap())
}

async fn update(
    house: &House,
    input: UpdatePlaybackRestrictionPolicyRequest,
) -> Result<PlaybackRestrictionPolicy, ApiError> {
    let updated = house.control.update_playback_restriction_policy(&caller(), input).await?;
    Ok(updated.playback_restriction_policy.unwrap())
}

async fn delete(house: &House, arn: &str) -> Result<(), ApiError> {
    let input = DeletePlaybackRestrictionPolicyRequest { arn: arn.to_owned() };
    house.control.delete_playback_restriction_policy(&caller(), input).await
}

fn list(next_token: Option<String>) -> ListPlaybackRestrictionPoliciesRequest {
    ListPlaybackRestrictionPoliciesRequest { max_results: None, next_token }
}

#[tokio::test]
async fn a_policy_without_any_input_restricts_nothing() {
    let house = House::new().await;
    let made = create(&house, CreatePlaybackRestrictionPolicyRequest::default()).await.unwrap();
    let id = made.arn.strip_prefix("arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/");
    assert_eq!(id.unwrap().len(), 12);
    let expected = json!({
        "arn": made.arn,
        "name": "",
        "allowedCountries": [],
        "allowedOrigins": [],
        "enableStrictOriginEnforcement": false,
        "tags": {},
    });
    assert_eq!(serde_json::to_value(&made).unwrap(), expected);
}

#[tokio::test]
async fn a_policy_reads_back_as_it_was_created_what_is_said_twice_once() {
    let house = House::new().await;
    let tags = Tags::from([("team".to_owned(), "blue".to_owned())]);
    let input = CreatePlaybackRestrictionPolicyRequest {
        name: Some("europe".to_owned()),
        allowed_countries: texts(&["DE", "AT", "DE", "CH"]),
        allowed_origins: texts(&["https://*.example.com", "http://localhost:3000", "https://*.example.com"]),
        enable_strict_origin_enforcement: Some(true),
        tags: Some(tags.clone()),
    };
    let made = create(&house, input).await.unwrap();
    let expected = PlaybackRestrictionPolicy {
        allowed_countries: texts(&["DE", "AT", "CH"]).unwrap(),
        allowed_origins: texts(&["https://*.example.com", "http://localhost:3000"]).unwrap(),
        arn: made.arn.clone(),
        enable_strict_origin_enforcement: Some(true),
        name: Some("europe".to_owned()),
        tags: Some(tags),
    };
    assert_eq!(made, expected);
    assert_eq!(read(&house, &made.arn).await.unwrap(), expected);
}

#[tokio::test]
async fn countries_and_origins_that_cannot_be_are_refused_by_name() {
    let house = House::new().await;
    for (countries, origins, told) in [
        (texts(&["DE", "de"]), None, "allowedCountries: \"de\""),
        (texts(&["XX"]), None, "allowedCountries: \"XX\""),
        (None, texts(&["https://example.com/"]), "allowedOrigins: \"https://example.com/\""),
        (None, texts(&["https://ok.example", ""]), "allowedOrigins: \"\""),
    ] {
        let input = CreatePlaybackRestrictionPolicyRequest {
            allowed_countries: countries.clone(),
            allowed_origins: origins.clone(),
            ..Default::default()
        };
        let text = refused_as(INVALID, create(&house, input).await);
        assert!(text.starts_with(told), "{text}");
        let arn = house.policy().await;
        let input = UpdatePlaybackRestrictionPolicyRequest {
            allowed_countries: countries,
            allowed_origins: origins,
            arn,
            ..Default::default()
        };
        let text = refused_as(INVALID, update(&house, input).await);
        assert!(text.starts_with(told), "{text}");
    }
    let tags = Some(Tags::from([("aws:x".to_owned(), String::new())]));
    refused_as(
        INVALID,
        create(&house, CreatePlaybackRestrictionPolicyRequest { tags, ..Default::default() }).await,
    );
}

#[tokio::test]
async fn a_policy_holds_as_much_as_it_may_and_no_more() {
    let house =
        House::with(Limits { countries_per_policy: 2, origins_per_policy: 1, ..Limits::default() }).await;
    let full = CreatePlaybackRestrictionPolicyRequest {
        allowed_countries: texts(&["DE", "AT", "AT"]),
        allowed_origins: texts(&["https://a.example"]),
        ..Default::default()
    };
    create(&house, full.clone()).await.unwrap();
    let input = CreatePlaybackRestrictionPolicyRequest {
        allowed_countries: texts(&["DE", "AT", "CH"]),
        ..full.clone()
    };
    let text = refused_as(INVALID, create(&house, input).await);
    assert_eq!(text, "allowedCountries: at most 2 per policy, not 3");
    let input = CreatePlaybackRestrictionPolicyRequest {
        allowed_origins: texts(&["https://a.example", "https://b.example"]),
        ..full
    };
    let text = refused_as(INVALID, create(&house, input).await);
    assert_eq!(text, "allowedOrigins: at most 1 per policy, not 2");
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_lists_as_a_whole() {
    let house = House::new().await;
    let input = CreatePlaybackRestrictionPolicyRequest {
        name: Some("before".to_owned()),
        allowed_countries: texts(&["DE"]),
        allowed_origins: texts(&["https://a.example"]),
        ..Default::default()
    };
    let made = create(&house, input).await.unwrap();
    let of = || UpdatePlaybackRestrictionPolicyRequest { arn: made.arn.clone(), ..Default::default() };
    assert_eq!(update(&house, of()).await.unwrap(), made, "an update of nothing");
    let input = UpdatePlaybackRestrictionPolicyRequest {
        allowed_countries: texts(&["FR", "BE"]),
        name: Some("after".to_owned()),
        ..of()
    };
    let updated = update(&house, input).await.unwrap();
    let expected = PlaybackRestrictionPolicy {
        allowed_countries: texts(&["FR", "BE"]).unwrap(),
        name: Some("after".to_owned()),
        ..made.clone()
    };
    assert_eq!(updated, expected);
    let input = UpdatePlaybackRestrictionPolicyRequest {
        allowed_origins: Some(Vec::new()),
        enable_strict_origin_enforcement: Some(true),
        ..of()
    };
    let updated = update(&house, input).await.unwrap();
    assert_eq!((updated.allowed_origins.len(), updated.enable_strict_origin_enforcement), (0, Some(true)));
    assert_eq!(read(&house, &made.arn).await.unwrap(), updated);
}

#[tokio::test]
async fn lists_come_one_by_one_by_default_in_creation_order() {
    let house = House::new().await;
    assert_eq!(
        serde_json::to_value(
            house.control.list_playback_restriction_policies(&caller(), list(None)).await.unwrap()
        )
        .unwrap(),
        json!({"playbackRestrictionPolicies": []})
    );
    let (first, second) = (house.policy().await, house.policy().await);
    let page = house.control.list_playback_restriction_policies(&caller(), list(None)).await.unwrap();
    let summary = json!({
        "arn": first,
        "name": "",
        "allowedCountries": [],
        "allowedOrigins": [],
        "enableStrictOriginEnforcement": false,
        "tags": {},
    });
    assert_eq!(serde_json::to_value(&page.playback_restriction_policies).unwrap(), json!([summary]));
    let token = page.next_token.clone();
    let last = house.control.list_playback_restriction_policies(&caller(), list(page.next_token)).await;
    let last = last.unwrap();
    assert_eq!((&last.playback_restriction_policies[0].arn, last.next_token), (&second, None));

    let input = ListChannelsRequest { next_token: token, ..Default::default() };
    refused_as(INVALID, house.control.list_channels(&caller(), input).await);
}

#[tokio::test]
async fn a_policy_that_a_channel_is_attached_to_stays_until_it_is_free() {
    let house = House::new().await;
    let policy = house.policy().await;
    let attached = || CreateChannelRequest {
        playback_restriction_policy_arn: Some(policy.clone()),
        ..Default::default()
    };
    let ((one, _), (two, _)) =
        (house.create(attached()).await.unwrap(), house.create(attached()).await.unwrap());
    assert_eq!(one.playback_restriction_policy_arn.as_ref(), Some(&policy));
    let text = refused_as(CONFLICT, delete(&house, &policy).await);
    assert!(text.contains(&policy), "{text}");
    let input = UpdateChannelRequest {
        arn: one.arn.unwrap(),
        playback_restriction_policy_arn: Some(String::new()),
        ..Default::default()
    };
    house.control.update_channel(&caller(), input).await.unwrap();
    refused_as(CONFLICT, delete(&house, &policy).await);
    let input = DeleteChannelRequest { arn: two.arn.unwrap() };
    house.control.delete_channel(&caller(), input).await.unwrap();
    delete(&house, &policy).await.unwrap();
    refused_as(NOT_FOUND, read(&house, &policy).await);
    let text = refused_as(NOT_FOUND, delete(&house, &policy).await);
    assert_eq!(text, format!("Resource: {policy} not found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_quota_holds_under_a_race_and_a_deletion_makes_room() {
    let house = House::with(Limits { playback_restriction_policies: 10, ..Limits::default() }).await;
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let control = house.control.clone();
        callers.spawn(async move {
            control.create_playback_restriction_policy(&caller(), Default::default()).await
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = callers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 40));
    for refusal in refused {
        let text = refused_as(QUOTA, refusal);
        assert_eq!(
            text,
            "Playback restriction policy quota exceeded: at most 10 playback restriction policies"
        );
    }
    let stranger = caller_of("999999999999", "us-east-1");
    house.control.create_playback_restriction_policy(&stranger, Default::default()).await.unwrap();
    let one = made.into_iter().next().unwrap().unwrap().playback_restriction_policy.unwrap().arn;
    delete(&house, &one).await.unwrap();
    create(&house, Default::default()).await.unwrap();
    refused_as(QUOTA, create(&house, Default::default()).await);
}

#[tokio::test]
async fn another_account_or_region_finds_no_policy() {
    let house = House::new().await;
    let arn = house.policy().await;
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let get = GetPlaybackRestrictionPolicyRequest { arn: arn.clone() };
        refused_as(NOT_FOUND, house.control.get_playback_restriction_policy(&stranger, get).await);
        let input = UpdatePlaybackRestrictionPolicyRequest { arn: arn.clone(), ..Default::default() };
        refused_as(NOT_FOUND, house.control.update_playback_restriction_policy(&stranger, input).await);
        let input = DeletePlaybackRestrictionPolicyRequest { arn: arn.clone() };
        refused_as(NOT_FOUND, house.control.delete_playback_restriction_policy(&stranger, input).await);
        let listed = house.control.list_playback_restriction_policies(&stranger, list(None)).await.unwrap();
        assert_eq!(listed.playback_restriction_policies, []);
        let input =
            CreateChannelRequest { playback_restriction_policy_arn: Some(arn.clone()), ..Default::default() };
        refused_as(NOT_FOUND, house.control.create_channel(&stranger, input).await);
    }
    read(&house, &arn).await.unwrap();
}
