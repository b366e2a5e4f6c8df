//! The header of an MP4 file without fragments: where each sample is, and when it is shown.
//!
//! Promise: it tells exactly the samples that were put into its tables; times may begin anywhere, also below zero: the
//! first thing that is shown or heard is at the file's beginning. Twelve bytes of memory for each sample.
//!
//! Boxes are those of ISO 14496-12 (2022), 8; all times have 64 bits, and so have offsets.

use bytes::{BufMut, Bytes, BytesMut};

use super::VIDEO_TIMESCALE;
use super::init::{
    put_avc1, put_box, put_data_information, put_full_box, put_handler, put_mp4a, put_unity_matrix,
    shown_width, side,
};
use crate::frame::{AacParams, AvcParams};
use crate::ticks::Ticks;

/// What samples are coded as.
#[derive(Clone, Debug, PartialEq)]
pub enum Coding {
    /// Pictures.
    Video(AvcParams),
    /// Sound.
    Audio(AacParams),
}

impl Coding {
    fn timescale(&self) -> u32 {
        match self {
            Self::Video(_) => VIDEO_TIMESCALE,
            Self::Audio(params) => params.sample_rate.max(1),
        }
    }
}

/// A sample, by where it goes in its table; its bytes are the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSample {
    /// When it is decoded, in units of the table; above that of the sample before it.
    pub time: i64,
    /// Presentation time less decoding time.
    pub composition: i32,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Its length.
    pub bytes: u32,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    bytes: u32,
    /// To the next one.
    duration: u32,
    composition: i32,
}

/// Neighbouring samples of one track that stand one behind the other in the file.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    offset: u64,
    samples: u32,
    /// Which coding, from 1.
    entry: u32,
}

/// The samples of one track.
#[derive(Clone, Debug)]
pub struct Table {
    timescale: u32,
    codings: Vec<Coding>,
    rows: Vec<Row>,
    /// Numbers of keyframes, from 1.
    keyframes: Vec<u32>,
    chunks: Vec<Chunk>,
    entry: u32,
    first: Option<TableSample>,
    last: i64,
    /// Behind the last sample.
    end: Option<i64>,
}

impl Table {
    /// An empty one. Its units are those of this coding: 1/90 000 s for pictures, samples for sound.
    pub fn new(coding: Coding) -> Self {
        Self {
            timescale: coding.timescale(),
            codings: vec![coding],
            rows: Vec::new(),
            keyframes: Vec::new(),
            chunks: Vec::new(),
            entry: 1,
            first: None,
            last: 0,
            end: None,
        }
    }

    /// Units a second of its times.
    pub fn timescale(&self) -> u32 {
        self.timescale
    }

    /// How many samples it has.
    pub fn samples(&self) -> usize {
        self.rows.len()
    }

    /// What samples from here on are coded as; begin a chunk behind it.
    pub fn set_coding(&mut self, coding: Coding) {
        let known = self.codings.iter().position(|known| *known == coding);
        let index = known.unwrap_or_else(|| {
            self.codings.push(coding);
            self.codings.len() - 1
        });
        self.entry = u32::try_from(index + 1).unwrap_or(1);
    }

    /// Samples from here on stand one behind the other in the file, the first at this offset.
    pub fn begin_chunk(&mut self, offset: u64) {
        self.chunks.push(Chunk { offset, samples: 0, entry: self.entry });
    }

    /// Adds the next sample to the chunk. One without a chunk is at the file's beginning, which is nowhere of use.
    pub fn push(&mut self, sample: TableSample) {
        if self.chunks.is_empty() {
            self.begin_chunk(0);
        }
        let TableSample { time, composition, keyframe, bytes } = sample;
        let before = self.last;
        if let Some(row) = self.rows.last_mut() {
            row.duration = span(before, time);
        }
        self.rows.push(Row { bytes, duration: 0, composition });
        self.chunks.iter_mut().next_back().into_iter().for_each(|chunk| chunk.samples += 1);
        if keyframe {
            self.keyframes.push(count(self.rows.len()));
        }
        self.first.get_or_insert(sample);
        self.last = time;
    }

    /// All samples stand so many bytes further on in the file.
    pub fn move_by(&mut self, bytes: u64) {
        self.chunks.iter_mut().for_each(|chunk| chunk.offset = chunk.offset.saturating_add(bytes));
    }

    /// The last sample lasts until then.
    pub fn end(&mut self, time: i64) {
        let before = self.last;
        if let Some(row) = self.rows.last_mut() {
            row.duration = span(before, time);
            self.end = Some(time);
        }
    }

