//! Sessions that a server left open when it died.
//!
//! Promise: each is closed once, by whoever comes first, at the last moment at which it is known to have lived, with
//! the events that it did not live to tell.

use std::collections::HashMap;
use std::time::Duration;

use domain::{EventKind, StateChange, StreamSession};
use store::{Store, StoreError};
use tokio::time::Instant;

use super::step::{event, subject};

/// How long another server gives no sign of life before its streams are taken for ended.
const SILENCE: Duration = Duration::from_secs(30);

/// Closes what a node left open; tells how many sessions. Without a sign of life of it a session counts by its own
/// times.
pub(super) async fn close(store: &Store, node: &str, beaten_at: Option<i64>) -> Result<u32, StoreError> {
    let mut closed = 0;
    for session in store.open_sessions_of(node).await? {
        if close_one(store, &session, beaten_at).await? {
            closed += 1;
            tracing::warn!(
                channel = %session.channel.arn, stream = %session.stream, node,
                "closed the session of a server that died"
            );
        }
    }
    Ok(closed)
}

async fn close_one(
    store: &Store,
    session: &StreamSession,
    beaten_at: Option<i64>,
) -> Result<bool, StoreError> {
    let told = store.session_events(&session.stream).await?;
    let of_its_own = [Some(session.created_at), session.started_at, told.first().map(|event| event.at)];
    let at = of_its_own.into_iter().flatten().chain(beaten_at).max().unwrap_or(session.created_at);
    let subject = subject(session);
    let ended = EventKind::State(StateChange::SessionEnded);
    let said_goodbye = told.iter().any(|event| event.name == ended.name());
    let missing = [
        (!said_goodbye).then_some(ended),
        session.started_at.map(|_| EventKind::State(StateChange::StreamEnd)),
    ];
    let events: Vec<_> = missing.into_iter().flatten().map(|kind| event(&subject, at, kind)).collect();
    store.close_session(&session.stream, at, &events).await
}

/// Other servers, as far as they have sessions open: their last sign of life and since when it is known here.
///
/// What counts is that this server saw another one be silent for so long while it could itself look: neither clocks
/// that differ nor a database that was away for both make a living one look dead.
#[derive(Debug, Default)]
pub(super) struct Others {
    seen: HashMap<String, (i64, Instant)>,
}

impl Others {
    /// Looks, and closes what the dead left open. To be called every few seconds.
    pub(super) async fn look(&mut self, store: &Store, own: &str) -> Result<(), StoreError> {
        let looked = store.silent_nodes(i64::MAX).await.inspect_err(|_| self.seen.clear())?;
        let now = Instant::now();
        let dead = self.note(looked, own, now);
        for (node, beaten_at) in dead {
            close(store, &node, Some(beaten_at)).await?;
        }
        Ok(())
    }

    /// Notes what was seen; gives those that are dead.
    fn note(&mut self, looked: Vec<(String, i64)>, own: &str, now: Instant) -> Vec<(String, i64)> {
        let seen = std::mem::take(&mut self.seen);
        let mut dead = Vec::new();
        for (node, beaten_at) in looked.into_iter().filter(|(node, _)| node != own) {
            let before = seen.get(&node).filter(|(before, _)| *before == beaten_at);
            let since = before.map_or(now, |(_, since)| *since);
            if now.saturating_duration_since(since) >= SILENCE {
                dead.push((node.clone(), beaten_at));
            }
            self.seen.insert(node, (beaten_at, since));
        }
        dead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(others: &mut Others, seconds: u64, looked: &[(&str, i64)], start: Instant) -> Vec<String> {
        let looked = looked.iter().map(|(node, at)| ((*node).to_owned(), *at)).collect();
        let dead = others.note(looked, "me", start + Duration::from_secs(seconds));
        dead.into_iter().map(|(node, _)| node).collect()
    }

    #[test]
    fn a_server_is_dead_when_it_was_silent_for_half_a_minute_of_our_own() {
        let (mut others, start) = (Others::default(), Instant::now());
        assert!(look(&mut others, 0, &[("a", 1), ("b", 1), ("me", 1)], start).is_empty(), "however long ago");
        assert!(look(&mut others, 29, &[("a", 1), ("b", 2)], start).is_empty());
        assert_eq!(look(&mut others, 30, &[("a", 1), ("b", 2), ("me", 1)], start), ["a"]);
        assert_eq!(look(&mut others, 59, &[("b", 2)], start), ["b"]);
    }

    #[test]
    fn one_that_gives_a_sign_of_life_lives_on() {
        let (mut others, start) = (Others::default(), Instant::now());
        for second in 0..100 {
            let sign = i64::try_from(second / 20).expect("a small number");
            assert!(look(&mut others, second, &[("a", sign)], start).is_empty());
        }
    }
}
