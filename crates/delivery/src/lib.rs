//! Delivery: low-latency HLS to viewers.
//!
//! Way in: HTTP requests for paths under [`PREFIX`]. Way out: what stands on a broadcast's shelf, as
//! playlist text, parts and segments; how many watch, in the broadcast's pulse.
//!
//! Promise: all viewers share one rendering of a playlist and one copy of the media; a request is held
//! only for what was promised, for three target durations at most, and not a moment longer than its client
//! stays. Everything, errors too, may be read by pages of any origin.
//!
//! It refuses to know how media is made and how HTTP is spoken: it takes a request and gives a response.

mod admission;
mod answer;
mod body;
mod directives;
mod error;
mod pass;
mod path;
mod playlist;
mod readers;
mod restriction;
mod viewers;
mod visitor;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::{Arn, Limits};
use http::request::Parts;
use http::{Method, Request, Response};
use live::{Audience, Broadcast, Hub, Snapshot};
use media::Ticks;
use store::Store;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use admission::Admission;
use answer::Answer;
use directives::Directives;
use pass::Pass;
use path::{File, Place, Target};
use playlist::{Form, Viewing};
use restriction::{Country, Restriction};
use viewers::{House, Kind, Most, Teller, Viewers};
use visitor::Visitor;

pub use body::Body;
pub use error::Error;
pub use path::{PREFIX, multivariant_path};
pub use restriction::{Countries, CountriesError};

/// How much to take on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Requests held at once for one broadcast; more are answered 503.
    pub held_per_broadcast: usize,
    /// Viewers of one account at once, over all of its channels; more are answered 429.
    pub viewers_per_account: u32,
    /// Viewers of one channel at once; more are answered 429.
    pub viewers_per_channel: u32,
}

impl Default for Config {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            held_per_broadcast: 10_000,
            viewers_per_account: limits.concurrent_viewers,
            viewers_per_channel: limits.concurrent_viewers_per_channel,
        }
    }
}

impl Config {
    fn most_viewers(&self) -> Most {
        Most { of_channel: self.viewers_per_channel, of_account: self.viewers_per_account }
    }
}

/// How often viewers who went are looked for, and limits that were met are told.
const LOOK: Duration = Duration::from_secs(1);

/// The pipes it may touch.
#[derive(Clone)]
pub struct Deps {
    /// What is on air.
    pub hub: Hub,
    /// Takes events about limits.
    pub store: Store,
    /// Proves passes: the same on all servers that viewers may reach.
    pub key: [u8; 32],
}

/// Answers viewers. Clones are the same service.
#[derive(Clone, Debug)]
pub struct Delivery {
    config: Config,
    hub: Hub,
    store: Store,
    viewers: Arc<Viewers>,
    admission: Arc<Admission>,
    restriction: Arc<Restriction>,
}

impl Delivery {
    /// One that serves what `deps.hub` holds.
    pub fn bind(config: Config, deps: Deps) -> Self {
        let Deps { hub, store, key } = deps;
        let viewers = Arc::new(Viewers::new(hub.clone(), config.most_viewers()));
        let admission = Arc::new(Admission::new(store.clone(), &key));
        let restriction = Arc::new(Restriction::new(store.clone(), hub.clone(), None));
        Self { config, hub, store, viewers, admission, restriction }
    }

    /// Tells countries by this database of addresses; without one all viewers are served wherever they are.
    #[must_use]
    pub fn with_countries(mut self, countries: Countries) -> Self {
        let restriction = Restriction::new(self.store.clone(), self.hub.clone(), Some(countries));
        self.restriction = Arc::new(restriction);
        self
    }

    /// Counts viewers down and tells of limits that were met, until `shutdown`. Without it viewers are counted
    /// up only.
    pub async fn run(self, shutdown: CancellationToken) {
        let sweeps = async {
            let mut seconds = seconds();
            while shutdown.run_until_cancelled(seconds.tick()).await.is_some() {
                self.viewers.sweep();
            }
        };
        // Beside the other, which must not wait for a database that is away.
        let news = async {
            let mut teller = Teller::new(self.store.clone());
            let mut seconds = seconds();
            while shutdown.run_until_cancelled(seconds.tick()).await.is_some() {
                teller.tell(self.viewers.breaches()).await;
            }
            teller.tell(self.viewers.breaches()).await;
        };
        let (admission, restriction) =
            (self.admission.run(shutdown.clone()), self.restriction.run(shutdown.clone()));
        tokio::join!(sweeps, news, admission, restriction);
    }

