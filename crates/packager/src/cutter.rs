//! The knife: pictures and sound into parts, parts into segments, under terms that are given.
//!
//! Promise: a part is never longer than the part target and a segment never rounds above the target
//! duration, as they are declared; decoding times never go back.
//!
//! One picture is always held back: only the next one's stamp tells how long it lasts. That is the only
//! waiting here.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use live::{Init, Part, Terms, Text};
use media::fmp4::Sample;
use media::{AvcParams, Frame, Ticks, TrackKind, Tracks};

use crate::cues::{Clock, Cues};
use crate::fit::{Fit, SHORTEST_SEGMENT};
use crate::latency::{Passage, latency_cue};
use crate::measure::{Heard, Measure};
use crate::segmenter::{Cut, Heading};
use crate::sound::Sound;
use crate::wrapper::{Contents, Wrapper, carried};

/// A pause in the pictures that is longer is an interruption, not a long picture.
const LONGEST_PAUSE: Ticks = Ticks::from_millis(1_500);
/// Two seconds of the service's highest bit rate are 2 MB; a larger picture is no picture.
const LARGEST_PICTURE: usize = 16 << 20;
/// Keeps a part of many large pictures far below what one fragment can hold.
const LARGEST_PART: usize = 64 << 20;
/// What two stamps of the same moment differ by at most: nothing but a few ticks of another clock's.
const EXACT: Ticks = Ticks::new(Ticks::from_millis(1).count() / 2);
/// What a stamp may differ by from one that was reckoned from others, all of them rounded to milliseconds.
const ROUNDED: Ticks = Ticks::new(Ticks::from_millis(3).count() / 2);
/// Stamps come in milliseconds; pictures closer than that would be cut into ever smaller crumbs.
const SHORTEST_PICTURE: Ticks = Ticks::from_millis(1);

#[derive(Debug)]
pub(crate) struct Cutter {
    fit: Fit,
    /// What the stream is now.
    tracks: Arc<Tracks>,
    init: Option<Arc<Init>>,
    /// Decoding time zero.
    origin: Option<Ticks>,
    wrapper: Wrapper,
    /// Of the next segment.
    number: u64,
    /// Where the wall clock of the last run stood at its end.
    clock: Option<SystemTime>,
    /// The newest picture's stamp.
    newest: Option<Ticks>,
    /// The newest moment that was told.
    now: SystemTime,
    sound: Sound,
    cues: Cues,
    run: Option<Run>,
}

/// Media without interruption under one initialisation section.
#[derive(Debug)]
struct Run {
    init: Arc<Init>,
    /// Wall clock and media time of its first picture.
    anchor: (SystemTime, Ticks),
    /// The picture whose duration is not known yet, and when it arrived.
    pending: Frame,
    arrived: SystemTime,
    /// The first segment's: it doesn't continue what was before.
    discontinuity: bool,
    segment: Option<Heading>,
    /// The sum of the parts of `segment`.
    length: Ticks,
    /// The earliest presentation time in `segment`, its unfinished part included.
    opening: Option<Ticks>,
    part: Draft,
    /// When the last picture shown so far gives way; with B-frames later than the end of decoding.
    shown: Ticks,
    /// From decoding to presentation, of the keyframe that the pending picture builds on, or is.
    delay: Ticks,
    /// The same, of the run's first picture.
    first_delay: Ticks,
    /// Where the presentation of the parts so far ends.
    presented: Ticks,
    /// The same for stamps that were rounded.
    covered: Ticks,
    /// When the last picture so far is shown.
    newest: Ticks,
}

/// The part that is being filled.
#[derive(Debug)]
struct Draft {
    start: Ticks,
    end: Ticks,
    first: Option<First>,
    pictures: Vec<Sample>,
    bytes: usize,
}

/// A part's first picture.
#[derive(Clone, Copy, Debug)]
struct First {
    dts: Ticks,
    pts: Ticks,
    arrived: SystemTime,
}

impl Draft {
    fn new(start: Ticks) -> Self {
        Self { start, end: start, first: None, pictures: Vec::new(), bytes: 0 }
    }

