//! Chat tokens that were used: each opens one connection.
//!
//! Promise: of all calls that name a token, on whatever node, one is told that it was the first, and is told
//! so only when every later call, also one after a power cut, will hear otherwise.

use crate::Store;
use crate::database::{BothWays, Value};
use crate::error::StoreError;

const OBJECT: &str = "used chat tokens";
const SPEND: BothWays = BothWays {
    sqlite: "INSERT INTO spent_chat_tokens (expires_at, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO spent_chat_tokens (expires_at, id) \
        SELECT * FROM unnest($1::bigint[], $2::bytea[]) ON CONFLICT DO NOTHING RETURNING expires_at, id",
};
const LAST_OF_SLICE: &str = "SELECT expires_at FROM spent_chat_tokens WHERE expires_at < $1 \
    ORDER BY expires_at LIMIT 1 OFFSET 5000";
const FORGET: &str = "DELETE FROM spent_chat_tokens WHERE expires_at < $1";

/// A token that is used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpentToken {
    /// Names the token among all.
    pub id: [u8; 16],
    /// The time that is sealed within the token, in milliseconds since 1970: always the same for the same
    /// token, since the two together are what is kept.
    pub expires_at: i64,
}

impl Store {
    /// Uses tokens, all in one commit; tells of each, in the order given, whether this was its first use. Of a
    /// token that is named twice the first mention counts.
    ///
    /// # Errors
    /// [`StoreError::Write`]; the tokens may be used up or not then, and whoever brings one must be sent away.
    pub async fn spend_chat_tokens(&self, tokens: &[SpentToken]) -> Result<Vec<bool>, StoreError> {
        // In the order of the index, which is also one that no two nodes can wait for each other in.
        let mut order: Vec<_> = (0..tokens.len()).collect();
        let key = |place: usize| (tokens[place].expires_at, tokens[place].id);
        order.sort_by_key(|place| (key(*place), *place));
        order.dedup_by_key(|place| key(*place));
        let mut first = vec![false; tokens.len()];
        if tokens.is_empty() {
            return Ok(first);
        }
        let keys: Vec<_> = order.iter().map(|place| key(*place)).collect();
        for (place, new) in order.iter().zip(self.database.put_new(OBJECT, SPEND, &keys).await?) {
            first[*place] = new;
        }
        Ok(first)
    }

    /// Forgets the tokens that ran out before a time, in milliseconds since 1970; tells how many. They must
    /// be ones that no node lets in any more. Others may write between the slices that this is done in.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Write`]; some may be forgotten then.
    pub async fn forget_spent_chat_tokens(&self, expired_before_ms: i64) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let until = [Value::Integer(expired_before_ms)];
            let last = self.database.fetch_optional(OBJECT, LAST_OF_SLICE, &until).await?;
            let slice = last.map(|row| row.integer(0)).transpose()?;
            let until = slice.map_or(expired_before_ms, |last| last.saturating_add(1));
            let mut change = self.database.begin(OBJECT).await?;
            forgotten += change.execute(FORGET, &[Value::Integer(until)]).await?;
            change.commit().await?;
            if slice.is_none() {
                return Ok(forgotten);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn to_forget_used_tokens_does_not_walk_all_of_them() {
        let store = Store::in_memory().await.expect("an empty database");
        for sql in [LAST_OF_SLICE, FORGET] {
            let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let rows = store.database.fetch("a plan", sql, &[Value::Integer(1)]).await.expect("a plan");
            let plan: Vec<_> = rows.iter().filter_map(|row| row.text(3).ok()).collect();
            let [step] = plan.as_slice() else { panic!("no sorting: {plan:?}") };
            assert!(step.contains("PRIMARY KEY (expires_at<?)"), "{step}");
        }
    }
}
