//! What is known of the line to the server.
//!
//! Promise: a server that refuses is known to do so within a moment and by its own words, where the pool
//! would try on until its time limit and then only say that time is up; however many ask, the server is
//! tried twice a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, Postgres};
use sqlx::{ConnectOptions as _, Connection as _, Pool};
use tokio::sync::Mutex;

use crate::error::DatabaseError;

/// How long a connection may take before the server is asked whether it takes any. In a working pool one
/// comes back within milliseconds.
const MOMENT: Duration = Duration::from_millis(250);

/// For how long an answer holds.
const HOLDS: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Line {
    options: PgConnectOptions,
    /// Where the server is, for the text of an error.
    place: String,
    start: Instant,
    /// When the line was last found cut, in milliseconds since the start.
    cut: AtomicU64,
    /// When the server was last asked, and how it refused.
    refusal: Mutex<Option<(Instant, Option<DatabaseError>)>>,
}

impl Line {
    pub(super) fn new(options: PgConnectOptions, place: String) -> Self {
        Self { options, place, start: Instant::now(), cut: AtomicU64::new(0), refusal: Mutex::new(None) }
    }

    /// A connection of this pool.
    pub(super) async fn acquire(
        &self,
        pool: &Pool<Postgres>,
    ) -> Result<PoolConnection<Postgres>, DatabaseError> {
        let mut acquiring = Box::pin(pool.acquire());
        let acquired = match tokio::time::timeout(MOMENT, &mut acquiring).await {
            Ok(acquired) => acquired,
            Err(_) => match self.refusal().await {
                Some(refusal) => return Err(refusal),
                None => acquiring.await,
            },
        };
        acquired.map_err(|error| match error {
            sqlx::Error::Io(_) => DatabaseError::away(&self.place, error),
            error => error.into(),
        })
    }

    /// How the server refuses a new connection, when it does.
    async fn refusal(&self) -> Option<DatabaseError> {
        let mut last = self.refusal.lock().await;
        if let Some((asked, refusal)) = &*last
            && asked.elapsed() < HOLDS
        {
            return refusal.clone();
        }
        let refusal = match super::soon(self.options.connect()).await {
            Ok(connection) => {
                // Whether it ends in good order is of no interest.
                let _ = super::soon(connection.close()).await;
                None
            }
            Err(error) => Some(DatabaseError::away(&self.place, error)),
        };
        *last = Some((Instant::now(), refusal.clone()));
        refusal
    }

    /// The line was found cut: connections that were idle before this are not to be trusted.
    pub(super) fn note_cut(&self) {
        self.cut.store(self.now(), Ordering::Relaxed);
    }

    /// Was it cut since a connection became idle?
    pub(super) fn was_cut_within(&self, idle: Duration) -> bool {
        u128::from(self.now().saturating_sub(self.cut.load(Ordering::Relaxed))) <= idle.as_millis()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