    fn length(&self) -> Ticks {
        self.end - self.start
    }
}

impl Cutter {
    pub(crate) fn new(fit: Fit, tracks: Arc<Tracks>) -> Self {
        let container = fit.terms.container;
        Self {
            fit,
            tracks: carried(container, tracks),
            init: None,
            origin: None,
            wrapper: Wrapper::new(container),
            number: 0,
            clock: None,
            newest: None,
            now: SystemTime::UNIX_EPOCH,
            sound: Sound::default(),
            cues: Cues::default(),
            run: None,
        }
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.fit.terms
    }

    /// Another picture can't be decoded with what players have: what is open is closed. Other sound waits
    /// for the next keyframe, since a segment that begins elsewhere would show nothing up to there; so do
    /// other parameters of the same picture.
    pub(crate) fn tracks(&mut self, tracks: Arc<Tracks>, cuts: &mut VecDeque<Cut>) {
        let tracks = carried(self.fit.terms.container, tracks);
        if tracks.video != self.tracks.video && !renews(&self.tracks, &tracks) {
            self.interrupt(cuts);
        }
        self.tracks = tracks;
    }

    /// Time has come to `now`.
    pub(crate) fn clock(&mut self, now: SystemTime) {
        self.now = now;
    }

    /// The next frame, which arrived `now`.
    pub(crate) fn frame(&mut self, frame: Frame, now: SystemTime, cuts: &mut VecDeque<Cut>) {
        match frame.track {
            TrackKind::Audio => self.audio(frame),
            TrackKind::Video => self.picture(frame, now, cuts),
        }
    }

    /// Text for the next picture. False if it was left out.
    pub(crate) fn metadata(&mut self, text: Text) -> bool {
        self.cues.push(text)
    }

    /// Closes what is open, for good: text that came after the last picture goes with that one.
    pub(crate) fn end(&mut self, cuts: &mut VecDeque<Cut>) {
        if let Some(run) = &self.run {
            self.cues.place(&run.pending);
        }
        self.interrupt(cuts);
    }

    /// Closes what is open. What follows starts at a keyframe and is a discontinuity.
    pub(crate) fn interrupt(&mut self, cuts: &mut VecDeque<Cut>) {
        let usual = self.fit.picture;
        self.finish(usual, cuts);
        self.sound.clear();
    }

    /// Closes what is open before a picture that does not follow it.
    fn interrupt_before(&mut self, frame: Frame, now: SystemTime, cuts: &mut VecDeque<Cut>) {
        if frame.keyframe {
            self.finish(self.fit.picture, cuts);
            self.start(frame, now);
        } else {
            self.interrupt(cuts);
        }
    }

    /// Sound before the first picture has nothing to go with, and sound of another coding must wait.
    fn audio(&mut self, frame: Frame) {
        let is_readable = self.run.as_ref().is_some_and(|run| sounds_alike(&run.init.tracks, &self.tracks));
        if is_readable {
            self.sound.push(frame);
        }
    }

    fn picture(&mut self, frame: Frame, now: SystemTime, cuts: &mut VecDeque<Cut>) {
        let follows = self.newest.is_none_or(|newest| frame.dts - newest >= SHORTEST_PICTURE);
        if self.tracks.video.is_none() || frame.data.len() > LARGEST_PICTURE || !follows {
            return;
        }
        self.newest = Some(frame.dts);
        let Some(run) = &self.run else {
            if frame.keyframe {
                self.start(frame, now);
            }
            return;
        };
        let span = frame.dts - run.pending.dts;
        if span > LONGEST_PAUSE.max(self.fit.picture + self.fit.picture + self.fit.picture) {
            // Players begin anew behind a break, and nothing can be decoded there before a keyframe.
            self.interrupt_before(frame, now, cuts);
            return;
        }
        let (told, tracks) = (&run.init.tracks, &self.tracks);
        let waits = !frame.keyframe && told.video == tracks.video;
        if Arc::ptr_eq(told, tracks) || told == tracks || waits {
            self.follow(frame, now, span, cuts);
        } else if !frame.keyframe {
            // It was coded with parameters that players don't have; they come with the next keyframe.
            self.interrupt(cuts);
        } else if renews(told, tracks) {
            self.renew(frame, now, span, cuts);
        } else {
            self.finish(span, cuts);
            self.start(frame, now);
        }
    }

