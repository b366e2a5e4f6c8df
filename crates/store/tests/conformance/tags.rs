//! Tags on every backend, on every kind of resource.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{
    Arn, Channel, LoggingConfiguration, PlaybackKeyPair, PlaybackRestrictionPolicy, RecordingConfiguration,
    ResourceKind, Room, StreamKey, Tags,
};
use store::{Store, StoreError};
use tokio::task::JoinSet;

use crate::sample::{
    arn, channel, home, logging_configuration, playback_key_pair, playback_restriction_policy,
    recording_configuration, room, stream_key, tenant,
};

/// One of each kind.
async fn furnish(store: &Store) -> [Arn; ResourceKind::ALL.len()] {
    let home = home();
    store.create_channel(&channel(&home, 1), &stream_key(&home, 1, 1), 10).await.unwrap();
    store.import_playback_key_pair(&playback_key_pair(&home, 1), 10).await.unwrap();
    let policy = playback_restriction_policy(&home, 1);
    store.create_playback_restriction_policy(&policy, 10).await.unwrap();
    store.create_recording_configuration(&recording_configuration(&home, 1), 10).await.unwrap();
    store.create_room(&room(&home, 1), 10).await.unwrap();
    store.create_logging_configuration(&logging_configuration(&home, 1), 10).await.unwrap();
    ResourceKind::ALL.map(|kind| arn(&home, kind, 1))
}

async fn put(store: &Store, name: &Arn, key: &str, value: &str) -> Result<(), StoreError> {
    let add = |tags: &mut Tags| {
        tags.insert(key.to_owned(), value.to_owned());
        Ok(())
    };
    store.change_tags(&home(), name, add).await
}

pub(crate) async fn every_kind_is_tagged_alike_and_keeps_all_else(store: &Store) {
    let home = home();
    for name in furnish(store).await {
        let mut expected = store.tags(&home, &name).await.unwrap().unwrap();
        put(store, &name, "kéy", "välue/1").await.unwrap();
        expected.insert("kéy".to_owned(), "välue/1".to_owned());
        assert_eq!(store.tags(&home, &name).await.unwrap(), Some(expected), "{name}");
    }
    let tags = |own: &Tags| {
        let mut tags = own.clone();
        tags.insert("kéy".to_owned(), "välue/1".to_owned());
        tags
    };
    let (name, own) = (|kind| arn(&home, kind, 1), channel(&home, 1));
    let expected = Channel { tags: tags(&own.tags), ..own };
    assert_eq!(store.channel(&home, &name(ResourceKind::Channel)).await.unwrap(), Some(expected));
    let own = stream_key(&home, 1, 1);
    let found = store.stream_key_by_value(&own.value).await.unwrap().unwrap().0;
    assert_eq!(found, StreamKey { tags: tags(&own.tags), ..own });
    let own = playback_key_pair(&home, 1);
    let found = store.playback_key_pair(&home, &name(ResourceKind::PlaybackKeyPair)).await.unwrap();
    assert_eq!(found, Some(PlaybackKeyPair { tags: tags(&own.tags), ..own }));
    let own = playback_restriction_policy(&home, 1);
    let found = store.playback_restriction_policy(&home, &own.arn).await.unwrap();
    assert_eq!(found, Some(PlaybackRestrictionPolicy { tags: tags(&own.tags), ..own }));
    let own = recording_configuration(&home, 1);
    let found = store.recording_configuration(&home, &own.arn).await.unwrap();
    assert_eq!(found, Some(RecordingConfiguration { tags: tags(&own.tags), ..own }));
    let own = room(&home, 1);
    let found = store.room(&home, &own.arn).await.unwrap();
    assert_eq!(found, Some(Room { tags: tags(&own.tags), ..own }));
    let own = logging_configuration(&home, 1);
    let found = store.logging_configuration(&home, &own.arn).await.unwrap();
    assert_eq!(found, Some(LoggingConfiguration { tags: tags(&own.tags), ..own }));
}

pub(crate) async fn a_refused_change_of_tags_changes_nothing(store: &Store) {
    let home = home();
    for name in furnish(store).await {
        let before = store.tags(&home, &name).await.unwrap();
        let refuse = |tags: &mut Tags| {
            tags.clear();
            Err(StoreError::AccessKeyTaken { id: "refused by the caller".to_owned() })
        };
        let refused = store.change_tags(&home, &name, refuse).await;
        assert!(matches!(refused, Err(StoreError::AccessKeyTaken { .. })));
        assert_eq!(store.tags(&home, &name).await.unwrap(), before);
    }
}

pub(crate) async fn tags_of_what_is_absent_or_foreign_are_not_found(store: &Store) {
    furnish(store).await;
    for kind in ResourceKind::ALL {
        let absent = arn(&home(), kind, 9);
        assert_eq!(store.tags(&home(), &absent).await.unwrap(), None);
        let refused = put(store, &absent, "a", "b").await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == absent));
    }
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        let mine = arn(&home(), ResourceKind::Channel, 1);
        assert_eq!(store.tags(&stranger, &mine).await.unwrap(), None);
        let clear = |tags: &mut Tags| {
            tags.clear();
            Ok(())
        };
        let refused = store.change_tags(&stranger, &mine, clear).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
        assert_eq!(store.tags(&home(), &mine).await.unwrap(), Some(channel(&home(), 1).tags));
    }
}

pub(crate) async fn of_many_who_tag_one_resource_nobody_is_lost(store: &Store) {
    let names = furnish(store).await;
    let mut taggers = JoinSet::new();
    for number in 0..30 {
        for name in names.clone() {
            let store = store.clone();
            taggers.spawn(async move { put(&store, &name, &format!("key-{number}"), "").await.unwrap() });
        }
    }
    taggers.join_all().await;
    for name in names {
        let tags = store.tags(&home(), &name).await.unwrap().unwrap();
        assert_eq!(tags.keys().filter(|key| key.starts_with("key-")).count(), 30, "{name}");
    }
}
