//! The courier of one recording: brings what is on its tape into its bucket, in order.
//!
//! Promise: errands are done in the order they were sent, and one is done only when the bucket has all of it; a
//! playlist never names what is not there. A bucket that is away costs nothing but delay: the courier tries again for
//! ever. Stopped, it leaves the rest where it was, and to send the same errands again does no harm.
//!
//! An errand that waits costs memory for the names of its files, never for their bytes: 48 hours of four renditions
//! that can't be brought anywhere are 30 MB, 1.7 KiB a chunk.

mod backoff;
mod errand;
mod queue;
mod road;
mod round;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Figures;
use crate::listing::Listing;
use queue::Queue;
use round::Round;

pub use errand::Errand;

/// Where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// What the keys of all of its objects begin with, without a slash at either end.
    pub prefix: String,
}

/// What all couriers share.
#[derive(Clone, Debug)]
pub struct Means {
    /// The buckets.
    pub blobs: blob::Blobs,
    /// One permit for each object that may be on its way at once.
    pub lanes: Arc<Semaphore>,
    /// What is counted.
    pub figures: Arc<Figures>,
    /// Whom shutdown waits for.
    pub tasks: TaskTracker,
    /// Stops all of them.
    pub stop: CancellationToken,
}

/// How far a courier is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Bytes of errands that are not done.
    pub waiting_bytes: u64,
    /// Bytes that the recording's objects have together: those that were brought, and those that were there before.
    pub bytes: u64,
    /// Of them, bytes of playlists.
    pub playlist_bytes: u64,
    /// Files that are neither on the tape nor in the bucket: somebody else took them. Playlists tell gaps instead.
    pub lost_files: u64,
    /// Why nothing gets through, if nothing does: the words of the last failure.
    pub failing: Option<Arc<str>>,
    /// The same, where the service answers and refuses: there is no such bucket, or it is not ours to use.
    pub refused: Option<Arc<str>>,
}

/// A way to send errands. Dropped, the courier stops.
#[derive(Debug)]
pub struct Courier {
    shared: Arc<Shared>,
    state: watch::Receiver<State>,
    over: oneshot::Receiver<()>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    news: Notify,
    state: watch::Sender<State>,
    figures: Arc<Figures>,
}

impl Courier {
    /// Starts one. `listing` is empty: chunks that are in the bucket already must be sent, too.
    pub fn start(place: Place, listing: Listing, means: &Means) -> Self {
        let (sender, state) = watch::channel(State::default());
        let (queue, figures) = (Mutex::default(), Arc::clone(&means.figures));
        let shared = Arc::new(Shared { queue, news: Notify::new(), state: sender, figures });
        let (stop, (done, over)) = (means.stop.child_token(), oneshot::channel::<()>());
        let round = Round::new(place, listing, means, Arc::clone(&shared));
        let stopped = stop.clone();
        means.tasks.spawn(async move {
            stopped.run_until_cancelled_owned(round.run()).await;
            drop(done);
        });
        Self { shared, state, over, stop }
    }

    /// Sends an errand. It is done after all that were sent before, except that an image takes the place of one that
    /// it supersedes.
    pub fn send(&self, errand: Errand) {
        let bytes = errand.bytes();
        let superseded = self.shared.queue.lock().push(errand);
        self.shared.count_waiting(bytes, superseded);
        self.shared.news.notify_one();
    }

    /// How far it is.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Stops it. When this returns it begins nothing more; what a thread is doing on a disk is done to its end.
    pub async fn abandon(mut self) {
        self.stop.cancel();
        // What is sent is nothing but its end.
        drop((&mut self.over).await);
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    fn count_waiting(&self, more: u64, less: u64) {
        self.figures.waiting_bytes.fetch_add(more, Relaxed);
        self.figures.waiting_bytes.fetch_sub(less, Relaxed);
        self.state.send_modify(|state| {
            state.waiting_bytes = (state.waiting_bytes + more).saturating_sub(less);
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // What is left is on the tape, but nobody of this process brings it anywhere.
        self.figures.waiting_bytes.fetch_sub(self.state.borrow().waiting_bytes, Relaxed);
    }
}
