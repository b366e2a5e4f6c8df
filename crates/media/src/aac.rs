//! AAC: the AudioSpecificConfig.
//!
//! Promise: what is accepted decodes in every HLS player, and one of its frames is always
//! [`FRAME_SAMPLES`] samples at the rate that is told here.
//!
//! The syntax is ISO 14496-3, 1.6.2.1 and 4.4.1; the tables are 1.17 (object types), 1.18 (rates) and
//! 1.19 (channels).

use bytes::Bytes;

use crate::bits::Bits;
use crate::error::AacError;
use crate::frame::AacParams;

/// Samples in one AAC frame, counted at [`AacParams::sample_rate`] (the core coder's rate).
pub const FRAME_SAMPLES: u32 = 1_024;

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const LONGEST: usize = 64;
const SBR: u8 = 5;
const PS: u8 = 29;

impl AacParams {
    /// The codec as in RFC 6381: `mp4a.40.` and the object type.
    pub fn codec(&self) -> String {
        format!("mp4a.40.{}", self.object_type)
    }
}

/// Parses an AudioSpecificConfig: AAC Main, LC, SSR or LTP, with SBR and PS told either way (hierarchical
/// or behind the config). Anything else is refused by name.
pub fn parse_config(config: &Bytes) -> Result<AacParams, AacError> {
    if config.len() > LONGEST {
        return Err(AacError::TooLong(config.len()));
    }
    let mut bits = Bits::new(config);
    let mut object_type = object_type(&mut bits)?;
    let sample_rate = sample_rate(&mut bits)?;
    let configuration = bits.take_u8(4).ok_or(AacError::Truncated)?;
    let mut extension = None;
    if matches!(object_type, SBR | PS) {
        extension = Some(object_type);
        self::sample_rate(&mut bits)?;
        object_type = self::object_type(&mut bits)?;
    }
    if !(1..=4).contains(&object_type) {
        return Err(AacError::ObjectType(object_type));
    }
    let channels = channels(configuration)?;
    core_config(&mut bits)?;
    let extension = extension.or_else(|| trailing_extension(&mut bits));
    Ok(AacParams {
        config: config.clone(),
        object_type: extension.unwrap_or(object_type),
        sample_rate,
        channels: if extension == Some(PS) { 2 } else { channels },
    })
}

fn object_type(bits: &mut Bits<'_>) -> Result<u8, AacError> {
    let short = bits.take_u8(5).ok_or(AacError::Truncated)?;
    match short {
        31 => Ok(32 + bits.take_u8(6).ok_or(AacError::Truncated)?),
        _ => Ok(short),
    }
}

fn sample_rate(bits: &mut Bits<'_>) -> Result<u32, AacError> {
    let index = bits.take_u8(4).ok_or(AacError::Truncated)?;
    if index == 15 {
        let rate = bits.take(24).ok_or(AacError::Truncated)?;
        let fits = (7_350..=96_000).contains(&rate);
        return if fits { Ok(rate) } else { Err(AacError::SampleRate { index, rate }) };
    }
    RATES.get(usize::from(index)).copied().ok_or(AacError::SampleRate { index, rate: 0 })
}

fn channels(configuration: u8) -> Result<u8, AacError> {
    match configuration {
        1..=6 => Ok(configuration),
        7 | 12 | 14 => Ok(8),
        11 => Ok(7),
        13 => Ok(24),
        _ => Err(AacError::Channels(configuration)),
    }
}

/// GASpecificConfig (4.4.1) of the four object types that are let in.
fn core_config(bits: &mut Bits<'_>) -> Result<(), AacError> {
    let short_frames = bits.bit().ok_or(AacError::Truncated)?;
    if short_frames {
        return Err(AacError::ShortFrames);
    }
    let depends_on_core_coder = bits.bit().ok_or(AacError::Truncated)?;
    if depends_on_core_coder {
        bits.take(14).ok_or(AacError::Truncated)?;
    }
    // extensionFlag: 0 for these object types, and nothing follows it for them anyway.
    bits.bit().map(drop).ok_or(AacError::Truncated)
}

/// The backward compatible signalling of SBR (sync 0x2b7) and PS (sync 0x548); 1.6.5.
fn trailing_extension(bits: &mut Bits<'_>) -> Option<u8> {
    if bits.left() < 16 || bits.take(11)? != 0x2b7 || bits.take(5)? != u32::from(SBR) || !bits.bit()? {
        return None;
    }
    sample_rate(bits).ok()?;
    let parametric_stereo = bits.take(11) == Some(0x548) && bits.bit() == Some(true);
    Some(if parametric_stereo { PS } else { SBR })
}
