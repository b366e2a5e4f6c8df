//! The tables that tell a reader what is where: PAT and PMT (ISO 13818-1, 2.4.4).
//!
//! Promise: each fits one packet, and its version changes when what it says does.

use bytes::{BufMut, Bytes, BytesMut};

use super::packet::{PACKET, put_packet_header};
use super::{AUDIO_PID, ID3_PID, PMT_PID, VIDEO_PID};
use crate::frame::Tracks;

const PAT_PID: u16 = 0;
const PROGRAM: u16 = 1;
const TRANSPORT_STREAM: u16 = 1;
pub(super) const H264: u8 = 0x1b;
pub(super) const AAC_ADTS: u8 = 0x0f;
/// Metadata in PES packets.
const METADATA: u8 = 0x15;
const NO_PID: u16 = 0x1fff;

/// The tables' sections.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    version: u8,
    streams: Bytes,
    pat: Bytes,
    pmt: Bytes,
}

impl Tables {
    pub(super) fn new(tracks: &Tracks) -> Self {
        Self::with(0, streams(tracks))
    }

    /// Takes over what `next` says, under another version if it says anything else.
    pub(super) fn renew(&mut self, next: Self) {
        if next.streams != self.streams {
            *self = Self::with(self.version.wrapping_add(1) & 0x1f, next.streams);
        }
    }

    fn with(version: u8, streams: Bytes) -> Self {
        let mut programs = BytesMut::new();
        programs.put_u16(PROGRAM);
        programs.put_u16(0xe000 | PMT_PID);
        let pat = section(0, TRANSPORT_STREAM, 0, &programs);
        let pmt = section(2, PROGRAM, version, &streams);
        Self { version, streams, pat, pmt }
    }

    pub(super) fn put_pat(&self, out: &mut BytesMut, counter: &mut u8) {
        put_section(out, PAT_PID, counter, &self.pat);
    }

    pub(super) fn put_pmt(&self, out: &mut BytesMut, counter: &mut u8) {
        put_section(out, PMT_PID, counter, &self.pmt);
    }
}

/// What the PMT says: where the clock is, what the program and its streams are.
fn streams(tracks: &Tracks) -> Bytes {
    let mut out = BytesMut::new();
    let clock = match (&tracks.video, &tracks.audio) {
        (Some(_), _) => VIDEO_PID,
        (None, Some(_)) => AUDIO_PID,
        (None, None) => NO_PID,
    };
    out.put_u16(0xe000 | clock);
    put_descriptors(&mut out, &metadata_pointer());
    if tracks.video.is_some() {
        put_stream(&mut out, H264, VIDEO_PID, &[]);
    }
    if tracks.audio.is_some() {
        put_stream(&mut out, AAC_ADTS, AUDIO_PID, &[]);
    }
    put_stream(&mut out, METADATA, ID3_PID, &metadata());
    out.freeze()
}

fn put_stream(out: &mut BytesMut, kind: u8, pid: u16, descriptors: &[u8]) {
    out.put_u8(kind);
    out.put_u16(0xe000 | pid);
    put_descriptors(out, descriptors);
}

fn put_descriptors(out: &mut BytesMut, descriptors: &[u8]) {
    let length = u16::try_from(descriptors.len()).expect("a few descriptors");
    out.put_u16(0xf000 | length);
    out.put_slice(descriptors);
}

/// Says that metadata of this program are ID3 tags, and in which program they are: in this one.
fn metadata_pointer() -> Vec<u8> {
    let mut out = vec![0x25, 15];
    put_id3_format(&mut out);
    // No locator, and carried in this transport stream.
    out.push(0x1f);
    out.extend_from_slice(&PROGRAM.to_be_bytes());
    out
}

/// Says that the stream is of ID3 tags.
fn metadata() -> Vec<u8> {
    let mut out = vec![0x26, 13];
    put_id3_format(&mut out);
    // No decoder configuration, no DSM-CC.
    out.push(0x0f);
    out
}

/// Application format and format are told by identifiers, both of which are ID3's; then the service's number.
fn put_id3_format(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xff, 0xff]);
    out.extend_from_slice(b"ID3 ");
    out.push(0xff);
    out.extend_from_slice(b"ID3 ");
    out.push(0);
}

/// A section: its header, the body and the checksum.
fn section(table: u8, id: u16, version: u8, body: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(body.len() + 12);
    out.put_u8(table);
    let length = u16::try_from(5 + body.len() + 4).expect("a section is within a packet");
    out.put_u16(0xb000 | length);
    out.put_u16(id);
    out.put_u8(0xc0 | version << 1 | 1);
    out.put_u16(0); // the only section
    out.put_slice(body);
    let checksum = checksum(&out);
    out.put_u32(checksum);
    out.freeze()
}

fn put_section(out: &mut BytesMut, pid: u16, counter: &mut u8, section: &[u8]) {
    put_packet_header(out, pid, true, false, counter);
    out.put_u8(0); // the section begins at once
    out.put_slice(section);
    out.put_bytes(0xff, PACKET - 5 - section.len());
}

/// CRC-32 as sections have it (annex A): most significant bit first, nothing inverted.
pub(super) fn checksum(data: &[u8]) -> u32 {
    data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}
