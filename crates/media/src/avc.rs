//! H.264: the configuration record, parameter sets and NAL units of a picture.
//!
//! Promise: width, height, profile and level are those of the sequence parameter set itself, whatever
//! the container claims.
//!
//! The record is ISO 14496-15 5.3.3.1, the NAL unit types ITU-T H.264 table 7-1.

mod access_unit;
mod captions;

use bytes::{BufMut, Bytes, BytesMut};
use h264_reader::nal::sps::{AspectRatioInfo, SeqParameterSet};
use h264_reader::rbsp::{self, BitReader};

use crate::bits::Bits;
use crate::error::AvcError;
use crate::frame::AvcParams;

pub use access_unit::{AccessUnit, AnnexBNals, annex_b_nals};
pub use captions::{caption_units, with_units};

const IDR: u8 = 5;
const SEI: u8 = 6;
const SPS: u8 = 7;
const PPS: u8 = 8;
/// Profiles whose record ends with chroma format and bit depths (ISO 14496-15 5.3.3.1.2).
const HIGH_PROFILES: [u8; 4] = [100, 110, 122, 144];
const LARGEST_SIDE: u32 = 16_384;
/// Level 6.2.
const HIGHEST_LEVEL: u8 = 62;

impl AvcParams {
    /// The codec as in RFC 6381: `avc1.PPCCLL`, hexadecimal profile, constraints and level.
    pub fn codec(&self) -> String {
        format!("avc1.{:02X}{:02X}{:02X}", self.profile, self.constraints, self.level)
    }

    /// The profile's name by its number alone, as in the sample of IVS's user guide ("Monitoring stream health"),
    /// which calls constrained baseline "Baseline". Names: ITU-T H.264, Annex A.
    pub fn profile_name(&self) -> Option<&'static str> {
        match self.profile {
            44 => Some("CAVLC 4:4:4 Intra"),
            66 => Some("Baseline"),
            77 => Some("Main"),
            88 => Some("Extended"),
            100 => Some("High"),
            110 => Some("High 10"),
            122 => Some("High 4:2:2"),
            244 => Some("High 4:4:4 Predictive"),
            _ => None,
        }
    }

    /// "4.0" for 40. Level 1b is 9, or 11 with constraint_set3_flag in the three oldest profiles (ITU-T H.264,
    /// A.3.1 and A.3.2).
    pub fn level_name(&self) -> String {
        let is_old = matches!(self.profile, 66 | 77 | 88);
        match self.level {
            9 => "1b".to_owned(),
            11 if is_old && self.constraints & 0x10 != 0 => "1b".to_owned(),
            level => format!("{}.{}", level / 10, level % 10),
        }
    }

    /// The parameters after this picture, if parameter sets within it differ from the record's.
    ///
    /// A set with the id of a known one replaces it. `None` when the picture brings nothing new, or
    /// nothing that parses.
    pub fn refreshed(&self, picture: &[u8]) -> Option<Self> {
        // Most pictures bring none; they cost no more than a look at their NAL units' headers.
        if !nals(picture, self.length_size).any(|nal| matches!(nal_type(nal), SPS | PPS)) {
            return None;
        }
        renewed(&self.record, self.length_size, nals(picture, self.length_size))
    }
}

/// The parameters after these NAL units, if parameter sets among them differ from the record's; it may be empty.
fn renewed<'a>(record: &'a [u8], length_size: u8, nals: impl Iterator<Item = &'a [u8]>) -> Option<AvcParams> {
    let known = if record.is_empty() { RecordSets::default() } else { RecordSets::parse(record).ok()? };
    let (mut sps, mut pps) = (known.sps.clone(), known.pps.clone());
    for nal in nals {
        match nal_type(nal) {
            SPS if parse_sps(nal).is_ok() => replace(&mut sps, nal, 4),
            PPS => replace(&mut pps, nal, 1),
            _ => {}
        }
    }
    if sps == known.sps && pps == known.pps {
        return None;
    }
    encode_record(&sps, &pps, length_size).ok()
}

