//! The playlists of a recording as text: they grow at their end, and each piece is made for itself.
//!
//! Promise: pure functions. Boundaries of chunks and entries are rounded to the millisecond, not their lengths, so
//! that the sum of any number of `EXTINF` is the true length to a millisecond. What a playlist said is never unsaid:
//! head, lines and end are put one behind the other.
//!
//! The form is that of the service's recordings as captured (2022 to 2026): readers of them look two lines behind
//! `EXT-X-PROGRAM-DATE-TIME` for the URI, three where there is a byte range, so every entry has that tag and nothing
//! comes between. Rules of HLS by draft-pantos-hls-rfc8216bis, whose section numbers are named.

use std::fmt::{self, Display, Write};
use std::time::SystemTime;

use domain::{ContainerFormat, time_text, unix_millis};
use media::Ticks;

use crate::layout;

/// Which of the two playlists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// An entry is a chunk.
    Whole,
    /// An entry is from one keyframe in a chunk to the next.
    Ranges,
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Whole, Self::Ranges];
}

/// What stands at the beginning of a media playlist.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// Of its chunks.
    pub container: ContainerFormat,
    /// Whole seconds; no entry's duration, rounded to the nearest second, exceeds it (4.4.3.1).
    pub target_duration: u32,
    /// When this playlist was written.
    pub written: SystemTime,
    /// How long all of its entries are together.
    pub total: Ticks,
}

/// A piece of a chunk that begins with a keyframe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How many there are; entries of a chunk stand one behind the other, from its first byte to its last.
    pub bytes: u64,
    /// How long it plays.
    pub duration: Ticks,
}

/// A chunk as a playlist tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkLines<'a> {
    /// Its file in the playlist's folder.
    pub name: &'a str,
    /// The file of its initialisation section, where that is another than the chunk's before it.
    pub init: Option<&'a str>,
    /// How long all chunks before it are together, gaps included.
    pub start: Ticks,
    /// Its length.
    pub duration: Ticks,
    /// When its first picture was on air.
    pub time: SystemTime,
    /// Its timeline or its coding does not continue the chunk before it.
    pub discontinuity: bool,
    /// There is no such file (4.4.4.7).
    pub is_gap: bool,
    /// Its entries, whose durations are its own together. Not looked at in [`Form::Whole`] and for gaps; without any,
    /// the chunk is one entry.
    pub entries: &'a [Entry],
}

/// One rendition in a multivariant playlist.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variant<'a> {
    /// Its folder.
    pub name: &'a str,
    /// Pixels across; 0 where it is sound alone.
    pub width: u32,
    /// Pixels down; 0 where it is sound alone.
    pub height: u32,
    /// CODECS as in RFC 6381, such as `avc1.64001F,mp4a.40.2`.
    pub codecs: &'a str,
    /// Pictures a second, if known.
    pub frame_rate: Option<f64>,
    /// The most bits a second of any entry.
    pub bandwidth: u64,
}

/// The last line of a playlist to which nothing will be added.
pub const END: &str = "#EXT-X-ENDLIST\n";

/// The first lines of a media playlist.
pub fn head(form: Form, head: &Head) -> String {
    let written = time_text(unix_millis(head.written));
    format!(
        "#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n#ID3-EQUIV-TDTG:{}\n#EXT-X-PLAYLIST-TYPE:EVENT\n\
         #EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TWITCH-ELAPSED-SECS:0.000\n#EXT-X-TWITCH-TOTAL-SECS:{}\n",
        version(form, head.container),
        head.target_duration,
        written.trim_end_matches('Z'),
        Seconds(millis(head.total)),
    )
}

/// The version whose tags it has (section 8): byte ranges are of 4, and fMP4 is told as the service does.
fn version(form: Form, container: ContainerFormat) -> u8 {
    match (container, form) {
        (ContainerFormat::FragmentedMp4, _) => 7,
        (ContainerFormat::Ts, Form::Ranges) => 4,
        (ContainerFormat::Ts, Form::Whole) => 3,
    }
}

