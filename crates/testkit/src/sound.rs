//! AAC-LC in its smallest legal form: frames of silence.
//!
//! Promise: each frame follows ISO 14496-3 4.4.2 to the last bit.

use bytes::Bytes;
use media::{AacParams, aac};

use crate::bits::BitWriter;

const RATES: [u32; 12] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];

/// Parameters for this rate (one of the standard's) and one or two channels.
pub(crate) fn params(sample_rate: u32, channels: u8) -> AacParams {
    let index = RATES.iter().position(|rate| *rate == sample_rate);
    let index = index.and_then(|index| u32::try_from(index).ok()).expect("a film has a standard rate");
    let mut bits = BitWriter::default();
    bits.put(5, 2).put(4, index).put(4, u32::from(channels)).put(3, 0);
    aac::parse_config(&Bytes::from(bits.into_bytes())).expect("a film has one or two channels")
}

/// One frame of silence.
pub(crate) fn encode(channels: u8) -> Vec<u8> {
    let mut bits = BitWriter::default();
    if channels == 1 {
        bits.put(3, 0).put(4, 0); // single_channel_element
        put_silence(&mut bits, true);
    } else {
        bits.put(3, 1).put(4, 0).put(1, 1); // channel_pair_element, common window
        put_window(&mut bits);
        bits.put(2, 0); // no mid/side
        put_silence(&mut bits, false);
        put_silence(&mut bits, false);
    }
    bits.put(3, 7); // end
    bits.into_bytes()
}

/// individual_channel_stream without a single band, so without sections and spectrum.
fn put_silence(bits: &mut BitWriter, own_window: bool) {
    bits.put(8, 100); // global gain
    if own_window {
        put_window(bits);
    }
    bits.put(3, 0); // no pulses, noise shaping or gain control
}

/// ics_info: one long window, no bands, no prediction.
fn put_window(bits: &mut BitWriter) {
    bits.put(1, 0).put(2, 0).put(1, 0).put(6, 0).put(1, 0);
}
