//! From what the pipes bring to the frames of each rung.
//!
//! Promise: a rung is told its tracks before its first frame; frames have the stream's own times; what has no time
//! or no place is left out.

use std::collections::{BTreeSet, VecDeque};
use std::time::SystemTime;

use bytes::Bytes;
use live::Thumbnail;
use media::avc::AccessUnit;
use media::ts::{AdtsFrames, Unit};
use media::{AacParams, AvcParams, Frame, Ticks, TrackKind, Tracks, aac};

use super::arguments::{coded_rate, sound_form};
use super::captions::Captions;
use super::clock::Clock;
use super::outlet::Outlet;
use super::{Job, Output};

/// Sound that may wait for its rung's first picture, in frames: ten seconds.
const MOST_WAITING: usize = 512;

/// Times of pictures that are remembered: half a minute of the fastest.
const MOST_PICTURES: usize = 2_048;
/// Times of sound that are remembered: twenty seconds of it, far more than a process holds.
const MOST_TIMES: usize = 1_024;
/// How far a time of sound may be off when it comes back, in ticks: the process counts it in samples.
const OFF: i64 = 4;

/// What one rung has had.
#[derive(Debug, Default)]
struct Rung {
    has_pictures: bool,
    /// Bits a second of its own sound.
    sound: Option<u32>,
    video: Option<AvcParams>,
    audio: Option<AacParams>,
    waiting: VecDeque<Frame>,
    is_told: bool,
}

impl Rung {
    fn tracks(&self) -> Tracks {
        Tracks { video: self.video.clone(), audio: self.audio.clone() }
    }

    /// Nothing is missing before frames may be told.
    fn is_ready(&self) -> bool {
        !self.has_pictures || self.video.is_some()
    }
}

/// The rungs of one job.
#[derive(Debug)]
pub(super) struct Assembly {
    rungs: Vec<Rung>,
    captions: Captions,
    /// Of the pictures that were fed.
    picture_times: BTreeSet<Ticks>,
    /// Of the sound that was fed, in order.
    sound_times: VecDeque<Ticks>,
    ready: VecDeque<Output>,
}

