//! Fragmented MP4 in, samples out: what a file of fragments holds, without decoding it.
//!
//! Promise: nothing is read outside of the bytes that were handed in, memory is bounded by their number, and what
//! contradicts itself is an error, never a guess. Boxes that are not needed are passed over.
//!
//! Boxes are those of ISO 14496-12 (2022). Files in which a fragment's data is elsewhere than behind its `moof` are not
//! read; CMAF (ISO 23000-19, 7.3) has none.

use crate::bits::Bits;
use crate::frame::TrackKind;

/// Samples that one track may have in a fragment: more than any of use, and each needs memory though it may take no
/// byte.
const MOST_SAMPLES: usize = 1 << 16;
/// Tracks, and runs of a fragment, that are looked at.
const MOST_RUNS: usize = 32;

/// Why bytes are no fragments that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// A box, or a field, reaches beyond what it is in.
    #[error("it ends within {0}")]
    Truncated(&'static str),
    /// A box that must be there is not.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// More than is taken in.
    #[error("there are too many {0}")]
    TooMany(&'static str),
    /// Its data is not behind its header.
    #[error("samples lie outside of their data")]
    Outside,
    /// An offset that counts from elsewhere.
    #[error("data is told from elsewhere than the fragment's beginning")]
    Elsewhere,
}

/// A track as an initialisation section tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackHeader<'a> {
    /// Its id.
    pub id: u32,
    /// Units a second of its times; never 0.
    pub timescale: u32,
    /// What is in it; `None` for what is neither picture nor sound.
    pub kind: Option<TrackKind>,
    /// Of an `avc1` track the decoder's configuration record, of an `mp4a` track the `AudioSpecificConfig`; empty
    /// where there is none.
    pub config: &'a [u8],
}

/// A sample in a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleView<'a> {
    /// From this sample's decoding time to the next one's, in units of its track.
    pub duration: u32,
    /// Presentation time less decoding time.
    pub composition: i32,
    /// It is a sync sample.
    pub keyframe: bool,
    /// The payload.
    pub data: &'a [u8],
}

/// The samples of one track in a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackRun<'a> {
    /// The track's id.
    pub track: u32,
    /// When the first is decoded, in units of the track.
    pub time: u64,
    /// In decoding order.
    pub samples: Vec<SampleView<'a>>,
}

/// The tracks that an initialisation section announces.
///
/// # Errors
/// [`BoxError`].
pub fn read_init(bytes: &[u8]) -> Result<Vec<TrackHeader<'_>>, BoxError> {
    let moov = child(bytes, b"moov", "moov")?.ok_or(BoxError::Missing("moov"))?;
    let mut tracks = Vec::new();
    for found in Boxes::new(moov, "moov") {
        let (kind, body) = found?;
        if kind == *b"trak" {
            if tracks.len() >= MOST_RUNS {
                return Err(BoxError::TooMany("tracks"));
            }
            tracks.push(track_header(body)?);
        }
    }
    Ok(tracks)
}

fn track_header(trak: &[u8]) -> Result<TrackHeader<'_>, BoxError> {
    let need = |found: Option<_>, name| found.ok_or(BoxError::Missing(name));
    let tkhd = need(child(trak, b"tkhd", "trak")?, "tkhd")?;
    let mdia = need(child(trak, b"mdia", "trak")?, "mdia")?;
    let mdhd = need(child(mdia, b"mdhd", "mdia")?, "mdhd")?;
    let hdlr = need(child(mdia, b"hdlr", "mdia")?, "hdlr")?;
    // Both begin with two times, of four or eight bytes each.
    let past_times = |version: u32| if version >> 24 == 1 { 20 } else { 12 };
    let id = number(tkhd, past_times(number(tkhd, 0, "tkhd")?), "tkhd")?;
    let timescale = number(mdhd, past_times(number(mdhd, 0, "mdhd")?), "mdhd")?;
    let kind = match hdlr.get(8..12).ok_or(BoxError::Truncated("hdlr"))? {
        b"vide" => Some(TrackKind::Video),
        b"soun" => Some(TrackKind::Audio),
        _ => None,
    };
    if timescale == 0 {
        return Err(BoxError::Missing("timescale"));
    }
    Ok(TrackHeader { id, timescale, kind, config: config(mdia, kind)? })
}

/// What the first sample entry tells a decoder.
fn config(mdia: &[u8], kind: Option<TrackKind>) -> Result<&[u8], BoxError> {
    let step = |inside: Result<Option<_>, _>, name| {
        inside.and_then(|found: Option<_>| found.ok_or(BoxError::Missing(name)))
    };
    let minf = step(child(mdia, b"minf", "mdia"), "minf")?;
    let stbl = step(child(minf, b"stbl", "minf"), "stbl")?;
    let stsd = step(child(stbl, b"stsd", "stbl"), "stsd")?;
    let entries = stsd.get(8..).ok_or(BoxError::Truncated("stsd"))?;
    let Some(first) = Boxes::new(entries, "stsd").next() else { return Ok(&[]) };
    match (first?, kind) {
        ((kind, body), Some(TrackKind::Video)) if kind == *b"avc1" => {
            let boxes = body.get(78..).ok_or(BoxError::Truncated("avc1"))?;
            Ok(child(boxes, b"avcC", "avc1")?.unwrap_or_default())
        }
        ((kind, body), Some(TrackKind::Audio)) if kind == *b"mp4a" => {
            let boxes = body.get(28..).ok_or(BoxError::Truncated("mp4a"))?;
            let esds = child(boxes, b"esds", "mp4a")?.unwrap_or_default();
            Ok(esds.get(4..).and_then(specific_config).unwrap_or_default())
        }
        _ => Ok(&[]),
    }
}

