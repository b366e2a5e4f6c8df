//! Bodies of FLV audio and video tags, which are also RTMP's audio and video messages.
//!
//! Promise: a body is read in constant time and its payload is shared, not copied; whatever is not H.264
//! or AAC is refused by name.
//!
//! Adobe Flash Video File Format 10.1, annex E.4.2 and E.4.3; Enhanced RTMP v2 for the headers with a
//! FourCC, which are recognised only to name what they carry.

use bytes::Bytes;

use crate::aac;
use crate::avc;
use crate::error::FlvError;
use crate::frame::{AacParams, AvcParams, TrackKind};
use crate::ticks::Ticks;

/// What a video body holds.
#[derive(Clone, Debug, PartialEq)]
pub enum VideoTag {
    /// The sequence header.
    Header(AvcParams),
    /// One picture.
    Picture {
        /// What the tag's frame type claims. Known to lie: see [`avc::starts_decoding`].
        keyframe: bool,
        /// Presentation time less decoding time; may be negative.
        composition: Ticks,
        /// NAL units behind lengths, as the sequence header says.
        data: Bytes,
    },
    /// The encoder says that no picture follows.
    End,
    /// Nothing of use: empty, or a frame that carries commands or information.
    Ignored,
}

/// What an audio body holds.
#[derive(Clone, Debug, PartialEq)]
pub enum AudioTag {
    /// The sequence header.
    Header(AacParams),
    /// One raw AAC frame.
    Frame(Bytes),
    /// Nothing of use.
    Ignored,
}

/// Reads the body of a video tag.
pub fn parse_video(body: &Bytes) -> Result<VideoTag, FlvError> {
    let Some(&first) = body.first() else { return Ok(VideoTag::Ignored) };
    if first & 0x80 != 0 {
        return parse_enhanced_video(first, body);
    }
    let (frame_type, codec) = (first >> 4, first & 0x0f);
    if frame_type == FRAME_TYPE_INFO {
        return Ok(VideoTag::Ignored);
    }
    if codec != CODEC_AVC {
        return Err(unsupported(TrackKind::Video, video_codec(codec)));
    }
    let Some(([_, packet, time @ ..], payload)) = body.split_first_chunk::<5>() else {
        return match body.get(1) {
            Some(&AVC_END) => Ok(VideoTag::End),
            _ => Err(FlvError::Truncated { track: TrackKind::Video }),
        };
    };
    match (*packet, payload.is_empty()) {
        (AVC_END, _) => Ok(VideoTag::End),
        (AVC_HEADER | AVC_PICTURE, true) => Ok(VideoTag::Ignored),
        (AVC_HEADER, false) => video_header(&body.slice(5..)),
        (AVC_PICTURE, false) => Ok(VideoTag::Picture {
            keyframe: matches!(frame_type, 1 | 4),
            composition: Ticks::from_millis(signed_24(*time).into()),
            data: body.slice(5..),
        }),
        (packet, _) => Err(FlvError::UnknownPacket { track: TrackKind::Video, packet }),
    }
}

/// Reads the body of an audio tag.
pub fn parse_audio(body: &Bytes) -> Result<AudioTag, FlvError> {
    let Some(&first) = body.first() else { return Ok(AudioTag::Ignored) };
    match first >> 4 {
        FORMAT_AAC => {}
        FORMAT_ENHANCED => {
            let codec = enhanced_codec(first & 0x0f == AUDIO_MULTITRACK, body);
            return Err(unsupported(TrackKind::Audio, codec));
        }
        format => return Err(unsupported(TrackKind::Audio, audio_codec(format))),
    }
    let Some(&packet) = body.get(1) else {
        return Err(FlvError::Truncated { track: TrackKind::Audio });
    };
    let payload = body.slice(2..);
    match packet {
        AAC_HEADER | AAC_FRAME if payload.is_empty() => Ok(AudioTag::Ignored),
        AAC_HEADER => aac::parse_config(&payload).map(AudioTag::Header).map_err(FlvError::AudioHeader),
        AAC_FRAME => Ok(AudioTag::Frame(payload)),
        packet => Err(FlvError::UnknownPacket { track: TrackKind::Audio, packet }),
    }
}