    /// Answers a request from `address` for a path under [`PREFIX`]; its body is not read. Dropping the future
    /// gives up a held request at once.
    pub async fn handle<B>(&self, request: Request<B>, address: IpAddr) -> Response<Body> {
        let (head, _) = request.into_parts();
        if head.method == Method::OPTIONS {
            return answer::preflight();
        }
        let only_head = head.method == Method::HEAD;
        let result = if only_head || head.method == Method::GET {
            self.find(&head, address).await
        } else {
            Err(Error::Method)
        };
        let response = match result {
            Ok(answer) => answer.into_response(),
            Err(error) => answer::refusal(&error, head.uri.path()),
        };
        if only_head { response.map(|_| Body::empty()) } else { response }
    }

    async fn find(&self, head: &Parts, address: IpAddr) -> Result<Answer, Error> {
        let ask = Ask {
            query: head.uri.query().unwrap_or(""),
            visitor: Visitor::of(&head.headers, address, head.method == Method::GET),
        };
        match path::parse(head.uri.path()).ok_or(Error::Missing)? {
            Target::Multivariant(channel) => self.multivariant(&channel, ask).await,
            Target::Media(place, file) => self.media(place, file, ask).await,
        }
    }

    /// The way in for players: there only while the channel is on air and there is something to play. Each one
    /// gets a pass of its own.
    async fn multivariant(&self, channel: &Arn, ask: Ask<'_>) -> Result<Answer, Error> {
        let broadcast = self.hub.broadcast(channel).ok_or(Error::Offline)?;
        self.restriction.enter(&broadcast, &ask.visitor).await?;
        let pass = self.admission.enter(&broadcast, ask.token(), &ask.visitor).await?;
        let snapshot = broadcast.shelf().latest().filter(|now| !now.ended).ok_or(Error::Offline)?;
        self.viewers.of(&broadcast).welcome()?;
        let country = self.restriction.country(ask.visitor.address);
        let viewing = Viewing {
            pass: &pass,
            form: Form::Low,
            country: country.as_ref().map(Country::as_str),
            address: ask.visitor.address,
            now: SystemTime::now(),
            node: "rillcast",
            cap: None,
        };
        playlist::multivariant(&broadcast, &snapshot, &viewing)
            .map(Answer::Multivariant)
            .ok_or(Error::Private)
    }

    async fn media(&self, place: Place<'_>, file: File, ask: Ask<'_>) -> Result<Answer, Error> {
        let pass = place.pass;
        let house = self.viewers.at(&place)?;
        let broadcast = Arc::clone(house.broadcast());
        let stream = broadcast.stream();
        self.restriction.check(&broadcast, &ask.visitor).await?;
        let pass = pass.map(|pass| self.admission.check(stream, pass, &ask.visitor)).transpose()?;
        if pass.is_none() && broadcast.audience() == Audience::TokenHolders {
            return Err(Error::Private);
        }
        let snapshot = broadcast.shelf().latest().ok_or(Error::Offline)?;
        if !file.is_of(snapshot.terms.container) {
            return Err(Error::Missing);
        }
        match file {
            File::Playlist(_) => self.playlist(&house, snapshot, pass.ok_or(Error::Private)?, ask).await,
            File::Init(number) => Ok(Answer::Init(snapshot.init(number).ok_or(Error::Missing)?.data.clone())),
            File::Segment(number, container) => {
                let segment = snapshot.segment(number).ok_or(Error::Missing)?;
                ask.delivers(&broadcast, segment.duration);
                Ok(Answer::Segment(Arc::clone(segment), container))
            }
            File::Part(segment, part, _) => self.part(&house, snapshot, (segment, part), ask).await,
        }
    }

