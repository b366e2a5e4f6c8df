//! Probing buckets on a real disk.
//!
//! Promise: every test has a folder of its own.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use blob::{BlobError, Blobs};

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_fresh_bucket_is_made_for_its_owner_alone_and_left_empty() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("not/yet/there");
    let blobs = Blobs::disk(root.clone());
    blobs.probe("my-bucket").await.unwrap();
    assert_eq!(entries(&root), ["my-bucket"]);
    assert_eq!(entries(&root.join("my-bucket")), [""; 0]);
    let mode = fs::metadata(root.join("my-bucket")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_bucket_in_use_keeps_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = folder.path().join("my-bucket");
    fs::create_dir(&bucket).unwrap();
    fs::write(bucket.join("recording.ts"), b"bytes").unwrap();
    Blobs::disk(folder.path().to_owned()).probe("my-bucket").await.unwrap();
    assert_eq!(entries(&bucket), ["recording.ts"]);
    assert_eq!(fs::read(bucket.join("recording.ts")).unwrap(), b"bytes");
}

#[tokio::test]
async fn probes_of_one_bucket_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::disk(folder.path().to_owned());
    let mut probes = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let blobs = blobs.clone();
        probes.spawn(async move { blobs.probe("shared").await });
    }
    assert!(probes.join_all().await.into_iter().all(|probe| probe.is_ok()));
    assert_eq!(entries(&folder.path().join("shared")), [""; 0]);
}

#[tokio::test]
async fn a_bucket_whose_place_is_taken_by_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("taken"), b"").unwrap();
    let refused = Blobs::disk(folder.path().to_owned()).probe("taken").await;
    assert!(matches!(refused, Err(BlobError::Folder { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_place_that_no_folder_can_be_made_in_is_refused() {
    // Not even root can make a folder there.
    let refused = Blobs::disk("/proc/nothing".into()).probe("bucket").await;
    assert!(matches!(refused, Err(BlobError::Folder { .. })), "{refused:?}");
}

#[tokio::test]
async fn no_name_leads_out_of_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let blobs = Blobs::disk(root.clone());
    for name in ["../out", "..", "../..", "/etc", "a/../../b", "....//", ".hidden"] {
        assert!(matches!(blobs.probe(name).await, Err(BlobError::Name(_))), "{name}");
    }
    assert!(!root.exists() && entries(folder.path()).is_empty());
}
