//! A hub with one channel, a film that is sent to it, and readers of its renditions.
//!
//! Promise: it finds its own processes, and no others.

use std::collections::HashSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::{Arn, ChannelType, StreamId};
use live::{Airing, Audience, Broadcast, Hub, Next, Publisher, RingLimits, Subscriber};
use media::{Frame, Ticks, TrackKind, Tracks};
use tempfile::TempDir;
use testkit::Film;
use tokio::sync::{OnceCell, watch as latest};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::capacity::Budget;
use crate::session::{Finding, Session, Shared};
use crate::worker::Confinement;
use crate::{Config, WhenFull};

/// Longest wait for anything. Only a failing test waits for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// By so much of a film its ladder is decided; less than a group of pictures, which the hub keeps.
const BEGINNING: Ticks = Ticks::from_millis(600);

/// Pictures that may be on their way through the worker.
const AHEAD: usize = 30;

/// All that came of a rendition.
#[derive(Debug)]
pub(super) struct Reader {
    frames: Subscriber,
    pub(super) tracks: Vec<Tracks>,
    pub(super) pictures: Vec<Frame>,
    pub(super) sounds: Vec<Frame>,
    /// All in order: the number of the tracks, and the frame.
    pub(super) all: Vec<(usize, Frame)>,
    pub(super) is_over: bool,
}

impl Reader {
    fn new(frames: Subscriber) -> Self {
        let (tracks, pictures, sounds, all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { frames, tracks, pictures, sounds, all, is_over: false }
    }

    fn take(&mut self, next: Next) {
        match next {
            Next::Tracks(tracks) => self.tracks.push(Tracks::clone(&tracks)),
            Next::Frame(frame) => {
                self.all.push((self.tracks.len() - 1, frame.clone()));
                match frame.track {
                    TrackKind::Video => self.pictures.push(frame),
                    TrackKind::Audio => self.sounds.push(frame),
                }
            }
            Next::End => self.is_over = true,
            Next::Metadata(_) | Next::Lagged => panic!("{next:?}"),
        }
    }

    fn catch_up(&mut self) {
        while let Some(next) = self.frames.try_next().filter(|_| !self.is_over) {
            self.take(next);
        }
    }

    async fn next(&mut self) {
        let next = timeout(PATIENCE, self.frames.next()).await.expect("renditions go on");
        self.take(next);
    }

    /// When its pictures are shown, and which are keyframes.
    pub(super) fn times(&self) -> Vec<(Ticks, bool)> {
        times(&self.pictures)
    }
}

pub(super) struct House {
    pub(super) hub: Hub,
    publisher: Option<Publisher>,
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) shared: Arc<Shared>,
    sessions: JoinSet<()>,
    shutdown: CancellationToken,
    pub(super) readers: Vec<Reader>,
    folder: TempDir,
    sent: Vec<Ticks>,
}

/// What a house is like.
pub(super) struct Plan {
    pub(super) channel_type: ChannelType,
    pub(super) capacity: u64,
    pub(super) when_full: WhenFull,
    /// Another program than the installed `ffmpeg`: lines of a shell's script. `$FFMPEG` is the real one, `$HERE`
    /// a folder of its own.
    pub(super) script: Option<&'static str>,
    /// Workers get so many times the usual time: plenty, where a busy machine is not the matter.
    pub(super) patience: u32,
}

impl Default for Plan {
    fn default() -> Self {
        let (channel_type, when_full) = (ChannelType::AdvancedSd, WhenFull::Degrade);
        Self { channel_type, capacity: u64::MAX, when_full, script: None, patience: 20 }
    }
}

