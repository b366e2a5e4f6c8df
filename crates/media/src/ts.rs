//! MPEG transport streams: written as HLS carries them, where each part can be read by itself and continues the one
//! before ([`Muxer`]), and read in whatever form they come ([`Demuxer`]).
//!
//! Promise of the writer: every part begins with PAT and PMT, packets of a PID are counted without a gap across parts, and
//! no frame makes it panic: what the container has no form for is left out, the rest is written.
//!
//! Packets, tables and PES are those of ISO 13818-1 (2019), the carriage of H.264 that of its 2.14 and of
//! ITU-T H.264 annex B, ADTS that of ISO 14496-3, 1.A.2.2, timed ID3 that of Apple's "Timed Metadata for HTTP
//! Live Streaming" (1.2), which the service's player reads too.

mod adts;
mod annex_b;
mod demux;
mod packet;
mod tables;

use bytes::{Bytes, BytesMut};

use crate::fmp4::Sample;
use crate::frame::Tracks;
use crate::ticks::Ticks;

pub use adts::{AdtsFrame, AdtsFrames, AdtsHeader};
pub use demux::{Damage, Demuxer, LARGEST_UNIT, Unit, UnitKind};

use adts::Adts;
use annex_b::ParameterSets;
use packet::{Lead, PACKET, PesHeader, put_pes};

/// The most bytes that a tag can have: it is one PES packet, whose length has 16 bits.
pub const LARGEST_TAG: usize = 0xffff - PesHeader::AFTER_LENGTH;

const PMT_PID: u16 = 0x1000;
const VIDEO_PID: u16 = 0x100;
const AUDIO_PID: u16 = 0x101;
const ID3_PID: u16 = 0x102;

/// The stream's time zero, on the clock of the transport stream: composition times may be negative and the
/// clock runs ahead of them, but timestamps have no sign.
const ZERO: i64 = 10 * Ticks::PER_SECOND;
/// How far the clock (PCR) is behind the decoding time that it comes with: what a decoder may hold.
const CLOCK_LEAD: i64 = Ticks::PER_SECOND / 10;

/// Sound of one PES packet: enough to make the headers cheap, little enough for a decoder's buffer (3 584
/// bytes; ISO 13818-1, 2.4.2.3).
const MOST_SOUND: usize = 2_800;
const MOST_SOUND_FRAMES: usize = 8;

/// An ID3 tag and the moment that it is for, in 1/90 000 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// When it is presented.
    pub at: u64,
    /// The whole tag, of [`LARGEST_TAG`] bytes at most; a larger one is left out.
    pub data: Bytes,
}

/// What goes into one part.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// What is said while it plays, in order of time.
    pub tags: &'a [Tag],
    /// When the first picture is decoded, in 1/90 000 s.
    pub video_time: u64,
    /// The pictures in decoding order, coded as the muxer's tracks say.
    pub video: &'a [Sample],
    /// When the first audio frame is played, in units of the sample rate.
    pub audio_time: u64,
    /// The audio frames.
    pub audio: &'a [Sample],
}

/// Parts in, transport stream out. One for each stream, since it counts packets.
#[derive(Debug)]
pub struct Muxer {
    counters: Counters,
    tables: tables::Tables,
    sets: ParameterSets,
    adts: Option<Adts>,
    /// There is no picture, so that the sound has the clock.
    is_sound_alone: bool,
    sample_rate: u32,
    /// One access unit at a time.
    unit: Vec<u8>,
}

/// Continuity counters.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    pat: u8,
    pmt: u8,
    video: u8,
    audio: u8,
    id3: u8,
}

/// What can be carried of these tracks: sound whose parameters an ADTS header can't tell (an unusual sample
/// rate, more than 7.1 channels) is left out.
pub fn carried(tracks: &Tracks) -> Tracks {
    let audio = tracks.audio.clone().filter(|audio| Adts::new(audio).is_some());
    Tracks { video: tracks.video.clone(), audio }
}

impl Muxer {
    /// One for a stream that begins with these tracks.
    pub fn new(tracks: &Tracks) -> Self {
        Self {
            counters: Counters::default(),
            tables: tables::Tables::new(tracks),
            sets: ParameterSets::new(tracks.video.as_ref()),
            adts: tracks.audio.as_ref().and_then(Adts::new),
            is_sound_alone: tracks.video.is_none(),
            sample_rate: tracks.audio.as_ref().map_or(0, |audio| audio.sample_rate),
            unit: Vec::new(),
        }
    }

    /// What the following parts are made of.
    pub fn set_tracks(&mut self, tracks: &Tracks) {
        let next = Self::new(tracks);
        self.tables.renew(next.tables);
        let (counters, tables, unit) = (self.counters, self.tables.clone(), std::mem::take(&mut self.unit));
        *self = Self { counters, tables, unit, ..next };
    }

