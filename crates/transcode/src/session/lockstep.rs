//! The renditions' frames on their way out: held back until every rendition has come as far.
//!
//! One process codes all renditions of a picture within moments, so this costs next to nothing; and when the
//! process dies, there is one moment up to which all renditions are whole, from which its successor takes up.
//!
//! Promise: what is released of a rendition can be decoded, with nothing twice; what the dead left half made is not
//! released at all.

use std::collections::VecDeque;

use media::{Frame, Ticks, TrackKind, Tracks};

use crate::Ladder;

/// What is released.
#[derive(Debug, PartialEq)]
pub(crate) enum Entry {
    /// What the following frames are.
    Tracks(Tracks),
    /// A frame.
    Frame(Frame),
}

#[derive(Debug, Default)]
struct Rung {
    has_picture: bool,
    is_halved: bool,
    waiting: VecDeque<Entry>,
    /// The latest picture that came.
    reach: Option<Ticks>,
    /// The latest sound that was released.
    heard: Option<Ticks>,
}

/// All renditions of a stream.
#[derive(Debug)]
pub(crate) struct Lockstep {
    rungs: Vec<Rung>,
    /// Pictures up to here are out, in all renditions.
    line: Option<Ticks>,
    /// Pictures up to here are the predecessor's.
    floor: Option<Ticks>,
}

impl Lockstep {
    pub(crate) fn new(ladder: &Ladder) -> Self {
        let rungs = ladder.rungs.iter().map(|_| Rung::default()).collect();
        let mut lockstep = Self { rungs, line: None, floor: None };
        lockstep.refit(ladder);
        lockstep
    }

    /// The same renditions are made in another way from here on.
    pub(crate) fn refit(&mut self, ladder: &Ladder) {
        for (rung, new) in self.rungs.iter_mut().zip(&ladder.rungs) {
            rung.has_picture = new.picture.is_some();
            rung.is_halved = new.picture.is_some_and(|picture| picture.is_halved);
        }
    }

    /// Pictures up to here are out, in all renditions.
    pub(crate) fn line(&self) -> Option<Ticks> {
        self.line
    }

    /// What the following frames of a rendition are.
    pub(crate) fn tracks(&mut self, rung: usize, tracks: Tracks) {
        if let Some(rung) = self.rungs.get_mut(rung) {
            rung.waiting.push_back(Entry::Tracks(tracks));
        }
    }

    /// A rendition's next frame.
    pub(crate) fn frame(&mut self, rung: usize, frame: Frame) {
        let floor = self.floor;
        let Some(rung) = self.rungs.get_mut(rung) else { return };
        if frame.track == TrackKind::Video {
            if floor.is_some_and(|floor| frame.pts <= floor) {
                return;
            }
            rung.reach = rung.reach.max(Some(frame.pts));
        }
        rung.waiting.push_back(Entry::Frame(frame));
    }

    /// Moves the line as far as all renditions have come. `next` tells the source's next picture after one, unless
    /// it is a keyframe: a rendition of half the rate may leave that one out.
    pub(crate) fn advance(&mut self, next: impl Fn(Ticks) -> Option<Ticks>) {
        let reach = |rung: &Rung| {
            let reach = rung.reach?;
            Some(if rung.is_halved { next(reach).unwrap_or(reach) } else { reach })
        };
        let line = self.rungs.iter().filter(|rung| rung.has_picture).map(reach).min().flatten();
        self.line = self.line.max(line);
    }

    /// The next of what is ready to go out, with its rendition.
    pub(crate) fn release(&mut self) -> Option<(usize, Entry)> {
        let line = self.line;
        self.rungs.iter_mut().enumerate().find_map(|(place, rung)| Some((place, rung.release(line)?)))
    }

    /// The process is gone before its time: what it left half made is dropped.
    pub(crate) fn discard(&mut self) {
        for rung in &mut self.rungs {
            rung.waiting.clear();
            rung.reach = None;
        }
        self.floor = self.line;
    }

    /// The process has done all that it was fed: everything goes out, and its successor begins anew behind it.
    pub(crate) fn finish(&mut self) {
        let reach = self.rungs.iter_mut().filter_map(|rung| rung.reach.take()).max();
        self.line = self.line.max(reach);
        self.floor = self.line;
    }
}

