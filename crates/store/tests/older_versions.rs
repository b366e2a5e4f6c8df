//! Databases that released versions left behind, opened by this one (`testdata/README.md`).
//!
//! Promise: each of them goes through all steps since, and every row is read as it was meant.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "conformance/sample.rs"]
#[expect(dead_code, reason = "another suite uses the rest")]
mod sample;

use std::path::Path;

use domain::{
    AccountId, Arn, Channel, ChannelType, LatencyMode, Preset, Region, ResourceId, ResourceKind, Room,
    StreamKey, StreamKeyValue, Tags,
};
use rusqlite::Connection;
use store::{
    ChannelFilter, NewestRequest, PageRequest, RecentRequest, RoomFilter, SpentToken, Store, StoreError,
    Tenant,
};
use tempfile::TempDir;

async fn open(sql: &str) -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    lay_down(&path, sql);
    (Store::open(&path).await.unwrap(), folder)
}

fn lay_down(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(sql).unwrap();
}

fn tenant(account: &str) -> Tenant {
    Tenant { account: AccountId::parse(account).unwrap(), region: Region::parse("us-east-1").unwrap() }
}

fn arn(tenant: &Tenant, kind: ResourceKind, number: usize) -> Arn {
    let id = ResourceId::parse(&format!("id{number:010}")).unwrap();
    Arn { region: tenant.region.clone(), account: tenant.account.clone(), kind, id }
}

fn key_like(key: &StreamKey, number: usize) -> StreamKey {
    let tenant = Tenant::of(&key.arn);
    StreamKey {
        arn: arn(&tenant, ResourceKind::StreamKey, number),
        channel: arn(&tenant, ResourceKind::Channel, number),
        value: StreamKeyValue::parse(&format!("sk_us-east-1_{}_{number}", tenant.account)).unwrap(),
        tags: Tags::new(),
    }
}

const VERSION_0_1: &str = include_str!("../testdata/version-0.1.sql");

