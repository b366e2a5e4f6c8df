//! The task between the queue and the stream, for as long as the bus lives.
//!
//! Promise: one envelope is handed out at a time, in the stream's order; each that was taken from the queue is
//! settled, and once; while there is no link, what is in the queue is lost at once, not sent late.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::Message;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::NatsConfig;
use super::fence::Fence;
use super::link::{Arrival, Link, LinkError};
use super::position::{Position, Step};
use super::shared::Shared;
use super::unsettled::{PATIENCE, Unsettled};
use super::wire::{self, Letter};
use crate::{BusConnectError, Envelope, NodeId};

/// How often times are looked at.
const TICK: Duration = Duration::from_millis(250);
/// Silence after which a link counts as dead: three heartbeats.
const SILENCE: Duration = Duration::from_secs(3);
/// Between attempts to open a link: doubled each time, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// How long a link must have lived for the pauses to start anew.
const STEADY: Duration = Duration::from_secs(10);
/// How long what is on the way may take when the bus is closed.
const FAREWELL: Duration = Duration::from_secs(2);
/// Envelopes written in one go, before reading has its turn.
const BATCH: usize = 64;
/// Envelopes read in one go, before writing has its turn.
const READ_BATCH: usize = 1_024;

/// Why carrying stopped.
enum End {
    Closed,
    Link(LinkError),
    Silent,
    Deaf,
}

pub(super) struct Carrier {
    config: NatsConfig,
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Arc<Envelope>>,
    stop: CancellationToken,
    unsettled: Unsettled,
    fence: Fence,
    /// How many letters this node wrote.
    written: u64,
    /// The number of the first one on this link.
    first_of_link: u64,
    /// The number of the sign of a gap that did not come back yet.
    gap_sign: Option<u64>,
    /// An envelope could not be read. Told with the next tick, so that a flood of them is a trickle of gaps.
    skipped: bool,
    /// Before the next attempt to open a link.
    pause: Duration,
}

