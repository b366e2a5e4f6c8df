//! The room on the disks that the server writes to.
//!
//! Promise: a disk that several folders lie on is told once, with what it is for.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::PATIENCE;
use crate::config::{BucketPlace, Config};
use crate::pipes::BUCKETS;

/// One look at a time: disks that hang must not take a thread for each who asks.
static LOOKING: Mutex<()> = Mutex::const_new(());

/// A disk, in bytes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Disk {
    /// What lies on it: `data`, `recordings`, `buckets`.
    holds: Vec<&'static str>,
    /// The first of these folders.
    path: String,
    total: u64,
    /// For this server.
    free: u64,
    #[serde(skip)]
    device: u64,
}

/// The disks of this server's folders; none of them while one hangs.
pub(super) async fn room(config: &Config) -> Vec<Disk> {
    let folders = folders(config);
    let look = async {
        let turn = LOOKING.lock().await;
        tokio::task::spawn_blocking(move || (disks(folders), drop(turn)).0).await.unwrap_or_default()
    };
    timeout(PATIENCE, look).await.unwrap_or_default()
}

fn folders(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let mut folders = vec![("data", config.data_dir.clone())];
    folders.extend(config.recordings.folder.clone().map(|folder| ("recordings", folder)));
    if matches!(config.outside.buckets, BucketPlace::Disk) {
        folders.push(("buckets", config.data_dir.join(BUCKETS)));
    }
    folders
}

fn disks(folders: Vec<(&'static str, PathBuf)>) -> Vec<Disk> {
    let mut disks: Vec<Disk> = Vec::new();
    for (holds, folder) in folders {
        let Some(found) = disk(holds, &folder) else { continue };
        match disks.iter_mut().find(|disk| disk.device == found.device) {
            Some(disk) => disk.holds.push(holds),
            None => disks.push(found),
        }
    }
    disks
}

/// Nothing where there is no such folder.
fn disk(holds: &'static str, folder: &Path) -> Option<Disk> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(Disk {
        holds: vec![holds],
        path: folder.to_string_lossy().into_owned(),
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        device: std::fs::metadata(folder).ok()?.dev(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_on_one_disk_are_one_disk() {
        let here = std::env::temp_dir();
        let told = disks(vec![
            ("data", here.clone()),
            ("recordings", here.join("not-there")),
            ("buckets", here.clone()),
        ]);
        let [disk] = told.as_slice() else { panic!("one disk: {told:?}") };
        assert_eq!(disk.holds, ["data", "buckets"]);
        assert!(disk.free <= disk.total && disk.total > 0, "{disk:?}");
    }
}