impl House {
    pub(super) fn open(plan: &Plan) -> Self {
        let folder = TempDir::new().expect("a folder");
        let config = Config {
            ffmpeg: program(folder.path(), plan.script),
            speed: "ultrafast".to_owned(),
            threads: 1,
            thumbnail_interval: Duration::ZERO,
            when_full: plan.when_full,
            ..Config::default()
        };
        let (sender, finding) = latest::channel(None);
        let (figures, guess, confinement) = (Arc::default(), Budget::new(0), OnceCell::new());
        let shared =
            Arc::new(Shared { config, figures, finding, guess, confinement, patience: plan.patience });
        let able = Finding::able(Budget::new(plan.capacity), Confinement::default(), &shared);
        sender.send_replace(Some(able));
        let hub = Hub::new(RingLimits::default());
        let (publisher, broadcast) = go_on_air(&hub, plan.channel_type, 1);
        let (mut sessions, shutdown) = (JoinSet::new(), CancellationToken::new());
        let session = Session::new(Arc::clone(&shared), Arc::clone(&broadcast));
        sessions.spawn(session.run(shutdown.clone()));
        let (readers, sent) = (Vec::new(), Vec::new());
        Self { hub, publisher: Some(publisher), broadcast, shared, sessions, shutdown, readers, folder, sent }
    }

    /// Another stream on the same machine.
    pub(super) fn another(&mut self, channel_type: ChannelType, number: u8) -> (Publisher, Arc<Broadcast>) {
        let (publisher, broadcast) = go_on_air(&self.hub, channel_type, number);
        let session = Session::new(Arc::clone(&self.shared), Arc::clone(&broadcast));
        self.sessions.spawn(session.run(self.shutdown.clone()));
        (publisher, broadcast)
    }

    pub(super) fn publisher(&mut self) -> &mut Publisher {
        self.publisher.as_mut().expect("on air")
    }

    /// What follows is this.
    pub(super) fn tracks(&mut self, tracks: Tracks) {
        self.publisher().set_tracks(tracks);
    }

