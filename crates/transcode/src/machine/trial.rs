//! The trial of an encoder: a worker makes the largest ladder of a short film, and what comes out is looked at.
//!
//! Promise: each thing that the ladder relies on is looked at by itself, and what is wrong is told in words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ChannelType;
use media::{Frame, Ticks, TrackKind, Tracks};
use tokio::time::timeout;

use super::cost::processor_time;
use super::film::Film;
use crate::worker::{Confinement, Job, Output, Worker};
use crate::{Config, Error, Ladder, Rung, Sound};

/// The picture that workers begin at: those before it are only decoded, as for a worker that replaces another.
const FIRST: usize = 3;
/// Pictures that an encoder may hold back beyond what is configured. Where every second one is left out, it takes
/// twice as many of the source's for those that are configured.
const MOST_HELD: usize = 3;
/// Longest wait for the first picture once all that may be needed for it was fed.
const FIRST_WAIT: Duration = Duration::from_secs(10);

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What should be.
    pub what: &'static str,
    /// What was wrong; `None` if it is so.
    pub fault: Option<String>,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Pixels that were coded while time was taken.
    pub pixels: u64,
    /// Processor time that they took, decoding and scaling included; `None` where the system does not tell.
    pub processor: Option<Duration>,
    /// Time that went by meanwhile.
    pub elapsed: Duration,
}

impl Trial {
    /// The first thing that was wrong.
    pub fn fault(&self) -> Option<&str> {
        self.checks.iter().find_map(|check| check.fault.as_deref())
    }

    /// Coded pixels for each second of one core.
    pub fn pixels_a_core(&self) -> Option<u64> {
        self.processor.and_then(|time| rate(self.pixels, time))
    }

    /// Coded pixels for each second that went by.
    pub fn pixels_a_second(&self) -> u64 {
        rate(self.pixels, self.elapsed).unwrap_or(0)
    }
}

fn rate(pixels: u64, time: Duration) -> Option<u64> {
    let micros = u64::try_from(time.as_micros()).ok()?;
    pixels.saturating_mul(1_000_000).checked_div(micros)
}

pub(super) async fn run(config: &Config, confinement: &Confinement, film: &Film) -> Result<Trial, Error> {
    let ladder = Ladder::of(ChannelType::Standard, None, &film.input());
    let from = film.pictures().nth(FIRST).map(|frame| frame.pts);
    let job = Job { tracks: Arc::clone(&film.tracks), ladder, from };
    let worker = Worker::start(config, confinement, &job)?;
    // Where pictures are held back, much of the work is done before the first comes out.
    let is_patient = config.lookahead + config.b_frames > 0;
    let mut run = Run {
        meter: is_patient.then(|| Meter::start(worker.pid())),
        worker,
        made: job.ladder.rungs.iter().map(|_| Made::default()).collect(),
        thumbnails: 0,
        ladder: job.ladder,
    };
    let held = MOST_HELD + 2 * (config.lookahead + config.b_frames) as usize;
    let is_prompt = run.begin(film, FIRST + 1 + held).await?;
    run.finish().await?;
    let delay = Check {
        what: "pictures come out as they go in",
        fault: (!is_prompt).then(|| format!("the first picture waits for more than {held} further ones")),
    };
    Ok(run.judged(config, film, from, delay))
}

/// What came of one rung.
#[derive(Default)]
struct Made {
    tracks: Tracks,
    pictures: Vec<Frame>,
    sounds: usize,
}

struct Run {
    worker: Worker,
    ladder: Ladder,
    made: Vec<Made>,
    thumbnails: usize,
    meter: Option<Meter>,
}

/// Takes time, as a rule from the first picture on: what comes before is the start of a program.
struct Meter {
    pid: Option<u32>,
    began: Instant,
    at_first: Option<Duration>,
    at_last: Option<Duration>,
    elapsed: Duration,
    pixels: u64,
}

