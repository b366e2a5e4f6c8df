//! An access unit of a byte stream (ITU-T H.264, annex B), as the rest of the house has pictures.
//!
//! Promise: NAL units stand behind lengths of four bytes; what belongs to the container (parameter sets,
//! delimiters, filler) is taken out; nothing is changed within a unit.

use bytes::{BufMut, Bytes, BytesMut};

use super::{IDR, PPS, SPS, holds_exact_recovery_point, nal_type, renewed};
use crate::frame::AvcParams;

const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
/// Bytes of a length that stands before a unit.
const LENGTH_SIZE: u8 = 4;
/// More parameter sets than an access unit has a use for are passed over.
const MOST_SETS: usize = 64;

/// A picture and the parameter sets that came with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessUnit {
    /// NAL units behind lengths of four bytes. Empty where there was no picture.
    pub picture: Bytes,
    /// Decoding can start here: it holds an IDR slice.
    pub keyframe: bool,
    /// Decoding can start here although it holds none: a recovery point that waits for no frame says so.
    pub recovery_point: bool,
    sets: Vec<Bytes>,
}

impl AccessUnit {
    /// Reads one.
    pub fn from_annex_b(unit: &[u8]) -> Self {
        let mut picture = BytesMut::with_capacity(unit.len() + 16);
        let mut found = Self::default();
        for nal in annex_b_nals(unit) {
            match nal_type(nal) {
                SPS | PPS if found.sets.len() < MOST_SETS => found.sets.push(Bytes::copy_from_slice(nal)),
                SPS | PPS | DELIMITER | FILLER => {}
                kind => {
                    found.keyframe |= kind == IDR;
                    found.recovery_point |= holds_exact_recovery_point(nal);
                    picture.put_u32(u32::try_from(nal.len()).unwrap_or(u32::MAX));
                    picture.put_slice(nal);
                }
            }
        }
        found.picture = picture.freeze();
        found
    }

    /// The parameters from here on, if its parameter sets say anything that `known` does not; `None` as well as
    /// long as they are not complete, or when they can't be read. Lengths are of four bytes.
    pub fn params(&self, known: Option<&AvcParams>) -> Option<AvcParams> {
        let known = known.filter(|known| known.length_size == LENGTH_SIZE);
        let record = known.map_or(&[][..], |known| &known.record);
        renewed(record, LENGTH_SIZE, self.sets.iter().map(|set| &set[..]))
    }
}

/// The NAL units of a byte stream, each without its start code and without the zeros that may trail it. What is before
/// the first start code is passed over, and so are empty units.
pub fn annex_b_nals(unit: &[u8]) -> AnnexBNals<'_> {
    AnnexBNals { rest: after_start_code(unit) }
}

/// See [`annex_b_nals`].
#[derive(Clone, Debug)]
pub struct AnnexBNals<'a> {
    /// Begins right behind a start code.
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for AnnexBNals<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = self.rest?;
            let end = start_code(rest);
            self.rest = end.and_then(|end| rest.get(end + 3..));
            let nal = &rest[..end.unwrap_or(rest.len())];
            let length = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if length > 0 {
                return Some(&nal[..length]);
            }
        }
    }
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(start_code(bytes)? + 3..)
}

/// Where the first 00 00 01 is.
fn start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(three) = bytes.get(at..at + 3) {
        if *three == [0, 0, 1] {
            return Some(at);
        }
        // Where none can begin any more at these three.
        at += if three[2] > 1 { 3 } else { 1 };
    }
    None
}
