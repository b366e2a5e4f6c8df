//! The text of one media playlist.
//!
//! Promise: a pure function of the broadcast, the snapshot, the form, and how far the other renditions are.

use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::time::SystemTime;

use bytes::Bytes;
use domain::unix_millis;
use flate2::Compression;
use flate2::write::GzEncoder;
use live::{Audience, Broadcast, Init, Part, Rendering, Segment, Snapshot};
use media::Ticks;
use media::hls::{self, DateRange, Growing, MediaPlaylist, Report, ServerControl};

use super::{Form, history};
use crate::feed::Feed;
use crate::path::{init_name, part_name, segment_name};

/// The class of the range that says what is on air (IVS reference, 4.3).
const SOURCE: &str = "live-video-net-stream-source";
/// The class of the range that says when the playlist was made.
const CREATION: &str = "timestamp";

/// Renders one form. `skip` is for the low-latency one.
pub(super) fn render(feed: &Feed, snapshot: &Snapshot, form: Form, skip: bool) -> Rendering {
    let broadcast = &**feed.broadcast();
    let base = base(feed);
    let names = Names::of(snapshot, &base);
    // The IVS player knows nothing of delta updates: it is told what is in memory, however far back others go.
    let goes_back = form != Form::Prefetch;
    let history = if goes_back { history::told(snapshot, &base) } else { Vec::new() };
    let before = if goes_back { 0 } else { snapshot.history.discontinuities() };
    let oldest = snapshot.listed.first().map_or(0, |first| first.number);
    let past: Vec<_> = history.iter().map(history::Told::lines).collect();
    let dates = Dates::of(broadcast, snapshot);
    let source = [("X-NET-LIVE-VIDEO-STREAM-SOURCE", "live")];
    let creation = [("X-SERVER-TIME", dates.server.as_str())];
    let ranges = [
        DateRange { id: &dates.creation, class: CREATION, start: snapshot.time, attributes: &creation },
        DateRange { id: &dates.source, class: SOURCE, start: broadcast.started(), attributes: &source },
    ];
    // The time of making is another in each playlist: nothing for one that is told in pieces.
    let date_ranges = if form == Form::Prefetch { &ranges[..] } else { &ranges[1..] };
    let prefetch: Vec<&str> = names.prefetch.iter().map(String::as_str).collect();
    let others = if form == Form::Low { others(feed) } else { Vec::new() };
    let reports: Vec<_> = others.iter().map(Other::report).collect();
    let mut playlist = MediaPlaylist {
        target_duration: snapshot.terms.target_duration,
        control: (form == Form::Low).then(|| control(snapshot)),
        elapsed: (form == Form::Prefetch).then(|| elapsed(broadcast, snapshot)),
        date_ranges,
        media_sequence: if goes_back { snapshot.first_number() } else { oldest },
        discontinuity_sequence: snapshot.discontinuity_sequence + before,
        past: &past,
        segments: names.segments(snapshot),
        growing: names.growing(snapshot),
        prefetch: if form == Form::Plain { &[] } else { &prefetch },
        hint: (!snapshot.closing).then_some(&names.hint),
        reports: &reports,
        ended: snapshot.ended,
        skip: None,
    };
    if skip {
        playlist.skip = playlist.skippable();
    }
    rendering(playlist.to_string())
}

/// The text of a public channel with media where a private one has them.
pub(super) fn below(feed: &Feed, plain: &Bytes) -> Rendering {
    let text = str::from_utf8(plain).expect("a playlist is written as text");
    rendering(text.replace(&base(feed), ""))
}

fn rendering(text: String) -> Rendering {
    let plain = Bytes::from(text);
    Rendering { tag: digest(&plain), plain, ..Rendering::default() }
}

/// From the folder of a viewer's playlists to that of the media: those of public channels are the same for all
/// viewers, those of private ones are below the viewer's own pass.
fn base(feed: &Feed) -> String {
    match feed.broadcast().audience() {
        Audience::Everyone => format!("../../{}/", feed.folder()),
        Audience::TokenHolders => String::new(),
    }
}

/// How far another rendition is.
struct Other {
    uri: String,
    last_segment: u64,
    last_part: usize,
}

impl Other {
    fn of(feed: &Feed) -> Option<Self> {
        let now = feed.shelf().latest()?;
        // It resolves to what the multivariant playlist names: a rendition's folder is beside the others'.
        let uri = format!("../{}/{}", feed.folder(), Form::Low.file());
        let (last_segment, parts) = match (&now.open, now.listed.last()) {
            (Some(open), _) => (open.number, open.parts.len()),
            (None, last) => last.map(|last| (last.number, last.parts.len()))?,
        };
        Some(Self { uri, last_segment, last_part: parts.checked_sub(1)? })
    }

    fn report(&self) -> Report<'_> {
        Report { uri: &self.uri, last_segment: self.last_segment, last_part: self.last_part as u64 }
    }
}

/// All renditions that viewers are offered but this one, also such as are out at this moment: whoever was told of
/// them before may look whether they are back. Viewers of a source that only stands in were told of nothing else.
fn others(feed: &Feed) -> Vec<Other> {
    let broadcast = feed.broadcast();
    let Some(ladder) = broadcast.ladder() else { return Vec::new() };
    let is_standing_in = feed.terms().is_none() && !ladder.offers_source;
    if is_standing_in {
        return Vec::new();
    }
    let source = ladder.offers_source.then(|| Feed::source(broadcast));
    let all = source.into_iter().chain(Feed::made(broadcast, &ladder));
    all.filter(|other| other.folder() != feed.folder()).filter_map(|other| Other::of(&other)).collect()
}

