//! Playlist text from a snapshot.
//!
//! Promise: rendered once for each snapshot and form, whoever asks and however many; the bytes are shared.

use std::sync::Arc;

use bytes::Bytes;
use domain::StreamId;
use live::{Broadcast, Init, Part, Segment, Snapshot};
use media::Ticks;
use media::hls::{
    self, Growing, MediaPlaylist, MultivariantPlaylist, ServerControl, Variant, rendition_name,
};

use crate::pass::Pass;
use crate::path::{PLAYLIST, RENDITION, channel_name, init_name, part_name, segment_name};

/// The media playlist, as a delta update if that is welcome and there is something to skip.
pub(crate) fn text(snapshot: &Snapshot, delta: bool) -> Bytes {
    if delta { self::delta(snapshot) } else { full(snapshot) }
}

/// The whole media playlist.
pub(crate) fn full(snapshot: &Snapshot) -> Bytes {
    snapshot.texts.full.get_or_init(|| render(snapshot, false)).clone()
}

fn delta(snapshot: &Snapshot) -> Bytes {
    snapshot.texts.delta.get_or_init(|| render(snapshot, true)).clone()
}

/// The multivariant playlist: one rendition.
pub(crate) fn multivariant(broadcast: &Broadcast, snapshot: &Snapshot) -> Bytes {
    snapshot.texts.multivariant.get_or_init(|| render_multivariant(broadcast, snapshot)).clone()
}

/// A multivariant playlist for one viewer: the shared text, with the pass in each rendition's URI.
pub(crate) fn for_viewer(text: &[u8], stream: &StreamId, pass: &Pass) -> Bytes {
    let (mark, own) = (format!("/{}/", stream.as_str()), format!("/{}/{pass}/", stream.as_str()));
    Bytes::from(String::from_utf8_lossy(text).replace(&mark, &own))
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
}

impl Names {
    fn of(snapshot: &Snapshot) -> Self {
        let listed = snapshot.listed.iter();
        let detailed = detailed(snapshot);
        let container = snapshot.terms.container;
        let parts = |segment: &Segment, count: usize| -> Vec<String> {
            (0..count).map(|part| part_name(segment.number, part, container)).collect()
        };
        let map = |init: &Init| (!init.data.is_empty()).then(|| init_name(init.number));
        let growing = snapshot.next_number();
        Self {
            inits: listed.clone().map(|segment| map(&segment.init)).collect(),
            segments: listed.clone().map(|segment| segment_name(segment.number, container)).collect(),
            parts: listed
                .enumerate()
                .map(|(at, segment)| parts(segment, if at < detailed { 0 } else { segment.parts.len() }))
                .collect(),
            init: snapshot.open.as_ref().and_then(|open| map(&open.init)),
            growing: (0..snapshot.next_part()).map(|part| part_name(growing, part, container)).collect(),
            hint: part_name(growing, snapshot.next_part(), container),
        }
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

fn render(snapshot: &Snapshot, delta: bool) -> Bytes {
    let names = Names::of(snapshot);
    let segments = snapshot.listed.iter().enumerate().map(|(at, segment)| hls::Segment {
        uri: &names.segments[at],
        duration: segment.duration,
        wall: segment.time,
        discontinuity: segment.discontinuity,
        map: names.inits[at].as_deref(),
        parts: parts(&segment.parts, &names.parts[at]),
    });
    let growing = snapshot.open.as_ref().map(|open| Growing {
        wall: open.time,
        discontinuity: open.discontinuity,
        map: names.init.as_deref(),
        parts: parts(&open.parts, &names.growing),
    });
    let mut playlist = MediaPlaylist {
        control: control(snapshot),
        media_sequence: snapshot.listed.first().map_or(0, |first| first.number),
        discontinuity_sequence: snapshot.discontinuity_sequence,
        segments: segments.collect(),
        growing,
        hint: (!snapshot.ended).then_some(&names.hint),
        ended: snapshot.ended,
        skip: None,
    };
    if delta {
        playlist.skip = playlist.skippable();
    }
    Bytes::from(playlist.to_string())
}

/// Parts with their names; without names, none.
fn parts<'a>(parts: &[Part], names: &'a [String]) -> Vec<hls::Part<'a>> {
    let named = parts.iter().zip(names);
    named
        .map(|(part, name)| hls::Part { uri: name, duration: part.duration, independent: part.independent })
        .collect()
}

fn control(snapshot: &Snapshot) -> ServerControl {
    let terms = &snapshot.terms;
    ServerControl {
        target_duration: terms.target_duration,
        part_target: terms.part_target,
        part_hold_back: terms.part_hold_back,
        hold_back: terms.hold_back,
        can_skip_until: Some(terms.can_skip_until),
    }
}

fn render_multivariant(broadcast: &Broadcast, snapshot: &Snapshot) -> Bytes {
    let newest = snapshot.open.as_ref().map(|open| &open.init);
    let newest = newest.or_else(|| snapshot.listed.last().map(|segment| &segment.init));
    let Some(init) = newest else { return Bytes::new() };
    let height = init.tracks.video.as_ref().map_or(0, |video| video.height);
    let name = rendition_name(height, snapshot.terms.frame_rate);
    let uri = format!("{}/{}/{RENDITION}/{PLAYLIST}", channel_name(broadcast.channel()), broadcast.stream());
    let variant = Variant {
        uri: &uri,
        group: &name,
        name: &name,
        bandwidth: peak(snapshot),
        average_bandwidth: Some(average(&snapshot.listed)),
        tracks: &init.tracks,
        frame_rate: snapshot.terms.frame_rate,
    };
    // A group of pictures longer than a segment is cut within, so independence can't be promised.
    let playlist =
        MultivariantPlaylist { independent_segments: false, session_data: &[], variants: &[variant] };
    Bytes::from(playlist.to_string())
}

/// The highest bit rate of a segment, of those that are at least half a target duration long if there are
/// any (4.4.6.2).
fn peak(snapshot: &Snapshot) -> u64 {
    let half = snapshot.terms.target().count() / 2;
    let rate = |segment: &Arc<Segment>| average(std::slice::from_ref(segment));
    let long = snapshot.listed.iter().filter(|segment| segment.duration.count() >= half).map(rate).max();
    long.or_else(|| snapshot.listed.iter().map(rate).max()).unwrap_or(0)
}

/// Bits a second over these segments, rounded up.
fn average(segments: &[Arc<Segment>]) -> u64 {
    let bytes: u64 =
        segments.iter().flat_map(|segment| segment.parts.iter()).map(|part| part.data.len() as u64).sum();
    let ticks = segments.iter().fold(Ticks::ZERO, |sum, segment| sum + segment.duration).count();
    let per_second = Ticks::PER_SECOND.unsigned_abs().saturating_mul(8);
    bytes.saturating_mul(per_second).div_ceil(ticks.max(1).unsigned_abs())
}
