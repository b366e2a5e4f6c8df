//! The init segment: `ftyp` and `moov`, which hold no media.
//!
//! Promise: it depends on the tracks alone, so equal tracks have equal init segments.

use bytes::{BufMut, Bytes, BytesMut};

use super::{AUDIO_TRACK, VIDEO_TIMESCALE, VIDEO_TRACK};
use crate::frame::{AacParams, AvcParams, Tracks};

/// Writes the init segment for these tracks.
pub fn init_segment(tracks: &Tracks) -> Bytes {
    let mut out = BytesMut::with_capacity(1_536);
    put_box(&mut out, b"ftyp", |out| {
        out.put_slice(b"iso6");
        out.put_u32(0);
        // `aid3`: there may be ID3 tags in event messages (AOM, "Carriage of ID3 Timed Metadata in CMAF", 3).
        out.put_slice(b"iso6cmfcmp41aid3");
    });
    put_box(&mut out, b"moov", |out| {
        put_movie_header(out);
        if let Some(video) = &tracks.video {
            put_video(out, video);
        }
        if let Some(audio) = &tracks.audio {
            put_audio(out, audio);
        }
        put_box(out, b"mvex", |out| {
            tracks.video.iter().for_each(|_| put_track_extends(out, VIDEO_TRACK));
            tracks.audio.iter().for_each(|_| put_track_extends(out, AUDIO_TRACK));
        });
    });
    out.freeze()
}

fn put_movie_header(out: &mut BytesMut) {
    put_full_box(out, b"mvhd", 0, |out| {
        out.put_bytes(0, 8); // creation and modification time: unknown
        out.put_u32(VIDEO_TIMESCALE);
        out.put_u32(0); // duration: told by the fragments
        out.put_u32(0x0001_0000); // rate 1
        out.put_u16(0x0100); // volume 1
        out.put_bytes(0, 10);
        put_unity_matrix(out);
        out.put_bytes(0, 24);
        out.put_u32(AUDIO_TRACK + 1); // next track id
    });
}

fn put_video(out: &mut BytesMut, params: &AvcParams) {
    let (width, height) = (side(params.width), side(params.height));
    put_box(out, b"trak", |out| {
        put_track_header(out, VIDEO_TRACK, 0, shown_width(params), u32::from(height) << 16);
        put_box(out, b"mdia", |out| {
            put_media_header(out, VIDEO_TIMESCALE);
            put_handler(out, b"vide", b"Picture\0");
            put_box(out, b"minf", |out| {
                put_full_box(out, b"vmhd", 1, |out| out.put_bytes(0, 8));
                put_data_information(out);
                put_sample_table(out, |out| put_avc1(out, params, width, height));
            });
        });
    });
}

fn put_audio(out: &mut BytesMut, params: &AacParams) {
    put_box(out, b"trak", |out| {
        put_track_header(out, AUDIO_TRACK, 0x0100, 0, 0);
        put_box(out, b"mdia", |out| {
            put_media_header(out, params.sample_rate);
            put_handler(out, b"soun", b"Sound\0");
            put_box(out, b"minf", |out| {
                put_full_box(out, b"smhd", 0, |out| out.put_bytes(0, 4));
                put_data_information(out);
                put_sample_table(out, |out| put_mp4a(out, params));
            });
        });
    });
}

/// `width` and `height` are those of the picture as it is shown, 16.16 fixed point.
fn put_track_header(out: &mut BytesMut, track: u32, volume: u16, width: u32, height: u32) {
    const ENABLED_AND_IN_MOVIE: u32 = 3;
    put_full_box(out, b"tkhd", ENABLED_AND_IN_MOVIE, |out| {
        out.put_bytes(0, 8); // creation and modification time: unknown
        out.put_u32(track);
        out.put_bytes(0, 4);
        out.put_u32(0); // duration: told by the fragments
        out.put_bytes(0, 8);
        out.put_bytes(0, 4); // layer and alternate group
        out.put_u16(volume);
        out.put_u16(0);
        put_unity_matrix(out);
        out.put_u32(width);
        out.put_u32(height);
    });
}

fn put_media_header(out: &mut BytesMut, timescale: u32) {
    put_full_box(out, b"mdhd", 0, |out| {
        out.put_bytes(0, 8); // creation and modification time: unknown
        out.put_u32(timescale);
        out.put_u32(0); // duration: told by the fragments
        out.put_u16(0x55c4); // language "und"
        out.put_u16(0);
    });
}

pub(super) fn put_handler(out: &mut BytesMut, kind: &[u8; 4], name: &[u8]) {
    put_full_box(out, b"hdlr", 0, |out| {
        out.put_u32(0);
        out.put_slice(kind);
        out.put_bytes(0, 12);
        out.put_slice(name);
    });
}

pub(super) fn put_data_information(out: &mut BytesMut) {
    put_box(out, b"dinf", |out| {
        put_full_box(out, b"dref", 0, |out| {
            out.put_u32(1);
            // Flag 1: the media is in the same file.
            put_full_box(out, b"url ", 1, |_| {});
        });
    });
}

