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
