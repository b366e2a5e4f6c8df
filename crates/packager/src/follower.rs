//! Cuts a rendition as its source was cut: a state machine without clock or runtime.
//!
//! Promise: each part of the source has its like here, with the same number, duration and time; it has the
//! pictures of that time, or is a gap where they are lost. Nothing waits for ever, and what waits is bounded.
//!
//! A part is made when a picture behind its end has come, or when the source is further ahead than a player would
//! wait. What follows a gap begins with a keyframe.

mod beats;
mod pictures;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use domain::ContainerFormat;
use live::{Init, Part, RenditionSound, RenditionTerms, Terms};
use media::fmp4::Sample;
use media::{Frame, Ticks, TrackKind, Tracks, aac};

use crate::cues::Cue;
use crate::measure::Measure;
use crate::segmenter::{Cut, Heading};
use crate::sound::Sound;
use crate::wrapper::{Contents, Wrapper, carried};

use beats::Beats;
use pictures::{Picture, Pictures};

/// How far the source may go on after it was cut before what is not there becomes a gap.
const LONGEST_LAG: Ticks = Ticks::from_millis(3_000);
/// A pause in the source counts for no more: what is before it may come only with what is behind it.
const LONGEST_STEP: Ticks = Ticks::from_millis(1_000);
/// How far its own pictures may be ahead of its sound.
const LONGEST_SILENCE: Ticks = Ticks::from_millis(1_000);
/// What stamps of the same picture may differ by.
const STAMP: Ticks = Ticks::new(Ticks::from_millis(1).count() / 2);
/// A hole in the pictures that is no longer shows the picture before it for longer; that disturbs less than a gap.
const LONGEST_HOLE: Ticks = Ticks::from_millis(300);

/// The source's cuts and a rendition's frames in, the rendition's cuts out.
#[derive(Debug)]
pub struct Follower {
    container: ContainerFormat,
    has_pictures: bool,
    sound_of: RenditionSound,
    wrapper: Wrapper,
    /// Of the frames that come next.
    tracks: Option<Arc<Tracks>>,
    pictures: Pictures,
    sound: Sound,
    /// When the newest of its own sound ends.
    heard: Option<Ticks>,
    beats: Beats,
    /// How far the source has gone.
    clock: Ticks,
    /// Its own sound did not come in time.
    is_silent: bool,
    /// The source's, oldest first.
    waiting: VecDeque<Due>,
    init: Option<Arc<Init>>,
    segment: Option<Heading>,
    /// The earliest presentation time in `segment`, from the origin.
    opening: Option<u64>,
    /// When the last picture of the part before is shown; `None` after an interruption.
    last: Option<Ticks>,
    /// Decoding times never go back.
    decoded: Option<Ticks>,
    ended: bool,
    cuts: VecDeque<Cut>,
}

/// What the source was cut into and is to be made here, too.
#[derive(Debug)]
struct Due {
    heading: Heading,
    /// The next part, if there is one: how long it plays, and what of.
    part: Option<(Ticks, Arc<Measure>)>,
    last: bool,
    /// How far the source had gone.
    since: Ticks,
}

/// The media of a part, as they go into the container.
#[derive(Default)]
struct Media {
    video_time: u64,
    video: Vec<Sample>,
    audio_time: u64,
    audio: Vec<Sample>,
}

impl Follower {
    /// One for a rendition whose parts come in this container. It joins with the next segment.
    pub fn new(container: ContainerFormat, terms: &RenditionTerms) -> Self {
        Self {
            container,
            has_pictures: terms.lines.is_some(),
            sound_of: terms.sound,
            wrapper: Wrapper::new(container),
            tracks: None,
            pictures: Pictures::default(),
            sound: Sound::exact(),
            heard: None,
            beats: Beats::default(),
            clock: Ticks::ZERO,
            is_silent: false,
            waiting: VecDeque::new(),
            init: None,
            segment: None,
            opening: None,
            last: None,
            decoded: None,
            ended: false,
            cuts: VecDeque::new(),
        }
    }

    /// A picture of the source's is shown then.
    pub fn source(&mut self, pts: Ticks) {
        let step = self.beats.newest().map_or(Ticks::ZERO, |newest| pts - newest);
        self.clock += step.clamp(Ticks::ZERO, LONGEST_STEP);
        self.beats.push(pts);
        self.advance();
    }

    /// The source was cut. Before the first segment that is cut from its beginning on, nothing is made.
    pub fn cut(&mut self, cut: &Cut) {
        let measured = cut.part.as_ref().zip(cut.measure.as_ref());
        let part = measured.map(|(part, measure)| (part.duration, Arc::clone(measure)));
        let opens = part.as_ref().is_some_and(|(_, measure)| measure.opens);
        if opens || self.init.is_some() || !self.waiting.is_empty() {
            let (heading, since) = (cut.heading.clone(), self.clock);
            self.waiting.push_back(Due { heading, part, last: cut.last, since });
            self.advance();
        }
    }

