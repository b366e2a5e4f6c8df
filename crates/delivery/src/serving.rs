//! Serving: what is found for a path, who may have it, and what is waited for.
//!
//! Promise: nothing is looked at before the channel's policy and, where it is private, the viewer's pass allow it,
//! and both are asked again after a wait. A request waits only for what was promised: what a playlist's directives
//! may ask for, the hinted part, the segment in the making and the one after it. For a head nothing is waited for.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use domain::{Arn, LatencyMode};
use http::HeaderMap;
use http::request::Parts;
use http::{Method, header};
use live::{Audience, Broadcast, Shelf, Snapshot};
use media::Ticks;
use tokio::time::timeout;

use crate::answer::{Answer, Content};
use crate::directives::{self, Directives};
use crate::error::Error;
use crate::feed::Feed;
use crate::growing::{self, Growing, Piece, piece};
use crate::pass::Pass;
use crate::path::{File, Place, Target};
use crate::playlist::{self, Form, Viewing};
use crate::readers::Readers;
use crate::restriction::{Country, Leave};
use crate::viewers::{House, Kind};
use crate::visitor::Visitor;
use crate::{Delivery, stall_limit};

/// What the IVS player says that it reads, in this order and wherever it runs; other players say it otherwise.
const IVS_PLAYER: &[u8] = b"application/x-mpegurl, application/vnd.apple.mpegurl, application/json";

impl Delivery {
    /// What this request gets.
    pub(crate) async fn find(
        &self,
        target: Option<Target<'_>>,
        head: &Parts,
        address: IpAddr,
    ) -> Result<Answer, Error> {
        let ask = Ask {
            query: head.uri.query().unwrap_or(""),
            headers: &head.headers,
            visitor: Visitor::of(&head.headers, address, head.method == Method::GET),
        };
        match target.ok_or(Error::Missing)? {
            // Boxed: what is rare would make the rest's future large, and it is moved for each request.
            Target::Multivariant(channel) => Box::pin(self.multivariant(&channel, ask)).await,
            Target::Thumbnail(channel) => Box::pin(self.thumbnail(&channel, ask)).await,
            Target::Media(place, file) => self.below(&place, file, ask).await,
        }
    }

    /// The way in for players: there only while the channel is on air and there is something to play. Each one
    /// gets a pass of its own.
    async fn multivariant(&self, channel: &Arn, ask: Ask<'_>) -> Result<Answer, Error> {
        let broadcast = self.hub.broadcast(channel).ok_or(Error::Offline)?;
        let form = ask.form(broadcast.latency())?;
        // Before a token that may be used only once is used up.
        if !broadcast.is_playable() {
            return Err(Error::Offline);
        }
        let (leave, pass) = match self.admission.enter_by_the_house(&broadcast, ask.token()).await? {
            Some(pass) => (Leave::OF_THE_HOUSE, pass),
            None => {
                let mut leave = self.restriction.enter(&broadcast, &ask.visitor).await?;
                let pass = self.admission.enter(&broadcast, ask.token(), &ask.visitor).await?;
                leave.readers = leave.readers.and(pass.readers());
                (leave, pass)
            }
        };
        let house = self.viewers.of(&broadcast);
        house.welcome()?;
        let country = self.restriction.country(ask.visitor.address);
        let viewing = Viewing {
            pass: &pass,
            form,
            country: country.as_ref().map(Country::as_str),
            address: ask.visitor.address,
            now: SystemTime::now(),
            node: &self.node,
            cap: pass.cap(),
        };
        let text = playlist::multivariant(&house.feeds(), &viewing)?;
        Ok(Answer { content: Content::Multivariant(text), leave })
    }

