//! One connection from its first byte to its last.
//!
//! Promise: it ends within bounded time whatever the peer does, says why in one log line, and its stream
//! is off air before anything else is tidied up.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use domain::chain;
use live::Publisher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Admitted, Refusal};
use crate::ending::Ending;
use crate::error::Error;
use crate::intake::{Intake, Output};
use crate::life::Life;
use crate::rtmp::{Event, PublishRequest};
use crate::wire::Wire;
use crate::{Config, Timeouts};

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) admission: Admission,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) encrypted: bool,
}

impl Peer {
    fn protocol(self) -> &'static str {
        if self.encrypted { "RTMPS" } else { "RTMP" }
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: Peer,
    shared: &Shared,
    shutdown: &CancellationToken,
) {
    let mut wire = Wire::new(stream);
    let asked = tokio::select! {
        asked = negotiate(&mut wire, &shared.config.timeouts) => asked,
        () = shutdown.cancelled() => return,
    };
    match asked {
        Ok(Some(request)) => answer(wire, peer, &request, shared, shutdown).await,
        Ok(None) => {
            tracing::debug!(peer = %peer.address, protocol = peer.protocol(), "left without publishing");
        }
        Err(error) => {
            let cause = chain(&error);
            tracing::info!(peer = %peer.address, protocol = peer.protocol(), cause, "connection refused");
            wire.close().await;
        }
    }
}

/// Talks until the peer asks to publish; nothing when it leaves before.
async fn negotiate<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    timeouts: &Timeouts,
) -> Result<Option<PublishRequest>, Error> {
    let began = Instant::now();
    loop {
        let limit = if wire.session.is_shaken() { timeouts.publish } else { timeouts.handshake };
        let Ok(filled) = timeout_at(began + limit, wire.fill()).await else {
            return Err(Error::TooSlow(limit));
        };
        let open = filled?;
        wire.flush().await?;
        if let Some(Event::Publish(request)) = wire.session.poll_event() {
            return Ok(Some(request));
        }
        if !open {
            return Ok(None);
        }
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<S>,
    peer: Peer,
    request: &PublishRequest,
    shared: &Shared,
    shutdown: &CancellationToken,
) {
    match shared.admission.admit(request, peer.encrypted, SystemTime::now()).await {
        Ok(admitted) => publish(wire, peer, request, admitted, &shared.config.timeouts, shutdown).await,
        Err(refusal) => {
            let (code, cause) = (refusal.code(), chain(&refusal));
            tracing::warn!(
                peer = %peer.address, protocol = peer.protocol(), app = request.app,
                encoder = request.encoder, code, cause, "publisher refused"
            );
            if matches!(refusal, Refusal::UnknownKey) {
                // Whoever guesses keys gets one guess a second on each of its few connections.
                tokio::select! {
                    () = sleep(shared.config.timeouts.wrong_key) => {}
                    () = shutdown.cancelled() => {}
                }
            }
            wire.session.reject_publish(code, refusal.description());
            wire.close().await;
        }
    }
}

async fn publish<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<S>,
    peer: Peer,
    request: &PublishRequest,
    Admitted { mut publisher, mut life, key }: Admitted,
    timeouts: &Timeouts,
    shutdown: &CancellationToken,
) {
    let began = Instant::now();
    let broadcast = publisher.broadcast().clone();
    let (channel, stream) = (broadcast.channel(), broadcast.stream());
    tracing::info!(
        peer = %peer.address, protocol = peer.protocol(), %channel, %stream, key = %key.id,
        app = request.app, encoder = request.encoder, "stream started"
    );
    wire.widen();
    let mut intake = Intake::default();
    let ending = tokio::select! {
        ending = relay(&mut wire, &mut intake, &mut publisher, &mut life, timeouts) => ending,
        () = shutdown.cancelled() => Ending::Shutdown,
    };
    drop(publisher);
    life.end(&ending);
    let tally = intake.tally();
    tracing::info!(
        peer = %peer.address, %channel, %stream, cause = chain(&ending), bytes = wire.received(),
        pictures = tally.pictures, sounds = tally.sounds, dropped = tally.dropped,
        malformed = tally.malformed, jumps = tally.jumps,
        seconds = began.elapsed().as_secs(), "stream ended"
    );
    if let Some((level, code, description)) = ending.status() {
        wire.session.close(level, code, &description);
    }
    wire.close().await;
}

/// Moves frames from the wire to the air until something ends it.
async fn relay<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    intake: &mut Intake,
    publisher: &mut Publisher,
    life: &mut Life,
    timeouts: &Timeouts,
) -> Ending {
    let began = Instant::now();
    // When something of use came last: any bytes at first, pictures once they have begun. Sound or crumbs
    // that go on alone keep no stream on air.
    let mut heard = began;
    let mut latest = began;
    let mut pictures = 0;
    let alarm = sleep_until(began + timeouts.keyframe.min(timeouts.silence));
    tokio::pin!(alarm);
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut received = wire.received();
    if let Err(error) = wire.session.accept_publish() {
        return Ending::Broken(error);
    }
    loop {
        if let Some(ending) = drain(wire, intake, publisher, life, latest - began) {
            return ending;
        }
        if !intake.has_started() || intake.tally().pictures != pictures {
            pictures = intake.tally().pictures;
            heard = latest;
        }
        if let Err(error) = wire.flush().await {
            return Ending::Broken(error);
        }
        tokio::select! {
            filled = wire.fill() => match filled {
                Ok(true) => {
                    latest = Instant::now();
                    life.arrived(wire.received() - received, latest);
                    received = wire.received();
                }
                Ok(false) => return Ending::Vanished,
                Err(error) => return Ending::Broken(error),
            },
            () = publisher.stop_requested() => return Ending::StopRequested,
            now = second.tick() => if let Some(ending) = life.tick(now) {
                return ending;
            },
            () = &mut alarm => match overdue(intake, timeouts, began, heard) {
                Ok(next) => alarm.as_mut().reset(next),
                Err(ending) => return ending,
            },
        }
    }
}

/// Puts on air what has arrived.
fn drain<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    intake: &mut Intake,
    publisher: &mut Publisher,
    life: &mut Life,
    arrival: Duration,
) -> Option<Ending> {
    while let Some(event) = wire.session.poll_event() {
        match &event {
            Event::Finished => return Some(Ending::Finished),
            // Some encoders describe themselves every few seconds.
            Event::Metadata(announced) if intake.announced().is_none() => {
                tracing::info!(channel = %publisher.broadcast().channel(), ?announced, "stream described");
                life.described(announced);
            }
            _ => {}
        }
        if let Err(fault) = intake.take(event, arrival) {
            return Some(Ending::Unusable(fault));
        }
        while let Some(output) = intake.poll() {
            life.heard(&output);
            match output {
                Output::Tracks(tracks) => publisher.set_tracks(tracks),
                Output::Frame(frame) => publisher.push(frame),
            }
        }
    }
    if let Some(milliseconds) = intake.take_first_jump() {
        let channel = publisher.broadcast().channel();
        tracing::warn!(%channel, milliseconds, "the publisher's clock jumped; time goes on by one frame");
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
