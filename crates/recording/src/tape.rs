//! The tape: a folder on this machine's disk with all that is recorded and is not in its bucket yet, and a journal of
//! all that ever was on it.
//!
//! Promise: what [`Tape::take`] said it took is there after this process is killed; what is in a [`Chunk`] is there
//! after a power cut, too. Recovery gives what was written, from its beginning on, and nothing else. Memory does not
//! grow with what was recorded, and nothing here keeps a thread of the runtime waiting for the disk.
//!
//! A tape's folder has its files where the recording has them in its bucket (see [`crate::layout`]), so that whoever
//! must can save a recording by copying a folder.

mod account;
mod chunk;
mod deck;
mod disk;
mod folder;
mod journal;
mod rack;
mod recovered;
mod replay;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{ContainerFormat, Recording, StreamId};
use live::Segment;
use media::Ticks;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub use chunk::{Chunk, ChunkFile, InitFile, Parcel};
pub use rack::{Inventory, Rack};
pub use recovered::{Item, Recovered};
pub use replay::Replay;

use crate::Error;
use crate::merge::Profile;
use deck::Deck;

/// What does not change from a recording's begin to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The recording as it began.
    pub recording: Recording,
    /// Of its chunks.
    pub container: ContainerFormat,
    /// What is recorded, the highest first; none where only thumbnails are.
    pub renditions: Vec<Rendition>,
    /// How large thumbnails are, where there are some.
    pub thumbnails: Option<Size>,
}

/// A recorded rendition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rendition {
    /// Its folder: letters, digits and `_`.
    pub name: String,
    /// Pixels across; 0 where it is sound alone.
    pub width: u32,
    /// Pixels down; 0 where it is sound alone.
    pub height: u32,
    /// CODECS as in RFC 6381.
    pub codecs: String,
    /// Pictures a second, if known.
    pub frame_rate: Option<f64>,
    /// The most bits a second it needs.
    pub bandwidth: u64,
}

/// Of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

/// One stream of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The stream.
    pub stream: StreamId,
    /// When its recording began, in milliseconds since 1970.
    pub at: i64,
    /// What decides who may follow it.
    pub profile: Profile,
    /// Whole seconds that its segments have at most.
    pub target_duration: u32,
}

/// How a recording ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When its last picture had come in, in milliseconds since 1970.
    pub at: i64,
    /// Why it failed; empty unless it did.
    pub reason: String,
}

/// What is on a tape, or was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How long all of it plays, gaps included.
    pub duration: Ticks,
    /// Bytes of media, initialisation sections and thumbnails that were ever written.
    pub bytes: u64,
    /// Streams.
    pub streams: usize,
    /// Segments that were taken.
    pub segments: u64,
    /// Segments that are missing between those that were taken, of the same stream.
    pub lost_segments: u64,
    /// The number that the next segment has if it follows; `None` where no segment of the stream was taken.
    pub next_number: Option<u64>,
    /// Wall clock time of the end of what was taken last, in milliseconds since 1970.
    pub until: Option<i64>,
}

/// A tape that can be written. Whoever has it has its lock, too; dropped, it stays for [`Rack::recover`].
///
/// Acts are safe to cancel: what was begun goes on by itself, the next act waits for it, and a chunk that ended
/// meanwhile is told by the next act that tells of chunks.
#[derive(Debug)]
pub struct Tape {
    rack: Rack,
    folder: Arc<Path>,
    deck: Arc<Mutex<Deck>>,
    sums: Arc<Mutex<Sums>>,
}

impl Tape {
    fn new(rack: Rack, deck: Deck) -> Self {
        let (folder, sums) = (deck.folder(), Arc::new(Mutex::new(deck.sums())));
        Self { rack, folder, deck: Arc::new(Mutex::new(deck)), sums }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A folder for others' files that belong to the recording, which goes when the tape does. Not journalled.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join(folder::SCRATCH)
    }

    /// What was written so far.
    pub fn sums(&self) -> Sums {
        *self.sums.lock()
    }

    /// How long all of it plays.
    pub fn duration(&self) -> Ticks {
        self.sums().duration
    }

