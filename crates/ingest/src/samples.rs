//! What is measured of streams, on its way into the store: a look a second, a sample for five of them, one commit for
//! all streams.
//!
//! Promise: no stream waits for it; a crash loses the last seconds. While the database is away the newest ten minutes
//! of each stream wait for it; what is older is lost and counted.

mod notebook;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use domain::{StreamHealth, chain, unix_millis};
use live::{Broadcast, Hub};
use store::{Store, StoreError};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use notebook::{Notebook, Reading};

const LOOK: Duration = Duration::from_secs(1);
/// Between tries while the database is away.
const PAUSE: Duration = Duration::from_secs(5);
/// How long the last samples may take at the end.
const GRACE: Duration = Duration::from_secs(3);

/// What ingest counts.
#[derive(Debug, Default)]
pub struct Figures {
    /// Samples of streams that found no room while the database was away.
    pub lost_samples: AtomicU64,
}

/// Takes samples and writes them.
#[derive(Debug)]
pub(crate) struct Sampler {
    store: Store,
    hub: Hub,
    notebook: Mutex<Notebook>,
    to_write: Notify,
    figures: Arc<Figures>,
}

impl Sampler {
    pub(crate) fn new(store: Store, hub: Hub) -> Self {
        Self { store, hub, notebook: Mutex::default(), to_write: Notify::new(), figures: Arc::default() }
    }

    pub(crate) fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// Until `done`, when streams have ended; then writes what is left, if it can be written soon.
    pub(crate) async fn run(&self, done: &CancellationToken) {
        let duties = async { tokio::join!(self.look_each_second(), self.write_what_comes()) };
        tokio::select! {
            _ = duties => {}
            () = done.cancelled() => {}
        }
        self.look();
        let left = async { while matches!(self.write().await, Ok(true)) {} };
        if timeout(GRACE, left).await.is_err() {
            tracing::warn!("the last samples of streams could not be written");
        }
    }

    async fn look_each_second(&self) {
        let mut second = interval(LOOK);
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            second.tick().await;
            self.look();
        }
    }

    fn look(&self) {
        let on_air = self.hub.on_air();
        let readings = on_air.iter().filter_map(|broadcast| Some((broadcast.stream(), reading(broadcast)?)));
        let mut notebook = self.notebook();
        let has_more = notebook.look(unix_millis(SystemTime::now()), readings);
        let lost = notebook.take_lost();
        drop(notebook);
        if lost > 0 && self.figures.lost_samples.fetch_add(lost, Ordering::Relaxed) == 0 {
            tracing::warn!(lost, "samples of streams are lost: the database takes none");
        }
        if has_more {
            self.to_write.notify_one();
        }
    }

    async fn write_what_comes(&self) {
        let mut is_well = true;
        loop {
            self.to_write.notified().await;
            loop {
                match self.write().await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        if is_well {
                            tracing::warn!(cause = chain(&error), "could not keep samples of streams yet");
                        }
                        is_well = false;
                        sleep(PAUSE).await;
                        continue;
                    }
                }
                is_well = true;
            }
        }
    }

    /// True: there may be more.
    async fn write(&self) -> Result<bool, StoreError> {
        let batch = self.notebook().batch();
        if batch.minutes.is_empty() {
            self.notebook().written(&batch);
            return Ok(false);
        }
        self.store.put_stream_samples(&batch.minutes).await?;
        self.notebook().written(&batch);
        Ok(true)
    }

    fn notebook(&self) -> MutexGuard<'_, Notebook> {
        self.notebook.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` before anything was measured: nothing is not the same as no bits.
fn reading(broadcast: &Broadcast) -> Option<Reading> {
    let pulse = broadcast.pulse();
    let (incoming, health) = (pulse.incoming(), pulse.health());
    let is_measured = incoming.bitrate > 0 || health != StreamHealth::Unknown;
    is_measured.then(|| Reading { incoming, viewers: pulse.viewers(), health })
}
