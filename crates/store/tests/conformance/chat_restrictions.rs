//! Bans and mutes on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{Arn, ChatRestriction, ResourceKind, RestrictionKind};
use store::{Store, StoreError};

use crate::sample::{arn, home, room};

async fn furnish(store: &Store, number: usize) -> Arn {
    store.create_room(&room(&home(), number), 100).await.unwrap();
    arn(&home(), ResourceKind::Room, number)
}

fn restriction(user: &str, kind: RestrictionKind, until: Option<i64>) -> ChatRestriction {
    ChatRestriction { user: user.to_owned(), kind, until, reason: None }
}

pub(crate) async fn restrictions_of_a_room_are_listed_by_user(store: &Store) {
    let (one, other) = (furnish(store, 1).await, furnish(store, 2).await);
    let reason = Some("told twice, \"politely\"\nand \0".to_owned());
    let ban = ChatRestriction { reason, ..restriction("bea", RestrictionKind::Ban, Some(7)) };
    let mute = restriction("bea", RestrictionKind::Mute, None);
    let early = restriction("amy \u{1f642} \0 '", RestrictionKind::Mute, Some(i64::MAX));
    for restriction in [&mute, &ban, &early] {
        store.put_chat_restriction(&one, restriction).await.unwrap();
    }
    assert_eq!(store.chat_restrictions(&one).await.unwrap(), [early, ban, mute]);
    assert_eq!(store.chat_restrictions(&other).await.unwrap(), []);
}

pub(crate) async fn the_latest_of_a_kind_takes_the_place_of_the_one_before(store: &Store) {
    let room = furnish(store, 1).await;
    for until in [Some(5), None, Some(9)] {
        let ban = restriction("amy", RestrictionKind::Ban, until);
        store.put_chat_restriction(&room, &ban).await.unwrap();
        assert_eq!(store.chat_restrictions(&room).await.unwrap(), [ban]);
    }
}

pub(crate) async fn a_lifted_restriction_is_gone_and_the_other_kind_stays(store: &Store) {
    let room = furnish(store, 1).await;
    let [ban, mute] =
        [RestrictionKind::Ban, RestrictionKind::Mute].map(|kind| restriction("amy", kind, None));
    for restriction in [&ban, &mute] {
        store.put_chat_restriction(&room, restriction).await.unwrap();
    }
    assert!(!store.lift_chat_restriction(&room, "bea", RestrictionKind::Ban).await.unwrap());
    assert!(store.lift_chat_restriction(&room, "amy", RestrictionKind::Ban).await.unwrap());
    assert!(!store.lift_chat_restriction(&room, "amy", RestrictionKind::Ban).await.unwrap());
    assert_eq!(store.chat_restrictions(&room).await.unwrap(), [mute]);
}

pub(crate) async fn restrictions_go_with_their_room(store: &Store) {
    let name = furnish(store, 1).await;
    let ban = restriction("amy", RestrictionKind::Ban, None);
    store.put_chat_restriction(&name, &ban).await.unwrap();
    store.delete_room(&home(), &name).await.unwrap();
    assert_eq!(store.chat_restrictions(&name).await.unwrap(), []);
    let refused = store.put_chat_restriction(&name, &ban).await;
    assert!(matches!(refused, Err(StoreError::NoSuchResource { arn }) if arn == name));
    furnish(store, 1).await;
    assert_eq!(store.chat_restrictions(&name).await.unwrap(), []);
}

pub(crate) async fn what_has_ended_is_forgotten(store: &Store) {
    let (one, other) = (furnish(store, 1).await, furnish(store, 2).await);
    let (over, running) = (Some(9), Some(10));
    for (room, user, until) in
        [(&one, "a", over), (&one, "b", running), (&one, "c", None), (&other, "d", over)]
    {
        let mute = restriction(user, RestrictionKind::Mute, until);
        store.put_chat_restriction(room, &mute).await.unwrap();
    }
    assert_eq!(store.forget_chat_restrictions(10).await.unwrap(), 2);
    let left = store.chat_restrictions(&one).await.unwrap();
    assert_eq!(left.iter().map(|one| one.user.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(store.chat_restrictions(&other).await.unwrap(), []);
}