    /// From the first decoding time to the end.
    fn length(&self) -> u64 {
        self.rows.iter().map(|row| u64::from(row.duration)).sum()
    }

    /// When the first sample is shown, in 1/90 000 s.
    fn shown(&self) -> Option<Ticks> {
        let first = self.first?;
        Some(Ticks::from_scale(first.time.saturating_add(i64::from(first.composition)), self.timescale))
    }

    /// What is added to each composition time so that none is negative.
    fn lift(&self) -> i32 {
        let least = self.rows.iter().map(|row| row.composition).min().unwrap_or(0);
        least.min(0).saturating_neg()
    }

    fn ticks(&self, units: u64) -> u64 {
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        u64::try_from(Ticks::from_scale(units, self.timescale).count()).unwrap_or(0)
    }

    fn is_video(&self) -> bool {
        matches!(self.codings.first(), Some(Coding::Video(_)))
    }
}

fn span(from: i64, to: i64) -> u32 {
    u32::try_from(to.saturating_sub(from).max(0)).unwrap_or(u32::MAX)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The `ftyp` of such a file.
pub fn file_type() -> Bytes {
    let mut out = BytesMut::new();
    put_box(&mut out, b"ftyp", |out| {
        out.put_slice(b"isom");
        out.put_u32(0x200);
        out.put_slice(b"isomiso2avc1mp41");
    });
    out.freeze()
}

/// The `moov` for these tracks; those without samples are left out.
pub fn moov(tables: &[&Table]) -> Bytes {
    let tables: Vec<&Table> = tables.iter().copied().filter(|table| !table.rows.is_empty()).collect();
    let begin = tables.iter().filter_map(|table| table.shown()).min().unwrap_or(Ticks::ZERO);
    let tracks: Vec<Track<'_>> = (1..).zip(tables).map(|(id, table)| Track::new(id, table, begin)).collect();
    let duration = tracks.iter().map(|track| track.delay + track.duration).max().unwrap_or(0);
    let rows: usize = tracks.iter().map(|track| track.table.rows.len()).sum();
    let mut out = BytesMut::with_capacity(rows * 20 + 4_096);
    put_box(&mut out, b"moov", |out| {
        put_box(out, b"mvhd", |out| {
            put_times(out, 0, VIDEO_TIMESCALE, duration);
            out.put_u32(0x0001_0000); // rate 1
            out.put_u16(0x0100); // volume 1
            out.put_bytes(0, 10);
            put_unity_matrix(out);
            out.put_bytes(0, 24);
            out.put_u32(count(tracks.len()) + 1); // next track id
        });
        tracks.iter().for_each(|track| track.put(out));
    });
    out.freeze()
}

/// Version 1, with flags, unknown times of creation and change, a timescale and a duration.
fn put_times(out: &mut BytesMut, flags: u32, timescale: u32, duration: u64) {
    out.put_u32(1 << 24 | flags);
    out.put_bytes(0, 16);
    out.put_u32(timescale);
    out.put_u64(duration);
}

/// A table as a track of the file; durations in 1/90 000 s.
struct Track<'a> {
    id: u32,
    table: &'a Table,
    /// Nothing of it is shown before.
    delay: u64,
    duration: u64,
    lift: i32,
}

impl<'a> Track<'a> {
    fn new(id: u32, table: &'a Table, begin: Ticks) -> Self {
        let shown = table.shown().unwrap_or(begin);
        let delay = u64::try_from((shown - begin).count()).unwrap_or(0);
        Self { id, table, delay, duration: table.ticks(table.length()), lift: table.lift() }
    }

    fn put(&self, out: &mut BytesMut) {
        let first = self.table.codings.first();
        let (width, height) = match first {
            Some(Coding::Video(params)) => (shown_width(params), u32::from(side(params.height)) << 16),
            _ => (0, 0),
        };
        put_box(out, b"trak", |out| {
            put_box(out, b"tkhd", |out| {
                out.put_u32(1 << 24 | 3); // enabled, in the movie
                out.put_bytes(0, 16);
                out.put_u32(self.id);
                out.put_bytes(0, 4);
                out.put_u64(self.delay + self.duration);
                out.put_bytes(0, 8);
                out.put_bytes(0, 4); // layer and alternate group
                out.put_u16(if self.table.is_video() { 0 } else { 0x0100 });
                out.put_u16(0);
                put_unity_matrix(out);
                out.put_u32(width);
                out.put_u32(height);
            });
            put_box(out, b"edts", |out| self.put_edits(out));
            put_box(out, b"mdia", |out| self.put_media(out));
        });
    }

