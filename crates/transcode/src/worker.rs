//! One worker: an `ffmpeg` process that makes a ladder of the frames that it is fed.
//!
//! Promise: feeding never waits, and what waits to be fed is bounded; what comes out has the times that went in;
//! whatever happens to the process, its end is told once and nothing of it stays behind.
//!
//! The process is fed on its standard input and answers on a pipe for each rung. These further pipes are inherited:
//! `command-fds` clears their close-on-exec flag in the child alone, after the fork. Named pipes would need the
//! process to open files, and sockets to open sockets; both it is kept from ([`confinement`]).

mod arguments;
mod assembly;
mod captions;
mod clock;
pub(crate) mod confinement;
mod feed;
mod last_words;
mod outlet;
mod queue;
#[cfg(test)]
mod tests;
mod usage;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use command_fds::CommandFdExt;
use live::Thumbnail;
use media::{Frame, Ticks, TrackKind, Tracks};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::{Config, Error, Ladder};
use arguments::Orders;
use assembly::Assembly;
use clock::Clock;
use outlet::{Found, Pipe};
use queue::Queue;
use usage::Usage;

pub use confinement::{Confinement, Measure};
pub(crate) use last_words::LastWords;

/// Pictures, frames of sound and thumbnails that may wait to be taken out, all rungs together: ten seconds of the
/// largest ladder.
const MOST_FOUND: usize = 8_192;
/// Frames after which a process is worn: of each fragment that it reads, ffmpeg keeps some 160 bytes for good (5.1.9,
/// measured), which after so many are 80 MiB. At 30 pictures a second it takes four hours and more.
const WORN: u32 = 500_000;
/// How long a process may go on after it closed its pipes.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a worker is to do.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What is fed.
    pub(crate) tracks: Arc<Tracks>,
    /// What is made. Its rungs are named by their place in it.
    pub(crate) ladder: Ladder,
    /// Pictures that are shown before this, and their sound, are decoded and not coded: others have made them
    /// already. What comes out begins with a keyframe at the first picture from here on.
    pub(crate) from: Option<Ticks>,
}

/// What comes out of a worker.
#[derive(Debug)]
pub(crate) enum Output {
    /// What the following frames of a rung are. Of sound only what was coded for it.
    Tracks(usize, Tracks),
    /// The next frame of a rung.
    Frame(usize, Frame),
    /// A small picture.
    Thumbnail(Thumbnail),
    /// It is over: all that was fed came out, or there is an error.
    Ended(Result<(), Error>),
}

/// A process at work. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    tasks: JoinSet<()>,
    fed: Tracks,
    frames: u32,
    queue: Arc<Queue>,
    clock: Option<Clock>,
    found: mpsc::Receiver<Found>,
    assembly: Assembly,
    last_words: Arc<LastWords>,
    is_finished: bool,
    fault: Option<Error>,
    deadline: Option<Instant>,
    is_over: bool,
    usage: Usage,
    /// Processor time that is seen and not told yet.
    untold: Duration,
}

