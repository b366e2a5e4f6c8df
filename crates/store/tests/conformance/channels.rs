//! Channels on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{Channel, ChannelType, Preset, ResourceKind};
use store::{ChannelFilter, PageRequest, Store, StoreError, Tenant};
use tokio::task::JoinSet;

use crate::sample::{
    arn, channel, home, playback_restriction_policy, recording_configuration, stream_key, tenant,
};

const ROOMY: u32 = 5_000;

async fn create(store: &Store, tenant: &Tenant, number: usize, quota: u32) -> Result<(), StoreError> {
    store.create_channel(&channel(tenant, number), &stream_key(tenant, number, number), quota).await
}

async fn fill(store: &Store, tenant: &Tenant, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        create(store, tenant, number, ROOMY).await.unwrap();
    }
}

async fn names(store: &Store, tenant: &Tenant, filter: &ChannelFilter, request: PageRequest) -> Vec<String> {
    let page = store.channels(tenant, filter, request).await.unwrap();
    page.items.into_iter().map(|channel| channel.name).collect()
}

pub(crate) async fn a_created_channel_reads_back_as_written_with_its_key(store: &Store) {
    let (home, key) = (home(), stream_key(&home(), 1, 7));
    let channel = Channel {
        channel_type: ChannelType::AdvancedHd,
        preset: Some(Preset::ConstrainedBandwidth),
        ..channel(&home, 1)
    };
    store.create_channel(&channel, &key, ROOMY).await.unwrap();
    assert_eq!(store.channel(&home, &channel.arn).await.unwrap(), Some(channel));
    assert_eq!(store.stream_key(&home, &key.arn).await.unwrap(), Some(key));
}

pub(crate) async fn channel_and_key_are_made_both_or_neither(store: &Store) {
    let home = home();
    fill(store, &home, [1]).await;
    let clash = stream_key(&home, 2, 1);
    let refused = store.create_channel(&channel(&home, 2), &clash, ROOMY).await;
    assert!(matches!(refused, Err(StoreError::Write { .. })));
    assert_eq!(names(store, &home, &ChannelFilter::All, PageRequest::first(10)).await, ["channel-1"]);

    let twin = store.create_channel(&channel(&home, 1), &stream_key(&home, 1, 2), ROOMY).await;
    assert!(matches!(twin, Err(StoreError::Write { .. })));
    let second_key = arn(&home, ResourceKind::StreamKey, 2);
    assert_eq!(store.stream_key(&home, &second_key).await.unwrap(), None);
}

pub(crate) async fn a_list_is_in_creation_order_and_its_last_page_says_so(store: &Store) {
    let home = home();
    assert_eq!(store.channels(&home, &ChannelFilter::All, PageRequest::first(2)).await.unwrap().items, []);
    fill(store, &home, [3, 1, 4, 2]).await;
    let first = store.channels(&home, &ChannelFilter::All, PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [channel(&home, 3), channel(&home, 1)]);
    let request = PageRequest { after: first.next.expect("more to come"), limit: 2 };
    let last = store.channels(&home, &ChannelFilter::All, request).await.unwrap();
    assert_eq!(last.items, [channel(&home, 4), channel(&home, 2)]);
    assert_eq!(last.next, None);
}

pub(crate) async fn a_name_filter_takes_the_exact_name_and_pages_too(store: &Store) {
    let home = home();
    for (number, name) in ["show", "Show", "show", "show-2", "show"].into_iter().enumerate() {
        let channel = Channel { name: name.to_owned(), ..channel(&home, number) };
        store.create_channel(&channel, &stream_key(&home, number, number), ROOMY).await.unwrap();
    }
    let filter = ChannelFilter::Named("show".to_owned());
    let first = store.channels(&home, &filter, PageRequest::first(2)).await.unwrap();
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let last = store.channels(&home, &filter, request).await.unwrap();
    assert_eq!((first.items.len(), last.items.len(), last.next), (2, 1, None));
    let nothing = ChannelFilter::Named("sho".to_owned());
    assert_eq!(names(store, &home, &nothing, PageRequest::first(9)).await, [""; 0]);
}

