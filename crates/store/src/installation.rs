//! Secrets of this installation, made once and kept.
//!
//! Promise: whoever asks for a name, in whatever process and however often, gets the same bytes.

use crate::Store;
use crate::database::Value;
use crate::error::StoreError;

const OBJECT: &str = "the installation's secret";
const KEEP: &str = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
const GET: &str = "SELECT value FROM secrets WHERE name = $1";

impl Store {
    /// The secret of this name; `fresh` becomes it when there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Write`] or [`StoreError::Read`] when the database fails.
    pub async fn installation_secret(&self, name: &str, fresh: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        change.execute(KEEP, &[Value::Text(name), Value::Bytes(fresh)]).await?;
        let rows = change.fetch(GET, &[Value::Text(name)]).await?;
        let kept = rows.first().map_or_else(|| Ok(fresh.to_vec()), |row| row.bytes(0))?;
        change.commit().await?;
        Ok(kept)
    }
}
