//! Viewer revocations on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use domain::{Arn, ResourceKind, ViewerRevocation};
use store::Store;
use tokio::task::JoinSet;

use crate::sample::{arn, channel, home, stream_key, tenant};

async fn first_channel(store: &Store) -> Arn {
    store.create_channel(&channel(&home(), 1), &stream_key(&home(), 1, 1), 10).await.unwrap();
    arn(&home(), ResourceKind::Channel, 1)
}

fn revocation(channel: &Arn, viewer: &str, version: u32, seconds: u64) -> ViewerRevocation {
    let revoked_at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    ViewerRevocation { channel: channel.clone(), viewer: viewer.to_owned(), version, revoked_at }
}

async fn revoke(store: &Store, revocations: &[ViewerRevocation]) {
    assert_eq!(store.revoke_viewers(&home(), revocations).await.unwrap(), BTreeSet::new());
}

pub(crate) async fn a_revocation_reads_back_for_its_viewer_alone(store: &Store) {
    let channel = first_channel(store).await;
    let written = revocation(&channel, "víewer '1'", 7, 1_790_000_000);
    revoke(store, std::slice::from_ref(&written)).await;
    assert_eq!(store.viewer_revocation(&channel, "víewer '1'").await.unwrap(), Some(written));
    for stranger in ["víewer '2'", "VÍEWER '1'", "", "a\0b"] {
        assert_eq!(store.viewer_revocation(&channel, stranger).await.unwrap(), None, "{stranger}");
    }
    let other = arn(&home(), ResourceKind::Channel, 2);
    assert_eq!(store.viewer_revocation(&other, "víewer '1'").await.unwrap(), None);
}

pub(crate) async fn the_highest_version_and_the_latest_time_stand_in_any_order(store: &Store) {
    let channel = first_channel(store).await;
    let asked = [(5, 100), (9, 90), (2, 300), (9, 200)];
    let mut orders: Vec<[usize; 4]> = vec![[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]];
    for (viewer, order) in orders.drain(..).enumerate() {
        let viewer = viewer.to_string();
        for (version, seconds) in order.map(|at| asked[at]) {
            revoke(store, &[revocation(&channel, &viewer, version, seconds)]).await;
        }
        let kept = store.viewer_revocation(&channel, &viewer).await.unwrap();
        assert_eq!(kept, Some(revocation(&channel, &viewer, 9, 300)));
    }
    revoke(store, &[revocation(&channel, "zero", 0, 1), revocation(&channel, "most", i32::MAX as u32, 1)])
        .await;
    assert_eq!(store.viewer_revocation(&channel, "zero").await.unwrap().unwrap().version, 0);
    assert_eq!(store.viewer_revocation(&channel, "most").await.unwrap().unwrap().version, i32::MAX as u32);
}

pub(crate) async fn a_batch_keeps_the_good_and_names_the_channels_that_are_not_there(store: &Store) {
    let channel = first_channel(store).await;
    let (absent, stranger) = (arn(&home(), ResourceKind::Channel, 9), tenant("999999999999", "us-east-1"));
    let foreign = arn(&stranger, ResourceKind::Channel, 1);
    let batch = [
        revocation(&absent, "a", 1, 1),
        revocation(&channel, "a", 1, 1),
        revocation(&foreign, "a", 1, 1),
        revocation(&channel, "a", 3, 1),
        revocation(&channel, "b", 2, 1),
        revocation(&absent, "b", 1, 1),
    ];
    let missing = store.revoke_viewers(&home(), &batch).await.unwrap();
    assert_eq!(missing, BTreeSet::from([absent.clone(), foreign]));
    let version = async |viewer| store.viewer_revocation(&channel, viewer).await.unwrap().unwrap().version;
    assert_eq!((version("a").await, version("b").await), (3, 2));
    assert_eq!(store.viewer_revocation(&absent, "a").await.unwrap(), None);
    // Nor does a stranger reach this channel.
    let batch = [revocation(&channel, "c", 1, 1)];
    let missing = store.revoke_viewers(&stranger, &batch).await.unwrap();
    assert_eq!(missing, BTreeSet::from([channel.clone()]));
    assert_eq!(store.viewer_revocation(&channel, "c").await.unwrap(), None);
}

