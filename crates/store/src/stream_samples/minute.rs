//! The bytes that a minute's samples are kept as.
//!
//! The form: a byte 1, then each sample as ten numbers: milliseconds since the one before (the first: since the
//! minute began), then bitrate and how far the least was below it, the picture's and the sound's bitrate (kbit/s),
//! frame rate and how far the least was below it (hundredths), keyframe interval (milliseconds), viewers, and health
//! (0 unknown, 1 healthy, 2 starving). Each number but the first is written as what it differs from the sample before
//! by, as a zigzag number in groups of seven bits, the lowest first (LEB128): twelve samples of a steady stream take
//! about 150 bytes.
//!
//! Promise: what was written reads back as the same to the unit above; bytes that nobody wrote are refused, not
//! misread into something enormous.

use domain::{StreamHealth, StreamSample};

const FORM: u8 = 1;
const MINUTE_MS: i64 = 60_000;
const NUMBERS: usize = 10;

/// No more are in a minute.
const MOST: usize = 60;

/// The minute of a moment in milliseconds since 1970.
pub(super) fn of(at: i64) -> i64 {
    at.div_euclid(MINUTE_MS)
}

/// Those samples of `minute` that are in it, the first [`MOST`] of them.
pub(super) fn encode(minute: i64, samples: &[StreamSample]) -> Vec<u8> {
    let mut bytes = vec![FORM];
    let mut before = [0; NUMBERS];
    for sample in samples.iter().filter(|sample| of(sample.at) == minute).take(MOST) {
        let numbers = numbers(minute, sample);
        for (number, last) in numbers.iter().zip(before) {
            put(&mut bytes, number.wrapping_sub(last));
        }
        before = numbers;
    }
    bytes
}

/// `None`: nobody wrote this.
pub(super) fn decode(minute: i64, bytes: &[u8]) -> Option<Vec<StreamSample>> {
    let (&FORM, mut rest) = bytes.split_first()? else { return None };
    let mut samples = Vec::new();
    let mut before = [0; NUMBERS];
    while !rest.is_empty() {
        for number in &mut before {
            *number = take(&mut rest)?.wrapping_add(*number);
        }
        samples.push(sample(minute, before)?);
        if samples.len() > MOST {
            return None;
        }
    }
    Some(samples)
}

fn numbers(minute: i64, sample: &StreamSample) -> [i64; NUMBERS] {
    let (rate, low) = (kilo(sample.bitrate), kilo(sample.bitrate_low));
    let (frames, least) = (parts(sample.frame_rate, 100.0), parts(sample.frame_rate_low, 100.0));
    [
        sample.at - minute * MINUTE_MS,
        rate,
        (rate - low).max(0),
        kilo(sample.video_bitrate),
        kilo(sample.audio_bitrate),
        frames,
        (frames - least).max(0),
        parts(sample.keyframe_interval, 1_000.0),
        sample.viewers.into(),
        match sample.health {
            StreamHealth::Unknown => 0,
            StreamHealth::Healthy => 1,
            StreamHealth::Starving => 2,
        },
    ]
}

fn sample(minute: i64, numbers: [i64; NUMBERS]) -> Option<StreamSample> {
    let [offset, rate, below, video, audio, frames, fewer, keyframes, viewers, health] = numbers;
    if !(0..MINUTE_MS).contains(&offset) {
        return None;
    }
    Some(StreamSample {
        at: minute.checked_mul(MINUTE_MS)?.checked_add(offset)?,
        bitrate: bits(rate)?,
        bitrate_low: bits(rate.checked_sub(below)?)?,
        video_bitrate: bits(video)?,
        audio_bitrate: bits(audio)?,
        frame_rate: whole(frames, 100.0)?,
        frame_rate_low: whole(frames.checked_sub(fewer)?, 100.0)?,
        keyframe_interval: whole(keyframes, 1_000.0)?,
        viewers: viewers.try_into().ok()?,
        health: match health {
            0 => StreamHealth::Unknown,
            1 => StreamHealth::Healthy,
            2 => StreamHealth::Starving,
            _ => return None,
        },
    })
}

/// A terabit a second is more than anything measured here.
const MOST_KILOBITS: i64 = 1_000_000_000;
/// More than any frame rate or interval, in the smallest unit of either.
const MOST_PARTS: i64 = 1_000_000_000;

fn kilo(bits: u64) -> i64 {
    i64::try_from(bits.saturating_add(500) / 1_000).unwrap_or(MOST_KILOBITS).min(MOST_KILOBITS)
}