/// Parses an AVCDecoderConfigurationRecord.
///
/// Bytes after the record's last field are dropped, so two headers that differ only there are equal.
/// With several sequence parameter sets the first one speaks for the stream.
pub fn parse_record(record: &Bytes) -> Result<AvcParams, AvcError> {
    let sets = RecordSets::parse(record)?;
    let first = sets.sps.first().ok_or(AvcError::NoSps)?;
    if sets.pps.is_empty() {
        return Err(AvcError::NoPps);
    }
    params(first, record.slice(..sets.length), sets.length_size)
}

/// Builds the record, and so the parameters, from bare parameter sets (each one NAL unit without
/// length or start code). `length_size` is 1, 2 or 4.
pub fn encode_record(sps: &[&[u8]], pps: &[&[u8]], length_size: u8) -> Result<AvcParams, AvcError> {
    let first = *sps.first().ok_or(AvcError::NoSps)?;
    if pps.is_empty() {
        return Err(AvcError::NoPps);
    }
    if !matches!(length_size, 1 | 2 | 4) {
        return Err(AvcError::LengthSize);
    }
    let parsed = parse_sps(first)?;
    let mut record = BytesMut::new();
    record.put_u8(1);
    record.put_slice(first.get(1..4).ok_or(AvcError::Truncated)?);
    record.put_u8(0xfc | (length_size - 1));
    put_sets(&mut record, 0xe0, 31, sps)?;
    put_sets(&mut record, 0, 255, pps)?;
    if HIGH_PROFILES.contains(&first[1]) {
        let chroma = &parsed.chroma_info;
        let format = u8::try_from(chroma.chroma_format.to_u32() & 3).expect("two bits fit a byte");
        record.put_u8(0xfc | format);
        record.put_u8(0xf8 | (chroma.bit_depth_luma_minus8 & 7));
        record.put_u8(0xf8 | (chroma.bit_depth_chroma_minus8 & 7));
        record.put_u8(0);
    }
    params(first, record.freeze(), length_size)
}

/// The parameter sets of a configuration record, sequence sets first; none of one that can't be read.
pub fn parameter_sets(record: &Bytes) -> Vec<Bytes> {
    let Ok(RecordSets { sps, pps, .. }) = RecordSets::parse(record) else { return Vec::new() };
    sps.into_iter().chain(pps).map(|set| record.slice_ref(set)).collect()
}

/// The NAL units of a picture whose units stand behind lengths of `length_size` bytes.
///
/// Empty units are passed over; a length that points past the end ends the walk.
pub fn nals(picture: &[u8], length_size: u8) -> Nals<'_> {
    Nals { rest: picture, length_size: usize::from(length_size.clamp(1, 4)) }
}

/// Can decoding start at this picture?
///
/// Yes when it holds an IDR slice; or when the container says so (`claimed`; that flag alone is known to
/// lie) and a recovery point SEI with no frames to wait for agrees (H.264 D.2.8), as open-GOP encoders
/// write it.
pub fn starts_decoding(picture: &[u8], length_size: u8, claimed: bool) -> bool {
    let is_idr = |nal: &[u8]| nal_type(nal) == IDR;
    nals(picture, length_size).any(is_idr)
        || (claimed && nals(picture, length_size).any(holds_exact_recovery_point))
}

/// See [`nals`].
#[derive(Clone, Debug)]
pub struct Nals<'a> {
    rest: &'a [u8],
    length_size: usize,
}

impl<'a> Iterator for Nals<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let (prefix, rest) = self.rest.split_at_checked(self.length_size)?;
            let length = prefix.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            let Some((nal, rest)) = rest.split_at_checked(length) else {
                self.rest = &[];
                return None;
            };
            self.rest = rest;
            if !nal.is_empty() {
                return Some(nal);
            }
        }
    }
}

