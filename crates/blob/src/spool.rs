//! Bytes that need not outlive the process, nor a power cut: numbered files, in a folder for each reel.
//!
//! Promise: no act blocks the runtime, and however long the disk takes, few threads wait for it. Folders
//! that no [`Spool`] can have made are left alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::error::BlobError;
use crate::key::{Key, KeyError};

/// What names of reels' folders end with, so that nothing else in the root is taken for one.
const SUFFIX: &str = ".reel";
/// Threads that may wait for the disk at once to read, and as many to write or remove. A disk that hangs
/// takes that many from the runtime, not all.
const THREADS: usize = 24;

/// Reels of numbered files below one folder, which is made when it is first needed. A clone is another handle
/// on the same.
#[derive(Clone, Debug)]
pub struct Spool {
    root: Arc<Path>,
    readers: Arc<Semaphore>,
    writers: Arc<Semaphore>,
}

impl Spool {
    /// One below `root`, which belongs to nobody else.
    pub fn new(root: PathBuf) -> Self {
        let [readers, writers] = [(), ()].map(|()| Arc::new(Semaphore::new(THREADS)));
        Self { root: root.into(), readers, writers }
    }

    /// Writes a file, in place of the one of that number if there is one. Nobody may read it meanwhile.
    ///
    /// # Errors
    /// [`BlobError`]; then there is no such file, unless the disk refused to remove it.
    pub async fn write(&self, reel: &str, number: u64, blocks: Vec<Bytes>) -> Result<(), BlobError> {
        let folder = self.folder(reel)?;
        aside(&self.writers, move || write(&folder, number, &blocks)).await
    }

    /// Reads a file whole; `None` when there is none of exactly this many bytes.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn read(&self, reel: &str, number: u64, length: u64) -> Result<Option<Vec<u8>>, BlobError> {
        let path = self.folder(reel)?.join(number.to_string());
        aside(&self.readers, move || match read(&path, length) {
            Ok(found) => Ok(Some(found)),
            Err(source) if is_absent(&source) => Ok(None),
            Err(source) => Err(BlobError::Read { path, source }),
        })
        .await
    }

    /// Removes the files of these numbers that are there. Whoever reads one reads on.
    ///
    /// # Errors
    /// [`BlobError`] of the first that could not be removed; the others are.
    pub async fn remove(&self, reel: &str, numbers: Range<u64>) -> Result<(), BlobError> {
        let folder = self.folder(reel)?;
        let each = move || {
            let results = numbers.map(|number| remove(&folder.join(number.to_string())));
            results.fold(Ok(()), Result::and)
        };
        aside(&self.writers, each).await
    }

    /// Removes a reel with all of its files.
    ///
    /// # Errors
    /// [`BlobError`]; then files may be left.
    pub async fn discard(&self, reel: &str) -> Result<(), BlobError> {
        let folder = self.folder(reel)?;
        aside(&self.writers, move || remove_reel(folder)).await
    }

    /// The names of all reels, such as those of a process that did not live to remove them.
    ///
    /// # Errors
    /// [`BlobError`]. A root that is not there has none.
    pub async fn reels(&self) -> Result<Vec<String>, BlobError> {
        let root = Arc::clone(&self.root);
        aside(&self.readers, move || reels(&root)).await
    }

    /// Removes all reels.
    ///
    /// # Errors
    /// [`BlobError`]; then reels may be left.
    pub async fn clear(&self) -> Result<(), BlobError> {
        let root = Arc::clone(&self.root);
        aside(&self.writers, move || clear(&root)).await
    }

    fn folder(&self, reel: &str) -> Result<PathBuf, BlobError> {
        Key::parse(reel)?;
        if reel.contains('/') {
            return Err(KeyError::Step.into());
        }
        Ok(self.root.join(format!("{reel}{SUFFIX}")))
    }
}

/// Runs `act` where it may wait for the disk, and with it the place that it takes there, also when nobody
/// waits for it any more.
async fn aside<T: Send + 'static>(
    places: &Arc<Semaphore>,
    act: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    let place = Arc::clone(places).acquire_owned().await.map_err(|_| BlobError::Interrupted)?;
    let act = move || {
        let result = act();
        drop(place);
        result
    };
    tokio::task::spawn_blocking(act).await.unwrap_or(Err(BlobError::Interrupted))
}

fn write(folder: &Path, number: u64, blocks: &[Bytes]) -> Result<(), BlobError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| BlobError::Folder { path: folder.to_owned(), source })?;
    let path = folder.join(number.to_string());
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| blocks.iter().try_for_each(|block| file.write_all(block)));
    written.map_err(|source| {
        // The error that is told is the one above.
        drop(fs::remove_file(&path));
        BlobError::Write { path, source }
    })
}

/// A file of another length is none.
fn read(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.len() != length {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut found = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    let read = file.take(length).read_to_end(&mut found)?;
    if read as u64 == length { Ok(found) } else { Err(io::ErrorKind::NotFound.into()) }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn remove(path: &Path) -> Result<(), BlobError> {
    match fs::remove_file(path) {
        Err(source) if !is_absent(&source) => Err(BlobError::Remove { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

fn remove_reel(path: PathBuf) -> Result<(), BlobError> {
    match fs::remove_dir_all(&path) {
        Err(source) if !is_absent(&source) => Err(BlobError::Remove { path, source }),
        _ => Ok(()),
    }
}

fn clear(root: &Path) -> Result<(), BlobError> {
    let found = reels(root)?;
    let results = found.iter().map(|reel| remove_reel(root.join(format!("{reel}{SUFFIX}"))));
    results.fold(Ok(()), Result::and)
}

fn reels(root: &Path) -> Result<Vec<String>, BlobError> {
    let failed = |source| BlobError::List { path: root.to_owned(), source };
    let entries = match fs::read_dir(root) {
        Err(source) if is_absent(&source) => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let reel = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if let Some(reel) = reel.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            found.push(reel.to_owned());
        }
    }
    Ok(found)
}
