//! Objects on a real disk.
//!
//! Promise: every test has a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use blob::{BlobError, Blobs, LIST_MAX, Trouble};
use bytes::Bytes;

#[tokio::test]
async fn what_was_put_is_got_until_something_else_is_put() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(folder.path().to_owned());
    assert_eq!(blobs.get("logs", "a/b.gz").await.unwrap(), None);
    for text in ["first", "", "third"] {
        blobs.put("logs", "a/b.gz", Bytes::from(text)).await.unwrap();
        assert_eq!(blobs.get("logs", "a/b.gz").await.unwrap(), Some(Bytes::from(text)));
    }
    assert_eq!(blobs.get("other", "a/b.gz").await.unwrap(), None);
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("logs"), mode("logs/a"), mode("logs/a/b.gz")), (0o700, 0o700, 0o600));
}

#[tokio::test]
async fn readers_see_the_old_or_the_new_object_whole() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(folder.path().to_owned());
    let object = |byte: u8| Bytes::from(vec![byte; 200_000]);
    blobs.put("logs", "a", object(0)).await.unwrap();
    let writer = async {
        for byte in 1..50 {
            blobs.put("logs", "a", object(byte)).await.unwrap();
        }
    };
    let reader = async {
        for _ in 0..200 {
            let found = blobs.get("logs", "a").await.unwrap().unwrap();
            assert_eq!(found, object(found[0]));
        }
    };
    tokio::join!(writer, reader);
    assert_eq!(fs::read_dir(folder.path().join("logs")).unwrap().count(), 1, "nothing else is left");
}

#[tokio::test]
async fn a_list_goes_on_where_the_last_one_ended() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(folder.path().to_owned());
    assert!(blobs.list("logs", "", "").await.unwrap().is_empty());
    let count = LIST_MAX + 50;
    fs::create_dir_all(folder.path().join("logs/x/y")).unwrap();
    for number in 0..count {
        fs::write(folder.path().join(format!("logs/x/y/{number:05}")), "").unwrap();
    }
    fs::write(folder.path().join("logs/x/y/.rillcast-draft-0"), "").unwrap();
    blobs.put("logs", "w", Bytes::new()).await.unwrap();
    blobs.put("logs", "x/z", Bytes::new()).await.unwrap();
    let first = blobs.list("logs", "x/y", "").await.unwrap();
    let second = blobs.list("logs", "x/y", first.last().unwrap()).await.unwrap();
    assert_eq!((first.len(), second.len()), (LIST_MAX, 50));
    let all = [first, second].concat();
    assert!(all.is_sorted() && all.iter().all(|key| key.starts_with("x/y/0")));
    assert_eq!(blobs.list("logs", "x/z", "").await.unwrap(), ["x/z"]);
    assert_eq!(blobs.list("logs", "", "x/y/99999").await.unwrap(), ["x/z"]);
}

#[tokio::test]
async fn no_key_leads_out_of_its_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let blobs = Blobs::disk(root.clone());
    for key in ["../a", "a/../../b", "/etc/passwd", "a//b", ".", ".rillcast-probe-1", "a\0b", ""] {
        let refused = blobs.put("logs", key, Bytes::new()).await;
        assert!(matches!(refused, Err(BlobError::Key(_))), "{key}");
        assert!(matches!(blobs.get("logs", key).await, Err(BlobError::Key(_))), "{key}");
    }
    assert!(!root.exists());
}

#[tokio::test]
async fn failures_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("taken"), "").unwrap();
    let blobs = Blobs::disk(folder.path().to_owned());
    let taken = blobs.put("taken", "a", Bytes::new()).await.unwrap_err();
    assert_eq!(taken.trouble(), Trouble::Other);
    let nameless = blobs.put("No Bucket", "a", Bytes::new()).await.unwrap_err();
    assert_eq!(nameless.trouble(), Trouble::Missing);
}
