//! What holds below the face of the store: settings, turns, shared commits and their failures.
//!
//! Promise: nothing here depends on who is faster; the line of turns is set up by hand.

use std::future::poll_fn;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;

use rusqlite::types::FromSql;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;

const PUT: &str = "INSERT INTO secrets (name, value) VALUES ($1, $2)";
const ORPHAN: &str = "INSERT INTO viewer_revocations (channel, viewer, version, revoked_at) \
    VALUES ('none', 'nobody', 1, 1)";

async fn file() -> (Sqlite, PathBuf, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("rillcast.db");
    (open(&path).await.expect("a new database"), path, folder)
}

async fn names(database: &Sqlite) -> Vec<Cell> {
    let rows = database.fetch("SELECT name FROM secrets ORDER BY name", &[]).await.expect("a read");
    rows.into_iter().flatten().collect()
}

fn texts(names: &[&str]) -> Vec<Cell> {
    names.iter().map(|name| Cell::Text((*name).to_owned())).collect()
}

fn put(turn: &mut Turn, name: &str) -> Result<u64, DatabaseError> {
    turn.execute(PUT, &[Value::Text(name), Value::Bytes(b"x")])
}

/// Goes one step, which puts the future in line, and not to its end.
async fn stand_in_line<F: Future + Unpin>(future: &mut F) {
    poll_fn(|context| {
        assert!(Pin::new(&mut *future).poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

fn setting<T: FromSql>(connection: &Connection, name: &str) -> T {
    connection.pragma_query_value(None, name, |row| row.get(0)).expect("a setting")
}

#[tokio::test]
async fn every_connection_forces_commits_to_disk_and_keeps_references() {
    let (_database, path, _folder) = file().await;
    let connection = connect(&path, BUSY).expect("a connection");
    assert_eq!(setting::<String>(&connection, "journal_mode"), "wal");
    assert_eq!(setting::<i64>(&connection, "synchronous"), 2, "FULL");
    assert_eq!(setting::<i64>(&connection, "foreign_keys"), 1);
}

#[tokio::test]
async fn a_dropped_change_leaves_nothing_and_frees_the_writer() {
    let (on_disk, _path, _folder) = file().await;
    for database in [in_memory().await.expect("an empty database"), on_disk] {
        let mut turn = database.begin().await.expect("the only writer");
        put(&mut turn, "half").expect("a first half");
        drop(turn);
        assert_eq!(names(&database).await, []);
        let mut turn = database.begin().await.expect("the writer is free again");
        put(&mut turn, "whole").expect("the same again");
        turn.commit().await.expect("a commit");
        assert_eq!(names(&database).await, texts(&["whole"]));
    }
}

#[tokio::test]
async fn values_are_bound_by_their_number_and_not_by_their_place_in_the_text() {
    let database = in_memory().await.expect("an empty database");
    let values = [Value::Text("one"), Value::Text("two")];
    let rows = database.fetch("SELECT $2, $1, $2", &values).await.expect("a read");
    assert_eq!(rows, [texts(&["two", "one", "two"])]);
    assert!(database.fetch("SELECT $3", &values).await.is_err());
}

/// The log's index counts commits (sqlite.org/walformat.html, section 2.1, `iChange`).
fn commits(path: &Path) -> u32 {
    let mut index = path.as_os_str().to_owned();
    index.push("-shm");
    let mut counter = [0; 4];
    let index = std::fs::File::open(index).expect("the log's index");
    index.read_exact_at(&mut counter, 8).expect("its header");
    u32::from_ne_bytes(counter)
}

#[tokio::test]
async fn changes_that_stand_in_line_share_a_commit() {
    let (database, path, _folder) = file().await;
    let before = commits(&path);
    let mut first = database.begin().await.expect("the turn");
    put(&mut first, "1").expect("a row");
    let mut later = JoinSet::new();
    for number in 2..=9 {
        let database = database.clone();
        later.spawn(async move {
            let mut turn = database.begin().await?;
            put(&mut turn, &number.to_string())?;
            turn.commit().await
        });
    }
    // This runtime has one thread: each task has gone as far as it can, which is into the line.
    tokio::task::yield_now().await;
    first.commit().await.expect("a commit");
    assert!(later.join_all().await.iter().all(Result::is_ok));
    assert_eq!(names(&database).await.len(), 9);
    assert_eq!(commits(&path) - before, 1);
}

#[tokio::test]
async fn a_change_that_is_given_up_amid_others_takes_nothing_of_theirs_along() {
    let (database, _path, _folder) = file().await;
    let mut first = database.begin().await.expect("the turn");
    put(&mut first, "first").expect("a row");
    let mut second = Box::pin(database.begin());
    stand_in_line(&mut second).await;
    let mut first = Box::pin(first.commit());
    stand_in_line(&mut first).await;
    let mut second = second.await.expect("the turn");
    put(&mut second, "half").expect("a row");
    assert!(put(&mut second, "first").is_err(), "what the first has written is there");
    drop(second);
    let mut third = database.begin().await.expect("the turn");
    put(&mut third, "third").expect("a row");
    third.commit().await.expect("a commit");
    first.await.expect("a commit");
    assert_eq!(names(&database).await, texts(&["first", "third"]));
}

#[tokio::test]
async fn when_a_full_disk_undoes_what_others_had_done_they_are_told_so() {
    let (database, _path, _folder) = file().await;
    let mut first = database.begin().await.expect("the turn");
    put(&mut first, "first").expect("a row");
    let mut second = Box::pin(database.begin());
    stand_in_line(&mut second).await;
    let mut first = Box::pin(first.commit());
    stand_in_line(&mut first).await;
    let mut second = second.await.expect("the turn");
    second.fetch("PRAGMA max_page_count = 1", &[]).expect("a limit at what there is");
    let big = vec![0; 1 << 20];
    let refused = second.execute(PUT, &[Value::Text("second"), Value::Bytes(&big)]);
    assert!(refused.expect_err("no room").is_unavailable());
    drop(second);
    assert!(first.await.expect_err("its row is gone").is_unavailable());
    assert_eq!(names(&database).await, []);
    let mut third = database.begin().await.expect("a new connection without the limit");
    put(&mut third, "third").expect("a row");
    third.commit().await.expect("a commit");
    assert_eq!(names(&database).await, texts(&["third"]));
}

#[tokio::test]
async fn when_a_commit_fails_all_that_were_in_it_are_told_and_the_next_works() {
    let (database, _path, _folder) = file().await;
    let mut first = database.begin().await.expect("the turn");
    put(&mut first, "first").expect("a row");
    let mut second = Box::pin(database.begin());
    stand_in_line(&mut second).await;
    let mut first = Box::pin(first.commit());
    stand_in_line(&mut first).await;
    let mut second = second.await.expect("the turn");
    second.execute("PRAGMA defer_foreign_keys = ON", &[]).expect("a check at the commit");
    second.execute(ORPHAN, &[]).expect("a row that the commit will stumble over");
    assert!(second.commit().await.is_err());
    assert!(first.await.is_err());
    assert_eq!(names(&database).await, []);
    let mut third = database.begin().await.expect("the turn");
    put(&mut third, "third").expect("a row");
    third.commit().await.expect("a commit");
    assert_eq!(names(&database).await, texts(&["third"]));
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_any_more_is_made_all_the_same() {
    let (database, path, _folder) = file().await;
    let mut turn = database.begin().await.expect("the turn");
    put(&mut turn, "kept").expect("a row");
    let mut commit = Box::pin(turn.commit());
    stand_in_line(&mut commit).await;
    drop(commit);
    database.close().await;
    let database = open(&path).await.expect("the same database");
    assert_eq!(names(&database).await, texts(&["kept"]));
}
