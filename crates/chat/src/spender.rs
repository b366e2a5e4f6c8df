//! Uses tokens up, many in one commit.
//!
//! Promise: a token is answered for only after the commit that used it; one slow commit delays joins, nothing
//! else; what waits is bounded by [`QUEUE`], behind which handshakes wait in turn.

use std::time::Duration;

use store::{SpentToken, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::warn;

/// Tokens that wait for a commit.
const QUEUE: usize = 4_096;
/// Tokens of one commit.
const BATCH: usize = 256;
/// While joins come fast, a commit waits so long for more.
const GATHER: Duration = Duration::from_millis(1);
/// Joins come fast when the last commit is no longer ago.
const BUSY: Duration = Duration::from_millis(5);

struct Ask {
    token: SpentToken,
    answer: oneshot::Sender<bool>,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// This was its first use.
    First,
    /// It was used before.
    Again,
    /// Unknown: the store did not answer.
    Unknown,
}

/// The way to the task that spends.
#[derive(Clone)]
pub(crate) struct Spender(mpsc::Sender<Ask>);

/// The task's end.
pub(crate) struct Queue(mpsc::Receiver<Ask>);

pub(crate) fn spender() -> (Spender, Queue) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Spender(sender), Queue(receiver))
}

impl Spender {
    pub(crate) async fn spend(&self, token: SpentToken) -> Spent {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Ask { token, answer }).await.is_err() {
            return Spent::Unknown;
        }
        match answered.await {
            Ok(true) => Spent::First,
            Ok(false) => Spent::Again,
            Err(_) => Spent::Unknown,
        }
    }
}

impl Queue {
    /// Spends until nobody can ask any more.
    pub(crate) async fn run(mut self, store: Store) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut last: Option<Instant> = None;
        while self.0.recv_many(&mut batch, BATCH).await > 0 {
            if last.is_some_and(|last| last.elapsed() < BUSY) {
                self.gather(&mut batch).await;
            }
            commit(&store, &mut batch).await;
            last = Some(Instant::now());
        }
    }

    async fn gather(&mut self, batch: &mut Vec<Ask>) {
        tokio::time::sleep(GATHER).await;
        while batch.len() < BATCH {
            let Ok(ask) = self.0.try_recv() else { return };
            batch.push(ask);
        }
    }
}

async fn commit(store: &Store, batch: &mut Vec<Ask>) {
    let tokens: Vec<_> = batch.iter().map(|ask| ask.token).collect();
    match store.spend_chat_tokens(&tokens).await {
        Ok(first) => {
            for (ask, first) in batch.drain(..).zip(first) {
                // Whoever asked may have hung up; the token is used all the same.
                let _ = ask.answer.send(first);
            }
        }
        Err(error) => {
            warn!(error = %domain::chain(&error), tokens = tokens.len(), "could not use up chat tokens");
            batch.clear();
        }
    }
}
