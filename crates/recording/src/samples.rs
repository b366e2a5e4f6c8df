//! What is in a piece of a chunk: pictures and sounds with their times.
//!
//! Promise: all that is read is told, and so is what could not be read; no more memory than a few times the piece.

use bytes::Bytes;
use domain::ContainerFormat;
use media::avc::{self, AccessUnit};
use media::fmp4::{self, BoxError, TrackRun};
use media::ts::{AdtsFrames, AdtsHeader, Demuxer, Unit, UnitKind};
use media::{AacParams, AvcParams, Ticks, TrackKind, aac};

/// Bytes that the demuxer is handed at a time, before what it found is taken out.
const BITE: usize = 256 * 1_024;

/// A coded picture.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// When it is decoded.
    pub dts: Ticks,
    /// When it is shown.
    pub pts: Ticks,
    /// From its decoding time to the next picture's, where the container tells.
    pub duration: Option<Ticks>,
    /// Decoding can start here.
    pub keyframe: bool,
    /// NAL units behind lengths.
    pub data: Bytes,
    /// Bytes in each of those lengths.
    pub length_size: u8,
    /// What it is coded as, where that is news.
    pub params: Option<AvcParams>,
}

/// A raw AAC frame.
#[derive(Clone, Debug)]
pub(crate) struct Sound {
    /// When it is played.
    pub pts: Ticks,
    /// The frame.
    pub data: Bytes,
    /// What it is coded as, where that is news.
    pub params: Option<AacParams>,
}

/// What was in a piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct Piece {
    /// In decoding order.
    pub pictures: Vec<Picture>,
    /// In order.
    pub sounds: Vec<Sound>,
    /// What could not be read, in words.
    pub troubles: Vec<String>,
}

/// Reads pieces of one rendition, one after the other: coding parameters are told where they change.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    container: ContainerFormat,
    tracks: Vec<Track>,
    video: Option<AvcParams>,
    sound: Option<AdtsHeader>,
    /// The latest time that was read; timestamps of transport streams have 33 bits.
    clock: Option<Ticks>,
}

/// A track of an initialisation section.
#[derive(Clone, Debug)]
struct Track {
    id: u32,
    timescale: u32,
    kind: TrackKind,
    length_size: u8,
    video: Option<AvcParams>,
    audio: Option<AacParams>,
}

impl Reader {
    /// Of chunks in this container.
    pub(crate) fn new(container: ContainerFormat) -> Self {
        Self { container, tracks: Vec::new(), video: None, sound: None, clock: None }
    }

    /// What follows needs this initialisation section.
    pub(crate) fn init(&mut self, bytes: &Bytes) -> Result<(), String> {
        let headers = fmp4::read_init(bytes).map_err(|error| error.to_string())?;
        let mut tracks = Vec::new();
        for header in headers {
            let Some(kind) = header.kind else { continue };
            let config = bytes.slice_ref(header.config);
            let (video, audio) = match kind {
                TrackKind::Video => {
                    (Some(avc::parse_record(&config).map_err(|error| error.to_string())?), None)
                }
                TrackKind::Audio => {
                    (None, Some(aac::parse_config(&config).map_err(|error| error.to_string())?))
                }
            };
            let length_size = video.as_ref().map_or(4, |params| params.length_size);
            let (id, timescale) = (header.id, header.timescale);
            tracks.push(Track { id, timescale, kind, length_size, video, audio });
        }
        self.tracks = tracks;
        Ok(())
    }

    /// Another timeline begins.
    pub(crate) fn forget_times(&mut self) {
        self.clock = None;
    }

    /// Reads a piece.
    pub(crate) fn read(&mut self, bytes: &Bytes) -> Piece {
        let mut piece = Piece::default();
        match self.container {
            ContainerFormat::Ts => self.transport(bytes, &mut piece),
            ContainerFormat::FragmentedMp4 => {
                if let Err(error) = self.fragments(bytes, &mut piece) {
                    piece.troubles.push(error.to_string());
                }
            }
        }
        self.clock = piece.pictures.last().map(|picture| picture.dts).or(self.clock);
        piece
    }

