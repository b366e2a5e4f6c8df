//! Chat rooms.
//!
//! Promise: never more than the quota; never logged to what is not there; of two updates at once neither is
//! lost; a list runs from the latest change backwards and costs the same whatever it is filtered by.

use domain::{Arn, ResourceKind, Room};

use crate::Store;
use crate::database::{Address, Row, Value, body};
use crate::error::StoreError;
use crate::page::{Position, Recent, RecentPage, RecentRequest, Tenant};

const OBJECT: &str = "a room";
const KIND: ResourceKind = ResourceKind::Room;
const INSERT: &str = "INSERT INTO rooms (arn, account, region, name, updated_at, review_handler, body) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const GET: &str = "SELECT body FROM rooms WHERE arn = $1 AND account = $2 AND region = $3";
const PUT: &str = "UPDATE rooms SET name = $4, updated_at = $5, review_handler = $6, body = $7, \
    version = version + 1 WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM rooms WHERE arn = $1 AND account = $2 AND region = $3";

/// All of a tenant's rooms, and what else they must be.
macro_rules! list {
    ($($condition:literal),*) => {
        concat!(
            "SELECT updated_at, position, body FROM rooms WHERE account = $1 AND region = $2 ",
            "AND (updated_at, position) < ($3, $4) ",
            $("AND ", $condition, " ",)*
            "ORDER BY updated_at DESC, position DESC LIMIT $5"
        )
    };
}

/// The rooms of a tenant that are logged to `$6`, and what else they must be. A cross join has SQLite look
/// for them in this order.
macro_rules! list_logged {
    ($($condition:literal),*) => {
        concat!(
            "SELECT rooms.updated_at, rooms.position, rooms.body FROM room_logs CROSS JOIN rooms ",
            "WHERE room_logs.configuration = $6 AND (room_logs.updated_at, room_logs.room) < ($3, $4) ",
            "AND rooms.position = room_logs.room AND rooms.account = $1 AND rooms.region = $2 ",
            $("AND ", $condition, " ",)*
            "ORDER BY room_logs.updated_at DESC, room_logs.room DESC LIMIT $5"
        )
    };
}

// The second mention of the review handler is what its partial index asks for.
const LIST: &str = list!();
const LIST_NAMED: &str = list!("name = $6");
const LIST_REVIEWED: &str = list!("review_handler = $6", "review_handler <> ''");
const LIST_NAMED_REVIEWED: &str = list!("name = $6", "review_handler = $7", "review_handler <> ''");
const LIST_LOGGED: &str = list_logged!();
const LIST_LOGGED_NAMED: &str = list_logged!("rooms.name = $7");
const LIST_LOGGED_REVIEWED: &str = list_logged!("rooms.review_handler = $7");
const LIST_LOGGED_NAMED_REVIEWED: &str = list_logged!("rooms.name = $7", "rooms.review_handler = $8");

/// Which rooms a list holds: those that are all that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// Reviewed by the handler of this URI; none are reviewed by the empty one.
    pub review_handler_uri: Option<String>,
    /// Logged to this logging configuration.
    pub logging_configuration: Option<Arn>,
}

impl RoomFilter {
    fn statement(&self) -> &'static str {
        match (&self.logging_configuration, &self.name, &self.review_handler_uri) {
            (None, None, None) => LIST,
            (None, Some(_), None) => LIST_NAMED,
            (None, None, Some(_)) => LIST_REVIEWED,
            (None, Some(_), Some(_)) => LIST_NAMED_REVIEWED,
            (Some(_), None, None) => LIST_LOGGED,
            (Some(_), Some(_), None) => LIST_LOGGED_NAMED,
            (Some(_), None, Some(_)) => LIST_LOGGED_REVIEWED,
            (Some(_), Some(_), Some(_)) => LIST_LOGGED_NAMED_REVIEWED,
        }
    }
}

impl Store {
    /// Makes a room of the tenant in its ARN, who has at most `quota` afterwards.
    ///
    /// # Errors
    /// [`StoreError::ResourceQuota`]; [`StoreError::NoSuchResource`] when the tenant does not have what the
    /// room is logged to, [`StoreError::NotActive`] when it has but nothing can be logged there;
    /// [`StoreError::Write`], also when the ARN is taken.
    pub async fn create_room(&self, room: &Room, quota: u32) -> Result<(), StoreError> {
        let tenant = Tenant::of(&room.arn);
        let row = Columns::of(room, &tenant)?;
        let mut change = self.database.begin(OBJECT).await?;
        change.check_logs(&tenant, None, room).await?;
        if !change.take_place(&tenant, KIND, quota).await? {
            return Err(StoreError::ResourceQuota { kind: KIND, limit: quota });
        }
        change.execute(INSERT, &row.values()).await?;
        change.put_logs(None, room).await?;
        change.commit().await
    }