/// The `DecoderSpecificInfo` of an `ES_Descriptor` (ISO 14496-1, 7.2.6.5 to 7.2.6.7).
fn specific_config(esds: &[u8]) -> Option<&[u8]> {
    let stream = descriptor(esds, 3)?;
    let flags = *stream.get(2)?;
    let mut at = 3;
    if flags & 0x80 != 0 {
        at += 2;
    }
    if flags & 0x40 != 0 {
        at += 1 + usize::from(*stream.get(at)?);
    }
    if flags & 0x20 != 0 {
        at += 2;
    }
    let decoder = descriptor(stream.get(at..)?, 4)?;
    descriptor(decoder.get(13..)?, 5)
}

/// The body of the descriptor that stands first, if it has this tag (ISO 14496-1, 8.3.3).
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut bits = Bits::new(bytes);
    if bits.take_u8(8)? != tag {
        return None;
    }
    let (mut length, mut at) = (0usize, 1usize);
    loop {
        let byte = bits.take_u8(8)?;
        at += 1;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return bytes.get(at..at.checked_add(length)?);
        }
        if at > 4 {
            return None;
        }
    }
}

/// The fragments in `bytes`, each as the runs of its tracks; boxes between them are passed over. Nothing comes after an
/// error.
pub fn fragments(bytes: &[u8]) -> Fragments<'_> {
    Fragments { bytes, at: 0 }
}

/// See [`fragments`].
#[derive(Clone, Debug)]
pub struct Fragments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fragments<'a> {
    type Item = Result<Vec<TrackRun<'a>>, BoxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.fragment().transpose();
        if !matches!(found, Some(Ok(_))) {
            self.at = self.bytes.len();
        }
        found
    }
}

impl<'a> Fragments<'a> {
    fn fragment(&mut self) -> Result<Option<Vec<TrackRun<'a>>>, BoxError> {
        let bytes = self.bytes;
        while self.at < bytes.len() {
            let rest = &bytes[self.at..];
            let (kind, body, size) = first_box(rest, "a box")?;
            if kind != *b"moof" {
                self.at += size;
                continue;
            }
            let (data_kind, data, data_size) = match first_box(&rest[size..], "mdat") {
                Err(BoxError::Truncated(_)) if rest.len() == size => return Err(BoxError::Missing("mdat")),
                found => found?,
            };
            if data_kind != *b"mdat" {
                return Err(BoxError::Missing("mdat"));
            }
            let whole = &rest[..size + data_size];
            self.at += whole.len();
            return runs(body, whole, whole.len() - data.len()).map(Some);
        }
        Ok(None)
    }
}

/// The runs that a `moof` describes; `whole` begins with it and ends with its data, which begins at `data`.
fn runs<'a>(moof: &'a [u8], whole: &'a [u8], data: usize) -> Result<Vec<TrackRun<'a>>, BoxError> {
    let mut runs = Vec::new();
    for found in Boxes::new(moof, "moof") {
        let (kind, traf) = found?;
        if kind != *b"traf" {
            continue;
        }
        if runs.len() >= MOST_RUNS {
            return Err(BoxError::TooMany("runs"));
        }
        let defaults = Defaults::read(child(traf, b"tfhd", "traf")?.ok_or(BoxError::Missing("tfhd"))?)?;
        let time = base_time(child(traf, b"tfdt", "traf")?.ok_or(BoxError::Missing("tfdt"))?)?;
        let mut run = TrackRun { track: defaults.track, time, samples: Vec::new() };
        for found in Boxes::new(traf, "traf") {
            let (kind, trun) = found?;
            if kind == *b"trun" {
                defaults.samples(trun, whole, data, &mut run.samples)?;
            }
        }
        runs.push(run);
    }
    Ok(runs)
}

fn base_time(tfdt: &[u8]) -> Result<u64, BoxError> {
    if number(tfdt, 0, "tfdt")? >> 24 == 1 {
        let time = tfdt.get(4..12).and_then(|eight| eight.first_chunk());
        time.map(|eight| u64::from_be_bytes(*eight)).ok_or(BoxError::Truncated("tfdt"))
    } else {
        number(tfdt, 4, "tfdt").map(u64::from)
    }
}

/// What a `tfhd` says of samples that say nothing themselves.
struct Defaults {
    track: u32,
    duration: u32,
    size: u32,
    flags: u32,
}

