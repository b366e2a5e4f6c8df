//! How a recording begins for those outside: its first object, then its row and its event.
//!
//! Promise: the event is told once the first object is in the bucket, not before; while the bucket is away the row tells
//! that something is recorded.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::RecordingStatus;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::courier::{Courier, Errand, State};
use crate::ledger::Ledger;
use crate::manifest::Manifest;

/// How long the first object may take before the row is written without the event.
const PATIENCE: Duration = Duration::from_secs(3);
/// A bucket that refuses the first object within that time can't be recorded to. One that was away before may be back
/// as it should be: nothing is given up then.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// What has become of a recording's beginning.
#[derive(Debug)]
pub(crate) struct Introduction {
    is_done: watch::Receiver<bool>,
    courier: watch::Receiver<State>,
    /// From then on a refusal is a bucket's trouble like any other.
    until: Instant,
}

impl Introduction {
    /// Sends the first object.
    pub(crate) fn begin(
        courier: &Courier,
        ledger: &Ledger,
        manifest: &Manifest,
        beside: &mut JoinSet<()>,
    ) -> Self {
        let text = manifest.to_json();
        courier.send(Errand::Text { key: manifest.key().to_owned(), text });
        let (told, mut tells) = oneshot::channel();
        courier.send(Errand::Tell(told));
        let (sender, is_done) = watch::channel(false);
        let ledger = ledger.clone();
        beside.spawn(async move {
            let told = match timeout(PATIENCE, &mut tells).await {
                Ok(told) => told,
                Err(_) => {
                    ledger.write();
                    tells.await
                }
            };
            // An error is the end of the courier: the next start goes on from here.
            if told.is_ok() {
                ledger.tell(RecordingStatus::Start, SystemTime::now());
                sender.send_replace(true);
            }
        });
        Self { is_done, courier: courier.state(), until: Instant::now() + FIRST_WORD }
    }

    /// Is the first object in the bucket?
    pub(crate) fn is_done(&self) -> bool {
        *self.is_done.borrow()
    }

    /// Resolves when it is. Safe to cancel. False: it never will be.
    pub(crate) async fn done(&mut self) -> bool {
        self.is_done.wait_for(|is_done| *is_done).await.is_ok()
    }

    /// Resolves when the bucket refuses the first object for good, with its words. Safe to cancel.
    pub(crate) async fn refused(&mut self) -> Arc<str> {
        if self.is_done() || self.until <= Instant::now() {
            return std::future::pending().await;
        }
        let Self { is_done, courier, until } = self;
        let done = async { is_done.wait_for(|is_done| *is_done).await.is_ok() };
        let refused = async {
            let refused = courier.wait_for(|state| state.refused.is_some()).await;
            refused.ok().and_then(|state| state.refused.clone())
        };
        let words = tokio::select! {
            biased;
            _ = done => None,
            () = sleep_until(*until) => None,
            words = refused => words,
        };
        match words {
            Some(words) => words,
            None => std::future::pending().await,
        }
    }
}
