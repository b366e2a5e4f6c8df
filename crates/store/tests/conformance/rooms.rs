//! Rooms on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use std::collections::BTreeSet;

use domain::{Arn, Fallback, LoggingConfiguration, LoggingState, ResourceKind, ReviewHandler, Room};
use store::{PageRequest, Recent, RecentRequest, RoomFilter, Store, StoreError, Tenant};
use tokio::task::JoinSet;

use crate::sample::{arn, home, logging_configuration, room, tenant};

const ROOMY: u32 = 1_000;
const KIND: ResourceKind = ResourceKind::Room;

async fn create(store: &Store, number: usize, quota: u32) -> Result<(), StoreError> {
    store.create_room(&room(&home(), number), quota).await
}

fn handler(number: usize) -> ReviewHandler {
    let uri = format!("arn:aws:lambda:us-east-1:123456789012:function:review-{number}");
    ReviewHandler { uri, fallback: Fallback::Deny }
}

fn log(number: usize) -> Arn {
    arn(&home(), ResourceKind::LoggingConfiguration, number)
}

/// A walk through all pages.
async fn walk(store: &Store, tenant: &Tenant, filter: &RoomFilter, limit: u32) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = store.rooms(tenant, filter, RecentRequest { after, limit }).await.unwrap();
        assert!(page.items.len() <= limit as usize, "no more than asked for");
        names.extend(page.items.into_iter().map(|room| room.name));
        match page.next {
            Some(next) => after = Some(next),
            None => return names,
        }
    }
}

async fn touch(store: &Store, number: usize, time: i64) -> Room {
    let revise = |room: &mut Room| {
        room.updated_at = time;
        Ok::<_, StoreError>(())
    };
    store.update_room(&home(), &arn(&home(), KIND, number), revise).await.unwrap()
}

pub(crate) async fn a_created_room_reads_back_for_its_tenant_alone(store: &Store) {
    let home = home();
    let logs = vec![log(2), log(1)];
    for number in [1, 2] {
        store.create_logging_configuration(&logging_configuration(&home, number), ROOMY).await.unwrap();
    }
    let made = Room { review_handler: Some(handler(1)), logging_configurations: logs, ..room(&home, 1) };
    store.create_room(&made, ROOMY).await.unwrap();
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        assert_eq!(store.room(&stranger, &made.arn).await.unwrap(), None);
        let logged = RoomFilter { logging_configuration: Some(log(1)), ..RoomFilter::default() };
        for filter in [RoomFilter::default(), logged] {
            assert_eq!(walk(store, &stranger, &filter, 9).await, [""; 0]);
        }
        let refused = store.delete_room(&stranger, &made.arn).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
        let refused = store.update_room(&stranger, &made.arn, |_| Ok::<_, StoreError>(())).await;
        assert!(matches!(refused, Err(StoreError::NoSuchResource { .. })));
    }
    assert_eq!(store.room(&home, &made.arn).await.unwrap(), Some(made));
}

pub(crate) async fn rooms_are_listed_from_the_latest_change_backwards(store: &Store) {
    for number in 1..=5 {
        create(store, number, ROOMY).await.unwrap();
    }
    let all = RoomFilter::default();
    for limit in [1, 2, 5, 50] {
        assert_eq!(
            walk(store, &home(), &all, limit).await,
            ["room-5", "room-4", "room-3", "room-2", "room-1"]
        );
    }
    touch(store, 2, 100).await;
    assert_eq!(walk(store, &home(), &all, 2).await, ["room-2", "room-5", "room-4", "room-3", "room-1"]);
    touch(store, 2, -1).await;
    assert_eq!(walk(store, &home(), &all, 2).await, ["room-5", "room-4", "room-3", "room-1", "room-2"]);
    store.delete_room(&home(), &arn(&home(), KIND, 4)).await.unwrap();
    assert_eq!(walk(store, &home(), &all, 2).await, ["room-5", "room-3", "room-1", "room-2"]);
    let strange = Recent { updated_at: i64::MIN, position: store::Position::new(i64::MIN) };
    let page = store.rooms(&home(), &all, RecentRequest { after: Some(strange), limit: 9 }).await.unwrap();
    assert_eq!((page.items, page.next), (vec![], None), "any place is safe to ask from");
}

