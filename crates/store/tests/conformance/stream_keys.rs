//! Stream keys on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{ResourceKind, StreamKeyValue};
use store::{PageRequest, Store, StoreError};
use tokio::task::JoinSet;

use crate::sample::{arn, channel, home, stream_key, tenant};

/// Channel 1 with key 1.
async fn first_channel(store: &Store) {
    store.create_channel(&channel(&home(), 1), &stream_key(&home(), 1, 1), 10).await.unwrap();
}

pub(crate) async fn a_second_key_is_refused_until_the_first_is_deleted(store: &Store) {
    let home = home();
    first_channel(store).await;
    let second = stream_key(&home, 1, 2);
    let refused = store.create_stream_key(&second, 1).await;
    assert!(matches!(refused, Err(StoreError::StreamKeyQuota { limit: 1, .. })));
    store.delete_stream_key(&home, &arn(&home, ResourceKind::StreamKey, 1)).await.unwrap();
    store.create_stream_key(&second, 1).await.unwrap();
    assert_eq!(store.stream_key(&home, &second.arn).await.unwrap(), Some(second));
}

pub(crate) async fn a_key_for_a_missing_or_foreign_channel_is_refused(store: &Store) {
    first_channel(store).await;
    let refused = store.create_stream_key(&stream_key(&home(), 9, 2), 1).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
    let stranger = tenant("999999999999", "us-east-1");
    let mut foreign = stream_key(&stranger, 1, 2);
    foreign.channel = arn(&home(), ResourceKind::Channel, 1);
    let refused = store.create_stream_key(&foreign, 5).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
}

pub(crate) async fn a_value_finds_its_key_and_channel(store: &Store) {
    first_channel(store).await;
    let key = stream_key(&home(), 1, 1);
    let found = store.stream_key_by_value(&key.value).await.unwrap();
    assert_eq!(found, Some((key, channel(&home(), 1))));
    for wrong in ["sk_us-east-1_123456789012_", "sk_us-east-1_123456789012_11", "%", "' OR 1=1 --"] {
        let value = StreamKeyValue::parse(wrong).unwrap();
        assert_eq!(store.stream_key_by_value(&value).await.unwrap(), None, "{wrong}");
    }
}

pub(crate) async fn a_deleted_key_admits_nobody(store: &Store) {
    let home = home();
    first_channel(store).await;
    let key = stream_key(&home, 1, 1);
    store.delete_stream_key(&home, &key.arn).await.unwrap();
    assert_eq!(store.stream_key_by_value(&key.value).await.unwrap(), None);
    let refused = store.delete_stream_key(&home, &key.arn).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == key.arn));
}

pub(crate) async fn the_quota_holds_under_a_race_for_the_last_key(store: &Store) {
    first_channel(store).await;
    let mut creators = JoinSet::new();
    for number in 2..22 {
        let store = store.clone();
        creators.spawn(async move { store.create_stream_key(&stream_key(&home(), 1, number), 2).await });
    }
    let made = creators.join_all().await.iter().filter(|result| result.is_ok()).count();
    assert_eq!(made, 1);
}

pub(crate) async fn lists_page_in_creation_order(store: &Store) {
    let home = home();
    first_channel(store).await;
    for number in [3, 2] {
        store.create_stream_key(&stream_key(&home, 1, number), 3).await.unwrap();
    }
    let channel = arn(&home, ResourceKind::Channel, 1);
    let first = store.stream_keys(&home, &channel, PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [stream_key(&home, 1, 1), stream_key(&home, 1, 3)]);
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let last = store.stream_keys(&home, &channel, request).await.unwrap();
    assert_eq!((last.items, last.next), (vec![stream_key(&home, 1, 2)], None));
}

pub(crate) async fn another_account_sees_no_key(store: &Store) {
    first_channel(store).await;
    let stranger = tenant("999999999999", "us-east-1");
    let key = stream_key(&home(), 1, 1);
    assert_eq!(store.stream_key(&stranger, &key.arn).await.unwrap(), None);
    let list = store.stream_keys(&stranger, &key.channel, PageRequest::first(5)).await.unwrap();
    assert_eq!(list.items, []);
    let refused = store.delete_stream_key(&stranger, &key.arn).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
}
