//! From frames to parts: a state machine without clock or runtime.
//!
//! Promise: no input makes it panic or grow without bound; what it makes keeps to the terms it gave, for
//! any frames.
//!
//! Sessions begin by collecting pictures until their rhythm is known ([`Fit`]); then what was collected,
//! and all that follows, is cut.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::ContainerFormat;
use live::{Init, Part, Terms, Text};
use media::{Frame, TrackKind, Tracks};

use crate::cues;
use crate::cutter::{Cutter, renews};
use crate::fit::{Beat, Fit};
use crate::measure::Measure;

/// What a segment is before its first byte.
#[derive(Clone, Debug)]
pub struct Heading {
    /// Its media sequence number.
    pub number: u64,
    /// The initialisation section it needs.
    pub init: Arc<Init>,
    /// Its media time doesn't continue that of the segment before it.
    pub discontinuity: bool,
    /// Wall clock time of its first picture.
    pub time: SystemTime,
}

/// One step of the output.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The segment it belongs to.
    pub heading: Heading,
    /// The next part of it; absent when only the end of the segment is news.
    pub part: Option<Part>,
    /// The segment is complete.
    pub last: bool,
    /// What time of the stream the part covers, for those who cut other renditions alike; there with each part that
    /// was cut from frames.
    pub measure: Option<Arc<Measure>>,
}

impl Cut {
    /// Is it the first one of a discontinuity?
    pub(crate) fn begins_run(&self) -> bool {
        self.heading.discontinuity && self.measure.as_ref().is_some_and(|measure| measure.opens)
    }
}

/// Frames in, cuts out.
#[derive(Debug)]
pub struct Segmenter {
    part: Duration,
    container: ContainerFormat,
    phase: Phase,
    cuts: VecDeque<Cut>,
}

#[derive(Debug)]
enum Phase {
    Collecting(Reel),
    Cutting(Box<Cutter>),
}

/// What came before the rhythm is known.
#[derive(Debug, Default)]
struct Reel {
    /// Of the first frame.
    tracks: Option<Arc<Tracks>>,
    /// Other parameters of the same picture, each with the number of the frame that it came before.
    renewed: Vec<(usize, Arc<Tracks>)>,
    frames: Vec<(Frame, SystemTime)>,
    beats: Vec<Beat>,
    bytes: usize,
    /// Each with the number of the frame it came before.
    texts: Vec<(usize, Text)>,
    /// Of the texts, as boxes.
    weight: usize,
}

impl Segmenter {
    /// One for a session with parts of about this length, in fragmented MP4.
    pub fn new(part: Duration) -> Self {
        Self::within(ContainerFormat::FragmentedMp4, part)
    }

    /// The same, in this container.
    pub fn within(container: ContainerFormat, part: Duration) -> Self {
        Self { part, container, phase: Phase::Collecting(Reel::default()), cuts: VecDeque::new() }
    }

    /// The terms, once they are known; they never change.
    pub fn terms(&self) -> Option<&Terms> {
        match &self.phase {
            Phase::Collecting(_) => None,
            Phase::Cutting(cutter) => Some(cutter.terms()),
        }
    }

    /// What the following frames are. Without a picture nothing is made of them.
    pub fn tracks(&mut self, tracks: Arc<Tracks>) {
        match &mut self.phase {
            Phase::Collecting(reel) => reel.tracks(tracks),
            Phase::Cutting(cutter) => cutter.tracks(tracks, &mut self.cuts),
        }
    }

    /// The next frame, which arrived `now`.
    pub fn frame(&mut self, frame: Frame, now: SystemTime) {
        match &mut self.phase {
            Phase::Collecting(reel) => {
                reel.push(frame, now);
                if reel.is_due() {
                    self.begin();
                }
            }
            Phase::Cutting(cutter) => {
                cutter.clock(now);
                cutter.frame(frame, now, &mut self.cuts);
            }
        }
    }

    /// Text that belongs to the next picture. False when so much waits for a picture already that it was
    /// left out.
    #[must_use = "text that was left out should not be so in silence"]
    pub fn metadata(&mut self, text: Text) -> bool {
        match &mut self.phase {
            Phase::Collecting(reel) => reel.metadata(text),
            Phase::Cutting(cutter) => cutter.metadata(text),
        }
    }

    /// Frames were lost; what follows begins at a keyframe.
    pub fn lagged(&mut self) {
        match &mut self.phase {
            Phase::Collecting(reel) => reel.restart(),
            Phase::Cutting(cutter) => cutter.interrupt(&mut self.cuts),
        }
    }

