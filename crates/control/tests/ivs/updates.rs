//! `UpdateChannel`.
//!
//! Promise: each rule of the vendor's documents has its line here, on what the channel would be afterwards.

use std::pin::pin;
use std::time::Duration;

use api::ApiError;
use api::ivs::{
    Channel, ChannelLatencyMode, ChannelType, ContainerFormat, CreateChannelRequest, GetChannelRequest, Ivs,
    MultitrackInputConfiguration, MultitrackMaximumResolution, MultitrackPolicy, TranscodePreset,
    UpdateChannelRequest,
};
use domain::{Arn, Tags};
use tokio::task::JoinSet;

use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, caller, caller_of, refused_as};

fn of(channel: &Channel) -> UpdateChannelRequest {
    UpdateChannelRequest { arn: channel.arn.clone().unwrap(), ..Default::default() }
}

async fn update(house: &House, input: UpdateChannelRequest) -> Result<Channel, ApiError> {
    Ok(house.control.update_channel(&caller(), input).await?.channel.unwrap())
}

async fn read(house: &House, channel: &Channel) -> Channel {
    let input = GetChannelRequest { arn: channel.arn.clone().unwrap() };
    house.control.get_channel(&caller(), input).await.unwrap().channel.unwrap()
}

fn multitrack() -> MultitrackInputConfiguration {
    MultitrackInputConfiguration {
        enabled: Some(true),
        policy: Some(MultitrackPolicy::Require),
        maximum_resolution: Some(MultitrackMaximumResolution::Hd),
    }
}

#[tokio::test]
async fn only_what_is_given_changes() {
    let house = House::new().await;
    let tags = Tags::from([("team".to_owned(), "blue".to_owned())]);
    let input = CreateChannelRequest {
        name: Some("before".to_owned()),
        authorized: Some(true),
        tags: Some(tags),
        ..Default::default()
    };
    let (before, _) = house.create(input).await.unwrap();

    let input = UpdateChannelRequest { name: Some("after".to_owned()), ..of(&before) };
    let renamed = update(&house, input).await.unwrap();
    assert_eq!(renamed, Channel { name: Some("after".to_owned()), ..before.clone() });
    let input = UpdateChannelRequest {
        authorized: Some(false),
        insecure_ingest: Some(true),
        latency_mode: Some(ChannelLatencyMode::Normal),
        container_format: Some(ContainerFormat::FragmentedMp4),
        ..of(&before)
    };
    let changed = update(&house, input).await.unwrap();
    let expected = Channel {
        authorized: Some(false),
        insecure_ingest: Some(true),
        latency_mode: Some(ChannelLatencyMode::Normal),
        container_format: Some(ContainerFormat::FragmentedMp4),
        ..renamed
    };
    assert_eq!(changed, expected);
    assert_eq!(update(&house, of(&before)).await.unwrap(), expected, "an update of nothing");
    assert_eq!(read(&house, &before).await, expected);
    let input = UpdateChannelRequest { name: Some(String::new()), ..of(&before) };
    assert_eq!(update(&house, input).await.unwrap().name.as_deref(), Some(""), "\"\" is a name too");
}