    /// The tenant's room of this name; `None` when there is none, also when it is someone else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn room(&self, tenant: &Tenant, arn: &Arn) -> Result<Option<Room>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the tenant's rooms, from the latest change backwards.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn rooms(
        &self,
        tenant: &Tenant,
        filter: &RoomFilter,
        request: RecentRequest,
    ) -> Result<RecentPage<Room>, StoreError> {
        let behind = request.behind();
        let configuration = filter.logging_configuration.as_ref().map(Arn::to_string);
        let mut values = vec![
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(behind.updated_at),
            Value::Integer(behind.position.get()),
            Value::Integer(request.probe()),
        ];
        let wanted = [configuration.as_ref(), filter.name.as_ref(), filter.review_handler_uri.as_ref()];
        values.extend(wanted.into_iter().flatten().map(|wanted| Value::Text(wanted)));
        let rows = self.database.fetch("the rooms", filter.statement(), &values).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(|row| Ok((recent(row)?, row.body(2)?))).collect();
        Ok(RecentPage::cut(rows?, request))
    }

    /// Changes a room as `revise` says, which sees it as it is now, sets its time, and may refuse; nobody
    /// else changes it meanwhile. Gives the room as it is afterwards. Its ARN stays.
    ///
    /// # Errors
    /// What `revise` refuses with; [`StoreError::NoSuchResource`] when the tenant has no such room, or not
    /// what it would newly be logged to; [`StoreError::NotActive`] when nothing can be logged there;
    /// [`StoreError::Write`].
    pub async fn update_room<E: From<StoreError>>(
        &self,
        tenant: &Tenant,
        arn: &Arn,
        revise: impl FnOnce(&mut Room) -> Result<(), E>,
    ) -> Result<Room, E> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let before: Room = row.body(0)?;
        let mut after = before.clone();
        revise(&mut after)?;
        if after == before {
            return Ok(after);
        }
        change.check_logs(tenant, Some(&before), &after).await?;
        change.execute(PUT, &Columns::of(&after, tenant)?.values()).await?;
        change.put_logs(Some(&before), &after).await?;
        change.commit().await?;
        Ok(after)
    }

    /// Deletes a room and all of its restrictions.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn delete_room(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(DELETE, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: arn.clone() });
        }
        change.give_place_back(tenant, KIND).await?;
        change.commit().await
    }
}

fn recent(row: &Row) -> Result<Recent, StoreError> {
    Ok(Recent { updated_at: row.integer(0)?, position: Position::new(row.integer(1)?) })
}

/// A room as its row holds it.
struct Columns<'a> {
    address: Address,
    name: &'a str,
    updated_at: i64,
    review_handler: &'a str,
    body: String,
}

impl<'a> Columns<'a> {
    fn of(room: &'a Room, tenant: &Tenant) -> Result<Self, StoreError> {
        Ok(Self {
            address: Address::of(&room.arn, tenant),
            name: &room.name,
            updated_at: room.updated_at,
            review_handler: room.review_handler.as_ref().map_or("", |handler| &handler.uri),
            body: body(OBJECT, room)?,
        })
    }

    fn values(&self) -> [Value<'_>; 7] {
        let [arn, account, region] = self.address.values();
        let [name, handler, body] = [self.name, self.review_handler, &self.body].map(Value::Text);
        [arn, account, region, name, Value::Integer(self.updated_at), handler, body]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_list_of_rooms_walks_the_index_of_its_filter_in_order() {
        let store = Store::in_memory().await.expect("an empty database");
        for (sql, index) in [
            (LIST, "rooms_by_tenant"),
            (LIST_NAMED, "rooms_by_name"),
            (LIST_REVIEWED, "rooms_by_review_handler"),
            (LIST_LOGGED, "room_logs_by_time"),
            (LIST_LOGGED_NAMED, "room_logs_by_time"),
            (LIST_LOGGED_REVIEWED, "room_logs_by_time"),
            (LIST_LOGGED_NAMED_REVIEWED, "room_logs_by_time"),
        ] {
            let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let (text, integer) = (Value::Text("x"), Value::Integer(1));
            let values = [text, text, integer, integer, integer, text, text, text];
            let rows = store.database.fetch("a plan", sql, &values).await.expect("a plan");
            let plan: Vec<_> = rows.iter().filter_map(|row| row.text(3).ok()).collect();
            let step = plan.first().expect("a step");
            // SQLite looks through the rooms of one millisecond for the place to go on from.
            let starts = step.contains("updated_at<?") || step.contains("(updated_at,room)<(?,?)");
            assert!(step.contains(&format!("INDEX {index} (")) && starts, "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "no sorting: {plan:?}");
        }
    }
}