impl Defaults {
    fn read(tfhd: &[u8]) -> Result<Self, BoxError> {
        const BASE_DATA_OFFSET: u32 = 0x1;
        let flags = number(tfhd, 0, "tfhd")?;
        if flags & BASE_DATA_OFFSET != 0 {
            return Err(BoxError::Elsewhere);
        }
        let mut fields = Fields { bytes: tfhd, at: 4, name: "tfhd" };
        let track = fields.next()?;
        fields.next_if(flags & 0x2 != 0)?; // sample description
        let duration = fields.next_if(flags & 0x8 != 0)?;
        let size = fields.next_if(flags & 0x10 != 0)?;
        let sample_flags = fields.next_if(flags & 0x20 != 0)?;
        let or_none = |field: Option<u32>| field.unwrap_or_default();
        Ok(Self { track, duration: or_none(duration), size: or_none(size), flags: or_none(sample_flags) })
    }

    /// Appends the samples of one run; offsets count from the first byte of `whole`, whose data begins at `data`.
    fn samples<'a>(
        &self,
        trun: &[u8],
        whole: &'a [u8],
        data: usize,
        samples: &mut Vec<SampleView<'a>>,
    ) -> Result<(), BoxError> {
        const NOT_SYNC: u32 = 0x1_0000;
        let flags = number(trun, 0, "trun")?;
        let mut fields = Fields { bytes: trun, at: 4, name: "trun" };
        let count = fields.next()?;
        let total = usize::try_from(count).unwrap_or(usize::MAX).saturating_add(samples.len());
        if total > MOST_SAMPLES {
            return Err(BoxError::TooMany("samples"));
        }
        let mut at = match fields.next_if(flags & 0x1 != 0)? {
            Some(offset) => usize::try_from(offset).map_err(|_| BoxError::Outside)?,
            None => data,
        };
        let first_flags = fields.next_if(flags & 0x4 != 0)?;
        for index in 0..count {
            let duration = fields.next_if(flags & 0x100 != 0)?.unwrap_or(self.duration);
            let size = fields.next_if(flags & 0x200 != 0)?.unwrap_or(self.size);
            let own_flags = fields.next_if(flags & 0x400 != 0)?;
            let composition = fields.next_if(flags & 0x800 != 0)?.unwrap_or_default();
            let sample_flags = own_flags.or(first_flags.filter(|_| index == 0)).unwrap_or(self.flags);
            let end = usize::try_from(size).ok().and_then(|size| at.checked_add(size));
            let bytes = end.filter(|_| at >= data).and_then(|end| whole.get(at..end));
            let payload = bytes.ok_or(BoxError::Outside)?;
            at += payload.len();
            samples.push(SampleView {
                duration,
                composition: composition.cast_signed(),
                keyframe: sample_flags & NOT_SYNC == 0,
                data: payload,
            });
        }
        Ok(())
    }
}

/// Fields of 32 bits, one behind the other.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    name: &'static str,
}

impl Fields<'_> {
    fn next(&mut self) -> Result<u32, BoxError> {
        let found = number(self.bytes, self.at, self.name)?;
        self.at += 4;
        Ok(found)
    }

    fn next_if(&mut self, is_there: bool) -> Result<Option<u32>, BoxError> {
        if is_there { self.next().map(Some) } else { Ok(None) }
    }
}

fn number(bytes: &[u8], at: usize, name: &'static str) -> Result<u32, BoxError> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    four.map(|four| u32::from_be_bytes(*four)).ok_or(BoxError::Truncated(name))
}

/// The body of the first box of a kind.
fn child<'a>(bytes: &'a [u8], kind: &[u8; 4], name: &'static str) -> Result<Option<&'a [u8]>, BoxError> {
    for found in Boxes::new(bytes, name) {
        let (found, body) = found?;
        if found == *kind {
            return Ok(Some(body));
        }
    }
    Ok(None)
}

/// The boxes that bytes are made of, each as kind and body.
struct Boxes<'a> {
    rest: &'a [u8],
    name: &'static str,
}

impl<'a> Boxes<'a> {
    fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { rest: bytes, name }
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<([u8; 4], &'a [u8]), BoxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let found = first_box(self.rest, self.name);
        self.rest = found.map_or(&[], |(_, _, size)| &self.rest[size..]);
        Some(found.map(|(kind, body, _)| (kind, body)))
    }
}

/// Kind, body and whole size of the box that stands first.
fn first_box<'a>(bytes: &'a [u8], name: &'static str) -> Result<([u8; 4], &'a [u8], usize), BoxError> {
    let cut = BoxError::Truncated(name);
    let size = number(bytes, 0, name)?;
    let kind = *bytes.get(4..).and_then(|rest| rest.first_chunk::<4>()).ok_or(cut)?;
    let (header, size) = match size {
        // A large size stands behind the kind.
        1 => {
            let large = bytes.get(8..).and_then(|rest| rest.first_chunk::<8>()).ok_or(cut)?;
            (16, usize::try_from(u64::from_be_bytes(*large)).map_err(|_| cut)?)
        }
        // It reaches to the end.
        0 => (8, bytes.len()),
        size => (8, usize::try_from(size).map_err(|_| cut)?),
    };
    let body = bytes.get(header..size).ok_or(cut)?;
    Ok((kind, body, size))
}
