//! Closed captions: out of the pictures that are fed, into those that come out.
//!
//! Promise: each rung gets each caption once, in order, in its picture of the same time; where it has none, in the
//! next one. What is kept for that is bounded.
//!
//! Encoders would do some of this themselves, each in its own way, and lose the captions of pictures that are left
//! out; so they are told not to.

use std::collections::VecDeque;

use bytes::Bytes;
use media::{Frame, Ticks, avc};

/// Pictures whose captions are kept, at most: ten seconds of the fastest.
const MOST_PICTURES: usize = 600;
/// Bytes of captions that are kept. A caption channel has 9 600 bits a second.
const MOST_BYTES: usize = 256 << 10;

/// The captions of one picture.
#[derive(Debug)]
struct Said {
    at: Ticks,
    units: Vec<Bytes>,
}

impl Said {
    fn size(&self) -> usize {
        self.units.iter().map(Bytes::len).sum()
    }
}

/// Captions on their way past the encoder.
#[derive(Debug)]
pub(super) struct Captions {
    /// Bytes in a length of what is fed.
    length_size: u8,
    /// In the order in which the pictures are shown.
    said: VecDeque<Said>,
    bytes: usize,
    /// For each rung, the newest picture that it has; `None` for one that has no pictures at all.
    reached: Vec<Option<Ticks>>,
}

impl Captions {
    /// For rungs that have pictures, or not, from a moment on.
    pub(super) fn new(length_size: u8, has_pictures: Vec<bool>, from: Option<Ticks>) -> Self {
        let before = from.unwrap_or(Ticks::new(i64::MIN)) - Ticks::new(1);
        let reached = has_pictures.into_iter().map(|has_pictures| has_pictures.then_some(before)).collect();
        Self { length_size, said: VecDeque::new(), bytes: 0, reached }
    }

    /// A picture is fed.
    pub(super) fn hear(&mut self, picture: &Frame) {
        let found = avc::caption_units(&picture.data, self.length_size);
        let units: Vec<_> = found.map(|unit| Bytes::copy_from_slice(&unit)).collect();
        if units.is_empty() || self.reached.iter().all(Option::is_none) {
            return;
        }
        let said = Said { at: picture.pts, units };
        self.bytes += said.size();
        let place = self.said.partition_point(|other| other.at <= said.at);
        self.said.insert(place, said);
        while self.bytes > MOST_BYTES || self.said.len() > MOST_PICTURES {
            self.forget_first();
        }
    }

    /// The picture of a rung with the captions that belong to it.
    pub(super) fn put(&mut self, rung: usize, pts: Ticks, picture: &Bytes) -> Bytes {
        let Some(Some(reached)) = self.reached.get_mut(rung) else { return picture.clone() };
        let after = self.said.partition_point(|said| said.at <= *reached);
        let up_to = self.said.partition_point(|said| said.at <= pts).max(after);
        *reached = (*reached).max(pts);
        let units: Vec<_> =
            self.said.range(after..up_to).flat_map(|said| said.units.iter().cloned()).collect();
        let picture = avc::with_units(picture, 4, &units);
        self.forget();
        picture
    }

    /// Lets go of what all rungs have.
    fn forget(&mut self) {
        let Some(last) = self.reached.iter().flatten().min().copied() else { return };
        while self.said.front().is_some_and(|said| said.at <= last) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let size = self.said.pop_front().map_or(0, |said| said.size());
        self.bytes -= size;
    }
}

#[cfg(test)]
mod tests {
    use media::TrackKind;

    use super::*;

    /// A caption that says one byte, in an SEI unit behind its length (ITU-T H.264, 7.3.2.3; A/53-4, 6.2.3).
    fn caption(word: u8) -> Vec<u8> {
        let message = [0xb5, 0, 0x31, b'G', b'A', b'9', b'4', 3, 0xc1, 0xff, 0xfc, word, 0x80, 0xff];
        let mut unit = vec![6, 4, 14];
        unit.extend_from_slice(&message);
        unit.push(0x80);
        unit
    }

    fn picture(millis: i64, word: Option<u8>) -> Frame {
        let mut data = Vec::new();
        let slice = vec![0x41, 0x9a, 0x80];
        for unit in word.map(caption).into_iter().chain([slice]) {
            data.extend_from_slice(&u32::try_from(unit.len()).expect("short").to_be_bytes());
            data.extend_from_slice(&unit);
        }
        let time = Ticks::from_millis(millis);
        Frame { track: TrackKind::Video, dts: time, pts: time, keyframe: false, data: Bytes::from(data) }
    }

    /// The words that a rung's picture got.
    fn words(captions: &mut Captions, rung: usize, millis: i64) -> Vec<u8> {
        let made = captions.put(rung, Ticks::from_millis(millis), &picture(millis, None).data);
        avc::caption_units(&made, 4).map(|unit| unit[14]).collect()
    }

    #[test]
    fn each_rung_gets_each_caption_once_and_those_of_pictures_that_it_leaves_out_with_the_next() {
        let mut captions = Captions::new(4, vec![true, false, true], None);
        // As they are decoded; the second is shown after the third.
        for (millis, word) in [(0, b'a'), (80, b'c'), (40, b'b'), (120, b'd')] {
            captions.hear(&picture(millis, Some(word)));
        }
        let whole: Vec<_> = [0, 40, 80, 120].map(|millis| words(&mut captions, 0, millis)).concat();
        assert_eq!(whole, b"abcd");
        assert_eq!(words(&mut captions, 2, 0), b"a");
        assert_eq!(words(&mut captions, 2, 80), b"bc");
        assert_eq!(captions.said.len(), 1, "what all have is let go");
        assert_eq!(words(&mut captions, 2, 160), b"d");
        assert_eq!(words(&mut captions, 1, 160), b"");
    }

    #[test]
    fn captions_of_pictures_that_others_made_are_not_said_again() {
        let mut captions = Captions::new(4, vec![true], Some(Ticks::from_millis(40)));
        captions.hear(&picture(0, Some(b'a')));
        captions.hear(&picture(40, Some(b'b')));
        assert_eq!(words(&mut captions, 0, 40), b"b");
    }

    #[test]
    fn what_is_kept_for_a_worker_that_makes_nothing_is_bounded() {
        let mut captions = Captions::new(4, vec![true], None);
        (0..100_000).for_each(|millis| captions.hear(&picture(millis, Some(b'a'))));
        assert!(captions.said.len() <= MOST_PICTURES && captions.bytes <= MOST_BYTES);
    }
}
