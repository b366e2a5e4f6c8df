//! The folders that the server writes to, and the disks under them.
//!
//! Promise: what is tried is one small file, which is gone afterwards; no folder is made.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use delivery::Countries;
use domain::chain;

use super::examination::Subject;
use super::finding::Found;
use super::reach;
use crate::files;

/// Below this a disk is as good as full.
const LEAST: u64 = 1 << 30;
/// A commit is one write to the disk and its flush; a hundred a second is little.
const SLOW: Duration = Duration::from_millis(50);
/// Flushes that are timed.
const FLUSHES: u32 = 8;
/// A database of countries should not be older.
const STALE: Duration = Duration::from_secs(180 * 24 * 3_600);

/// Runs where it may wait for the disk.
async fn apart(look: impl FnOnce() -> Found + Send + 'static) -> Found {
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|_| Found::skip("looking at it failed"))
}

pub(super) async fn folder(subject: Subject) -> Found {
    apart(move || {
        let path = &subject.config.data_dir;
        match writable(path) {
            Ok(_) if path.exists() => Found::ok(format!("{} can be written", shown(path))),
            Ok(_) => Found::ok(format!("{} is made by the first start", shown(path))),
            Err((at, error)) => Found::fail(
                format!("{} can't be written: {}", shown(&at), reach::plain(&error)),
                "Let the server's user own the folder (`chown`), or set data_dir to one that it may write.",
            ),
        }
    })
    .await
}

pub(super) async fn space(subject: Subject) -> Found {
    apart(move || room(&subject.config.data_dir, LEAST, "data_dir")).await
}

/// How long a commit takes.
pub(super) async fn speed(subject: Subject) -> Found {
    apart(move || {
        let there = existing(&subject.config.data_dir);
        match timed(&there) {
            Ok(each) if each > SLOW => Found::warn(
                format!(
                    "a flush to the disk takes {} ms: each change of the API waits for one",
                    each.as_millis()
                ),
                "Put data_dir on an SSD of this machine, not on a network disk or a memory card.",
            ),
            Ok(each) => {
                Found::ok(format!("a flush to the disk takes {:.1} ms", each.as_secs_f64() * 1_000.0))
            }
            Err(_) => Found::skip("nothing can be written there"),
        }
    })
    .await
}

fn timed(folder: &Path) -> io::Result<Duration> {
    let probe = Probe::make(folder)?;
    let began = Instant::now();
    for _ in 0..FLUSHES {
        let mut file = &probe.file;
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
    }
    Ok(began.elapsed() / FLUSHES)
}

/// Where recordings wait for their buckets.
pub(super) async fn recordings(subject: Subject) -> Found {
    apart(move || {
        let settings = &subject.config.recordings;
        let Some(path) = &settings.folder else { return Found::skip("recordings wait in the data folder") };
        match writable(path) {
            Ok(_) => room(path, settings.keep_free.max(LEAST), "recording_folder"),
            Err((at, error)) => Found::fail(
                format!("{} can't be written: {}", shown(&at), reach::plain(&error)),
                "Let the server's user own the folder (`chown`), or set recording_folder to one that it may write.",
            ),
        }
    })
    .await
}

fn room(path: &Path, least: u64, setting: &str) -> Found {
    let there = existing(path);
    let stat = match rustix::fs::statvfs(&there) {
        Ok(stat) => stat,
        Err(error) => return Found::skip(format!("the disk of {} does not tell: {error}", shown(&there))),
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let all = stat.f_blocks.saturating_mul(stat.f_frsize).max(1);
    let words = format!("{} of {} are free on the disk of {}", gib(free), gib(all), shown(path));
    if free < least {
        Found::fail(words, format!("Make room, or set {setting} to a folder on another disk."))
    } else if free < all / 20 && free < 10 * LEAST {
        Found::warn(words, format!("Make room soon, or set {setting} to a folder on another disk."))
    } else {
        Found::ok(words)
    }
}

/// The database of addresses; nothing when none is configured.
pub(super) async fn countries(subject: Subject) -> Vec<(String, Found)> {
    let Some(path) = subject.config.geoip_database else { return Vec::new() };
    let found = apart(move || match Countries::open(&path) {
        Err(error) => Found::fail(
            format!("{} can't be used: {}", shown(&path), chain(&error)),
            "Put a database of countries in MaxMind's format there, such as GeoLite2-Country.mmdb.",
        ),
        Ok(_) => {
            let age =
                std::fs::metadata(&path).and_then(|of| of.modified()).ok().and_then(|at| at.elapsed().ok());
            let days = age.map_or(0, |age| age.as_secs() / 86_400);
            if age.is_some_and(|age| age > STALE) {
                Found::warn(
                    format!("{} is {days} days old: addresses move", shown(&path)),
                    "Replace the file by a new one; the server notices within minutes.",
                )
            } else {
                Found::ok(format!("{} is read, {days} days old", shown(&path)))
            }
        }
    });
    vec![(String::new(), found.await)]
}

/// The folder, or the nearest one above it that is there, if a file can be made in it.
pub(super) fn writable(path: &Path) -> Result<PathBuf, (PathBuf, io::Error)> {
    let there = existing(path);
    match Probe::make(&there) {
        Ok(_) => Ok(there),
        Err(error) => Err((there, error)),
    }
}

fn existing(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find(|folder| folder.exists());
    there.map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// A file that is gone when this value is.
struct Probe {
    path: PathBuf,
    file: File,
}

impl Probe {
    fn make(folder: &Path) -> io::Result<Self> {
        let mut name = [0; 8];
        crate::entropy::fill(&mut name);
        let path = folder.join(format!(".rillcast-doctor-{:016x}", u64::from_be_bytes(name)));
        Ok(Self { file: files::new_private(&path)?, path })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn gib(bytes: u64) -> String {
    let tenths = bytes / ((1 << 30) / 10);
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Outcome;

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join("a/b/c");
        assert_eq!(writable(&deep).expect("writable"), folder.path());
        std::fs::write(folder.path().join("file"), "").expect("a file");
        let (at, _) = writable(&folder.path().join("file/b")).expect_err("a file is no folder");
        assert_eq!(at, folder.path().join("file"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn too_little_room_is_a_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(room(folder.path(), u64::MAX, "data_dir").outcome, Outcome::Fail);
        assert_ne!(room(folder.path(), 0, "data_dir").outcome, Outcome::Fail);
    }
}