pub(crate) async fn paging_is_stable_while_channels_come_and_go(store: &Store) {
    let home = home();
    fill(store, &home, 0..6).await;
    let first = store.channels(&home, &ChannelFilter::All, PageRequest::first(3)).await.unwrap();
    // Gone: one already seen, the very row the token points at, and one to come; then new ones.
    for gone in [0, 2, 3] {
        store.delete_channel(&home, &arn(&home, ResourceKind::Channel, gone)).await.unwrap();
    }
    fill(store, &home, [6]).await;
    let request = PageRequest { after: first.next.expect("more to come"), limit: 3 };
    let rest = names(store, &home, &ChannelFilter::All, request).await;
    assert_eq!(rest, ["channel-4", "channel-5", "channel-6"]);
}

pub(crate) async fn a_deleted_channel_takes_its_keys_with_it(store: &Store) {
    let home = home();
    fill(store, &home, [1, 2]).await;
    store.delete_channel(&home, &arn(&home, ResourceKind::Channel, 1)).await.unwrap();
    let (gone, kept) = (stream_key(&home, 1, 1), stream_key(&home, 2, 2));
    assert_eq!(store.stream_key(&home, &gone.arn).await.unwrap(), None);
    assert_eq!(store.stream_key_by_value(&gone.value).await.unwrap(), None);
    assert_eq!(store.stream_key(&home, &kept.arn).await.unwrap(), Some(kept));
}

pub(crate) async fn deleting_twice_is_refused(store: &Store) {
    let home = home();
    fill(store, &home, [1]).await;
    let gone = arn(&home, ResourceKind::Channel, 1);
    store.delete_channel(&home, &gone).await.unwrap();
    let refused = store.delete_channel(&home, &gone).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == gone));
}

pub(crate) async fn another_account_or_region_sees_nothing(store: &Store) {
    let home = home();
    fill(store, &home, [1]).await;
    let here = arn(&home, ResourceKind::Channel, 1);
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        assert_eq!(store.channel(&stranger, &here).await.unwrap(), None);
        assert_eq!(names(store, &stranger, &ChannelFilter::All, PageRequest::first(9)).await, [""; 0]);
        let refused = store.delete_channel(&stranger, &here).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
        // Nor does it count against the stranger's quota.
        let number = 100 + names(store, &home, &ChannelFilter::All, PageRequest::first(9)).await.len();
        create(store, &stranger, number, 1).await.unwrap();
    }
    assert!(store.channel(&home, &here).await.unwrap().is_some());
}

