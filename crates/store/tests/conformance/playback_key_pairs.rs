//! Playback key pairs on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{PlaybackKeyPair, ResourceKind};
use store::{PageRequest, Store, StoreError};
use tokio::task::JoinSet;

use crate::sample::{arn, home, playback_key_pair, tenant};

const KIND: ResourceKind = ResourceKind::PlaybackKeyPair;
const ROOMY: u32 = 100;

async fn import(store: &Store, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        store.import_playback_key_pair(&playback_key_pair(&home(), number), ROOMY).await.unwrap();
    }
}

pub(crate) async fn an_imported_key_reads_back_as_written(store: &Store) {
    import(store, [1]).await;
    let pair = playback_key_pair(&home(), 1);
    assert_eq!(store.playback_key_pair(&home(), &pair.arn).await.unwrap(), Some(pair));
}

pub(crate) async fn the_same_key_twice_is_refused_with_the_name_of_the_first(store: &Store) {
    import(store, [1]).await;
    let first = playback_key_pair(&home(), 1);
    let twin = PlaybackKeyPair { arn: arn(&home(), KIND, 2), name: "other".to_owned(), ..first.clone() };
    // Also when there would be no room for it.
    for quota in [ROOMY, 1] {
        let refused = store.import_playback_key_pair(&twin, quota).await;
        assert!(matches!(refused, Err(StoreError::PlaybackKeyTaken { arn }) if arn == first.arn));
    }
    store.delete_playback_key_pair(&home(), &first.arn).await.unwrap();
    store.import_playback_key_pair(&twin, ROOMY).await.unwrap();
    assert_eq!(store.playback_key_pair(&home(), &first.arn).await.unwrap(), None);
}

pub(crate) async fn another_account_or_region_may_have_the_same_key(store: &Store) {
    import(store, [1]).await;
    let mine = playback_key_pair(&home(), 1);
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        assert_eq!(store.playback_key_pair(&stranger, &mine.arn).await.unwrap(), None);
        let page = store.playback_key_pairs(&stranger, PageRequest::first(9)).await.unwrap();
        assert_eq!(page.items, []);
        let refused = store.delete_playback_key_pair(&stranger, &mine.arn).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == mine.arn));
        let theirs = PlaybackKeyPair { arn: arn(&stranger, KIND, 1), ..mine.clone() };
        store.import_playback_key_pair(&theirs, 1).await.unwrap();
    }
    assert_eq!(store.playback_key_pair(&home(), &mine.arn).await.unwrap(), Some(mine));
}

pub(crate) async fn of_racing_imports_of_one_key_one_wins(store: &Store) {
    let mut importers = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        let fingerprint = playback_key_pair(&home(), 0).fingerprint;
        let pair = PlaybackKeyPair { fingerprint, ..playback_key_pair(&home(), number) };
        importers.spawn(async move { store.import_playback_key_pair(&pair, ROOMY).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = importers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 19));
    let there = store.playback_key_pairs(&home(), PageRequest::first(9)).await.unwrap().items;
    assert_eq!(there.len(), 1);
    for refusal in refused {
        assert!(matches!(refusal, Err(StoreError::PlaybackKeyTaken { arn }) if arn == there[0].arn));
    }
}

pub(crate) async fn the_quota_holds_under_a_race_and_a_deleted_key_makes_room(store: &Store) {
    let mut importers = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        importers.spawn(async move {
            store.import_playback_key_pair(&playback_key_pair(&home(), number), 3).await
        });
    }
    let (made, refused): (Vec<_>, Vec<_>) = importers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (3, 17));
    let is_quota = |result: &Result<(), StoreError>| {
        matches!(result, Err(StoreError::ResourceQuota { kind: KIND, limit: 3 }))
    };
    assert!(refused.iter().all(is_quota), "{refused:?}");

    let there = store.playback_key_pairs(&home(), PageRequest::first(9)).await.unwrap().items;
    store.delete_playback_key_pair(&home(), &there[1].arn).await.unwrap();
    let refused = store.delete_playback_key_pair(&home(), &there[1].arn).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })), "and gives no second place back");
    store.import_playback_key_pair(&playback_key_pair(&home(), 50), 3).await.unwrap();
    let refused = store.import_playback_key_pair(&playback_key_pair(&home(), 51), 3).await;
    assert!(is_quota(&refused));
}

pub(crate) async fn key_pairs_are_listed_in_creation_order_page_by_page(store: &Store) {
    import(store, [3, 1, 2]).await;
    let first = store.playback_key_pairs(&home(), PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [3, 1].map(|number| playback_key_pair(&home(), number)));
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let last = store.playback_key_pairs(&home(), request).await.unwrap();
    assert_eq!((last.items, last.next), (vec![playback_key_pair(&home(), 2)], None));
}