fn bits(kilobits: i64) -> Option<u64> {
    u64::try_from(kilobits).ok().filter(|_| kilobits <= MOST_KILOBITS)?.checked_mul(1_000)
}

#[expect(clippy::cast_possible_truncation, reason = "it is within the bounds, or 0 for what is no number")]
fn parts(value: f64, of_one: f64) -> i64 {
    (value * of_one).round().clamp(0.0, MOST_PARTS as f64) as i64
}

fn whole(parts: i64, of_one: f64) -> Option<f64> {
    (0..=MOST_PARTS).contains(&parts).then(|| parts as f64 / of_one)
}

fn put(bytes: &mut Vec<u8>, number: i64) {
    let mut left = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while left >= 0x80 {
        bytes.push(low_seven(left) | 0x80);
        left >>= 7;
    }
    bytes.push(low_seven(left));
}

fn low_seven(number: u64) -> u8 {
    (number & 0x7f) as u8
}

fn take(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 29_000_000;

    fn any_sample() -> impl Strategy<Value = StreamSample> {
        let health = prop_oneof![
            Just(StreamHealth::Unknown),
            Just(StreamHealth::Healthy),
            Just(StreamHealth::Starving)
        ];
        let rates = (0..MINUTE_MS, 0..9_000_000u64, 0..9_000u64, 0..9_000_000u64, 0..900u64);
        (rates, 0..30_000u32, 0..30_000u32, 0..100_000u32, any::<u32>(), health).prop_map(
            |((offset, rate, low, video, audio), frames, fewer, keyframes, viewers, health)| StreamSample {
                at: MINUTE * MINUTE_MS + offset,
                bitrate: rate * 1_000,
                bitrate_low: low.min(rate) * 1_000,
                video_bitrate: video * 1_000,
                audio_bitrate: audio * 1_000,
                frame_rate: f64::from(frames) / 100.0,
                frame_rate_low: f64::from(fewer.min(frames)) / 100.0,
                keyframe_interval: f64::from(keyframes) / 1_000.0,
                viewers,
                health,
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(samples in proptest::collection::vec(any_sample(), 0..=12)) {
            prop_assert_eq!(decode(MINUTE, &encode(MINUTE, &samples)), Some(samples));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(MINUTE, &bytes);
            let _ = decode(i64::MAX, &[&[FORM][..], &bytes].concat());
        }
    }

    fn steady(second: i64) -> StreamSample {
        StreamSample {
            at: MINUTE * MINUTE_MS + second * 1_000,
            bitrate: 6_012_000 + u64::try_from(second % 7).unwrap_or(0) * 31_000,
            bitrate_low: 5_900_000,
            video_bitrate: 5_800_000 + u64::try_from(second % 5).unwrap_or(0) * 40_000,
            audio_bitrate: 160_000,
            frame_rate: 60.0,
            frame_rate_low: 59.67,
            keyframe_interval: 2.0,
            viewers: 1_234,
            health: StreamHealth::Healthy,
        }
    }

    #[test]
    fn a_steady_minute_takes_about_a_hundred_and_fifty_bytes() {
        let samples: Vec<_> = (0..12).map(|turn| steady(turn * 5 + 1)).collect();
        let bytes = encode(MINUTE, &samples);
        assert!(bytes.len() < 160, "{}", bytes.len());
    }

    #[test]
    fn what_can_not_be_is_refused_or_brought_within_bounds() {
        let strange = StreamSample {
            bitrate: u64::MAX,
            frame_rate: f64::NAN,
            keyframe_interval: f64::INFINITY,
            ..steady(1)
        };
        let read = decode(MINUTE, &encode(MINUTE, &[strange])).expect("within bounds");
        assert_eq!((read[0].bitrate, read[0].frame_rate), (1_000_000_000_000, 0.0));
        let elsewhere = StreamSample { at: 0, ..steady(1) };
        assert_eq!(decode(MINUTE, &encode(MINUTE, &[elsewhere])), Some(vec![]), "of another minute");
        let many: Vec<_> = (0..90).map(|_| steady(1)).collect();
        assert_eq!(decode(MINUTE, &encode(MINUTE, &many)).map(|read| read.len()), Some(MOST));
        for bytes in [&[][..], &[2], &[FORM, 0x80], &[FORM, 0, 0], &[FORM, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(decode(MINUTE, bytes), None, "{bytes:?}");
        }
    }
}