pub(crate) async fn the_quota_holds_under_a_race(store: &Store) {
    let mut creators = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        creators.spawn(async move { create(&store, &home(), number, 20).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = creators.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (20, 30));
    assert!(
        refused.iter().all(|result| matches!(result, Err(StoreError::ResourceQuota { limit: 20, .. }))),
        "{refused:?}"
    );
    assert_eq!(names(store, &home(), &ChannelFilter::All, PageRequest::first(100)).await.len(), 20);
}

pub(crate) async fn a_deleted_channel_makes_room_under_the_quota(store: &Store) {
    let home = home();
    create(store, &home, 1, 1).await.unwrap();
    assert!(matches!(create(store, &home, 2, 1).await, Err(StoreError::ResourceQuota { limit: 1, .. })));
    store.delete_channel(&home, &arn(&home, ResourceKind::Channel, 1)).await.unwrap();
    create(store, &home, 2, 1).await.unwrap();
}

/// Never refuses.
type Revised = Result<(), StoreError>;

async fn rename(store: &Store, number: usize, name: &str) -> Result<Channel, StoreError> {
    let revise = |channel: &mut Channel| -> Revised {
        channel.name = name.to_owned();
        Ok(())
    };
    store.update_channel(&home(), &arn(&home(), ResourceKind::Channel, number), revise).await
}

pub(crate) async fn an_update_is_seen_by_every_read_and_keeps_the_place_in_lists(store: &Store) {
    let home = home();
    fill(store, &home, 0..3).await;
    let updated = rename(store, 1, "renamed").await.unwrap();
    assert_eq!(updated, Channel { name: "renamed".to_owned(), ..channel(&home, 1) });
    assert_eq!(store.channel(&home, &updated.arn).await.unwrap().as_ref(), Some(&updated));
    let key = stream_key(&home, 1, 1);
    let found = store.stream_key_by_value(&key.value).await.unwrap();
    assert_eq!(found, Some((key, updated)));
    let all = names(store, &home, &ChannelFilter::All, PageRequest::first(9)).await;
    assert_eq!(all, ["channel-0", "renamed", "channel-2"]);
    let named = |name: &str| ChannelFilter::Named(name.to_owned());
    assert_eq!(names(store, &home, &named("renamed"), PageRequest::first(9)).await, ["renamed"]);
    assert_eq!(names(store, &home, &named("channel-1"), PageRequest::first(9)).await, [""; 0]);
    rename(store, 1, "renamed").await.unwrap();
}

pub(crate) async fn a_refused_update_changes_nothing(store: &Store) {
    let home = home();
    fill(store, &home, [1]).await;
    let mine = arn(&home, ResourceKind::Channel, 1);
    let refuse = |channel: &mut Channel| -> Revised {
        channel.name = "half".to_owned();
        Err(StoreError::Attached { arn: channel.arn.clone() })
    };
    let refused = store.update_channel(&home, &mine, refuse).await;
    assert!(matches!(refused, Err(StoreError::Attached { .. })));
    let stranger = tenant("999999999999", "us-east-1");
    for (tenant, name) in [(&stranger, &mine), (&home, &arn(&home, ResourceKind::Channel, 2))] {
        let refused = store.update_channel(tenant, name, |_| -> Revised { panic!("there is none") }).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == *name));
    }
    assert_eq!(store.channel(&home, &mine).await.unwrap(), Some(channel(&home, 1)));
}

pub(crate) async fn of_many_who_update_one_channel_nobody_is_lost(store: &Store) {
    let home = home();
    fill(store, &home, [1]).await;
    let mine = arn(&home, ResourceKind::Channel, 1);
    let mut writers = JoinSet::new();
    for number in 0..40 {
        let (store, home, mine) = (store.clone(), home.clone(), mine.clone());
        writers.spawn(async move {
            let revise = |channel: &mut Channel| -> Revised {
                channel.tags.insert(format!("writer-{number}"), String::new());
                Ok(())
            };
            store.update_channel(&home, &mine, revise).await.unwrap();
        });
    }
    writers.join_all().await;
    let found = store.channel(&home, &mine).await.unwrap().unwrap();
    assert_eq!(found.tags.len(), 40 + channel(&home, 1).tags.len());
}

async fn attach(store: &Store, number: usize, recording: Option<usize>, policy: Option<usize>) -> Revised {
    let home = home();
    let revise = |channel: &mut Channel| -> Revised {
        channel.recording_configuration =
            recording.map(|number| arn(&home, ResourceKind::RecordingConfiguration, number));
        channel.playback_restriction_policy =
            policy.map(|number| arn(&home, ResourceKind::PlaybackRestrictionPolicy, number));
        Ok(())
    };
    store.update_channel(&home, &arn(&home, ResourceKind::Channel, number), revise).await.map(drop)
}

