//! What time of the stream a part covers: the rule by which all renditions of a stream are cut.
//!
//! Promise: the parts of a run present its time without a hole, and a keyframe that begins one is shown exactly
//! where it begins.

use std::ops::Range;

use media::Ticks;
use media::fmp4::Sample;

use crate::cues::Cue;

/// The time that a part of the source covers, and all of it that is no picture.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The stream's time zero.
    pub(crate) origin: Ticks,
    /// When its pictures are decoded. This is what is declared as its duration.
    pub(crate) decoded: Range<Ticks>,
    /// When its pictures are shown. Not as long as `decoded` where the pictures' order changes.
    pub(crate) presented: Range<Ticks>,
    /// When pictures are shown that belong to it: `presented`, as stamps have it that were rounded.
    pub(crate) pictures: Range<Ticks>,
    /// From decoding to presentation at the beginning of the run.
    pub(crate) delay: Ticks,
    /// It is the first of its segment.
    pub(crate) opens: bool,
    /// It is the last before an interruption or the end.
    pub(crate) ends_run: bool,
    /// What is said in it.
    pub(crate) cues: Vec<Cue>,
    /// Its sound.
    pub(crate) heard: Heard,
}

/// The source's sound in a part.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// It has all that begins before.
    pub(crate) until: Ticks,
    /// When the first of it is played, in samples from the origin.
    pub(crate) time: u64,
    pub(crate) samples: Vec<Sample>,
}

impl Measure {
    /// A picture that is shown within this time belongs to the part, in whichever rendition. The times of a run's
    /// parts follow each other without a hole.
    pub fn pictures(&self) -> Range<Ticks> {
        self.pictures.clone()
    }
}
