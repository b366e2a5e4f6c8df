//! `CreateRecordingConfiguration` and its siblings, and how one becomes active.
//!
//! Promise: each default and rule of the vendor's documents has its line here; buckets are real folders.

use std::time::Duration;

use api::ApiError;
use api::ivs::{
    CreateChannelRequest, CreateRecordingConfigurationRequest, DeleteRecordingConfigurationRequest,
    DestinationConfiguration, GetRecordingConfigurationRequest, Ivs, ListRecordingConfigurationsRequest,
    RecordingConfiguration, RecordingConfigurationState as State, RecordingMode, RenditionConfiguration,
    RenditionConfigurationRendition as Rendition, RenditionConfigurationRenditionSelection as Selection,
    S3DestinationConfiguration, ThumbnailConfiguration, ThumbnailConfigurationResolution,
    ThumbnailConfigurationStorage as Storage, UpdateChannelRequest,
};
use control::Control;
use domain::{Arn, Limits, RecordingState, Tags};
use serde_json::json;
use store::Tenant;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, QUOTA, caller, caller_of, refused_as};

fn into(bucket: &str) -> CreateRecordingConfigurationRequest {
    CreateRecordingConfigurationRequest {
        destination_configuration: DestinationConfiguration {
            s3: Some(S3DestinationConfiguration { bucket_name: bucket.to_owned() }),
        },
        ..Default::default()
    }
}

async fn create(
    house: &House,
    input: CreateRecordingConfigurationRequest,
) -> Result<RecordingConfiguration, ApiError> {
    let made = house.control.create_recording_configuration(&caller(), input).await?;
    Ok(made.recording_configuration.unwrap())
}

async fn read(house: &House, arn: &str) -> Result<RecordingConfiguration, ApiError> {
    let input = GetRecordingConfigurationRequest { arn: arn.to_owned() };
    let read = house.control.get_recording_configuration(&caller(), input).await?;
    Ok(read.recording_configuration.unwrap())
}

async fn delete(house: &House, arn: &str) -> Result<(), ApiError> {
    let input = DeleteRecordingConfigurationRequest { arn: arn.to_owned() };
    house.control.delete_recording_configuration(&caller(), input).await
}