    /// Nothing follows: whatever is open is closed.
    pub fn end(&mut self) {
        if matches!(&self.phase, Phase::Collecting(reel) if !reel.beats.is_empty()) {
            self.begin();
        }
        if let Phase::Cutting(cutter) = &mut self.phase {
            cutter.end(&mut self.cuts);
        }
    }

    /// The next cut that is ready.
    pub fn next_cut(&mut self) -> Option<Cut> {
        self.cuts.pop_front()
    }

    fn begin(&mut self) {
        let Phase::Collecting(reel) = &mut self.phase else { return };
        let Reel { tracks: Some(tracks), renewed, frames, beats, texts, .. } = std::mem::take(reel) else {
            return;
        };
        let told = tracks.video.as_ref().and_then(|video| video.frame_rate);
        let mut fit = Fit::new(self.part, told, &beats);
        fit.terms.container = self.container;
        let mut cutter = Cutter::new(fit, tracks);
        let now = frames.last().map(|(_, arrived)| *arrived);
        now.into_iter().for_each(|now| cutter.clock(now));
        let mut texts = texts.into_iter().peekable();
        let mut renewed = renewed.into_iter().peekable();
        for (number, (frame, arrived)) in frames.into_iter().enumerate() {
            if let Some((_, tracks)) = renewed.next_if(|(before, _)| *before <= number) {
                cutter.tracks(tracks, &mut self.cuts);
            }
            while let Some((_, text)) = texts.next_if(|(before, _)| *before <= number) {
                cutter.metadata(text);
            }
            cutter.frame(frame, arrived, &mut self.cuts);
        }
        for (_, text) in texts {
            cutter.metadata(text);
        }
        for (_, tracks) in renewed {
            cutter.tracks(tracks, &mut self.cuts);
        }
        self.phase = Phase::Cutting(Box::new(cutter));
    }
}

impl Reel {
    /// Twenty seconds of 120 pictures and as many audio frames a second.
    const MOST: usize = 4_800;
    const MOST_BYTES: usize = 32 << 20;

    /// Sound that joins the same picture is taken in from the start, and other parameters of that picture
    /// break nothing; any other change makes what was collected worthless, and nobody has seen it yet.
    fn tracks(&mut self, tracks: Arc<Tracks>) {
        let goes_on = self.latest().is_some_and(|old| renews(old, &tracks));
        if goes_on && !self.frames.is_empty() {
            let before = self.frames.len();
            self.renewed.pop_if(|(other, _)| *other == before);
            self.renewed.push((before, tracks));
            return;
        }
        let joins = |old: &Arc<Tracks>| old.video == tracks.video && old.audio.is_none();
        if !(self.renewed.is_empty() && self.tracks.as_ref().is_some_and(joins)) {
            self.restart();
        }
        self.tracks = Some(tracks);
    }

    fn latest(&self) -> Option<&Arc<Tracks>> {
        self.renewed.last().map(|(_, tracks)| tracks).or(self.tracks.as_ref())
    }

    /// Text outlives the pictures it was for: it goes with the next one that is shown.
    fn restart(&mut self) {
        let mut texts = std::mem::take(&mut self.texts);
        texts.iter_mut().for_each(|(before, _)| *before = 0);
        let tracks = self.latest().cloned();
        *self = Self { tracks, texts, weight: self.weight, ..Self::default() };
    }

    fn metadata(&mut self, text: Text) -> bool {
        let fits = cues::fits(self.weight, &text);
        if fits {
            self.weight += cues::weight(&text);
            self.texts.push((self.frames.len(), text));
        }
        fits
    }

    fn push(&mut self, frame: Frame, now: SystemTime) {
        if self.tracks.as_ref().is_none_or(|tracks| tracks.video.is_none()) {
            return;
        }
        if frame.track == TrackKind::Video {
            let follows = self.beats.last().map_or(frame.keyframe, |last| frame.dts > last.0);
            if !follows {
                return;
            }
            self.beats.push((frame.dts, frame.keyframe));
        }
        if !self.beats.is_empty() {
            self.bytes = self.bytes.saturating_add(frame.data.len());
            self.frames.push((frame, now));
        }
    }

    fn is_due(&self) -> bool {
        let is_full = self.frames.len() >= Self::MOST || self.bytes >= Self::MOST_BYTES;
        let is_news = self.frames.last().is_some_and(|(frame, _)| frame.track == TrackKind::Video);
        is_full || (is_news && Fit::is_due(&self.beats))
    }
}
