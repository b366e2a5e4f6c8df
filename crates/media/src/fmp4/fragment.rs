//! One `moof` and one `mdat`, behind the events of their time.
//!
//! Promise: the size is known before the first byte is written, and each sample is told where it is by
//! its own size, duration and flags.

use bytes::{BufMut, Bytes, BytesMut};

use super::{AUDIO_TRACK, Event, VIDEO_TRACK};
use crate::error::FragmentError;
use crate::frame::TrackKind;

/// One coded picture or AAC frame, with its times in units of its track's timescale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// From this sample's decoding time to the next one's.
    pub duration: u32,
    /// Presentation time less decoding time; always 0 for sound.
    pub composition: i32,
    /// Decoding can start here; always true for sound.
    pub keyframe: bool,
    /// The payload: NAL units behind lengths, or one raw AAC frame.
    pub data: Bytes,
}

/// What goes into one fragment. A track without samples has no `traf` in it.
#[derive(Clone, Debug)]
pub struct Fragment<'a> {
    /// Number of the fragment in its stream, from 1, rising by 1 (`mfhd`; wraps after 2^32).
    pub sequence: u32,
    /// What is said while it plays, in order of time.
    pub events: &'a [Event],
    /// When the first picture is decoded, in 1/90 000 s.
    pub video_time: u64,
    /// The pictures in decoding order.
    pub video: &'a [Sample],
    /// When the first audio frame is played, in units of the sample rate.
    pub audio_time: u64,
    /// The audio frames.
    pub audio: &'a [Sample],
}

/// The samples of one track and how they are described.
struct Traf<'a> {
    track: TrackKind,
    time: u64,
    samples: &'a [Sample],
}

const BOX: usize = 8;
pub(super) const FULL_BOX: usize = 12;
const MFHD: usize = FULL_BOX + 4;
const TFDT: usize = FULL_BOX + 8;
/// Up to the first sample: count and data offset.
const TRUN: usize = FULL_BOX + 8;
/// A data offset is a signed 32-bit number, so this bounds the whole.
const LARGEST: usize = i32::MAX as usize;

impl<'a> Fragment<'a> {
    /// Writes the fragment. Only one of more than 2 GiB fails.
    pub fn encode(&self) -> Result<Bytes, FragmentError> {
        let trafs = self.trafs();
        let moof = BOX + MFHD + trafs.iter().map(Traf::size).sum::<usize>();
        let payload = trafs.iter().map(Traf::payload).fold(0, usize::saturating_add);
        let events = self.events.iter().map(Event::size).fold(0, usize::saturating_add);
        let total = payload.saturating_add(moof + BOX).saturating_add(events);
        if total > LARGEST {
            return Err(FragmentError::TooLarge { samples: self.video.len() + self.audio.len() });
        }
        let mut out = BytesMut::with_capacity(total);
        self.events.iter().for_each(|event| event.put(&mut out));
        // Offsets count from the first byte of the `moof`.
        put_header(&mut out, moof, b"moof");
        put_full_header(&mut out, MFHD, b"mfhd", 0, 0);
        out.put_u32(self.sequence);
        let mut offset = moof + BOX;
        for traf in &trafs {
            traf.put(&mut out, offset);
            offset += traf.payload();
        }
        put_header(&mut out, BOX + payload, b"mdat");
        for sample in trafs.iter().flat_map(|traf| traf.samples) {
            out.put_slice(&sample.data);
        }
        debug_assert_eq!(out.len(), total, "the size is known beforehand");
        Ok(out.freeze())
    }

    fn trafs(&self) -> Vec<Traf<'a>> {
        let video = Traf { track: TrackKind::Video, time: self.video_time, samples: self.video };
        let audio = Traf { track: TrackKind::Audio, time: self.audio_time, samples: self.audio };
        [video, audio].into_iter().filter(|traf| !traf.samples.is_empty()).collect()
    }
}

impl Traf<'_> {
    fn size(&self) -> usize {
        BOX + self.tfhd_size() + TFDT + self.trun_size()
    }

    /// The sound's samples all have the same flags, which stand here once.
    fn tfhd_size(&self) -> usize {
        match self.track {
            TrackKind::Video => FULL_BOX + 4,
            TrackKind::Audio => FULL_BOX + 8,
        }
    }

    fn trun_size(&self) -> usize {
        let entry = match self.track {
            TrackKind::Video => 16,
            TrackKind::Audio => 8,
        };
        self.samples.len().saturating_mul(entry).saturating_add(TRUN)
    }

    fn payload(&self) -> usize {
        self.samples.iter().map(|sample| sample.data.len()).fold(0, usize::saturating_add)
    }

    fn put(&self, out: &mut BytesMut, offset: usize) {
        const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
        const DEFAULT_FLAGS_PRESENT: u32 = 0x20;
        put_header(out, self.size(), b"traf");
        match self.track {
            TrackKind::Video => {
                put_full_header(out, self.tfhd_size(), b"tfhd", 0, DEFAULT_BASE_IS_MOOF);
                out.put_u32(VIDEO_TRACK);
            }
            TrackKind::Audio => {
                let flags = DEFAULT_BASE_IS_MOOF | DEFAULT_FLAGS_PRESENT;
                put_full_header(out, self.tfhd_size(), b"tfhd", 0, flags);
                out.put_u32(AUDIO_TRACK);
                out.put_u32(SYNC_SAMPLE);
            }
        }
        put_full_header(out, TFDT, b"tfdt", 1, 0);
        out.put_u64(self.time);
        self.put_trun(out, offset);
    }

    fn put_trun(&self, out: &mut BytesMut, offset: usize) {
        const OFFSET: u32 = 0x1;
        const DURATION: u32 = 0x100;
        const SIZE: u32 = 0x200;
        const FLAGS: u32 = 0x400;
        const COMPOSITION: u32 = 0x800;
        let flags = OFFSET | DURATION | SIZE;
        match self.track {
            TrackKind::Video => {
                // Version 1: the composition offsets are signed.
                put_full_header(out, self.trun_size(), b"trun", 1, flags | FLAGS | COMPOSITION);
            }
            TrackKind::Audio => put_full_header(out, self.trun_size(), b"trun", 0, flags),
        }
        out.put_u32(size(self.samples.len()));
        out.put_u32(size(offset));
        for sample in self.samples {
            out.put_u32(sample.duration);
            out.put_u32(size(sample.data.len()));
            if self.track == TrackKind::Video {
                out.put_u32(if sample.keyframe { SYNC_SAMPLE } else { DEPENDENT_SAMPLE });
                out.put_i32(sample.composition);
            }
        }
    }
}

/// `sample_depends_on` 2: on no other.
const SYNC_SAMPLE: u32 = 0x0200_0000;
/// `sample_depends_on` 1, and not a sync sample.
const DEPENDENT_SAMPLE: u32 = 0x0101_0000;

fn put_header(out: &mut BytesMut, length: usize, kind: &[u8; 4]) {
    out.put_u32(size(length));
    out.put_slice(kind);
}

pub(super) fn put_full_header(out: &mut BytesMut, length: usize, kind: &[u8; 4], version: u8, flags: u32) {
    put_header(out, length, kind);
    out.put_u32(u32::from(version) << 24 | flags);
}

fn size(length: usize) -> u32 {
    u32::try_from(length).expect("no length exceeds the total, which was bounded")
}
