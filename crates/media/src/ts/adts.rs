//! AAC frames as they stand by themselves: each behind an ADTS header (ISO 14496-3, 1.A.2.2.1).
//!
//! Promise: what the header says is the core coder of the AudioSpecificConfig; SBR and PS are found by the
//! decoder, which is how transport streams carry them.

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
