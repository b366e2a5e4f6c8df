//! The source's frames that a new worker would need: those since the keyframe before the first picture that is
//! still missing.
//!
//! Promise: at most [`SPAN`] and [`BYTES`] of them; a new worker is always told to begin at a keyframe.

use std::collections::VecDeque;
use std::sync::Arc;

use media::{Frame, Ticks, TrackKind, Tracks};

/// Longer groups of pictures are not kept: a new worker waits for the next keyframe.
pub(crate) const SPAN: Ticks = Ticks::from_millis(10_000);

/// The same in bytes.
pub(crate) const BYTES: usize = 32 << 20;

#[derive(Debug)]
struct Entry {
    frame: Frame,
    tracks: Arc<Tracks>,
}

impl Entry {
    fn is_picture(&self) -> bool {
        self.frame.track == TrackKind::Video
    }

    fn is_entrance(&self) -> bool {
        self.is_picture() && self.frame.keyframe
    }
}

/// Where a new worker begins.
#[derive(Debug, PartialEq)]
pub(crate) struct Start {
    /// The number of the keyframe that it is fed first.
    pub(crate) at: u64,
    /// What it is fed.
    pub(crate) tracks: Arc<Tracks>,
    /// The first picture that is wanted of it.
    pub(crate) from: Ticks,
}

/// What is to be fed to a worker next.
#[derive(Debug, PartialEq)]
pub(crate) enum Food {
    /// A frame.
    Frame(Frame),
    /// Something that it has no use for.
    Nothing,
    /// The keyframe of this number, which needs another worker: what comes is of another kind.
    Change(u64),
}

/// Frames in the order of their coming, numbered.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    entries: VecDeque<Entry>,
    /// The number of the first one.
    base: u64,
    bytes: usize,
}

impl Kept {
    /// The number that the next frame will have.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// The number of the first one.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// One more frame.
    pub(crate) fn push(&mut self, frame: Frame, tracks: &Arc<Tracks>) {
        self.bytes += frame.data.len();
        self.entries.push_back(Entry { frame, tracks: Arc::clone(tracks) });
        while self.is_too_much() {
            self.drop_group();
        }
    }

    /// Pictures up to `line` are made: lets go what no new worker would need. `fed` has been fed by now.
    pub(crate) fn let_go(&mut self, line: Option<Ticks>, fed: u64) {
        let Some(line) = line else { return };
        let done = |entry: &Entry| entry.is_entrance() && entry.frame.pts <= line;
        if let Some(place) = self.entries.iter().rposition(done) {
            let fed = usize::try_from(fed.saturating_sub(self.base)).unwrap_or(usize::MAX);
            self.drop_front(place.min(fed));
        }
    }

    /// Where a worker begins that goes on after `line`. It does not touch frames before number `skip`. `None`: no
    /// picture is missing, or there is no keyframe yet.
    pub(crate) fn start(&self, line: Option<Ticks>, skip: u64) -> Option<Start> {
        let missing = self.missing(line)?;
        let entrances = || self.numbered().filter(|(number, entry)| *number >= skip && entry.is_entrance());
        let before = entrances().filter(|(_, entry)| entry.frame.pts <= missing).last();
        let (at, entry) = before.or_else(|| entrances().next())?;
        let from = missing.max(entry.frame.pts);
        Some(Start { at, tracks: self.tracks_of_run(at)?, from })
    }

    /// What a worker that was told of `tracks` is fed at this number. `None`: nothing yet.
    pub(crate) fn food(&self, number: u64, tracks: &Tracks, with_sound: bool) -> Option<Food> {
        let place = usize::try_from(number.checked_sub(self.base)?).ok()?;
        let entry = self.entries.get(place)?;
        let is_same_picture = entry.tracks.video == tracks.video;
        let is_same_sound = entry.tracks.audio == tracks.audio;
        Some(match entry.frame.track {
            TrackKind::Audio if with_sound && is_same_sound => Food::Frame(entry.frame.clone()),
            TrackKind::Audio => Food::Nothing,
            TrackKind::Video
                if entry.frame.keyframe && !(is_same_picture && (is_same_sound || !with_sound)) =>
            {
                Food::Change(number)
            }
            TrackKind::Video if is_same_picture => Food::Frame(entry.frame.clone()),
            TrackKind::Video => Food::Nothing,
        })
    }