impl Rung {
    fn release(&mut self, line: Option<Ticks>) -> Option<Entry> {
        loop {
            // Tracks go with the first frame that they are about.
            let frame = self.waiting.iter().find_map(|entry| match entry {
                Entry::Frame(frame) => Some(frame),
                Entry::Tracks(_) => None,
            })?;
            let is_picture = frame.track == TrackKind::Video;
            if is_picture && Some(frame.pts) > line {
                return None;
            }
            let pts = frame.pts;
            let entry = self.waiting.pop_front()?;
            if matches!(entry, Entry::Tracks(_)) || is_picture {
                return Some(entry);
            }
            // The predecessor may have made this sound already.
            if self.heard.is_none_or(|heard| pts > heard) {
                self.heard = Some(pts);
                return Some(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Picture, Rung as Plan, Sound};

    fn ladder(rungs: &[Option<bool>]) -> Ladder {
        let picture = |is_halved| Picture {
            width: 2,
            height: 2,
            frame_rate: 30.0,
            is_halved,
            bit_rate: 1,
            lines: 2,
            keeps_rate: !is_halved,
        };
        let rung = |halved: &Option<bool>| Plan {
            name: String::new(),
            label: String::new(),
            picture: halved.map(picture),
            sound: Sound::None,
        };
        Ladder { offers_source: true, rungs: rungs.iter().map(rung).collect() }
    }

    fn frame(track: TrackKind, number: i64) -> Frame {
        let pts = Ticks::from_millis(number * 10);
        Frame { track, dts: pts, pts, keyframe: false, data: Bytes::new() }
    }

    fn at(number: i64) -> Option<Ticks> {
        Some(Ticks::from_millis(number * 10))
    }

    /// Takes what is ready: rendition and number of each picture.
    fn out(lockstep: &mut Lockstep) -> Vec<(usize, i64)> {
        let mut all = Vec::new();
        while let Some((rung, entry)) = lockstep.release() {
            if let Entry::Frame(frame) = entry {
                all.push((rung, frame.pts.count() / 900));
            }
        }
        all
    }

    fn alone(_: Ticks) -> Option<Ticks> {
        None
    }

    #[test]
    fn a_picture_waits_until_all_renditions_have_it() {
        let mut lockstep = Lockstep::new(&ladder(&[Some(false), Some(false)]));
        lockstep.frame(0, frame(TrackKind::Video, 1));
        lockstep.frame(0, frame(TrackKind::Video, 2));
        lockstep.advance(alone);
        assert_eq!((out(&mut lockstep), lockstep.line()), (vec![], None));
        lockstep.frame(1, frame(TrackKind::Video, 1));
        lockstep.advance(alone);
        assert_eq!((out(&mut lockstep), lockstep.line()), (vec![(0, 1), (1, 1)], at(1)));
    }

    #[test]
    fn a_rendition_of_half_the_rate_keeps_nobody_waiting_for_pictures_that_it_leaves_out() {
        let mut lockstep = Lockstep::new(&ladder(&[Some(false), Some(true)]));
        let next = |pts: Ticks| Some(pts + Ticks::from_millis(10));
        for number in [1, 2] {
            lockstep.frame(0, frame(TrackKind::Video, number));
        }
        lockstep.frame(1, frame(TrackKind::Video, 1));
        lockstep.advance(next);
        assert_eq!(out(&mut lockstep), [(0, 1), (0, 2), (1, 1)]);
        assert_eq!(lockstep.line(), at(2));
        lockstep.discard();
        lockstep.advance(next);
        assert_eq!(lockstep.line(), at(2), "the dead go no further");
    }

    #[test]
    fn what_the_dead_left_half_made_is_made_again_once() {
        let mut lockstep = Lockstep::new(&ladder(&[Some(false), Some(false)]));
        for number in [1, 2] {
            lockstep.frame(0, frame(TrackKind::Video, number));
        }
        lockstep.frame(1, frame(TrackKind::Video, 1));
        lockstep.advance(alone);
        out(&mut lockstep);
        lockstep.discard();
        for rung in [0, 1] {
            for number in [1, 2, 3] {
                lockstep.frame(rung, frame(TrackKind::Video, number));
            }
        }
        lockstep.advance(alone);
        assert_eq!(out(&mut lockstep), [(0, 2), (0, 3), (1, 2), (1, 3)]);
    }

    #[test]
    fn sound_waits_for_no_picture_of_others_and_is_never_told_twice() {
        let mut lockstep = Lockstep::new(&ladder(&[Some(false), None]));
        for number in [1, 2] {
            lockstep.frame(1, frame(TrackKind::Audio, number));
        }
        lockstep.advance(alone);
        assert_eq!(out(&mut lockstep), [(1, 1), (1, 2)]);
        lockstep.discard();
        for number in [2, 3] {
            lockstep.frame(1, frame(TrackKind::Audio, number));
        }
        assert_eq!(out(&mut lockstep), [(1, 3)]);
    }

    #[test]
    fn tracks_go_out_with_their_first_frame() {
        let mut lockstep = Lockstep::new(&ladder(&[Some(false)]));
        lockstep.tracks(0, Tracks::default());
        lockstep.advance(alone);
        assert_eq!(lockstep.release(), None);
        lockstep.frame(0, frame(TrackKind::Video, 1));
        lockstep.advance(alone);
        assert_eq!(lockstep.release(), Some((0, Entry::Tracks(Tracks::default()))));
        assert_eq!(lockstep.release(), Some((0, Entry::Frame(frame(TrackKind::Video, 1)))));
    }

    #[test]
    fn at_the_end_everything_goes_out() {
        let mut lockstep = Lockstep::new(&ladder(&[Some(false), Some(false)]));
        lockstep.frame(0, frame(TrackKind::Video, 1));
        lockstep.finish();
        assert_eq!(out(&mut lockstep), [(0, 1)]);
        lockstep.frame(1, frame(TrackKind::Video, 1));
        lockstep.advance(alone);
        assert_eq!(out(&mut lockstep), [], "its time is over");
    }
}