pub(crate) async fn a_channel_is_attached_only_to_what_its_tenant_has(store: &Store) {
    let (home, stranger) = (home(), tenant("999999999999", "us-east-1"));
    store.create_recording_configuration(&recording_configuration(&stranger, 1), ROOMY).await.unwrap();
    store.create_playback_restriction_policy(&playback_restriction_policy(&home, 1), ROOMY).await.unwrap();
    let foreign = arn(&stranger, ResourceKind::RecordingConfiguration, 1);
    let absent = arn(&home, ResourceKind::PlaybackRestrictionPolicy, 2);
    let wanting = |recording, policy| Channel {
        recording_configuration: recording,
        playback_restriction_policy: policy,
        ..channel(&home, 1)
    };
    for (wanting, missing) in
        [(wanting(Some(foreign.clone()), None), foreign), (wanting(None, Some(absent.clone())), absent)]
    {
        let refused = store.create_channel(&wanting, &stream_key(&home, 1, 1), 1).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == missing));
    }
    let policy = arn(&home, ResourceKind::PlaybackRestrictionPolicy, 1);
    let good = wanting(None, Some(policy));
    store.create_channel(&good, &stream_key(&home, 1, 1), 1).await.expect("what was refused took no place");
    assert!(matches!(attach(store, 1, Some(1), Some(1)).await, Err(StoreError::NoSuchResource { .. })));
    assert!(matches!(attach(store, 1, None, Some(2)).await, Err(StoreError::NoSuchResource { .. })));
    assert_eq!(store.channel(&home, &good.arn).await.unwrap(), Some(good));
}

pub(crate) async fn lists_by_attachment_follow_what_channels_are_attached_to(store: &Store) {
    let home = home();
    for number in [1, 2] {
        store.create_recording_configuration(&recording_configuration(&home, number), ROOMY).await.unwrap();
        let policy = playback_restriction_policy(&home, number);
        store.create_playback_restriction_policy(&policy, ROOMY).await.unwrap();
    }
    fill(store, &home, 0..5).await;
    for (number, recording, policy) in
        [(0, Some(1), None), (1, Some(1), Some(2)), (3, Some(2), Some(2)), (4, Some(1), None)]
    {
        attach(store, number, recording, policy).await.unwrap();
    }
    let recorded =
        |number| ChannelFilter::RecordedBy(arn(&home, ResourceKind::RecordingConfiguration, number));
    let restricted =
        |number| ChannelFilter::RestrictedBy(arn(&home, ResourceKind::PlaybackRestrictionPolicy, number));
    let first = store.channels(&home, &recorded(1), PageRequest::first(2)).await.unwrap();
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    assert_eq!(names(store, &home, &recorded(1), request).await, ["channel-4"]);
    let all = PageRequest::first(9);
    assert_eq!(names(store, &home, &restricted(2), all).await, ["channel-1", "channel-3"]);
    assert_eq!(names(store, &home, &restricted(1), all).await, [""; 0]);
    attach(store, 1, None, Some(1)).await.unwrap();
    assert_eq!(names(store, &home, &recorded(1), all).await, ["channel-0", "channel-4"]);
    assert_eq!(names(store, &home, &restricted(1), all).await, ["channel-1"]);
    let stranger = tenant("999999999999", "us-east-1");
    assert_eq!(names(store, &stranger, &recorded(1), all).await, [""; 0]);
}

pub(crate) async fn acts_that_are_given_up_leave_whole_channels_and_a_working_store(store: &Store) {
    let home = home();
    for number in 0..60 {
        tokio::select! {
            biased;
            made = create(store, &home, number, ROOMY) => made.unwrap(),
            () = turns(number) => {}
        }
    }
    create(store, &home, 60, ROOMY).await.unwrap();
    let page = store.channels(&home, &ChannelFilter::All, PageRequest::first(100)).await.unwrap();
    for channel in page.items {
        let keys = store.stream_keys(&home, &channel.arn, PageRequest::first(5)).await.unwrap();
        assert_eq!(keys.items.len(), 1, "{}", channel.name);
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}
