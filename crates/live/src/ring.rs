//! The ring of shared frames behind a broadcast: a queue, a keyframe index and one cursor per reader.
//!
//! Promise: it holds what a reader has yet to read, or while nobody reads the frames since the latest
//! keyframe, and never more than [`RingLimits`] allows; what must go goes from the old end, whoever wanted
//! it.
//!
//! Beside a reader nothing is kept for the next one, who then waits for a keyframe: what was read is on the
//! shelf by then, and a second copy of each group of pictures would cost every stream half a megabyte.
//!
//! Text outlives its picture: a reader that lost frames, or waits for a keyframe, still gets it, for the next
//! picture that it shows.

use std::collections::VecDeque;
use std::sync::Arc;

use media::{Frame, TrackKind, Tracks};

/// How much a broadcast may hold for its readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingLimits {
    /// Frames of both tracks together.
    pub frames: usize,
    /// Bytes of payload.
    pub bytes: usize,
}

impl Default for RingLimits {
    /// Ten seconds of 60 pictures and 50 audio frames a second, and 8.5 Mb/s (the service's maximum) for
    /// about fifteen.
    fn default() -> Self {
        Self { frames: 1_100, bytes: 16 << 20 }
    }
}

/// Texts of lost frames that are kept for a reader: all that an hour's outage brings is not.
const MOST_MISSED: usize = 256;

/// Text that belongs to a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: Arc<str>,
    /// Who said it.
    pub source: TextSource,
}

/// Where text comes from; players are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// `PutMetadata`.
    Api,
    /// The encoder, in its stream.
    Encoder,
}

/// What a subscriber reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The tracks of all frames that follow, until the next one of these.
    Tracks(Arc<Tracks>),
    /// The next frame.
    Frame(Frame),
    /// Text that belongs to the next picture (timed metadata).
    Metadata(Text),
    /// Frames were lost to this reader; what follows begins at a keyframe.
    Lagged,
    /// The broadcast is over and all was read. Every later read says so again.
    End,
}

#[derive(Debug)]
enum Entry {
    Tracks(Arc<Tracks>),
    Frame(Frame),
    Metadata(Text),
}

impl Entry {
    fn size(&self) -> usize {
        match self {
            Self::Tracks(_) => 0,
            Self::Frame(frame) => frame.data.len(),
            Self::Metadata(text) => text.text.len(),
        }
    }
}

/// The newest place where a reader can begin.
#[derive(Debug)]
struct Entrance {
    at: u64,
    tracks: Arc<Tracks>,
}

/// A reader's place in the ring, kept here so that trimming sees who still needs what.
#[derive(Debug)]
struct Cursor {
    reader: u64,
    next: u64,
    /// Waiting for a keyframe; other frames are passed over.
    seeking: bool,
    /// Owed before the next entry.
    tracks: Option<Arc<Tracks>>,
    /// The tracks that this reader was told of last.
    told: Option<Arc<Tracks>>,
    /// Texts among the frames that it lost, oldest first; owed, too.
    missed: VecDeque<Text>,
}

impl Cursor {
    /// Keeps what this reader would lose; the oldest goes when there is too much of it.
    fn miss(&mut self, texts: impl IntoIterator<Item = Text>) {
        self.missed.extend(texts);
        self.missed.drain(..self.missed.len().saturating_sub(MOST_MISSED));
    }
}

#[derive(Debug)]
pub(crate) struct Ring {
    limits: RingLimits,
    entries: VecDeque<Entry>,
    /// Number of the oldest entry held.
    base: u64,
    bytes: usize,
    entrance: Option<Entrance>,
    tracks: Option<Arc<Tracks>>,
    cursors: Vec<Cursor>,
    readers: u64,
    ended: bool,
}

impl Ring {
    pub(crate) fn new(limits: RingLimits) -> Self {
        Self {
            limits,
            entries: VecDeque::new(),
            base: 0,
            bytes: 0,
            entrance: None,
            tracks: None,
            cursors: Vec::new(),
            readers: 0,
            ended: false,
        }
    }

    /// Takes new tracks; says whether they differ from the current ones. No tracks at all are no news.
    pub(crate) fn set_tracks(&mut self, tracks: Tracks) -> bool {
        let empty = tracks.video.is_none() && tracks.audio.is_none();
        if empty || self.tracks.as_deref() == Some(&tracks) {
            return false;
        }
        let tracks = Arc::new(tracks);
        self.tracks = Some(Arc::clone(&tracks));
        self.append(Entry::Tracks(tracks));
        true
    }

