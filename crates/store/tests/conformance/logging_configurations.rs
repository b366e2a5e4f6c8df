//! Logging configurations on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{Arn, LogDestination, LoggingConfiguration, LoggingState, ResourceKind, Room};
use store::{PageRequest, Store, StoreError};
use tokio::task::JoinSet;

use crate::sample::{arn, home, logging_configuration, room, tenant};

const ROOMY: u32 = 100;
const KIND: ResourceKind = ResourceKind::LoggingConfiguration;

async fn create(store: &Store, number: usize, quota: u32) -> Result<(), StoreError> {
    store.create_logging_configuration(&logging_configuration(&home(), number), quota).await
}

/// A new destination, to be tried.
async fn redirect(store: &Store, name: &Arn, group: &str, time: i64) -> LoggingConfiguration {
    let revise = |configuration: &mut LoggingConfiguration| {
        configuration.destination = LogDestination::CloudWatchLogs { log_group: group.to_owned() };
        configuration.state = LoggingState::Updating;
        configuration.updated_at = time;
        Ok::<_, StoreError>(())
    };
    store.update_logging_configuration(&home(), name, revise).await.unwrap()
}

pub(crate) async fn a_created_logging_configuration_reads_back_for_its_tenant_alone(store: &Store) {
    let (home, made) = (home(), logging_configuration(&home(), 1));
    create(store, 1, ROOMY).await.unwrap();
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        assert_eq!(store.logging_configuration(&stranger, &made.arn).await.unwrap(), None);
        let page = store.logging_configurations(&stranger, PageRequest::first(9)).await.unwrap();
        assert_eq!(page.items, []);
        let refused = store.delete_logging_configuration(&stranger, &made.arn).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
        let nothing = |_: &mut LoggingConfiguration| Ok::<_, StoreError>(());
        let refused = store.update_logging_configuration(&stranger, &made.arn, nothing).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
    }
    assert_eq!(store.logging_configuration(&home, &made.arn).await.unwrap(), Some(made));
}

pub(crate) async fn logging_configurations_are_listed_in_creation_order_page_by_page(store: &Store) {
    let home = home();
    for number in [3, 1, 2] {
        create(store, number, ROOMY).await.unwrap();
    }
    let first = store.logging_configurations(&home, PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [3, 1].map(|number| logging_configuration(&home, number)));
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let last = store.logging_configurations(&home, request).await.unwrap();
    assert_eq!((last.items, last.next), (vec![logging_configuration(&home, 2)], None));
}

pub(crate) async fn those_on_trial_are_found_across_tenants_until_they_are_settled(store: &Store) {
    let abroad = tenant("999999999999", "eu-west-1");
    let on_trial = |made| LoggingConfiguration { state: LoggingState::Creating, ..made };
    let (mine, theirs) =
        (on_trial(logging_configuration(&home(), 1)), on_trial(logging_configuration(&abroad, 2)));
    for made in [&mine, &theirs] {
        store.create_logging_configuration(made, ROOMY).await.unwrap();
    }
    create(store, 3, ROOMY).await.unwrap();
    create(store, 4, ROOMY).await.unwrap();
    let changed = redirect(store, &arn(&home(), KIND, 4), "a", 8).await;
    let first = store.logging_configurations_in_trial(PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [mine.clone(), theirs.clone()]);
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let rest = store.logging_configurations_in_trial(request).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![changed.clone()], None));

    for (tried, state) in [
        (&mine, LoggingState::Active),
        (&theirs, LoggingState::CreateFailed),
        (&changed, LoggingState::UpdateFailed),
    ] {
        assert!(store.settle_logging_configuration(&tried.arn, tried.updated_at, state).await.unwrap());
        let settled = LoggingConfiguration { state, ..tried.clone() };
        let tenant = store::Tenant::of(&tried.arn);
        assert_eq!(store.logging_configuration(&tenant, &tried.arn).await.unwrap(), Some(settled));
        let again = store.settle_logging_configuration(&tried.arn, tried.updated_at, LoggingState::Active);
        assert!(!again.await.unwrap(), "once and for good");
    }
    assert_eq!(store.logging_configurations_in_trial(PageRequest::first(9)).await.unwrap().items, []);
    let absent = arn(&home(), KIND, 9);
    let refused = store.settle_logging_configuration(&absent, 1, LoggingState::Active).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == absent));
}

