//! A file of JSON lines.
//!
//! Promise: an event is delivered when its line is on disk. A file that was moved away is left alone and a new
//! one begun; half a line that a crash left at the end is taken off, as its event comes again.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Failure, Letter, Outcome, story};

/// A step when the end of the last whole line is looked for.
const STEP: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct File(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    open: Mutex<Option<std::fs::File>>,
}

impl File {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Inner { path, open: Mutex::new(None) }))
    }

    pub(super) async fn deliver(&self, letters: &[Letter]) -> Outcome {
        let mut text = Vec::new();
        for letter in letters {
            text.extend_from_slice(&letter.envelope);
            text.push(b'\n');
        }
        let inner = Arc::clone(&self.0);
        // Disks may take their time, which is not the runtime's.
        let written = tokio::task::spawn_blocking(move || inner.append(&text)).await;
        let failure = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Failure::away(story(&error))),
            Err(error) => Some(Failure::failed(error.to_string())),
        };
        let delivered = if failure.is_none() { letters.len() } else { 0 };
        Outcome { delivered, failure }
    }
}

impl Inner {
    fn append(&self, text: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match open.take() {
            Some(file) if is_at(&file, &self.path) => file,
            _ => begin(&self.path)?,
        };
        write_whole(&file, text)?;
        *open = Some(file);
        Ok(())
    }
}

/// Is it still the file of that name, and not one that was moved away or removed?
fn is_at(file: &std::fs::File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

fn begin(path: &Path) -> io::Result<std::fs::File> {
    let new = !path.exists();
    let file = OpenOptions::new().create(true).append(true).read(true).mode(0o640).open(path)?;
    if new && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // A name is on disk only when its folder is.
        std::fs::File::open(folder)?.sync_all()?;
    }
    // Pipes and devices have no end that could be looked at.
    if file.metadata()?.is_file() {
        let end = whole_lines(&file)?;
        if end < file.metadata()?.len() {
            file.set_len(end)?;
        }
    }
    Ok(file)
}

/// Bytes up to the end of the last whole line.
fn whole_lines(mut file: &std::fs::File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut step = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        step.clear();
        file.take(end - start).read_to_end(&mut step)?;
        if let Some(at) = step.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Writes all of it to disk, or takes back what it wrote of it.
fn write_whole(mut file: &std::fs::File, text: &[u8]) -> io::Result<()> {
    let is_file = file.metadata()?.is_file();
    let before = file.metadata()?.len();
    let written = file.write_all(text).and_then(|()| if is_file { file.sync_data() } else { Ok(()) });
    if written.is_err() && is_file {
        file.set_len(before)?;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_at_the_end_is_taken_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events");
        for (before, after) in [("", ""), ("{}\n{\"a", "{}\n"), ("{\"a", ""), ("{}\n", "{}\n")] {
            std::fs::write(&path, before).expect("written");
            let inner = Inner { path: path.clone(), open: Mutex::new(None) };
            inner.append(b"new\n").expect("appended");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), format!("{after}new\n"));
        }
    }

    #[test]
    fn the_end_of_the_last_line_is_found_however_long_the_half_one_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events");
        let half = "x".repeat(3 * 64 * 1024 + 17);
        std::fs::write(&path, format!("{{}}\n{half}")).expect("written");
        assert_eq!(whole_lines(&std::fs::File::open(&path).expect("open")).expect("read"), 3);
    }

    #[test]
    fn a_file_that_was_moved_away_is_followed_by_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, moved) = (folder.path().join("events"), folder.path().join("events.1"));
        let inner = Inner { path: path.clone(), open: Mutex::new(None) };
        inner.append(b"1\n").expect("appended");
        std::fs::rename(&path, &moved).expect("moved");
        inner.append(b"2\n").expect("appended");
        std::fs::remove_file(&path).expect("removed");
        inner.append(b"3\n").expect("appended");
        assert_eq!(std::fs::read_to_string(&moved).expect("read"), "1\n");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "3\n");
    }
}