/// Waits until it is no longer being created. Looks into the store, which has no rates.
async fn settled(house: &House, arn: &str) -> RecordingState {
    let name = Arn::parse(arn).unwrap();
    let wait = async {
        loop {
            let found =
                house.store.recording_configuration(&Tenant::of(&name), &name).await.unwrap().unwrap();
            match found.state {
                RecordingState::Creating => tokio::time::sleep(Duration::from_millis(2)).await,
                state => return state,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("a final state")
}

#[tokio::test]
async fn a_configuration_with_a_bucket_alone_has_every_default() {
    let house = House::new().await;
    let made = create(&house, into("my-bucket")).await.unwrap();
    let id = made.arn.strip_prefix("arn:aws:ivs:us-east-1:123456789012:recording-configuration/");
    assert_eq!(id.unwrap().len(), 12);
    let expected = json!({
        "arn": made.arn,
        "name": "",
        "destinationConfiguration": {"s3": {"bucketName": "my-bucket"}},
        "state": "CREATING",
        "thumbnailConfiguration":
            {"recordingMode": "INTERVAL", "targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"]},
        "renditionConfiguration": {"renditionSelection": "ALL"},
        "recordingReconnectWindowSeconds": 0,
        "tags": {},
    });
    assert_eq!(serde_json::to_value(&made).unwrap(), expected);
    assert_eq!(read(&house, &made.arn).await.unwrap(), made);
}

#[tokio::test]
async fn a_configuration_reads_back_as_it_was_created() {
    let house = House::new().await;
    let thumbnails = ThumbnailConfiguration {
        recording_mode: Some(RecordingMode::Interval),
        resolution: Some(ThumbnailConfigurationResolution::Hd),
        storage: Some(vec![Storage::Sequential, Storage::Latest]),
        target_interval_seconds: Some(5),
    };
    let renditions = RenditionConfiguration {
        rendition_selection: Some(Selection::Custom),
        renditions: Some(vec![Rendition::FullHd, Rendition::LowestResolution]),
    };
    let tags = Tags::from([("team".to_owned(), "blue".to_owned())]);
    let input = CreateRecordingConfigurationRequest {
        name: Some("archive".to_owned()),
        recording_reconnect_window_seconds: Some(300),
        rendition_configuration: Some(renditions.clone()),
        tags: Some(tags.clone()),
        thumbnail_configuration: Some(thumbnails.clone()),
        ..into("my-bucket")
    };
    let made = create(&house, input).await.unwrap();
    let expected = RecordingConfiguration {
        arn: made.arn.clone(),
        destination_configuration: into("my-bucket").destination_configuration,
        name: Some("archive".to_owned()),
        recording_reconnect_window_seconds: Some(300),
        rendition_configuration: Some(renditions),
        state: State::Creating,
        tags: Some(tags),
        thumbnail_configuration: Some(thumbnails),
    };
    assert_eq!(made, expected);
    assert_eq!(read(&house, &made.arn).await.unwrap(), expected);
}

#[tokio::test]
async fn thumbnails_that_are_disabled_keep_what_is_said_beside() {
    let house = House::new().await;
    let asked = ThumbnailConfiguration {
        recording_mode: Some(RecordingMode::Disabled),
        target_interval_seconds: Some(30),
        storage: Some(vec![Storage::Latest, Storage::Latest]),
        resolution: None,
    };
    let input =
        CreateRecordingConfigurationRequest { thumbnail_configuration: Some(asked.clone()), ..into("abc") };
    let kept = ThumbnailConfiguration { storage: Some(vec![Storage::Latest]), ..asked };
    assert_eq!(create(&house, input).await.unwrap().thumbnail_configuration, Some(kept));
}

#[tokio::test]
async fn renditions_belong_to_a_custom_selection_alone() {
    let house = House::new().await;
    let asked = |selection, renditions| CreateRecordingConfigurationRequest {
        rendition_configuration: Some(RenditionConfiguration { rendition_selection: selection, renditions }),
        ..into("my-bucket")
    };
    let some = || Some(vec![Rendition::Hd]);
    for (selection, renditions) in [
        (None, some()),
        (Some(Selection::All), some()),
        (Some(Selection::None), some()),
        (Some(Selection::Custom), None),
        (Some(Selection::Custom), Some(Vec::new())),
    ] {
        let text = refused_as(INVALID, create(&house, asked(selection, renditions)).await);
        assert!(text.starts_with("renditionConfiguration.renditions: "), "{text}");
    }
    for (selection, renditions) in [
        (None, Some(Vec::new())),
        (Some(Selection::None), None),
        (Some(Selection::Custom), Some(vec![Rendition::Hd, Rendition::Hd])),
    ] {
        create(&house, asked(selection, renditions)).await.unwrap();
    }
}

#[tokio::test]
async fn a_destination_must_be_a_bucket_that_can_be() {
    let house = House::new().await;
    let input = CreateRecordingConfigurationRequest::default();
    let text = refused_as(INVALID, create(&house, input).await);
    assert!(text.starts_with("destinationConfiguration.s3: "), "{text}");
    for bucket in ["...", "-ab", "a..b", "192.168.5.4"] {
        let text = refused_as(INVALID, create(&house, into(bucket)).await);
        assert!(text.starts_with("destinationConfiguration.s3.bucketName: a bucket name "), "{text}");
    }
}

#[tokio::test]
async fn a_new_configuration_becomes_active_once_its_bucket_was_written_to() {
    let house = House::new().await;
    let _running = house.run();
    for bucket in ["one", "two", "one"] {
        let made = create(&house, into(bucket)).await.unwrap();
        assert_eq!(made.state, State::Creating);
        assert_eq!(settled(&house, &made.arn).await, RecordingState::Active);
        assert!(house.buckets.path().join(bucket).is_dir());
        let expected = RecordingConfiguration { state: State::Active, ..made };
        assert_eq!(read(&house, &expected.arn).await.unwrap(), expected, "nothing else changed");
    }
}

#[tokio::test]
async fn a_bucket_that_cannot_be_written_to_fails_its_configuration_and_no_other() {
    let house = House::new().await;
    std::fs::write(house.buckets.path().join("taken"), b"a file, no folder").unwrap();
    let _running = house.run();
    let (bad, good) =
        (create(&house, into("taken")).await.unwrap(), create(&house, into("free")).await.unwrap());
    assert_eq!(settled(&house, &bad.arn).await, RecordingState::CreateFailed);
    assert_eq!(settled(&house, &good.arn).await, RecordingState::Active);
    let told = house.store.events_after(0, 9).await.unwrap();
    let told = told.iter().map(|event| serde_json::from_str(&event.envelope).unwrap());
    let mut states = std::collections::BTreeMap::new();
    for event in told {
        let event: serde_json::Value = event;
        assert_eq!(event["detail-type"], "IVS Recording Configuration State Change");
        let text = |name: &str| event["detail"][name].as_str().unwrap().to_owned();
        let state = text("recording_configuration_state");
        states.insert(state, (event["resources"][0].clone(), text("recording_configuration_state_reason")));
    }
    assert_eq!(states["ACTIVE"], (good.arn.clone().into(), String::new()));
    let (arn, reason) = &states["CREATE_FAILED"];
    assert!(*arn == *bad.arn && reason.contains("taken"), "{arn}: {reason}");
    delete(&house, &bad.arn).await.unwrap();
}

#[tokio::test]
async fn what_an_earlier_run_left_in_creation_is_tried_at_the_next_start() {
    let house = House::new().await;
    let mut left = Vec::new();
    for _ in 0..3 {
        left.push(create(&house, into("my-bucket")).await.unwrap().arn);
    }
    let stranger = caller_of("999999999999", "eu-west-1");
    let foreign = house.control.create_recording_configuration(&stranger, into("theirs")).await.unwrap();
    let foreign = foreign.recording_configuration.unwrap().arn;
    let restarted = House::on(house.store.clone(), Limits::default()).await;
    let _running = restarted.run();
    for arn in left {
        assert_eq!(settled(&restarted, &arn).await, RecordingState::Active);
    }
    assert_eq!(settled(&restarted, &foreign).await, RecordingState::Active, "every account's are tried");
}

#[tokio::test]
async fn a_configuration_that_goes_while_it_is_tried_stays_gone() {
    let house = House::new().await;
    let _running = house.run();
    for _ in 0..20 {
        let arn = create(&house, into("my-bucket")).await.unwrap().arn;
        delete(&house, &arn).await.unwrap();
        refused_as(NOT_FOUND, read(&house, &arn).await);
    }
    let arn = create(&house, into("my-bucket")).await.unwrap().arn;
    assert_eq!(settled(&house, &arn).await, RecordingState::Active, "the trial goes on");
}

#[tokio::test]
async fn a_shutdown_ends_the_trials_also_while_the_database_is_away() {
    let house = House::new().await;
    let shutdown = CancellationToken::new();
    let mut running = JoinSet::new();
    running.spawn(Control::clone(&house.control).run(shutdown.clone()));
    create(&house, into("my-bucket")).await.unwrap();
    house.store.close().await;
    shutdown.cancel();
    running.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn lists_come_in_creation_order_as_long_as_the_quota() {
    let house = House::with(Limits { recording_configurations: 3, ..Limits::default() }).await;
    let mut arns = Vec::new();
    for bucket in ["one", "two", "three"] {
        arns.push(house.recording(bucket).await);
    }
    let list = |max_results, next_token| ListRecordingConfigurationsRequest { max_results, next_token };
    let whole = house.control.list_recording_configurations(&caller(), list(None, None)).await.unwrap();
    let listed: Vec<_> = whole.recording_configurations.iter().map(|one| one.arn.clone()).collect();
    assert_eq!((listed, whole.next_token), (arns.clone(), None));
    let first = house.control.list_recording_configurations(&caller(), list(Some(1), None)).await.unwrap();
    let summary = json!({
        "arn": arns[0],
        "name": "",
        "destinationConfiguration": {"s3": {"bucketName": "one"}},
        "state": "CREATING",
        "tags": {},
    });
    assert_eq!(serde_json::to_value(&first.recording_configurations).unwrap(), json!([summary]));
    let rest = house.control.list_recording_configurations(&caller(), list(Some(2), first.next_token)).await;
    let rest = rest.unwrap();
    assert_eq!((rest.recording_configurations.len(), rest.next_token), (2, None));
}

#[tokio::test]
async fn a_configuration_that_a_channel_is_attached_to_stays_until_it_is_free() {
    let house = House::new().await;
    let recording = house.recording("my-bucket").await;
    let input =
        CreateChannelRequest { recording_configuration_arn: Some(recording.clone()), ..Default::default() };
    let (channel, _) = house.create(input).await.unwrap();
    let text = refused_as(CONFLICT, delete(&house, &recording).await);
    assert!(text.contains(&recording), "{text}");
    read(&house, &recording).await.unwrap();
    let input = UpdateChannelRequest {
        arn: channel.arn.unwrap(),
        recording_configuration_arn: Some(String::new()),
        ..Default::default()
    };
    house.control.update_channel(&caller(), input).await.unwrap();
    delete(&house, &recording).await.unwrap();
    refused_as(NOT_FOUND, read(&house, &recording).await);
    refused_as(NOT_FOUND, delete(&house, &recording).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_attached_to_what_is_being_deleted() {
    let house = House::new().await;
    for round in 0..30 {
        let recording = house.recording("my-bucket").await;
        let mut race = JoinSet::new();
        let (control, arn) = (house.control.clone(), recording.clone());
        race.spawn(async move {
            let input = CreateChannelRequest {
                name: Some(format!("race-{round}")),
                recording_configuration_arn: Some(arn),
                ..Default::default()
            };
            control.create_channel(&caller(), input).await.is_ok()
        });
        let (control, arn) = (house.control.clone(), recording.clone());
        race.spawn(async move {
            let input = DeleteRecordingConfigurationRequest { arn };
            control.delete_recording_configuration(&caller(), input).await.is_ok()
        });
        let won = race.join_all().await.into_iter().filter(|done| *done).count();
        assert_eq!(won, 1, "one of the two acts, never both or neither");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_quota_of_recording_configurations_holds_under_a_race() {
    let house = House::with(Limits { recording_configurations: 10, ..Limits::default() }).await;
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let control = house.control.clone();
        callers.spawn(async move { control.create_recording_configuration(&caller(), into("abc")).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = callers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 40));
    for refusal in refused {
        let text = refused_as(QUOTA, refusal);
        assert_eq!(text, "Recording configuration quota exceeded: at most 10 recording configurations");
    }
}

#[tokio::test]
async fn another_account_or_region_finds_no_recording_configuration() {
    let house = House::new().await;
    let arn = house.recording("my-bucket").await;
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let get = GetRecordingConfigurationRequest { arn: arn.clone() };
        refused_as(NOT_FOUND, house.control.get_recording_configuration(&stranger, get).await);
        let input = DeleteRecordingConfigurationRequest { arn: arn.clone() };
        refused_as(NOT_FOUND, house.control.delete_recording_configuration(&stranger, input).await);
        let input = ListRecordingConfigurationsRequest::default();
        let listed = house.control.list_recording_configurations(&stranger, input).await.unwrap();
        assert_eq!(listed.recording_configurations, []);
        let input =
            CreateChannelRequest { recording_configuration_arn: Some(arn.clone()), ..Default::default() };
        refused_as(NOT_FOUND, house.control.create_channel(&stranger, input).await);
    }
    read(&house, &arn).await.unwrap();
}
