//! Access keys on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use std::time::{Duration, SystemTime};

use domain::AccountId;
use store::{AccessKey, AccessKeySummary, Store, StoreError};

fn key(number: u8) -> AccessKey {
    let mut state = number;
    let mut entropy = move |slice: &mut [u8]| {
        for byte in slice {
            state = state.wrapping_mul(73).wrapping_add(31);
            *byte = state;
        }
    };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + u64::from(number));
    AccessKey::mint(AccountId::parse("123456789012").unwrap(), now, &mut entropy)
}

pub(crate) async fn an_added_key_is_found_with_its_secret(store: &Store) {
    let key = key(1);
    assert!(key.id.starts_with("RILL") && key.id.len() == 20);
    assert!(key.id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    assert_eq!(key.secret.reveal().len(), 40);
    store.add_access_key(&key).await.unwrap();
    assert_eq!(store.access_key(&key.id).await.unwrap(), Some(key));
}

pub(crate) async fn a_list_is_in_order_of_adding_and_shows_no_secret(store: &Store) {
    let keys = [key(3), key(1), key(2)];
    for key in &keys {
        store.add_access_key(key).await.unwrap();
    }
    let listed = store.list_access_keys().await.unwrap();
    assert_eq!(listed, keys.clone().map(AccessKeySummary::from));
    assert!(!format!("{listed:?} {keys:?}").contains(keys[0].secret.reveal()));
}

pub(crate) async fn a_disabled_key_is_found_as_inactive_at_once_and_can_be_enabled_again(store: &Store) {
    let key = key(1);
    store.add_access_key(&key).await.unwrap();
    for active in [false, true] {
        store.set_access_key_active(&key.id, active).await.unwrap();
        let found = store.access_key(&key.id).await.unwrap().unwrap();
        assert_eq!(found, AccessKey { active, ..key.clone() });
    }
}

pub(crate) async fn a_removed_key_is_gone_at_once(store: &Store) {
    let key = key(1);
    store.add_access_key(&key).await.unwrap();
    store.remove_access_key(&key.id).await.unwrap();
    assert_eq!(store.access_key(&key.id).await.unwrap(), None);
    assert_eq!(store.list_access_keys().await.unwrap(), []);
}

pub(crate) async fn acts_on_an_unknown_key_are_refused(store: &Store) {
    let refused = store.remove_access_key("RILLX").await;
    assert!(matches!(refused, Err(StoreError::NoSuchAccessKey { id }) if id == "RILLX"));
    let refused = store.set_access_key_active("RILLX", true).await;
    assert!(matches!(refused, Err(StoreError::NoSuchAccessKey { .. })));
}

pub(crate) async fn an_id_is_added_only_once(store: &Store) {
    let first = key(1);
    store.add_access_key(&first).await.unwrap();
    let twin = AccessKey { id: first.id.clone(), ..key(2) };
    let refused = store.add_access_key(&twin).await;
    assert!(matches!(refused, Err(StoreError::AccessKeyTaken { id }) if id == first.id));
    assert_eq!(store.access_key(&first.id).await.unwrap(), Some(first));
}

pub(crate) async fn an_id_that_no_database_could_hold_is_just_not_there(store: &Store) {
    for odd in ["RILL\0", "\0", "' OR ''='", "RILL\u{FFFD}%"] {
        assert_eq!(store.access_key(odd).await.unwrap(), None, "{odd:?}");
    }
}
