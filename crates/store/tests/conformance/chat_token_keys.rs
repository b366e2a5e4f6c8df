//! Keys of chat tokens on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use std::collections::BTreeSet;

use store::Store;
use tokio::task::JoinSet;

pub(crate) async fn added_keys_are_read_back_newest_first(store: &Store) {
    assert_eq!(store.chat_token_keys().await.unwrap(), []);
    let first = store.add_chat_token_key(&[1; 32], 100).await.unwrap();
    let second = store.add_chat_token_key(&[2; 32], 50).await.unwrap();
    assert_eq!((first.secret, first.created_at), ([1; 32], 100));
    assert!(second.id > first.id, "the newest is the one that was added last, whatever the clocks say");
    assert_eq!(store.chat_token_keys().await.unwrap(), [second, first]);
}

pub(crate) async fn retired_keys_are_gone_and_their_ids_are_not_used_again(store: &Store) {
    let mut ids = BTreeSet::new();
    for time in [10, 20, 30] {
        ids.insert(store.add_chat_token_key(&[7; 32], time).await.unwrap().id);
    }
    assert_eq!(store.retire_chat_token_keys(30).await.unwrap(), 2);
    let times: Vec<_> = store.chat_token_keys().await.unwrap().iter().map(|key| key.created_at).collect();
    assert_eq!(times, [30]);
    assert_eq!(store.retire_chat_token_keys(31).await.unwrap(), 1);
    assert_eq!(store.chat_token_keys().await.unwrap(), []);
    ids.insert(store.add_chat_token_key(&[8; 32], 40).await.unwrap().id);
    assert_eq!(ids.len(), 4);
}

pub(crate) async fn of_racing_nodes_each_has_a_key_of_its_own(store: &Store) {
    let mut adders = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        adders.spawn(async move { store.add_chat_token_key(&[number; 32], 1).await.unwrap() });
    }
    let mut added = adders.join_all().await;
    added.sort_by_key(|key| std::cmp::Reverse(key.id));
    assert_eq!(store.chat_token_keys().await.unwrap(), added);
    assert_eq!(added.iter().map(|key| key.id).collect::<BTreeSet<_>>().len(), 20);
}

pub(crate) async fn a_key_does_not_show_its_secret(store: &Store) {
    let key = store.add_chat_token_key(&[171; 32], 1).await.unwrap();
    let shown = format!("{key:?}");
    assert!(!shown.contains("171") && !shown.contains("ab"), "{shown}");
}
