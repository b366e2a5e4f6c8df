//! One broadcast's way from its first pictures to its ladder, and to the end.
//!
//! Promise: the ladder is decided within moments of the first pictures, whatever fails; a stream that is refused is
//! told why; nothing here makes the source wait.

mod beginning;
mod drive;
mod kept;
mod lockstep;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use domain::{ChannelType, chain};
use live::{Broadcast, Next, RenditionPublisher, Subscriber};
use tokio::sync::{OnceCell, watch as latest};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::capacity::{Budget, Reservation};
use crate::figures::{Figures, Held};
use crate::thumbnail::{self, Scope, Thumbnailer, refuse};
use crate::worker::Confinement;
use crate::{Config, Error, Input, Ladder, WhenFull};

use beginning::Beginning;
use drive::Drive;

/// What a refused broadcaster and the stream's events are told (user guide, "Amazon EventBridge": Stream Failure).
const REFUSED: &str = "Transcode capacity exceeded. Please try again.";

/// A stream whose first pictures come slowly is judged by what is there after so long.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// Longest wait for what is found out about the machine.
const EXAMINATION: Duration = Duration::from_secs(5);

/// What the machine can do.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    /// It can make so much.
    Able {
        /// Room for all streams.
        budget: Budget,
        /// How workers are started.
        confinement: Arc<Confinement>,
        /// Makes the small pictures of what is passed through.
        thumbnailer: Arc<Thumbnailer>,
    },
    /// It can't transcode.
    Unable,
}

impl Finding {
    /// It can make so much of `shared`'s streams, with workers that are confined so.
    pub(crate) fn able(budget: Budget, confinement: Confinement, shared: &Shared) -> Self {
        let (config, figures) = (shared.config.clone(), Arc::clone(&shared.figures));
        let thumbnailer = Thumbnailer::new(config, confinement.clone(), figures);
        Self::Able { budget, confinement: Arc::new(confinement), thumbnailer: Arc::new(thumbnailer) }
    }
}

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) figures: Arc<Figures>,
    /// `None` as long as it is not found out.
    pub(crate) finding: latest::Receiver<Option<Finding>>,
    /// For streams that can't wait for that.
    pub(crate) guess: Budget,
    /// How workers are started, once that is found out.
    pub(crate) confinement: OnceCell<Confinement>,
    /// Workers get so many times the usual time before they are given up.
    pub(crate) patience: u32,
}

impl Shared {
    /// How workers are started.
    pub(crate) async fn confinement(&self) -> Confinement {
        self.confinement.get_or_init(|| Confinement::found(&self.config)).await.clone()
    }
}

/// A broadcast whose ladder is to be decided.
#[derive(Debug)]
pub(crate) struct Session {
    shared: Arc<Shared>,
    broadcast: Arc<Broadcast>,
}

