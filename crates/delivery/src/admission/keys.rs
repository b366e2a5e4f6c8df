//! The public keys that viewers' tokens are proven with, by tenant.
//!
//! Promise: keys are at most a second old, so that a deleted one opens nothing after that, and before a token is
//! refused they are as new as its request, so that one that was just imported opens at once. While the database is
//! away those that were read last stay good for ten minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth::playback_token::PlaybackKey;
use store::{PageRequest, Store, StoreError, Tenant};
use tokio::time::timeout;

use crate::error::Error;

/// How old keys may be.
const FRESH: Duration = Duration::from_secs(1);
/// How old they may be while no newer ones can be read. Without the database nobody can delete one either.
const STALE: Duration = Duration::from_secs(600);
/// How long to wait for the database.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bad tokens have keys read again at most so often.
const PACE: Duration = Duration::from_millis(20);
/// Keys that are read at a time.
const PAGE: u32 = 100;

/// A tenant's keys.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) keys: Vec<PlaybackKey>,
    /// What they were made from.
    digits: Vec<String>,
}

/// Keys that were read at some time. Reading the same again gives the same.
#[derive(Clone, Debug)]
pub(super) struct Held(pub(super) Arc<Ring>);

impl Held {
    /// Is it the same set?
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Knows the keys of the tenants that have private channels on air; a tenant once known is not forgotten.
#[derive(Debug)]
pub(super) struct Keys {
    store: Store,
    drawers: Mutex<HashMap<String, Arc<Drawer>>>,
}

#[derive(Debug, Default)]
struct Drawer {
    /// Held while keys are read, so that all who wait for them share one look.
    content: tokio::sync::Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    held: Option<(Held, Instant)>,
    /// When the database did not answer.
    failed: Option<Instant>,
}

impl Keys {
    pub(super) fn new(store: Store) -> Self {
        Self { store, drawers: Mutex::default() }
    }

    /// Keys that are at most a second old.
    ///
    /// # Errors
    /// [`Error::Unsure`] when there are none but very old ones.
    pub(super) async fn recent(&self, tenant: &Tenant) -> Result<Held, Error> {
        let now = Instant::now();
        self.as_of(tenant, now.checked_sub(FRESH).unwrap_or(now)).await
    }

    /// Keys that were read at this time or later.
    ///
    /// # Errors
    /// Those of [`Keys::recent`].
    pub(super) async fn as_of(&self, tenant: &Tenant, time: Instant) -> Result<Held, Error> {
        let drawer = self.drawer(tenant);
        let mut content = drawer.content.lock().await;
        if let Some((held, read_at)) = &content.held {
            if *read_at >= time {
                return Ok(held.clone());
            }
            tokio::time::sleep_until((*read_at + PACE).into()).await;
        }
        if content.failed.is_none_or(|failed| failed.elapsed() >= FRESH) {
            let began = Instant::now();
            match timeout(PATIENCE, self.read(tenant)).await {
                Ok(Ok(digits)) => {
                    let same = content.held.take().filter(|(held, _)| held.0.digits == digits);
                    let held = same.map_or_else(|| Held(Arc::new(ring(digits))), |(held, _)| held);
                    *content = Content { held: Some((held.clone(), began)), failed: None };
                    return Ok(held);
                }
                failure => {
                    let why = match failure {
                        Ok(Err(error)) => domain::chain(&error),
                        _ => "it does not answer".to_owned(),
                    };
                    tracing::warn!(why, account = %tenant.account, "playback keys can't be read");
                    content.failed = Some(Instant::now());
                }
            }
        }
        let usable = content.held.as_ref().filter(|(_, read_at)| read_at.elapsed() < STALE);
        usable.map(|(held, _)| held.clone()).ok_or(Error::Unsure)
    }

    fn drawer(&self, tenant: &Tenant) -> Arc<Drawer> {
        let name = format!("{}/{}", tenant.account, tenant.region);
        let mut drawers = self.drawers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(drawers.entry(name).or_default())
    }

    async fn read(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        let (mut digits, mut request) = (Vec::new(), PageRequest::first(PAGE));
        loop {
            let page = self.store.playback_key_pairs(tenant, request).await?;
            digits.extend(page.items.into_iter().map(|pair| pair.public_key));
            let Some(after) = page.next else { return Ok(digits) };
            request = PageRequest { after, limit: PAGE };
        }
    }
}

fn ring(digits: Vec<String>) -> Ring {
    let keys = digits.iter().filter_map(|digits| PlaybackKey::from_der(&hex::decode(digits).ok()?)).collect();
    Ring { keys, digits }
}