/// The sample table: one entry, and empty tables, for all samples are in fragments.
fn put_sample_table(out: &mut BytesMut, entry: impl FnOnce(&mut BytesMut)) {
    put_box(out, b"stbl", |out| {
        put_full_box(out, b"stsd", 0, |out| {
            out.put_u32(1);
            entry(out);
        });
        put_full_box(out, b"stts", 0, |out| out.put_u32(0));
        put_full_box(out, b"stsc", 0, |out| out.put_u32(0));
        put_full_box(out, b"stsz", 0, |out| out.put_u64(0));
        put_full_box(out, b"stco", 0, |out| out.put_u32(0));
    });
}

pub(super) fn put_avc1(out: &mut BytesMut, params: &AvcParams, width: u16, height: u16) {
    put_box(out, b"avc1", |out| {
        put_entry_header(out);
        out.put_bytes(0, 16);
        out.put_u16(width);
        out.put_u16(height);
        out.put_u32(0x0048_0000); // 72 dots an inch
        out.put_u32(0x0048_0000);
        out.put_u32(0);
        out.put_u16(1); // frames in a sample
        out.put_bytes(0, 32); // compressor's name
        out.put_u16(0x0018); // depth
        out.put_i16(-1);
        put_box(out, b"avcC", |out| out.put_slice(&params.record));
        // Some players take the shape from the picture's own parameters, others from here alone.
        let (across, down) = params.pixel_aspect;
        if across != down {
            put_box(out, b"pasp", |out| {
                out.put_u32(across);
                out.put_u32(down);
            });
        }
    });
}

pub(super) fn put_mp4a(out: &mut BytesMut, params: &AacParams) {
    put_box(out, b"mp4a", |out| {
        put_entry_header(out);
        out.put_bytes(0, 8);
        out.put_u16(params.channels.into());
        out.put_u16(16); // bits in a sample
        out.put_u32(0);
        // 16.16 fixed point; a rate that does not fit is left to the decoder's configuration.
        out.put_u32(u32::from(u16::try_from(params.sample_rate).unwrap_or(0)) << 16);
        put_full_box(out, b"esds", 0, |out| put_es_descriptor(out, params));
    });
}

/// ISO 14496-1, 7.2.6.5 to 7.2.6.7.
fn put_es_descriptor(out: &mut BytesMut, params: &AacParams) {
    const ES: u8 = 3;
    const DECODER_CONFIG: u8 = 4;
    const DECODER_SPECIFIC: u8 = 5;
    const SYNC_LAYER: u8 = 6;
    put_descriptor(out, ES, |out| {
        out.put_u16(0); // ES_ID: 0 in a file (14496-14, 3.1.2)
        out.put_u8(0);
        put_descriptor(out, DECODER_CONFIG, |out| {
            out.put_u8(0x40); // AAC (14496-3)
            out.put_u8(0x15); // an audio stream
            out.put_bytes(0, 11); // buffer size and bit rates: unknown
            put_descriptor(out, DECODER_SPECIFIC, |out| out.put_slice(&params.config));
        });
        put_descriptor(out, SYNC_LAYER, |out| out.put_u8(2)); // predefined for files
    });
}

/// Empty defaults: every fragment tells its own values.
fn put_track_extends(out: &mut BytesMut, track: u32) {
    put_full_box(out, b"trex", 0, |out| {
        out.put_u32(track);
        out.put_u32(1); // sample description
        out.put_bytes(0, 12);
    });
}

fn put_entry_header(out: &mut BytesMut) {
    out.put_bytes(0, 6);
    out.put_u16(1); // data reference
}

pub(super) fn put_unity_matrix(out: &mut BytesMut) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000u32] {
        out.put_u32(value);
    }
}

pub(super) fn put_box(out: &mut BytesMut, kind: &[u8; 4], body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    out.put_slice(kind);
    body(out);
    let length = u32::try_from(out.len() - start).expect("headers are far below 4 GiB");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

pub(super) fn put_full_box(out: &mut BytesMut, kind: &[u8; 4], flags: u32, body: impl FnOnce(&mut BytesMut)) {
    put_box(out, kind, |out| {
        out.put_u32(flags);
        body(out);
    });
}

/// A descriptor with its size in the four-byte form of 14496-1, 8.3.3.
fn put_descriptor(out: &mut BytesMut, tag: u8, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    let start = out.len();
    out.put_u32(0);
    body(out);
    let length = out.len() - start - 4;
    for (index, shift) in [21, 14, 7, 0].into_iter().enumerate() {
        let seven = u8::try_from(length >> shift & 0x7f).expect("seven bits fit a byte");
        out[start + index] = if shift == 0 { seven } else { 0x80 | seven };
    }
}

/// As wide as the picture is shown when its height is kept, in 16.16 fixed point; as it is coded where that does not
/// fit (ISO 14496-12, 8.3.2 and 12.1.4: `tkhd` has the size after `pasp`).
pub(super) fn shown_width(params: &AvcParams) -> u32 {
    let (across, down) = params.pixel_aspect;
    let shown = (u64::from(params.width) << 16).saturating_mul(u64::from(across)) / u64::from(down.max(1));
    u32::try_from(shown).unwrap_or(u32::from(side(params.width)) << 16)
}

/// Box fields of a picture's size have 16 bits; parsed parameters are bounded well below that.
pub(super) fn side(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}
