//! The session: all that is recorded of one channel, from stream to stream.
//!
//! Promise: streams of a channel are recorded one after the other, each into a recording of its own or behind the one
//! before it, as [`crate::merge`] decides; a stream never waits for a bucket, a database or an earlier recording.
//!
//! ```text
//!  broadcast ─▶ Cast (what of it is recorded) ─▶ Take (a recording that goes on) ─▶ ... its runs ... ─▶ Ending
//! ```

mod ending;
mod introduction;
mod take;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::{Arn, RecordingConfiguration};
use live::Broadcast;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::casting::Cast;
use crate::house::House;
use crate::thumbnails::{Image, Thumbnails};

pub(crate) use ending::{Ending, finish, manifest, place};
pub(crate) use introduction::Introduction;
pub(crate) use take::{INTERNAL, target};
use take::{Take, Verdict};

/// Streams of a channel that may wait for the one before them: they last seconds then, or nothing of them is recorded.
pub(crate) const WAITING: usize = 8;
/// Thumbnails that may be there before the first segment is.
const EARLY: usize = 8;

/// What is recorded of a channel.
pub(crate) struct Session {
    house: House,
    channel: Arn,
    broadcasts: mpsc::Receiver<Arc<Broadcast>>,
    /// A recording that the next stream may join, until then.
    open: Option<(Take, Instant)>,
    /// What runs beside: recordings that are being finished, and their ledgers.
    beside: JoinSet<()>,
}

/// What comes next.
enum News {
    Stream(Arc<Broadcast>),
    WindowOver,
    Nothing,
}

impl Session {
    pub(crate) fn new(house: House, channel: Arn, broadcasts: mpsc::Receiver<Arc<Broadcast>>) -> Self {
        Self { house, channel, broadcasts, open: None, beside: JoinSet::new() }
    }

    /// Works until there is nothing to do. Gives its inbox back, in which there may be something new.
    pub(crate) async fn run(mut self) -> (Arn, mpsc::Receiver<Arc<Broadcast>>) {
        loop {
            match self.news().await {
                News::Stream(broadcast) => self.record(&broadcast).await,
                News::WindowOver => self.close(),
                News::Nothing => break,
            }
        }
        while let Some(done) = self.beside.join_next().await {
            settle(done);
        }
        (self.channel, self.broadcasts)
    }

    async fn news(&mut self) -> News {
        let shutdown = self.house.shutdown.clone();
        loop {
            if let Ok(broadcast) = self.broadcasts.try_recv() {
                return News::Stream(broadcast);
            }
            let window = self.open.as_ref().map(|(_, until)| *until);
            let is_idle = self.beside.is_empty();
            tokio::select! {
                () = sleep_until(window.unwrap_or_else(Instant::now)), if window.is_some() => return News::WindowOver,
                () = shutdown.cancelled(), if window.is_some() => return News::WindowOver,
                () = shutdown.cancelled(), if window.is_none() => return News::Nothing,
                () = std::future::ready(()), if window.is_none() && is_idle => return News::Nothing,
                Some(broadcast) = self.broadcasts.recv() => return News::Stream(broadcast),
                Some(done) = self.beside.join_next(), if !is_idle => settle(done),
            }
        }
    }

    /// Records a stream from its first to its last segment.
    async fn record(&mut self, broadcast: &Arc<Broadcast>) {
        let Some(configuration) = broadcast.recording().cloned() else { return };
        let mut thumbnails = Thumbnails::of(broadcast, None);
        let deadline = self.house.deadline.clone();
        let prepared = tokio::select! {
            prepared = prepare(broadcast, &configuration, &mut thumbnails) => prepared,
            () = deadline.cancelled() => None,
        };
        let Some((cast, early)) = prepared else { return };
        let (mut cast, mut early) = (cast, early);
        // What can't be cast into one recording goes on in the next: nothing is ever tried twice without a reason.
        let Some(mut take) = self.take(&mut cast, &mut thumbnails, &configuration).await else { return };
        let verdict = take.record(cast, &mut thumbnails, &mut early).await;
        drop(thumbnails);
        let window = Duration::from_secs(configuration.reconnect_window_seconds.into());
        match verdict {
            Verdict::Over if !window.is_zero() && !self.house.shutdown.is_cancelled() => {
                self.open = Some((take, Instant::now() + window));
            }
            Verdict::Over => self.finish(take, ""),
            Verdict::Failed => self.finish(take, INTERNAL),
            Verdict::Refused => {
                self.beside.spawn(take.void());
            }
            Verdict::Abandoned => drop(take),
        }
    }

    /// The recording that this stream belongs to: the open one, or a new one.
    async fn take(
        &mut self,
        cast: &mut Cast,
        thumbnails: &mut Thumbnails,
        configuration: &Arc<RecordingConfiguration>,
    ) -> Option<Take> {
        if let Some((mut take, until)) = self.open.take() {
            let (channel, stream) = (&self.channel, cast.broadcast.stream());
            match take.joined_by(cast) {
                Ok(()) => {
                    tracing::info!(%channel, %stream, recording = %take.id(), "the stream goes on with the recording");
                    if take.join(cast).await {
                        return Some(take);
                    }
                    self.finish(take, INTERNAL);
                }
                Err(why) => {
                    tracing::info!(%channel, %stream, recording = %take.id(), %why, "the stream gets its own recording");
                    self.open = Some((take, until));
                    self.close();
                }
            }
        }
        let plan = thumbnails.plan();
        Take::begin(&self.house, cast, plan, configuration, &mut self.beside).await
    }

    fn close(&mut self) {
        if let Some((take, _)) = self.open.take() {
            self.finish(take, "");
        }
    }

    fn finish(&mut self, take: Take, reason: &'static str) {
        self.beside.spawn(take.finish(reason));
    }
}

/// Waits for what of a stream is recorded; its first thumbnails may be there before.
async fn prepare(
    broadcast: &Arc<Broadcast>,
    configuration: &RecordingConfiguration,
    thumbnails: &mut Thumbnails,
) -> Option<(Cast, VecDeque<Image>)> {
    let mut early = VecDeque::new();
    let cast = Cast::of(broadcast, configuration);
    tokio::pin!(cast);
    loop {
        tokio::select! {
            cast = &mut cast => return Some((cast?, early)),
            image = thumbnails.next(), if early.len() < EARLY => early.push_back(image),
        }
    }
}

fn settle(done: Result<(), tokio::task::JoinError>) {
    if let Err(cause) = done {
        tracing::error!(%cause, "what brings a recording to its end broke; the next start finishes it");
    }
}