    /// A picture of what is on air, for whoever could enter; to see it is not to watch.
    async fn thumbnail(&self, channel: &Arn, ask: Ask<'_>) -> Result<Answer, Error> {
        let broadcast = self.hub.broadcast(channel).filter(|broadcast| broadcast.is_playable());
        let broadcast = broadcast.ok_or(Error::Offline)?;
        let leave = match self.admission.enter_by_the_house(&broadcast, ask.token()).await? {
            Some(_) => Leave::OF_THE_HOUSE,
            None => {
                let mut leave = self.restriction.enter(&broadcast, &ask.visitor).await?;
                let readers = self.admission.look(&broadcast, ask.token(), &ask.visitor).await?;
                leave.for_all &=
                    broadcast.audience() == Audience::Everyone && leave.readers == Readers::Everyone;
                leave.readers = leave.readers.and(readers);
                leave
            }
        };
        let thumbnail = broadcast.thumbnail().ok_or(Error::Missing)?;
        Ok(Answer { content: Content::Thumbnail(thumbnail), leave })
    }

    /// All that stands below a stream's path.
    async fn below(&self, place: &Place<'_>, file: File, ask: Ask<'_>) -> Result<Answer, Error> {
        let house = self.viewers.at(place)?;
        let broadcast = house.broadcast();
        let pass = self.pass(broadcast, place, file, &ask);
        let known = pass.as_ref().ok().and_then(Option::as_ref);
        let mut leave = self.leave(broadcast, known, &ask).await?;
        let pass = pass?;
        leave.for_all &= broadcast.audience() == Audience::Everyone;
        leave.readers = leave.readers.and(pass.as_ref().map_or(Readers::Everyone, Pass::readers));
        let feed = house.feed(place.rendition)?;
        let now = feed.shelf().latest().ok_or(Error::Offline)?;
        if !file.is_of(now.terms.container) {
            return Err(Error::Missing);
        }
        if !feed.fits(&now, pass.as_ref().and_then(Pass::cap)) {
            return Err(Error::Entitlement);
        }
        let room = Room { house: &house, feed: &feed };
        let content = match (file, pass) {
            (File::Playlist(form), Some(pass)) => self.playlist(room, now, form, &pass, &ask).await?,
            (File::Playlist(_), None) => return Err(Error::Private),
            (File::Init(number), _) => Content::Init(init(&now, number).ok_or(Error::Missing)?),
            (File::Segment(number, _), pass) => self.segment(room, now, number, pass, &ask).await?,
            (File::Part(segment, part, _), pass) => self.part(room, now, (segment, part), pass, &ask).await?,
        };
        Ok(Answer { content, leave })
    }

    /// The pass that this file is asked for with, proven; `None` for what all viewers share. Which of both is
    /// wanted depends on the channel alone, so that a file has one path.
    fn pass(
        &self,
        broadcast: &Broadcast,
        place: &Place<'_>,
        file: File,
        ask: &Ask<'_>,
    ) -> Result<Option<Pass>, Error> {
        let is_shared = broadcast.audience() == Audience::Everyone && !matches!(file, File::Playlist(_));
        match (is_shared, place.pass) {
            (true, None) => Ok(None),
            // Those of the house have media where restrictions can be told not to apply.
            (true, Some(pass)) => match self.admission.check(broadcast.stream(), pass, &ask.visitor) {
                Ok(pass) if pass.is_house() => Ok(Some(pass)),
                _ => Err(Error::Missing),
            },
            (false, None) => Err(Error::Private),
            (false, Some(pass)) => self.admission.check(broadcast.stream(), pass, &ask.visitor).map(Some),
        }
    }

