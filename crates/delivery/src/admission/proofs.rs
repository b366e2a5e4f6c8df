//! Proving tokens: the one thing about them that costs.
//!
//! Promise: signatures are looked at on half of the machine's cores at most, in the order in which they came, and
//! between two of them others get their turn: a flood of bad tokens keeps nobody from what he already watches. One
//! token that many viewers bring is proven once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use auth::playback_token::{PlaybackClaims, Unproven};
use aws_lc_rs::digest;
use tokio::sync::Semaphore;

use super::keys::Held;
use crate::error::Error;

/// Tokens that may wait for their turn: with two keys each, a second of one core's work.
const WAITING: usize = 1_500;
/// Proven tokens that are remembered; then all are forgotten.
const REMEMBERED: usize = 4_096;

#[derive(Debug)]
pub(super) struct Proofs {
    places: Semaphore,
    turns: Semaphore,
    /// By the token's SHA-256, with the keys that it was proven by.
    proven: Mutex<HashMap<[u8; 32], (Held, PlaybackClaims)>>,
}

impl Default for Proofs {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            places: Semaphore::new(WAITING),
            turns: Semaphore::new((cores / 2).max(1)),
            proven: Mutex::default(),
        }
    }
}

impl Proofs {
    /// The token's claims, if one of these keys has signed it. `token` is what was read.
    ///
    /// # Errors
    /// [`Error::Crowded`] when too many wait.
    pub(super) async fn prove(
        &self,
        unproven: &Unproven<'_>,
        token: &str,
        keys: &Held,
    ) -> Result<Option<PlaybackClaims>, Error> {
        let name = name(token);
        if let Some(claims) = self.recall(&name, keys) {
            return Ok(Some(claims));
        }
        let _place = self.places.try_acquire().map_err(|_| Error::Crowded)?;
        let _turn = self.turns.acquire().await.map_err(|_| Error::Crowded)?;
        // Meanwhile another viewer may have brought the same.
        if let Some(claims) = self.recall(&name, keys) {
            return Ok(Some(claims));
        }
        for key in &keys.0.keys {
            if let Some(claims) = unproven.verify(key) {
                self.remember(name, keys, &claims);
                return Ok(Some(claims));
            }
            tokio::task::yield_now().await;
        }
        Ok(None)
    }

    fn recall(&self, name: &[u8; 32], keys: &Held) -> Option<PlaybackClaims> {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.get(name).filter(|(by, _)| by.is(keys)).map(|(_, claims)| claims.clone())
    }

    fn remember(&self, name: [u8; 32], keys: &Held, claims: &PlaybackClaims) {
        // What can be used once is not brought twice.
        if claims.single_use.is_some() {
            return;
        }
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= REMEMBERED {
            proven.clear();
        }
        proven.insert(name, (keys.clone(), claims.clone()));
    }
}

fn name(token: &str) -> [u8; 32] {
    let mut name = [0; 32];
    name.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    name
}
