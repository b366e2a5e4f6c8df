//! H.264 Main profile in its smallest legal form: grey IDR pictures, and P and B pictures that skip every
//! macroblock.
//!
//! Promise: each NAL unit follows ITU-T H.264 7.3 to the last bit, so decoders give one picture per frame
//! and no complaint.

use media::{AvcParams, avc};

use crate::bits::BitWriter;

/// How a picture is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Idr,
    Predicted,
    Bidirectional,
}

/// What one picture's slice header tells.
pub(crate) struct Picture {
    pub(crate) kind: Kind,
    /// Place of its group of pictures in the film.
    pub(crate) gop: u32,
    /// Reference pictures before it in its group.
    pub(crate) references: u32,
    /// Its place on screen within its group.
    pub(crate) display: u32,
    /// Its place in the film; told in an SEI, so that no two pictures are equal.
    pub(crate) number: u32,
}

const LENGTH_SIZE: u8 = 4;
/// frame_num and pic_order_cnt_lsb both have this many bits.
const COUNTER_BITS: u32 = 8;

/// Parameters for pictures of this size and rate (frames in so many seconds).
pub(crate) fn params(width: u32, height: u32, frame_rate: (u32, u32), reorders: bool) -> AvcParams {
    let sps = sequence_parameters(width, height, frame_rate, reorders);
    let pps = picture_parameters();
    avc::encode_record(&[&sps], &[&pps], LENGTH_SIZE).expect("a film's size and rate are those of a picture")
}

/// The NAL units of one picture behind their lengths.
pub(crate) fn encode(picture: &Picture, width: u32, height: u32) -> Vec<u8> {
    let macroblocks = width.div_ceil(16) * height.div_ceil(16);
    let mut out = Vec::new();
    for nal in [supplement(picture.number), slice(picture, macroblocks)] {
        let length = u32::try_from(nal.len()).expect("a synthetic picture is small");
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&nal);
    }
    out
}

fn sequence_parameters(width: u32, height: u32, frame_rate: (u32, u32), reorders: bool) -> Vec<u8> {
    let (across, down) = (width.div_ceil(16), height.div_ceil(16));
    let mut bits = BitWriter::default();
    bits.put(8, 77).put(8, 0x40).put(8, 40); // Main profile, level 4
    bits.exp_golomb(0); // id
    bits.exp_golomb(COUNTER_BITS - 4); // frame_num
    bits.exp_golomb(0).exp_golomb(COUNTER_BITS - 4); // picture order count of type 0
    bits.exp_golomb(2).put(1, 0); // two reference pictures, no gaps
    bits.exp_golomb(across - 1).exp_golomb(down - 1);
    bits.put(1, 1).put(1, 1); // frames only, direct_8x8_inference
    match (across * 16 - width, down * 16 - height) {
        (0, 0) => bits.put(1, 0),
        (right, bottom) => {
            bits.put(1, 1).exp_golomb(0).exp_golomb(right / 2).exp_golomb(0).exp_golomb(bottom / 2)
        }
    };
    let (frames, seconds) = frame_rate;
    bits.put(1, 1); // VUI, annex E
    bits.put(4, 0); // no aspect ratio, overscan, signal type, chroma location
    bits.put(1, 1).put(32, seconds).put(32, frames * 2).put(1, 1); // timing in fields
    bits.put(3, 0); // no HRD, no pic_struct
    bits.put(1, 1).put(1, 1).exp_golomb(0).exp_golomb(0).exp_golomb(10).exp_golomb(10);
    bits.exp_golomb(u32::from(reorders)).exp_golomb(2);
    bits.into_nal(0x67)
}

fn picture_parameters() -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.exp_golomb(0).exp_golomb(0); // ids
    bits.put(2, 0); // CAVLC
    bits.exp_golomb(0).exp_golomb(0).exp_golomb(0); // one slice group, one reference each way
    bits.put(3, 0); // no weighted prediction
    bits.exp_golomb(0).exp_golomb(0).exp_golomb(0); // quantisers
    bits.put(3, 0);
    bits.into_nal(0x68)
}

/// An SEI of unregistered user data (D.1.7): an identifier and the picture's number.
fn supplement(number: u32) -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.put(8, 5).put(8, 20);
    b"rillcast testkit".iter().for_each(|byte| {
        bits.put(8, u32::from(*byte));
    });
    bits.put(32, number);
    bits.into_nal(0x06)
}

fn slice(picture: &Picture, macroblocks: u32) -> Vec<u8> {
    let mask = (1 << COUNTER_BITS) - 1;
    let (header, slice_type) = match picture.kind {
        Kind::Idr => (0x65, 7),
        Kind::Predicted => (0x41, 5),
        Kind::Bidirectional => (0x01, 6),
    };
    let mut bits = BitWriter::default();
    bits.exp_golomb(0).exp_golomb(slice_type).exp_golomb(0);
    bits.put(COUNTER_BITS, picture.references & mask);
    if picture.kind == Kind::Idr {
        bits.exp_golomb(picture.gop & 1); // neighbours differ (7.4.3)
    }
    bits.put(COUNTER_BITS, (picture.display * 2) & mask);
    match picture.kind {
        Kind::Idr => bits.put(2, 0),           // marking
        Kind::Predicted => bits.put(3, 0),     // default counts, lists, marking
        Kind::Bidirectional => bits.put(4, 8), // spatial direct, then defaults; not a reference
    };
    bits.exp_golomb(0); // quantiser
    match picture.kind {
        // I_16x16 predicted from its neighbours' mean, no residue: mb_type 3, chroma mode 0, qp 0, nothing.
        Kind::Idr => (0..macroblocks).for_each(|_| {
            bits.exp_golomb(3).exp_golomb(0).exp_golomb(0).put(1, 1);
        }),
        Kind::Predicted | Kind::Bidirectional => {
            bits.exp_golomb(macroblocks); // all are skipped
        }
    }
    bits.into_nal(header)
}
