//! Who holds which stream: the table by which a stream goes from one connection to another.
//!
//! Promise: a stream is held by one connection at a time, and passes to another between two frames; a
//! connection that is stuck or dead holds nobody up. No lock here is held while anything waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Arn, TakeoverFailure};
use live::{Broadcast, Publisher};
use media::Tracks;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::ending::Ending;
use crate::life::Life;
use crate::timeline::Edge;

/// Newcomers that may ask for a sign of life at once.
const KNOCKS: usize = 4;

/// A newcomer's question whether the holder lives; answered by the next bytes from its encoder.
pub(crate) type Knock = oneshot::Sender<()>;

/// All that goes with a stream, from connection to connection.
pub(crate) struct Reins {
    pub(crate) publisher: Publisher,
    pub(crate) life: Life,
    /// How far the stream has come.
    pub(crate) edge: Edge,
    /// When bytes came last.
    pub(crate) heard: Instant,
    priority: Option<u32>,
    takeovers: u32,
}

/// Why a stream was taken from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Another encoder goes on with it.
    Replaced,
    /// Its encoder gave no sign of life for so many seconds, and another one wanted to begin.
    Lost(u64),
}

/// Why another encoder may not go on with a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    /// A rule of takeovers (user guide, "Stream Takeover").
    #[error("{}: {what}", .failure.as_str())]
    Rule {
        /// Which.
        failure: TakeoverFailure,
        /// In words.
        what: String,
    },
    /// A call stops this stream.
    #[error("the stream was asked to stop")]
    Stopping,
}

/// Who wants to go on with a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bid {
    /// Its priority.
    pub(crate) priority: u32,
    /// Takeovers that a stream may see.
    pub(crate) most: u32,
}

/// One connection's time with a stream.
pub(crate) struct Tenure {
    broadcast: Arc<Broadcast>,
    reins: Mutex<Option<Reins>>,
    fate: watch::Sender<Option<Fate>>,
    knocks: mpsc::Sender<Knock>,
}

impl Tenure {
    /// Is this stream to be stopped?
    pub(crate) fn is_stopping(&self) -> bool {
        self.broadcast.is_stopping()
    }

    /// Resolves when its connection is done with the stream. Safe to cancel.
    pub(crate) async fn ended(&self) {
        self.knocks.closed().await;
    }

    /// When the encoder was heard last; nothing when the stream is not here any more.
    pub(crate) fn heard(&self) -> Option<Instant> {
        self.reins().as_ref().map(|reins| reins.heard)
    }

    /// Asks for a sign of life. `None` when too many ask already; a question that ends without an answer
    /// says that this tenure is over.
    pub(crate) fn knock(&self) -> Option<oneshot::Receiver<()>> {
        let (knock, answer) = oneshot::channel();
        match self.knocks.try_send(knock) {
            Err(mpsc::error::TrySendError::Full(_)) => None,
            // A question that nobody can take is over at once.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Some(answer),
        }
    }

    /// Would this bid do by its priority, and may the stream be taken over once more? The stream's life is told
    /// of a refusal.
    ///
    /// # Errors
    /// The rule that forbids it. A stream that is not here any more forbids nothing.
    pub(crate) fn consider(&self, bid: Bid) -> Result<(), Denial> {
        self.reins().as_mut().map_or(Ok(()), |reins| reins.consider(bid))
    }

    /// Tells the stream's life that another encoder may not go on with it.
    pub(crate) fn refuse(&self, failure: TakeoverFailure) {
        if let Some(reins) = self.reins().as_mut() {
            reins.life.takeover_refused(failure);
        }
    }

    /// Ends the stream for want of life, unless its encoder was heard since `asked`.
    pub(crate) fn give_up(&self, asked: Instant) -> bool {
        let mut place = self.reins();
        if place.as_ref().is_none_or(|reins| reins.heard > asked) {
            return place.is_none();
        }
        let Some(Reins { publisher, life, heard, .. }) = place.take() else { return true };
        drop(place);
        let silent = heard.elapsed().as_secs();
        drop(publisher);
        life.end(&Ending::Lost(silent));
        self.fate.send_replace(Some(Fate::Lost(silent)));
        true
    }