    /// Writes a part.
    pub fn part(&mut self, part: &Part<'_>) -> Bytes {
        let mut out = BytesMut::with_capacity(capacity(part));
        self.tables.put_pat(&mut out, &mut self.counters.pat);
        self.tables.put_pmt(&mut out, &mut self.counters.pmt);
        for tag in part.tags.iter().filter(|tag| tag.data.len() <= LARGEST_TAG) {
            self.put_tag(&mut out, tag);
        }
        let mut sounds = self.sounds(part);
        let mut time = clock(part.video_time);
        for (number, picture) in part.video.iter().enumerate() {
            while sounds.front().is_some_and(|sound| sound.time <= time) {
                self.put_sound(&mut out, sounds.next());
            }
            // Players that turn each part into fragmented MP4 by itself (Shaka Player does) need the sets in
            // each, also where no keyframe begins it.
            self.put_picture(&mut out, time, picture, picture.keyframe || number == 0);
            time = time.wrapping_add(i64::from(picture.duration));
        }
        while sounds.front().is_some() {
            self.put_sound(&mut out, sounds.next());
        }
        out.freeze()
    }

    fn put_picture(&mut self, out: &mut BytesMut, dts: i64, picture: &Sample, with_sets: bool) {
        self.unit.clear();
        self.sets.put_access_unit(&mut self.unit, &picture.data, with_sets);
        let pts = dts.wrapping_add(i64::from(picture.composition));
        let header = PesHeader::video(pts, dts, self.unit.len());
        let lead = Lead { clock: Some(dts.wrapping_sub(CLOCK_LEAD)), random_access: picture.keyframe };
        put_pes(out, VIDEO_PID, &mut self.counters.video, lead, &header, &self.unit);
    }

    fn put_sound(&mut self, out: &mut BytesMut, sound: Option<Sound<'_>>) {
        let (Some(adts), Some(sound)) = (&self.adts, sound) else { return };
        self.unit.clear();
        sound.frames.iter().for_each(|frame| adts.put_frame(&mut self.unit, &frame.data));
        if self.unit.is_empty() {
            return;
        }
        let header = PesHeader::audio(sound.time, self.unit.len());
        // Beside a picture the clock is told there.
        let lead = if self.is_sound_alone {
            Lead { clock: Some(sound.time.wrapping_sub(CLOCK_LEAD)), random_access: true }
        } else {
            Lead::default()
        };
        put_pes(out, AUDIO_PID, &mut self.counters.audio, lead, &header, &self.unit);
    }

    fn put_tag(&mut self, out: &mut BytesMut, tag: &Tag) {
        let header = PesHeader::id3(clock(tag.at), tag.data.len());
        put_pes(out, ID3_PID, &mut self.counters.id3, Lead::default(), &header, &tag.data);
    }

    fn sounds<'a>(&self, part: &Part<'a>) -> Sounds<'a> {
        let frames = if self.adts.is_some() { part.audio } else { &[] };
        Sounds { frames, at: part.audio_time, rate: self.sample_rate }
    }
}

/// Some audio frames without a hole between them: one PES packet.
struct Sound<'a> {
    time: i64,
    frames: &'a [Sample],
}

/// Audio frames, to be taken in groups.
struct Sounds<'a> {
    frames: &'a [Sample],
    /// In samples.
    at: u64,
    rate: u32,
}

impl<'a> Sounds<'a> {
    /// The next group, which stays.
    fn front(&self) -> Option<Sound<'a>> {
        let usual = self.frames.first()?.duration;
        let mut bytes = 0usize;
        let mut count = 0;
        for frame in self.frames.iter().take(MOST_SOUND_FRAMES) {
            bytes = bytes.saturating_add(frame.data.len());
            if count > 0 && bytes > MOST_SOUND {
                break;
            }
            count += 1;
            // After a hole there is another time to tell.
            if frame.duration != usual {
                break;
            }
        }
        let at = i64::try_from(self.at).unwrap_or(i64::MAX);
        let time = ZERO.wrapping_add(Ticks::from_scale(at, self.rate.max(1)).count());
        Some(Sound { time, frames: &self.frames[..count] })
    }

    fn next(&mut self) -> Option<Sound<'a>> {
        let sound = self.front()?;
        let spans = sound.frames.iter().map(|frame| u64::from(frame.duration));
        self.at = spans.fold(self.at, u64::saturating_add);
        self.frames = &self.frames[sound.frames.len()..];
        Some(sound)
    }
}

/// A time of the stream on the transport stream's clock; that has 33 bits, which are cut off where written.
fn clock(time: u64) -> i64 {
    ZERO.wrapping_add(i64::try_from(time).unwrap_or(i64::MAX))
}

/// What a part will take, about: never less for usual frames.
fn capacity(part: &Part<'_>) -> usize {
    let bytes = |samples: &[Sample]| samples.iter().map(|one| one.data.len()).fold(0, usize::saturating_add);
    let payload = bytes(part.video).saturating_add(bytes(part.audio)).saturating_add(part.audio.len() * 8);
    let tags = part.tags.iter().map(|tag| tag.data.len() + PACKET).fold(0, usize::saturating_add);
    let pieces = part.video.len() * 2 + part.audio.len() / 2 + 4;
    (payload / 45).saturating_add(payload).saturating_add(tags).saturating_add(pieces * PACKET)
}