#[tokio::test]
async fn a_preset_comes_and_goes_with_the_type() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let (typed, preset) = (
        |r#type| UpdateChannelRequest { r#type: Some(r#type), ..of(&channel) },
        |preset| UpdateChannelRequest { preset: Some(preset), ..of(&channel) },
    );
    let (higher, constrained) =
        (TranscodePreset::HigherBandwidthDelivery, TranscodePreset::ConstrainedBandwidthDelivery);

    refused_as(INVALID, update(&house, preset(constrained)).await);
    let advanced = update(&house, typed(ChannelType::AdvancedSd)).await.unwrap();
    assert_eq!(advanced.preset, Some(higher), "the default");
    assert_eq!(update(&house, preset(constrained)).await.unwrap().preset, Some(constrained));
    let other = update(&house, typed(ChannelType::AdvancedHd)).await.unwrap();
    assert_eq!(other.preset, Some(constrained), "kept");
    assert_eq!(update(&house, preset(TranscodePreset::Unset)).await.unwrap().preset, Some(higher));

    let input = UpdateChannelRequest { preset: Some(higher), ..typed(ChannelType::Basic) };
    let text = refused_as(INVALID, update(&house, input).await);
    assert!(text.starts_with("preset: ") && text.ends_with("not BASIC"), "{text}");
    assert_eq!(read(&house, &channel).await.r#type, Some(ChannelType::AdvancedHd), "nothing was changed");
    let basic = update(&house, typed(ChannelType::Basic)).await.unwrap();
    assert_eq!(basic.preset, Some(TranscodePreset::Unset), "dropped");
    let input = UpdateChannelRequest { preset: Some(TranscodePreset::Unset), ..typed(ChannelType::Standard) };
    assert_eq!(update(&house, input).await.unwrap().r#type, Some(ChannelType::Standard));
}

#[tokio::test]
async fn multitrack_input_is_judged_by_the_channel_as_it_would_be() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let enabled = UpdateChannelRequest { multitrack_input_configuration: Some(multitrack()), ..of(&channel) };
    let text = refused_as(INVALID, update(&house, enabled.clone()).await);
    assert!(text.contains("containerFormat FRAGMENTED_MP4"), "{text}");
    let mp4 = Some(ContainerFormat::FragmentedMp4);
    let whole = UpdateChannelRequest { container_format: mp4, ..enabled.clone() };
    for part in [
        MultitrackInputConfiguration { policy: None, ..multitrack() },
        MultitrackInputConfiguration { maximum_resolution: None, ..multitrack() },
    ] {
        let input = UpdateChannelRequest { multitrack_input_configuration: Some(part), ..whole.clone() };
        refused_as(INVALID, update(&house, input).await);
    }
    update(&house, UpdateChannelRequest { container_format: mp4, ..of(&channel) }).await.unwrap();
    let on = update(&house, enabled).await.unwrap();
    assert_eq!(on.multitrack_input_configuration, Some(multitrack()));

    for (input, rule) in [
        (UpdateChannelRequest { r#type: Some(ChannelType::Basic), ..of(&channel) }, "type STANDARD"),
        (
            UpdateChannelRequest { container_format: Some(ContainerFormat::Ts), ..of(&channel) },
            "FRAGMENTED_MP4",
        ),
    ] {
        let text = refused_as(INVALID, update(&house, input).await);
        assert!(text.starts_with("multitrackInputConfiguration: ") && text.contains(rule), "{text}");
    }
    let off = MultitrackInputConfiguration { enabled: Some(false), ..Default::default() };
    let input = UpdateChannelRequest {
        r#type: Some(ChannelType::Basic),
        container_format: Some(ContainerFormat::Ts),
        multitrack_input_configuration: Some(off),
        ..of(&channel)
    };
    let off = update(&house, input).await.unwrap();
    let kept = MultitrackInputConfiguration { enabled: Some(false), ..multitrack() };
    assert_eq!(off.multitrack_input_configuration, Some(kept), "what was not given stays");
}

#[tokio::test]
async fn attachments_are_attached_and_detached() {
    let house = House::new().await;
    let (policy, recording) = (house.policy().await, house.recording("bucket-one").await);
    let (channel, _) = house.named("show").await;
    let input = UpdateChannelRequest {
        recording_configuration_arn: Some(recording.clone()),
        playback_restriction_policy_arn: Some(policy.clone()),
        ad_configuration_arn: Some(String::new()),
        failover_slate_configuration_arn: Some(String::new()),
        ..of(&channel)
    };
    let attached = update(&house, input).await.unwrap();
    assert_eq!(attached.recording_configuration_arn.as_ref(), Some(&recording));
    assert_eq!(attached.playback_restriction_policy_arn.as_ref(), Some(&policy));
    let input = UpdateChannelRequest { recording_configuration_arn: Some(String::new()), ..of(&channel) };
    let detached = update(&house, input).await.unwrap();
    assert_eq!(detached.recording_configuration_arn.as_deref(), Some(""));
    assert_eq!(detached.playback_restriction_policy_arn.as_ref(), Some(&policy), "the other stays");
    assert_eq!(read(&house, &channel).await, detached);
}

#[tokio::test]
async fn attachments_that_are_not_the_callers_are_not_found_and_nothing_changes() {
    let house = House::new().await;
    let stranger = caller_of("999999999999", "us-east-1");
    let foreign = house.control.create_playback_restriction_policy(&stranger, Default::default()).await;
    let foreign = foreign.unwrap().playback_restriction_policy.unwrap().arn;
    let (channel, _) = house.named("show").await;
    let absent = |kind: &str| format!("arn:aws:ivs:us-east-1:123456789012:{kind}/abcdABCD0123");
    let asked = || UpdateChannelRequest { name: Some("changed".to_owned()), ..of(&channel) };
    let recording = absent("recording-configuration");
    for (arn, input) in [
        (recording.clone(), UpdateChannelRequest { recording_configuration_arn: Some(recording), ..asked() }),
        (foreign.clone(), UpdateChannelRequest { playback_restriction_policy_arn: Some(foreign), ..asked() }),
        (
            absent("ad-configuration"),
            UpdateChannelRequest { ad_configuration_arn: Some(absent("ad-configuration")), ..asked() },
        ),
        (
            absent("failover-slate-configuration"),
            UpdateChannelRequest {
                failover_slate_configuration_arn: Some(absent("failover-slate-configuration")),
                ..asked()
            },
        ),
    ] {
        let text = refused_as(NOT_FOUND, update(&house, input).await);
        assert_eq!(text, format!("Resource: {arn} not found"));
    }
    assert_eq!(read(&house, &channel).await, channel);
}

#[tokio::test]
async fn advertising_and_fragmented_mp4_exclude_each_other_on_update_too() {
    let house = House::new().await;
    let (channel, _) = house.named("show").await;
    let input = UpdateChannelRequest {
        ad_configuration_arn: Some("arn:aws:ivs:us-east-1:123456789012:ad-configuration/abc".to_owned()),
        container_format: Some(ContainerFormat::FragmentedMp4),
        ..of(&channel)
    };
    let text = refused_as(INVALID, update(&house, input).await);
    assert!(text.starts_with("adConfigurationArn: "), "{text}");
}

#[tokio::test]
async fn a_channel_on_air_is_not_updated_until_its_stream_ends() {
    let house = House::new().await;
    let (channel, _) = house.named("on-air").await;
    let publisher = house.go_live(&channel);
    let input = UpdateChannelRequest { name: Some("later".to_owned()), ..of(&channel) };
    let text = refused_as(CONFLICT, update(&house, input.clone()).await);
    assert!(text.contains(channel.arn.as_deref().unwrap()), "{text}");
    assert_eq!(read(&house, &channel).await, channel);
    drop(publisher);
    assert_eq!(update(&house, input).await.unwrap().name.as_deref(), Some("later"));
}

#[tokio::test]
async fn a_stream_that_begins_while_its_channel_changes_is_stopped_or_stops_the_change() {
    let house = House::new().await;
    for round in 0..40 {
        let (channel, _) = house.named(&format!("race-{round}")).await;
        let input = UpdateChannelRequest { authorized: Some(true), ..of(&channel) };
        let caller = caller();
        let mut updating = pin!(house.control.update_channel(&caller, input));
        let early = tokio::select! {
            biased;
            done = &mut updating => Some(done),
            () = turns(round) => None,
        };
        if let Some(done) = early {
            done.unwrap();
            continue;
        }
        // On air for everyone, as the channel was: that may go on only while the channel is so.
        let publisher = house.go_live(&channel);
        let updated = updating.await;
        let private = read(&house, &channel).await.authorized == Some(true);
        assert_eq!(updated.is_ok(), private);
        if private {
            tokio::time::timeout(Duration::from_secs(10), publisher.stop_requested()).await.expect("a stop");
        }
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_unknown_or_foreign_channel_is_not_found() {
    let house = House::new().await;
    let (channel, _) = house.named("mine").await;
    let publisher = house.go_live(&channel);
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let text = refused_as(NOT_FOUND, house.control.update_channel(&stranger, of(&channel)).await);
        assert_eq!(text, format!("Resource: {} not found", channel.arn.as_deref().unwrap()));
    }
    drop(publisher);
    let arn = "arn:aws:ivs:us-east-1:1:channel/abcdABCD0123".to_owned();
    refused_as(NOT_FOUND, update(&house, UpdateChannelRequest { arn, ..Default::default() }).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_updates_of_different_members_all_stay() {
    let house = House::new().await;
    let recording = house.recording("bucket-one").await;
    for round in 0..10 {
        let (channel, _) = house.named(&format!("busy-{round}")).await;
        let of = || of(&channel);
        let mut updates = JoinSet::new();
        for input in [
            UpdateChannelRequest { name: Some("renamed".to_owned()), ..of() },
            UpdateChannelRequest { authorized: Some(true), ..of() },
            UpdateChannelRequest { insecure_ingest: Some(true), ..of() },
            UpdateChannelRequest { latency_mode: Some(ChannelLatencyMode::Normal), ..of() },
            UpdateChannelRequest { container_format: Some(ContainerFormat::FragmentedMp4), ..of() },
            UpdateChannelRequest { r#type: Some(ChannelType::Basic), ..of() },
            UpdateChannelRequest { recording_configuration_arn: Some(recording.clone()), ..of() },
        ] {
            let control = house.control.clone();
            updates.spawn(async move { control.update_channel(&caller(), input).await });
        }
        assert!(updates.join_all().await.into_iter().all(|update| update.is_ok()));
        let expected = Channel {
            name: Some("renamed".to_owned()),
            authorized: Some(true),
            insecure_ingest: Some(true),
            latency_mode: Some(ChannelLatencyMode::Normal),
            container_format: Some(ContainerFormat::FragmentedMp4),
            r#type: Some(ChannelType::Basic),
            recording_configuration_arn: Some(recording.clone()),
            ..channel.clone()
        };
        assert_eq!(read(&house, &channel).await, expected);
    }
}

#[tokio::test]
async fn an_update_keeps_name_key_and_passphrase() {
    let house = House::new().await;
    let (channel, key) = house.named("show").await;
    let input = UpdateChannelRequest { authorized: Some(true), ..of(&channel) };
    let updated = update(&house, input).await.unwrap();
    assert_eq!((updated.arn.as_ref(), updated.srt.as_ref()), (channel.arn.as_ref(), channel.srt.as_ref()));
    let value = domain::StreamKeyValue::parse(&key.value.unwrap().0).unwrap();
    let (_, found) = house.store.stream_key_by_value(&value).await.unwrap().unwrap();
    assert!(found.authorized, "ingest sees the channel as it is now");
    assert_eq!(found.arn, Arn::parse(channel.arn.as_deref().unwrap()).unwrap());
}