    /// Takes a frame. One that comes before any tracks has no meaning and is dropped.
    pub(crate) fn push(&mut self, frame: Frame) {
        let Some(tracks) = &self.tracks else { return };
        if is_entrance(tracks, &frame) {
            self.entrance = Some(Entrance { at: self.head(), tracks: Arc::clone(tracks) });
        }
        self.append(Entry::Frame(frame));
    }

    /// Takes text that belongs to the next picture.
    pub(crate) fn put_metadata(&mut self, text: Text) {
        self.append(Entry::Metadata(text));
    }

    pub(crate) fn tracks(&self) -> Option<Arc<Tracks>> {
        self.tracks.clone()
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.release_if_unread();
    }

    /// True once a reader came, even if it left again.
    pub(crate) fn was_read(&self) -> bool {
        self.readers > 0
    }

    pub(crate) fn has_video(&self) -> bool {
        self.tracks.as_ref().is_some_and(|tracks| tracks.video.is_some())
    }

    /// A new reader's number; it starts at the latest keyframe that is still held, or waits for one.
    pub(crate) fn enter(&mut self) -> u64 {
        let reader = self.readers;
        self.readers += 1;
        let mut cursor =
            Cursor { reader, next: 0, seeking: true, tracks: None, told: None, missed: VecDeque::new() };
        self.place(&mut cursor);
        self.cursors.push(cursor);
        reader
    }

    pub(crate) fn leave(&mut self, reader: u64) {
        self.cursors.retain(|cursor| cursor.reader != reader);
        self.release_if_unread();
    }

    /// The reader's next entry, if there is one yet.
    pub(crate) fn read(&mut self, reader: u64) -> Option<Next> {
        let at = self.cursors.iter().position(|cursor| cursor.reader == reader)?;
        let mut cursor = self.cursors.swap_remove(at);
        let next = self.advance(&mut cursor);
        self.cursors.push(cursor);
        next
    }

    fn advance(&self, cursor: &mut Cursor) -> Option<Next> {
        if cursor.next < self.base {
            let lost = cursor.next;
            self.place(cursor);
            cursor.miss(self.texts(lost, cursor.next));
            return Some(Next::Lagged);
        }
        if let Some(tracks) = cursor.tracks.take() {
            return Some(tell(cursor, &tracks));
        }
        if let Some(text) = cursor.missed.pop_front() {
            return Some(Next::Metadata(text));
        }
        while let Some(entry) = self.entry(cursor.next) {
            cursor.next += 1;
            match entry {
                Entry::Tracks(tracks) => return Some(tell(cursor, tracks)),
                Entry::Metadata(text) => return Some(Next::Metadata(text.clone())),
                Entry::Frame(frame) => {
                    let tracks = cursor.told.as_deref();
                    cursor.seeking &= !tracks.is_some_and(|tracks| is_entrance(tracks, frame));
                    if !cursor.seeking {
                        return Some(Next::Frame(frame.clone()));
                    }
                }
            }
        }
        self.ended.then_some(Next::End)
    }

    /// Puts a cursor where reading can begin: the latest keyframe, else here and now, waiting for one.
    fn place(&self, cursor: &mut Cursor) {
        let (next, tracks) = match &self.entrance {
            Some(entrance) => (entrance.at, Some(&entrance.tracks)),
            None => (self.head(), self.tracks.as_ref()),
        };
        cursor.next = next;
        cursor.seeking = true;
        let news =
            tracks.filter(|tracks| !cursor.told.as_ref().is_some_and(|told| Arc::ptr_eq(told, tracks)));
        cursor.tracks = news.cloned();
    }

