//! A publisher at the door of a channel that is on air: may it go on with the stream, or is the place free
//! after all?
//!
//! Promise: the running stream does not notice a newcomer that is refused, and the newcomer has its answer
//! within bounded time.
//!
//! With `?priority=N` the newcomer is let in on trial: its frames wait until it is clear what they are and one
//! of them can be begun with, and only then the stream changes hands (user guide, "Stream Takeover"). Without,
//! it is refused by a publisher that lives. The service refuses it also while the running one is dead and not
//! yet timed out; here such a one is asked for a sign of life, and without one its stream ends.

use std::sync::Arc;
use std::time::Duration;

use domain::{Arn, TakeoverFailure, chain};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::Timeouts;
use crate::desk::{Bid, Denial, Desk, Holding, Tenure};
use crate::error::Error;
use crate::intake::Intake;
use crate::rtmp::Event;
use crate::wire::Wire;

/// How long the holder of a stream may take from its place on air to its place at the desk.
const ARRIVAL: Duration = Duration::from_secs(2);

/// What came of it.
pub(crate) enum Verdict<'a> {
    /// The newcomer goes on with the stream.
    Won(Holding<'a>),
    /// Nobody is on air any more: it may try to begin a stream of its own.
    Vacant,
    /// The channel stays as it is, for the reason that admission gave.
    Occupied,
    /// It may not.
    Denied(Denial),
    /// It did not show what it has to offer within so many seconds.
    Late(u64),
    /// It went away by itself.
    Left,
    /// Its connection failed.
    Broken(Error),
}

/// A publisher that found its channel on air.
pub(crate) struct Newcomer<'a, S> {
    pub(crate) wire: &'a mut Wire<S>,
    /// What it has sent so far.
    pub(crate) intake: &'a mut Intake,
    /// When it came.
    pub(crate) began: Instant,
    pub(crate) priority: Option<u32>,
    /// Takeovers that a stream may see.
    pub(crate) most: u32,
    pub(crate) timeouts: Timeouts,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Newcomer<'_, S> {
    /// Contends for a channel that is on air.
    pub(crate) async fn contend<'d>(&mut self, desk: &'d Desk, channel: &Arn) -> Verdict<'d> {
        let Some(tenure) = arrived(desk, channel).await else { return Verdict::Occupied };
        if tenure.heard().is_none() {
            tenure.ended().await;
            return Verdict::Vacant;
        }
        let verdict = match self.priority {
            Some(priority) => self.audition(desk, channel, &tenure, priority).await,
            None => knock(&tenure, &self.timeouts).await,
        };
        match verdict {
            Verdict::Vacant if self.priority.is_some() && tenure.is_stopping() => {
                Verdict::Denied(Denial::Stopping)
            }
            verdict => verdict,
        }
    }

    async fn audition<'d>(
        &mut self,
        desk: &'d Desk,
        channel: &Arn,
        tenure: &Tenure,
        priority: u32,
    ) -> Verdict<'d> {
        let bid = Bid { priority, most: self.most };
        if let Err(denial) = tenure.consider(bid) {
            return Verdict::Denied(denial);
        }
        if let Err(error) = self.wire.session.accept_publish() {
            return Verdict::Broken(error);
        }
        self.wire.widen();
        let deadline = self.began + self.timeouts.keyframe;
        loop {
            if let Some(verdict) = self.listen(tenure) {
                return verdict;
            }
            if self.intake.is_settled() {
                return match desk.take_over(channel, bid, self.intake.tracks()) {
                    Ok(Some(holding)) => Verdict::Won(holding),
                    Ok(None) => Verdict::Vacant,
                    Err(denial) => Verdict::Denied(denial),
                };
            }
            tokio::select! {
                filled = self.wire.fill() => match filled {
                    Ok(true) => {}
                    Ok(false) => return Verdict::Left,
                    Err(error) => return Verdict::Broken(error),
                },
                () = tenure.ended() => return Verdict::Vacant,
                () = sleep_until(deadline) => return self.too_late(tenure),
            }
        }
    }

    /// Takes in what has arrived, and gives nothing out.
    fn listen<'d>(&mut self, tenure: &Tenure) -> Option<Verdict<'d>> {
        let arrival = self.began.elapsed();
        while let Some(event) = self.wire.session.poll_event() {
            if matches!(event, Event::Finished) {
                return Some(Verdict::Left);
            }
            if let Err(fault) = self.intake.take(event, arrival) {
                return Some(mismatch(tenure, chain(&fault)));
            }
        }
        None
    }

    fn too_late<'d>(&self, tenure: &Tenure) -> Verdict<'d> {
        if self.intake.tracks().video.is_none() && self.intake.tracks().audio.is_some() {
            return mismatch(tenure, "it has sound alone".to_owned());
        }
        Verdict::Late(self.timeouts.keyframe.as_secs())
    }
}

fn mismatch<'d>(tenure: &Tenure, what: String) -> Verdict<'d> {
    let failure = TakeoverFailure::MediaMismatch;
    tenure.refuse(failure);
    Verdict::Denied(Denial::Rule { failure, what })
}

/// The channel's holder. One that went on air a moment ago may still be on its way to the desk.
async fn arrived(desk: &Desk, channel: &Arn) -> Option<Arc<Tenure>> {
    let mut changes = desk.changes();
    let arrival = async {
        loop {
            if let Some(tenure) = desk.find(channel) {
                return Some(tenure);
            }
            changes.changed().await.ok()?;
        }
    };
    timeout(ARRIVAL, arrival).await.ok().flatten()
}

/// Asks the running publisher for a sign of life. One that is quiet anyway is given time to say something of
/// its own accord first.
async fn knock<'d>(tenure: &Tenure, timeouts: &Timeouts) -> Verdict<'d> {
    let Some(heard) = tenure.heard() else { return Verdict::Vacant };
    let Some(answer) = tenure.knock() else { return Verdict::Occupied };
    let asked = Instant::now();
    let patience = asked.max(heard + timeouts.quiet) + timeouts.sign;
    match timeout_at(patience, answer).await {
        Ok(Ok(())) => Verdict::Occupied,
        Ok(Err(_)) => Verdict::Vacant,
        Err(_) if tenure.give_up(asked) => Verdict::Vacant,
        Err(_) => Verdict::Occupied,
    }
}