pub(crate) async fn a_trial_says_nothing_of_a_destination_that_came_after_it(store: &Store) {
    create(store, 1, ROOMY).await.unwrap();
    let name = arn(&home(), KIND, 1);
    let first = redirect(store, &name, "a", 5).await;
    // Within the same millisecond, and by a clock that is behind.
    let second = redirect(store, &name, "b", 5).await;
    let third = redirect(store, &name, "c", 4).await;
    assert_eq!((first.updated_at, second.updated_at, third.updated_at), (5, 6, 7));
    for outdated in [first, second] {
        let settled = store.settle_logging_configuration(&name, outdated.updated_at, LoggingState::Active);
        assert!(!settled.await.unwrap());
    }
    assert_eq!(store.logging_configuration(&home(), &name).await.unwrap(), Some(third.clone()));
    assert!(store.settle_logging_configuration(&name, third.updated_at, LoggingState::Active).await.unwrap());
}

pub(crate) async fn a_refused_update_of_a_logging_configuration_changes_nothing(store: &Store) {
    create(store, 1, ROOMY).await.unwrap();
    let name = arn(&home(), KIND, 1);
    let refuse = |configuration: &mut LoggingConfiguration| {
        configuration.name.clear();
        Err(StoreError::NotEmpty)
    };
    let refused = store.update_logging_configuration(&home(), &name, refuse).await;
    assert!(matches!(refused, Err(StoreError::NotEmpty)));
    let same = |_: &mut LoggingConfiguration| Ok::<_, StoreError>(());
    let same = store.update_logging_configuration(&home(), &name, same).await.unwrap();
    assert_eq!(same, logging_configuration(&home(), 1));
    assert_eq!(store.logging_configuration(&home(), &name).await.unwrap(), Some(same));
}

pub(crate) async fn the_quota_of_logging_configurations_holds_under_a_race(store: &Store) {
    let mut creators = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        creators.spawn(async move { create(&store, number, 10).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = creators.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 40));
    let quota = |result: &_| matches!(result, Err(StoreError::ResourceQuota { kind: KIND, limit: 10 }));
    assert!(refused.iter().all(quota), "{refused:?}");
    let page = store.logging_configurations(&home(), PageRequest::first(99)).await.unwrap();
    store.delete_logging_configuration(&home(), &page.items[9].arn).await.unwrap();
    create(store, 50, 10).await.unwrap();
    assert!(quota(&create(store, 51, 10).await));
}

pub(crate) async fn a_logging_configuration_goes_only_when_no_room_is_logged_to_it(store: &Store) {
    let (home, name) = (home(), arn(&home(), KIND, 1));
    create(store, 1, 1).await.unwrap();
    let logged = Room { logging_configurations: vec![name.clone()], ..room(&home, 1) };
    store.create_room(&logged, ROOMY).await.unwrap();
    let refused = store.delete_logging_configuration(&home, &name).await;
    assert!(matches!(&refused, Err(StoreError::Attached { arn }) if *arn == name), "{refused:?}");
    assert!(create(store, 2, 1).await.is_err(), "its place is still taken");
    let release = |room: &mut Room| {
        room.logging_configurations.clear();
        Ok::<_, StoreError>(())
    };
    store.update_room(&home, &logged.arn, release).await.unwrap();
    store.delete_logging_configuration(&home, &name).await.unwrap();
    create(store, 2, 1).await.unwrap();
    let second = arn(&home, KIND, 2);
    let logged = Room { logging_configurations: vec![second.clone()], ..room(&home, 2) };
    store.create_room(&logged, ROOMY).await.unwrap();
    store.delete_room(&home, &logged.arn).await.unwrap();
    store.delete_logging_configuration(&home, &second).await.unwrap();
}