    /// The usual case: the pending picture's duration is known now, and this one is pending.
    fn follow(&mut self, frame: Frame, now: SystemTime, span: Ticks, cuts: &mut VecDeque<Cut>) {
        self.settle(span, cuts);
        self.cues.place(&frame);
        let Some(run) = &mut self.run else { return };
        let ends_segment = frame.keyframe && run.length + run.part.length() >= SHORTEST_SEGMENT;
        run.hold(frame, now);
        if ends_segment {
            self.close(true, cuts);
        } else if self.is_full() {
            self.close(false, cuts);
        }
    }

    /// The same picture under other parameters: what is open is closed, and the media go on without a break.
    ///
    /// A discontinuity is a MUST only where tracks or times do not go on, and a SHOULD for other parameters
    /// (draft-pantos-hls-rfc8216bis, 4.4.4.3). Players take the new ones from the map or from the keyframe all
    /// the same, and a break would make them start anew at each takeover.
    fn renew(&mut self, frame: Frame, now: SystemTime, span: Ticks, cuts: &mut VecDeque<Cut>) {
        self.settle(span, cuts);
        self.cues.place(&frame);
        let Some(run) = &mut self.run else { return };
        run.hold(frame, now);
        self.close(true, cuts);
        let init = self.init();
        if let Some(run) = &mut self.run {
            run.init = init;
        }
    }

    fn start(&mut self, frame: Frame, now: SystemTime) {
        if self.init.as_ref().is_some_and(|old| old.tracks.audio != self.tracks.audio) {
            self.sound.clear();
        }
        self.cues.place(&frame);
        let init = self.init();
        let (start, shown) = (frame.dts, frame.pts);
        let time = self.clock.map_or(now, |clock| clock.max(now));
        self.origin.get_or_insert(start);
        self.sound.restart(init.tracks.audio.as_ref().map_or(0, |audio| audio.sample_rate), start);
        self.run = Some(Run {
            init,
            anchor: (time, start),
            pending: frame,
            arrived: now,
            discontinuity: self.clock.is_some(),
            segment: None,
            length: Ticks::ZERO,
            opening: None,
            part: Draft::new(start),
            shown: start,
            delay: shown - start,
            first_delay: shown - start,
            presented: shown,
            covered: shown - EXACT,
            newest: shown,
        });
    }

    /// The current tracks' initialisation section: the one before, if it still fits.
    fn init(&mut self) -> Arc<Init> {
        let old = self.init.take();
        let number = old.as_ref().map_or(0, |init| init.number.wrapping_add(1));
        let init = old.filter(|init| *init.tracks == *self.tracks).unwrap_or_else(|| {
            let tracks = Arc::clone(&self.tracks);
            Arc::new(Init { number, data: self.wrapper.begin(&tracks), tracks })
        });
        Arc::clone(self.init.insert(init))
    }

    /// Ends the run: its last picture lasts `span`.
    fn finish(&mut self, span: Ticks, cuts: &mut VecDeque<Cut>) {
        if self.run.is_none() {
            return;
        }
        self.settle(span, cuts);
        // No other part will carry the sound that goes with the last pictures shown.
        let shown = self.run.as_ref().map(|run| run.shown.min(run.part.end + LONGEST_PAUSE));
        self.close_to(shown, true, cuts);
        if let Some(run) = self.run.take() {
            self.clock = Some(run.time(run.part.end));
        }
    }