    async fn playlist(
        &self,
        room: Room<'_>,
        now: Arc<Snapshot>,
        form: Form,
        pass: &Pass,
        ask: &Ask<'_>,
    ) -> Result<Content, Error> {
        let Room { house, feed } = room;
        let broadcast = house.broadcast();
        if broadcast.latency() == LatencyMode::Normal && form != Form::Plain {
            return Err(Error::Missing);
        }
        let found = |now: &Snapshot, skip, is_held| {
            let text = playlist::text(feed, now, form, skip);
            let is_apart = pass.is_house() && broadcast.audience() == Audience::Everyone;
            let text = if is_apart { playlist::below(feed, &text) } else { text };
            Ok(Content::Playlist { text, is_held })
        };
        // After the end nothing can be waited for or skipped, so nothing that is asked for can be wrong.
        if now.ended {
            return found(&now, false, false);
        }
        let directives =
            if form == Form::Low { directives::parse(ask.query)? } else { Directives::default() };
        let Directives { wanted, skip } = directives;
        wanted.map_or(Ok(()), |wanted| wanted.check(&now))?;
        let must_wait = wanted.filter(|wanted| ask.visitor.counts && !wanted.is_met(&now));
        let Some(must_wait) = must_wait else {
            if ask.visitor.counts {
                self.viewers.seen(house, pass.session)?;
            }
            return found(&now, skip, wanted.is_some());
        };
        let visit = self.viewers.waits(house, pass.session)?;
        let hold = house.hold(Kind::Playlist, self.config.held_per_broadcast)?;
        let then = wait(feed.shelf(), now, |snapshot| must_wait.is_met(snapshot)).await;
        drop(hold);
        // No request is held for as long as a session counts, so it was there all the while; also when the
        // stream stalls.
        visit.answered();
        self.ask_again(broadcast, Some(pass), ask).await?;
        found(&*then?, skip, true)
    }

    /// A finished segment, or one that is sent while it is made: the one in the making and the one after it, which
    /// playlists tell players to prefetch.
    async fn segment(
        &self,
        room: Room<'_>,
        now: Arc<Snapshot>,
        number: u64,
        pass: Option<Pass>,
        ask: &Ask<'_>,
    ) -> Result<Content, Error> {
        let Room { house, feed } = room;
        let (broadcast, container) = (house.broadcast(), now.terms.container);
        if let Some(segment) = now.segment(number) {
            if segment.is_gap() {
                return Err(Error::Missing);
            }
            ask.delivers(broadcast, segment.duration);
            return Ok(Content::Segment(Arc::clone(segment), container));
        }
        if let Some((past, history)) = now.history.get(number).zip(self.history.as_ref()) {
            if past.gap {
                return Err(Error::Missing);
            }
            let data = Box::pin(history.read(&feed.reel(), past)).await?;
            self.ask_again(broadcast, pass.as_ref(), ask).await?;
            ask.delivers(broadcast, past.duration);
            return Ok(Content::Block(data, container));
        }
        let is_told = broadcast.latency() == LatencyMode::Low
            && (number == now.next_number() || number == now.next_number() + 1);
        if now.ended || !is_told {
            return Err(Error::Missing);
        }
        let hold = house.hold(Kind::Media, self.places_for_media())?;
        let then = match piece(&now, number, 0) {
            Piece::There(_) => now,
            _ if !ask.visitor.counts => return Err(Error::Missing),
            _ => {
                let is_begun = |now: &Snapshot| !matches!(piece(now, number, 0), Piece::Awaited);
                let then = wait(feed.shelf(), now, is_begun).await?;
                self.ask_again(broadcast, pass.as_ref(), ask).await?;
                then
            }
        };
        match piece(&then, number, 0) {
            Piece::There(_) => {}
            _ => return Err(Error::Missing),
        }
        let leave = growing::Leave {
            admission: Arc::clone(&self.admission),
            pass,
            figures: Arc::clone(&self.figures),
            counts: ask.visitor.counts,
        };
        Ok(Content::Growing(Growing::new(feed.clone(), number, leave, hold), container))
    }

    /// The hinted part is held until it is there; one that lies further ahead was promised to nobody.
    async fn part(
        &self,
        room: Room<'_>,
        now: Arc<Snapshot>,
        (segment, part): (u64, usize),
        pass: Option<Pass>,
        ask: &Ask<'_>,
    ) -> Result<Content, Error> {
        let Room { house, feed } = room;
        let broadcast = house.broadcast();
        // Without low latency nobody is told of parts.
        if broadcast.latency() == LatencyMode::Normal {
            return Err(Error::Missing);
        }
        let is_hinted = segment == now.next_number() && part == now.next_part() && !now.ended;
        let then = if is_hinted && ask.visitor.counts {
            let _hold = house.hold(Kind::Media, self.places_for_media())?;
            let is_decided = |now: &Snapshot| now.next_number() > segment || now.next_part() > part;
            let then = wait(feed.shelf(), now, is_decided).await?;
            self.ask_again(broadcast, pass.as_ref(), ask).await?;
            then
        } else {
            now
        };
        let part = then.part(segment, part).filter(|part| !part.is_gap()).ok_or(Error::Missing)?;
        ask.delivers(broadcast, part.duration);
        Ok(Content::Block(part.data.clone(), then.terms.container))
    }

