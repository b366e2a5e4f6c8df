//! A ladder in the making: the source's frames to a worker, the renditions' frames from it, and another worker when
//! that one fails.
//!
//! Promise: renditions go on where they were, or at the next keyframe; a picture that a rendition has had it never
//! gets again; when this returns, its workers are gone.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use live::{Broadcast, Next, RenditionPublisher, Subscriber};
use media::{Frame, TrackKind, Tracks};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::figures::{Cause, Held};
use crate::worker::{Confinement, Job, Output, Worker};
use crate::{Error, Input, Ladder, Sound};

use super::beginning;
use super::kept::{Food, Kept, Start};
use super::lockstep::{Entry, Lockstep};
use super::watch::Watch;
use super::{Figures, Shared, words};

/// How often workers are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How many looks pass between two at their processor time.
const USAGE: u32 = 5;

/// A worker that is relieved gets this long to finish what it was fed; its successor's pictures wait so long.
const RELIEF: Duration = Duration::from_secs(2);

/// The same at the end of the stream.
const DRAIN: Duration = Duration::from_secs(3);

/// The same at a shutdown.
const FAREWELL: Duration = Duration::from_secs(1);

/// Frames and outputs that are handled in one go, before others have their turn.
const BATCH: usize = 64;

/// A worker and what it was told.
#[derive(Debug)]
struct Hand {
    worker: Worker,
    /// What it is fed.
    tracks: Arc<Tracks>,
    ladder: Ladder,
    /// The number of the frame that it is fed next.
    fed: u64,
    is_finished: bool,
    _running: Held,
}

/// A worker that finishes what it was fed.
#[derive(Debug)]
struct Leaving {
    hand: Hand,
    until: Instant,
}

pub(crate) struct Drive<'a> {
    shared: &'a Shared,
    broadcast: &'a Broadcast,
    confinement: Arc<Confinement>,
    /// As it was decided.
    plan: Ladder,
    input: Input,
    rungs: Vec<RenditionPublisher>,
    tracks: Option<Arc<Tracks>>,
    kept: Kept,
    lockstep: Lockstep,
    watch: Watch,
    hand: Option<Hand>,
    leaving: Option<Leaving>,
    /// When the next worker may begin, as long as there is none.
    retry: Instant,
    /// The source is over; so long for what is left of it.
    ending: Option<Instant>,
    /// When the renditions stopped, while they have.
    halted: Option<(Instant, Cause)>,
    /// Some rendition's sound is coded here.
    codes_sound: bool,
}

/// What happens next.
enum News {
    Source(Next),
    Worker(Output),
    Leaving(Output),
    Look,
    Shutdown,
}