/// The parameter sets in a record, and where it ends.
#[derive(Default)]
struct RecordSets<'a> {
    sps: Vec<&'a [u8]>,
    pps: Vec<&'a [u8]>,
    length_size: u8,
    length: usize,
}

impl<'a> RecordSets<'a> {
    fn parse(record: &'a [u8]) -> Result<Self, AvcError> {
        let [version, _, _, _, sizes, sps_count, rest @ ..] = record else {
            return Err(AvcError::Truncated);
        };
        if *version != 1 {
            return Err(AvcError::Version(*version));
        }
        let length_size = (sizes & 3) + 1;
        if length_size == 3 {
            return Err(AvcError::LengthSize);
        }
        let mut rest = rest;
        let sps = take_sets(&mut rest, sps_count & 0x1f)?;
        let (pps_count, after) = rest.split_first().ok_or(AvcError::Truncated)?;
        rest = after;
        let pps = take_sets(&mut rest, *pps_count)?;
        skip_extension(&mut rest, record[1]);
        Ok(Self { sps, pps, length_size, length: record.len() - rest.len() })
    }
}

/// Takes `count` sets, each behind a 16-bit length; empty ones are passed over.
fn take_sets<'a>(rest: &mut &'a [u8], count: u8) -> Result<Vec<&'a [u8]>, AvcError> {
    let mut sets = Vec::new();
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<2>().ok_or(AvcError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (set, after) = after.split_at_checked(length).ok_or(AvcError::Truncated)?;
        *rest = after;
        if !set.is_empty() {
            sets.push(set);
        }
    }
    Ok(sets)
}

/// Moves past the fields of the high profiles; many encoders leave them out, then nothing moves.
fn skip_extension(rest: &mut &[u8], profile: u8) {
    let Some(([chroma, luma, depth, count], after)) = rest.split_first_chunk::<4>() else { return };
    let reserved_bits_are_set = chroma & 0xfc == 0xfc && luma & 0xf8 == 0xf8 && depth & 0xf8 == 0xf8;
    let mut after = after;
    if HIGH_PROFILES.contains(&profile) && reserved_bits_are_set && take_sets(&mut after, *count).is_ok() {
        *rest = after;
    }
}

fn put_sets(record: &mut BytesMut, reserved: u8, most: u8, sets: &[&[u8]]) -> Result<(), AvcError> {
    let count = u8::try_from(sets.len()).ok().filter(|count| *count <= most);
    record.put_u8(reserved | count.ok_or(AvcError::TooManyParameterSets)?);
    for set in sets {
        record.put_u16(u16::try_from(set.len()).map_err(|_| AvcError::TooManyParameterSets)?);
        record.put_slice(set);
    }
    Ok(())
}

/// Puts `set` in the place of the one with its id (an Exp-Golomb number behind `header` bytes), or last.
/// One without a readable id is left out.
fn replace<'a>(sets: &mut Vec<&'a [u8]>, set: &'a [u8], header: usize) {
    let id_of = |set: &[u8]| set.get(header..).and_then(|body| Bits::new(body).exp_golomb());
    let Some(id) = id_of(set) else { return };
    match sets.iter_mut().find(|known| id_of(known) == Some(id)) {
        Some(known) => *known = set,
        None => sets.push(set),
    }
}

fn params(sps: &[u8], record: Bytes, length_size: u8) -> Result<AvcParams, AvcError> {
    let parsed = parse_sps(sps)?;
    let (width, height) = parsed.pixel_dimensions().map_err(malformed)?;
    let sides = 1..=LARGEST_SIDE;
    if !sides.contains(&width) || !sides.contains(&height) {
        return Err(AvcError::PictureSize { width, height });
    }
    let [_, profile, constraints, level, ..] = *sps else { return Err(AvcError::Truncated) };
    let plausible = |rate: &f64| rate.is_finite() && (0.1..=1_000.0).contains(rate);
    let frame_rate = parsed.fps().filter(plausible);
    let pixel_aspect = pixel_aspect(&parsed);
    Ok(AvcParams {
        record,
        profile,
        constraints,
        level,
        length_size,
        width,
        height,
        pixel_aspect,
        frame_rate,
    })
}

