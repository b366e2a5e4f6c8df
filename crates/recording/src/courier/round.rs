//! The courier at work: one errand after the other.
//!
//! Promise: playlists come after what they name, and a multivariant playlist after those.

use std::collections::HashMap;
use std::sync::Arc;

use blob::Block;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::queue::AT_ONCE;
use super::road::{Carried, Road};
use super::{Errand, Means, Place, Shared};
use crate::listing::{Listing, Playlist};
use crate::tape::{Chunk, ChunkFile};

pub(super) struct Round {
    road: Road,
    listing: Listing,
    shared: Arc<Shared>,
    /// How large the images are that others supersede.
    images: HashMap<String, u64>,
}

impl Round {
    pub(super) fn new(place: Place, listing: Listing, means: &Means, shared: Arc<Shared>) -> Self {
        let road = Road::new(place, means, Arc::clone(&shared));
        Self { road, listing, shared, images: HashMap::new() }
    }

    /// Works for ever.
    pub(super) async fn run(mut self) {
        loop {
            let next = self.shared.queue.lock().pop();
            if next.is_empty() {
                self.wait().await;
            } else {
                self.run_errands(next).await;
            }
        }
    }

    /// Waits for more to do; brings playlists that are due meanwhile.
    async fn wait(&mut self) {
        let Some(due) = self.listing.due_at() else {
            self.shared.news.notified().await;
            return;
        };
        let is_due = tokio::select! {
            () = self.shared.news.notified() => false,
            () = tokio::time::sleep_until(due) => true,
        };
        if is_due {
            self.list(false).await;
        }
    }

    async fn run_errands(&mut self, errands: Vec<Errand>) {
        let road = &self.road;
        let files: Vec<_> = errands.iter().flat_map(Errand::files).collect();
        let ways: Vec<_> = files.into_iter().map(|parcel| road.carry(parcel)).collect();
        let carried: Vec<_> = stream::iter(ways).buffered(AT_ONCE).collect().await;
        let mut carried = carried.into_iter();
        for errand in errands {
            let its: Vec<_> = carried.by_ref().take(errand.files().len()).collect();
            self.run_errand(errand, &its).await;
        }
        if self.listing.due_at().is_some_and(|due| due <= Instant::now()) {
            self.list(false).await;
        }
    }

    /// Does what is left of an errand when its files are there.
    async fn run_errand(&mut self, errand: Errand, carried: &[Carried]) {
        match errand {
            Errand::Text { key, text } => self.put(&key, text.into(), 0).await,
            Errand::Bytes { key, bytes, .. } => {
                let before = self.images.insert(key.clone(), bytes.len() as u64);
                self.put(&key, bytes, before.unwrap_or(0)).await;
            }
            Errand::Files(_) => {}
            Errand::Chunk(chunk) => self.list_chunk(chunk, carried).await,
            Errand::Target(seconds) => self.listing.raise_target(seconds),
            Errand::Close => self.list(true).await,
            // Whoever asked may be gone.
            Errand::Tell(whom) => drop(whom.send(())),
        }
    }

    /// In place of an object of `before` bytes.
    async fn put(&self, key: &str, bytes: Bytes, before: u64) {
        let length = bytes.len() as u64;
        self.road.put(key, &[Block::Bytes(bytes)]).await;
        self.shared.state.send_modify(|state| state.bytes = (state.bytes + length).saturating_sub(before));
        self.shared.count_waiting(0, length);
    }

    async fn list_chunk(&mut self, mut chunk: Chunk, carried: &[Carried]) {
        let brought = settle(&mut chunk, carried);
        let lines = Arc::new(self.listing.lines(&chunk));
        self.road.insist(0, |_| Arc::clone(&lines).write()).await;
        self.listing.add(&chunk, &lines, brought, Instant::now());
    }

    async fn list(&mut self, is_end: bool) {
        let playlists = self.listing.playlists(is_end);
        let sum: u64 = playlists.iter().map(Playlist::bytes).sum();
        let (masters, others): (Vec<_>, Vec<_>) =
            playlists.into_iter().partition(|playlist| playlist.is_master);
        for some in [others, masters] {
            let puts: Vec<_> =
                some.iter().map(|playlist| self.road.put(&playlist.key, &playlist.blocks)).collect();
            stream::iter(puts).buffer_unordered(AT_ONCE).collect::<()>().await;
        }
        self.listing.listed(Instant::now());
        self.shared.state.send_modify(|state| {
            // Multivariants stay as they are between the first time and the last.
            let now = if is_end { sum } else { sum.max(state.playlist_bytes) };
            state.bytes = (state.bytes + now).saturating_sub(state.playlist_bytes);
            state.playlist_bytes = now;
        });
    }
}

/// Leaves out the files that are lost. Gives the bytes of those that were brought just now; `None`: all were there
/// before.
fn settle(chunk: &mut Chunk, carried: &[Carried]) -> Option<u64> {
    let (mut carried, mut brought) = (carried.iter().copied(), None);
    for file in &mut chunk.files {
        let Some(ChunkFile { parcel, init, .. }) = file else { continue };
        let parcels = init.iter().filter_map(|init| init.parcel.as_ref()).chain([&*parcel]);
        let mut is_lost = false;
        for (parcel, carried) in parcels.zip(carried.by_ref()) {
            is_lost |= carried == Carried::Lost;
            if carried == Carried::Brought {
                *brought.get_or_insert(0) += parcel.bytes;
            }
        }
        if is_lost {
            *file = None;
        }
    }
    brought
}