    /// The number of the keyframe that opens the group in which the first picture after `line` is.
    pub(crate) fn group_of(&self, line: Option<Ticks>) -> Option<u64> {
        let missing = self.missing(line)?;
        let entrances = self.numbered().filter(|(_, entry)| entry.is_entrance());
        entrances.filter(|(_, entry)| entry.frame.pts <= missing).map(|(number, _)| number).last()
    }

    /// The number of the newest keyframe.
    pub(crate) fn newest_entrance(&self) -> Option<u64> {
        self.numbered().filter(|(_, entry)| entry.is_entrance()).map(|(number, _)| number).last()
    }

    /// The first picture after `line` by the time at which it is shown.
    fn missing(&self, line: Option<Ticks>) -> Option<Ticks> {
        let pictures = self.entries.iter().filter(|entry| entry.is_picture());
        pictures.map(|entry| entry.frame.pts).filter(|pts| Some(*pts) > line).min()
    }

    /// The newest tracks of those that follow this entry with the same pictures: sound that came a moment after
    /// the first of them is among them.
    fn tracks_of_run(&self, at: u64) -> Option<Arc<Tracks>> {
        let place = usize::try_from(at.checked_sub(self.base)?).ok()?;
        let mut run = self.entries.iter().skip(place);
        let first = &run.next()?.tracks;
        let same = run.take_while(|entry| entry.tracks.video == first.video && !entry.is_entrance());
        Some(Arc::clone(same.last().map_or(first, |entry| &entry.tracks)))
    }

    fn numbered(&self) -> impl Iterator<Item = (u64, &Entry)> {
        (self.base..).zip(&self.entries)
    }

    fn is_too_much(&self) -> bool {
        let span = match (self.entries.front(), self.entries.back()) {
            (Some(first), Some(last)) => last.frame.dts - first.frame.dts,
            _ => Ticks::ZERO,
        };
        self.bytes > BYTES || span > SPAN
    }

    /// Drops what stands before the second keyframe, or all.
    fn drop_group(&mut self) {
        let next = self.entries.iter().skip(1).position(Entry::is_entrance);
        self.drop_front(next.map_or(self.entries.len(), |place| place + 1));
    }

