//! Recording configurations on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{Channel, RecordingConfiguration, RecordingState, ResourceKind};
use store::{PageRequest, Store, StoreError};
use tokio::task::JoinSet;

use crate::sample::{arn, channel, home, recording_configuration, stream_key, tenant};

const ROOMY: u32 = 100;
const KIND: ResourceKind = ResourceKind::RecordingConfiguration;

async fn create(store: &Store, number: usize, quota: u32) -> Result<(), StoreError> {
    store.create_recording_configuration(&recording_configuration(&home(), number), quota).await
}

pub(crate) async fn a_created_recording_configuration_reads_back_for_its_tenant_alone(store: &Store) {
    let (home, made) = (home(), recording_configuration(&home(), 1));
    create(store, 1, ROOMY).await.unwrap();
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        assert_eq!(store.recording_configuration(&stranger, &made.arn).await.unwrap(), None);
        let page = store.recording_configurations(&stranger, PageRequest::first(9)).await.unwrap();
        assert_eq!(page.items, []);
        let refused = store.delete_recording_configuration(&stranger, &made.arn).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
    }
    assert_eq!(store.recording_configuration(&home, &made.arn).await.unwrap(), Some(made));
}

pub(crate) async fn recording_configurations_are_listed_in_creation_order_page_by_page(store: &Store) {
    let home = home();
    for number in [3, 1, 2] {
        create(store, number, ROOMY).await.unwrap();
    }
    let first = store.recording_configurations(&home, PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [3, 1].map(|number| recording_configuration(&home, number)));
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let last = store.recording_configurations(&home, request).await.unwrap();
    assert_eq!((last.items, last.next), (vec![recording_configuration(&home, 2)], None));
}

pub(crate) async fn those_in_creation_are_found_across_tenants_until_they_are_settled(store: &Store) {
    let (home, abroad) = (home(), tenant("999999999999", "eu-west-1"));
    create(store, 1, ROOMY).await.unwrap();
    store.create_recording_configuration(&recording_configuration(&abroad, 2), ROOMY).await.unwrap();
    create(store, 3, ROOMY).await.unwrap();
    let names = [arn(&home, KIND, 1), arn(&abroad, KIND, 2), arn(&home, KIND, 3)];
    let first = store.recording_configurations_in_creation(PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items.iter().map(|one| &one.arn).collect::<Vec<_>>(), [&names[0], &names[1]]);
    assert!(store.settle_recording_configuration(&names[0], RecordingState::Active, "", &[]).await.unwrap());
    assert!(
        store.settle_recording_configuration(&names[1], RecordingState::CreateFailed, "", &[]).await.unwrap()
    );
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let rest = store.recording_configurations_in_creation(request).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![recording_configuration(&home, 3)], None));

    let settled =
        RecordingConfiguration { state: RecordingState::Active, ..recording_configuration(&home, 1) };
    assert_eq!(store.recording_configuration(&home, &names[0]).await.unwrap(), Some(settled));
    let again = store.settle_recording_configuration(&names[0], RecordingState::CreateFailed, "", &[]).await;
    assert!(!again.unwrap(), "once and for good");
    let absent = arn(&home, KIND, 9);
    let refused = store.settle_recording_configuration(&absent, RecordingState::Active, "", &[]).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == absent));
}

pub(crate) async fn the_quota_of_recording_configurations_holds_under_a_race(store: &Store) {
    let mut creators = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        creators.spawn(async move { create(&store, number, 10).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = creators.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 40));
    let quota = |result: &_| matches!(result, Err(StoreError::ResourceQuota { kind: KIND, limit: 10 }));
    assert!(refused.iter().all(quota), "{refused:?}");
    let page = store.recording_configurations(&home(), PageRequest::first(99)).await.unwrap();
    store.delete_recording_configuration(&home(), &page.items[9].arn).await.unwrap();
    create(store, 50, 10).await.unwrap();
    assert!(quota(&create(store, 51, 10).await));
}

pub(crate) async fn no_channel_is_attached_to_a_recording_configuration_that_is_gone(store: &Store) {
    let home = home();
    for number in 0..20 {
        create(store, number, ROOMY).await.unwrap();
        let recording = arn(&home, KIND, number);
        let attached = Channel { recording_configuration: Some(recording.clone()), ..channel(&home, number) };
        let mut race = JoinSet::new();
        let (to_attach, key) = (store.clone(), stream_key(&home, number, number));
        race.spawn(async move { to_attach.create_channel(&attached, &key, ROOMY).await });
        let (to_delete, tenant) = (store.clone(), home.clone());
        race.spawn(async move { to_delete.delete_recording_configuration(&tenant, &recording).await });
        let lost: Vec<_> = race.join_all().await.into_iter().filter_map(Result::err).collect();
        let [lost] = lost.as_slice() else { panic!("one of the two acts, never both or neither: {lost:?}") };
        let told = matches!(lost, StoreError::Attached { .. } | StoreError::NoSuchResource { .. });
        assert!(told, "{lost:?}");
    }
}