    /// A panic under it leaves the stream whole: each change is one call.
    fn reins(&self) -> MutexGuard<'_, Option<Reins>> {
        self.reins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reins {
    fn consider(&mut self, bid: Bid) -> Result<(), Denial> {
        let running = self.priority.filter(|running| bid.priority <= *running);
        let rule = match running {
            Some(running) => {
                let what =
                    format!("the running stream has priority {running}; only a higher one takes it over");
                Some((TakeoverFailure::InvalidPriority, what))
            }
            None if self.takeovers >= bid.most => {
                let what = format!("the running stream was taken over {} times, its maximum", self.takeovers);
                Some((TakeoverFailure::LimitBreached, what))
            }
            None => None,
        };
        self.obey(rule)
    }

    /// Same size, codecs and number of tracks are asked for; parameter sets and bit rates may differ.
    fn compare(&mut self, offered: &Tracks) -> Result<(), Denial> {
        let running = self.publisher.broadcast().tracks();
        let difference = running.and_then(|running| difference(&running, offered));
        self.obey(difference.map(|what| (TakeoverFailure::MediaMismatch, what)))
    }

    fn obey(&mut self, rule: Option<(TakeoverFailure, String)>) -> Result<(), Denial> {
        let Some((failure, what)) = rule else { return Ok(()) };
        self.life.takeover_refused(failure);
        Err(Denial::Rule { failure, what })
    }
}

/// What keeps one encoder's media from going on with another's. Both pictures are H.264, both sounds AAC: the
/// intake takes nothing else in.
fn difference(running: &Tracks, offered: &Tracks) -> Option<String> {
    let size = |tracks: &Tracks| tracks.video.as_ref().map(|video| (video.width, video.height));
    if let (Some(old), Some(new)) = (size(running), size(offered))
        && old != new
    {
        let ((width, height), (new_width, new_height)) = (old, new);
        return Some(format!("the running stream is {width}x{height}, not {new_width}x{new_height}"));
    }
    let count = |tracks: &Tracks| usize::from(tracks.video.is_some()) + usize::from(tracks.audio.is_some());
    if count(running) != count(offered) {
        return Some(format!("the running stream has {} tracks, not {}", count(running), count(offered)));
    }
    let kind = |tracks: &Tracks| tracks.audio.as_ref().map(|audio| audio.object_type);
    (kind(running) != kind(offered)).then(|| "the running stream has another kind of AAC".to_owned())
}

/// The table of all streams that are held on this node.
#[derive(Default)]
pub(crate) struct Desk {
    tenures: Mutex<HashMap<Arn, Arc<Tenure>>>,
    changes: watch::Sender<u64>,
}

impl Desk {
    /// A connection begins a stream.
    pub(crate) fn open(&self, publisher: Publisher, life: Life, priority: Option<u32>) -> Holding<'_> {
        let (edge, heard) = (Edge::default(), Instant::now());
        let reins = Reins { publisher, life, edge, heard, priority, takeovers: 0 };
        let mut tenures = self.tenures();
        let holding = self.hand(&mut tenures, reins);
        drop(tenures);
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        holding
    }

    /// Who holds a channel's stream now.
    pub(crate) fn find(&self, channel: &Arn) -> Option<Arc<Tenure>> {
        self.tenures().get(channel).cloned()
    }

    /// Moves whenever a stream is begun.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Another connection goes on with a channel's stream, whose frames will be those of `tracks`; `None` when
    /// nobody holds one any more.
    ///
    /// # Errors
    /// Why it may not; the holder goes on undisturbed then.
    pub(crate) fn take_over(
        &self,
        channel: &Arn,
        bid: Bid,
        tracks: &Tracks,
    ) -> Result<Option<Holding<'_>>, Denial> {
        let mut tenures = self.tenures();
        let Some(old) = tenures.get(channel).cloned() else { return Ok(None) };
        let mut place = old.reins();
        let Some(reins) = place.as_mut() else { return Ok(None) };
        if old.is_stopping() {
            return Err(Denial::Stopping);
        }
        reins.consider(bid)?;
        reins.compare(tracks)?;
        let Some(mut reins) = place.take() else { return Ok(None) };
        drop(place);
        old.fate.send_replace(Some(Fate::Replaced));
        reins.takeovers += 1;
        reins.priority = Some(bid.priority);
        reins.heard = Instant::now();
        reins.life.taken_over();
        Ok(Some(self.hand(&mut tenures, reins)))
    }

    fn hand(&self, tenures: &mut HashMap<Arn, Arc<Tenure>>, reins: Reins) -> Holding<'_> {
        let (sender, knocks) = mpsc::channel(KNOCKS);
        let broadcast = reins.publisher.broadcast().clone();
        let channel = broadcast.channel().clone();
        let (fate, told) = watch::channel(None);
        let tenure = Arc::new(Tenure { broadcast, reins: Mutex::new(Some(reins)), fate, knocks: sender });
        tenures.insert(channel, tenure.clone());
        Holding { desk: self, tenure, knocks, told }
    }

    fn tenures(&self) -> MutexGuard<'_, HashMap<Arn, Arc<Tenure>>> {
        self.tenures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's hold on its stream. Dropping it ends the stream, if it is still held.
pub(crate) struct Holding<'a> {
    desk: &'a Desk,
    tenure: Arc<Tenure>,
    knocks: mpsc::Receiver<Knock>,
    told: watch::Receiver<Option<Fate>>,
}

/// What comes to a holder from others.
pub(crate) enum Call {
    /// The stream was taken away.
    Fate(Fate),
    /// A newcomer wants to know whether the encoder lives.
    Knock(Knock),
}

impl Holding<'_> {
    /// The stream.
    pub(crate) fn broadcast(&self) -> &Arc<Broadcast> {
        &self.tenure.broadcast
    }

    /// Does something to the stream; `None` when it was taken away.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Reins) -> R) -> Option<R> {
        self.tenure.reins().as_mut().map(act)
    }

    /// The next call. Safe to cancel.
    pub(crate) async fn called(&mut self) -> Call {
        let told = self.told.wait_for(Option::is_some);
        tokio::select! {
            // Neither sender is dropped before the tenure, which `self` holds.
            told = told => Call::Fate(told.ok().and_then(|told| *told).unwrap_or(Fate::Replaced)),
            Some(knock) = self.knocks.recv() => Call::Knock(knock),
        }
    }

    /// Resolves when the stream is taken away. Safe to cancel and call again.
    pub(crate) async fn fate(&mut self) -> Fate {
        // The sender lives in the tenure that `self` holds, so this can't fail.
        let told = self.told.wait_for(Option::is_some).await;
        told.ok().and_then(|told| *told).unwrap_or(Fate::Replaced)
    }

    /// Lets go of the stream, if it is still held here.
    pub(crate) fn resign(&self) -> Option<Reins> {
        self.tenure.reins().take()
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        drop(self.resign());
        let mut tenures = self.desk.tenures();
        let channel = self.tenure.broadcast.channel();
        if tenures.get(channel).is_some_and(|tenure| Arc::ptr_eq(tenure, &self.tenure)) {
            tenures.remove(channel);
        }
    }
}
