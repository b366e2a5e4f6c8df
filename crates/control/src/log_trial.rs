//! Finds out whether logging configurations can be written to.
//!
//! Promise: each one in state CREATING or UPDATING is tried until it has another state, also after a crash, a stop
//! or while the database is away; what a trial found settles only what was tried.

use std::sync::Arc;
use std::time::Duration;

use domain::{Arn, LogDestination, LoggingConfiguration, LoggingState, chain};
use store::{PageRequest, StoreError, Tenant};
use tokio::sync::Notify;

use crate::Control;

/// Read at a time.
const PAGE: u32 = 100;

/// A destination that takes longer than this is none to log to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a call that creates or changes a configuration waits for its trial.
const WAIT: Duration = Duration::from_secs(5);

/// Hands a trial that did not come to its end over to [`Control::run`].
struct Unsettled<'a> {
    trial: &'a Arc<Notify>,
    settled: bool,
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.trial.notify_one();
        }
    }
}

impl Control {
    /// The state that a configuration on trial comes to within the time that a call waits; what is left to
    /// do then, or when the caller goes away, is done by [`Control::run`].
    pub(crate) async fn tried(&self, configuration: &LoggingConfiguration) -> LoggingState {
        let mut unsettled = Unsettled { trial: &self.log_trial, settled: false };
        match tokio::time::timeout(WAIT, self.try_log(configuration)).await {
            Ok(Ok(state)) => {
                unsettled.settled = !on_trial(state);
                state
            }
            Ok(Err(error)) => {
                let error = chain(&error);
                tracing::warn!(configuration = %configuration.arn, error, "could not settle a logging configuration");
                configuration.state
            }
            Err(_) => configuration.state,
        }
    }

    pub(crate) async fn try_logs_on_trial(&self) -> Result<(), StoreError> {
        let mut next = Some(PageRequest::first(PAGE));
        while let Some(request) = next {
            let page = self.store.logging_configurations_in_trial(request).await?;
            for configuration in page.items {
                self.try_log(&configuration).await?;
            }
            next = page.next.map(|after| PageRequest { after, limit: PAGE });
        }
        Ok(())
    }

    /// The state afterwards, which is someone else's doing when it was changed or settled meanwhile.
    async fn try_log(&self, configuration: &LoggingConfiguration) -> Result<LoggingState, StoreError> {
        let LoggingConfiguration { arn, destination, updated_at, .. } = configuration;
        let fault = self.fault(arn, destination).await;
        let state = match (&fault, configuration.state) {
            (None, _) => LoggingState::Active,
            (Some(_), LoggingState::Updating) => LoggingState::UpdateFailed,
            (Some(_), _) => LoggingState::CreateFailed,
        };
        match self.store.settle_logging_configuration(arn, *updated_at, state).await {
            Ok(true) => {
                match fault {
                    None => tracing::info!(configuration = %arn, "logging configuration is active"),
                    Some(error) => {
                        tracing::warn!(configuration = %arn, error, "logging configuration can't be used");
                    }
                }
                self.announce_logged(arn).await;
                Ok(state)
            }
            Ok(false) => {
                let found = self.store.logging_configuration(&Tenant::of(arn), arn).await?;
                Ok(found.map_or(state, |found| found.state))
            }
            // Deleted meanwhile.
            Err(StoreError::NoSuchResource { .. }) => Ok(state),
            Err(error) => Err(error),
        }
    }

    /// Why the destination can't be written to.
    async fn fault(&self, arn: &Arn, destination: &LogDestination) -> Option<String> {
        let probe = async {
            match destination {
                LogDestination::S3 { bucket } => {
                    self.blobs.probe(bucket).await.map_err(|error| chain(&error))
                }
                LogDestination::CloudWatchLogs { .. } | LogDestination::Firehose { .. } => {
                    self.sinks.probe(destination, &arn.region).await.map_err(|error| chain(&error))
                }
            }
        };
        match tokio::time::timeout(PATIENCE, probe).await {
            Ok(probed) => probed.err(),
            Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

/// Is the state one that a trial ends?
pub(crate) fn on_trial(state: LoggingState) -> bool {
    matches!(state, LoggingState::Creating | LoggingState::Updating)
}
