//! What a server does for sessions beside its streams: signs of life, care for what others left, forgetting.
//!
//! Promise: none of it is in a stream's way; what fails is tried again at its next time.

use std::time::Duration;

use store::StoreError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::chronicle::{Chronicle, complain};
use super::leftovers::{self, Others};
use super::now;

/// Between signs of life while streams are open: how true the end of a stream is that dies with its server.
const BEAT: Duration = Duration::from_secs(1);
/// Between looks at other servers.
const LOOK: Duration = Duration::from_secs(10);
/// Between rounds of forgetting.
const FORGET: Duration = Duration::from_secs(600);
/// Sessions that are forgotten in a round; more wait for the next.
const FORGOTTEN: u32 = 10_000;

impl Chronicle {
    /// Closes what this server's last run left open. To be called before streams are let in.
    ///
    /// # Errors
    /// What the store said.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        let (store, node) = (self.store(), &self.config().node);
        let beaten_at = store.heartbeat(node).await?;
        let closed = leftovers::close(store, node, beaten_at).await?;
        if closed > 0 {
            tracing::warn!(closed, "the last run ended without closing its sessions");
        }
        Ok(())
    }

    /// Does its duties until `done`.
    pub(crate) async fn keep(&self, done: &CancellationToken) {
        let duties =
            async { tokio::join!(self.give_signs_of_life(), self.look_after_others(), self.forget()) };
        tokio::select! {
            _ = duties => {}
            () = done.cancelled() => {}
        }
    }

    async fn give_signs_of_life(&self) {
        let mut second = every(BEAT);
        let mut is_well = true;
        loop {
            second.tick().await;
            if !self.is_busy() {
                continue;
            }
            let beaten = self.store().beat(&self.config().node, now()).await;
            if let Err(error) = &beaten
                && is_well
            {
                complain("could not give a sign of life", error);
            }
            is_well = beaten.is_ok();
        }
    }

    async fn look_after_others(&self) {
        let mut turn = every(LOOK);
        let mut others = Others::default();
        loop {
            turn.tick().await;
            if let Err(error) = others.look(self.store(), &self.config().node).await {
                complain("could not look after other servers' sessions", &error);
            }
        }
    }

    async fn forget(&self) {
        let mut turn = every(FORGET);
        let age = i64::try_from(self.config().session_age.as_millis()).unwrap_or(i64::MAX);
        loop {
            turn.tick().await;
            match self.store().forget_sessions(now().saturating_sub(age), FORGOTTEN).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::info!(forgotten, "forgot old sessions"),
                Err(error) => complain("could not forget old sessions", &error),
            }
        }
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut turns = interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns
}
