//! Reading what a broadcast has on its shelves: whole segments, those of all recorded renditions side by side.
//!
//! Promise: numbers only rise, and each row has the segment of one number of every rendition, or says that there is
//! none; a rendition that is late is waited for once, not again for each of its segments; what was gone before it could
//! be read is counted.
//!
//! All shelves of a broadcast have the same numbers, lengths, times and discontinuities: the source conducts (ADR 23),
//! also where it is not recorded itself.

use std::sync::Arc;
use std::time::Duration;

use live::{Broadcast, Ladder, Rendition, Segment, SegmentReader, Snapshot};
use tokio::time::{Instant, timeout_at};

/// How long renditions may take to bring their first segment after the source brought its own. The source's shelf
/// holds all that is recorded meanwhile.
const FIRST: Duration = Duration::from_secs(10);
/// How long a rendition may trail behind the source. It is some 60 ms as long as all is well; what is later is a gap
/// on its own shelf (the packager sees to that after three seconds).
const TRAIL: Duration = Duration::from_secs(5);

/// One rendition that could be recorded.
#[derive(Debug)]
pub(crate) struct Feed {
    /// `None`: the source.
    rendition: Option<Arc<Rendition>>,
    segments: SegmentReader,
    /// As it was when the reading began.
    snapshot: Arc<Snapshot>,
}

impl Feed {
    /// What it was decided to be; of the source nothing was.
    pub(crate) fn rendition(&self) -> Option<&Arc<Rendition>> {
        self.rendition.as_ref()
    }

    /// The first segment that can be read.
    pub(crate) fn first(&self) -> &Arc<Segment> {
        first_of(&self.snapshot).expect("a feed is made of a shelf with a segment")
    }

    /// What stood on the shelf when the reading began.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Waits for its first segment; `None` when none came in time.
    async fn open(
        rendition: Option<Arc<Rendition>>,
        mut segments: SegmentReader,
        until: Option<Instant>,
    ) -> Option<Self> {
        let wait = segments.wait(0);
        let snapshot = match until {
            Some(until) => timeout_at(until, wait).await.ok()??,
            None => wait.await?,
        };
        first_of(&snapshot)?;
        Some(Self { rendition, segments, snapshot })
    }
}

fn first_of(snapshot: &Snapshot) -> Option<&Arc<Segment>> {
    snapshot.retired.first().or_else(|| snapshot.listed.first())
}

/// What could be recorded of a broadcast that has brought its first segment.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) broadcast: Arc<Broadcast>,
    /// What the others are cut by.
    pub(crate) source: Feed,
    /// The renditions that came in time, the best first.
    pub(crate) made: Vec<Feed>,
    /// Names of those that did not.
    pub(crate) missing: Vec<String>,
    /// Is the source a rendition that viewers are offered? It is told so where nothing else came.
    pub(crate) offers_source: bool,
}

impl Offer {
    /// Waits for the first segment of each rendition; `None` when the broadcast ends without one. Safe to cancel.
    pub(crate) async fn of(broadcast: &Arc<Broadcast>) -> Option<Self> {
        let source = Feed::open(None, broadcast.shelf().segments(), None).await?;
        let until = Instant::now() + FIRST;
        let ladder = decided(broadcast).await;
        let (mut made, mut missing) = (Vec::new(), Vec::new());
        for rendition in &ladder.renditions {
            let segments = rendition.shelf().segments();
            match Feed::open(Some(Arc::clone(rendition)), segments, Some(until)).await {
                Some(feed) => made.push(feed),
                None => missing.push(rendition.terms().name.clone()),
            }
        }
        let offers_source = ladder.offers_source || made.is_empty();
        Some(Self { broadcast: Arc::clone(broadcast), source, made, missing, offers_source })
    }
}

/// The ladder; the source alone where the stream ended before that was decided.
async fn decided(broadcast: &Broadcast) -> Arc<Ladder> {
    let mut end = broadcast.shelf().segments();
    tokio::select! {
        biased;
        ladder = broadcast.decided_ladder() => ladder,
        _ = end.wait(u64::MAX) => Arc::new(Ladder::passed_through()),
    }
}

/// The segments of one number.
#[derive(Debug)]
pub(crate) struct Row {
    /// The source's.
    pub(crate) conductor: Arc<Segment>,
    /// One for each recorded rendition, in their order; `None` where there is no whole one.
    pub(crate) segments: Vec<Option<Arc<Segment>>>,
    /// How many numbers before it could not be read any more.
    pub(crate) lost: u64,
}

/// A rendition that is read. It holds nothing of what it has read.
#[derive(Debug)]
struct Track {
    segments: SegmentReader,
    /// It did not come in time the last time; it is not waited for until it has caught up.
    is_late: bool,
}

impl Track {
    /// Its segment of this number, if it is whole.
    async fn segment(&mut self, number: u64) -> Option<Arc<Segment>> {
        let patience = if self.is_late { Duration::ZERO } else { TRAIL };
        let found = timeout_at(Instant::now() + patience, self.segments.wait(number)).await;
        self.is_late = found.is_err();
        let snapshot = found.ok()??;
        snapshot.segment(number).filter(|segment| !segment.is_gap()).cloned()
    }
}

/// Goes through a broadcast, segment by segment.
#[derive(Debug)]
pub(crate) struct Reading {
    source: SegmentReader,
    /// Recorded renditions; `None` stands for the source.
    tracks: Vec<Option<Track>>,
    next: u64,
}

impl Reading {
    /// Begins with the first segment that all of these have; `None` among them stands for the source.
    pub(crate) fn new(source: Feed, feeds: Vec<Option<Feed>>) -> Self {
        let made = feeds.iter().flatten().map(|feed| feed.first().number);
        let next = made.max().unwrap_or(0).max(source.first().number);
        let track = |feed: Feed| Track { segments: feed.segments, is_late: false };
        let tracks = feeds.into_iter().map(|feed| feed.map(track)).collect();
        Self { source: source.segments, tracks, next }
    }

    /// The next row; `None` at the end of the broadcast. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Option<Row> {
        let snapshot = self.source.wait(self.next).await?;
        let behind = |segment: &&Arc<Segment>| segment.number >= self.next;
        let mut held = snapshot.retired.iter().chain(snapshot.listed.iter());
        let conductor = Arc::clone(held.find(behind)?);
        let lost = conductor.number - self.next;
        let mut segments = Vec::with_capacity(self.tracks.len());
        for track in &mut self.tracks {
            segments.push(match track {
                None => Some(Arc::clone(&conductor)).filter(|segment| !segment.is_gap()),
                Some(track) => track.segment(conductor.number).await,
            });
        }
        self.next = conductor.number + 1;
        Some(Row { conductor, segments, lost })
    }
}
