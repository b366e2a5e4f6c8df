//! One connection from its first byte to its last.
//!
//! Promise: it ends within bounded time whatever the peer does, says why in one log line, and its stream
//! is off air before anything else is tidied up, unless another connection goes on with it.

use std::net::SocketAddr;
use std::time::SystemTime;

use domain::{Arn, chain};
use live::Broadcast;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Admitted, Refusal};
use crate::desk::{Denial, Desk, Fate, Holding, Reins};
use crate::ending::Ending;
use crate::error::Error;
use crate::intake::Intake;
use crate::relay::{Feed, Leave, Relay};
use crate::rtmp::{Event, PublishRequest};
use crate::takeover::{Newcomer, Verdict};
use crate::texts::Texts;
use crate::wire::Wire;
use crate::{Config, Timeouts};

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) admission: Admission,
    pub(crate) desk: Desk,
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

    fn tell_start(self, request: &PublishRequest, broadcast: &Broadcast, key: &Arn) {
        tracing::info!(
            peer = %self.address, protocol = self.protocol(), channel = %broadcast.channel(),
            stream = %broadcast.stream(), %key, app = request.app, encoder = request.encoder,
            priority = request.priority, "stream started"
        );
    }

    fn tell_takeover(self, request: &PublishRequest, broadcast: &Broadcast) {
        tracing::info!(
            peer = %self.address, protocol = self.protocol(), channel = %broadcast.channel(),
            stream = %broadcast.stream(), app = request.app, encoder = request.encoder,
            priority = request.priority, "stream taken over"
        );
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
    let mut feed = Feed { intake: Intake::default(), texts: Texts::default(), began: Instant::now() };
    let entered = loop {
        let refusal = match shared.admission.admit(request, peer.encrypted, SystemTime::now()).await {
            Ok(Admitted { publisher, life, key }) => {
                let holding = shared.desk.open(publisher, life, request.priority);
                peer.tell_start(request, holding.broadcast(), &key);
                break Ok(holding);
            }
            Err(refusal) => refusal,
        };
        let Refusal::OnAir { channel } = &refusal else { break Err(Rebuff::by(&refusal)) };
        let mut newcomer = Newcomer {
            wire: &mut wire,
            intake: &mut feed.intake,
            began: feed.began,
            priority: request.priority,
            most: shared.config.limits.takeovers,
            timeouts: shared.config.timeouts,
        };
        let verdict = tokio::select! {
            verdict = newcomer.contend(&shared.desk, channel) => verdict,
            () = shutdown.cancelled() => break Err(Rebuff::shutdown()),
        };
        match verdict {
            Verdict::Vacant => {}
            Verdict::Won(holding) => {
                holding.with(|reins| feed.intake.follow(&reins.edge));
                peer.tell_takeover(request, holding.broadcast());
                break Ok(holding);
            }
            lost => break Err(Rebuff::after(lost, &refusal)),
        }
    };
    match entered {
        Ok(holding) => publish(wire, peer, feed, holding, &shared.config.timeouts, shutdown).await,
        Err(rebuff) => rebuff.give(wire, peer, request, shared, shutdown).await,
    }
}

/// What a publisher is told that may not publish.
struct Rebuff {
    code: &'static str,
    /// What its user reads; nothing where nobody listens any more.
    description: Option<String>,
    /// What stands in the log.
    cause: String,
    /// It did not know a key.
    guessed: bool,
}

