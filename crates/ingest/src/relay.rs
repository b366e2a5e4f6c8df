//! From a publisher's wire to its stream, frame by frame.
//!
//! Promise: nothing waits behind the stream's own frames; the stream ends, or changes hands, within moments of
//! what ends it.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use crate::Timeouts;
use crate::desk::{Call, Fate, Holding, Knock, Reins};
use crate::ending::Ending;
use crate::intake::{Intake, Output};
use crate::rtmp::Event;
use crate::texts::Texts;
use crate::wire::Wire;

/// Newcomers that may wait for the same sign of life.
const MAX_KNOCKS: usize = 8;

/// A publisher's media on their way to a stream.
pub(crate) struct Feed {
    pub(crate) intake: Intake,
    pub(crate) texts: Texts,
    pub(crate) began: Instant,
}

/// How a connection's time with its stream came to its end.
pub(crate) enum Leave {
    /// The stream ends with it.
    Ended(Ending),
    /// The stream was taken from it.
    Deprived(Fate),
}

/// Moves frames from the wire to the air.
pub(crate) struct Relay<'r, 'd, S> {
    wire: &'r mut Wire<S>,
    intake: &'r mut Intake,
    holding: &'r mut Holding<'d>,
    timeouts: &'r Timeouts,
    /// Arrivals count from here.
    epoch: Instant,
    /// When bytes came last.
    latest: Instant,
    /// Bytes that the stream's life was told of.
    counted: u64,
    /// Those who wait for a sign of life.
    knocks: Vec<Knock>,
    texts: &'r mut Texts,
}

impl<'r, 'd, S: AsyncRead + AsyncWrite + Unpin> Relay<'r, 'd, S> {
    pub(crate) fn new(
        wire: &'r mut Wire<S>,
        feed: &'r mut Feed,
        holding: &'r mut Holding<'d>,
        timeouts: &'r Timeouts,
    ) -> Self {
        let counted = wire.received();
        Self {
            wire,
            intake: &mut feed.intake,
            holding,
            timeouts,
            epoch: feed.began,
            latest: Instant::now(),
            counted,
            knocks: Vec::new(),
            texts: &mut feed.texts,
        }
    }

    /// Goes on until something ends it.
    pub(crate) async fn run(mut self) -> Leave {
        let began = Instant::now();
        // When something of use came last: any bytes at first, pictures once they have begun. Sound or crumbs
        // that go on alone keep no stream on air.
        let mut heard = began;
        let mut pictures = 0;
        let broadcast = self.holding.broadcast().clone();
        let alarm = sleep_until(began + self.timeouts.keyframe.min(self.timeouts.silence));
        tokio::pin!(alarm);
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if let Err(error) = self.wire.session.accept_publish() {
            return Leave::Ended(Ending::Broken(error));
        }
        self.introduce();
        loop {
            if let Some(leave) = self.drain().await {
                return leave;
            }
            if !self.intake.has_started() || self.intake.tally().pictures != pictures {
                pictures = self.intake.tally().pictures;
                heard = self.latest;
            }
            tokio::select! {
                filled = self.wire.fill() => match filled {
                    Ok(true) => self.latest = Instant::now(),
                    Ok(false) => return Leave::Ended(Ending::Vanished),
                    Err(error) => return Leave::Ended(Ending::Broken(error)),
                },
                () = broadcast.stop_requested() => {
                    let refused = broadcast.failure().map(Ending::Refused);
                    return Leave::Ended(refused.unwrap_or(Ending::StopRequested));
                }
                now = second.tick() => {
                    if let Some(ending) = self.holding.with(|reins| reins.life.tick(now)).flatten() {
                        return Leave::Ended(ending);
                    }
                }
                call = self.holding.called() => match call {
                    Call::Fate(fate) => return Leave::Deprived(fate),
                    Call::Knock(knock) => self.ask(knock),
                },
                () = &mut alarm => match overdue(self.intake, self.timeouts, began, heard) {
                    Ok(next) => alarm.as_mut().reset(next),
                    Err(ending) => return Leave::Ended(ending),
                },
            }
        }
    }