#[tokio::test]
async fn the_access_keys_of_0_1_open_what_they_opened() {
    let (store, _folder) = open(VERSION_0_1).await;
    let keys = store.list_access_keys().await.unwrap();
    let told: Vec<_> = keys.iter().map(|key| (key.id.as_str(), key.account.as_str(), key.active)).collect();
    assert_eq!(
        told,
        [
            ("RILLN05E4LORC15OJ0R3", "123456789012", true),
            ("RILL15OJ0R3A9OATYVQ9", "123456789012", false),
            ("RILLQGWHL63ZC2JMPI3U", "999999999999", true),
        ]
    );
    let first = store.access_key("RILLN05E4LORC15OJ0R3").await.unwrap().unwrap();
    assert_eq!(first.secret.reveal(), "oLit63qZCh2JMPIza3UjklcPyPo1874hMtRWTO7k");
    // There were no policies: a key could do everything in its account, and still can.
    assert!(first.policy.contains(r#""Allow""#), "{}", first.policy);
    assert_eq!(store.installation_secret("page-tokens", &[0; 32]).await.unwrap(), [7; 32]);
}

#[tokio::test]
async fn the_channels_of_0_1_are_as_they_were() {
    let (store, _folder) = open(VERSION_0_1).await;
    let home = tenant("123456789012");
    let page = store.channels(&home, &ChannelFilter::All, PageRequest::first(10)).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["channel-1", "channel-2", "channel-3", ""]);
    let [basic, advanced, authorized, _] = &page.items[..] else { panic!("four channels") };
    assert_eq!(basic.channel_type, ChannelType::Basic);
    let tags = [("stage", "tést/1 \"quoted\""), ("team", "")];
    assert_eq!(basic.tags, tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(basic.srt_passphrase, "passphrase".repeat(6));
    assert_eq!(advanced.channel_type, ChannelType::AdvancedHd);
    assert_eq!(advanced.preset, Some(Preset::ConstrainedBandwidth));
    assert_eq!(advanced.latency_mode, LatencyMode::Normal);
    assert!(advanced.insecure_ingest && !advanced.authorized && authorized.authorized);
    for channel in &page.items {
        assert_eq!(store.channel(&home, &channel.arn).await.unwrap().as_ref(), Some(channel));
    }
    let theirs = tenant("999999999999");
    let page = store.channels(&theirs, &ChannelFilter::All, PageRequest::first(10)).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn the_stream_keys_of_0_1_admit_and_the_deleted_one_does_not() {
    let (store, _folder) = open(VERSION_0_1).await;
    for (account, number, found) in
        [("123456789012", 1, true), ("123456789012", 4, false), ("999999999999", 5, true)]
    {
        let value = StreamKeyValue::parse(&format!("sk_us-east-1_{account}_{number}")).unwrap();
        let admitted = store.stream_key_by_value(&value).await.unwrap();
        let channel = arn(&tenant(account), ResourceKind::Channel, number);
        assert_eq!(admitted.map(|(_, admitted)| admitted.arn), found.then_some(channel));
    }
}

#[tokio::test]
async fn what_0_1_made_counts_against_the_quotas_and_can_be_deleted() {
    let (store, _folder) = open(VERSION_0_1).await;
    let home = tenant("123456789012");
    let all = ChannelFilter::All;
    let old = store.channels(&home, &all, PageRequest::first(1)).await.unwrap();
    let key = store.stream_key(&home, &arn(&home, ResourceKind::StreamKey, 1)).await.unwrap().unwrap();
    let channel = Channel { arn: arn(&home, ResourceKind::Channel, 7), ..old.items[0].clone() };
    let refused = store.create_channel(&channel, &key_like(&key, 7), 4).await;
    assert!(matches!(refused, Err(StoreError::ResourceQuota { limit: 4, .. })), "{refused:?}");
    store.delete_channel(&home, &old.items[0].arn).await.unwrap();
    store.create_channel(&channel, &key_like(&key, 7), 4).await.unwrap();
    // The sixth place was the last that 0.1 gave away, to a channel that is no more.
    let request = PageRequest { after: store::Position::new(6), limit: 1 };
    let newest = store.channels(&home, &all, request).await.unwrap();
    assert_eq!(newest.items, [channel]);
}

const STEP_2: &str = include_str!("../testdata/step-2.sql");

#[tokio::test]
async fn the_control_plane_from_before_chat_is_as_it_was() {
    let (store, _folder) = open(STEP_2).await;
    let home = tenant("123456789012");
    let page = store.channels(&home, &ChannelFilter::All, PageRequest::first(10)).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["channel-1", "channel-2"]);
    let recording = arn(&home, ResourceKind::RecordingConfiguration, 1);
    let by = ChannelFilter::RecordedBy(recording.clone());
    let page = store.channels(&home, &by, PageRequest::first(10)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let refused = store.delete_recording_configuration(&home, &recording).await;
    assert!(matches!(refused, Err(StoreError::Attached { .. })), "{refused:?}");
    let revoked = store.viewer_revocation(&arn(&home, ResourceKind::Channel, 2), "viewer").await.unwrap();
    assert_eq!(revoked.map(|revoked| revoked.version), Some(3));
    assert!(store.access_key("RILLQLE37QL2T5CB0ICN").await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_from_before_chat_takes_rooms_and_their_quota_begins_at_nothing() {
    let (store, _folder) = open(STEP_2).await;
    let home = tenant("123456789012");
    assert_eq!(store.chat_token_keys().await.unwrap(), []);
    let all = RoomFilter::default();
    assert_eq!(store.rooms(&home, &all, RecentRequest::first(9)).await.unwrap().items, []);
    let room = |number| Room {
        arn: arn(&home, ResourceKind::Room, number),
        name: String::new(),
        created_at: 1,
        updated_at: 1,
        message_rate: Room::DEFAULT_RATE,
        message_length: Room::DEFAULT_LENGTH,
        review_handler: None,
        logging_configurations: Vec::new(),
        tags: Tags::new(),
    };
    store.create_room(&room(1), 1).await.unwrap();
    let refused = store.create_room(&room(2), 1).await;
    assert!(matches!(refused, Err(StoreError::ResourceQuota { limit: 1, .. })), "{refused:?}");
    assert_eq!(store.rooms(&home, &all, RecentRequest::first(9)).await.unwrap().items, [room(1)]);
}

const STEP_3: &str = include_str!("../testdata/step-3.sql");

#[tokio::test]
async fn chat_from_before_the_life_of_streams_is_as_it_was() {
    let (store, _folder) = open(STEP_3).await;
    let home = tenant("123456789012");
    let log = arn(&home, ResourceKind::LoggingConfiguration, 1);
    let logged = store.rooms_logged_to(&log, PageRequest::first(9)).await.unwrap();
    assert_eq!(logged.items, [arn(&home, ResourceKind::Room, 1)]);
    let bans = store.chat_restrictions(&arn(&home, ResourceKind::Room, 2)).await.unwrap();
    assert_eq!(bans.iter().map(|ban| ban.user.as_str()).collect::<Vec<_>>(), ["amy"]);
    let used = SpentToken { id: [9; 16], expires_at: 1_700_000_000_000 };
    assert_eq!(store.spend_chat_tokens(&[used]).await.unwrap(), [false]);
    assert_eq!(store.chat_token_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_from_before_the_life_of_streams_takes_sessions_and_sinks() {
    let (store, _folder) = open(STEP_3).await;
    let home = tenant("123456789012");
    let page = store.channels(&home, &ChannelFilter::All, PageRequest::first(9)).await.unwrap();
    let channel = page.items[0].clone();
    let none = store.stream_sessions(&home, &channel.arn, NewestRequest::first(9)).await.unwrap();
    assert_eq!(none.items, []);
    assert_eq!(store.claim_sink("audit", "me", 1, 2).await.unwrap(), Some(0));
    let session = sample::stream_session(channel, 1);
    store.open_session(&session, &[]).await.unwrap();
    assert_eq!(store.live_sessions(&home).await.unwrap(), [session]);
}

const STEP_4: &str = include_str!("../testdata/step-4.sql");

#[tokio::test]
async fn viewers_who_were_revoked_before_private_channels_stay_so() {
    let (store, _folder) = open(STEP_4).await;
    let home = tenant("123456789012");
    let all = store.viewer_revocations(None, 9).await.unwrap();
    assert_eq!(all.iter().map(|revoked| revoked.version).collect::<Vec<_>>(), [3, 7, 0]);
    assert_eq!(store.newest_revocation().await.unwrap(), 0);
    // One of them again: it has a place in the order now.
    store.revoke_viewers(&home, &all[1..2]).await.unwrap();
    let news = store.viewer_revocations_after(0, 9).await.unwrap();
    assert_eq!(news.into_iter().map(|(_, revoked)| revoked).collect::<Vec<_>>(), all[1..2]);
    store.delete_channel(&home, &all[1].channel).await.unwrap();
    assert_eq!(store.viewer_revocations_after(0, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_database_from_before_private_channels_takes_used_tokens() {
    let (store, _folder) = open(STEP_4).await;
    assert!(store.spend_playback_token([1; 16], 9).await.unwrap());
    assert!(!store.spend_playback_token([1; 16], 9).await.unwrap());
    assert_eq!(store.live_sessions(&tenant("123456789012")).await.unwrap().len(), 1);
}
