//! The ladder: which renditions a stream of a channel has.
//!
//! Promise: a pure function of the channel's type and preset and of what comes in; nothing is larger than what
//! comes in.
//!
//! What the user guide leaves open is settled so:
//!
//! - A picture's lines are its shorter edge, so portrait pictures are treated like landscape ones. Of pictures
//!   wider than 5:2 they are two fifths of the longer edge, else a banner would be given the bits of a whole picture.
//!   Pixels that are not square count as they are shown.
//! - A picture that is up to a fiftieth smaller than a class is of that class, in its own size: cropped borders
//!   cost nobody a rung.
//! - Rungs of 30 pictures a second leave out every second picture of sources of 45 and more (48, 50, 60), and keep
//!   all pictures of others (24, 25, 30). Names keep the table's 30 and 60, also for 25 and 50, so that a camera's
//!   clock renames nothing; labels and FRAME-RATE tell the true rate.
//! - Below 480p STANDARD offers what comes in and the rungs that are smaller. ADVANCED offers what comes in never:
//!   where it is between two rungs, the best one has its size and the bits of the rung above, as the guide has it
//!   between 480p and 720p.

mod size;
mod table;

use domain::{ChannelType, Preset};
use live::{RenditionSound, RenditionTerms};

use size::Shape;
use table::Step;

/// Sources of so many pictures a second and more are halved for rungs of 30, and are of the guide's class "60".
const FAST: f64 = 45.0;
/// Taken for a source that tells no rate.
const USUAL_RATE: f64 = 30.0;
/// The shorter edge that a rung must have, in pixels; what would be smaller is not worth a rung.
const LEAST_EDGE: u32 = 100;
/// The sound of the rendition that is sound alone, and its name.
const SOUND_ALONE: (u32, &str) = (64_000, "audio_only");

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// Pixels across, as coded.
    pub width: u32,
    /// Pixels down, as coded.
    pub height: u32,
    /// Width to height of one pixel.
    pub pixel_aspect: (u32, u32),
    /// Pictures a second, as measured.
    pub frame_rate: f64,
    /// There is sound.
    pub has_sound: bool,
}

impl Input {
    fn rate(&self) -> f64 {
        if self.frame_rate.is_finite() && self.frame_rate > 0.0 { self.frame_rate } else { USUAL_RATE }
    }

    fn is_fast(&self) -> bool {
        self.rate() >= FAST
    }
}

/// Pictures of a rung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// Pixels across; even.
    pub width: u32,
    /// Pixels down; even.
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: f64,
    /// Every second picture of the source is left out.
    pub is_halved: bool,
    /// Bits a second.
    pub bit_rate: u32,
    /// The lines of its class, which its size never exceeds whatever comes in: see [`Ladder::refit`].
    pub lines: u32,
    /// It is never halved.
    pub keeps_rate: bool,
}

impl Picture {
    /// Pixels a second that are coded for it.
    pub fn pixels(&self) -> u64 {
        let each = u64::from(self.width) * u64::from(self.height);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "floats saturate")]
        let pixels = (self.frame_rate * each as f64).ceil() as u64;
        pixels
    }

    fn of(input: &Input, lines: u32, keeps_rate: bool, bit_rate: u32) -> Self {
        let (width, height) = Shape::of(input).within(lines);
        let is_halved = !keeps_rate && input.is_fast();
        let frame_rate = if is_halved { input.rate() / 2.0 } else { input.rate() };
        Self { width, height, frame_rate, is_halved, bit_rate, lines, keeps_rate }
    }

    fn label(&self) -> String {
        if self.keeps_rate {
            format!("{}p{:.0}", self.lines, self.frame_rate)
        } else {
            format!("{}p", self.lines)
        }
    }

    fn shorter_edge(&self) -> u32 {
        self.width.min(self.height)
    }
}

/// Sound of a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// There is none.
    None,
    /// The source's, untouched.
    Source,
    /// AAC-LC of so many bits a second.
    Coded(u32),
}

/// One rendition.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// As in [`RenditionTerms::name`].
    pub name: String,
    /// As in [`RenditionTerms::label`].
    pub label: String,
    /// Absent where it is sound alone.
    pub picture: Option<Picture>,
    /// Its sound.
    pub sound: Sound,
}