    /// Asks the encoder for a sign of life. Whatever comes next is one.
    fn ask(&mut self, knock: Knock) {
        if self.knocks.len() < MAX_KNOCKS {
            let time = self.epoch.elapsed().as_millis() & u128::from(u32::MAX);
            self.wire.session.ping(u32::try_from(time).unwrap_or(0));
            self.knocks.push(knock);
        } else {
            // It is being asked already: those who wait for that answer find out.
            let _ = knock.send(());
        }
    }

    /// What the encoder said of itself before the stream was its own.
    fn introduce(&mut self) {
        if let Some(announced) = self.intake.announced() {
            self.holding.with(|reins| reins.life.described(announced));
        }
    }

    /// Puts on air what has arrived.
    async fn drain(&mut self) -> Option<Leave> {
        let (wire, intake, texts) = (&mut *self.wire, &mut *self.intake, &mut *self.texts);
        let (arrival, latest) = (self.latest - self.epoch, self.latest);
        let bytes = wire.received() - std::mem::replace(&mut self.counted, wire.received());
        let done = self.holding.with(|reins| {
            if bytes > 0 {
                reins.life.arrived(bytes, latest);
                reins.heard = latest;
            }
            pass(wire, intake, texts, reins, arrival)
        });
        if bytes > 0 {
            for knock in self.knocks.drain(..) {
                // Whoever asked may have left; then nobody needs the answer.
                let _ = knock.send(());
            }
        }
        if let Some(milliseconds) = self.intake.take_first_jump() {
            let channel = self.holding.broadcast().channel();
            tracing::warn!(%channel, milliseconds, "the publisher's clock jumped; time goes on by one frame");
        }
        match done {
            Some(ending) => ending.map(Leave::Ended),
            None => Some(Leave::Deprived(self.holding.fate().await)),
        }
    }
}

/// Passes on what the session has for the stream.
fn pass<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    intake: &mut Intake,
    texts: &mut Texts,
    reins: &mut Reins,
    arrival: Duration,
) -> Option<Ending> {
    if let Some(ending) = air(intake, reins) {
        return Some(ending);
    }
    while let Some(event) = wire.session.poll_event() {
        match &event {
            Event::Finished => return Some(Ending::Finished),
            Event::Metadata(announced) => {
                // Some encoders describe themselves every few seconds.
                if intake.announced().is_none() {
                    let channel = reins.publisher.broadcast().channel();
                    tracing::info!(%channel, ?announced, "stream described");
                }
                reins.life.described(announced);
            }
            Event::Told(told) => texts.pass(told, arrival, &mut reins.publisher),
            _ => {}
        }
        if let Err(fault) = intake.take(event, arrival) {
            return Some(Ending::Unusable(fault));
        }
        if let Some(ending) = air(intake, reins) {
            return Some(ending);
        }
    }
    None
}

/// Puts on air what the intake has ready, unless that must not go on air.
fn air(intake: &mut Intake, reins: &mut Reins) -> Option<Ending> {
    while let Some(output) = intake.poll() {
        if let Some(ending) = reins.life.heard(&output) {
            return Some(ending);
        }
        match output {
            Output::Tracks(tracks) => reins.publisher.set_tracks(tracks),
            Output::Frame(frame) => {
                reins.edge.note(&frame);
                reins.publisher.push(frame);
            }
        }
    }
    None
}

/// What is overdue when the alarm goes; else when to look again.
fn overdue(intake: &Intake, timeouts: &Timeouts, began: Instant, heard: Instant) -> Result<Instant, Ending> {
    let now = Instant::now();
    let silent_at = heard + timeouts.silence;
    if now >= silent_at {
        return Err(Ending::Stalled(timeouts.silence.as_secs()));
    }
    let keyframe_at = began + timeouts.keyframe;
    if intake.has_started() {
        return Ok(silent_at);
    }
    if now < keyframe_at {
        return Ok(silent_at.min(keyframe_at));
    }
    let waited = timeouts.keyframe.as_secs();
    Err(match (&intake.tracks().video, &intake.tracks().audio) {
        (Some(_), _) => Ending::NoKeyframe(waited),
        (None, Some(_)) => Ending::NoVideo(waited),
        (None, None) => Ending::NoMedia(waited),
    })
}