    /// A player that prefetches waits with two requests.
    fn places_for_media(&self) -> usize {
        self.config.held_per_broadcast.saturating_mul(2)
    }

    /// May this viewer still have what it waited for?
    async fn ask_again(
        &self,
        broadcast: &Broadcast,
        pass: Option<&Pass>,
        ask: &Ask<'_>,
    ) -> Result<Leave, Error> {
        if pass.is_some_and(|pass| !self.admission.is_good(pass)) {
            return Err(Error::Private);
        }
        self.leave(broadcast, pass, ask).await
    }

    /// What the channel's policy says of this viewer; of those of the house it says nothing.
    async fn leave(&self, broadcast: &Broadcast, pass: Option<&Pass>, ask: &Ask<'_>) -> Result<Leave, Error> {
        if pass.is_some_and(Pass::is_house) {
            return Ok(Leave::OF_THE_HOUSE);
        }
        self.restriction.check(broadcast, &ask.visitor).await
    }
}

fn init(now: &Snapshot, number: u32) -> Option<Bytes> {
    let init = now.init(number)?;
    // A container that needs none has an empty one.
    (!init.data.is_empty()).then(|| init.data.clone())
}

/// The first snapshot that `wanted` accepts, or the last one that there is.
async fn wait(
    shelf: &Shelf,
    now: Arc<Snapshot>,
    wanted: impl Fn(&Snapshot) -> bool,
) -> Result<Arc<Snapshot>, Error> {
    let mut shelf = shelf.reader();
    let (limit, seconds) = (stall_limit(&now), now.terms.target_duration);
    // The old one is not kept alive while a newer one is waited for.
    drop(now);
    let then = timeout(limit, shelf.wait(wanted)).await;
    then.map_err(|_| Error::Overdue { seconds })?.ok_or(Error::Offline)
}

/// Whose viewers ask, and for which rendition.
#[derive(Clone, Copy, Debug)]
struct Room<'a> {
    house: &'a Arc<House>,
    feed: &'a Feed,
}

/// What a request says beside its path.
#[derive(Clone, Copy, Debug)]
struct Ask<'a> {
    query: &'a str,
    headers: &'a HeaderMap,
    visitor: Visitor<'a>,
}

impl<'a> Ask<'a> {
    /// The playback token, as it stands in the query.
    fn token(self) -> Option<&'a str> {
        self.parameter("token")
    }

    fn parameter(self, name: &str) -> Option<&'a str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// Which form of media playlists this player is given.
    fn form(self, latency: LatencyMode) -> Result<Form, Error> {
        let wanted = match self.parameter("form") {
            Some("low") => Form::Low,
            Some("prefetch") => Form::Prefetch,
            Some("plain") => Form::Plain,
            Some(value) => {
                return Err(Error::Directive { name: "form", value: value.chars().take(32).collect() });
            }
            None if self.is_ivs_player() => Form::Prefetch,
            None => Form::Low,
        };
        Ok(if latency == LatencyMode::Low { wanted } else { Form::Plain })
    }

    /// To hosts of the real service the player names itself in the query; to any host it sends this header.
    fn is_ivs_player(self) -> bool {
        let accept = self.headers.get(header::ACCEPT).map_or(&b""[..], |accept| accept.as_bytes());
        let is_telling =
            accept.get(..IVS_PLAYER.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(IVS_PLAYER));
        is_telling
            || self.parameter("player_backend") == Some("mediaplayer")
            || self.parameter("player_version").is_some()
    }

    /// Counts media that is handed out.
    fn delivers(self, broadcast: &Broadcast, media: Ticks) {
        if self.visitor.counts {
            broadcast.pulse().add_delivered(u64::try_from(media.to_scale(1_000)).unwrap_or(0));
        }
    }
}
