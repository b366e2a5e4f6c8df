//! Bans and mutes, for as long as their room exists.
//!
//! Promise: of one kind a user has at most one in a room, the latest; a room never has more than
//! [`MAX_RESTRICTIONS`].

use domain::{Arn, ChatRestriction, RestrictionKind};

use crate::Store;
use crate::database::{Address, Value, body};
use crate::error::StoreError;
use crate::page::Tenant;

const OBJECT: &str = "a chat restriction";
const HAS_ROOM: &str = "SELECT COUNT(*) FROM rooms WHERE arn = $1 AND account = $2 AND region = $3";
const COUNT_OTHERS: &str =
    "SELECT COUNT(*) FROM chat_restrictions WHERE room = $1 AND NOT (member = $2 AND kind = $3)";
const PUT: &str = "INSERT INTO chat_restrictions (room, member, kind, ends_at, body) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (room, member, kind) \
    DO UPDATE SET ends_at = excluded.ends_at, body = excluded.body";
const LIST: &str = "SELECT body FROM chat_restrictions WHERE room = $1 ORDER BY member, kind";
const LIFT: &str = "DELETE FROM chat_restrictions WHERE room = $1 AND member = $2 AND kind = $3";
const FORGET: &str = "DELETE FROM chat_restrictions WHERE ends_at < $1";

/// How many bans and mutes a room may have, those that have run out and were not yet forgotten among them.
pub const MAX_RESTRICTIONS: u32 = 10_000;

impl Store {
    /// All restrictions of a room by user, also those that have run out and were not yet forgotten; at most
    /// [`MAX_RESTRICTIONS`], none for a room that is not there.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn chat_restrictions(&self, room: &Arn) -> Result<Vec<ChatRestriction>, StoreError> {
        let rows = self.database.fetch(OBJECT, LIST, &[Value::Text(&room.to_string())]).await?;
        rows.iter().map(|row| row.body(0)).collect()
    }

    /// Restricts a user of a room, in place of what restricted the same in the same user before.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`] when the room is gone, [`StoreError::RestrictionQuota`];
    /// [`StoreError::Write`].
    pub async fn put_chat_restriction(
        &self,
        room: &Arn,
        restriction: &ChatRestriction,
    ) -> Result<(), StoreError> {
        let (address, text) = (Address::of(room, &Tenant::of(room)), body(OBJECT, restriction)?);
        let [member, kind] = named(&restriction.user, restriction.kind);
        let mut change = self.database.begin(OBJECT).await?;
        if change.count(HAS_ROOM, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: room.clone() });
        }
        let [room_name, ..] = address.values();
        if change.count(COUNT_OTHERS, &[room_name, member, kind]).await? >= i64::from(MAX_RESTRICTIONS) {
            return Err(StoreError::RestrictionQuota { room: room.clone(), limit: MAX_RESTRICTIONS });
        }
        let ends_at = Value::Integer(restriction.until.unwrap_or(i64::MAX));
        change.execute(PUT, &[room_name, member, kind, ends_at, Value::Text(&text)]).await?;
        change.commit().await
    }

    /// Lifts a restriction; false when there is none.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn lift_chat_restriction(
        &self,
        room: &Arn,
        user: &str,
        kind: RestrictionKind,
    ) -> Result<bool, StoreError> {
        let room = room.to_string();
        let [member, kind] = named(user, kind);
        let mut change = self.database.begin(OBJECT).await?;
        let lifted = change.execute(LIFT, &[Value::Text(&room), member, kind]).await?;
        change.commit().await?;
        Ok(lifted > 0)
    }

    /// Forgets the restrictions, of all rooms, that ended before a time, in milliseconds since 1970; tells
    /// how many.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn forget_chat_restrictions(&self, ended_before_ms: i64) -> Result<u64, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let forgotten = change.execute(FORGET, &[Value::Integer(ended_before_ms)]).await?;
        change.commit().await?;
        Ok(forgotten)
    }
}

fn named(user: &str, kind: RestrictionKind) -> [Value<'_>; 2] {
    [Value::Bytes(user.as_bytes()), Value::Text(kind.as_str())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "arn:aws:ivschat:us-east-1:123456789012:room/abcdefghijkl";

    /// A room that has all of its restrictions but one.
    async fn almost_full() -> (Store, Arn) {
        let store = Store::in_memory().await.expect("an empty database");
        let mut change = store.database.begin(OBJECT).await.expect("a change");
        let sql = "INSERT INTO rooms (arn, account, region, name, updated_at, review_handler, body) \
            VALUES ($1, '123456789012', 'us-east-1', '', 0, '', '{}')";
        change.execute(sql, &[Value::Text(ROOM)]).await.expect("a room");
        for number in 1..MAX_RESTRICTIONS {
            let member = format!("user-{number}");
            let [member, kind] = named(&member, RestrictionKind::Mute);
            let row = [Value::Text(ROOM), member, kind, Value::Integer(0), Value::Text("{}")];
            change.execute(PUT, &row).await.expect("a restriction");
        }
        change.commit().await.expect("a commit");
        (store, ROOM.parse().expect("an ARN"))
    }

    #[tokio::test]
    async fn a_room_has_no_more_restrictions_than_it_may() {
        let (store, room) = almost_full().await;
        let restriction =
            |user: &str, kind, until| ChatRestriction { user: user.to_owned(), kind, until, reason: None };
        let last = restriction("user-1", RestrictionKind::Ban, None);
        store.put_chat_restriction(&room, &last).await.expect("room for one");
        let refused = restriction("late", RestrictionKind::Mute, None);
        let refused = store.put_chat_restriction(&room, &refused).await;
        assert!(matches!(refused, Err(StoreError::RestrictionQuota { .. })), "{refused:?}");
        let again = restriction("user-1", RestrictionKind::Ban, Some(1));
        store.put_chat_restriction(&room, &again).await.expect("in the place of the one before");
        assert!(store.lift_chat_restriction(&room, "user-7", RestrictionKind::Mute).await.expect("a change"));
        let next = restriction("late", RestrictionKind::Mute, None);
        store.put_chat_restriction(&room, &next).await.expect("room again");
    }
}
