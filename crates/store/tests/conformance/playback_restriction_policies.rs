//! Playback restriction policies on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{Channel, PlaybackRestrictionPolicy, ResourceKind};
use store::{PageRequest, Store, StoreError};
use tokio::task::JoinSet;

use crate::sample::{arn, channel, home, playback_restriction_policy, stream_key, tenant};

const ROOMY: u32 = 100;
const KIND: ResourceKind = ResourceKind::PlaybackRestrictionPolicy;

async fn create(store: &Store, number: usize, quota: u32) -> Result<(), StoreError> {
    store.create_playback_restriction_policy(&playback_restriction_policy(&home(), number), quota).await
}

pub(crate) async fn a_created_policy_reads_back_for_its_tenant_alone(store: &Store) {
    let (home, policy) = (home(), playback_restriction_policy(&home(), 1));
    create(store, 1, ROOMY).await.unwrap();
    assert_eq!(store.playback_restriction_policy(&home, &policy.arn).await.unwrap(), Some(policy.clone()));
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        assert_eq!(store.playback_restriction_policy(&stranger, &policy.arn).await.unwrap(), None);
        let page = store.playback_restriction_policies(&stranger, PageRequest::first(9)).await.unwrap();
        assert_eq!(page.items, []);
        let refused = store.delete_playback_restriction_policy(&stranger, &policy.arn).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
        let revise = |_: &mut PlaybackRestrictionPolicy| -> Result<(), StoreError> { panic!("not theirs") };
        let refused = store.update_playback_restriction_policy(&stranger, &policy.arn, revise).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
    }
    assert_eq!(store.playback_restriction_policy(&home, &policy.arn).await.unwrap(), Some(policy));
}

pub(crate) async fn policies_are_listed_in_creation_order_page_by_page(store: &Store) {
    let home = home();
    for number in [3, 1, 2] {
        create(store, number, ROOMY).await.unwrap();
    }
    let first = store.playback_restriction_policies(&home, PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [3, 1].map(|number| playback_restriction_policy(&home, number)));
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let last = store.playback_restriction_policies(&home, request).await.unwrap();
    assert_eq!((last.items, last.next), (vec![playback_restriction_policy(&home, 2)], None));
}

pub(crate) async fn of_many_who_update_one_policy_nobody_is_lost(store: &Store) {
    create(store, 1, ROOMY).await.unwrap();
    let (home, mine) = (home(), arn(&home(), KIND, 1));
    let mut writers = JoinSet::new();
    for number in 0..40 {
        let (store, home, mine) = (store.clone(), home.clone(), mine.clone());
        writers.spawn(async move {
            let revise = |policy: &mut PlaybackRestrictionPolicy| {
                policy.allowed_countries.push(format!("{number:02}"));
                Ok::<_, StoreError>(())
            };
            store.update_playback_restriction_policy(&home, &mine, revise).await.unwrap();
        });
    }
    writers.join_all().await;
    let refuse = |policy: &mut PlaybackRestrictionPolicy| {
        policy.allowed_countries.clear();
        Err(StoreError::Attached { arn: policy.arn.clone() })
    };
    let refused = store.update_playback_restriction_policy(&home, &mine, refuse).await;
    assert!(matches!(refused, Err(StoreError::Attached { .. })));
    let found = store.playback_restriction_policy(&home, &mine).await.unwrap().unwrap();
    assert_eq!(found.allowed_countries.len(), 41);
}

pub(crate) async fn the_quota_of_policies_holds_under_a_race_and_a_deletion_makes_room(store: &Store) {
    let mut creators = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        creators.spawn(async move { create(&store, number, 10).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = creators.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 40));
    let quota = |result: &_| matches!(result, Err(StoreError::ResourceQuota { kind: KIND, limit: 10 }));
    assert!(refused.iter().all(quota), "{refused:?}");
    let page = store.playback_restriction_policies(&home(), PageRequest::first(99)).await.unwrap();
    assert_eq!(page.items.len(), 10);
    store.delete_playback_restriction_policy(&home(), &page.items[0].arn).await.unwrap();
    create(store, 50, 10).await.unwrap();
    assert!(quota(&create(store, 51, 10).await));
}

pub(crate) async fn a_policy_goes_only_when_no_channel_is_attached_to_it(store: &Store) {
    let (home, mine) = (home(), arn(&home(), KIND, 1));
    create(store, 1, ROOMY).await.unwrap();
    create(store, 2, ROOMY).await.unwrap();
    let attached = Channel { playback_restriction_policy: Some(mine.clone()), ..channel(&home, 1) };
    store.create_channel(&attached, &stream_key(&home, 1, 1), ROOMY).await.unwrap();
    let refused = store.delete_playback_restriction_policy(&home, &mine).await;
    assert!(matches!(refused, Err(StoreError::Attached { arn }) if arn == mine));
    assert!(store.playback_restriction_policy(&home, &mine).await.unwrap().is_some());
    assert!(
        matches!(create(store, 3, 2).await, Err(StoreError::ResourceQuota { .. })),
        "its place stays taken"
    );
    store.delete_channel(&home, &attached.arn).await.unwrap();
    store.delete_playback_restriction_policy(&home, &mine).await.unwrap();
    let refused = store.delete_playback_restriction_policy(&home, &mine).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == mine));
}
