//! What can be wrong with the bytes.
//!
//! Promise: each text says what was being read, and a codec that is refused is named.

use crate::frame::TrackKind;

/// A tag body of FLV (as RTMP carries it) could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlvError {
    /// A codec, or a form of one, that is not taken in.
    #[error("unsupported {track} codec {codec}")]
    UnsupportedCodec {
        /// Where it was found.
        track: TrackKind,
        /// Its name, for people.
        codec: String,
    },
    /// The body ends within its own header.
    #[error("read {track} tag: the body ends within its header")]
    Truncated {
        /// What kind of tag it was.
        track: TrackKind,
    },
    /// A packet type that the format does not define.
    #[error("read {track} tag: unknown packet type {packet}")]
    UnknownPacket {
        /// What kind of tag it was.
        track: TrackKind,
        /// The packet type.
        packet: u8,
    },
    /// The H.264 sequence header is of no use.
    #[error("read H.264 sequence header")]
    VideoHeader(#[source] AvcError),
    /// The AAC sequence header is of no use.
    #[error("read AAC sequence header")]
    AudioHeader(#[source] AacError),
}

/// An AVCDecoderConfigurationRecord, or a parameter set in it, could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AvcError {
    /// Ends before its own counts say.
    #[error("the configuration record is cut short")]
    Truncated,
    /// configurationVersion is not 1.
    #[error("configuration record version {0}, not 1")]
    Version(u8),
    /// lengthSizeMinusOne of 2, which ISO 14496-15 forbids.
    #[error("NAL unit lengths of 3 bytes")]
    LengthSize,
    /// No sequence parameter set.
    #[error("no sequence parameter set")]
    NoSps,
    /// No picture parameter set.
    #[error("no picture parameter set")]
    NoPps,
    /// More parameter sets, or longer ones, than a record can hold.
    #[error("parameter sets do not fit a configuration record")]
    TooManyParameterSets,
    /// The sequence parameter set does not parse.
    #[error("malformed sequence parameter set: {0}")]
    MalformedSps(String),
    /// A picture size that no decoder takes: zero, or over 16384 either way.
    #[error("picture size {width}x{height}")]
    PictureSize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

/// An AudioSpecificConfig could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AacError {
    /// Ends before its own fields do.
    #[error("the audio configuration is cut short")]
    Truncated,
    /// Longer than any that has a use (64 bytes).
    #[error("an audio configuration of {0} bytes")]
    TooLong(usize),
    /// An object type that players of HLS do not decode.
    #[error("AAC object type {0}")]
    ObjectType(u8),
    /// A reserved sampling frequency index, or an explicit rate outside 7 350 to 96 000 Hz.
    #[error("AAC sampling rate (index {index}, {rate} Hz)")]
    SampleRate {
        /// samplingFrequencyIndex.
        index: u8,
        /// The explicit rate; 0 when there was none.
        rate: u32,
    },
    /// Channel configuration 0 (a program config element) or a reserved one.
    #[error("AAC channel configuration {0}")]
    Channels(u8),
    /// Frames of 960 samples.
    #[error("AAC frames of 960 samples")]
    ShortFrames,
}

/// An ID3 tag can't be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Id3Error {
    /// More than a size of 28 bits can tell.
    #[error("write ID3 tag: {bytes} bytes of data do not fit")]
    TooLarge {
        /// How many bytes of data there were.
        bytes: usize,
    },
}

/// A fragment can't be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    /// More bytes than a 32-bit box and a signed data offset can tell (2 GiB).
    #[error("encode fragment: {samples} samples need more than 2 GiB")]
    TooLarge {
        /// How many samples there were.
        samples: usize,
    },
}
