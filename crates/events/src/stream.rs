//! Events as they come, to whoever reads on: server-sent events (HTML standard, "Server-sent events").
//!
//! Promise: a reader gets every event that it wants behind the place that it names, in order, each at least
//! once, also those of other servers on the same database; a slow one holds one page of events and costs no other reader
//! anything.

mod readers;

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use domain::{AccountId, Region, chain};
use futures_util::Stream;
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use store::{Store, StoreError, StoredEvent};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::pattern::Pattern;

pub(crate) use readers::{Readers, Seat};

/// Events that are read at a time.
const PAGE: u32 = 100;

/// How often events of other processes are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// A sign of life is sent after so long without an event.
const QUIET: Duration = Duration::from_secs(15);

/// A reader whose connection takes nothing for so long is sent away; it comes back where it was.
const SLOW: Duration = Duration::from_secs(30);

/// After so long a stream ends, so that its reader proves again who it is and that it still may read.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// How a stream begins: clients that lose it shall be back after a second.
const GREETING: &str = "retry: 1000\n\n";

/// Which events a reader wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Of this account.
    pub(crate) account: AccountId,
    /// Of this region.
    pub(crate) region: Region,
    /// Of this channel alone: its ARN.
    pub(crate) lane: Option<String>,
    /// That match this.
    pub(crate) pattern: Option<Pattern>,
}

impl Wanted {
    fn has(&self, event: &StoredEvent) -> bool {
        let own = event.account == self.account && event.region == self.region;
        let lane = self.lane.as_ref().is_none_or(|lane| *lane == event.lane);
        own && lane && self.pattern.as_ref().is_none_or(|pattern| matches(pattern, &event.envelope))
    }
}

fn matches(pattern: &Pattern, envelope: &str) -> bool {
    serde_json::from_str(envelope).is_ok_and(|event| pattern.matches(&event))
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Begin {
    /// Behind the place that it has seen.
    Behind(i64),
    /// So many places (of events of whatever account) before the newest event's end.
    Newest {
        /// 0: with what comes.
        back: u32,
    },
}

/// One reader's way through the outbox.
#[derive(Debug)]
pub(crate) struct Feed {
    store: Store,
    wanted: Wanted,
    seat: Seat,
    news: watch::Receiver<u64>,
    /// All up to here was looked at.
    position: i64,
    /// Its reader was told of this position.
    told: i64,
    greeted: bool,
    /// When the stream ends by itself.
    end: Instant,
    /// When its reader last got something.
    handed: Instant,
    /// The database is away, which is logged once.
    lost: bool,
}

impl Feed {
    /// Begins there. A place that lies ahead of the newest
    /// event is one of another history (the database was restored): such a reader gets all that is kept.
    ///
    /// # Errors
    /// Whatever the database fails with.
    pub(crate) async fn begin(
        store: Store,
        wanted: Wanted,
        begin: Begin,
        seat: Seat,
    ) -> Result<Self, StoreError> {
        let news = store.outbox_news();
        let newest = store.newest_event().await?;
        let position = match begin {
            Begin::Newest { back } => newest.saturating_sub(back.into()).max(0),
            Begin::Behind(last) if last > newest => 0,
            Begin::Behind(last) => last,
        };
        let handed = Instant::now();
        Ok(Self {
            store,
            wanted,
            seat,
            news,
            position,
            told: position,
            greeted: false,
            end: handed + LIFE,
            handed,
            lost: false,
        })
    }

    /// The body of an answer.
    pub(crate) fn into_body(self) -> StreamBody<impl Stream<Item = Result<Frame<Bytes>, Infallible>>> {
        StreamBody::new(stream::unfold(self, async |mut feed| {
            let text = feed.next().await?;
            Some((Ok(Frame::data(text.into())), feed))
        }))
    }

    /// What goes to the reader next; waits for it. `None` is the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            self.handed = Instant::now();
            return Some(GREETING.to_owned());
        }
        // This is asked for again only when the connection has taken what it was given before.
        if self.handed.elapsed() > SLOW || Instant::now() >= self.end || self.seat.is_lost() {
            return None;
        }
        let text = self.wait().await?;
        self.handed = Instant::now();
        self.seat.touch();
        Some(text)
    }

    async fn wait(&mut self) -> Option<String> {
        let quiet = Instant::now() + QUIET;
        loop {
            self.news.mark_unchanged();
            if let Some(text) = self.read().await {
                return Some(text);
            }
            let look = (Instant::now() + LOOK).min(quiet);
            tokio::select! {
                () = self.seat.lost() => return None,
                // The sender is in the store that this holds.
                _ = self.news.changed() => {}
                () = tokio::time::sleep_until(look) => {}
            }
            if Instant::now() >= quiet {
                return Some(self.sign_of_life());
            }
        }
    }

    /// Events that are there already and wanted.
    async fn read(&mut self) -> Option<String> {
        loop {
            let events = match self.store.events_after(self.position, PAGE).await {
                Ok(events) => events,
                Err(error) => {
                    self.complain(&error);
                    return None;
                }
            };
            self.lost = false;
            self.position = events.last()?.position;
            let wanted: Vec<_> = events.iter().filter(|event| self.wanted.has(event)).collect();
            if let Some(last) = wanted.last() {
                self.told = last.position;
                return Some(wanted.into_iter().map(text).collect());
            }
            // Somebody else's busy hour must not keep this reader's connection from being looked at.
            tokio::task::yield_now().await;
        }
    }

    /// A comment; with the place up to which nothing was wanted, from where a client that comes back goes on.
    fn sign_of_life(&mut self) -> String {
        let mut text = ":\n".to_owned();
        if self.told != self.position {
            self.told = self.position;
            // Writing to a String can't fail.
            let _ = writeln!(text, "id: {}", self.position);
        }
        text.push('\n');
        text
    }

    fn complain(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.lost, true) {
            tracing::warn!(error = chain(error), "a stream of events waits for the database");
        }
    }
}