    /// When it begins, and which of its composition times that is (8.6.6).
    fn put_edits(&self, out: &mut BytesMut) {
        const NOTHING: i64 = -1;
        let first = self.table.first.map_or(0, |first| i64::from(first.composition));
        let begin = first + i64::from(self.lift);
        let empty = (self.delay > 0).then_some((self.delay, NOTHING));
        let edits: Vec<(u64, i64)> = empty.into_iter().chain([(self.duration, begin)]).collect();
        put_full_box(out, b"elst", 1 << 24, |out| {
            out.put_u32(count(edits.len()));
            for (duration, time) in edits {
                out.put_u64(duration);
                out.put_i64(time);
                out.put_u32(0x0001_0000); // rate 1
            }
        });
    }

    fn put_media(&self, out: &mut BytesMut) {
        let is_video = self.table.is_video();
        put_box(out, b"mdhd", |out| {
            put_times(out, 0, self.table.timescale, self.table.length());
            out.put_u16(0x55c4); // language "und"
            out.put_u16(0);
        });
        if is_video {
            put_handler(out, b"vide", b"Picture\0");
        } else {
            put_handler(out, b"soun", b"Sound\0");
        }
        put_box(out, b"minf", |out| {
            if is_video {
                put_full_box(out, b"vmhd", 1, |out| out.put_bytes(0, 8));
            } else {
                put_full_box(out, b"smhd", 0, |out| out.put_bytes(0, 4));
            }
            put_data_information(out);
            put_box(out, b"stbl", |out| self.put_samples(out));
        });
    }

    fn put_samples(&self, out: &mut BytesMut) {
        let table = self.table;
        put_full_box(out, b"stsd", 0, |out| {
            out.put_u32(count(table.codings.len()));
            for coding in &table.codings {
                match coding {
                    Coding::Video(params) => put_avc1(out, params, side(params.width), side(params.height)),
                    Coding::Audio(params) => put_mp4a(out, params),
                }
            }
        });
        put_full_box(out, b"stts", 0, |out| {
            put_runs(out, table.rows.iter().map(|row| row.duration), BufMut::put_u32);
        });
        if table.rows.iter().any(|row| row.composition != 0) {
            put_full_box(out, b"ctts", 0, |out| {
                let lifted = table.rows.iter().map(|row| row.composition.saturating_add(self.lift));
                put_runs(out, lifted, BufMut::put_i32);
            });
        }
        if table.keyframes.len() < table.rows.len() {
            put_full_box(out, b"stss", 0, |out| {
                out.put_u32(count(table.keyframes.len()));
                table.keyframes.iter().for_each(|number| out.put_u32(*number));
            });
        }
        self.put_chunks(out);
        put_full_box(out, b"stsz", 0, |out| {
            out.put_u32(0); // sizes differ
            out.put_u32(count(table.rows.len()));
            table.rows.iter().for_each(|row| out.put_u32(row.bytes));
        });
    }

    fn put_chunks(&self, out: &mut BytesMut) {
        let chunks: Vec<Chunk> =
            self.table.chunks.iter().copied().filter(|chunk| chunk.samples > 0).collect();
        put_full_box(out, b"stsc", 0, |out| {
            let start = out.len();
            out.put_u32(0);
            let (mut entries, mut before) = (0u32, None);
            for (number, chunk) in (1u32..).zip(&chunks) {
                let now = (chunk.samples, chunk.entry);
                if before != Some(now) {
                    out.put_u32(number);
                    out.put_u32(chunk.samples);
                    out.put_u32(chunk.entry);
                    entries += 1;
                    before = Some(now);
                }
            }
            out[start..start + 4].copy_from_slice(&entries.to_be_bytes());
        });
        put_full_box(out, b"co64", 0, |out| {
            out.put_u32(count(chunks.len()));
            chunks.iter().for_each(|chunk| out.put_u64(chunk.offset));
        });
    }
}

/// Values as runs of equal ones, each behind its count.
fn put_runs<T: Copy + PartialEq>(
    out: &mut BytesMut,
    values: impl Iterator<Item = T>,
    put: impl Fn(&mut BytesMut, T),
) {
    let start = out.len();
    out.put_u32(0);
    let (mut runs, mut run): (u32, Option<(u32, T)>) = (0, None);
    let mut close = |out: &mut BytesMut, run: Option<(u32, T)>| {
        if let Some((count, value)) = run {
            out.put_u32(count);
            put(out, value);
            runs += 1;
        }
    };
    for value in values {
        run = match run {
            Some((count, same)) if same == value => Some((count + 1, same)),
            other => {
                close(out, other);
                Some((1, value))
            }
        };
    }
    close(out, run);
    out[start..start + 4].copy_from_slice(&runs.to_be_bytes());
}
