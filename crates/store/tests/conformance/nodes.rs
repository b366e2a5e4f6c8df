//! Nodes' signs of life on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::StreamSession;
use store::Store;

use crate::sample::{channel, home, stream_session};

/// A session of this node, begun at the time of its number.
fn session(node: &str, number: usize) -> StreamSession {
    StreamSession { node: node.to_owned(), ..stream_session(channel(&home(), 1), number) }
}

pub(crate) async fn a_node_is_as_alive_as_it_said_last(store: &Store) {
    assert_eq!(store.heartbeat("one").await.unwrap(), None);
    for now in [5, 9, 7] {
        store.beat("one", now).await.unwrap();
        assert_eq!(store.heartbeat("one").await.unwrap(), Some(now), "its clock may be set back");
    }
    assert_eq!(store.heartbeat("two").await.unwrap(), None);
}

pub(crate) async fn only_nodes_with_open_sessions_are_missed(store: &Store) {
    for (node, number) in [("busy", 1), ("gone", 2), ("idle", 3)] {
        store.open_session(&session(node, number), &[]).await.unwrap();
    }
    assert!(store.close_session(&session("idle", 3).stream, 4, &[]).await.unwrap());
    store.beat("never had one", 5).await.unwrap();
    store.beat("busy", 100).await.unwrap();
    assert_eq!(store.silent_nodes(100).await.unwrap(), [("gone".to_owned(), 2)]);
    let both = [("busy".to_owned(), 100), ("gone".to_owned(), 2)];
    assert_eq!(store.silent_nodes(101).await.unwrap(), both);
    assert!(store.close_session(&session("gone", 2).stream, 6, &[]).await.unwrap());
    assert_eq!(store.silent_nodes(100).await.unwrap(), []);
}

pub(crate) async fn a_node_that_opens_a_session_lives(store: &Store) {
    store.beat("one", 5).await.unwrap();
    store.open_session(&session("one", 90), &[]).await.unwrap();
    assert_eq!(store.heartbeat("one").await.unwrap(), Some(90), "not missed for its last stream");
    store.open_session(&session("one", 80), &[]).await.unwrap();
    assert_eq!(store.heartbeat("one").await.unwrap(), Some(90), "written later than it happened");
}

pub(crate) async fn nodes_are_forgotten_with_their_sessions(store: &Store) {
    store.open_session(&session("open", 1), &[]).await.unwrap();
    store.open_session(&session("ended", 2), &[]).await.unwrap();
    assert!(store.close_session(&session("ended", 2).stream, 3, &[]).await.unwrap());
    store.beat("late", 50).await.unwrap();
    assert_eq!(store.forget_sessions(50, 9).await.unwrap(), 1);
    assert_eq!(store.heartbeat("open").await.unwrap(), Some(1));
    assert_eq!(store.heartbeat("ended").await.unwrap(), None);
    assert_eq!(store.heartbeat("late").await.unwrap(), Some(50));
}