    /// What the following frames are.
    pub fn tracks(&mut self, tracks: Arc<Tracks>) {
        let tracks = carried(self.container, tracks);
        let rate = tracks.audio.as_ref().map_or(0, |audio| audio.sample_rate);
        if self.sound_of == RenditionSound::Own && !self.sound.is_of(rate) {
            self.sound.restart(rate, Ticks::new(i64::MIN));
            self.heard = None;
        }
        self.tracks = Some(tracks);
    }

    /// The next frame, on the source's clock.
    pub fn frame(&mut self, frame: Frame) {
        let Some(tracks) = &self.tracks else { return };
        match frame.track {
            TrackKind::Video if self.has_pictures => self.pictures.push(frame, Arc::clone(tracks)),
            TrackKind::Audio if self.sound_of == RenditionSound::Own => self.hear(frame),
            TrackKind::Video | TrackKind::Audio => return,
        }
        self.advance();
    }

    /// Frames were lost; what follows begins at a keyframe.
    pub fn lagged(&mut self) {
        self.pictures.interrupt();
    }

    /// No frames follow: what can't be made any more is a gap.
    pub fn end(&mut self) {
        self.ended = true;
        self.advance();
    }

    /// Is there nothing left to wait for of what the source was cut into?
    pub fn is_up_to_date(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next cut that is ready.
    pub fn next_cut(&mut self) -> Option<Cut> {
        self.cuts.pop_front()
    }

    fn hear(&mut self, frame: Frame) {
        let rate =
            self.tracks.as_ref().and_then(|tracks| tracks.audio.as_ref()).map(|audio| audio.sample_rate);
        let Some(rate) = rate else { return };
        self.heard = Some(frame.dts + Ticks::from_scale(i64::from(aac::FRAME_SAMPLES), rate));
        self.sound.push(frame);
    }

    fn advance(&mut self) {
        while let Some(due) = self.waiting.front() {
            let is_due = due.part.as_ref().is_none_or(|(_, measure)| self.is_due(measure, due.since));
            let Some(due) = (if is_due { self.waiting.pop_front() } else { None }) else { return };
            self.follow(due);
        }
    }

    /// Is all there that will come of this part's time?
    fn is_due(&self, measure: &Measure, since: Ticks) -> bool {
        let is_late = self.clock - since > LONGEST_LAG;
        self.ended || is_late || (self.is_seen(measure) && self.is_heard(measure))
    }

    fn is_seen(&self, measure: &Measure) -> bool {
        let shown = self.pictures.last().map(|last| last.frame.pts);
        !self.has_pictures || shown.is_some_and(|pts| pts >= measure.pictures.end)
    }

    /// Sound that its own pictures are far ahead of is waited for no longer.
    fn is_heard(&self, measure: &Measure) -> bool {
        let comes = self.tracks.as_ref().is_some_and(|tracks| tracks.audio.is_some()) || !self.has_pictures;
        let (until, end) = (measure.heard.until, measure.presented.end);
        let shown = self.pictures.last().map(|last| last.frame.pts);
        self.sound_of == RenditionSound::Source
            || !comes
            || self.is_silent
            || self.heard.is_some_and(|heard| heard >= until)
            || shown.is_some_and(|pts| pts - end > LONGEST_SILENCE)
    }

    /// Makes the like of a cut of the source's.
    fn follow(&mut self, due: Due) {
        let Due { heading, part, last, .. } = due;
        let part = part.map(|(duration, measure)| self.part(&heading, duration, &measure));
        let Some(own) = &self.segment else { return };
        let heading = own.clone();
        if last {
            self.segment = None;
        }
        self.cuts.push_back(Cut { heading, part, last, measure: None });
    }

    fn part(&mut self, heading: &Heading, duration: Ticks, measure: &Measure) -> Part {
        if measure.opens && (heading.discontinuity || self.init.is_none()) {
            self.restart(measure);
        }
        if self.last.is_none() {
            // Of an earlier run, or behind a gap: they have nowhere to go.
            self.pictures.take(self.pictures.until(measure.pictures.start));
        }
        let count = self.pictures.until(measure.pictures.end);
        if measure.opens || self.segment.is_none() {
            self.open(heading, count);
        }
        let is_lost = self.has_pictures && self.is_lost(count, measure);
        let kept = usize::from(!is_lost && self.next_lacks_one(count));
        let taken = self.pictures.take(count - kept);
        let sound = self.sound(measure);
        let media = if is_lost { Media::default() } else { self.media(taken, sound, measure) };
        let is_gap = media.video.is_empty() && media.audio.is_empty();
        // A part of one picture that is left out breaks nothing.
        let is_broken = is_gap && (is_lost || self.beats.within(measure.pictures.clone()) > 1);
        if is_broken || measure.ends_run {
            self.last = None;
        }
        Part {
            independent: !is_gap && media.video.first().map_or(!self.has_pictures, |first| first.keyframe),
            data: if is_gap { Bytes::new() } else { self.wrap(&media, measure) },
            duration,
        }
    }

    /// Would the next part have no picture, only as every second one is left out, or as another encoder took over that
    /// holds back fewer? Then it gets the last of these `count`, for not all players take a part of nothing.
    fn next_lacks_one(&self, count: usize) -> bool {
        let next = self.waiting.front().and_then(|due| due.part.as_ref());
        let Some((_, next)) = next.filter(|(_, next)| count > 1 && !next.opens) else { return false };
        let has_none = self.pictures.until(next.pictures.end) == count && self.pictures.get(count).is_some();
        let length = |span: &Range<Ticks>| span.end - span.start;
        let is_cut_short = length(&next.presented) + STAMP < length(&next.decoded);
        has_none && (is_cut_short || self.beats.within(next.pictures.clone()) == 1)
    }

    /// What was made before belongs to an earlier run.
    fn restart(&mut self, measure: &Measure) {
        self.last = None;
        self.sound.begin(measure.decoded.start);
    }

    /// Begins a segment, the first `count` pictures of which are there.
    fn open(&mut self, heading: &Heading, count: usize) {
        let first = self.pictures.get(0).filter(|_| count > 0).or_else(|| self.pictures.keyframe());
        let tracks = first.map(|picture| &picture.tracks).or(self.tracks.as_ref());
        let known = self.init.as_ref().map(|init| &init.tracks);
        let video = tracks.or(known).and_then(|tracks| tracks.video.clone()).filter(|_| self.has_pictures);
        let audio = match self.sound_of {
            RenditionSound::Source => heading.init.tracks.audio.clone(),
            RenditionSound::Own => self.tracks.as_ref().or(known).and_then(|tracks| tracks.audio.clone()),
        };
        let init = self.init(Tracks { video, audio });
        self.opening = None;
        self.segment = Some(Heading { init, ..heading.clone() });
    }

    fn init(&mut self, tracks: Tracks) -> Arc<Init> {
        let old = self.init.take();
        let number = old.as_ref().map_or(0, |init| init.number.wrapping_add(1));
        let init = old.filter(|init| *init.tracks == tracks).unwrap_or_else(|| {
            let data = self.wrapper.begin(&tracks);
            Arc::new(Init { number, data, tracks: Arc::new(tracks) })
        });
        Arc::clone(self.init.insert(init))
    }

    /// Do the first `count` pictures lack so much of the part's time that it can't be shown?
    fn is_lost(&self, count: usize, measure: &Measure) -> bool {
        let pictures = || (0..count).filter_map(|at| self.pictures.get(at));
        let init = self.segment.as_ref().map(|segment| &segment.init.tracks.video);
        if pictures().any(|picture| Some(&picture.tracks.video) != init) {
            return true;
        }
        let mut before = match (self.last, pictures().next()) {
            (Some(last), _) => last,
            // What begins anew begins with a keyframe, and at most one is left out before it: every second one is
            // where the rate is halved.
            (None, Some(first)) if first.frame.keyframe && self.missed_before(first, measure) < 2 => {
                first.frame.pts
            }
            (None, _) => return true,
        };
        for picture in pictures() {
            if self.is_hole(before, picture, measure) {
                return true;
            }
            before = picture.frame.pts;
        }
        match self.pictures.get(count) {
            Some(next) => self.is_hole(before, next, measure),
            None => self.missed_in(measure, before, measure.pictures.end + STAMP) > 1,
        }
    }

    fn missed_before(&self, first: &Picture, measure: &Measure) -> usize {
        self.missed_in(measure, measure.pictures.start - STAMP, first.frame.pts)
    }

    /// Do the pictures between these two lack that are shown in the part?
    fn is_hole(&self, before: Ticks, next: &Picture, measure: &Measure) -> bool {
        self.missed_in(measure, before, next.frame.pts) > 0 && self.is_long(before, next)
    }

    /// Is it long from one picture to this one, and would the source have had others?
    fn is_long(&self, before: Ticks, next: &Picture) -> bool {
        let after = next.frame.pts;
        match self.missed(before, after) {
            0 => false,
            1 => next.is_after_loss,
            _ => next.is_after_loss || after - before > LONGEST_HOLE,
        }
    }

    /// How many pictures the source has between two.
    fn missed(&self, before: Ticks, after: Ticks) -> usize {
        self.beats.within(before + STAMP..after - STAMP)
    }

    /// The same, of those that are shown in the part.
    fn missed_in(&self, measure: &Measure, before: Ticks, after: Ticks) -> usize {
        let Range { start, end } = measure.pictures;
        self.beats.within((before + STAMP).max(start)..(after - STAMP).min(end))
    }

    /// The sound of a part: when its first frame is played, in samples, and all of them.
    fn sound(&mut self, measure: &Measure) -> (u64, Vec<Sample>) {
        if self.sound_of == RenditionSound::Source {
            return (measure.heard.time, measure.heard.samples.clone());
        }
        self.is_silent = self.heard.is_none_or(|heard| heard < measure.heard.until);
        let taken = self.sound.take(measure.origin, measure.heard.until);
        let told = self.segment.as_ref().and_then(|segment| segment.init.tracks.audio.as_ref());
        let comes = self.tracks.as_ref().and_then(|tracks| tracks.audio.as_ref());
        // Of another coding than players were told: it waits for the next segment.
        if told == comes { taken } else { (0, Vec::new()) }
    }

    fn media(&mut self, pictures: Vec<Picture>, sound: (u64, Vec<Sample>), measure: &Measure) -> Media {
        let (video_time, video) = self.samples(pictures, measure);
        let (audio_time, audio) = sound;
        Media { video_time, video, audio_time, audio }
    }

    /// The pictures as samples, and when the first of them is decoded, from the origin. They are decoded when the
    /// source's are, so that all renditions have one time line also for players that look at decoding times.
    fn samples(&mut self, pictures: Vec<Picture>, measure: &Measure) -> (u64, Vec<Sample>) {
        let mut samples: Vec<Sample> = Vec::with_capacity(pictures.len());
        let mut start = None;
        let end = self.end_of_last(&pictures, measure);
        let mut pictures = pictures.into_iter().peekable();
        while let Some(Picture { frame: Frame { pts, keyframe, data, .. }, .. }) = pictures.next() {
            let next = pictures.peek().map_or(end, |next| next.frame.pts);
            let dts = (pts - measure.delay).max(self.decoded.unwrap_or(measure.origin));
            let until = (next - measure.delay).max(dts + Ticks::new(1));
            start.get_or_insert(dts);
            (self.decoded, self.last) = (Some(until), Some(pts));
            samples.push(Sample {
                duration: u32::try_from((until - dts).count()).unwrap_or(u32::MAX),
                composition: i32::try_from((pts - dts).count()).unwrap_or(0),
                keyframe,
                data,
            });
        }
        let start = start.map_or(0, |dts| (dts - measure.origin).count());
        (u64::try_from(start).unwrap_or(0), samples)
    }

    /// When the last of these gives way: to the next picture if they go on, else at the part's end.
    fn end_of_last(&self, pictures: &[Picture], measure: &Measure) -> Ticks {
        let next = self.pictures.get(0).filter(|_| !measure.ends_run);
        let Some((last, next)) = pictures.last().zip(next) else { return measure.presented.end };
        if self.is_long(last.frame.pts, next) { measure.presented.end } else { next.frame.pts }
    }

    fn wrap(&mut self, media: &Media, measure: &Measure) -> Bytes {
        let begins = || media.begins(self.segment.as_ref().map(|segment| &*segment.init.tracks));
        let opening = *self.opening.get_or_insert_with(begins);
        let cues: Vec<Cue> = measure.cues.iter().map(|cue| cue.within(opening)).collect();
        let Media { video_time, audio_time, .. } = *media;
        let (video, audio) = (&media.video, &media.audio);
        self.wrapper.part(&Contents { cues: &cues, video_time, video, audio_time, audio })
    }
}

impl Media {
    /// When the first of it is shown or, without pictures, heard, from the origin.
    fn begins(&self, tracks: Option<&Tracks>) -> u64 {
        if let Some(first) = self.video.first() {
            return self.video_time.saturating_add_signed(i64::from(first.composition));
        }
        let rate = tracks.and_then(|tracks| tracks.audio.as_ref()).map_or(1, |audio| audio.sample_rate);
        let heard = Ticks::from_scale(i64::try_from(self.audio_time).unwrap_or(0), rate);
        u64::try_from(heard.count()).unwrap_or(0)
    }
}

/// What a rendition promises its players: what the source does, at its own rate.
pub(crate) fn terms(source: &Terms, of: &RenditionTerms) -> Terms {
    let frame_rate = of.lines.and_then(|_| of.frame_rate.or(source.frame_rate));
    Terms { frame_rate, ..*source }
}
