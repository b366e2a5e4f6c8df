//! The database goes and comes back.
//!
//! Promise: each test has a database of its own to break.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "conformance/sample.rs"]
#[expect(dead_code, reason = "another suite uses the rest")]
mod sample;

use std::path::Path;
use std::time::{Duration, SystemTime};

use domain::{AccountId, StateChange, StreamSession};
use rusqlite::Connection;
use sqlx::{Connection as _, Executor as _, PgConnection};
use store::{AccessKey, SpentToken, Store, StoreError};
use testkit::Postgres;
use tokio::task::{JoinSet, spawn_blocking};

fn key(id: &str) -> AccessKey {
    let account = AccountId::parse("123456789012").unwrap();
    let key = AccessKey::mint(account, SystemTime::UNIX_EPOCH, &mut |slice: &mut [u8]| slice.fill(7));
    AccessKey { id: id.to_owned(), ..key }
}

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    let error = outcome.expect_err("no database");
    assert!(error.is_unavailable(), "{error:?}");
}

/// A server of its own and a store on it.
async fn server() -> (&'static Postgres, String, Store) {
    // Stopped by its watcher when the test process ends.
    let server: &Postgres = Box::leak(Box::new(spawn_blocking(|| Postgres::start(&[])).await.unwrap()));
    let address = spawn_blocking(|| server.database()).await.unwrap();
    let store = Store::connect(&address).await.unwrap();
    (server, address, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_is_used_again_by_the_first_call_after_it_is_back() {
    let (server, _address, store) = server().await;
    store.add_access_key(&key("BEFORE")).await.unwrap();
    // Several connections of each kind, so that more than one is stale afterwards.
    let mut readers = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        readers.spawn(async move { store.access_key("BEFORE").await.unwrap() });
    }
    assert!(readers.join_all().await.iter().all(Option::is_some));

    spawn_blocking(|| server.stop()).await.unwrap();
    unavailable(store.access_key("BEFORE").await);
    unavailable(store.add_access_key(&key("DURING")).await);
    unavailable(store.ping().await);

    spawn_blocking(|| server.resume()).await.unwrap();
    assert!(store.access_key("BEFORE").await.unwrap().is_some());
    store.add_access_key(&key("AFTER")).await.unwrap();
    let ids: Vec<_> = store.list_access_keys().await.unwrap().into_iter().map(|key| key.id).collect();
    assert_eq!(ids, ["BEFORE", "AFTER"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn used_tokens_outlast_a_server_that_was_away_and_nobody_is_let_in_meanwhile() {
    let (server, _address, store) = server().await;
    let tokens = [1, 2, 3].map(|number| SpentToken { id: [number; 16], expires_at: 7 });
    assert_eq!(store.spend_chat_tokens(&tokens[..1]).await.unwrap(), [true]);
    spawn_blocking(|| server.stop()).await.unwrap();
    unavailable(store.spend_chat_tokens(&tokens[..2]).await);
    spawn_blocking(|| server.resume()).await.unwrap();
    let first = store.spend_chat_tokens(&tokens).await.unwrap();
    assert!(!first[0] && first[2], "{first:?}");
    assert_eq!(store.spend_chat_tokens(&tokens).await.unwrap(), [false; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_stream_are_written_once_the_server_is_back_and_told_once() {
    let (server, _address, store) = server().await;
    let session = sample::stream_session(sample::channel(&sample::home(), 1), 1);
    let event = |at, change| [sample::event(&session, at, change)];
    let start = |session: &mut StreamSession| {
        session.started_at = Some(2);
        true
    };
    let (created, started) = (event(1, StateChange::SessionCreated), event(2, StateChange::StreamStart));
    store.open_session(&session, &created).await.unwrap();
    spawn_blocking(|| server.stop()).await.unwrap();
    unavailable(store.revise_session(&session.stream, start, &started).await);
    unavailable(store.close_session(&session.stream, 3, &[]).await);
    unavailable(store.beat("one", 3).await);
    unavailable(store.events_after(0, 9).await);
    spawn_blocking(|| server.resume()).await.unwrap();
    // As who does not know how far it got does it.
    store.open_session(&session, &created).await.unwrap();
    for _ in 0..2 {
        store.revise_session(&session.stream, start, &started).await.unwrap().unwrap();
    }
    let told: Vec<_> = store.events_after(0, 9).await.unwrap().iter().map(|event| event.at).collect();
    assert_eq!(told, [1, 2]);
    assert!(store.close_session(&session.stream, 3, &[]).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_token_waits_for_nobodys_change() {
    let (_server, address, store) = server().await;
    // Another node has the turn for as long as this test lasts.
    let mut holder = PgConnection::connect(&address).await.unwrap();
    holder.execute("SELECT pg_advisory_lock(7239584210471)").await.unwrap();
    let token = SpentToken { id: [1; 16], expires_at: 7 };
    assert_eq!(store.spend_chat_tokens(&[token]).await.unwrap(), [true]);
    assert_eq!(store.spend_chat_tokens(&[token]).await.unwrap(), [false]);
    holder.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("postgres://someone:hush@localhost/rill?host={}", folder.path().display());
    let refused = Store::connect(&address).await.expect_err("no server");
    assert!(refused.is_unavailable(), "{refused:?}");
    assert!(refused.to_string().contains("rill at"), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("hush"));
    let refused = Store::connect("postgres://someone:hush@[/").await.expect_err("no address");
    assert!(!format!("{refused} {refused:?}").contains("hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_only_reads_is_out_of_order_for_changes_alone() {
    let (server, address, store) = server().await;
    let name = address.split(['/', '?']).nth(3).unwrap().to_owned();
    store.add_access_key(&key("BEFORE")).await.unwrap();
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    spawn_blocking(move || server.sql("postgres", &read_only)).await.unwrap();
    // The setting is for new connections, so the operator ends those that there are.
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    spawn_blocking(move || server.sql("postgres", &end)).await.unwrap();
    assert!(store.access_key("BEFORE").await.unwrap().is_some());
    unavailable(store.add_access_key(&key("AFTER")).await);
    unavailable(store.spend_chat_tokens(&[SpentToken { id: [1; 16], expires_at: 7 }]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_waits_for_the_turn_of_another_node() {
    let (server, address, store) = server().await;
    let name = address.split(['/', '?']).nth(3).unwrap().to_owned();
    // What a node holds from the begin of a change to its end.
    let turn = "SELECT pg_advisory_lock(7239584210471), pg_sleep(1)";
    let holder = spawn_blocking(move || server.sql(&name, turn));
    let waiting = async {
        loop {
            let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
            if spawn_blocking(move || server.sql("postgres", locks)).await.unwrap().trim() == "1" {
                break;
            }
        }
    };
    waiting.await;
    store.add_access_key(&key("AFTER")).await.unwrap();
    holder.await.unwrap();
}

/// Another process that writes and does not come to an end.
fn hold(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_locked_by_another_process_is_read_and_written_again_when_it_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let store = Store::open(&path).await.unwrap();
    store.add_access_key(&key("BEFORE")).await.unwrap();
    let other = hold(&path);
    assert!(store.access_key("BEFORE").await.unwrap().is_some());
    unavailable(store.add_access_key(&key("DURING")).await);
    drop(other);
    store.add_access_key(&key("AFTER")).await.unwrap();
    assert_eq!(store.access_key("DURING").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_waits_for_another_process_that_is_about_to_finish() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let store = Store::open(&path).await.unwrap();
    let other = hold(&path);
    let waits = key("WAITS");
    let change = tokio::time::timeout(Duration::from_millis(50), store.add_access_key(&waits));
    assert!(change.await.is_err(), "it waits");
    let mut changes = JoinSet::new();
    changes.spawn(async move { store.add_access_key(&key("AGAIN")).await });
    drop(other);
    changes.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("rillcast.db")).await.unwrap();
    store.close().await;
    unavailable(store.ping().await);
    unavailable(store.add_access_key(&key("LATE")).await);
}
