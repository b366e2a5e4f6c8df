//! A stream's life as its connection tells it: what is measured of it, kept of it and told outside.
//!
//! Promise: telling never makes the connection wait. What happened stands in the store in the order in which it
//! did, with its events; while the database is away [`story::STEPS`] of it are kept in memory. When even that is
//! full, changes of health are merged into the newest one, and takeovers are lost with a line in the log; the
//! beginning and the end never are.
//!
//! [`Life`] measures and notes, without waiting. A [`story`] writes, beside the connection. The [`chronicle`] begins
//! stories and waits for them; the [`keeper`] gives signs of life and closes what dead servers left open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use domain::{ChannelType, IncomingMedia, StreamHealth, TakeoverFailure, unix_millis};
use live::Broadcast;
use media::Tracks;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::allowance::{Allowance, Excess};
use crate::ending::Ending;
use crate::health::Meter;
use crate::intake::Output;
use crate::rtmp::Announced;

mod chronicle;
mod incoming;
mod keeper;
mod leftovers;
mod step;
mod story;

pub(crate) use chronicle::Chronicle;

use step::{Farewell, Step};

/// What the connection of a stream tells. It goes with the stream: after a takeover the next connection has it.
#[derive(Debug)]
pub(crate) struct Life {
    broadcast: Arc<Broadcast>,
    teller: Teller,
    meter: Meter,
    allowance: Allowance,
    announced: Announced,
    tracks: Tracks,
    /// When the stream began.
    began: Instant,
    /// When something was heard of it last.
    latest: Instant,
    max_stream: Duration,
    told_health: StreamHealth,
    told_incoming: Option<IncomingMedia>,
}

impl Life {
    fn new(config: &Config, broadcast: Arc<Broadcast>, channel_type: ChannelType, teller: Teller) -> Self {
        let began = Instant::now();
        Self {
            broadcast,
            teller,
            meter: Meter::default(),
            allowance: Allowance::new(config.limits, channel_type),
            announced: Announced::default(),
            tracks: Tracks::default(),
            began,
            latest: began,
            max_stream: config.max_stream,
            told_health: StreamHealth::Unknown,
            told_incoming: None,
        }
    }

    /// Bytes came, of whatever kind.
    pub(crate) fn arrived(&mut self, bytes: u64, now: Instant) {
        self.latest = now;
        let now = self.age(now);
        self.meter.arrived(bytes, now);
        self.allowance.arrived(bytes, now);
    }

    /// The encoder described its stream.
    pub(crate) fn described(&mut self, announced: &Announced) {
        self.meter.announce(announced);
        self.broadcast.pulse().set_announced_bitrate(self.meter.announced_bitrate());
        self.announced = announced.clone();
        self.tell_incoming_first();
    }

    /// This goes on air next. Says when the stream has to end before: its picture is larger than it may be.
    pub(crate) fn heard(&mut self, output: &Output) -> Option<Ending> {
        match output {
            Output::Frame(frame) => {
                let now = self.age(self.latest);
                self.meter.frame(frame, now);
                None
            }
            Output::Tracks(tracks) => {
                self.meter.tracks(tracks);
                self.tracks = tracks.clone();
                self.tell_incoming_first();
                let video = tracks.video.as_ref()?;
                self.allowance.picture(video.width, video.height).map(Ending::Exceeded)
            }
        }
    }

    /// A second went by. Says when the stream has to end: it broke a limit, or was on air for too long.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<Ending> {
        let age = self.age(now);
        let (incoming, health) = self.meter.judge(age);
        self.broadcast.pulse().set_incoming(incoming);
        self.tell_health(health);
        self.tell_incoming();
        if self.teller.forfeited.load(Ordering::Relaxed) {
            return Some(Ending::Forfeited);
        }
        if age >= self.max_stream {
            return Some(Ending::TooLong(self.max_stream.as_secs()));
        }
        self.allowance.judge(age).map(Ending::Exceeded)
    }

    /// Another encoder goes on with the stream: it is measured afresh, and fares as before until that is known.
    pub(crate) fn taken_over(&mut self) {
        self.teller.tell(Step::TakenOver { at: now() });
        self.meter = Meter::default();
        self.announced = Announced::default();
        self.latest = Instant::now();
    }

    /// Another encoder wanted to go on with the stream and may not.
    pub(crate) fn takeover_refused(&mut self, why: TakeoverFailure) {
        self.teller.tell(Step::TakeoverRefused { at: now(), why });
    }

    /// The publisher is off air.
    pub(crate) fn end(mut self, ending: &Ending) {
        let breach = ending.excess().map(Excess::breach);
        self.teller.part(Farewell { at: now(), breach, failure: ending.failure() });
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    /// A change that finds no room is told with the next one.
    fn tell_health(&mut self, health: StreamHealth) {
        if health == StreamHealth::Unknown || health == self.told_health {
            return;
        }
        self.broadcast.pulse().set_health(health);
        if self.teller.try_tell(Step::Health { at: now(), before: self.told_health, now: health }) {
            self.told_health = health;
        }
    }

    /// At once for the first time; later changes once a second, however often an encoder describes itself anew.
    fn tell_incoming_first(&mut self) {
        if self.told_incoming.is_none() {
            self.tell_incoming();
        }
    }

    fn tell_incoming(&mut self) {
        if self.tracks.video.is_none() && self.tracks.audio.is_none() {
            return;
        }
        let incoming = incoming::incoming(&self.tracks, &self.announced);
        if self.told_incoming.as_ref() == Some(&incoming) {
            return;
        }
        if self.teller.try_tell(Step::Incoming(Box::new(incoming.clone()))) {
            self.told_incoming = Some(incoming);
        }
    }
}

/// The connection's end of a story. Dropping it says that the publisher is off air.
#[derive(Debug)]
struct Teller {
    steps: mpsc::Sender<Step>,
    /// The last step's place, kept from the beginning.
    farewell: Option<OwnedPermit<Step>>,
    gone: CancellationToken,
    forfeited: Arc<AtomicBool>,
}

impl Teller {
    fn new(steps: &mpsc::Sender<Step>, gone: CancellationToken, forfeited: Arc<AtomicBool>) -> Self {
        let farewell = steps.clone().try_reserve_owned().ok();
        Self { steps: steps.clone(), farewell, gone, forfeited }
    }

    /// False when there is no room.
    fn try_tell(&self, step: Step) -> bool {
        self.steps.try_send(step).is_ok()
    }

    fn tell(&self, step: Step) {
        if let Err(error) = self.steps.try_send(step) {
            let step = error.into_inner();
            tracing::error!(?step, "too much waits for the database; this of a stream is lost");
        }
    }

    fn part(&mut self, farewell: Farewell) {
        if let Some(place) = self.farewell.take() {
            place.send(Step::OffAir(farewell));
        }
        self.gone.cancel();
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.part(Farewell { at: now(), breach: None, failure: None });
    }
}

#[cfg(test)]
mod tests;

/// Milliseconds since 1970.
fn now() -> i64 {
    unix_millis(SystemTime::now())
}