pub(crate) async fn racing_revocations_of_one_viewer_leave_the_highest(store: &Store) {
    let channel = first_channel(store).await;
    let mut revokers = JoinSet::new();
    for version in 0..30 {
        let (store, revocation) = (store.clone(), revocation(&channel, "viewer", version, version.into()));
        revokers.spawn(async move { revoke(&store, &[revocation]).await });
    }
    revokers.join_all().await;
    let kept = store.viewer_revocation(&channel, "viewer").await.unwrap();
    assert_eq!(kept, Some(revocation(&channel, "viewer", 29, 29)));
}

pub(crate) async fn revocations_go_with_their_channel(store: &Store) {
    let channel = first_channel(store).await;
    revoke(store, &[revocation(&channel, "viewer", 1, 1)]).await;
    store.delete_channel(&home(), &channel).await.unwrap();
    assert_eq!(store.viewer_revocation(&channel, "viewer").await.unwrap(), None);
}

pub(crate) async fn who_reads_on_misses_no_revocation(store: &Store) {
    let channel = first_channel(store).await;
    assert_eq!(store.newest_revocation().await.unwrap(), 0);
    let mut revokers = JoinSet::new();
    for viewer in 0..10 {
        let (store, channel) = (store.clone(), channel.clone());
        revokers.spawn(async move {
            for version in 0..10 {
                revoke(&store, &[revocation(&channel, &viewer.to_string(), version, 1)]).await;
            }
        });
    }
    let (mut seen, mut position) = (vec![None; 10], 0);
    loop {
        let done = revokers.is_empty();
        loop {
            let page = store.viewer_revocations_after(position, 3).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            assert!(page.iter().all(|(at, _)| *at > position) && page.is_sorted_by_key(|(at, _)| *at));
            position = *last;
            for (_, revocation) in page {
                let viewer = revocation.viewer.parse::<usize>().unwrap();
                assert!(seen[viewer] < Some(revocation.version), "in the order of commits");
                seen[viewer] = Some(revocation.version);
            }
        }
        if done {
            break;
        }
        revokers.join_next().await;
    }
    assert_eq!(seen, vec![Some(9); 10]);
    assert_eq!(store.newest_revocation().await.unwrap(), position);
    assert!(position >= 100);
}

pub(crate) async fn all_revocations_are_read_page_by_page(store: &Store) {
    let channel = first_channel(store).await;
    let batch: Vec<_> =
        ["ä", "a", "'", "b", "Z"].iter().map(|viewer| revocation(&channel, viewer, 1, 1)).collect();
    revoke(store, &batch).await;
    let (mut all, mut last) = (Vec::new(), None);
    loop {
        let page = store.viewer_revocations(last.as_ref(), 2).await.unwrap();
        let Some(newest) = page.last() else { break };
        last = Some(newest.clone());
        all.extend(page.into_iter().map(|revocation| revocation.viewer));
    }
    assert_eq!(all, ["'", "Z", "a", "b", "ä"]);
}

pub(crate) async fn there_is_news_when_viewers_are_revoked(store: &Store) {
    let channel = first_channel(store).await;
    let mut news = store.clone().revocation_news();
    assert!(!news.has_changed().unwrap());
    revoke(store, &[revocation(&channel, "viewer", 1, 1)]).await;
    assert!(news.has_changed().unwrap());
    news.mark_unchanged();
    store.viewer_revocations_after(0, 9).await.unwrap();
    assert!(!news.has_changed().unwrap());
}

pub(crate) async fn revocations_are_forgotten_the_oldest_first(store: &Store) {
    let channel = first_channel(store).await;
    for seconds in [5, 3, 9, 7] {
        revoke(store, &[revocation(&channel, &seconds.to_string(), 1, seconds)]).await;
    }
    // It was asked for again since.
    revoke(store, &[revocation(&channel, "3", 0, 8)]).await;
    let before = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let left = async || {
        let left = store.viewer_revocations_after(0, 9).await.unwrap();
        left.into_iter().map(|(_, revocation)| revocation.viewer).collect::<Vec<_>>()
    };
    assert_eq!(store.forget_viewer_revocations(before(5), 9).await.unwrap(), 0);
    assert_eq!(store.forget_viewer_revocations(before(9), 1).await.unwrap(), 1);
    assert_eq!(left().await, ["9", "7", "3"]);
    assert_eq!(store.forget_viewer_revocations(before(9), 9).await.unwrap(), 2);
    assert_eq!(left().await, ["9"]);
    assert_eq!(store.viewer_revocation(&channel, "7").await.unwrap(), None);
    assert_eq!(store.viewer_revocations(None, 9).await.unwrap().len(), 1);
}