/// All renditions of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// What came in is one of them.
    pub offers_source: bool,
    /// Those to be made, the best first.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// Only what came in.
    pub fn passed_through() -> Self {
        Self { offers_source: true, rungs: Vec::new() }
    }

    /// That of a channel type and preset for this input (user guide, "Streaming Configuration").
    pub fn of(channel_type: ChannelType, preset: Option<Preset>, input: &Input) -> Self {
        let lines = Shape::of(input).lines();
        let plan = table::plan(channel_type, preset, lines, input.is_fast());
        let mut rungs: Vec<_> = plan
            .steps
            .iter()
            .map(|step| Rung::of(step, input))
            .filter(|rung| rung.picture.is_some_and(|picture| picture.shorter_edge() >= LEAST_EDGE))
            .collect();
        let offers_source = plan.offers_source || rungs.is_empty();
        if plan.has_sound_alone && input.has_sound {
            rungs.push(Rung::sound_alone());
        }
        Self { offers_source, rungs }
    }

    /// The same ladder for other pictures, sent in the middle of the stream: the same rungs by the same names, none
    /// larger than what comes in now. To be asked of the ladder that was decided, not of one that was refitted.
    #[must_use]
    pub fn refit(&self, input: &Input) -> Self {
        let refit = |rung: &Rung| Rung {
            name: rung.name.clone(),
            label: rung.label.clone(),
            picture: rung
                .picture
                .map(|picture| Picture::of(input, picture.lines, picture.keeps_rate, picture.bit_rate)),
            sound: match (rung.sound, input.has_sound) {
                (_, false) => Sound::None,
                // Its viewers were told nothing of sound, so it is whatever the source has.
                (Sound::None, true) => Sound::Source,
                (sound, true) => sound,
            },
        };
        Self { offers_source: self.offers_source, rungs: self.rungs.iter().map(refit).collect() }
    }

    /// Pixels a second that are coded for it.
    pub fn pixels(&self) -> u64 {
        self.rungs.iter().map(Rung::pixels).sum()
    }

    /// As much of it as costs no more than so many pixels a second: the largest rungs go first. What is left of a
    /// ladder without its source is offered with it.
    #[must_use]
    pub fn within(mut self, pixels: u64) -> Self {
        while self.pixels() > pixels {
            // Rungs of sound alone cost no pixels, so there is one with pictures.
            let Some(largest) = self.rungs.iter().position(|rung| rung.picture.is_some()) else { break };
            self.rungs.remove(largest);
            self.offers_source = true;
        }
        self
    }
}

impl Rung {
    fn of(step: &Step, input: &Input) -> Self {
        let picture = Picture::of(input, step.lines, step.is_fast, step.bit_rate);
        let class = if step.is_fast { 60 } else { 30 };
        Self {
            name: format!("{}p{class}", step.lines),
            label: picture.label(),
            picture: Some(picture),
            sound: if input.has_sound { step.sound } else { Sound::None },
        }
    }

    fn sound_alone() -> Self {
        let (rate, name) = SOUND_ALONE;
        Self { name: name.to_owned(), label: name.to_owned(), picture: None, sound: Sound::Coded(rate) }
    }

    /// Pixels a second that are coded for it.
    pub fn pixels(&self) -> u64 {
        self.picture.as_ref().map_or(0, Picture::pixels)
    }

    /// What viewers are told of it. `source_sound` is the bits a second of the source's sound.
    pub fn terms(&self, source_sound: u32) -> RenditionTerms {
        RenditionTerms {
            name: self.name.clone(),
            label: self.label.clone(),
            bandwidth: self.bandwidth(source_sound),
            lines: self.picture.as_ref().map(Picture::shorter_edge),
            frame_rate: self.picture.filter(|picture| picture.is_halved).map(|picture| picture.frame_rate),
            sound: match self.sound {
                Sound::None | Sound::Source => RenditionSound::Source,
                Sound::Coded(_) => RenditionSound::Own,
            },
        }
    }

    /// Bits a second with what containers add: a twentieth of the pictures, a tenth of the sound, and the heads of
    /// a few parts each second.
    fn bandwidth(&self, source_sound: u32) -> u64 {
        const HEADS: u64 = 20_000;
        let pictures = self.picture.map_or(0, |picture| u64::from(picture.bit_rate));
        let sound = match self.sound {
            Sound::None => 0,
            Sound::Source => u64::from(source_sound),
            Sound::Coded(rate) => u64::from(rate),
        };
        pictures * 21 / 20 + sound * 11 / 10 + HEADS
    }
}
