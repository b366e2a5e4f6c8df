//! The ladder: which renditions a stream of a channel has.
//!
//! Promise: a pure function of the channel's type and preset and of what comes in; nothing is larger than what
//! comes in.

use domain::{ChannelType, Preset};
use live::RenditionTerms;

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

    /// That of a channel type and preset for this input.
    pub fn of(_channel_type: ChannelType, _preset: Option<Preset>, _input: &Input) -> Self {
        Self::passed_through()
    }

    /// Pixels a second that are coded for it.
    pub fn pixels(&self) -> u64 {
        0
    }

    /// As much of it as costs no more than so many pixels a second: the largest rungs go first. What is left of a
    /// ladder without its source is offered with it.
    pub fn within(self, _pixels: u64) -> Self {
        self
    }
}

impl Rung {
    /// What viewers are told of it. `source_sound` is the bits a second of the source's sound.
    pub fn terms(&self, _source_sound: u32) -> RenditionTerms {
        RenditionTerms {
            name: self.name.clone(),
            label: self.label.clone(),
            bandwidth: 0,
            lines: self.picture.map(|picture| picture.width.min(picture.height)),
            frame_rate: self.picture.map(|picture| picture.frame_rate),
            sound: live::RenditionSound::Source,
        }
    }
}
