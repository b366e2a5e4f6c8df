//! What flows through the house: coded frames and the parameters that explain them.
//!
//! Promise: a frame's payload is shared, never copied; parameters are compared by value, so a repeated
//! sequence header is seen to be the same.

use bytes::Bytes;

use crate::ticks::Ticks;

/// Which of a stream's tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

impl std::fmt::Display for TrackKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Video => "video",
            Self::Audio => "audio",
        })
    }
}

/// H.264 parameters: from the AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1) and its SPS.
#[derive(Clone, Debug, PartialEq)]
pub struct AvcParams {
    /// The whole configuration record, as it goes into an `avcC` box.
    pub record: Bytes,
    /// profile_idc.
    pub profile: u8,
    /// Constraint flags byte.
    pub constraints: u8,
    /// level_idc.
    pub level: u8,
    /// Bytes in a NAL unit's length prefix: 1, 2 or 4.
    pub length_size: u8,
    /// Displayed width in pixels, after cropping.
    pub width: u32,
    /// Displayed height in pixels, after cropping.
    pub height: u32,
    /// Width to height of one pixel as the SPS tells it, in lowest terms; (1, 1) where it does not, or tells what can't
    /// be (over 8 either way).
    pub pixel_aspect: (u32, u32),
    /// Frames a second as the SPS tells it (VUI timing), if it does.
    pub frame_rate: Option<f64>,
}

/// AAC parameters: from the AudioSpecificConfig (ISO 14496-3, 1.6.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AacParams {
    /// The whole AudioSpecificConfig.
    pub config: Bytes,
    /// Audio object type as players are told it: 2 is AAC-LC, 5 HE-AAC, 29 HE-AAC v2.
    pub object_type: u8,
    /// Samples a second of the core coder; each frame is 1 024 of them ([`crate::aac::FRAME_SAMPLES`]).
    pub sample_rate: u32,
    /// Output channels.
    pub channels: u8,
}

/// The tracks of a stream at one time. Both absent never reaches a subscriber.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// The picture, if there is one.
    pub video: Option<AvcParams>,
    /// The sound, if there is one.
    pub audio: Option<AacParams>,
}

/// One coded picture (length-prefixed NAL units) or one raw AAC frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which track it belongs to.
    pub track: TrackKind,
    /// When it is decoded, on the stream's own monotonic clock.
    pub dts: Ticks,
    /// When it is shown: `dts` plus the composition offset (never before `dts` less the reorder depth;
    /// negative offsets are legal).
    pub pts: Ticks,
    /// Decoding can start here. Always true for audio.
    pub keyframe: bool,
    /// The coded bytes, shared.
    pub data: Bytes,
}