impl Rebuff {
    fn by(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code(),
            description: Some(refusal.description().to_owned()),
            cause: chain(refusal),
            guessed: matches!(refusal, Refusal::UnknownKey),
        }
    }

    fn shutdown() -> Self {
        Self::told("NetConnection.Connect.Closed", "the server is shutting down".to_owned())
    }

    /// After a contest for a channel that is on air.
    fn after(verdict: Verdict<'_>, refusal: &Refusal) -> Self {
        let gone = |cause| Self { description: None, ..Self::told("NetStream.Failed", cause) };
        match verdict {
            Verdict::Denied(Denial::Stopping) => {
                Self::told("NetStream.Unpublish.Success", Denial::Stopping.to_string())
            }
            Verdict::Denied(denial) => Self::told("NetStream.Publish.Rejected", denial.to_string()),
            Verdict::Late(seconds) => Self::told("NetStream.Failed", Ending::NoKeyframe(seconds).to_string()),
            Verdict::Left => gone("the publisher left before it could take over".to_owned()),
            Verdict::Broken(error) => gone(chain(&error)),
            Verdict::Occupied | Verdict::Vacant | Verdict::Won(_) => Self::by(refusal),
        }
    }

    fn told(code: &'static str, cause: String) -> Self {
        Self { code, description: Some(sentence(&cause)), cause, guessed: false }
    }

    async fn give<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        mut wire: Wire<S>,
        peer: Peer,
        request: &PublishRequest,
        shared: &Shared,
        shutdown: &CancellationToken,
    ) {
        tracing::warn!(
            peer = %peer.address, protocol = peer.protocol(), app = request.app, encoder = request.encoder,
            priority = request.priority, code = self.code, cause = self.cause, "publisher refused"
        );
        if self.guessed {
            // Whoever guesses keys gets one guess a second on each of its few connections.
            tokio::select! {
                () = sleep(shared.config.timeouts.wrong_key) => {}
                () = shutdown.cancelled() => {}
            }
        }
        if let Some(description) = self.description {
            wire.session.reject_publish(self.code, &description);
        }
        wire.close().await;
    }
}

async fn publish<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<S>,
    peer: Peer,
    mut feed: Feed,
    mut holding: Holding<'_>,
    timeouts: &Timeouts,
    shutdown: &CancellationToken,
) {
    let began = feed.began;
    wire.widen();
    let leave = tokio::select! {
        leave = Relay::new(&mut wire, &mut feed, &mut holding, timeouts).run() => leave,
        () = shutdown.cancelled() => Leave::Ended(Ending::Shutdown),
    };
    let broadcast = holding.broadcast().clone();
    let (goes_on, (cause, status)) = match (leave, holding.resign()) {
        (Leave::Ended(ending), Some(Reins { publisher, life, .. })) => {
            drop(publisher);
            life.end(&ending);
            (false, (chain(&ending), ending.status()))
        }
        // It came to its end just when the stream was taken from it.
        (Leave::Ended(_), None) => deprived(holding.fate().await),
        (Leave::Deprived(fate), _) => deprived(fate),
    };
    let news = if goes_on { "publisher left, its stream goes on" } else { "stream ended" };
    drop(holding);
    let tally = feed.intake.tally();
    tracing::info!(
        peer = %peer.address, channel = %broadcast.channel(), stream = %broadcast.stream(), cause,
        bytes = wire.received(), pictures = tally.pictures, sounds = tally.sounds, dropped = tally.dropped,
        malformed = tally.malformed, jumps = tally.jumps, texts_dropped = feed.texts.dropped(),
        seconds = began.elapsed().as_secs(), "{news}"
    );
    if let Some((level, code, description)) = status {
        wire.session.close(level, code, &description);
    }
    wire.close().await;
}

/// The cause, and what the publisher is told: level, code, description.
type Parting = (String, Option<(&'static str, &'static str, String)>);

/// Of a stream that was taken from its connection: does it go on, and the parting.
fn deprived(fate: Fate) -> (bool, Parting) {
    let parting = match fate {
        Fate::Replaced => {
            let cause = "another encoder took the stream over".to_owned();
            let description = sentence(&cause);
            (cause, Some(("status", "NetStream.Unpublish.Success", description)))
        }
        Fate::Lost(seconds) => {
            let ending = Ending::Lost(seconds);
            (chain(&ending), ending.status())
        }
    };
    (fate == Fate::Replaced, parting)
}

/// Text as a sentence.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}
