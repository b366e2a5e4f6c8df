//! What is told of segments that left memory.
//!
//! Promise: each block of them is written once, however many playlists list it.

use bytes::Bytes;
use live::{Block, Past, Snapshot};
use media::Ticks;
use media::hls;

use crate::path::{init_name, segment_name};

/// The lines of a block's listed segments.
pub(super) struct Told {
    text: Bytes,
    segments: usize,
    duration: Ticks,
    map: Option<String>,
}

impl Told {
    pub(super) fn lines(&self) -> hls::Past<'_> {
        let Self { text, segments, duration, map } = self;
        let text = str::from_utf8(text).expect("a block's text is written as text");
        hls::Past { text, segments: *segments, duration: *duration, map: map.as_deref() }
    }
}

/// All that is listed of a snapshot's history, oldest first. `base` goes before the names of files.
pub(super) fn told(snapshot: &Snapshot, base: &str) -> Vec<Told> {
    let write = |listed: &[Past]| Bytes::from(write(snapshot, base, listed));
    let tell = |(block, listed): (&Block, &[Past])| {
        // The oldest block may have lost some of its segments.
        let whole = listed.len() == block.segments().len();
        let text = if whole { block.text.get_or_init(|| write(listed)).clone() } else { write(listed) };
        Told {
            text,
            segments: listed.len(),
            duration: listed.iter().fold(Ticks::ZERO, |sum, past| sum + past.duration),
            map: listed.last().and_then(|last| map(base, last)),
        }
    };
    snapshot.history.blocks().map(tell).collect()
}

fn write(snapshot: &Snapshot, base: &str, listed: &[Past]) -> String {
    let container = snapshot.terms.container;
    let names = listed
        .iter()
        .map(|past| (format!("{base}{}", segment_name(past.number, container)), map(base, past)));
    let names: Vec<_> = names.collect();
    let segments = listed.iter().zip(&names).map(|(past, (uri, map))| hls::Segment {
        uri,
        duration: past.duration,
        wall: past.time,
        discontinuity: past.discontinuity,
        map: map.as_deref(),
        gap: past.gap,
        parts: Vec::new(),
    });
    hls::past(&segments.collect::<Vec<_>>())
}

fn map(base: &str, past: &Past) -> Option<String> {
    (!past.init.data.is_empty()).then(|| format!("{base}{}", init_name(past.init.number)))
}
