//! The rack: the folder below which tapes are.
//!
//! Promise: a tape belongs to one who has its lock, of all processes that share the rack. However long a disk takes,
//! few threads wait for it. What is no tape is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ResourceId;
use tokio::sync::Semaphore;

use super::deck::Deck;
use super::{Header, Recovered, Tape, disk, recovered};
use crate::Error;

/// What names of tapes' folders end with, so that nothing else in the rack is taken for one.
const SUFFIX: &str = ".tape";
/// Threads that may wait for the disk at once: one that hangs takes that many from the runtime, not all.
const THREADS: usize = 24;

/// Where tapes are. A clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Rack {
    root: Arc<Path>,
    keep_free: u64,
    places: Arc<Semaphore>,
}

/// What is in a rack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Folders of tapes, by name.
    pub tapes: Vec<PathBuf>,
    /// What no rack makes, by name.
    pub strangers: Vec<PathBuf>,
}

impl Rack {
    /// One whose tapes take nothing more when its file system has less than `keep_free` bytes free. The folder is made
    /// when it is first needed.
    pub fn new(root: PathBuf, keep_free: u64) -> Self {
        Self { root: root.into(), keep_free, places: Arc::new(Semaphore::new(THREADS)) }
    }

    /// A new tape. Its folder has the recording's id.
    ///
    /// # Errors
    /// [`Error::Tape`]: can't be written, is full ([`Error::is_full`]), or is there already. Then there is no tape.
    pub async fn create(&self, header: Header) -> Result<Tape, Error> {
        let folder = self.folder(&header.recording.id);
        let (root, keep_free) = (Arc::clone(&self.root), self.keep_free);
        let deck = self.aside(move || {
            disk::make_folders(&root)?;
            Deck::create(&folder, header, keep_free)
        });
        Ok(Tape::new(self.clone(), deck.await?))
    }

    /// What is in it now.
    ///
    /// # Errors
    /// [`Error::Tape`]. A rack that is not there is empty.
    pub async fn inventory(&self) -> Result<Inventory, Error> {
        let root = Arc::clone(&self.root);
        self.aside(move || inventory(&root)).await
    }

    /// Takes up a tape that somebody left. What was journalled is on it; what was not is cut off, and the chunk that
    /// was open ended. `None`: another has it, or nothing was on it, which is then gone.
    ///
    /// # Errors
    /// [`Error::Tape`].
    pub async fn recover(&self, folder: &Path) -> Result<Option<Recovered>, Error> {
        let (folder, keep_free) = (folder.to_owned(), self.keep_free);
        let found = self.aside(move || recovered::recover(&folder, keep_free)).await?;
        Ok(found.map(|found| Recovered::new(self, found)))
    }

    fn folder(&self, id: &ResourceId) -> PathBuf {
        self.root.join(format!("{id}{SUFFIX}"))
    }

    /// Runs `act` where it may wait for the disk, and with it the place that it takes there, also when nobody waits
    /// for it any more.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let interrupted = || disk::failed("use", &self.root, io::ErrorKind::Interrupted);
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| interrupted())?;
        let act = move || {
            let result = act();
            drop(place);
            result
        };
        tokio::task::spawn_blocking(act).await.unwrap_or_else(|_| Err(interrupted()))
    }
}

fn inventory(root: &Path) -> Result<Inventory, Error> {
    let failed = |source| disk::failed("list", root, source);
    let entries = match fs::read_dir(root) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Inventory::default()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Inventory::default();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)).and_then(ResourceId::parse);
        let is_tape = id.is_some() && entry.file_type().is_ok_and(|kind| kind.is_dir());
        let list = if is_tape { &mut found.tapes } else { &mut found.strangers };
        list.push(entry.path());
    }
    found.tapes.sort();
    found.strangers.sort();
    Ok(found)
}