/// Sixteen hexadecimal digits that differ where texts differ, as good as surely.
pub(super) fn digest(text: &[u8]) -> Bytes {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    Bytes::from(format!("{:016x}", hasher.finish()))
}

/// Compresses a text; fast, for it is short and lives a part's length.
pub(super) fn gzip(text: &[u8]) -> Bytes {
    let mut squeezed = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    squeezed.write_all(text).expect("memory takes all");
    Bytes::from(squeezed.finish().expect("memory takes all"))
}

/// The words of date ranges that are made from times.
struct Dates {
    source: String,
    creation: String,
    server: String,
}

impl Dates {
    fn of(broadcast: &Broadcast, snapshot: &Snapshot) -> Self {
        let started = unix_millis(broadcast.started());
        let made = unix_millis(snapshot.time);
        Self {
            source: format!("source-{}", started / 1_000),
            // To the millisecond, so that one that is made in the same second has another name.
            creation: format!("playlist-creation-{made}"),
            server: server_time(snapshot.time),
        }
    }
}

/// Unix seconds with two decimals, as IVS writes them.
pub(super) fn server_time(time: SystemTime) -> String {
    let millis = unix_millis(time);
    format!("{}.{:02}", millis / 1_000, millis % 1_000 / 10)
}

/// What was on air before the first listed segment.
fn elapsed(broadcast: &Broadcast, snapshot: &Snapshot) -> Ticks {
    let first = snapshot.listed.first().map_or(snapshot.time, |segment| segment.time);
    Ticks::from_duration(first.duration_since(broadcast.started()).unwrap_or_default())
}

/// The names of a snapshot's files; the playlist borrows them.
struct Names {
    /// Without a container that has them, none.
    inits: Vec<Option<String>>,
    segments: Vec<String>,
    /// Of the segments whose parts are listed, and of the one in the making.
    parts: Vec<Vec<String>>,
    init: Option<String>,
    growing: Vec<String>,
    hint: String,
    /// The segment in the making and the one after it.
    prefetch: [String; 2],
}

impl Names {
    fn of(snapshot: &Snapshot, base: &str) -> Self {
        let listed = snapshot.listed.iter();
        let detailed = detailed(snapshot);
        let container = snapshot.terms.container;
        let part = |segment: u64, part: usize| format!("{base}{}", part_name(segment, part, container));
        let segment = |number: u64| format!("{base}{}", segment_name(number, container));
        let map = |init: &Init| (!init.data.is_empty()).then(|| format!("{base}{}", init_name(init.number)));
        let parts = |of: &Segment, count: usize| (0..count).map(|at| part(of.number, at)).collect();
        let next = snapshot.next_number();
        Self {
            inits: listed.clone().map(|segment| map(&segment.init)).collect(),
            segments: listed.clone().map(|listed| segment(listed.number)).collect(),
            parts: listed
                .enumerate()
                .map(|(at, segment)| parts(segment, if at < detailed { 0 } else { segment.parts.len() }))
                .collect(),
            init: snapshot.open.as_ref().and_then(|open| map(&open.init)),
            growing: (0..snapshot.next_part()).map(|at| part(next, at)).collect(),
            hint: part(next, snapshot.next_part()),
            prefetch: [segment(next), segment(next.saturating_add(1))],
        }
    }

    fn segments<'a>(&'a self, snapshot: &Snapshot) -> Vec<hls::Segment<'a>> {
        let listed = snapshot.listed.iter().enumerate();
        let told = listed.map(|(at, segment)| hls::Segment {
            uri: &self.segments[at],
            duration: segment.duration,
            wall: segment.time,
            discontinuity: segment.discontinuity,
            map: self.inits[at].as_deref(),
            gap: segment.is_gap(),
            parts: parts(&segment.parts, &self.parts[at]),
        });
        told.collect()
    }

    fn growing<'a>(&'a self, snapshot: &Snapshot) -> Option<Growing<'a>> {
        snapshot.open.as_ref().map(|open| Growing {
            wall: open.time,
            discontinuity: open.discontinuity,
            map: self.init.as_deref(),
            parts: parts(&open.parts, &self.growing),
        })
    }
}

/// From which listed segment on parts are told: those that begin within three target durations of the end.
fn detailed(snapshot: &Snapshot) -> usize {
    let boundary = Ticks::new(snapshot.terms.target().count().saturating_mul(3));
    let growing = snapshot.open.iter().flat_map(|open| &open.parts);
    let mut behind = growing.fold(Ticks::ZERO, |sum, part| sum + part.duration);
    let near = snapshot.listed.iter().rev().take_while(|segment| {
        behind += segment.duration;
        behind <= boundary
    });
    snapshot.listed.len() - near.count()
}

/// Parts with their names; without names, none.
fn parts<'a>(parts: &[Part], names: &'a [String]) -> Vec<hls::Part<'a>> {
    let named = parts.iter().zip(names);
    named
        .map(|(part, name)| hls::Part {
            uri: name,
            duration: part.duration,
            independent: part.independent,
            gap: part.is_gap(),
        })
        .collect()
}

fn control(snapshot: &Snapshot) -> ServerControl {
    let terms = &snapshot.terms;
    ServerControl {
        part_target: terms.part_target,
        part_hold_back: terms.part_hold_back,
        hold_back: terms.hold_back,
        can_skip_until: Some(terms.can_skip_until),
    }
}