/// ITU-T H.264, E.2.1: table E-1, or the two numbers that are written out.
fn pixel_aspect(sps: &SeqParameterSet) -> (u32, u32) {
    let vui = sps.vui_parameters.as_ref();
    let told = vui.and_then(|vui| vui.aspect_ratio_info.as_ref()).and_then(AspectRatioInfo::get);
    let (across, down) = told.map_or((1, 1), |(across, down)| (u32::from(across), u32::from(down)));
    let divisor = greatest_divisor(across, down);
    let is_plausible = across > 0 && down > 0 && across <= down * 8 && down <= across * 8;
    if is_plausible { (across / divisor, down / divisor) } else { (1, 1) }
}

fn greatest_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

fn parse_sps(nal: &[u8]) -> Result<SeqParameterSet, AvcError> {
    // Zero bytes may trail a NAL unit (H.264 B.1); the reader takes them for data.
    let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let nal = &nal[..end];
    // A header, profile, constraints, level and at least one byte more; the reader panics on none.
    if nal.len() < 5 || nal_type(nal) != SPS {
        return Err(AvcError::MalformedSps("not a sequence parameter set".to_owned()));
    }
    let mut payload = rbsp::decode_nal(nal).map_err(malformed)?.into_owned();
    // The reader refuses pictures above the level's limit, but encoders understate their level and every
    // decoder plays them all the same: let it check against the highest.
    if let Some(level) = payload.get_mut(2) {
        *level = HIGHEST_LEVEL;
    }
    SeqParameterSet::from_bits(BitReader::new(&payload[..])).map_err(malformed)
}

fn malformed(cause: impl std::fmt::Debug) -> AvcError {
    AvcError::MalformedSps(format!("{cause:?}"))
}

fn nal_type(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |header| header & 0x1f)
}

/// Walks the SEI messages (H.264 7.3.2.3.1) for a recovery point, type 6, whose recovery_frame_cnt is 0.
fn holds_exact_recovery_point(nal: &[u8]) -> bool {
    if nal_type(nal) != SEI || nal.len() < 2 {
        return false;
    }
    let Ok(payload) = rbsp::decode_nal(nal) else { return false };
    let mut rest = &payload[..];
    while let (Some(kind), Some(size)) = (take_sei_number(&mut rest), take_sei_number(&mut rest)) {
        let Some((message, after)) = rest.split_at_checked(size) else { return false };
        if kind == 6 {
            return Bits::new(message).exp_golomb() == Some(0);
        }
        rest = after;
    }
    false
}

/// A number written as bytes of 255 and a last one below.
fn take_sei_number(rest: &mut &[u8]) -> Option<usize> {
    let mut number = 0usize;
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number = number.checked_add(usize::from(*byte))?;
        if *byte != 255 {
            return Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_profiles_have_their_names_of_the_standard() {
        for (profile, constraints, number, name) in [
            (100, 0, 42, "4.2"),
            (77, 0, 31, "3.1"),
            (66, 0xd0, 11, "1b"),
            (66, 0xc0, 11, "1.1"),
            (100, 0x10, 11, "1.1"),
            (100, 0, 9, "1b"),
            (100, 0, 62, "6.2"),
            (100, 0, 255, "25.5"),
        ] {
            let params = AvcParams {
                record: Bytes::new(),
                profile,
                constraints,
                level: number,
                length_size: 4,
                width: 1_920,
                height: 1_080,
                pixel_aspect: (1, 1),
                frame_rate: None,
            };
            assert_eq!(params.level_name(), name);
            assert!(params.profile_name().is_some());
            assert_eq!(AvcParams { profile: 118, ..params }.profile_name(), None);
        }
    }
}