impl Worker {
    /// Starts one. Must be called in a runtime, and on a thread that lives as long as the runtime: where
    /// [`Measure::NoPrivileges`] is in force, the process is killed when the thread that started it ends.
    ///
    /// # Errors
    /// When there are no more pipes or processes to be had, or there is no such program.
    pub(crate) fn start(config: &Config, confinement: &Confinement, job: &Job) -> Result<Self, Error> {
        let outlets = arguments::outlets(config, &job.ladder, &job.tracks);
        let fed = arguments::fed(&outlets, &job.tracks);
        let pipes: Vec<Pipe> =
            outlets.into_iter().map(Pipe::new).collect::<Result<_, _>>().map_err(Error::Pipe)?;
        let numbers: Vec<_> = pipes.iter().map(|pipe| (pipe.outlet, pipe.number)).collect();
        let orders = Orders {
            config,
            ladder: &job.ladder,
            tracks: &job.tracks,
            is_cut: job.from.is_some(),
            outlets: &numbers,
        };
        let mut command = confinement.command(&config.ffmpeg);
        command.args(orders.arguments()).stdin(Stdio::piped()).stderr(Stdio::piped());
        let (inner, readers): (Vec<_>, Vec<_>) = pipes.into_iter().map(Pipe::split).unzip();
        command.preserved_fds(inner);
        // The command holds the process's ends of the pipes, and goes before the first of them is read.
        let mut child = Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| Error::Program { program: config.ffmpeg.display().to_string(), cause })?;
        let (sender, found) = mpsc::channel(MOST_FOUND);
        let mut tasks = JoinSet::new();
        for reader in readers {
            tasks.spawn(reader.read(sender.clone()));
        }
        let clock = job.from.map(Clock::at);
        let queue = Arc::new(Queue::default());
        if let Some(pipe) = child.stdin.take() {
            tasks.spawn(feed::feed(pipe, fed.clone(), clock, Arc::clone(&queue)));
        }
        let last_words = Arc::new(LastWords::default());
        if let Some(pipe) = child.stderr.take() {
            let last_words = Arc::clone(&last_words);
            tasks.spawn(async move { last_words.listen(pipe).await });
        }
        Ok(Self {
            child,
            tasks,
            fed,
            frames: 0,
            queue,
            clock,
            found,
            assembly: Assembly::new(job),
            last_words,
            is_finished: false,
            fault: None,
            deadline: None,
            is_over: false,
            usage: Usage::default(),
            untold: Duration::ZERO,
        })
    }

    /// Feeds it the next frame; never waits. Frames of tracks that nothing is made of are passed over.
    ///
    /// # Errors
    /// When more waits than may: it is too slow, or stands still.
    pub(crate) fn feed(&mut self, frame: &Frame) -> Result<(), Error> {
        let is_wanted = match frame.track {
            TrackKind::Video => self.fed.video.is_some(),
            TrackKind::Audio => self.fed.audio.is_some(),
        };
        if !is_wanted {
            return Ok(());
        }
        self.clock.get_or_insert(Clock::at(frame.dts));
        self.assembly.fed(frame);
        self.frames = self.frames.saturating_add(1);
        if self.queue.push(frame.clone()) { Ok(()) } else { Err(Error::Behind) }
    }

    /// Should another one go on at the next keyframe? The process has read so much that it has grown by that.
    pub(crate) fn is_worn(&self) -> bool {
        self.frames >= WORN
    }

    /// Nothing more will be fed: it finishes what it has.
    pub(crate) fn finish(&mut self) {
        self.is_finished = true;
        self.queue.close();
    }

    /// Is there room for another second of the stream? A new worker is fed what the one before it left undone only as
    /// long as there is; what comes live is fed in any case.
    pub(crate) fn has_room(&self) -> bool {
        self.queue.has_room()
    }

    /// Its process, as long as there is one: to see how much processor time it takes.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// How much processor time it used since this was asked last.
    pub(crate) fn used(&mut self) -> Duration {
        std::mem::take(&mut self.untold) + self.usage.more(self.child.id())
    }

    /// What comes out next. After [`Output::Ended`] nothing does. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Output {
        loop {
            if let Some(output) = self.assembly.next() {
                return output;
            }
            if self.is_over {
                return std::future::pending().await;
            }
            match self.found.recv().await {
                Some(Found::Unit(outlet, unit)) => self.take(outlet, unit),
                Some(Found::Fault(fault)) => {
                    self.fault.get_or_insert(fault);
                    // It may be gone already.
                    let _ = self.child.start_kill();
                }
                None => {
                    let ended = self.end().await;
                    self.is_over = true;
                    return Output::Ended(ended);
                }
            }
        }
    }

    fn take(&mut self, outlet: outlet::Outlet, unit: media::ts::Unit) {
        // Nothing can come out before something went in; what does all the same has no time.
        if let Some(clock) = self.clock {
            self.assembly.take(clock, outlet, unit);
        }
    }

    /// All its pipes are closed: waits for its end, or makes it.
    async fn end(&mut self) -> Result<(), Error> {
        // What it does from here on is not worth counting, and once it is waited for nobody can ask.
        self.untold += self.usage.more(self.child.id());
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + FAREWELL);
        let status = match timeout_at(deadline, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                let _ = self.child.start_kill();
                self.child.wait().await
            }
        };
        self.queue.close();
        // What it said last is heard to the end; somebody else may still hold that pipe open, so not for ever.
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = timeout_at(deadline + FAREWELL, all).await;
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let status = status.map_err(Error::Pipe)?;
        if status.success() && self.is_finished {
            return Ok(());
        }
        Err(Error::Ended { status: status.to_string(), last_words: self.last_words.last_line() })
    }
}