/// The lines of one chunk.
pub fn lines(form: Form, chunk: &ChunkLines<'_>) -> String {
    let mut text = String::new();
    if chunk.discontinuity {
        text.push_str("#EXT-X-DISCONTINUITY\n#EXT-X-TWITCH-DISCONTINUITY\n");
    }
    if let Some(init) = chunk.init {
        put(&mut text, format_args!("#EXT-X-MAP:URI=\"{init}\"\n"));
    }
    if chunk.is_gap {
        text.push_str("#EXT-X-GAP\n");
    }
    let end = chunk.start + chunk.duration;
    if form == Form::Whole || chunk.is_gap || chunk.entries.is_empty() {
        put_entry(&mut text, chunk, chunk.start, end, None);
        return text;
    }
    let (mut from, mut offset) = (chunk.start, 0);
    for (index, entry) in chunk.entries.iter().enumerate() {
        // Whatever the entries' durations are together, they end where the chunk does.
        let is_last = index + 1 == chunk.entries.len();
        let to = if is_last { end } else { (from + entry.duration).min(end) };
        put_entry(&mut text, chunk, from, to, Some((entry.bytes, offset)));
        from = to;
        offset += entry.bytes;
    }
    text
}

fn put_entry(text: &mut String, chunk: &ChunkLines<'_>, from: Ticks, to: Ticks, range: Option<(u64, u64)>) {
    let at = unix_millis(chunk.time).saturating_add(millis(from - chunk.start));
    let length = millis(to).saturating_sub(millis(from));
    put(text, format_args!("#EXT-X-PROGRAM-DATE-TIME:{}\n#EXTINF:{},\n", DateTime(at), Seconds(length)));
    if let Some((length, offset)) = range {
        put(text, format_args!("#EXT-X-BYTERANGE:{length}@{offset}\n"));
    }
    put(text, format_args!("{}\n", chunk.name));
}

/// A multivariant playlist; the renditions stand in the order that they are given in.
pub fn multivariant(form: Form, variants: &[Variant<'_>]) -> String {
    let mut text = String::from("#EXTM3U\n");
    for variant in variants {
        let Variant { name, width, height, codecs, frame_rate, bandwidth } = variant;
        let has_pictures = *width > 0 && *height > 0;
        let automatic = if has_pictures { "YES" } else { "NO" };
        put(
            &mut text,
            format_args!(
                "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"{name}\",NAME=\"{name}\",AUTOSELECT={automatic},\
                 DEFAULT={automatic}\n#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}"
            ),
        );
        if has_pictures {
            put(&mut text, format_args!(",RESOLUTION={width}x{height}"));
        }
        put(&mut text, format_args!(",CODECS=\"{codecs}\",VIDEO=\"{name}\""));
        if let Some(rate) = frame_rate.filter(|rate| has_pictures && rate.is_finite() && *rate > 0.0) {
            put(&mut text, format_args!(",FRAME-RATE={rate:.3}"));
        }
        put(&mut text, format_args!("\n{name}/{}\n", layout::playlist_name(form)));
    }
    text
}

/// A length as recordings tell it, in JSON and playlists: rounded to the nearest millisecond.
pub fn millis(span: Ticks) -> i64 {
    (span.count().saturating_add(45)).div_euclid(90)
}

fn put(text: &mut String, what: fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes whatever is written to it");
}

/// Milliseconds as seconds with three decimals; a negative number is zero.
struct Seconds(i64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.max(0);
        write!(f, "{}.{:03}", millis / 1_000, millis % 1_000)
    }
}

/// Milliseconds since 1970 as RFC 3339 in UTC with three decimals.
struct DateTime(i64);

impl Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = time_text(self.0);
        write!(f, "{}.{:03}Z", text.trim_end_matches('Z'), self.0.rem_euclid(1_000))
    }
}