pub(crate) async fn of_rooms_changed_in_one_millisecond_the_newer_comes_first(store: &Store) {
    for number in [3, 1, 2, 5, 4] {
        let room = Room { updated_at: 7, ..room(&home(), number) };
        store.create_room(&room, ROOMY).await.unwrap();
    }
    for limit in [1, 2, 3, 50] {
        let names = walk(store, &home(), &RoomFilter::default(), limit).await;
        assert_eq!(names, ["room-4", "room-5", "room-2", "room-1", "room-3"]);
    }
}

pub(crate) async fn each_filter_and_all_of_them_together_give_what_matches(store: &Store) {
    let home = home();
    for number in [1, 2] {
        store.create_logging_configuration(&logging_configuration(&home, number), ROOMY).await.unwrap();
    }
    let mut rooms = Vec::new();
    for number in 0..24 {
        let logs = match number % 4 {
            0 => vec![],
            1 => vec![log(1)],
            2 => vec![log(2)],
            _ => vec![log(2), log(1)],
        };
        let made = Room {
            name: format!("name-{}", number % 3),
            review_handler: (number % 2 == 1).then(|| handler(number / 12)),
            logging_configurations: logs,
            updated_at: i64::try_from(number * 7 % 10).unwrap(),
            ..room(&home, number)
        };
        store.create_room(&made, ROOMY).await.unwrap();
        rooms.push(made);
    }
    // Newest first among equals: a stable sort of the newest-first list.
    rooms.reverse();
    rooms.sort_by_key(|room| std::cmp::Reverse(room.updated_at));
    for name in [None, Some("name-1"), Some("none")] {
        for reviewed in [None, Some(handler(0)), Some(handler(1)), Some(handler(9))] {
            for logged in [None, Some(log(1)), Some(log(2)), Some(log(9))] {
                let filter = RoomFilter {
                    name: name.map(str::to_owned),
                    review_handler_uri: reviewed.clone().map(|handler| handler.uri),
                    logging_configuration: logged.clone(),
                };
                let fits = |room: &&Room| {
                    name.is_none_or(|name| room.name == name)
                        && reviewed
                            .as_ref()
                            .is_none_or(|handler| room.review_handler.as_ref() == Some(handler))
                        && logged.as_ref().is_none_or(|log| room.logging_configurations.contains(log))
                };
                let expected: Vec<_> = rooms.iter().filter(fits).cloned().collect();
                let page = store.rooms(&home, &filter, RecentRequest::first(100)).await.unwrap();
                assert_eq!(page.items, expected, "{filter:?}");
                let names: Vec<_> = expected.into_iter().map(|room| room.name).collect();
                assert_eq!(walk(store, &home, &filter, 2).await, names, "{filter:?}");
            }
        }
    }
}

pub(crate) async fn a_walk_sees_every_unchanged_room_once_while_others_come_change_and_go(store: &Store) {
    for number in 0..40 {
        create(store, number, ROOMY).await.unwrap();
    }
    let (mut seen, mut after, mut turn) = (Vec::new(), None, 0);
    loop {
        let request = RecentRequest { after, limit: 3 };
        let page = store.rooms(&home(), &RoomFilter::default(), request).await.unwrap();
        seen.extend(page.items.into_iter().map(|room| room.arn));
        // Of the even ones one is changed and one goes; one comes.
        touch(store, turn * 2 % 20, 1_000 + i64::try_from(turn).unwrap()).await;
        let _ = store.delete_room(&home(), &arn(&home(), KIND, 20 + turn * 2 % 20)).await;
        create(store, 100 + turn, ROOMY).await.unwrap();
        turn += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    for number in (1..40).step_by(2) {
        let name = arn(&home(), KIND, number);
        assert_eq!(seen.iter().filter(|seen| **seen == name).count(), 1, "{name}");
    }
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "nothing twice: what changes moves away from the walk");
}