impl Run {
    /// Feeds all; says whether each rung's first picture came when no more than so many had been fed.
    async fn begin(&mut self, film: &Film, first: usize) -> Result<bool, Error> {
        let mut is_prompt = true;
        let mut fed = 0;
        for frame in &film.frames {
            if frame.track == TrackKind::Video {
                if fed == first {
                    is_prompt = self.first_pictures().await?;
                }
                fed += 1;
            }
            while !self.worker.has_room() {
                self.take_next().await?;
            }
            self.worker.feed(frame)?;
        }
        self.worker.finish();
        Ok(is_prompt)
    }

    async fn first_pictures(&mut self) -> Result<bool, Error> {
        let deadline = Instant::now() + FIRST_WAIT;
        while self.made.iter().any(|made| made.pictures.is_empty()) {
            match timeout(deadline.saturating_duration_since(Instant::now()), self.take_next()).await {
                Ok(taken) => taken?,
                Err(_) => return Ok(false),
            };
        }
        Ok(true)
    }

    async fn finish(&mut self) -> Result<(), Error> {
        while self.take_next().await? {}
        Ok(())
    }

    /// Takes the next thing that came out; false at the end.
    async fn take_next(&mut self) -> Result<bool, Error> {
        match self.worker.next().await {
            Output::Tracks(rung, tracks) => {
                if let Some(made) = self.made.get_mut(rung) {
                    made.tracks = tracks;
                }
            }
            Output::Frame(rung, frame) => self.take_frame(rung, frame),
            Output::Thumbnail(_) => self.thumbnails += 1,
            Output::Ended(ended) => return ended.map(|()| false),
        }
        Ok(true)
    }

    fn take_frame(&mut self, rung: usize, frame: Frame) {
        let Some(made) = self.made.get_mut(rung) else { return };
        match frame.track {
            TrackKind::Audio => made.sounds += 1,
            TrackKind::Video => {
                let pixels = self.ladder.rungs.get(rung).and_then(|rung| rung.picture);
                let pixels = pixels.map_or(0, |picture| u64::from(picture.width) * u64::from(picture.height));
                match &mut self.meter {
                    Some(meter) => meter.read(pixels),
                    None => self.meter = Some(Meter::start(self.worker.pid())),
                }
                made.pictures.push(frame);
            }
        }
    }

    fn judged(self, config: &Config, film: &Film, from: Option<Ticks>, delay: Check) -> Trial {
        let rungs: Vec<_> = self.ladder.rungs.iter().zip(&self.made).collect();
        let source = times(film.pictures());
        let sound = film.tracks.audio.is_some();
        let mut checks = vec![
            check("every picture keeps its time", rungs.iter().map(|rung| time_fault(rung, &source, from))),
            check(
                "keyframes are the source's, and no others",
                rungs.iter().map(|rung| key_fault(rung, &source, from)),
            ),
            check("pictures have the size and profile that were asked for", rungs.iter().map(shape_fault)),
            delay,
        ];
        if config.b_frames == 0 {
            checks
                .push(check("pictures are shown in the order they are sent", rungs.iter().map(order_fault)));
        }
        checks.push(check("sound is coded", rungs.iter().map(|rung| sound_fault(rung, sound))));
        if config.thumbnail_interval > Duration::ZERO {
            let fault = (self.thumbnails == 0).then(|| "no thumbnail came".to_owned());
            checks.push(Check { what: "thumbnails are made", fault });
        }
        let meter = self.meter.unwrap_or_else(|| Meter::start(None));
        Trial { checks, pixels: meter.pixels, processor: meter.processor(), elapsed: meter.elapsed }
    }
}

impl Meter {
    fn start(pid: Option<u32>) -> Self {
        let at_first = pid.and_then(processor_time);
        Self { pid, began: Instant::now(), at_first, at_last: None, elapsed: Duration::ZERO, pixels: 0 }
    }

