//! Pictures as a byte stream (ITU-T H.264, annex B): start codes where the frames have lengths.
//!
//! Promise: each access unit begins with a delimiter, and one that is to hold the parameter sets holds each
//! once.

use bytes::Bytes;

use crate::avc::{self, parameter_sets};
use crate::frame::AvcParams;

const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// An access unit delimiter whose pictures may be of any kind (7.4.2.4).
const DELIMITER: [u8; 6] = [0, 0, 0, 1, 9, 0xf0];
const DELIMITER_TYPE: u8 = 9;

/// The parameter sets that the pictures need.
#[derive(Clone, Debug, Default)]
pub(super) struct ParameterSets {
    sets: Vec<Bytes>,
    length_size: u8,
}

impl ParameterSets {
    pub(super) fn new(params: Option<&AvcParams>) -> Self {
        let Some(params) = params else { return Self::default() };
        Self { sets: parameter_sets(&params.record), length_size: params.length_size }
    }

    /// Appends the access unit of a picture whose NAL units stand behind lengths, with the parameter sets if
    /// these are wanted.
    pub(super) fn put_access_unit(&self, out: &mut Vec<u8>, picture: &[u8], with_sets: bool) {
        out.extend_from_slice(&DELIMITER);
        if with_sets {
            self.sets.iter().for_each(|set| put_nal(out, set));
        }
        for nal in avc::nals(picture, self.length_size) {
            let is_delimiter = nal[0] & 0x1f == DELIMITER_TYPE;
            // Encoders that repeat their sets need not have them written twice.
            let is_told = with_sets && self.sets.iter().any(|set| set == nal);
            if !is_delimiter && !is_told {
                put_nal(out, nal);
            }
        }
    }
}

fn put_nal(out: &mut Vec<u8>, nal: &[u8]) {
    out.extend_from_slice(&START_CODE);
    out.extend_from_slice(nal);
}
