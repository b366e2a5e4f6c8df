//! The database file: rights, other processes, other versions, damage.
//!
//! Promise: each test has a folder of its own.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "conformance/sample.rs"]
#[expect(dead_code, reason = "another suite uses the rest")]
mod sample;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use domain::{AccountId, StateChange};
use rusqlite::Connection;
use store::{AccessKey, Store, StoreError};
use tokio::task::JoinSet;

fn key(seed: u8) -> AccessKey {
    let mut state = seed;
    let mut entropy = move |slice: &mut [u8]| {
        for byte in slice {
            state = state.wrapping_mul(73).wrapping_add(31);
            *byte = state;
        }
    };
    AccessKey::mint(AccountId::parse("123456789012").unwrap(), SystemTime::UNIX_EPOCH, &mut entropy)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn raw(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_new_file_and_folder_are_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/deep/rillcast.db");
    let store = Store::open(&path).await.unwrap();
    store.add_access_key(&key(1)).await.unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = entry.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_file_with_wide_rights_is_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    Store::open(&path).await.unwrap().close().await;
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let _store = Store::open(&path).await.unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let store = Store::open(&path).await.unwrap();
    store.add_access_key(&key(1)).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.access_key(&key(1).id).await.unwrap(), Some(key(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_handle_on_the_same_file_reads_and_writes_while_the_first_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let server = Store::open(&path).await.unwrap();
    let command_line = Store::open(&path).await.unwrap();
    let mut writers = JoinSet::new();
    for number in 0..40u8 {
        let store = if number % 2 == 0 { server.clone() } else { command_line.clone() };
        let key = AccessKey { id: format!("RILL{number}"), ..key(number) };
        writers.spawn(async move { store.add_access_key(&key).await });
    }
    assert!(writers.join_all().await.iter().all(Result::is_ok));
    assert_eq!(server.list_access_keys().await.unwrap().len(), 40);

    command_line.set_access_key_active("RILL0", false).await.unwrap();
    assert!(!server.access_key("RILL0").await.unwrap().unwrap().active);
    command_line.remove_access_key("RILL0").await.unwrap();
    command_line.close().await;
    assert_eq!(server.access_key("RILL0").await.unwrap(), None);
    server.add_access_key(&key(99)).await.unwrap();
}

#[tokio::test]
async fn a_file_is_opened_and_read_while_another_process_is_in_the_middle_of_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    Store::open(&path).await.unwrap().add_access_key(&key(1)).await.unwrap();
    let busy = Connection::open(&path).unwrap();
    busy.execute_batch("BEGIN IMMEDIATE; DELETE FROM access_keys").unwrap();
    let command_line = Store::open(&path).await.unwrap();
    assert_eq!(command_line.access_key(&key(1).id).await.unwrap(), Some(key(1)));
    busy.execute_batch("COMMIT").unwrap();
    assert_eq!(command_line.access_key(&key(1).id).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_has_lost_its_log_gets_one_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    Store::open(&path).await.unwrap().close().await;
    raw(&path, "PRAGMA journal_mode = DELETE");
    let mode = || -> String {
        Connection::open(&path).unwrap().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap()
    };
    assert_eq!(mode(), "delete");
    Store::open(&path).await.unwrap().close().await;
    assert_eq!(mode(), "wal");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_close_a_session_or_claim_a_sink_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let session = sample::stream_session(sample::channel(&sample::home(), 1), 1);
    let mut racers = JoinSet::new();
    Store::open(&path).await.unwrap().open_session(&session, &[]).await.unwrap();
    for number in 1..=8 {
        let (store, session) = (Store::open(&path).await.unwrap(), session.clone());
        racers.spawn(async move {
            let ends = [sample::event(&session, number, StateChange::SessionEnded)];
            let closed = store.close_session(&session.stream, number, &ends).await.unwrap();
            let claimed = store.claim_sink("audit", &number.to_string(), 1, 2).await.unwrap();
            (closed.then_some(number), claimed.map(|_| number))
        });
    }
    let (closed, claimed): (Vec<_>, Vec<_>) = racers.join_all().await.into_iter().unzip();
    let closed: Vec<_> = closed.into_iter().flatten().collect();
    let claimed: Vec<_> = claimed.into_iter().flatten().map(|number| number.to_string()).collect();
    assert_eq!((closed.len(), claimed.len()), (1, 1), "{closed:?} {claimed:?}");
    let store = Store::open(&path).await.unwrap();
    let told: Vec<_> = store.events_after(0, 9).await.unwrap().iter().map(|event| event.at).collect();
    assert_eq!(told, closed);
    assert_eq!(store.sinks().await.unwrap()[0].holder, claimed[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_first_openers_agree_on_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let mut openers = JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        openers.spawn(async move { Store::open(&path).await });
    }
    for opened in openers.join_all().await {
        opened.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    Store::open(&path).await.unwrap().close().await;
    raw(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', 1, x'00', 0)",
    );
    let refused = Store::open(&path).await.expect_err("a newer database");
    assert!(matches!(refused, StoreError::NewerDatabase { found: 9999, .. }), "{refused:?}");
    assert!(refused.to_string().contains("made by a newer version"));
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let text = "not a database, but long enough to have a header to be read. ".repeat(40);
    std::fs::write(&path, &text).unwrap();
    let refused = Store::open(&path).await.expect_err("not a database");
    assert!(matches!(refused, StoreError::NotADatabase { .. }), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    Store::open(&path).await.unwrap().close().await;
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, whole.get(..whole.len() / 2).unwrap()).unwrap();
    let refused = Store::open(&path).await.expect_err("half a database");
    assert!(matches!(refused, StoreError::NotADatabase { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "").unwrap();
    let path = folder.path().join("taken/rillcast.db");
    let refused = Store::open(&path).await.expect_err("a file in the way");
    assert!(matches!(refused, StoreError::Prepare { .. }), "{refused:?}");
    assert!(refused.to_string().contains("taken/rillcast.db"));
}

/// Where the second process finds its file.
const DATABASE: &str = "STORE_TEST_DATABASE";

async fn add_keys(store: &Store, prefix: &str) {
    for number in 0..30 {
        let key = AccessKey { id: format!("{prefix}{number}"), ..key(1) };
        store.add_access_key(&key).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "the other half of the test below, which runs it as a process of its own"]
async fn second_process() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let store = Store::open(Path::new(&path)).await.unwrap();
    add_keys(&store, "SECOND").await;
    store.set_access_key_active("FIRST", false).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn another_process_writes_at_the_same_time_and_is_heard_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rillcast.db");
    let store = Store::open(&path).await.unwrap();
    store.add_access_key(&AccessKey { id: "FIRST".to_owned(), ..key(1) }).await.unwrap();
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "second_process", "--include-ignored"]).env(DATABASE, &path);
    let mut second = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    add_keys(&store, "OURS").await;
    assert!(second.wait().unwrap().success());
    assert!(!store.access_key("FIRST").await.unwrap().unwrap().active);
    assert_eq!(store.list_access_keys().await.unwrap().len(), 61);
}