    fn read(&mut self, pixels: u64) {
        self.pixels += pixels;
        self.elapsed = self.began.elapsed();
        // Gone already, it has had what it had last.
        self.at_last = self.pid.and_then(processor_time).or(self.at_last);
    }

    fn processor(&self) -> Option<Duration> {
        self.at_last?.checked_sub(self.at_first?).filter(|time| *time > Duration::ZERO)
    }
}

fn check(what: &'static str, mut faults: impl Iterator<Item = Option<String>>) -> Check {
    Check { what, fault: faults.find_map(|fault| fault) }
}

/// When pictures are shown, in that order, and which are keyframes.
fn times<'a>(pictures: impl Iterator<Item = &'a Frame>) -> Vec<(Ticks, bool)> {
    let mut times: Vec<_> = pictures.map(|frame| (frame.pts, frame.keyframe)).collect();
    times.sort_unstable();
    times
}

/// What a rung should have of the source: all, or every second from each keyframe on; from a moment on, where a
/// keyframe is.
fn wanted(rung: &Rung, source: &[(Ticks, bool)], from: Option<Ticks>) -> Vec<(Ticks, bool)> {
    let is_halved = rung.picture.is_some_and(|picture| picture.is_halved);
    let mut since = 0;
    let kept = source.iter().filter(|(time, is_key)| {
        since = if *is_key { 0 } else { since + 1 };
        let is_kept = !is_halved || since % 2 == 0;
        is_kept && from.is_none_or(|from| *time >= from)
    });
    let mut kept: Vec<_> = kept.copied().collect();
    if let Some(first) = kept.first_mut() {
        first.1 = true;
    }
    kept
}

fn time_fault(
    (rung, made): &(&Rung, &Made),
    source: &[(Ticks, bool)],
    from: Option<Ticks>,
) -> Option<String> {
    let wanted = wanted(rung, source, from);
    let came = times(made.pictures.iter());
    let name = &rung.name;
    if wanted.len() != came.len() {
        return Some(format!("{name} has {} pictures of {}", came.len(), wanted.len()));
    }
    let moved = wanted.iter().zip(&came).filter(|(wanted, came)| wanted.0 != came.0).count();
    (moved > 0)
        .then(|| format!("{name} has other times than the source for {moved} of {} pictures", came.len()))
}

fn key_fault((rung, made): &(&Rung, &Made), source: &[(Ticks, bool)], from: Option<Ticks>) -> Option<String> {
    let keys = |times: &[(Ticks, bool)]| -> Vec<_> {
        times.iter().filter(|(_, is_key)| *is_key).map(|(time, _)| time.as_secs_f64()).collect()
    };
    let (wanted, came) = (keys(&wanted(rung, source, from)), keys(&times(made.pictures.iter())));
    (wanted != came).then(|| format!("{} has keyframes at {came:.3?} s, not {wanted:.3?} s", rung.name))
}

fn shape_fault((rung, made): &(&Rung, &Made)) -> Option<String> {
    /// profile_idc of Main (ITU-T H.264, A.2.2).
    const MAIN: u8 = 77;
    let (picture, name) = (rung.picture?, &rung.name);
    let Some(video) = &made.tracks.video else { return Some(format!("{name} has no pictures")) };
    let is_so = (video.width, video.height) == (picture.width, picture.height) && video.profile == MAIN;
    (!is_so).then(|| format!("{name} is {}x{} in {}", video.width, video.height, video.codec()))
}

fn order_fault((rung, made): &(&Rung, &Made)) -> Option<String> {
    let is_plain = made.pictures.iter().all(|frame| frame.dts == frame.pts);
    (!is_plain).then(|| format!("{} has pictures that are shown later than they are sent", rung.name))
}

fn sound_fault((rung, made): &(&Rung, &Made), has_sound: bool) -> Option<String> {
    let is_wanted = has_sound && matches!(rung.sound, Sound::Coded(_));
    (is_wanted && made.sounds == 0).then(|| format!("{} has no sound", rung.name))
}