/// An event as its reader gets it. The envelope is JSON without line breaks.
fn text(event: &StoredEvent) -> String {
    format!("id: {}\ndata: {}\n\n", event.position, event.envelope)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use domain::{Arn, Event, EventId, EventKind, EventSubject, StateChange, StreamId};
    use http_body_util::BodyExt;

    use super::*;

    const HOME: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abc";
    const NEXT_DOOR: &str = "arn:aws:ivs:us-east-1:123456789012:channel/def";
    const ABROAD: &str = "arn:aws:ivs:eu-west-1:123456789012:channel/abc";
    const STRANGE: &str = "arn:aws:ivs:us-east-1:999999999999:channel/abc";

    static COUNT: AtomicU8 = AtomicU8::new(0);

    fn event(channel: &str, change: StateChange) -> Event {
        let channel = Arn::parse(channel).expect("an ARN");
        let stream = StreamId::parse("st-12345678901234567890123").expect("a stream id");
        Event {
            id: EventId::mint(&mut |bytes| bytes.fill(COUNT.fetch_add(1, Ordering::Relaxed))),
            at: 1_700_000_000_000,
            account: channel.account.clone(),
            region: channel.region.clone(),
            subject: Some(EventSubject { channel, channel_name: "line\nbreak".to_owned(), stream }),
            kind: EventKind::State(change),
        }
    }

    async fn put(store: &Store, channel: &str) -> String {
        let event = event(channel, StateChange::StreamStart);
        store.put_events(std::slice::from_ref(&event)).await.expect("put");
        event.envelope()
    }

    fn wanted() -> Wanted {
        let home = Arn::parse(HOME).expect("an ARN");
        Wanted { account: home.account, region: home.region, lane: None, pattern: None }
    }

    async fn feed(store: &Store, wanted: Wanted, last_seen: Option<i64>) -> Feed {
        begun(store, wanted, last_seen.map_or(Begin::Newest { back: 0 }, Begin::Behind)).await
    }

    async fn begun(store: &Store, wanted: Wanted, begin: Begin) -> Feed {
        let seat = Readers::default().sit(&wanted.account).expect("room");
        let mut feed = Feed::begin(store.clone(), wanted, begin, seat).await.expect("begun");
        assert_eq!(feed.next().await.as_deref(), Some(GREETING));
        feed
    }

    /// Positions and data of what comes next.
    async fn next(feed: &mut Feed) -> Vec<(i64, String)> {
        let text = feed.next().await.expect("more");
        let event = |block: &str| {
            let (id, data) = block.split_once('\n').expect("two lines");
            let id = id.strip_prefix("id: ").and_then(|id| id.parse().ok());
            (id.expect("a position"), data.strip_prefix("data: ").expect("data").to_owned())
        };
        text.split_terminator("\n\n").map(event).collect()
    }

    #[tokio::test]
    async fn a_reader_without_a_place_gets_what_happens_from_now_on() {
        let store = Store::in_memory().await.expect("a store");
        put(&store, HOME).await;
        let mut feed = feed(&store, wanted(), None).await;
        let expected = put(&store, HOME).await;
        assert_eq!(next(&mut feed).await, [(2, expected)]);
    }

    #[tokio::test]
    async fn a_reader_goes_on_behind_its_place_and_misses_nothing() {
        let store = Store::in_memory().await.expect("a store");
        let mut all = Vec::new();
        for _ in 0..250 {
            all.push(put(&store, HOME).await);
        }
        for begin in [0, 1, 99, 100, 249] {
            let mut feed = feed(&store, wanted(), Some(begin)).await;
            let mut got = Vec::new();
            while got.len() < all.len() - usize::try_from(begin).expect("small") {
                got.extend(next(&mut feed).await);
            }
            let expected: Vec<_> = (1..).zip(all.clone()).filter(|(place, _)| *place > begin).collect();
            assert_eq!(got, expected, "behind {begin}");
        }
    }

    #[tokio::test]
    async fn a_reader_may_begin_a_little_before_now() {
        let store = Store::in_memory().await.expect("a store");
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(put(&store, HOME).await);
        }
        for (back, first) in [(1, 4), (3, 2), (5, 0), (10_000, 0)] {
            let mut feed = begun(&store, wanted(), Begin::Newest { back }).await;
            let got: Vec<_> = next(&mut feed).await.into_iter().map(|(_, event)| event).collect();
            assert_eq!(got, all[first..], "{back} back");
        }
    }

    #[tokio::test]
    async fn a_place_of_another_history_brings_everything() {
        let store = Store::in_memory().await.expect("a store");
        let expected = put(&store, HOME).await;
        let mut feed = feed(&store, wanted(), Some(1_000)).await;
        assert_eq!(next(&mut feed).await, [(1, expected)]);
    }

    #[tokio::test]
    async fn what_belongs_to_others_is_not_shown() {
        let store = Store::in_memory().await.expect("a store");
        let mut feed = feed(&store, wanted(), None).await;
        put(&store, STRANGE).await;
        put(&store, ABROAD).await;
        let expected = put(&store, HOME).await;
        assert_eq!(next(&mut feed).await, [(3, expected)]);
    }

    #[tokio::test]
    async fn a_channel_and_a_pattern_choose() {
        let store = Store::in_memory().await.expect("a store");
        let of_channel = Wanted { lane: Some(NEXT_DOOR.to_owned()), ..wanted() };
        let pattern = Pattern::parse(r#"{"detail":{"event_name":["Stream End"]}}"#).expect("a pattern");
        let ends = Wanted { pattern: Some(pattern), ..wanted() };
        let (mut of_channel, mut ends) =
            (feed(&store, of_channel, None).await, feed(&store, ends, None).await);
        put(&store, HOME).await;
        let next_door = put(&store, NEXT_DOOR).await;
        let end = event(HOME, StateChange::StreamEnd);
        store.put_events(std::slice::from_ref(&end)).await.expect("put");
        assert_eq!(next(&mut of_channel).await, [(2, next_door)]);
        assert_eq!(next(&mut ends).await, [(3, end.envelope())]);
    }

    #[tokio::test]
    async fn a_quiet_stream_shows_life_and_moves_its_readers_place_on() {
        let store = Store::in_memory().await.expect("a store");
        let mut feed = feed(&store, wanted(), None).await;
        put(&store, STRANGE).await;
        tokio::time::pause();
        assert_eq!(feed.next().await.as_deref(), Some(":\nid: 1\n\n"));
        assert_eq!(feed.next().await.as_deref(), Some(":\n\n"));
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_for_long_is_sent_away() {
        let store = Store::in_memory().await.expect("a store");
        let mut feed = feed(&store, wanted(), None).await;
        put(&store, HOME).await;
        tokio::time::pause();
        tokio::time::advance(SLOW + Duration::from_secs(1)).await;
        assert_eq!(feed.next().await, None);
    }

    #[tokio::test]
    async fn a_reader_has_to_prove_itself_again_from_time_to_time() {
        let store = Store::in_memory().await.expect("a store");
        let mut feed = feed(&store, wanted(), None).await;
        tokio::time::pause();
        let begun = Instant::now();
        while feed.next().await.is_some() {}
        let lived = begun.elapsed();
        assert!(lived >= LIFE - Duration::from_secs(1) && lived <= LIFE + QUIET, "{lived:?}");
    }

    #[tokio::test]
    async fn the_end_of_the_service_ends_its_streams() {
        let store = Store::in_memory().await.expect("a store");
        let readers = Readers::default();
        let seat = readers.sit(&wanted().account).expect("room");
        let feed =
            Feed::begin(store.clone(), wanted(), Begin::Newest { back: 0 }, seat).await.expect("begun");
        let (body, ()) = tokio::join!(feed.into_body().collect(), async {
            tokio::task::yield_now().await;
            readers.close();
        });
        assert_eq!(body.expect("a body").to_bytes(), GREETING);
        assert!(readers.sit(&wanted().account).is_none(), "nobody is let in any more");
    }
}
