//! The way into the bucket, on which everything is tried until it is done.
//!
//! Promise: of what goes wrong the log has one line when it begins and one when it is over, however often is tried.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use blob::{Blobs, Block, Patience, Trouble};
use domain::chain;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{Means, Place, Shared, backoff, errand};
use crate::Error;
use crate::tape::Parcel;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// It is in the bucket now.
    Brought,
    /// It was there before.
    WasThere,
    /// It is nowhere.
    Lost,
}

pub(super) struct Road {
    place: Place,
    blobs: Blobs,
    lanes: Arc<Semaphore>,
    shared: Arc<Shared>,
    patience: Mutex<Patience>,
    has_lost: AtomicBool,
}

impl Road {
    pub(super) fn new(place: Place, means: &Means, shared: Arc<Shared>) -> Self {
        let (blobs, lanes) = (means.blobs.clone(), Arc::clone(&means.lanes));
        Self { place, blobs, lanes, shared, patience: Mutex::default(), has_lost: AtomicBool::new(false) }
    }

    /// Brings a file off the tape.
    pub(super) async fn carry(&self, parcel: &Parcel) -> Carried {
        let carried = if parcel.on_tape {
            self.insist(parcel.bytes, |patience| self.try_to_carry(parcel, patience)).await
        } else {
            Carried::WasThere
        };
        if carried == Carried::Brought {
            self.count(parcel.bytes);
        }
        if carried == Carried::Lost && !self.has_lost.swap(true, Relaxed) {
            let Place { bucket, prefix } = &self.place;
            tracing::error!(bucket, prefix, file = %parcel.path.display(), "somebody took a file of a recording");
        }
        self.shared.state.send_modify(|state| match carried {
            Carried::Lost => state.lost_files += 1,
            Carried::Brought | Carried::WasThere => state.bytes += parcel.bytes,
        });
        self.shared.count_waiting(0, errand::waiting(parcel));
        carried
    }

    async fn try_to_carry(&self, parcel: &Parcel, patience: Patience) -> Result<Carried, Error> {
        let (key, kind) = (self.key(&parcel.key), blob::media_type(&parcel.key));
        let put = self.blobs.put_file(&self.place.bucket, &key, &parcel.path, kind, patience);
        match put.await {
            Ok(()) => Ok(Carried::Brought),
            // If the whole tape is out of sight, so may be the disk that it is on.
            Err(error) if error.is_gone() && has_tape(parcel).await => Ok(Carried::Lost),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes an object.
    pub(super) async fn put(&self, key: &str, blocks: &[Block]) {
        let bytes = blocks.iter().map(Block::length).sum();
        let (whole, kind) = (self.key(key), blob::media_type(key));
        let put = |patience| {
            let put = self.blobs.put_blocks(&self.place.bucket, &whole, blocks.to_vec(), kind, patience);
            async { Ok(put.await?) }
        };
        self.insist(bytes, put).await;
        self.count(bytes);
    }

    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.place.prefix)
    }

    fn count(&self, bytes: u64) {
        self.shared.figures.uploads.fetch_add(1, Relaxed);
        self.shared.figures.uploaded_bytes.fetch_add(bytes, Relaxed);
    }

    /// Tries, on a lane of its own, until it is done. `bytes` are those that it brings.
    pub(super) async fn insist<T, F>(&self, bytes: u64, act: impl Fn(Patience) -> F) -> T
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut failures = 0;
        loop {
            let patience = *self.patience.lock();
            let result = {
                let _lane = self.lanes.acquire().await;
                let begun = Instant::now();
                let result = act(patience).await;
                if result.is_ok() && begun.elapsed() < patience.less().time(bytes) / 2 {
                    self.change_patience(patience, patience.less());
                }
                result
            };
            match result {
                Ok(done) => {
                    self.tell_success();
                    return done;
                }
                Err(error) => {
                    failures += 1;
                    if matches!(&error, Error::Bucket(error) if error.is_slow()) {
                        self.change_patience(patience, patience.more());
                    }
                    self.tell_failure(&error, failures);
                    tokio::time::sleep(backoff::delay(failures)).await;
                }
            }
        }
    }

    /// Several at once learn the same of one service; it counts once.
    fn change_patience(&self, from: Patience, to: Patience) {
        let mut patience = self.patience.lock();
        if *patience == from {
            *patience = to;
        }
    }

    fn tell_failure(&self, error: &Error, failures: u32) {
        self.shared.figures.upload_failures.fetch_add(1, Relaxed);
        let is_refused = matches!(error, Error::Bucket(error) if error.trouble() != Trouble::Other);
        let words: Arc<str> = chain(error).into();
        // A failure now and then is how large services are.
        if failures < 2 && !is_refused {
            tracing::debug!(cause = &*words, "an object did not get into its bucket; trying again");
            return;
        }
        let was_failing = self.shared.state.borrow().failing.is_some();
        if !was_failing {
            let Place { bucket, prefix } = &self.place;
            let cause = &*words;
            tracing::warn!(
                bucket,
                prefix,
                cause,
                "a recording does not get into its bucket; it waits on the disk"
            );
        }
        self.shared.state.send_modify(|state| {
            state.refused = is_refused.then(|| Arc::clone(&words));
            state.failing = Some(words);
        });
    }

    fn tell_success(&self) {
        if self.shared.state.borrow().failing.is_none() {
            return;
        }
        let Place { bucket, prefix } = &self.place;
        tracing::info!(bucket, prefix, "a recording gets into its bucket again");
        self.shared.state.send_modify(|state| (state.failing, state.refused) = (None, None));
    }
}

/// Is the folder of its tape there?
async fn has_tape(parcel: &Parcel) -> bool {
    let folder = parcel.path.ancestors().nth(parcel.key.split('/').count());
    match folder {
        Some(folder) => tokio::fs::metadata(folder).await.is_ok_and(|found| found.is_dir()),
        None => false,
    }
}