/// A ladder that there is room for.
struct Decided {
    ladder: Ladder,
    input: Input,
    rungs: Vec<RenditionPublisher>,
    confinement: Arc<Confinement>,
    room: Reservation,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, broadcast: Arc<Broadcast>) -> Self {
        Self { shared, broadcast }
    }

    /// Works until the broadcast's end, or `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        self.work(&shutdown).await;
        // Whatever the reason is why none were made.
        self.broadcast.end_ordered_thumbnails();
    }

    async fn work(&self, shutdown: &CancellationToken) {
        let first = thumbnail::beginning(&self.broadcast);
        if self.broadcast.channel_type() != ChannelType::Basic {
            match shutdown.run_until_cancelled(self.begin()).await.flatten() {
                None => return,
                Some((frames, beginning, Some(decided))) => {
                    let over = shutdown.child_token();
                    let pictures = self.thumbnails(Scope::Ordered, first, &over, shutdown);
                    let renditions = async {
                        self.transcode(frames, beginning, decided, shutdown).await;
                        over.cancel();
                    };
                    tokio::join!(renditions, pictures);
                    return;
                }
                Some((_, _, None)) => {}
            }
        }
        if self.broadcast.failure().is_none() {
            self.thumbnails(Scope::All, first, shutdown, shutdown).await;
        }
    }

    /// Decides the ladder. `None`: the stream ended before. No ladder: nothing is to be made.
    async fn begin(&self) -> Option<(Subscriber, Beginning, Option<Decided>)> {
        let mut frames = self.broadcast.subscribe();
        let (beginning, input) = begin(&mut frames).await?;
        let decided = self.decide(input, beginning.sound_rate(), self.finding().await);
        Some((frames, beginning, decided))
    }

    /// Makes small pictures, once it is known how: that is waited for until the stream is `over`.
    async fn thumbnails(
        &self,
        scope: Scope,
        first: Option<Subscriber>,
        over: &CancellationToken,
        shutdown: &CancellationToken,
    ) {
        let mut finding = self.shared.finding.clone();
        let known = over.run_until_cancelled(finding.wait_for(Option::is_some)).await;
        let known = known.and_then(Result::ok).and_then(|finding| finding.clone());
        match known {
            Some(Finding::Able { thumbnailer, .. }) => {
                thumbnailer.run(&self.broadcast, scope, first, over, shutdown).await;
            }
            Some(Finding::Unable) => refuse(&self.broadcast, "the installed ffmpeg can't be used"),
            None => {}
        }
    }

    /// What the machine can do, as far as that is known within moments.
    async fn finding(&self) -> Finding {
        let mut finding = self.shared.finding.clone();
        let known = tokio::time::timeout(EXAMINATION, finding.wait_for(Option::is_some)).await;
        let known = known.ok().and_then(Result::ok).and_then(|finding| finding.clone());
        match known {
            Some(known) => known,
            None => Finding::able(self.shared.guess.clone(), self.shared.confinement().await, &self.shared),
        }
    }

    /// Decides the ladder; `None` if nothing is to be made.
    fn decide(&self, input: Input, sound_rate: u32, finding: Finding) -> Option<Decided> {
        let Finding::Able { budget, confinement, .. } = finding else {
            self.pass_through(&input);
            return None;
        };
        let whole = Ladder::of(self.broadcast.channel_type(), self.broadcast.preset(), &input);
        let Some((ladder, room)) = self.fit(&whole, &budget) else {
            self.refuse(&whole, &budget);
            return None;
        };
        if ladder.rungs.iter().all(|rung| rung.picture.is_none()) {
            self.pass_through(&input);
            return None;
        }
        self.tell(&input, &ladder);
        let terms = ladder.rungs.iter().map(|rung| rung.terms(sound_rate)).collect();
        let rungs = self.broadcast.set_ladder(ladder.offers_source, terms)?;
        Some(Decided { ladder, input, rungs, confinement, room })
    }

    /// As much of the ladder as there is room for. `None`: too little.
    fn fit(&self, whole: &Ladder, budget: &Budget) -> Option<(Ladder, Reservation)> {
        if let Some(room) = budget.reserve(whole.pixels()) {
            return Some((whole.clone(), room));
        }
        if self.shared.config.when_full == WhenFull::Refuse {
            return None;
        }
        // Another stream may take the room between the look and the reservation; then there is less of it.
        let fitting = loop {
            let ladder = whole.clone().within(budget.room());
            if let Some(room) = budget.reserve(ladder.pixels()) {
                break (ladder, room);
            }
        };
        Figures::count(&self.shared.figures.short);
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        let (wanted, capacity) = (whole.pixels(), budget.whole());
        warn!(
            %channel, %stream, wanted, granted = fitting.0.pixels(), capacity,
            "no room for the whole ladder: its largest renditions are left out"
        );
        Some(fitting)
    }

    fn refuse(&self, whole: &Ladder, budget: &Budget) {
        Figures::count(&self.shared.figures.refused);
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        let (wanted, room, capacity) = (whole.pixels(), budget.room(), budget.whole());
        warn!(%channel, %stream, wanted, room, capacity, "stream refused: no room for its ladder");
        self.broadcast.fail(REFUSED);
    }

    fn pass_through(&self, input: &Input) {
        self.tell(input, &Ladder::passed_through());
        self.broadcast.set_ladder(true, Vec::new());
    }

    fn tell(&self, input: &Input, ladder: &Ladder) {
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        let names: Vec<&str> = ladder.rungs.iter().map(|rung| &*rung.name).collect();
        info!(
            %channel, %stream, width = input.width, height = input.height, frame_rate = input.frame_rate,
            source = ladder.offers_source, renditions = names.join(" "), pixels = ladder.pixels(),
            "ladder decided"
        );
    }

    async fn transcode(
        &self,
        frames: Subscriber,
        beginning: Beginning,
        decided: Decided,
        shutdown: &CancellationToken,
    ) {
        let Decided { ladder, input, rungs, confinement, room } = decided;
        let figures = &self.shared.figures;
        let _reserved = Held::new(figures, |figures| &figures.reserved, room.pixels());
        let _one = Held::new(figures, |figures| &figures.streams, 1);
        let drive = Drive::new(&self.shared, &self.broadcast, confinement, (ladder, input), rungs);
        drive.run(frames, beginning.into_frames(), shutdown.clone()).await;
    }
}

/// Reads until there is enough to judge by. `None`: the stream ended before.
async fn begin(frames: &mut Subscriber) -> Option<(Beginning, Input)> {
    let mut beginning = Beginning::default();
    let mut deadline: Option<Instant> = None;
    loop {
        let next = tokio::select! {
            next = frames.next() => next,
            () = overdue(deadline) => Next::End,
        };
        match next {
            Next::Tracks(tracks) => beginning.tracks(tracks),
            Next::Frame(frame) => beginning.frame(frame),
            Next::Metadata(_) | Next::Lagged => {}
            Next::End if deadline.is_some_and(|deadline| Instant::now() >= deadline) => break,
            Next::End => return None,
        }
        if beginning.has_pictures() && deadline.is_none() {
            deadline = Some(Instant::now() + FIRST_LOOK);
        }
        if beginning.is_enough() {
            break;
        }
    }
    let input = beginning.input()?;
    Some((beginning, input))
}

async fn overdue(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// An error and what caused it, in one line.
pub(crate) fn words(error: &Error) -> String {
    chain(error).replace('\n', " ")
}

#[cfg(test)]
mod tests;