    fn transport(&mut self, bytes: &Bytes, piece: &mut Piece) {
        let mut demuxer = self.clock.map_or_else(Demuxer::new, Demuxer::near);
        for bite in bytes.chunks(BITE) {
            demuxer.push(bite);
            while let Some(unit) = demuxer.next() {
                self.unit(&unit, piece);
            }
        }
        demuxer.end();
        while let Some(unit) = demuxer.next() {
            self.unit(&unit, piece);
        }
        let damage = demuxer.damage();
        for (count, what) in [
            (damage.bytes, "bytes outside of packets"),
            (damage.packets, "packets that contradict themselves"),
            (damage.gaps, "places where packets are missing"),
            (damage.scrambled, "scrambled packets"),
            (damage.tables, "damaged tables"),
            (damage.units, "units that are not whole"),
        ] {
            if count > 0 {
                piece.troubles.push(format!("{count} {what}"));
            }
        }
    }

    fn unit(&mut self, unit: &Unit, piece: &mut Piece) {
        if matches!(unit.kind, UnitKind::Data(_)) {
            return;
        }
        let (Some(pts), Some(dts)) = (unit.pts, unit.dts) else {
            piece.troubles.push("a unit without a time".to_owned());
            return;
        };
        if unit.kind == UnitKind::Video {
            let access_unit = AccessUnit::from_annex_b(&unit.data);
            let params = access_unit.params(self.video.as_ref());
            self.video = params.clone().or_else(|| self.video.take());
            if access_unit.picture.is_empty() {
                piece.troubles.push("a picture without content".to_owned());
                return;
            }
            let keyframe = access_unit.keyframe || (unit.random_access && access_unit.recovery_point);
            let data = access_unit.picture;
            let length_size = 4;
            piece.pictures.push(Picture { dts, pts, duration: None, keyframe, data, length_size, params });
            return;
        }
        let mut at = pts;
        for frame in AdtsFrames::new(unit.data.clone()) {
            let params = (self.sound != Some(frame.header)).then(|| frame.header.params()).flatten();
            self.sound = Some(frame.header);
            let rate = frame.header.params().map_or(48_000, |params| params.sample_rate);
            piece.sounds.push(Sound { pts: at, data: frame.data, params });
            at += Ticks::from_scale(i64::from(aac::FRAME_SAMPLES), rate);
        }
    }

    fn fragments(&mut self, bytes: &Bytes, piece: &mut Piece) -> Result<(), BoxError> {
        for fragment in fmp4::fragments(bytes) {
            for run in fragment? {
                self.run(bytes, &run, piece);
            }
        }
        Ok(())
    }

    fn run(&mut self, bytes: &Bytes, run: &TrackRun<'_>, piece: &mut Piece) {
        let Some(track) = self.tracks.iter_mut().find(|track| track.id == run.track) else {
            piece.troubles.push(format!("samples of track {}, which was not announced", run.track));
            return;
        };
        let mut time = i64::try_from(run.time).unwrap_or(i64::MAX);
        let ticks = |time: i64| Ticks::from_scale(time, track.timescale);
        for sample in &run.samples {
            let next = time.saturating_add(i64::from(sample.duration));
            let dts = ticks(time);
            let data = bytes.slice_ref(sample.data);
            match track.kind {
                TrackKind::Video => piece.pictures.push(Picture {
                    dts,
                    pts: ticks(time.saturating_add(i64::from(sample.composition))),
                    duration: Some(ticks(next) - dts),
                    keyframe: sample.keyframe,
                    data,
                    length_size: track.length_size,
                    params: track.video.take(),
                }),
                TrackKind::Audio => {
                    piece.sounds.push(Sound { pts: dts, data, params: track.audio.take() });
                }
            }
            time = next;
        }
    }
}
