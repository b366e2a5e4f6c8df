//! AAC frames as they stand by themselves: each behind an ADTS header (ISO 14496-3, 1.A.2.2.1).
//!
//! Promise: what the header says is the core coder of the AudioSpecificConfig; SBR and PS are found by the
//! decoder, which is how transport streams carry them. What is read back is whole frames only.

use bytes::Bytes;

use crate::aac;
use crate::bits::Bits;
use crate::frame::AacParams;

const HEADER: usize = 7;
/// A frame's length has 13 bits.
const LARGEST: usize = (1 << 13) - 1;
/// Object types that stand for an extension of another one (SBR, PS), which follows.
const EXTENSIONS: [u8; 2] = [5, 29];

/// What is the same in each header of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Adts {
    /// Object type less one: two bits.
    profile: u8,
    /// samplingFrequencyIndex.
    rate: u8,
    /// channelConfiguration, 1 to 7.
    channels: u8,
}

impl Adts {
    /// `None` for what the header has no bits for: an explicit sample rate, a channel configuration above 7.
    pub(super) fn new(params: &AacParams) -> Option<Self> {
        let mut bits = Bits::new(&params.config);
        let mut object_type = bits.take_u8(5)?;
        let rate = bits.take_u8(4)?;
        let channels = bits.take_u8(4)?;
        if EXTENSIONS.contains(&object_type) {
            let extended = bits.take_u8(4)?;
            if extended == 15 {
                bits.take(24)?;
            }
            object_type = bits.take_u8(5)?;
        }
        let fits = (1..=4).contains(&object_type) && rate < 13 && (1..=7).contains(&channels);
        fits.then(|| Self { profile: object_type - 1, rate, channels })
    }

    /// Appends a raw frame behind its header; one that is too large to be a frame is left out.
    pub(super) fn put_frame(&self, out: &mut Vec<u8>, frame: &[u8]) {
        let size = frame.len().saturating_add(HEADER);
        if frame.is_empty() || size > LARGEST {
            return;
        }
        out.extend_from_slice(&self.header(size));
        out.extend_from_slice(frame);
    }

    fn header(self, size: usize) -> [u8; HEADER] {
        let size = u32::try_from(size).expect("13 bits");
        let byte = |value: u32| u8::try_from(value & 0xff).expect("eight bits fit a byte");
        let [profile, rate, channels] = [self.profile, self.rate, self.channels];
        [
            0xff,
            // The end of the sync word, MPEG-4, no layer, no checksum.
            0xf1,
            profile << 6 | rate << 2 | channels >> 2,
            channels << 6 | byte(size >> 11),
            byte(size >> 3),
            // Buffer fullness: all ones, for a rate that varies. One frame.
            byte(size << 5) | 0x1f,
            0xfc,
        ]
    }
}

/// What an ADTS header says of the frames' form. Compare it with the one before: it rarely changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdtsHeader(Adts);

impl AdtsHeader {
    /// As an AudioSpecificConfig; `None` where that would be one that is not taken in (a program config element, a
    /// reserved rate).
    pub fn params(self) -> Option<AacParams> {
        let Adts { profile, rate, channels } = self.0;
        let config = u16::from(profile + 1) << 11 | u16::from(rate) << 7 | u16::from(channels) << 3;
        aac::parse_config(&Bytes::copy_from_slice(&config.to_be_bytes())).ok()
    }
}

/// A frame that stood behind a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdtsFrame {
    /// Its form.
    pub header: AdtsHeader,
    /// The raw AAC frame.
    pub data: Bytes,
}

/// The AAC frames of a unit, in order. Bytes between frames are passed over, and so are frames that share a header:
/// encoders do not write them.
#[derive(Clone, Debug)]
pub struct AdtsFrames {
    rest: Bytes,
}

impl AdtsFrames {
    /// Those of this unit.
    pub fn new(unit: Bytes) -> Self {
        Self { rest: unit }
    }

    /// What has not been read; after the last whole frame that may be the beginning of the next one.
    pub fn rest(&self) -> &Bytes {
        &self.rest
    }
}

impl Iterator for AdtsFrames {
    type Item = AdtsFrame;

    fn next(&mut self) -> Option<AdtsFrame> {
        loop {
            let is_sync = |two: &[u8]| two[0] == 0xff && two[1] & 0xf6 == 0xf0;
            let skipped = self.rest.windows(2).position(is_sync)?;
            self.rest = self.rest.split_off(skipped);
            let header = *self.rest.first_chunk::<HEADER>()?;
            let Some((adts, begin, size)) = read_header(header) else {
                self.rest = self.rest.split_off(1);
                continue;
            };
            if size > self.rest.len() {
                return None;
            }
            let frame = self.rest.split_to(size);
            // More than one frame behind a header.
            let is_single = header[6] & 3 == 0;
            if is_single && begin < size {
                return Some(AdtsFrame { header: AdtsHeader(adts), data: frame.slice(begin..) });
            }
        }
    }
}

/// What it says, where the frame begins, and where it ends.
fn read_header(header: [u8; HEADER]) -> Option<(Adts, usize, usize)> {
    let [_, checked, form, layout, length, end, _] = header;
    let begin = if checked & 1 == 1 { HEADER } else { HEADER + 2 };
    let size = usize::from(layout & 3) << 11 | usize::from(length) << 3 | usize::from(end >> 5);
    let adts = Adts { profile: form >> 6, rate: form >> 2 & 0x0f, channels: (form & 1) << 2 | layout >> 6 };
    (size >= begin).then_some((adts, begin, size))
}
