//! `CreateChannel`, `DeleteChannel`, `GetChannel`.
//!
//! Promise: each default and rule of the vendor's documents has its line here.

use api::ivs::{
    ChannelLatencyMode, ChannelType, ContainerFormat, CreateChannelRequest, DeleteChannelRequest,
    GetChannelRequest, GetStreamKeyRequest, Ivs, MultitrackInputConfiguration, MultitrackMaximumResolution,
    MultitrackPolicy, TranscodePreset,
};
use domain::{Arn, Limits, StreamKeyValue, Tags};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, QUOTA, caller, refused_as};

fn get(arn: Option<&String>) -> GetChannelRequest {
    GetChannelRequest { arn: arn.unwrap().clone() }
}

fn delete(arn: Option<&String>) -> DeleteChannelRequest {
    DeleteChannelRequest { arn: arn.unwrap().clone() }
}

fn id_of(arn: &Value) -> &str {
    arn.as_str().unwrap().rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_channel_without_any_input_has_every_default() {
    let house = House::new().await;
    let made = house.control.create_channel(&caller(), CreateChannelRequest::default()).await.unwrap();
    let wire = serde_json::to_value(&made).unwrap();
    let (arn, passphrase) = (&wire["channel"]["arn"], &wire["channel"]["srt"]["passphrase"]);
    let id = id_of(arn);
    let expected = json!({
        "arn": arn,
        "name": "",
        "latencyMode": "LOW",
        "type": "STANDARD",
        "preset": "",
        "authorized": false,
        "insecureIngest": false,
        "containerFormat": "TS",
        "recordingConfigurationArn": "",
        "playbackRestrictionPolicyArn": "",
        "adConfigurationArn": "",
        "failoverSlateConfigurationArn": "",
        "multitrackInputConfiguration": {"enabled": false, "policy": "ALLOW", "maximumResolution": "FULL_HD"},
        "ingestEndpoint": "ingest.example.org",
        "srt": {"endpoint": "srt.example.org", "passphrase": passphrase},
        "playbackUrl": format!(
            "http://video.example.org:8080/api/video/v1/us-east-1.123456789012.channel.{id}.m3u8"
        ),
        "tags": {},
    });
    assert_eq!(wire["channel"], expected);
}

#[tokio::test]
async fn names_and_secrets_have_the_issued_forms() {
    let house = House::new().await;
    let (channel, key) = house.named("show").await;
    let alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for (arn, kind) in [(channel.arn.as_ref(), "channel"), (key.arn.as_ref(), "stream-key")] {
        let id = arn.unwrap().strip_prefix(&format!("arn:aws:ivs:us-east-1:123456789012:{kind}/")).unwrap();
        assert!(id.len() == 12 && alphanumeric(id), "{id}");
    }
    let passphrase = channel.srt.unwrap().passphrase.unwrap().0;
    assert!(passphrase.len() == 69 && alphanumeric(&passphrase));
    let value = key.value.unwrap().0;
    let parts: Vec<&str> = value.splitn(4, '_').collect();
    let [sk, region, id, secret] = parts.as_slice() else { panic!("four parts") };
    assert_eq!((*sk, *region, *id), ("sk", "us-east-1", id_of(&json!(key.arn))));
    assert!(secret.len() == 30 && alphanumeric(secret));
}

#[tokio::test]
async fn a_channel_reads_back_as_it_was_created_at_once() {
    let house = House::new().await;
    let input = CreateChannelRequest {
        name: Some("all-of_it".to_owned()),
        latency_mode: Some(ChannelLatencyMode::Normal),
        r#type: Some(ChannelType::AdvancedSd),
        preset: Some(TranscodePreset::ConstrainedBandwidthDelivery),
        authorized: Some(true),
        insecure_ingest: Some(true),
        container_format: Some(ContainerFormat::FragmentedMp4),
        tags: Some(Tags::from([
            ("team".to_owned(), "née/1".to_owned()),
            ("empty".to_owned(), String::new()),
        ])),
        ..Default::default()
    };
    let (channel, key) = house.create(input).await.unwrap();
    assert_eq!(channel.preset, Some(TranscodePreset::ConstrainedBandwidthDelivery));
    assert_eq!(channel.tags.as_ref().unwrap().len(), 2);
    let read = house.control.get_channel(&caller(), get(channel.arn.as_ref())).await.unwrap();
    assert_eq!(read.channel, Some(channel.clone()));
    assert_eq!(key.channel_arn, channel.arn);
    assert_eq!(key.tags, Some(Tags::new()), "a channel's tags are not its key's");
}

#[tokio::test]
async fn the_same_name_twice_makes_two_channels() {
    let house = House::new().await;
    let ((first, first_key), (second, second_key)) = (house.named("twin").await, house.named("twin").await);
    assert_eq!(first.name, second.name);
    assert_ne!(first.arn, second.arn);
    assert_ne!(first_key.value, second_key.value);
}

#[tokio::test]
async fn presets_belong_to_the_advanced_types_alone() {
    let house = House::new().await;
    let asked = |r#type, preset| CreateChannelRequest { r#type, preset, ..Default::default() };
    for r#type in [None, Some(ChannelType::Basic), Some(ChannelType::Standard)] {
        let higher = Some(TranscodePreset::HigherBandwidthDelivery);
        let text = refused_as(INVALID, house.create(asked(r#type, higher)).await);
        assert!(text.starts_with("preset: "), "{text}");
        let (channel, _) = house.create(asked(r#type, Some(TranscodePreset::Unset))).await.unwrap();
        assert_eq!(channel.preset, Some(TranscodePreset::Unset));
    }
    for r#type in [ChannelType::AdvancedSd, ChannelType::AdvancedHd] {
        for preset in [None, Some(TranscodePreset::Unset)] {
            let (channel, _) = house.create(asked(Some(r#type), preset)).await.unwrap();
            assert_eq!(channel.preset, Some(TranscodePreset::HigherBandwidthDelivery));
        }
    }
}

fn multitrack() -> CreateChannelRequest {
    CreateChannelRequest {
        container_format: Some(ContainerFormat::FragmentedMp4),
        multitrack_input_configuration: Some(MultitrackInputConfiguration {
            enabled: Some(true),
            policy: Some(MultitrackPolicy::Require),
            maximum_resolution: Some(MultitrackMaximumResolution::Hd),
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn multitrack_input_needs_all_of_its_conditions() {
    let house = House::new().await;
    let (channel, _) = house.create(multitrack()).await.unwrap();
    assert_eq!(channel.multitrack_input_configuration, multitrack().multitrack_input_configuration);

    let whole = multitrack().multitrack_input_configuration.unwrap();
    let configured = |configuration| CreateChannelRequest {
        multitrack_input_configuration: Some(configuration),
        ..multitrack()
    };
    for (input, rule) in [
        (CreateChannelRequest { r#type: Some(ChannelType::Basic), ..multitrack() }, "type STANDARD"),
        (CreateChannelRequest { r#type: Some(ChannelType::AdvancedHd), ..multitrack() }, "type STANDARD"),
        (CreateChannelRequest { container_format: None, ..multitrack() }, "FRAGMENTED_MP4"),
        (
            CreateChannelRequest { container_format: Some(ContainerFormat::Ts), ..multitrack() },
            "FRAGMENTED_MP4",
        ),
        (configured(MultitrackInputConfiguration { policy: None, ..whole.clone() }), "policy"),
        (
            configured(MultitrackInputConfiguration { maximum_resolution: None, ..whole.clone() }),
            "maximumResolution",
        ),
    ] {
        let text = refused_as(INVALID, house.create(input).await);
        assert!(text.starts_with("multitrackInputConfiguration: ") && text.contains(rule), "{text}");
    }
}

#[tokio::test]
async fn multitrack_input_that_is_off_needs_nothing_and_reads_back_filled() {
    let house = House::new().await;
    let input = CreateChannelRequest {
        r#type: Some(ChannelType::Basic),
        multitrack_input_configuration: Some(MultitrackInputConfiguration {
            policy: Some(MultitrackPolicy::Require),
            ..Default::default()
        }),
        ..Default::default()
    };
    let (channel, _) = house.create(input).await.unwrap();
    let expected = MultitrackInputConfiguration {
        enabled: Some(false),
        policy: Some(MultitrackPolicy::Require),
        maximum_resolution: Some(MultitrackMaximumResolution::FullHd),
    };
    assert_eq!(channel.multitrack_input_configuration, Some(expected));
}

#[tokio::test]
async fn attachments_that_cannot_exist_are_not_found_and_empty_ones_are_none() {
    let house = House::new().await;
    let name = |kind: &str| Some(format!("arn:aws:ivs:us-east-1:123456789012:{kind}/abcdABCD0123"));
    let none = CreateChannelRequest::default;
    for (input, kind) in [
        (
            CreateChannelRequest { recording_configuration_arn: name("recording-configuration"), ..none() },
            "recording-configuration",
        ),
        (
            CreateChannelRequest {
                playback_restriction_policy_arn: name("playback-restriction-policy"),
                ..none()
            },
            "playback-restriction-policy",
        ),
        (
            CreateChannelRequest { ad_configuration_arn: name("ad-configuration"), ..none() },
            "ad-configuration",
        ),
        (
            CreateChannelRequest {
                failover_slate_configuration_arn: name("failover-slate-configuration"),
                ..none()
            },
            "failover-slate-configuration",
        ),
    ] {
        let text = refused_as(NOT_FOUND, house.create(input).await);
        assert_eq!(text, format!("Resource: {} not found", name(kind).unwrap()));
    }
    let empty = Some(String::new());
    let input = CreateChannelRequest {
        recording_configuration_arn: empty.clone(),
        playback_restriction_policy_arn: empty.clone(),
        ad_configuration_arn: empty.clone(),
        failover_slate_configuration_arn: empty,
        ..none()
    };
    house.create(input).await.unwrap();
}

#[tokio::test]
async fn advertising_and_fragmented_mp4_exclude_each_other() {
    let house = House::new().await;
    let input = CreateChannelRequest {
        ad_configuration_arn: Some("arn:aws:ivs:us-east-1:123456789012:ad-configuration/abc".to_owned()),
        container_format: Some(ContainerFormat::FragmentedMp4),
        ..Default::default()
    };
    let text = refused_as(INVALID, house.create(input).await);
    assert!(text.starts_with("adConfigurationArn: "), "{text}");
}

#[tokio::test]
async fn reserved_tags_are_refused() {
    let house = House::new().await;
    for key in ["aws:name", "AWS:x", "aws:"] {
        let tags = Some(Tags::from([(key.to_owned(), "v".to_owned())]));
        let text =
            refused_as(INVALID, house.create(CreateChannelRequest { tags, ..Default::default() }).await);
        assert!(text.starts_with("tags: "), "{text}");
    }
    for key in ["aws", "awsome", "my-aws:x", "äws:x"] {
        let tags = Some(Tags::from([(key.to_owned(), "v".to_owned())]));
        house.create(CreateChannelRequest { tags, ..Default::default() }).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_channel_quota_holds_under_a_race() {
    let house = House::with(Limits { channels: 5, ..Limits::default() }).await;
    let mut callers = JoinSet::new();
    for _ in 0..25 {
        let control = house.control.clone();
        callers
            .spawn(async move { control.create_channel(&caller(), CreateChannelRequest::default()).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = callers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (5, 20));
    for refusal in refused {
        assert!(refused_as(QUOTA, refusal).contains("at most 5 channels"));
    }
}

#[tokio::test]
async fn an_unknown_channel_is_not_found() {
    let house = House::new().await;
    for arn in [
        "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123",
        "arn:aws:ivs:us-east-1:1:channel/abcdABCD0123",
        "arn:aws:ivs:a-region-name-that-is-longer-than-any:123456789012:channel/x",
    ] {
        let text = refused_as(
            NOT_FOUND,
            house.control.get_channel(&caller(), GetChannelRequest { arn: arn.to_owned() }).await,
        );
        assert_eq!(text, format!("Resource: {arn} not found"));
        let input = DeleteChannelRequest { arn: arn.to_owned() };
        refused_as(NOT_FOUND, house.control.delete_channel(&caller(), input).await);
    }
}

#[tokio::test]
async fn a_deleted_channel_is_gone_at_once_with_its_key() {
    let house = House::new().await;
    let (channel, key) = house.named("short-lived").await;
    house.control.delete_channel(&caller(), delete(channel.arn.as_ref())).await.unwrap();
    refused_as(NOT_FOUND, house.control.get_channel(&caller(), get(channel.arn.as_ref())).await);
    let input = GetStreamKeyRequest { arn: key.arn.unwrap() };
    refused_as(NOT_FOUND, house.control.get_stream_key(&caller(), input).await);
    let value = StreamKeyValue::parse(&key.value.unwrap().0).unwrap();
    assert!(house.store.stream_key_by_value(&value).await.unwrap().is_none());
    refused_as(NOT_FOUND, house.control.delete_channel(&caller(), delete(channel.arn.as_ref())).await);
}

#[tokio::test]
async fn a_channel_on_air_is_not_deleted_until_its_stream_ends() {
    let house = House::new().await;
    let (channel, _) = house.named("on-air").await;
    let publisher = house.go_live(&channel);
    let refusal = house.control.delete_channel(&caller(), delete(channel.arn.as_ref())).await;
    let text = refused_as(CONFLICT, refusal);
    assert!(text.contains(channel.arn.as_deref().unwrap()), "{text}");
    house.control.get_channel(&caller(), get(channel.arn.as_ref())).await.unwrap();
    drop(publisher);
    house.control.delete_channel(&caller(), delete(channel.arn.as_ref())).await.unwrap();
}

#[tokio::test]
async fn what_operations_make_is_what_ingest_finds() {
    let house = House::new().await;
    let (channel, key) = house.named("found").await;
    let value = StreamKeyValue::parse(&key.value.unwrap().0).unwrap();
    let (_, found) = house.store.stream_key_by_value(&value).await.unwrap().unwrap();
    assert_eq!(Some(&found.arn.to_string()), channel.arn.as_ref());
    assert_eq!(Arn::parse(channel.arn.as_deref().unwrap()).unwrap(), found.arn);
}