pub(crate) async fn an_update_of_a_room_is_seen_by_every_read(store: &Store) {
    let home = home();
    for number in [1, 2] {
        store.create_logging_configuration(&logging_configuration(&home, number), ROOMY).await.unwrap();
    }
    let logs = vec![log(1)];
    let before = Room { logging_configurations: logs, review_handler: Some(handler(1)), ..room(&home, 1) };
    store.create_room(&before, ROOMY).await.unwrap();
    let after = Room {
        name: "renamed".to_owned(),
        updated_at: 9,
        message_rate: 3,
        message_length: 4,
        review_handler: None,
        logging_configurations: vec![log(2)],
        ..before.clone()
    };
    let revise = |room: &mut Room| {
        assert_eq!(*room, before);
        *room = after.clone();
        Ok::<_, StoreError>(())
    };
    assert_eq!(store.update_room(&home, &before.arn, revise).await.unwrap(), after);
    assert_eq!(store.room(&home, &before.arn).await.unwrap(), Some(after.clone()));
    let of = |name: &str| RoomFilter { name: Some(name.to_owned()), ..RoomFilter::default() };
    let to = |log| RoomFilter { logging_configuration: Some(log), ..RoomFilter::default() };
    let by = RoomFilter { review_handler_uri: Some(handler(1).uri), ..RoomFilter::default() };
    for (filter, found) in
        [(of("room-1"), false), (of("renamed"), true), (to(log(1)), false), (to(log(2)), true), (by, false)]
    {
        let page = store.rooms(&home, &filter, RecentRequest::first(9)).await.unwrap();
        assert_eq!(page.items, if found { vec![after.clone()] } else { vec![] }, "{filter:?}");
    }
    let refused = store.update_room(&home, &before.arn, |room| {
        room.name.clear();
        Err(StoreError::NotEmpty)
    });
    assert!(matches!(refused.await, Err(StoreError::NotEmpty)));
    assert_eq!(store.room(&home, &before.arn).await.unwrap(), Some(after));
}

pub(crate) async fn of_many_who_update_one_room_nobody_is_lost(store: &Store) {
    create(store, 1, ROOMY).await.unwrap();
    let mut updaters = JoinSet::new();
    for number in 0..30_i64 {
        let store = store.clone();
        updaters.spawn(async move {
            let revise = |room: &mut Room| {
                room.name.push('x');
                room.updated_at += number;
                Ok::<_, StoreError>(())
            };
            store.update_room(&home(), &arn(&home(), KIND, 1), revise).await.unwrap();
        });
    }
    updaters.join_all().await;
    let room = store.room(&home(), &arn(&home(), KIND, 1)).await.unwrap().unwrap();
    assert_eq!((room.name, room.updated_at), (format!("room-1{}", "x".repeat(30)), 1 + 29 * 30 / 2));
}

pub(crate) async fn the_quota_of_rooms_holds_under_a_race_and_a_deletion_makes_room(store: &Store) {
    let mut creators = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        creators.spawn(async move { create(&store, number, 10).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = creators.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 40));
    let quota = |result: &_| matches!(result, Err(StoreError::ResourceQuota { kind: KIND, limit: 10 }));
    assert!(refused.iter().all(quota), "{refused:?}");
    let page = store.rooms(&home(), &RoomFilter::default(), RecentRequest::first(99)).await.unwrap();
    store.delete_room(&home(), &page.items[9].arn).await.unwrap();
    create(store, 50, 10).await.unwrap();
    assert!(quota(&create(store, 51, 10).await));
}