    /// The texts among these entries, as far as they are held.
    fn texts(&self, from: u64, to: u64) -> impl Iterator<Item = Text> + '_ {
        let entries = (from.max(self.base)..to).filter_map(|number| self.entry(number));
        entries.filter_map(|entry| match entry {
            Entry::Metadata(text) => Some(text.clone()),
            Entry::Tracks(_) | Entry::Frame(_) => None,
        })
    }

    fn head(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        let offset = number.checked_sub(self.base)?;
        self.entries.get(usize::try_from(offset).ok()?)
    }

    fn append(&mut self, entry: Entry) {
        self.bytes += entry.size();
        self.entries.push_back(entry);
        self.trim();
    }

    fn trim(&mut self) {
        let entrance = self.entrance.as_ref().filter(|_| self.cursors.is_empty());
        let newcomers = entrance.map_or(self.head(), |entrance| entrance.at);
        let needed = self.cursors.iter().map(|cursor| cursor.next).fold(newcomers, u64::min);
        while self.base < needed || self.entries.len() > self.limits.frames || self.bytes > self.limits.bytes
        {
            let Some(entry) = self.entries.pop_front() else { break };
            if let Entry::Metadata(text) = &entry {
                let losers = self.cursors.iter_mut().filter(|cursor| cursor.next <= self.base);
                losers.for_each(|cursor| cursor.miss([text.clone()]));
            }
            self.base += 1;
            self.bytes -= entry.size();
        }
        if self.entrance.as_ref().is_some_and(|entrance| entrance.at < self.base) {
            self.entrance = None;
        }
    }

    /// After the end nobody can come who would need the frames.
    fn release_if_unread(&mut self) {
        if self.ended && self.cursors.is_empty() {
            self.base = self.head();
            self.entries = VecDeque::new();
            self.bytes = 0;
            self.entrance = None;
        }
    }

    #[cfg(test)]
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

fn tell(cursor: &mut Cursor, tracks: &Arc<Tracks>) -> Next {
    cursor.told = Some(Arc::clone(tracks));
    Next::Tracks(Arc::clone(tracks))
}

/// May a reader begin with this frame? With a picture, only its keyframes will do.
fn is_entrance(tracks: &Tracks, frame: &Frame) -> bool {
    frame.keyframe && (tracks.video.is_none() || frame.track == TrackKind::Video)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media::{AacParams, Ticks};

    use super::*;

    fn sounding(limits: RingLimits) -> Ring {
        let mut ring = Ring::new(limits);
        let config = Bytes::from_static(&[0x11, 0x90]);
        let audio = AacParams { config, object_type: 2, sample_rate: 48_000, channels: 2 };
        assert!(ring.set_tracks(Tracks { video: None, audio: Some(audio) }));
        ring
    }

    fn frame(size: usize, keyframe: bool) -> Frame {
        let data = Bytes::from(vec![0; size]);
        Frame { track: TrackKind::Audio, dts: Ticks::ZERO, pts: Ticks::ZERO, keyframe, data }
    }

    #[test]
    fn only_what_a_newcomer_needs_is_kept_while_nobody_reads() {
        let mut ring = sounding(RingLimits::default());
        (0..50).for_each(|n| ring.push(frame(10, n % 10 == 0)));
        assert_eq!(ring.held(), (10, 100));
    }

    #[test]
    fn what_every_reader_has_read_is_let_go() {
        let mut ring = sounding(RingLimits::default());
        let reader = ring.enter();
        for n in 0..50 {
            ring.push(frame(10, n % 10 == 0));
            while ring.read(reader).is_some() {}
        }
        assert_eq!(ring.held(), (1, 10), "only the last, until the next push");
    }

    #[test]
    fn what_a_reader_still_wants_is_kept_up_to_the_limits() {
        let mut ring = sounding(RingLimits { frames: 30, bytes: 250 });
        ring.push(frame(10, true));
        ring.enter();
        (0..20).for_each(|_| ring.push(frame(10, true)));
        assert_eq!(ring.held(), (21, 210));
        (0..20).for_each(|_| ring.push(frame(10, true)));
        assert_eq!(ring.held(), (25, 250));
        (0..50).for_each(|_| ring.push(frame(0, true)));
        assert_eq!(ring.held().0, 30);
    }

    #[test]
    fn a_frame_larger_than_the_ring_is_lost_and_nothing_else_breaks() {
        let mut ring = sounding(RingLimits { frames: 30, bytes: 100 });
        let reader = ring.enter();
        ring.push(frame(101, true));
        assert_eq!(ring.held(), (0, 0));
        assert_eq!(ring.read(reader), Some(Next::Lagged));
    }

    #[test]
    fn after_the_end_and_the_last_reader_nothing_is_held() {
        let mut ring = sounding(RingLimits::default());
        let reader = ring.enter();
        ring.push(frame(10, true));
        ring.end();
        assert_eq!(ring.held(), (1, 10));
        ring.leave(reader);
        assert_eq!(ring.held(), (0, 0));
        let late = ring.enter();
        assert!(matches!(ring.read(late), Some(Next::Tracks(_))));
        assert_eq!(ring.read(late), Some(Next::End));
    }
}