impl Assembly {
    pub(super) fn new(job: &Job) -> Self {
        let form = job.tracks.audio.as_ref().map(sound_form);
        let rung = |rung: &crate::Rung| {
            let sound = coded_rate(rung.sound).filter(|_| form.is_some());
            let audio = form.filter(|_| sound.is_some()).and_then(low_complexity);
            let has_pictures = rung.picture.is_some() && job.tracks.video.is_some();
            Rung { has_pictures, sound, audio, ..Rung::default() }
        };
        let rungs: Vec<_> = job.ladder.rungs.iter().map(rung).collect();
        let length_size = job.tracks.video.as_ref().map_or(4, |video| video.length_size);
        let has_pictures = rungs.iter().map(|rung| rung.has_pictures).collect();
        let captions = Captions::new(length_size, has_pictures, job.from);
        Self {
            rungs,
            captions,
            picture_times: BTreeSet::new(),
            sound_times: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// Hears of a frame that is fed.
    pub(super) fn fed(&mut self, frame: &Frame) {
        match frame.track {
            TrackKind::Video => {
                self.captions.hear(frame);
                self.picture_times.insert(frame.pts);
                if self.picture_times.len() > MOST_PICTURES {
                    self.picture_times.pop_first();
                }
            }
            TrackKind::Audio => {
                if self.sound_times.len() >= MOST_TIMES {
                    self.sound_times.pop_front();
                }
                self.sound_times.push_back(frame.pts);
            }
        }
    }

    /// What is ready next.
    pub(super) fn next(&mut self) -> Option<Output> {
        self.ready.pop_front()
    }

    /// Takes in what came.
    pub(super) fn take(&mut self, clock: Clock, outlet: Outlet, unit: Unit) {
        let Some(pts) = unit.pts else { return };
        let dts = clock.outwards(unit.dts.unwrap_or(pts));
        let pts = clock.outwards(pts);
        match outlet {
            Outlet::Pictures(rung) => self.take_picture(rung, dts, pts, &unit.data),
            Outlet::Sound(rate) => self.take_sound(rate, self.sound_time(pts), unit.data),
            Outlet::Thumbnails => self.take_thumbnail(pts, unit.data),
        }
    }

    fn take_picture(&mut self, index: usize, dts: Ticks, pts: Ticks, data: &[u8]) {
        let Some(rung) = self.rungs.get_mut(index) else { return };
        let unit = AccessUnit::from_annex_b(data);
        if let Some(video) = unit.params(rung.video.as_ref()) {
            rung.video = Some(video);
            rung.is_told = false;
        }
        // Before parameters, and without a picture, there is nothing to show. A time that the source does not have was
        // made up for a picture that could not be decoded (ffmpeg 7 and later do so).
        if rung.video.is_none() || unit.picture.is_empty() || !self.picture_times.contains(&pts) {
            return;
        }
        tell(&mut self.ready, index, rung);
        let data = self.captions.put(index, pts, &unit.picture);
        let frame = Frame { track: TrackKind::Video, dts, pts, keyframe: unit.keyframe, data };
        self.ready.push_back(Output::Frame(index, frame));
        self.ready.extend(rung.waiting.drain(..).map(|frame| Output::Frame(index, frame)));
    }

    /// The very time of the source's sound that this one is as good as.
    fn sound_time(&self, pts: Ticks) -> Ticks {
        let after = self.sound_times.partition_point(|time| time.count() < pts.count() - OFF);
        let fed = self.sound_times.get(after).filter(|time| time.count() <= pts.count() + OFF);
        fed.copied().unwrap_or(pts)
    }

    fn take_sound(&mut self, rate: u32, pts: Ticks, data: Bytes) {
        let mut pts = pts;
        for found in AdtsFrames::new(data) {
            let params = found.header.params();
            for (index, rung) in
                self.rungs.iter_mut().enumerate().filter(|(_, rung)| rung.sound == Some(rate))
            {
                if params.is_some() && params != rung.audio {
                    rung.audio.clone_from(&params);
                    rung.is_told = false;
                }
                let frame = Frame {
                    track: TrackKind::Audio,
                    dts: pts,
                    pts,
                    keyframe: true,
                    data: found.data.clone(),
                };
                if rung.is_ready() {
                    tell(&mut self.ready, index, rung);
                    self.ready.push_back(Output::Frame(index, frame));
                } else if rung.waiting.len() < MOST_WAITING {
                    rung.waiting.push_back(frame);
                }
            }
            let sample_rate = params.map_or(48_000, |params| params.sample_rate);
            pts += Ticks::from_scale(i64::from(aac::FRAME_SAMPLES), sample_rate);
        }
    }

    fn take_thumbnail(&mut self, pts: Ticks, jpeg: Bytes) {
        let Some((width, height)) = crate::jpeg::jpeg_size(&jpeg) else { return };
        let thumbnail = Thumbnail { jpeg, width, height, pts, time: SystemTime::now() };
        self.ready.push_back(Output::Thumbnail(thumbnail));
    }
}

/// Tells what the following frames of a rung are, if that is news.
fn tell(ready: &mut VecDeque<Output>, index: usize, rung: &mut Rung) {
    if !rung.is_told {
        rung.is_told = true;
        ready.push_back(Output::Tracks(index, rung.tracks()));
    }
}

/// AAC-LC of so many samples a second and channels, as it is told in two bytes (ISO 14496-3, 1.6.2.1).
fn low_complexity((sample_rate, channels): (u32, u8)) -> Option<AacParams> {
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ];
    let index = u16::try_from(RATES.iter().position(|rate| *rate == sample_rate)?).ok()?;
    let config = 2 << 11 | index << 7 | u16::from(channels) << 3;
    aac::parse_config(&Bytes::copy_from_slice(&config.to_be_bytes())).ok()
}