    /// How many streams it has.
    pub fn streams(&self) -> usize {
        self.sums().streams
    }

    /// Bytes of media that were ever written.
    pub fn bytes(&self) -> u64 {
        self.sums().bytes
    }

    /// Says that the segments that follow are of this stream. The open chunk ends; what follows does not continue its
    /// media time. Gives the chunks that ended.
    ///
    /// # Errors
    /// [`Error::Tape`]; then no run has begun.
    pub async fn begin_run(&mut self, run: Run) -> Result<Vec<Chunk>, Error> {
        self.act(move |deck| deck.begin_run(run)).await
    }

    /// Takes a segment: that of each rendition in the header's order, `None` where there is none (one that is a gap
    /// counts as none), and the one that conducts, whose number, time, length and discontinuity count for all. Gives
    /// the chunks that ended before it or with it, the oldest first: seldom more than one.
    ///
    /// Where its number does not continue the one before, the missing ones are counted as lost, and a discontinuity
    /// stands in their place.
    ///
    /// # Errors
    /// [`Error::Tape`]; then nothing of this segment is on the tape, and all that was is. [`Error::is_full`] tells
    /// whether more room would help.
    pub async fn take(
        &mut self,
        segments: Vec<Option<Arc<Segment>>>,
        conductor: &Arc<Segment>,
    ) -> Result<Vec<Chunk>, Error> {
        let conductor = Arc::clone(conductor);
        self.act(move |deck| deck.take(&segments, &conductor)).await
    }

    /// Ends the open chunk, if there is one. Gives the chunks that ended.
    ///
    /// # Errors
    /// [`Error::Tape`]; then it is still open.
    pub async fn cut(&mut self) -> Result<Vec<Chunk>, Error> {
        self.act(Deck::cut).await
    }

    /// Adds a thumbnail: the next of the numbered ones.
    ///
    /// # Errors
    /// [`Error::Tape`]; then the next one gets its number.
    pub async fn thumbnail(&mut self, jpeg: bytes::Bytes) -> Result<Parcel, Error> {
        self.act(move |deck| deck.thumbnail(&jpeg)).await
    }

    /// Keeps a word, in place of the one of this name: [`Recovered::notes`] has it, also after a power cut.
    ///
    /// # Errors
    /// [`Error::Tape`].
    pub async fn note(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let (name, text) = (name.to_owned(), text.to_owned());
        self.act(move |deck| deck.note(name, text)).await
    }

    /// Ends the open chunk and says that nothing more comes. Gives the chunks that ended.
    ///
    /// # Errors
    /// [`Error::Tape`]; then it has not ended.
    pub async fn end(&mut self, at: i64, reason: &str) -> Result<Vec<Chunk>, Error> {
        let end = End { at, reason: reason.to_owned() };
        self.act(move |deck| deck.end(end)).await
    }

    /// Keeps room for what must be written at the end: so many bytes beyond the megabyte that is kept anyway.
    ///
    /// # Errors
    /// [`Error::Tape`]; then what was kept before is kept.
    pub async fn grow_ballast(&mut self, bytes: u64) -> Result<(), Error> {
        self.act(move |deck| deck.grow_ballast(bytes)).await
    }

    /// Gives that room free.
    ///
    /// # Errors
    /// [`Error::Tape`].
    pub async fn release_ballast(&mut self) -> Result<(), Error> {
        self.act(Deck::release_ballast).await
    }

    /// Removes the tape with all that is on it. Files that no tape makes stay, with their folder; gives their paths,
    /// the first few.
    ///
    /// # Errors
    /// [`Error::Tape`]; then [`Rack::recover`] finds what is left.
    pub async fn discard(self) -> Result<Vec<PathBuf>, Error> {
        let deck = self.deck;
        self.rack.aside(move || deck.lock().discard()).await
    }

    async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Deck) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (deck, sums) = (Arc::clone(&self.deck), Arc::clone(&self.sums));
        let act = move || {
            let mut deck = deck.lock();
            let result = act(&mut deck);
            *sums.lock() = deck.sums();
            result
        };
        self.rack.aside(act).await
    }
}
