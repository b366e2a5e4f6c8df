//! Feeds: what can be read of a broadcast, each one a rendition of its own: the source, and those of its ladder.
//!
//! Promise: the source is read only where viewers are offered it, or where nothing else can be played.

use std::borrow::Cow;
use std::sync::Arc;

use domain::{MultitrackResolution, StreamId};
use live::{Broadcast, Init, Ladder, Rendition, RenditionTerms, Shelf, Snapshot};
use media::hls::rendition_name;

/// The path of the stream as it came in. A rendition's name never is this word.
pub(crate) const SOURCE: &str = "source";

/// One rendition of a broadcast. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    broadcast: Arc<Broadcast>,
    /// Of the source none.
    rendition: Option<Arc<Rendition>>,
}

impl Feed {
    /// The stream as it came in.
    pub(crate) fn source(broadcast: &Arc<Broadcast>) -> Self {
        Self { broadcast: Arc::clone(broadcast), rendition: None }
    }

    /// What was made of it under this name.
    pub(crate) fn of(broadcast: &Arc<Broadcast>, ladder: &Ladder, name: &str) -> Option<Self> {
        let rendition = Arc::clone(ladder.rendition(name)?);
        Some(Self { broadcast: Arc::clone(broadcast), rendition: Some(rendition) })
    }

    /// All of a ladder but the source, the best first.
    pub(crate) fn made<'a>(
        broadcast: &'a Arc<Broadcast>,
        ladder: &'a Ladder,
    ) -> impl Iterator<Item = Self> + use<'a> {
        let of = |rendition: &Arc<Rendition>| Self {
            broadcast: Arc::clone(broadcast),
            rendition: Some(Arc::clone(rendition)),
        };
        ladder.renditions.iter().map(of)
    }

    pub(crate) fn broadcast(&self) -> &Arc<Broadcast> {
        &self.broadcast
    }

    /// What it was decided to be; of the source nothing was.
    pub(crate) fn terms(&self) -> Option<&RenditionTerms> {
        self.rendition.as_ref().map(|rendition| rendition.terms())
    }

    /// Its folder in URLs.
    pub(crate) fn folder(&self) -> &str {
        self.terms().map_or(SOURCE, |terms| &terms.name)
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        self.rendition.as_ref().map_or_else(|| self.broadcast.shelf(), |rendition| rendition.shelf())
    }

    /// What stands on its shelf, if that can be played: the newest finished segment is whole.
    pub(crate) fn playable(&self) -> Option<Arc<Snapshot>> {
        self.shelf().latest().filter(|now| !is_out(now))
    }

    /// Is it known that nothing can be played of it at this moment? That nothing was made yet is not to know.
    pub(crate) fn is_out(&self) -> bool {
        self.shelf().latest().is_some_and(|now| is_out(&now))
    }

    /// GROUP-ID and NAME: the source's by its size, the others' as was decided.
    pub(crate) fn names(&self, now: &Snapshot) -> [String; 2] {
        if let Some(terms) = self.terms() {
            return [terms.name.clone(), terms.label.clone()];
        }
        let name = rendition_name(self.lines(now).unwrap_or(0), now.terms.frame_rate);
        [name.clone(), name]
    }

    /// The shorter edge of its pictures in pixels, so that upright ones count as lying ones do; without pictures,
    /// none.
    pub(crate) fn lines(&self, now: &Snapshot) -> Option<u32> {
        let of_source = || {
            let init = newest_init(now)?;
            init.tracks.video.as_ref().map(|video| video.width.min(video.height))
        };
        self.terms().map_or_else(of_source, |terms| terms.lines)
    }

    /// Is it for a viewer who may have this much at most? Sound alone is for all.
    pub(crate) fn fits(&self, now: &Snapshot, cap: Option<MultitrackResolution>) -> bool {
        let Some(cap) = cap else { return true };
        self.lines(now).is_none_or(|own| own <= most_lines(cap))
    }

    /// Where what left memory is on disk.
    pub(crate) fn reel(&self) -> Cow<'_, str> {
        reel(self.broadcast.stream(), self.terms())
    }
}

/// What is kept on disk of the source lies under the stream's own name; what is of a rendition, under both.
fn reel<'a>(stream: &'a StreamId, terms: Option<&RenditionTerms>) -> Cow<'a, str> {
    match terms {
        Some(terms) => Cow::Owned(format!("{stream}.{}", terms.name)),
        None => Cow::Borrowed(stream.as_str()),
    }
}

/// The initialisation section of what comes next.
pub(crate) fn newest_init(now: &Snapshot) -> Option<&Arc<Init>> {
    let newest = now.open.as_ref().map(|open| &open.init);
    newest.or_else(|| now.listed.last().map(|segment| &segment.init))
}

fn is_out(now: &Snapshot) -> bool {
    now.listed.last().is_some_and(|newest| newest.is_gap())
}

/// Lines that a picture may have at most, or columns where it stands upright (user guide, "Generate and Sign IVS
/// Playback Tokens": as much as the claim says or less).
pub(crate) fn most_lines(cap: MultitrackResolution) -> u32 {
    match cap {
        MultitrackResolution::Sd => 480,
        MultitrackResolution::Hd => 720,
        MultitrackResolution::FullHd => 1_080,
    }
}
