//! The service: one session for each channel that is recorded.
//!
//! Promise: `run` returns only when every recording is in its bucket or safe on its tape, in bounded time after
//! shutdown.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::{Arn, StreamId};
use live::{Broadcast, Hub};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::courier::Means;
use crate::house::House;
use crate::recovery;
use crate::retention::Retention;
use crate::session::{Session, WAITING};
use crate::tape::Rack;
use crate::{Config, Deps, Figures};

type Inbox = mpsc::Receiver<Arc<Broadcast>>;

/// Records what goes on air.
#[derive(Debug)]
pub struct Recorder {
    config: Config,
    deps: Deps,
    figures: Arc<Figures>,
}

impl Recorder {
    /// One that starts working when it is run.
    pub fn bind(config: Config, deps: Deps) -> Self {
        Self { config, deps, figures: Arc::default() }
    }

    /// What is counted.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    /// Takes up what earlier runs left on tapes, beside new streams, and works until `shutdown`; then ends what is
    /// being recorded, which takes [`Config::drain`] at most.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { config, deps, figures } = self;
        let retention = Arc::new(Retention::new(&config, &deps, Arc::clone(&figures)));
        let Deps { hub, store, blobs } = deps;
        let deadline = CancellationToken::new();
        let means = Means {
            blobs,
            lanes: Arc::new(Semaphore::new(config.uploads.max(1))),
            figures,
            tasks: TaskTracker::new(),
            stop: deadline.clone(),
        };
        let house = House {
            node: config.node.into(),
            store,
            rack: Rack::new(config.tapes, config.keep_free),
            means: means.clone(),
            retention: Arc::clone(&retention),
            shutdown: shutdown.clone(),
            deadline: deadline.clone(),
        };
        let mut aside = JoinSet::new();
        aside.spawn(recovery::recover(house.clone()));
        aside.spawn({
            let shutdown = shutdown.clone();
            async move { retention.run(&shutdown).await }
        });
        aside.spawn({
            let (shutdown, deadline) = (shutdown.clone(), deadline.clone());
            async move {
                shutdown.cancelled().await;
                tokio::select! {
                    () = tokio::time::sleep(config.drain) => deadline.cancel(),
                    () = deadline.cancelled() => {}
                }
            }
        });
        Desk::new(hub, house).run(&shutdown, &mut aside).await;
        means.tasks.close();
        means.tasks.wait().await;
    }
}

/// Gives streams to the sessions of their channels.
struct Desk {
    hub: Hub,
    house: House,
    sessions: JoinSet<(Arn, Inbox)>,
    inboxes: HashMap<Arn, mpsc::Sender<Arc<Broadcast>>>,
    /// Streams that were on air at the last look and were given to a session.
    known: HashSet<StreamId>,
}

impl Desk {
    fn new(hub: Hub, house: House) -> Self {
        Self { hub, house, sessions: JoinSet::new(), inboxes: HashMap::new(), known: HashSet::new() }
    }

    async fn run(mut self, shutdown: &CancellationToken, aside: &mut JoinSet<()>) {
        let mut changes = self.hub.changes();
        while !shutdown.is_cancelled() {
            self.look();
            tokio::select! {
                // The hub that is asked lives in `self`, so this is never its end.
                _ = changes.changed() => {}
                Some(done) = self.sessions.join_next() => self.settle(done),
                Some(done) = aside.join_next() => complain(done),
                () = shutdown.cancelled() => {}
            }
        }
        while let Some(done) = self.sessions.join_next().await {
            self.settle(done);
        }
        // What is left to do has a deadline; with the sessions' end there may be nothing.
        while !aside.is_empty() {
            if aside.len() == 1 {
                self.house.deadline.cancel();
            }
            if let Some(done) = aside.join_next().await {
                complain(done);
            }
        }
    }

    fn look(&mut self) {
        let on_air = self.hub.on_air();
        let recorded = on_air.iter().filter(|broadcast| broadcast.recording().is_some());
        let mut known = HashSet::new();
        for broadcast in recorded {
            if self.known.contains(broadcast.stream()) || self.give(broadcast) {
                known.insert(broadcast.stream().clone());
            }
        }
        self.known = known;
    }

    /// False when the session has too much to do: the next look tries again.
    fn give(&mut self, broadcast: &Arc<Broadcast>) -> bool {
        let channel = broadcast.channel();
        if let Some(inbox) = self.inboxes.get(channel) {
            return inbox.try_send(Arc::clone(broadcast)).is_ok();
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        let is_given = sender.try_send(Arc::clone(broadcast)).is_ok();
        self.inboxes.insert(channel.clone(), sender);
        self.open(channel.clone(), receiver);
        is_given
    }

    fn open(&mut self, channel: Arn, inbox: Inbox) {
        self.sessions.spawn(Session::new(self.house.clone(), channel, inbox).run());
    }

    fn settle(&mut self, done: Result<(Arn, Inbox), JoinError>) {
        match done {
            Ok((channel, inbox)) if !inbox.is_empty() => self.open(channel, inbox),
            Ok((channel, _)) => drop(self.inboxes.remove(&channel)),
            Err(cause) => {
                tracing::error!(%cause, "a recording session broke; the next start finishes what it recorded");
                // Channels whose session is gone get a new one with their next stream.
                self.inboxes.retain(|_, inbox| !inbox.is_closed());
            }
        }
    }
}

fn complain(done: Result<(), JoinError>) {
    if let Err(cause) = done {
        tracing::error!(%cause, "what finishes earlier recordings broke");
    }
}
