//! What is coded in a trial: a little of 1080p60, made by the installed program itself.
//!
//! Promise: its times are on no grid and its keyframes at no regular distance, so whoever makes either anew is found
//! out.

use std::process::Stdio;
use std::sync::Arc;

use media::avc::AccessUnit;
use media::ts::{AdtsFrames, Demuxer, Unit, UnitKind};
use media::{AacParams, AvcParams, Frame, Ticks, TrackKind, Tracks, aac};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::worker::{Confinement, LastWords};
use crate::{Config, Encoder, Error, Input, Picture, encoder};

const SIZE: (u32, u32) = (1_920, 1_080);
const RATE: u32 = 60;
const PICTURES: u32 = 36;
/// The pictures that are keyframes: one of them is odd, for rungs that leave out every second picture.
const KEYS: [u32; 3] = [0, 13, 24];
/// Its largest form, in bytes.
const LARGEST: u64 = 16 << 20;

/// Frames in the order of their decoding times.
#[derive(Clone, Debug)]
pub struct Film {
    pub(super) tracks: Arc<Tracks>,
    pub(super) frames: Vec<Frame>,
}

impl Film {
    /// Makes it, in software if that can be, else by the configured encoder.
    ///
    /// # Errors
    /// When neither codes anything.
    pub async fn make(config: &Config, confinement: &Confinement) -> Result<Self, Error> {
        let made = Self::coded(config, confinement, Encoder::X264).await;
        if made.is_ok() || config.encoder == Encoder::X264 {
            return made;
        }
        Self::coded(config, confinement, config.encoder).await
    }

    async fn coded(config: &Config, confinement: &Confinement, encoder: Encoder) -> Result<Self, Error> {
        let speed = "ultrafast".to_owned();
        // Sent in the order in which they are shown, as times are given to them in that order.
        let config = Config { encoder, speed, lookahead: 0, b_frames: 0, ..config.clone() };
        let bytes = super::within(super::PATIENCE, film(&config, confinement)).await?;
        let mut parts = Parts::default();
        let mut demuxer = Demuxer::new();
        demuxer.push(&bytes);
        demuxer.end();
        while let Some(unit) = demuxer.next() {
            parts.take(unit);
        }
        let film = parts.joined();
        let is_whole = film.pictures().count() == PICTURES as usize;
        is_whole
            .then_some(film)
            .ok_or_else(|| Error::Unfit("it does not make the film of the trial".to_owned()))
    }

    /// What it is, for a ladder.
    pub(super) fn input(&self) -> Input {
        let (width, height) = SIZE;
        let has_sound = self.tracks.audio.is_some();
        Input { width, height, pixel_aspect: (1, 1), frame_rate: f64::from(RATE), has_sound }
    }

    pub(super) fn pictures(&self) -> impl Iterator<Item = &Frame> {
        self.frames.iter().filter(|frame| frame.track == TrackKind::Video)
    }
}

#[derive(Default)]
struct Parts {
    video: Option<AvcParams>,
    audio: Option<AacParams>,
    frames: Vec<Frame>,
    pictures: u32,
    sounds: i64,
}

impl Parts {
    fn take(&mut self, unit: Unit) {
        match unit.kind {
            UnitKind::Video => self.take_picture(&unit.data),
            UnitKind::Audio => AdtsFrames::new(unit.data).for_each(|found| {
                self.audio = found.header.params().or(self.audio.take());
                self.sounds += 1;
                let pts = Ticks::from_scale((self.sounds - 1) * i64::from(aac::FRAME_SAMPLES), 48_000);
                self.add(TrackKind::Audio, pts, true, found.data);
            }),
            _ => {}
        }
    }

    fn take_picture(&mut self, data: &[u8]) {
        let unit = AccessUnit::from_annex_b(data);
        self.video = unit.params(self.video.as_ref()).or(self.video.take());
        let pts = time(self.pictures);
        self.pictures += 1;
        self.add(TrackKind::Video, pts, unit.keyframe, unit.picture);
    }

    fn add(&mut self, track: TrackKind, pts: Ticks, keyframe: bool, data: bytes::Bytes) {
        self.frames.push(Frame { track, dts: pts, pts, keyframe, data });
    }

    fn joined(mut self) -> Film {
        self.frames.sort_by_key(|frame| frame.dts);
        Film { tracks: Arc::new(Tracks { video: self.video, audio: self.audio }), frames: self.frames }
    }
}

/// When a picture is shown: up to a fifth of a picture late, as clocks of cameras are.
fn time(picture: u32) -> Ticks {
    let (step, late) = (Ticks::PER_SECOND / i64::from(RATE), i64::from(picture * 7_919 % 307));
    Ticks::new(i64::from(picture) * step + late)
}

async fn film(config: &Config, confinement: &Confinement) -> Result<Vec<u8>, Error> {
    let program = |cause| Error::Program { program: config.ffmpeg.display().to_string(), cause };
    let mut command = Command::from(confinement.command(&config.ffmpeg));
    command.args(arguments(config)).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(program)?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let words = LastWords::default();
    let reading = async {
        let mut bytes = Vec::new();
        if let Some(output) = output {
            output.take(LARGEST).read_to_end(&mut bytes).await?;
        }
        Ok(bytes)
    };
    let listening = async {
        if let Some(errors) = errors {
            words.listen(errors).await;
        }
    };
    let (bytes, ()) = tokio::join!(reading, listening);
    let status = child.wait().await.map_err(Error::Pipe)?;
    if !status.success() {
        return Err(Error::Ended { status: status.to_string(), last_words: words.last_line() });
    }
    bytes.map_err(Error::Pipe)
}

/// Moving bars and digits under noise, and a tone. At so many bits the noise is not coded away: without it, a ladder of
/// these pictures costs two thirds of what one of a lively scene does.
fn arguments(config: &Config) -> Vec<String> {
    let (width, height) = SIZE;
    let seconds = f64::from(PICTURES) / f64::from(RATE);
    let pictures =
        format!("testsrc2=size={width}x{height}:rate={RATE}:duration={seconds},noise=alls=12:allf=t");
    let tone = format!("sine=frequency=440:sample_rate=48000:duration={seconds}");
    let keys = KEYS.map(|key| format!("eq(n,{key})")).join("+");
    let picture = Picture {
        width,
        height,
        frame_rate: f64::from(RATE),
        is_halved: false,
        bit_rate: 40_000_000,
        lines: height,
        keeps_rate: true,
    };
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    [
        words("-hide_banner -nostdin -nostats -loglevel error"),
        encoder::device(config),
        words(&format!("-f lavfi -i {pictures} -f lavfi -i {tone} -map 0:v -map 1:a")),
        words(&format!("-vf {}", encoder::intake(config))),
        encoder::options(config, &picture),
        words(&format!("-force_key_frames expr:{keys} -c:a aac -b:a 128000 -ac 2")),
        words("-f mpegts pipe:1"),
    ]
    .concat()
}