    /// Sends frames, no faster than they are made renditions of.
    pub(super) async fn send(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.publisher().push(frame.clone());
            if frame.track == TrackKind::Video {
                self.sent.push(frame.pts);
            }
            let first = self.sent.first().copied().unwrap_or(frame.dts);
            if self.readers.is_empty() && frame.dts - first > BEGINNING {
                self.decided().await;
            }
            if !self.readers.is_empty() {
                self.follow().await;
            }
        }
    }

    /// Sends frames as they are, in one go.
    pub(super) fn throw(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.publisher().push(frame.clone());
        }
    }

    /// Waits for the ladder, and reads its renditions.
    pub(super) async fn decided(&mut self) {
        timeout(PATIENCE, self.broadcast.decided_ladder()).await.expect("the ladder is decided");
        if self.readers.is_empty() {
            self.enter();
        }
    }

    fn enter(&mut self) {
        let ladder = self.broadcast.ladder().expect("decided");
        self.readers = ladder.renditions.iter().map(|rendition| Reader::new(rendition.subscribe())).collect();
    }

    /// Reads until the best rendition has all but the latest pictures.
    async fn follow(&mut self) {
        self.readers.iter_mut().for_each(Reader::catch_up);
        let mut sent = self.sent.clone();
        sent.sort_unstable();
        let Some(due) = sent.len().checked_sub(AHEAD).map(|place| sent[place]) else { return };
        self.until(due).await;
    }

    /// Reads until the best rendition has come to this moment.
    pub(super) async fn until(&mut self, due: Ticks) {
        let best = self.readers.first_mut().expect("a rendition");
        while best.pictures.iter().map(|frame| frame.pts).max() < Some(due) && !best.is_over {
            best.next().await;
        }
        self.readers.iter_mut().for_each(Reader::catch_up);
    }

    /// Takes the stream off air, and reads all renditions to their end. Waits for its session; no process is left.
    pub(super) async fn end(&mut self) {
        self.publisher = None;
        for reader in &mut self.readers {
            while !reader.is_over {
                reader.next().await;
            }
        }
        while let Some(done) = timeout(PATIENCE, self.sessions.join_next()).await.expect("it ends") {
            done.expect("no session panics");
        }
        self.gone().await;
    }

    /// Shuts down with the stream on air.
    pub(super) async fn shut(&mut self) {
        self.shutdown.cancel();
        while let Some(done) = timeout(PATIENCE, self.sessions.join_next()).await.expect("it ends") {
            done.expect("no session panics");
        }
        self.gone().await;
    }

    async fn gone(&self) {
        let gone = async {
            while !self.processes().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, gone).await.expect("no process is left");
    }

    /// The processes of its workers.
    pub(super) fn processes(&self) -> HashSet<u32> {
        let program = self.folder.path().as_os_str().as_encoded_bytes();
        let of = |process: &u32| {
            let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            line.windows(program.len()).any(|window| window == program)
        };
        let all = std::fs::read_dir("/proc").expect("Linux").flatten();
        let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(of).collect()
    }

    /// The one process that there is, once there is one.
    pub(super) async fn process(&self) -> u32 {
        let one = async {
            loop {
                if let Some(process) = self.processes().into_iter().next() {
                    return process;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, one).await.expect("a worker is started")
    }

    /// Sends a signal to its one process.
    pub(super) async fn signal(&self, name: &str) {
        let process = self.process().await;
        let sent = std::process::Command::new("kill").args([name, &process.to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }
}

fn go_on_air(hub: &Hub, channel_type: ChannelType, number: u8) -> (Publisher, Arc<Broadcast>) {
    let arn = format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{number:05}");
    let arn = Arn::parse(&arn).expect("an ARN");
    let airing = Airing { channel_type, ..Airing::from(Audience::Everyone) };
    let stream = StreamId::mint(&mut |bytes| bytes.fill(number));
    let publisher = hub.publish(&arn, stream, airing, SystemTime::now()).expect("a free channel");
    let broadcast = Arc::clone(publisher.broadcast());
    (publisher, broadcast)
}

/// A name for `ffmpeg` by which its processes can be told from all others'.
fn program(folder: &Path, script: Option<&str>) -> PathBuf {
    let path = folder.join("ffmpeg");
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let real = std::env::split_paths(&paths).map(|place| place.join("ffmpeg")).find(|path| path.exists());
    let real = real.expect("ffmpeg is installed");
    match script {
        None => symlink(real, &path).expect("a new name"),
        Some(lines) => {
            let (real, here) = (real.display(), folder.display());
            let text = format!("#!/bin/sh\nFFMPEG={real}\nHERE={here}\n{lines}\n");
            std::fs::write(&path, text).expect("a script");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(&path, mode).expect("a program");
        }
    }
    path
}

/// A film of three renditions and sound alone: one of each size, all at half the rate.
pub(super) fn film() -> Film {
    Film { width: 854, height: 480, frame_rate: (50, 1), gop: 50, ..Film::default() }
}

/// A film of one rendition, which has every picture.
pub(super) fn small_film() -> Film {
    Film { width: 320, height: 180, frame_rate: (25, 1), gop: 25, ..Film::default() }
}

/// When pictures are shown, in that order, and which are keyframes.
pub(super) fn times(pictures: &[Frame]) -> Vec<(Ticks, bool)> {
    let mut times: Vec<_> = pictures.iter().map(|frame| (frame.pts, frame.keyframe)).collect();
    times.sort_unstable();
    times
}

/// Every second picture from each keyframe on.
pub(super) fn halved(times: &[(Ticks, bool)]) -> Vec<(Ticks, bool)> {
    let mut since = 0;
    let counted = times.iter().filter(|(_, is_keyframe)| {
        since = if *is_keyframe { 0 } else { since + 1 };
        since % 2 == 0
    });
    counted.copied().collect()
}

/// A part of a film: frames that are decoded in this span, in seconds.
pub(super) fn span(film: &Film, from: f64, to: f64) -> Vec<Frame> {
    let frames = film.frames(Duration::from_secs_f64(to));
    let first = film.start + Ticks::from_duration(Duration::from_secs_f64(from));
    frames.into_iter().filter(|frame| frame.dts >= first).collect()
}

pub(super) fn pictures(frames: &[Frame]) -> Vec<Frame> {
    frames.iter().filter(|frame| frame.track == TrackKind::Video).cloned().collect()
}
