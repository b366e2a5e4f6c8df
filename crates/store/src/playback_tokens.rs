//! Playback tokens for one use that were used.
//!
//! Promise: of all calls that name a token, on whatever node, one is told that it was the first, and is told
//! so only when every later call, also one after a power cut, will hear otherwise.

use crate::Store;
use crate::database::{BothWays, Value};
use crate::error::StoreError;

const OBJECT: &str = "used playback tokens";
const SPEND: BothWays = BothWays {
    sqlite: "INSERT INTO spent_playback_tokens (expires_at, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO spent_playback_tokens (expires_at, id) \
        SELECT * FROM unnest($1::bigint[], $2::bytea[]) ON CONFLICT DO NOTHING RETURNING expires_at, id",
};
const IS_SPENT: &str = "SELECT 1 FROM spent_playback_tokens WHERE id = $1";
const FORGET: &str = "DELETE FROM spent_playback_tokens WHERE id IN (SELECT id FROM spent_playback_tokens \
    WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

impl Store {
    /// Uses a token; tells whether this was its first use. `id` names it among all, and `expires_at` is when it
    /// opens nothing any more in any case, in milliseconds since 1970: it is kept until then.
    ///
    /// # Errors
    /// [`StoreError::Write`]; the token may be used up or not then, and whoever brings it must be sent away.
    pub async fn spend_playback_token(&self, id: [u8; 16], expires_at: i64) -> Result<bool, StoreError> {
        let first = self.database.put_new(OBJECT, SPEND, &[(expires_at, id)]).await?;
        Ok(first == [true])
    }

    /// Was a token used, on whatever node?
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn is_playback_token_spent(&self, id: [u8; 16]) -> Result<bool, StoreError> {
        let found = self.database.fetch_optional(OBJECT, IS_SPENT, &[Value::Bytes(&id)]).await?;
        Ok(found.is_some())
    }

    /// Forgets at most so many of the tokens that ran out before a time, in milliseconds since 1970, the oldest
    /// first; tells how many. They must be ones that no node lets in any more.
    ///
    /// # Errors
    /// [`StoreError::Write`]; none is forgotten then.
    pub async fn forget_spent_playback_tokens(
        &self,
        expired_before: i64,
        most: u32,
    ) -> Result<u64, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let values = [Value::Integer(expired_before), Value::Integer(most.into())];
        let forgotten = change.execute(FORGET, &values).await?;
        change.commit().await?;
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    #[tokio::test]
    async fn to_look_at_a_token_does_not_use_it() {
        let store = Store::in_memory().await.expect("memory");
        for id in [[1; 16], [2; 16]] {
            assert!(!store.is_playback_token_spent(id).await.expect("read"));
            assert!(!store.is_playback_token_spent(id).await.expect("read"));
            assert!(store.spend_playback_token(id, 5).await.expect("written"));
            assert!(store.is_playback_token_spent(id).await.expect("read"));
        }
        let plan = plan(IS_SPENT).await;
        assert!(plan.contains("PRIMARY KEY (id=?)") && !plan.contains("SCAN"), "{plan}");
    }

    #[tokio::test]
    async fn to_forget_used_tokens_does_not_walk_all_of_them() {
        let plan = plan(FORGET).await;
        assert!(plan.contains("INDEX spent_playback_tokens_by_end (expires_at<?)"), "{plan}");
        assert!(plan.contains("PRIMARY KEY (id=?)") && !plan.contains("SCAN"), "{plan}");
    }
}
