//! Numbered files that need not last.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use blob::{BlobError, Spool, Trouble};
use bytes::Bytes;

const REEL: &str = "st-12345678901234567890123";

fn blocks() -> Vec<Bytes> {
    vec![Bytes::from_static(b"first "), Bytes::from_static(b"second")]
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[tokio::test]
async fn what_was_written_in_blocks_is_read_as_one() {
    let folder = folder();
    let spool = Spool::new(folder.path().join("not/yet/there"));
    spool.write(REEL, 7, blocks()).await.expect("room");
    assert_eq!(spool.read(REEL, 7, 12).await.expect("a disk").as_deref(), Some(&b"first second"[..]));
    spool.write(REEL, 7, vec![Bytes::from_static(b"other")]).await.expect("room");
    assert_eq!(spool.read(REEL, 7, 5).await.expect("a disk").as_deref(), Some(&b"other"[..]));
}

#[tokio::test]
async fn files_of_another_length_are_none() {
    let folder = folder();
    let spool = Spool::new(folder.path().to_owned());
    assert_eq!(spool.read(REEL, 7, 12).await.expect("nothing there is no failure"), None);
    spool.write(REEL, 7, blocks()).await.expect("room");
    for length in [0, 11, 13, u64::MAX] {
        assert_eq!(spool.read(REEL, 7, length).await.expect("a disk"), None, "{length}");
    }
}

#[tokio::test]
async fn what_is_removed_is_gone_and_its_neighbours_are_not() {
    let folder = folder();
    let spool = Spool::new(folder.path().to_owned());
    for number in 0..6 {
        spool.write(REEL, number, blocks()).await.expect("room");
    }
    spool.remove(REEL, 2..5).await.expect("a disk");
    spool.remove(REEL, 2..5).await.expect("what is gone already is no failure");
    let mut left = Vec::new();
    for number in 0..7 {
        if spool.read(REEL, number, 12).await.expect("a disk").is_some() {
            left.push(number);
        }
    }
    assert_eq!(left, [0, 1, 5]);
    spool.discard(REEL).await.expect("a disk");
    spool.discard(REEL).await.expect("what is gone already is no failure");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn clearing_removes_reels_and_nothing_else() {
    let folder = folder();
    let spool = Spool::new(folder.path().to_owned());
    for reel in [REEL, "another"] {
        spool.write(reel, 0, blocks()).await.expect("room");
    }
    fs::create_dir(folder.path().join("lost+found")).expect("room");
    fs::write(folder.path().join("notes.reel"), "a file").expect("room");
    let spool = Spool::new(folder.path().to_owned());
    let mut found = spool.reels().await.expect("a disk");
    found.sort();
    assert_eq!(found, ["another", REEL]);
    spool.clear().await.expect("a disk");
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    left.sort();
    assert_eq!(left, ["lost+found", "notes.reel"]);
    Spool::new(folder.path().join("absent")).clear().await.expect("nothing to clear");
}

#[tokio::test]
async fn names_lead_nowhere_else() {
    let folder = folder();
    let spool = Spool::new(folder.path().join("spool"));
    for reel in ["", "..", "../up", "a/b", "/etc", "a\0b"] {
        let result = spool.write(reel, 0, blocks()).await;
        assert!(matches!(result, Err(BlobError::Key(_))), "{reel:?}");
        assert!(spool.discard(reel).await.is_err(), "{reel:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_root_that_is_no_folder_is_an_error_and_no_more() {
    let folder = folder();
    let path = folder.path().join("file");
    fs::write(&path, "in the way").expect("room");
    let spool = Spool::new(path);
    let error = spool.write(REEL, 0, blocks()).await.expect_err("no folder can be made there");
    assert!(!error.is_full() && error.trouble() == Trouble::Other, "{error}");
}

#[tokio::test]
async fn others_on_the_machine_can_not_read_along() {
    let folder = folder();
    let spool = Spool::new(folder.path().join("spool"));
    spool.write(REEL, 0, blocks()).await.expect("room");
    let reel = folder.path().join(format!("spool/{REEL}.reel"));
    for (path, mode) in [(reel.clone(), 0o700), (reel.join("0"), 0o600)] {
        let found = fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}
