//! Lines of playlists in files.
//!
//! Promise: a write that failed half way leaves nothing behind that counts: the next one begins where it did.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blob::Block;

use crate::Error;

/// The lines of one playlist.
#[derive(Debug)]
pub(super) struct Body {
    path: PathBuf,
    length: u64,
}

impl Body {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, length: 0 }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn grow(&mut self, bytes: u64) {
        self.length += bytes;
    }

    pub(super) fn block(&self) -> Block {
        Block::File(self.path.clone(), 0..self.length)
    }
}

/// Lines at the end of a body.
#[derive(Debug)]
pub(super) struct Addition {
    path: PathBuf,
    at: u64,
    text: String,
}

impl Addition {
    pub(super) fn new(body: &Body, text: String) -> Self {
        Self { path: body.path.clone(), at: body.length, text }
    }

    fn write(&self) -> Result<(), Error> {
        let failed = |source| Error::Tape { act: "write to", path: self.path.clone(), source };
        write(&self.path, self.at, self.text.as_bytes()).map_err(failed)
    }
}

/// The lines of a chunk, in all playlists.
#[derive(Debug)]
pub struct Lines {
    additions: Vec<Addition>,
}

impl Lines {
    pub(super) fn new(additions: Vec<Addition>) -> Self {
        Self { additions }
    }

    pub(super) fn lengths(&self) -> impl Iterator<Item = u64> {
        self.additions.iter().map(|addition| addition.text.len() as u64)
    }

    /// Writes them where they belong; to do it again does no harm.
    ///
    /// # Errors
    /// [`Error::Tape`] of the first that could not be written.
    pub async fn write(self: Arc<Self>) -> Result<(), Error> {
        let write = move || self.additions.iter().try_for_each(Addition::write);
        let cut_short = |_| Error::Bucket(blob::BlobError::Interrupted);
        tokio::task::spawn_blocking(write).await.map_err(cut_short)?
    }
}

fn write(path: &Path, at: u64, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // What another process left has to be listed again anyway.
    options.write(true).create(true).truncate(at == 0).mode(0o600);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && at == 0 => {
            let folder = path.parent().unwrap_or(path);
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            options.open(path)?
        }
        opened => opened?,
    };
    file.write_all_at(text, at)
}
