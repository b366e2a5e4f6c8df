//! The renditions of a broadcast beside its source: what each one is, its frames, its shelf.
//!
//! Promise: which renditions there are is decided once in a broadcast's life. Each has the same two pipes as the
//! broadcast itself: frames on the source's clock, and a shelf whose segments have the source's numbers.

use std::sync::Arc;

use media::{Frame, Tracks};

use crate::line::{Line, Subscriber};
use crate::ring::RingLimits;
use crate::shelf::Shelf;

/// Where a rendition's sound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenditionSound {
    /// It is the source's, untouched: it does not come with the rendition's frames.
    Source,
    /// It was coded for this rendition and comes with its frames.
    Own,
}

/// What a rendition is, as it was decided when the stream began. What its pictures really are its frames' tracks
/// tell.
#[derive(Clone, Debug, PartialEq)]
pub struct RenditionTerms {
    /// Its name in URLs and its GROUP-ID: `720p60`, `audio_only`. Letters, digits and `_`.
    pub name: String,
    /// Its NAME, which players show: `720p60`, `480p`.
    pub label: String,
    /// What it is made to need at most, in bits a second: pictures and sound.
    pub bandwidth: u64,
    /// Its shorter edge in pixels; `None` where it is sound alone.
    pub lines: Option<u32>,
    /// Pictures a second, if they are another number than the source's.
    pub frame_rate: Option<f64>,
    /// Its sound.
    pub sound: RenditionSound,
}

/// The renditions of a broadcast.
#[derive(Debug)]
pub struct Ladder {
    /// The source itself is a rendition that viewers are offered. Where it is not, it still is what the others
    /// are cut by.
    pub offers_source: bool,
    /// The others, the best first.
    pub renditions: Vec<Arc<Rendition>>,
}

impl Ladder {
    /// Only what came in.
    pub fn passed_through() -> Self {
        Self { offers_source: true, renditions: Vec::new() }
    }

    /// The rendition of this name.
    pub fn rendition(&self, name: &str) -> Option<&Arc<Rendition>> {
        self.renditions.iter().find(|rendition| rendition.terms.name == name)
    }

    /// Is there something to play of each?
    pub(crate) fn is_filled(&self) -> bool {
        self.renditions.iter().all(|rendition| rendition.shelf.latest().is_some())
    }
}

/// One quality of a broadcast that was made of its source.
#[derive(Debug)]
pub struct Rendition {
    terms: RenditionTerms,
    line: Arc<Line>,
    shelf: Shelf,
}

impl Rendition {
    pub(crate) fn new(terms: RenditionTerms, limits: RingLimits) -> Self {
        Self { terms, line: Arc::new(Line::new(limits)), shelf: Shelf::new() }
    }

    pub(crate) fn publisher(&self) -> RenditionPublisher {
        RenditionPublisher { line: Arc::clone(&self.line) }
    }

    /// What it is.
    pub fn terms(&self) -> &RenditionTerms {
        &self.terms
    }

    /// What its frames are by now; `None` before the first of them.
    pub fn tracks(&self) -> Option<Arc<Tracks>> {
        self.line.ring().tracks()
    }

    /// A new reader of its frames, as [`crate::Broadcast::subscribe`] gives one of the source's.
    pub fn subscribe(&self) -> Subscriber {
        self.line.subscribe()
    }

    /// Its finished parts and segments.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }
}

/// The pushing end of a rendition. Dropping it ends the rendition's frames.
#[derive(Debug)]
pub struct RenditionPublisher {
    line: Arc<Line>,
}

impl RenditionPublisher {
    /// Says what the following frames are; equal tracks are no news.
    pub fn set_tracks(&mut self, tracks: Tracks) {
        self.line.set_tracks(tracks);
    }

    /// Adds a frame, whose times are the source's; never waits.
    pub fn push(&mut self, frame: Frame) {
        self.line.ring().push(frame);
        self.line.wake();
    }
}

impl Drop for RenditionPublisher {
    fn drop(&mut self) {
        self.line.end();
    }
}