    async fn playlist(
        &self,
        house: &Arc<House>,
        now: Arc<Snapshot>,
        pass: Pass,
        ask: Ask<'_>,
    ) -> Result<Answer, Error> {
        let broadcast = house.broadcast();
        let text = |now: &Snapshot, skip| playlist::text(broadcast, now, Form::Low, skip).plain().clone();
        // After the end nothing can be waited for or skipped, so nothing that is asked for can be wrong.
        if now.ended {
            return Ok(Answer::Playlist { text: text(&now, false), is_held: false });
        }
        let Directives { wanted, skip } = directives::parse(ask.query)?;
        wanted.map_or(Ok(()), |wanted| wanted.check(&now))?;
        let must_wait = wanted.filter(|wanted| ask.visitor.counts && !wanted.is_met(&now));
        let Some(must_wait) = must_wait else {
            if ask.visitor.counts {
                self.viewers.seen(house, pass.session)?;
            }
            return Ok(Answer::Playlist { text: text(&now, skip), is_held: wanted.is_some() });
        };
        let visit = self.viewers.waits(house, pass.session)?;
        let hold = house.hold(Kind::Playlist, self.config.held_per_broadcast)?;
        let then = self.hold(broadcast, now, |snapshot| must_wait.is_met(snapshot)).await;
        drop(hold);
        // No request is held for as long as a session counts, so it was there all the while; also when the
        // stream stalls.
        visit.answered();
        // Meanwhile the policy may have changed, and the pass been revoked.
        self.restriction.check(broadcast, &ask.visitor).await?;
        if !self.admission.is_good(broadcast, &pass) {
            return Err(Error::Private);
        }
        Ok(Answer::Playlist { text: text(&*then?, skip), is_held: true })
    }

    /// The hinted part is held until it is there; one that lies further ahead was promised to nobody.
    async fn part(
        &self,
        house: &Arc<House>,
        now: Arc<Snapshot>,
        (segment, part): (u64, usize),
        ask: Ask<'_>,
    ) -> Result<Answer, Error> {
        let broadcast = house.broadcast();
        let is_hinted = segment == now.next_number() && part == now.next_part() && !now.ended;
        let is_decided = |now: &Snapshot| now.next_number() > segment || now.next_part() > part;
        let then = if is_hinted {
            let _hold = house.hold(Kind::Media, self.config.held_per_broadcast)?;
            self.hold(broadcast, now, is_decided).await?
        } else {
            now
        };
        let part = then.part(segment, part).ok_or(Error::Missing)?;
        ask.delivers(broadcast, part.duration);
        Ok(Answer::Part(part.data.clone(), then.terms.container))
    }

    /// The first snapshot that `wanted` accepts, or the last one of the broadcast.
    async fn hold(
        &self,
        broadcast: &Broadcast,
        now: Arc<Snapshot>,
        wanted: impl Fn(&Snapshot) -> bool,
    ) -> Result<Arc<Snapshot>, Error> {
        let mut shelf = broadcast.shelf().reader();
        let seconds = now.terms.target_duration;
        let limit = Ticks::new(now.terms.target().count().saturating_mul(3)).to_duration();
        // The old one is not kept alive while a newer one is waited for.
        drop(now);
        let then = timeout(limit, shelf.wait(wanted)).await;
        then.map_err(|_| Error::Overdue { seconds })?.ok_or(Error::Offline)
    }
}

/// What a request says beside its path.
#[derive(Clone, Copy, Debug)]
struct Ask<'a> {
    query: &'a str,
    visitor: Visitor<'a>,
}

impl<'a> Ask<'a> {
    /// The playback token, as it stands in the query.
    fn token(self) -> Option<&'a str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix("token="))
    }

    /// Counts media that is handed out.
    fn delivers(self, broadcast: &Broadcast, media: Ticks) {
        if self.visitor.counts {
            broadcast.pulse().add_delivered(u64::try_from(media.to_scale(1_000)).unwrap_or(0));
        }
    }
}

fn seconds() -> tokio::time::Interval {
    let mut seconds = interval(LOOK);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    seconds
}