    fn drop_front(&mut self, count: usize) {
        for entry in self.entries.drain(..count.min(self.entries.len())) {
            self.bytes -= entry.frame.data.len();
            self.base += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media::{AacParams, AvcParams};

    use super::*;

    fn tracks(record: &'static [u8], sound: bool) -> Arc<Tracks> {
        let video = AvcParams {
            record: Bytes::from_static(record),
            profile: 77,
            constraints: 0,
            level: 31,
            length_size: 4,
            width: 1280,
            height: 720,
            pixel_aspect: (1, 1),
            frame_rate: None,
        };
        let config = Bytes::from_static(&[0x11, 0x90]);
        let audio = AacParams { config, object_type: 2, sample_rate: 48_000, channels: 2 };
        Arc::new(Tracks { video: Some(video), audio: sound.then_some(audio) })
    }

    fn at(number: i64) -> Ticks {
        Ticks::from_millis(number * 100)
    }

    fn picture(number: i64, group: i64) -> Frame {
        let keyframe = number % group == 0;
        let data = Bytes::from_static(&[0; 10]);
        Frame { track: TrackKind::Video, dts: at(number), pts: at(number), keyframe, data }
    }

    fn kept(numbers: std::ops::Range<i64>, group: i64) -> Kept {
        let (mut kept, tracks) = (Kept::default(), tracks(b"a", false));
        numbers.for_each(|number| kept.push(picture(number, group), &tracks));
        kept
    }

    fn start(kept: &Kept, line: Option<Ticks>, skip: u64) -> Option<(u64, Ticks)> {
        kept.start(line, skip).map(|start| (start.at, start.from))
    }

    #[test]
    fn a_worker_begins_at_the_keyframe_before_the_first_missing_picture() {
        let kept = kept(0..25, 10);
        assert_eq!(start(&kept, None, 0), Some((0, at(0))));
        assert_eq!(start(&kept, Some(at(13)), 0), Some((10, at(14))));
        assert_eq!(start(&kept, Some(at(19)), 0), Some((20, at(20))));
    }

    #[test]
    fn what_is_not_to_be_touched_is_passed_over_to_the_next_keyframe() {
        let kept = kept(0..25, 10);
        assert_eq!(start(&kept, Some(at(3)), 1), Some((10, at(10))));
        assert_eq!(start(&kept, Some(at(3)), 21), None);
        assert_eq!(start(&kept, Some(at(24)), 0), None, "nothing is missing");
        assert_eq!(kept.group_of(Some(at(13))), Some(10));
        assert_eq!(kept.newest_entrance(), Some(20));
    }

    #[test]
    fn what_is_made_is_let_go_up_to_the_last_keyframe() {
        let mut kept = kept(0..25, 10);
        kept.let_go(None, 25);
        assert_eq!(kept.base(), 0);
        kept.let_go(Some(at(13)), 25);
        assert_eq!((kept.base(), kept.bytes), (10, 150));
        kept.let_go(Some(at(24)), 15);
        assert_eq!(kept.base(), 15, "what is yet to be fed stays");
    }

    #[test]
    fn no_more_than_ten_seconds_are_kept() {
        assert_eq!(kept(0..101, 10).base(), 0);
        assert_eq!(kept(0..102, 10).base(), 10);
        let endless = kept(0..102, 1_000);
        assert_eq!((endless.base(), endless.bytes), (102, 0));
        assert_eq!(endless.start(None, 0), None);
    }

    #[test]
    fn other_pictures_are_not_for_the_same_worker() {
        let mut kept = kept(0..5, 10);
        let (old, new) = (tracks(b"a", false), tracks(b"b", false));
        kept.push(picture(5, 10), &new);
        kept.push(picture(10, 10), &new);
        assert_eq!(kept.food(4, &old, true), Some(Food::Frame(picture(4, 10))));
        assert_eq!(kept.food(5, &old, true), Some(Food::Nothing), "no keyframe");
        assert_eq!(kept.food(6, &old, true), Some(Food::Change(6)));
        assert_eq!(kept.food(7, &old, true), None);
        let start = kept.start(Some(at(4)), 6).expect("a keyframe");
        assert_eq!((start.at, start.from, start.tracks), (6, at(10), new));
    }

    #[test]
    fn sound_that_joins_within_a_group_is_known_to_the_next_worker() {
        let mut kept = kept(0..5, 10);
        let (silent, loud) = (tracks(b"a", false), tracks(b"a", true));
        let sound = Frame { track: TrackKind::Audio, keyframe: true, ..picture(5, 10) };
        kept.push(sound.clone(), &loud);
        assert_eq!(kept.food(5, &silent, true), Some(Food::Nothing));
        assert_eq!(kept.start(Some(at(2)), 0).map(|start| start.tracks), Some(Arc::clone(&loud)));
        assert_eq!(kept.food(5, &loud, true), Some(Food::Frame(sound)));
        assert_eq!(kept.food(5, &loud, false), Some(Food::Nothing), "nobody needs it");
        kept.push(picture(10, 10), &loud);
        assert_eq!(kept.food(6, &silent, true), Some(Food::Change(6)));
        assert_eq!(kept.food(6, &silent, false), Some(Food::Frame(picture(10, 10))));
    }
}
