//! Workers with the installed `ffmpeg`, on short films.
//!
//! Promise: nothing here is a stand-in; what is compared was decided by the film alone.

mod content;
mod hostile;
mod life;
mod times;

use std::sync::Arc;
use std::time::Duration;

use media::{Frame, Ticks, TrackKind, Tracks};
use testkit::Film;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::{Confinement, Job, Output, Worker};
use crate::{Config, Error, Ladder, Picture, Rung, Sound};

/// Longest that anything here may take. Only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came out of a rung.
#[derive(Debug, Default)]
struct Shown {
    tracks: Vec<Tracks>,
    pictures: Vec<Frame>,
    sounds: Vec<Frame>,
}

/// All that came out of a worker.
#[derive(Debug)]
struct Yield {
    rungs: Vec<Shown>,
    thumbnails: Vec<live::Thumbnail>,
    ended: Result<(), Error>,
}

/// A rung of so many lines of a picture of 16:9.
fn rung(lines: u32, is_halved: bool, sound: Sound) -> Rung {
    let picture = Picture {
        width: lines * 16 / 9 / 2 * 2,
        height: lines,
        frame_rate: 30.0,
        is_halved,
        bit_rate: lines * 1_500,
        lines,
        keeps_rate: !is_halved,
    };
    Rung { name: format!("{lines}p"), label: format!("{lines}p"), picture: Some(picture), sound }
}

fn ladder(rungs: Vec<Rung>) -> Ladder {
    Ladder { offers_source: true, rungs }
}

fn job(film: &Film, rungs: Vec<Rung>) -> Job {
    Job { tracks: Arc::new(film.tracks()), ladder: ladder(rungs), from: None }
}

/// `FFMPEG` names another program than the installed one, to try other versions.
fn config() -> Config {
    Config {
        ffmpeg: std::env::var_os("FFMPEG").unwrap_or("ffmpeg".into()).into(),
        speed: "ultrafast".to_owned(),
        threads: 1,
        thumbnail_interval: Duration::ZERO,
        ..Config::default()
    }
}

/// What this machine has, found once.
async fn confinement() -> &'static Confinement {
    static FOUND: OnceCell<Confinement> = OnceCell::const_new();
    FOUND.get_or_init(|| async { Confinement::found(&config()).await }).await
}

fn start(config: &Config, job: &Job) -> Worker {
    Worker::start(config, &Confinement::default(), job).expect("ffmpeg is installed")
}

/// Feeds all, as fast as the worker takes it, and takes out all.
async fn work(config: &Config, job: &Job, frames: &[Frame]) -> Yield {
    let mut worker = start(config, job);
    let rungs = job.ladder.rungs.iter().map(|_| Shown::default()).collect();
    let mut whole = Yield { rungs, thumbnails: Vec::new(), ended: Ok(()) };
    let mut frames = frames.iter();
    let mut is_over = false;
    while !is_over {
        while worker.has_room() {
            match frames.next() {
                Some(frame) => worker.feed(frame).expect("there is room"),
                None => {
                    worker.finish();
                    break;
                }
            }
        }
        let output = timeout(PATIENCE, worker.next()).await.expect("it goes on or ends");
        is_over = whole.take(output);
    }
    whole
}

impl Yield {
    fn take(&mut self, output: Output) -> bool {
        match output {
            Output::Tracks(rung, tracks) => self.rungs[rung].tracks.push(tracks),
            Output::Frame(rung, frame) => {
                assert!(!self.rungs[rung].tracks.is_empty(), "tracks come first");
                match frame.track {
                    TrackKind::Video => self.rungs[rung].pictures.push(frame),
                    TrackKind::Audio => self.rungs[rung].sounds.push(frame),
                }
            }
            Output::Thumbnail(thumbnail) => self.thumbnails.push(thumbnail),
            Output::Ended(ended) => {
                self.ended = ended;
                return true;
            }
        }
        false
    }

    fn picture_times(&self, rung: usize) -> Vec<(Ticks, bool)> {
        times(&self.rungs[rung].pictures)
    }
}

/// When pictures are shown, in that order, and which are keyframes.
fn times(pictures: &[Frame]) -> Vec<(Ticks, bool)> {
    let mut times: Vec<_> = pictures.iter().map(|frame| (frame.pts, frame.keyframe)).collect();
    times.sort_unstable();
    times
}

/// Every second picture from each keyframe on.
fn halved(times: &[(Ticks, bool)]) -> Vec<(Ticks, bool)> {
    let mut since = 0;
    let counted = times.iter().filter(|(_, is_key)| {
        since = if *is_key { 0 } else { since + 1 };
        since % 2 == 0
    });
    counted.copied().collect()
}