impl<'a> Drive<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        broadcast: &'a Broadcast,
        confinement: Arc<Confinement>,
        (plan, input): (Ladder, Input),
        rungs: Vec<RenditionPublisher>,
    ) -> Self {
        let lockstep = Lockstep::new(&plan);
        let codes_sound = plan.rungs.iter().any(|rung| matches!(rung.sound, Sound::Coded(_)));
        Self {
            shared,
            broadcast,
            confinement,
            plan,
            input,
            rungs,
            tracks: None,
            kept: Kept::default(),
            lockstep,
            watch: Watch::new(shared.patience),
            hand: None,
            leaving: None,
            retry: Instant::now(),
            ending: None,
            halted: None,
            codes_sound,
        }
    }

    /// Works until the source is over and all of it is made, or `shutdown`.
    pub(crate) async fn run(
        mut self,
        mut frames: Subscriber,
        begun: Vec<(Frame, Arc<Tracks>)>,
        shutdown: CancellationToken,
    ) {
        for (frame, tracks) in begun {
            self.tracks = Some(tracks);
            self.take(frame);
        }
        self.attend();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut looks, mut is_closing) = (0_u32, false);
        while !self.is_over() {
            let ending = self.ending;
            let news = tokio::select! {
                next = frames.next(), if ending.is_none() => News::Source(next),
                output = output(self.hand.as_mut().filter(|_| self.leaving.is_none())) => News::Worker(output),
                output = output(self.leaving.as_mut().map(|leaving| &mut leaving.hand)) => News::Leaving(output),
                _ = look.tick() => News::Look,
                () = over(ending) => break,
                () = shutdown.cancelled(), if !is_closing => News::Shutdown,
            };
            match news {
                News::Source(next) => self.read(next, &mut frames),
                News::Worker(output) => self.made(output),
                News::Leaving(output) => self.made_last(output),
                News::Look => {
                    looks = looks.wrapping_add(1);
                    self.look(looks % USAGE == 0);
                }
                News::Shutdown => {
                    is_closing = true;
                    self.end(FAREWELL);
                }
            }
        }
        self.close();
    }

    /// All that is to be made is made.
    fn is_over(&self) -> bool {
        let is_idle = self.hand.is_none() && self.leaving.is_none();
        self.ending.is_some() && is_idle && (self.halted.is_none() || self.start().is_none())
    }

    fn close(&mut self) {
        self.lockstep.finish();
        self.show();
        let (hand, leaving) = (self.hand.take(), self.leaving.take());
        hand.into_iter().chain(leaving.map(|leaving| leaving.hand)).for_each(|hand| self.bury(hand));
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        info!(%channel, %stream, "transcoding ended");
    }

    // The source

    fn read(&mut self, first: Next, frames: &mut Subscriber) {
        let mut next = Some(first);
        for left in (0..BATCH).rev() {
            match next {
                Some(Next::Tracks(tracks)) => self.tracks = Some(tracks),
                Some(Next::Frame(frame)) => self.take(frame),
                Some(Next::Metadata(_)) => {}
                Some(Next::Lagged) => {
                    let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
                    warn!(%channel, %stream, "transcoding read too slowly: its renditions miss pictures");
                }
                Some(Next::End) => {
                    self.end(DRAIN);
                    break;
                }
                None => break,
            }
            // What is taken out is taken in, too.
            next = if left > 0 { frames.try_next() } else { None };
        }
        self.attend();
    }

    fn take(&mut self, frame: Frame) {
        let Some(tracks) = &self.tracks else { return };
        if frame.track == TrackKind::Video {
            self.watch.came(frame.pts, frame.keyframe, Instant::now());
        }
        self.kept.push(frame, tracks);
    }

    fn end(&mut self, patience: Duration) {
        let end = Instant::now() + patience;
        self.ending = Some(self.ending.map_or(end, |known| known.min(end)));
        self.attend();
    }

    // Workers

    /// Starts a worker where there is none and may be one; feeds the one that there is.
    fn attend(&mut self) {
        if self.hand.is_none()
            && Instant::now() >= self.retry
            && let Some(start) = self.start()
        {
            self.begin(&start);
        }
        self.feed();
        if self.ending.is_some()
            && let Some(hand) = &mut self.hand
            && hand.fed >= self.kept.end()
            && !std::mem::replace(&mut hand.is_finished, true)
        {
            hand.worker.finish();
        }
    }

    /// Where the next worker would begin.
    fn start(&self) -> Option<Start> {
        self.kept.start(self.lockstep.line(), self.watch.skip())
    }

    fn begin(&mut self, start: &Start) {
        let now = Instant::now();
        let ladder = self.ladder(&start.tracks);
        if self.leaving.is_none() {
            self.lockstep.refit(&ladder);
        }
        let audio = start.tracks.audio.clone().filter(|_| self.codes_sound);
        let tracks = Arc::new(Tracks { video: start.tracks.video.clone(), audio });
        let job = Job { tracks: Arc::clone(&tracks), ladder: ladder.clone(), from: Some(start.from) };
        match Worker::start(&self.shared.config, &self.confinement, &job) {
            Ok(worker) => {
                let figures = &self.shared.figures;
                Figures::count(&figures.started);
                let running = Held::new(figures, |figures| &figures.running, 1);
                let (fed, is_finished) = (start.at, false);
                self.hand = Some(Hand { worker, tracks, ladder, fed, is_finished, _running: running });
                self.watch.begun(start.from, now);
            }
            Err(error) => self.lose(Cause::Unstartable, &words(&error)),
        }
    }

    /// The ladder for these tracks.
    fn ladder(&self, tracks: &Tracks) -> Ladder {
        let input = beginning::input(tracks, self.input.frame_rate);
        let Some(input) = input.filter(|input| *input != self.input) else { return self.plan.clone() };
        self.plan.refit(&input)
    }

    /// Feeds the worker what it has not had.
    fn feed(&mut self) {
        let mut failed = None;
        while let Some(hand) = &mut self.hand {
            // Too much was let go: it resumes at the keyframe that is there.
            hand.fed = hand.fed.max(self.kept.base());
            let is_live = hand.fed + 1 == self.kept.end();
            let Some(food) = self.kept.food(hand.fed, &hand.tracks, self.codes_sound) else { break };
            match food {
                Food::Frame(_) if !is_live && !hand.worker.has_room() => break,
                Food::Frame(frame)
                    if frame.track == TrackKind::Video
                        && frame.keyframe
                        && hand.worker.is_worn()
                        && self.leaving.is_none() =>
                {
                    let number = hand.fed;
                    self.relieve(number, "the worker has grown by what it read");
                }
                Food::Frame(frame) => {
                    if let Err(error) = hand.worker.feed(&frame) {
                        failed = Some(error);
                        break;
                    }
                    hand.fed += 1;
                }
                Food::Nothing => hand.fed += 1,
                Food::Change(_) if self.leaving.is_some() => break,
                Food::Change(number) => self.relieve(number, "the source changed"),
            }
        }
        if let Some(error) = failed {
            self.lose(Cause::Behind, &words(&error));
        }
    }

    /// Lets the worker finish, and has another one go on at this keyframe.
    fn relieve(&mut self, number: u64, why: &str) {
        let Some(mut hand) = self.hand.take() else { return };
        hand.worker.finish();
        hand.is_finished = true;
        self.leaving = Some(Leaving { hand, until: Instant::now() + RELIEF });
        self.watch.relieved(number);
        if let Some(start) = self.kept.start(None, number) {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            let video = start.tracks.video.as_ref();
            let size = video.map(|video| format!("{}x{}", video.width, video.height));
            info!(%channel, %stream, size, why, "another worker goes on at a keyframe");
            self.begin(&start);
        }
    }

    /// The worker is gone, or has to go.
    fn lose(&mut self, cause: Cause, error: &str) {
        let now = Instant::now();
        if let Some(hand) = self.hand.take() {
            self.bury(hand);
        }
        // One that has not had its turn left nothing.
        if self.leaving.is_none() {
            self.lockstep.discard();
        }
        self.shared.figures.lost(cause);
        let group = self.kept.group_of(self.lockstep.line());
        self.retry = self.watch.died(cause, group, self.kept.newest_entrance(), now);
        self.halted.get_or_insert((now, cause));
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        let (deaths, pause) = (self.watch.deaths(), self.retry.saturating_duration_since(now).as_millis());
        warn!(
            %channel, %stream, cause = cause.as_str(), error, in_a_row = deaths, pause_ms = pause,
            "transcoding worker lost; another one takes up its work"
        );
    }

    /// Counts what it used, and ends it.
    fn bury(&self, mut hand: Hand) {
        self.shared.figures.used(hand.worker.used());
    }

    fn look(&mut self, with_usage: bool) {
        let now = Instant::now();
        if self.leaving.as_ref().is_some_and(|leaving| now >= leaving.until) {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            warn!(%channel, %stream, "a relieved worker is out of time: its last pictures are lost");
            self.part();
        }
        if self.hand.is_some()
            && self.leaving.is_none()
            && let Some(cause) = self.watch.verdict(now)
        {
            let lag = self.watch.lag(now).as_millis();
            self.lose(cause, &format!("a picture waits for {lag} ms"));
        }
        let leaving = self.leaving.as_mut().map(|leaving| &mut leaving.hand);
        for hand in self.hand.iter_mut().chain(leaving) {
            // One that is about to end may not be there at the next look.
            if with_usage || hand.is_finished {
                self.shared.figures.used(hand.worker.used());
            }
        }
        self.attend();
    }

    // What they make

    fn made(&mut self, output: Output) {
        let mut output = Some(output);
        for left in (0..BATCH).rev() {
            match output.take() {
                Some(Output::Ended(result)) => {
                    self.ended(result);
                    break;
                }
                Some(output) => self.sort(output),
                None => break,
            }
            let hand = self.hand.as_mut().filter(|_| left > 0);
            output = hand.and_then(|hand| now_or_never(hand.worker.next()));
        }
        self.show();
        self.attend();
    }

    /// Of a worker that was relieved.
    fn made_last(&mut self, output: Output) {
        match output {
            Output::Ended(_) => self.part(),
            output => {
                self.sort(output);
                self.show();
            }
        }
    }

    /// The relieved worker is done, or out of time.
    fn part(&mut self) {
        let Some(leaving) = self.leaving.take() else { return };
        self.bury(leaving.hand);
        self.lockstep.finish();
        self.show();
        if let Some(hand) = &self.hand {
            self.lockstep.refit(&hand.ladder);
        }
        self.attend();
    }

    fn sort(&mut self, output: Output) {
        match output {
            Output::Tracks(rung, tracks) => self.lockstep.tracks(rung, tracks),
            Output::Frame(rung, frame) => self.lockstep.frame(rung, frame),
            Output::Thumbnail(thumbnail) => self.broadcast.put_thumbnail(thumbnail),
            Output::Ended(_) => {}
        }
    }

    fn ended(&mut self, result: Result<(), Error>) {
        let is_asked = self.hand.as_ref().is_some_and(|hand| hand.is_finished);
        match result {
            Ok(()) if is_asked => {
                self.lockstep.finish();
                if let Some(hand) = self.hand.take() {
                    self.bury(hand);
                }
                self.halted = None;
            }
            Ok(()) => self.lose(Cause::Died, "it ended by itself"),
            Err(error) => self.lose(Cause::Died, &words(&error)),
        }
    }

    /// Brings out what all renditions have.
    fn show(&mut self) {
        let before = self.lockstep.line();
        self.lockstep.advance(|pts| self.watch.next(pts));
        while let Some((place, entry)) = self.lockstep.release() {
            let Some(rung) = self.rungs.get_mut(place) else { continue };
            match entry {
                Entry::Tracks(tracks) => rung.set_tracks(tracks),
                Entry::Frame(frame) => rung.push(frame),
            }
        }
        let line = self.lockstep.line().filter(|line| Some(*line) > before);
        if let Some(line) = line {
            let now = Instant::now();
            self.watch.done(line, now, |delay| self.shared.figures.delay(delay));
            let fed = self.hand.as_ref().map_or(u64::MAX, |hand| hand.fed);
            self.kept.let_go(Some(line), fed);
            self.recover(now);
        }
    }

    fn recover(&mut self, now: Instant) {
        if let Some((since, cause)) = self.halted.take_if(|_| self.hand.is_some()) {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            let milliseconds = now.saturating_duration_since(since).as_millis();
            info!(%channel, %stream, cause = cause.as_str(), milliseconds, "transcoding goes on");
        }
    }
}

async fn output(hand: Option<&mut Hand>) -> Output {
    match hand {
        Some(hand) => hand.worker.next().await,
        None => pending().await,
    }
}

async fn over(ending: Option<Instant>) {
    match ending {
        Some(ending) => sleep_until(ending).await,
        None => pending().await,
    }
}

/// What a future that is safe to cancel has ready.
fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
