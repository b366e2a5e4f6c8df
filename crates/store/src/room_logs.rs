//! Which rooms are logged to which logging configurations.
//!
//! Promise: within one change a room is logged only to what its own tenant has and what was ACTIVE when it
//! was named, and no logging configuration goes while a room is logged to it.

use domain::{Arn, LoggingConfiguration, LoggingState, Room};

use crate::Store;
use crate::database::{Address, Change, Value};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Position, Tenant};

const GET: &str = "SELECT body FROM logging_configurations WHERE arn = $1 AND account = $2 AND region = $3";
const CLEAR: &str = "DELETE FROM room_logs WHERE room = (SELECT position FROM rooms WHERE arn = $1)";
const PUT: &str = "INSERT INTO room_logs (configuration, room, updated_at) \
    SELECT $2, position, updated_at FROM rooms WHERE arn = $1 ON CONFLICT DO NOTHING";
const ATTACHED: &str =
    "SELECT COUNT(*) FROM (SELECT 1 FROM room_logs WHERE configuration = $1 LIMIT 1) AS logged";
const LIST: &str = "SELECT room_logs.room, rooms.arn FROM room_logs CROSS JOIN rooms \
    WHERE rooms.position = room_logs.room AND room_logs.configuration = $1 AND room_logs.room > $2 \
    ORDER BY room_logs.room LIMIT $3";

impl Store {
    /// A page of the rooms that are logged to a logging configuration, in creation order.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn rooms_logged_to(
        &self,
        configuration: &Arn,
        request: PageRequest,
    ) -> Result<Page<Arn>, StoreError> {
        let name = configuration.to_string();
        let values =
            [Value::Text(&name), Value::Integer(request.after.get()), Value::Integer(request.probe())];
        let rows = self.database.fetch("the rooms that are logged", LIST, &values).await?;
        let rows: Result<Vec<_>, _> =
            rows.iter().map(|row| Ok((Position::new(row.integer(0)?), row.arn(1)?))).collect();
        Ok(Page::cut(rows?, request))
    }
}

impl Change {
    /// Refuses a room that would newly be logged to something which its tenant does not have, or which is
    /// not ACTIVE. What it was logged to before is known to be there, and may have failed since.
    pub(crate) async fn check_logs(
        &mut self,
        tenant: &Tenant,
        before: Option<&Room>,
        after: &Room,
    ) -> Result<(), StoreError> {
        let before = before.map_or(&[][..], |room| &room.logging_configurations);
        for arn in after.logging_configurations.iter().filter(|arn| !before.contains(arn)) {
            let rows = self.fetch(GET, &Address::of(arn, tenant).values()).await?;
            let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
            if row.body::<LoggingConfiguration>(0)?.state != LoggingState::Active {
                return Err(StoreError::NotActive { arn: arn.clone() });
            }
        }
        Ok(())
    }

    /// Writes down where a room, whose row is written already, is logged.
    pub(crate) async fn put_logs(&mut self, before: Option<&Room>, after: &Room) -> Result<(), StoreError> {
        let arn = after.arn.to_string();
        if before.is_some_and(|room| !room.logging_configurations.is_empty()) {
            self.execute(CLEAR, &[Value::Text(&arn)]).await?;
        }
        for configuration in &after.logging_configurations {
            self.execute(PUT, &[Value::Text(&arn), Value::Text(&configuration.to_string())]).await?;
        }
        Ok(())
    }

    /// Refuses when a room is logged to it.
    pub(crate) async fn check_unlogged(&mut self, arn: &Arn) -> Result<(), StoreError> {
        match self.count(ATTACHED, &[Value::Text(&arn.to_string())]).await? {
            0 => Ok(()),
            _ => Err(StoreError::Attached { arn: arn.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn to_ask_who_is_logged_somewhere_does_not_walk_all_rooms() {
        let store = Store::in_memory().await.expect("an empty database");
        for (sql, index) in
            [(ATTACHED, "(configuration=?)"), (LIST, "PRIMARY KEY"), (CLEAR, "room_logs_by_room")]
        {
            let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let values = [Value::Text("x"), Value::Integer(1), Value::Integer(1)];
            let rows = store.database.fetch("a plan", sql, &values).await.expect("a plan");
            let plan: Vec<_> = rows.iter().filter_map(|row| row.text(3).ok()).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
            let slow = |step: &&str| step.contains("SCAN room") || step.contains("B-TREE");
            assert!(!plan.iter().any(slow), "{plan:?}");
        }
    }
}
