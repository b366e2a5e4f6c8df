//! A tape's folder: what is in it, and who has it.
//!
//! Promise: only what a tape makes is removed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Header, disk};
use crate::{Error, layout};

/// The journal.
pub(super) const JOURNAL: &str = "journal";
/// Room that is kept for what must be written at the end.
pub(super) const BALLAST: &str = "ballast";
/// Others' files that go with the tape.
pub(super) const SCRATCH: &str = "scratch";
/// Whoever has locked it has the tape.
const LOCK: &str = "lock";
/// How many paths of strangers are told.
const TOLD: usize = 16;

/// May a rendition have this name?
pub(super) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits)
}

/// Locks it; `None` when another has it, or it is just being removed.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, Error> {
    let path = folder.join(LOCK);
    let file = disk::open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(source)) => return Err(disk::failed("lock", &path, source)),
    }
    // One that was removed meanwhile locks nothing.
    let mine = file.metadata().map_err(|source| disk::failed("look at", &path, source))?;
    let is_there =
        fs::metadata(&path).is_ok_and(|there| (there.dev(), there.ino()) == (mine.dev(), mine.ino()));
    Ok(is_there.then_some(file))
}

/// Makes all folders below it.
pub(super) fn make_all(folder: &Path, header: &Header) -> Result<(), Error> {
    disk::make_folders(&folder.join(SCRATCH))?;
    for rendition in &header.renditions {
        disk::make_folders(&folder.join(layout::in_rendition(&rendition.name, "")))?;
    }
    disk::make_folders(&folder.join(layout::THUMBNAILS))
}

/// Are there files of a recording in it?
pub(super) fn has_media(folder: &Path) -> Result<bool, Error> {
    let mut folders = entries(&folder.join(layout::HLS))?;
    folders.push(folder.join(layout::THUMBNAILS));
    for path in folders {
        if path.is_dir() && !entries(&path)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes all that a tape makes, its lock and the folder last. Gives what it did not make, the first few.
pub(super) fn remove(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut strangers = Vec::new();
    let hls = folder.join(layout::HLS);
    for rendition in entries(&hls)? {
        let is_ours = rendition.file_name().and_then(|name| name.to_str()).is_some_and(is_name);
        if is_ours && rendition.is_dir() && !rendition.is_symlink() {
            remove_files(&rendition, is_media, &mut strangers)?;
        } else {
            stay(rendition, &mut strangers);
        }
    }
    remove_files(&folder.join(layout::THUMBNAILS), is_thumbnail, &mut strangers)?;
    disk::remove_all(&folder.join(SCRATCH))?;
    for path in [hls, folder.join(layout::THUMBNAILS), folder.join("media")] {
        drop(fs::remove_dir(path));
    }
    let is_mine = |name: &str| [JOURNAL, BALLAST, LOCK].contains(&name);
    let is_stranger = |path: &PathBuf| !path.file_name().and_then(|name| name.to_str()).is_some_and(is_mine);
    let others = entries(folder)?.into_iter().filter(is_stranger).filter(|path| !path.ends_with("media"));
    others.for_each(|path| stay(path, &mut strangers));
    // The lock goes last: whoever waits for it then finds nothing to recover.
    for name in [BALLAST, JOURNAL, LOCK] {
        disk::remove(&folder.join(name))?;
    }
    match fs::remove_dir(folder) {
        Err(source) if strangers.is_empty() && source.kind() != io::ErrorKind::NotFound => {
            Err(disk::failed("remove", folder, source))
        }
        _ => Ok(strangers),
    }
}

fn remove_files(folder: &Path, is_ours: fn(&str) -> bool, strangers: &mut Vec<PathBuf>) -> Result<(), Error> {
    for path in entries(folder)? {
        if path.file_name().and_then(|name| name.to_str()).is_some_and(is_ours) {
            disk::remove(&path)?;
        } else {
            stay(path, strangers);
        }
    }
    // One with strangers in it stays.
    drop(fs::remove_dir(folder));
    Ok(())
}

fn stay(path: PathBuf, strangers: &mut Vec<PathBuf>) {
    if strangers.len() < TOLD {
        strangers.push(path);
    }
}

fn is_media(name: &str) -> bool {
    let stem = name.strip_suffix(".ts").or_else(|| name.strip_suffix(".mp4"));
    stem.is_some_and(|stem| is_number(stem.strip_prefix("init-").unwrap_or(stem)))
}

fn is_thumbnail(name: &str) -> bool {
    name.strip_prefix("thumb").and_then(|rest| rest.strip_suffix(".jpg")).is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is in a folder; nothing when there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| disk::failed("list", folder, source);
    let entries = match fs::read_dir(folder) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}
