//! Finds out whether recording configurations can be used.
//!
//! Promise: each one in state CREATING is tried until it has another state, also after a crash, a stop or
//! while the database is away; one that can't be used has its reason in the log. Nothing is queued: what is
//! to be tried is what the store says.

use std::time::{Duration, SystemTime};

use domain::{
    Event, EventId, EventKind, RecordingConfiguration, RecordingState, RecordingTrial, chain, unix_millis,
};
use store::{PageRequest, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Control, entropy};

/// Read at a time.
const PAGE: u32 = 100;

/// A bucket that takes longer than this is none to record to (the vendor's take up to 20 s).
const PATIENCE: Duration = Duration::from_secs(10);

/// Until the next try when the database does not answer: at first, and at most.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Control {
    /// Tries the buckets of recording configurations that are being created, and the destinations of logging
    /// configurations whose calls did not wait for it: at first those that an earlier run left, then each new
    /// one. Tells chat rooms what the bus could not take at first. To be run once beside the calls; returns
    /// when `shutdown` says so.
    pub async fn run(self, shutdown: CancellationToken) {
        let recordings = keep_trying(&self.trial, "recording", || self.try_those_in_creation());
        let logs = keep_trying(&self.log_trial, "logging", || self.try_logs_on_trial());
        let news = self.keep_telling();
        shutdown.run_until_cancelled(async { tokio::join!(recordings, logs, news) }).await;
    }

    async fn try_those_in_creation(&self) -> Result<(), StoreError> {
        let mut next = Some(PageRequest::first(PAGE));
        while let Some(request) = next {
            let page = self.store.recording_configurations_in_creation(request).await?;
            for configuration in page.items {
                self.try_one(configuration).await?;
            }
            next = page.next.map(|after| PageRequest { after, limit: PAGE });
        }
        Ok(())
    }

    async fn try_one(&self, configuration: RecordingConfiguration) -> Result<(), StoreError> {
        let RecordingConfiguration { arn, name, bucket, .. } = configuration;
        let fault = match tokio::time::timeout(PATIENCE, self.blobs.probe(&bucket)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(chain(&error)),
            Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let state = if fault.is_none() { RecordingState::Active } else { RecordingState::CreateFailed };
        let trial = RecordingTrial {
            configuration: arn.clone(),
            name,
            bucket: bucket.clone(),
            state,
            reason: fault.clone().unwrap_or_default(),
        };
        let reason = trial.reason.clone();
        let event = told(trial);
        match self.store.settle_recording_configuration(&arn, state, &reason, &[event]).await {
            Ok(true) => match fault {
                None => tracing::info!(configuration = %arn, bucket, "recording configuration is active"),
                Some(error) => {
                    tracing::warn!(configuration = %arn, bucket, error, "recording configuration can't be used");
                }
            },
            // Settled by another node, or deleted meanwhile.
            Ok(false) | Err(StoreError::NoSuchResource { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn told(trial: RecordingTrial) -> Event {
    Event {
        id: EventId::mint(&mut entropy::fill),
        at: unix_millis(SystemTime::now()),
        account: trial.configuration.account.clone(),
        region: trial.configuration.region.clone(),
        subject: None,
        kind: EventKind::Trial(trial),
    }
}

/// Tries what is there at first, then again whenever somebody says that there is more.
async fn keep_trying<F: Future<Output = Result<(), StoreError>>>(
    more: &Notify,
    kind: &'static str,
    try_all: impl Fn() -> F,
) {
    let mut pause = PAUSE;
    loop {
        match try_all().await {
            // Whoever created one since the look at the store has left a permit here.
            Ok(()) => {
                pause = PAUSE;
                more.notified().await;
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), kind, "could not try configurations; will again");
                // Who could create one has a database that answers again.
                let _ = tokio::time::timeout(pause, more.notified()).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
}
