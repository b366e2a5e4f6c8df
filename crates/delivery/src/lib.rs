//! Delivery: low-latency HLS to viewers.
//!
//! Way in: HTTP requests for paths under [`PREFIX`]. Way out: what stands on a broadcast's shelf, as
//! playlist text, parts and segments.
//!
//! Promise: all viewers share one rendering of a playlist and one copy of the media; a request is held
//! only for what was promised, for three target durations at most, and not a moment longer than its client
//! stays. Everything, errors too, may be read by pages of any origin.
//!
//! It refuses to know how media is made and how HTTP is spoken: it takes a request and gives a response.

mod answer;
mod body;
mod directives;
mod error;
mod path;
mod playlist;

use std::sync::Arc;

use domain::{Arn, StreamId};
use http::{Method, Request, Response, Uri};
use live::{Audience, Broadcast, Hub, Snapshot};
use media::Ticks;
use tokio::time::timeout;

use answer::Answer;
use directives::Directives;
use path::{File, Target};

pub use body::Body;
pub use error::Error;
pub use path::{PREFIX, multivariant_path};

/// How much to take on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Requests held at once for one broadcast; more are answered 503.
    pub held_per_broadcast: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { held_per_broadcast: 10_000 }
    }
}

/// The pipes it may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    /// What is on air.
    pub hub: Hub,
}

/// Answers viewers. Clones are the same service.
#[derive(Clone, Debug)]
pub struct Delivery {
    config: Config,
    hub: Hub,
}

impl Delivery {
    /// One that serves what `deps.hub` holds.
    pub fn bind(config: Config, deps: Deps) -> Self {
        Self { config, hub: deps.hub }
    }

    /// Answers a request for a path under [`PREFIX`]; its body is not read. Dropping the future gives up a
    /// held request at once.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body> {
        let (head, _) = request.into_parts();
        if head.method == Method::OPTIONS {
            return answer::preflight();
        }
        let only_head = head.method == Method::HEAD;
        let result = if only_head || head.method == Method::GET {
            self.find(&head.uri).await
        } else {
            Err(Error::Method)
        };
        let response = match result {
            Ok(answer) => answer.into_response(),
            Err(error) => answer::refusal(&error, head.uri.path()),
        };
        if only_head { response.map(|_| Body::empty()) } else { response }
    }

    async fn find(&self, uri: &Uri) -> Result<Answer, Error> {
        match path::parse(uri.path()).ok_or(Error::Missing)? {
            Target::Multivariant(channel) => self.multivariant(&channel),
            Target::Media(channel, stream, file) => self.media(&channel, &stream, file, uri.query()).await,
        }
    }

    /// The way in for players: there only while the channel is on air and there is something to play.
    fn multivariant(&self, channel: &Arn) -> Result<Answer, Error> {
        let broadcast = admitted(self.hub.broadcast(channel))?;
        let snapshot = broadcast.shelf().latest().filter(|now| !now.ended).ok_or(Error::Offline)?;
        Ok(Answer::Playlist { text: playlist::multivariant(&broadcast, &snapshot), is_held: false })
    }

    async fn media(
        &self,
        channel: &Arn,
        stream: &StreamId,
        file: File,
        query: Option<&str>,
    ) -> Result<Answer, Error> {
        let broadcast = admitted(self.hub.find(channel, stream))?;
        let snapshot = broadcast.shelf().latest().ok_or(Error::Offline)?;
        match file {
            File::Playlist => self.playlist(&broadcast, snapshot, query).await,
            File::Init(number) => Ok(Answer::Init(snapshot.init(number).ok_or(Error::Missing)?.data.clone())),
            File::Segment(number) => {
                Ok(Answer::Segment(Arc::clone(snapshot.segment(number).ok_or(Error::Missing)?)))
            }
            File::Part(segment, part) => self.part(&broadcast, snapshot, segment, part).await,
        }
    }

    async fn playlist(
        &self,
        broadcast: &Broadcast,
        now: Arc<Snapshot>,
        query: Option<&str>,
    ) -> Result<Answer, Error> {
        // After the end nothing can be waited for or skipped, so nothing that is asked for can be wrong.
        if now.ended {
            return Ok(Answer::Playlist { text: playlist::full(&now), is_held: false });
        }
        let Directives { wanted, skip } = directives::parse(query.unwrap_or(""))?;
        let Some(wanted) = wanted else {
            return Ok(Answer::Playlist { text: playlist::text(&now, skip), is_held: false });
        };
        wanted.check(&now)?;
        let then = self.hold(broadcast, now, |snapshot| wanted.is_met(snapshot)).await?;
        Ok(Answer::Playlist { text: playlist::text(&then, skip), is_held: true })
    }

    /// The hinted part is held until it is there; one that lies further ahead was promised to nobody.
    async fn part(
        &self,
        broadcast: &Broadcast,
        now: Arc<Snapshot>,
        segment: u64,
        part: usize,
    ) -> Result<Answer, Error> {
        let is_hinted = segment == now.next_number() && part == now.next_part();
        let is_decided = |now: &Snapshot| now.next_number() > segment || now.next_part() > part;
        let then = if is_hinted { self.hold(broadcast, now, is_decided).await? } else { now };
        Ok(Answer::Part(then.part(segment, part).ok_or(Error::Missing)?.data.clone()))
    }

    /// The first snapshot that `wanted` accepts, or the last one of the broadcast.
    async fn hold(
        &self,
        broadcast: &Broadcast,
        now: Arc<Snapshot>,
        wanted: impl Fn(&Snapshot) -> bool,
    ) -> Result<Arc<Snapshot>, Error> {
        if now.ended || wanted(&now) {
            return Ok(now);
        }
        let mut shelf = broadcast.shelf().reader();
        if broadcast.shelf().waiting() > self.config.held_per_broadcast {
            return Err(Error::Crowded);
        }
        let seconds = now.terms.target_duration;
        let limit = Ticks::new(now.terms.target().count().saturating_mul(3)).to_duration();
        let then = timeout(limit, shelf.wait(wanted)).await;
        then.map_err(|_| Error::Overdue { seconds })?.ok_or(Error::Offline)
    }
}

/// The broadcast, if this viewer may see it. Of a private channel nobody may: accounts can't import
/// playback keys yet, so no token is signed by one.
fn admitted(broadcast: Option<Arc<Broadcast>>) -> Result<Arc<Broadcast>, Error> {
    let broadcast = broadcast.ok_or(Error::Offline)?;
    match broadcast.audience() {
        Audience::Everyone => Ok(broadcast),
        Audience::TokenHolders => Err(Error::Private),
    }
}