    /// Puts the pending picture, which lasts `span`, into the part; the part may be closed before it.
    ///
    /// A picture that alone is longer than a part is declared as several: the first holds it, the others
    /// hold the sound of their time (and without sound that time is passed over). The media keep the true
    /// duration, for a decoder takes a hole between two pictures as a seek.
    fn settle(&mut self, span: Ticks, cuts: &mut VecDeque<Cut>) {
        let longest = self.fit.terms.part_target;
        let Some(run) = &mut self.run else { return };
        let heavy = run.part.bytes.saturating_add(run.pending.data.len()) > LARGEST_PART;
        if run.part.length() > Ticks::ZERO && (run.part.length() + span > longest || heavy) {
            self.close(false, cuts);
        }
        let Some(run) = &mut self.run else { return };
        let mut rest = span - run.take_picture(span, longest);
        while rest > Ticks::ZERO {
            self.close(false, cuts);
            let Some(run) = &mut self.run else { return };
            let step = rest.min(longest);
            run.part.end += step;
            rest = rest - step;
        }
    }

    /// Another usual picture would be too much, and enough is there already.
    fn is_full(&self) -> bool {
        let target = self.fit.terms.part_target;
        self.run.as_ref().is_some_and(|run| {
            let length = run.part.length();
            let enough = length.count().saturating_mul(100) >= target.count() * 85;
            enough && !run.part.pictures.is_empty() && length + self.fit.picture > target
        })
    }

    /// Makes a part of the draft, and with `last` ends the segment; so does a part after which another
    /// might make the segment too long.
    fn close(&mut self, last: bool, cuts: &mut VecDeque<Cut>) {
        self.close_to(None, last, cuts);
    }

    /// The same; `shown`: the run ends with this part, at the latest when its last picture gives way.
    fn close_to(&mut self, shown: Option<Ticks>, last: bool, cuts: &mut VecDeque<Cut>) {
        let Some(run) = &mut self.run else { return };
        let rest = Draft::new(run.part.end);
        let draft = std::mem::replace(&mut run.part, rest);
        let origin = self.origin.unwrap_or_default();
        let heard = draft.end.max(shown.unwrap_or(draft.end));
        let (audio_time, audio) = self.sound.take(origin, heard);
        let is_empty = draft.pictures.is_empty() && audio.is_empty();
        if is_empty && (!last || run.segment.is_none()) {
            return;
        }
        let opens = run.segment.is_none();
        let heading = run.heading(self.number, draft.start);
        let first = draft.first.unwrap_or_else(|| run.first_of_none(draft.start));
        let video_time =
            draft.first.map_or(0, |first| u64::try_from((first.dts - origin).count()).unwrap_or(0));
        let clock = Clock { origin, opening: run.opening.unwrap_or(draft.start) };
        let mut cues = self.cues.take(draft.end, clock);
        if opens {
            let passage = Passage { arrived: first.arrived, left: self.now };
            cues.insert(0, latency_cue(self.number, first.pts, clock, passage));
        }
        let contents =
            Contents { cues: &cues, video_time, video: &draft.pictures, audio_time, audio: &audio };
        let part = (!is_empty).then(|| Part {
            data: self.wrapper.part(&contents),
            duration: draft.length(),
            independent: draft.pictures.first().is_some_and(|picture| picture.keyframe),
        });
        let measure = part.is_some().then(|| {
            let (presented, pictures) = run.present(draft.end, shown);
            let heard = Heard { until: heard, time: audio_time, samples: audio };
            let (opens, ends_run, delay) = (opens, shown.is_some(), run.first_delay);
            let decoded = draft.start..draft.end;
            Arc::new(Measure { origin, decoded, presented, pictures, delay, opens, ends_run, cues, heard })
        });
        run.length += part.as_ref().map_or(Ticks::ZERO, |part| part.duration);
        let terms = &self.fit.terms;
        // Strictly less than half a second above rounds down to the target duration.
        let longest = terms.target() + Ticks::new(Ticks::PER_SECOND / 2 - 1);
        let last = last || run.length + terms.part_target > longest;
        if last {
            run.segment = None;
            run.opening = None;
            run.length = Ticks::ZERO;
            self.number += 1;
        }
        cuts.push_back(Cut { heading, part, last, measure });
    }
}