const FRAME_TYPE_INFO: u8 = 5;
const CODEC_AVC: u8 = 7;
const AVC_HEADER: u8 = 0;
const AVC_PICTURE: u8 = 1;
const AVC_END: u8 = 2;
const FORMAT_ENHANCED: u8 = 9;
const FORMAT_AAC: u8 = 10;
const AUDIO_MULTITRACK: u8 = 5;
const AAC_HEADER: u8 = 0;
const AAC_FRAME: u8 = 1;

/// Enhanced RTMP: one bit of flag, three of frame type, four of packet type, then a FourCC.
fn parse_enhanced_video(first: u8, body: &Bytes) -> Result<VideoTag, FlvError> {
    const PACKET_METADATA: u8 = 4;
    const PACKET_MULTITRACK: u8 = 6;
    let (frame_type, packet) = (first >> 4 & 7, first & 0x0f);
    // ffmpeg sends colour metadata this way, also beside codecs that we take.
    if frame_type == FRAME_TYPE_INFO || packet == PACKET_METADATA {
        return Ok(VideoTag::Ignored);
    }
    Err(unsupported(TrackKind::Video, enhanced_codec(packet == PACKET_MULTITRACK, body)))
}

fn video_header(record: &Bytes) -> Result<VideoTag, FlvError> {
    avc::parse_record(record).map(VideoTag::Header).map_err(|error| {
        // Old OBS sends HEVC under AVC's number. In its record this byte is tier and profile, which are
        // far below any profile_idc of H.264.
        let is_hevc = record.get(1).is_some_and(|byte| matches!(byte & 0xdf, 1..=4));
        match is_hevc {
            true => unsupported(TrackKind::Video, "HEVC (sent as codec id 7)"),
            false => FlvError::VideoHeader(error),
        }
    })
}

fn unsupported(track: TrackKind, codec: impl Into<String>) -> FlvError {
    FlvError::UnsupportedCodec { track, codec: codec.into() }
}

fn signed_24(bytes: [u8; 3]) -> i32 {
    let [high, middle, low] = bytes;
    i32::from_be_bytes([high, middle, low, 0]) >> 8
}

fn video_codec(id: u8) -> String {
    let name = match id {
        1 => "JPEG",
        2 => "Sorenson H.263",
        3 => "Screen video",
        4 => "On2 VP6",
        5 => "On2 VP6 with alpha",
        6 => "Screen video 2",
        8 => "H.263",
        9 => "MPEG-4 part 2",
        12 => "HEVC",
        13 => "AV1",
        _ => return format!("number {id}"),
    };
    format!("{name} (codec id {id})")
}

fn audio_codec(format: u8) -> String {
    let name = match format {
        0 | 3 => "linear PCM",
        1 => "ADPCM",
        2 | 14 => "MP3",
        4..=6 => "Nellymoser",
        7 => "G.711 A-law",
        8 => "G.711 mu-law",
        11 => "Speex",
        13 => "Opus",
        _ => return format!("number {format}"),
    };
    format!("{name} (sound format {format})")
}

/// Names what an enhanced header carries; one with several tracks tells their codecs elsewhere.
fn enhanced_codec(multitrack: bool, body: &[u8]) -> String {
    if multitrack {
        return "multitrack (Enhanced RTMP)".to_owned();
    }
    let name = match body.get(1..5).unwrap_or_default() {
        b"avc1" => "H.264",
        b"hvc1" => "HEVC",
        b"vvc1" => "VVC",
        b"av01" => "AV1",
        b"vp08" => "VP8",
        b"vp09" => "VP9",
        b"mp4a" => "AAC",
        b"Opus" => "Opus",
        b"fLaC" => "FLAC",
        b"ac-3" => "AC-3",
        b"ec-3" => "E-AC-3",
        b".mp3" => "MP3",
        four => return format!("'{}' (Enhanced RTMP)", four.escape_ascii()),
    };
    format!("{name} (Enhanced RTMP)")
}