impl Carrier {
    pub(super) fn new(
        config: NatsConfig,
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Arc<Envelope>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            config,
            shared,
            queue,
            stop,
            unsettled: Unsettled::default(),
            fence: Fence::default(),
            written: 0,
            first_of_link: 0,
            gap_sign: None,
            skipped: false,
            pause: FIRST_PAUSE,
        }
    }

    /// Carries until the bus is closed.
    pub(super) async fn run(mut self, link: Link, position: Position) {
        let (mut link, mut position) = (link, position);
        loop {
            let since = Instant::now();
            let end = self.carry(&mut link, &mut position).await;
            self.shared.set_linked(false);
            if since.elapsed() > STEADY {
                self.pause = FIRST_PAUSE;
            }
            if self.gap_sign.take().is_some() {
                self.shared.owe_gap();
            }
            match end {
                End::Closed => break self.say_farewell(&mut link, &mut position).await,
                End::Link(error) => {
                    tracing::warn!(error = %domain::chain(&error), "the link to NATS is gone");
                }
                End::Silent => tracing::warn!("the link to NATS is gone: no heartbeat"),
                End::Deaf => tracing::warn!("the link to NATS does not give back what is written to it"),
            }
            drop(link);
            match self.open(position).await {
                Some(opened) => (link, position) = opened,
                None => break,
            }
        }
        self.lose_everything();
    }

    async fn carry(&mut self, link: &mut Link, position: &mut Position) -> End {
        let (mut batch, since) = (Vec::with_capacity(BATCH), Instant::now());
        let mut heard = since;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.first_of_link = self.written + 1;
        if let Err(error) = self.write_sign(link).await {
            return End::Link(error);
        }
        loop {
            let done = tokio::select! {
                () = self.stop.cancelled() => return End::Closed,
                message = link.next() => {
                    heard = Instant::now();
                    match message {
                        Ok(message) => self.read_batch(link, position, message).await,
                        Err(error) => Err(error),
                    }
                }
                count = self.queue.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return End::Closed;
                    }
                    self.write(link, &mut batch).await
                }
                _ = tick.tick() => {
                    self.look_at_times();
                    if heard.elapsed() > SILENCE {
                        return End::Silent;
                    }
                    if since.elapsed() > PATIENCE && !self.shared.linked() {
                        return End::Deaf;
                    }
                    self.write_owed_gap(link).await
                }
            };
            if let Err(error) = done {
                return End::Link(error);
            }
        }
    }

    /// Says that this node is here. Whoever reads it drops what the network delivers of the link before; when it
    /// comes back to this node, the link is known to work.
    async fn write_sign(&mut self, link: &Link) -> Result<(), LinkError> {
        self.written += 1;
        let gap = self.shared.take_owed_gap();
        if gap {
            self.gap_sign = Some(self.written);
        }
        link.write(None, wire::encode_sign(self.written, self.shared.node(), gap)).await
    }

    /// Says that all shall look again, when that is owed. One sign at a time.
    async fn write_owed_gap(&mut self, link: &Link) -> Result<(), LinkError> {
        if self.gap_sign.is_none() && self.shared.owes_gap() { self.write_sign(link).await } else { Ok(()) }
    }

    async fn write(&mut self, link: &Link, batch: &mut Vec<Arc<Envelope>>) -> Result<(), LinkError> {
        let since = Instant::now();
        let mut done = Ok(());
        for envelope in batch.drain(..) {
            // What was not written before a cut shall not be written after it.
            if done.is_err() {
                self.shared.tell_lost(&envelope);
                continue;
            }
            self.written += 1;
            let text = wire::encode(self.written, &envelope);
            self.unsettled.push(self.written, since, Arc::clone(&envelope));
            self.shared.count_published();
            done = link.write(Some(&envelope.subject), text).await;
        }
        done
    }

    /// Reads a message and those that are here with it. As many as are written in one go, times the nodes that
    /// write: reading must not fall behind writing.
    async fn read_batch(
        &mut self,
        link: &mut Link,
        position: &mut Position,
        message: Message,
    ) -> Result<(), LinkError> {
        let (mut next, mut count) = (Some(message), 0);
        while let Some(message) = next {
            let arrival = link.take(message).await?;
            self.read(position, arrival);
            count += 1;
            next = if count < READ_BATCH { link.ready() } else { None };
        }
        Ok(())
    }

    fn read(&mut self, position: &mut Position, arrival: Arrival) {
        let Arrival::Message(number, text) = arrival else { return };
        match position.step(number) {
            Step::Old => return,
            Step::Gap => self.shared.tell_gap(),
            Step::Next => {}
        }
        match wire::decode(&text) {
            Ok(letter) => self.hand_out(letter),
            Err(error) => {
                tracing::debug!(error = %domain::chain(&error), "an envelope is unreadable");
                self.shared.count_unreadable();
                self.skipped = true;
            }
        }
    }

    fn hand_out(&mut self, Letter { node, number, gap, said }: Letter) {
        if !self.fence.pass(&node, number) {
            return;
        }
        self.settle(&node, number);
        if gap {
            self.shared.tell_gap();
        }
        if let Some((subject, body)) = said {
            self.shared.hand_out(&Arc::new(Envelope { node, subject, body }));
        }
    }

    /// Settles what came back, and what it overtook: the fence keeps that out from now on.
    fn settle(&mut self, node: &NodeId, number: u64) {
        if node != self.shared.node() {
            return;
        }
        if !self.shared.linked() && number >= self.first_of_link {
            self.shared.set_linked(true);
            tracing::info!("the link to NATS is up");
        }
        self.gap_sign = self.gap_sign.filter(|sign| *sign > number);
        while let Some(passed) = self.unsettled.pass(number) {
            self.shared.tell_lost(&passed);
        }
        if let Some(envelope) = self.unsettled.take(number) {
            self.shared.release(envelope.weight());
        }
    }

    fn look_at_times(&mut self) {
        let now = Instant::now();
        while let Some(envelope) = self.unsettled.overdue(now) {
            self.shared.tell_lost(&envelope);
        }
        if std::mem::take(&mut self.skipped) {
            tracing::warn!("envelopes were unreadable: is a node of a newer version about?");
            self.shared.tell_gap();
        }
    }

    /// Opens another link; `None` when the bus is closed before that works.
    async fn open(&mut self, position: Position) -> Option<(Link, Position)> {
        let mut told = None;
        loop {
            // Nodes that lost their link at the same moment shall not come back at the same moment.
            let pause = self.pause;
            self.pause = (pause * 2).min(LAST_PAUSE);
            let jitter = pause * (RandomState::new().hash_one(()) % 64) as u32 / 64;
            self.wait(tokio::time::sleep(pause / 2 + jitter)).await?;
            let config = self.config.clone();
            match self.wait(Link::open(&config, Some(position))).await? {
                Ok((link, position, gap)) => {
                    self.lose_queue();
                    if gap {
                        self.shared.tell_gap();
                    }
                    return Some((link, position));
                }
                Err(error) => tell_once(&mut told, &error),
            }
        }
    }

    /// Waits for `act` and meanwhile loses what comes into the queue; `None` when the bus is closed.
    async fn wait<T>(&mut self, act: impl Future<Output = T>) -> Option<T> {
        let mut act = std::pin::pin!(act);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                done = &mut act => return Some(done),
                envelope = self.queue.recv() => self.shared.tell_lost(&envelope?),
                _ = tick.tick() => self.look_at_times(),
            }
        }
    }

    /// Writes what is in the queue and waits a while for all that is on the way.
    async fn say_farewell(&mut self, link: &mut Link, position: &mut Position) {
        self.queue.close();
        let farewell = async {
            let mut batch = Vec::new();
            while self.queue.recv_many(&mut batch, BATCH).await > 0 {
                self.write(link, &mut batch).await?;
            }
            link.flush().await;
            while !self.unsettled.is_empty() {
                let message = link.next().await?;
                let arrival = link.take(message).await?;
                self.read(position, arrival);
            }
            Ok::<(), LinkError>(())
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }

    fn lose_queue(&mut self) {
        while let Ok(envelope) = self.queue.try_recv() {
            self.shared.tell_lost(&envelope);
        }
    }

    fn lose_everything(&mut self) {
        self.queue.close();
        self.lose_queue();
        while let Some(envelope) = self.unsettled.pop() {
            self.shared.tell_lost(&envelope);
        }
    }
}

/// Logs why a link can't be opened, once for each reason in a row.
fn tell_once(told: &mut Option<String>, error: &BusConnectError) {
    let reason = domain::chain(error);
    if told.as_ref() != Some(&reason) {
        tracing::warn!(error = %reason, "no link to NATS; trying again");
        *told = Some(reason);
    }
}