/// Do the tracks stay what players were told, but for the pictures' parameter sets?
///
/// So it is when another encoder takes over, whose profile, level or bit rate may be another one (user guide,
/// "Stream Takeover": size and codecs are the same, and a recording has no discontinuity), and when one renews
/// its parameters.
pub(crate) fn renews(old: &Tracks, new: &Tracks) -> bool {
    let size = |video: &AvcParams| (video.width, video.height);
    let (Some(before), Some(after)) = (&old.video, &new.video) else { return false };
    size(before) == size(after) && sounds_alike(old, new)
}

/// Encoders say the same in more or fewer bytes: some tell that there is no SBR, others nothing of it.
fn sounds_alike(old: &Tracks, new: &Tracks) -> bool {
    let told = |tracks: &Tracks| {
        tracks.audio.as_ref().map(|audio| (audio.object_type, audio.sample_rate, audio.channels))
    };
    told(old) == told(new)
}

impl Run {
    /// Wall clock time at a media time.
    fn time(&self, at: Ticks) -> SystemTime {
        let (wall, media) = self.anchor;
        wall.checked_add((at - media).to_duration()).unwrap_or(wall)
    }

    /// The open segment's heading; opens one that starts at `start` if there is none.
    fn heading(&mut self, number: u64, start: Ticks) -> Heading {
        let time = self.time(start);
        let (init, discontinuity) = (&self.init, &mut self.discontinuity);
        let open =
            || Heading { number, init: Arc::clone(init), discontinuity: std::mem::take(discontinuity), time };
        self.segment.get_or_insert_with(open).clone()
    }

    /// This picture is pending now.
    fn hold(&mut self, frame: Frame, now: SystemTime) {
        if frame.keyframe {
            self.delay = frame.pts - frame.dts;
        }
        (self.pending, self.arrived) = (frame, now);
    }

    /// The presentation of a part that is decoded until `end`: what begins behind it is shown behind it. Players
    /// begin at keyframes, so that where one follows it is exact; the run's last part has all that is left.
    fn present(&mut self, end: Ticks, last: Option<Ticks>) -> (Range<Ticks>, Range<Ticks>) {
        let (start, covered) = (self.presented, self.covered);
        self.presented = (end + self.delay).max(last.unwrap_or(start)).max(start);
        let exact = if self.pending.keyframe { EXACT } else { ROUNDED };
        // What is shown later belongs to the next run, even where the last picture was to be shown for longer.
        let until = if last.is_some() { self.newest + EXACT } else { self.presented - exact };
        self.covered = until.max(covered);
        (start..self.presented, covered..self.covered)
    }

    /// What stands for the first picture of a part that begins at `start` and has none.
    fn first_of_none(&self, start: Ticks) -> First {
        let (early, late) = (self.pending.dts - start, start - self.pending.dts);
        let arrived = self.arrived.checked_add(late.to_duration());
        let arrived = arrived.and_then(|at| at.checked_sub(early.to_duration()));
        First { dts: start, pts: start, arrived: arrived.unwrap_or(self.arrived) }
    }

    /// Moves the pending picture into the draft. Returns what of its span the draft has room for.
    fn take_picture(&mut self, span: Ticks, longest: Ticks) -> Ticks {
        let Frame { dts, pts, keyframe, data, .. } = &self.pending;
        let part = &mut self.part;
        let room = span.min(longest - part.length());
        self.shown = self.shown.max(*pts + span);
        self.newest = self.newest.max(*pts);
        self.opening = Some(self.opening.map_or(*pts, |opening| opening.min(*pts)));
        part.end += room;
        part.first.get_or_insert(First { dts: *dts, pts: *pts, arrived: self.arrived });
        part.bytes = part.bytes.saturating_add(data.len());
        part.pictures.push(Sample {
            duration: u32::try_from(span.count()).unwrap_or(u32::MAX),
            composition: i32::try_from((*pts - *dts).count()).unwrap_or(0),
            keyframe: *keyframe,
            data: data.clone(),
        });
        room
    }
}
