//! Looks at the streams on air, each second and when they change.
//!
//! Promise: a look takes no lock that a stream or a viewer waits for but the register's, for pointer copies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use live::Hub;
use tokio_util::sync::CancellationToken;

use super::tally::{Tally, View};

/// Between two looks: how often what is measured of a stream is renewed.
const EACH: Duration = Duration::from_secs(1);
/// After a change, the next look is not before this: a crowd of streams that start costs no more than one.
const PAUSE: Duration = Duration::from_millis(50);

/// What is measured of all streams. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    hub: Hub,
    tally: Arc<Mutex<Tally>>,
}

impl Meter {
    /// Of the streams of `hub`; at most `most` channels have series of their own.
    pub(crate) fn new(hub: Hub, most: usize) -> Self {
        Self { hub, tally: Arc::new(Mutex::new(Tally::new(most))) }
    }

    /// Looks until `closing`, so that sums are right whether or not anybody asks for them.
    pub(crate) async fn run(self, closing: CancellationToken) {
        let mut changes = self.hub.changes();
        loop {
            self.look();
            let due = async {
                tokio::time::sleep(PAUSE).await;
                // A change or the time that is up: both mean another look.
                let _ = tokio::time::timeout(EACH - PAUSE, changes.changed()).await;
            };
            if closing.run_until_cancelled(due).await.is_none() {
                break;
            }
        }
        self.look();
    }

    /// All of it now.
    pub(crate) fn view(&self) -> View {
        let mut tally = self.tally();
        tally.observe(self.hub.on_air(), Instant::now());
        tally.view()
    }

    pub(super) fn look(&self) {
        let mut tally = self.tally();
        tally.observe(self.hub.on_air(), Instant::now());
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