pub(crate) async fn a_room_is_logged_only_to_what_its_tenant_has_and_what_is_active(store: &Store) {
    let (home, abroad) = (home(), tenant("123456789012", "eu-west-1"));
    let theirs = logging_configuration(&abroad, 7);
    store.create_logging_configuration(&theirs, ROOMY).await.unwrap();
    let unready = LoggingConfiguration { state: LoggingState::Creating, ..logging_configuration(&home, 2) };
    store.create_logging_configuration(&unready, ROOMY).await.unwrap();
    store.create_logging_configuration(&logging_configuration(&home, 1), ROOMY).await.unwrap();
    create(store, 1, ROOMY).await.unwrap();
    let foreign_kind = arn(&home, KIND, 1);
    for (bad, active) in [(log(9), true), (theirs.arn, true), (foreign_kind, true), (unready.arn, false)] {
        let told = |error: &StoreError| match error {
            StoreError::NoSuchResource { arn } => active && *arn == bad,
            StoreError::NotActive { arn } => !active && *arn == bad,
            _ => false,
        };
        let logging_configurations = vec![log(1), bad.clone()];
        let new = Room { logging_configurations: logging_configurations.clone(), ..room(&home, 2) };
        let refused = store.create_room(&new, ROOMY).await.unwrap_err();
        assert!(told(&refused), "{refused:?}");
        assert_eq!(store.room(&home, &new.arn).await.unwrap(), None);
        let revise = |room: &mut Room| {
            room.logging_configurations = logging_configurations;
            Ok::<_, StoreError>(())
        };
        let refused = store.update_room(&home, &arn(&home, KIND, 1), revise).await.unwrap_err();
        assert!(told(&refused), "{refused:?}");
        assert_eq!(store.room(&home, &arn(&home, KIND, 1)).await.unwrap(), Some(room(&home, 1)));
    }
    let twice = Room { logging_configurations: vec![log(1), log(1)], ..room(&home, 3) };
    store.create_room(&twice, ROOMY).await.unwrap();
    assert_eq!(store.room(&home, &twice.arn).await.unwrap(), Some(twice));
}

pub(crate) async fn a_room_stays_logged_to_what_has_failed_since(store: &Store) {
    let home = home();
    store.create_logging_configuration(&logging_configuration(&home, 1), ROOMY).await.unwrap();
    let made = Room { logging_configurations: vec![log(1)], ..room(&home, 1) };
    store.create_room(&made, ROOMY).await.unwrap();
    let fail = |log: &mut LoggingConfiguration| {
        log.state = LoggingState::UpdateFailed;
        Ok::<_, StoreError>(())
    };
    store.update_logging_configuration(&home, &log(1), fail).await.unwrap();
    assert_eq!(touch(store, 1, 9).await, Room { updated_at: 9, ..made });
}

pub(crate) async fn the_rooms_that_are_logged_somewhere_are_listed_in_creation_order(store: &Store) {
    let home = home();
    for number in [1, 2] {
        store.create_logging_configuration(&logging_configuration(&home, number), ROOMY).await.unwrap();
    }
    for number in [4, 2, 3, 1] {
        let logs = if number == 3 { vec![log(2)] } else { vec![log(1), log(2)] };
        let made = Room { logging_configurations: logs, ..room(&home, number) };
        store.create_room(&made, ROOMY).await.unwrap();
    }
    let first = store.rooms_logged_to(&log(1), PageRequest::first(2)).await.unwrap();
    assert_eq!(first.items, [4, 2].map(|number| arn(&home, KIND, number)));
    let request = PageRequest { after: first.next.expect("a third one"), limit: 2 };
    let rest = store.rooms_logged_to(&log(1), request).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![arn(&home, KIND, 1)], None));
    let all = store.rooms_logged_to(&log(2), PageRequest::first(9)).await.unwrap();
    assert_eq!(all.items, [4, 2, 3, 1].map(|number| arn(&home, KIND, number)));
    let none = store.rooms_logged_to(&log(9), PageRequest::first(9)).await.unwrap();
    assert_eq!((none.items, none.next), (vec![], None));
}

pub(crate) async fn no_room_is_logged_to_a_configuration_that_is_gone(store: &Store) {
    let home = home();
    for number in 0..20 {
        store.create_logging_configuration(&logging_configuration(&home, number), ROOMY).await.unwrap();
        let logged = Room { logging_configurations: vec![log(number)], ..room(&home, number) };
        let mut race = JoinSet::new();
        let to_create = store.clone();
        race.spawn(async move { to_create.create_room(&logged, ROOMY).await });
        let (to_delete, tenant) = (store.clone(), home.clone());
        race.spawn(async move { to_delete.delete_logging_configuration(&tenant, &log(number)).await });
        let lost: Vec<_> = race.join_all().await.into_iter().filter_map(Result::err).collect();
        let [lost] = lost.as_slice() else { panic!("one of the two acts, never both or neither: {lost:?}") };
        let told = matches!(lost, StoreError::Attached { .. } | StoreError::NoSuchResource { .. });
        assert!(told, "{lost:?}");
    }
}
