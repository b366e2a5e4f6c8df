//! The spool: a queue on disk for each logging configuration.
//!
//! ```text
//! <folder>/lock                       whoever holds it owns the folder
//! <folder>/node                       this spool's name, part of the names of files in buckets
//! <folder>/unsorted/                  records of rooms that the store could not be asked about
//! <folder>/us-east-1_123456789012_AbCdEfGhIjKl/
//!     configuration.json              whose queue this is, and where it goes
//!     cursor, *.log                   (`spool.rs`)
//! ```
//!
//! Promise: the files on disk are as many as there are configurations with records that wait, whatever the
//! number of rooms; all queues together keep the bound, at the cost of the one that has the most.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::rand;
use domain::{Arn, LogDestination, LoggingConfiguration};
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::error::LogError;
use super::spool::{Spool, replace};
use crate::clock;

const LOCK: &str = "lock";
const NODE: &str = "node";
const UNSORTED: &str = "unsorted";
const CONFIGURATION: &str = "configuration.json";

/// Whose queue it is, and the destination that the store named last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) arn: Arn,
    pub(super) destination: LogDestination,
}

/// One logging configuration's queue.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) arn: Arn,
    folder: PathBuf,
    destination: Mutex<LogDestination>,
    spool: Mutex<Spool>,
}

impl Lane {
    pub(super) fn spool(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock()
    }

    pub(super) fn destination(&self) -> LogDestination {
        self.destination.lock().clone()
    }

    /// Keeps what the store says now, for the time when the configuration is deleted. Waits for the disk.
    pub(super) fn set_destination(&self, destination: &LogDestination) -> io::Result<()> {
        if *self.destination.lock() == *destination {
            return Ok(());
        }
        write_owner(&self.folder, &Owner { arn: self.arn.clone(), destination: destination.clone() })?;
        *self.destination.lock() = destination.clone();
        Ok(())
    }
}

/// All queues of one folder.
#[derive(Debug)]
pub(super) struct Lanes {
    folder: PathBuf,
    node: String,
    lanes: Mutex<HashMap<Arn, Arc<Lane>>>,
    pub(super) unsorted: Mutex<Spool>,
    /// Something was appended.
    pub(super) some: Notify,
    _lock: File,
}

impl Lanes {
    /// Opens the folder with all queues that an earlier process left.
    pub(super) fn open(folder: PathBuf) -> Result<Self, LogError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| LogError::Folder { path, source }
        };
        make_folder(&folder).map_err(failed(&folder))?;
        let lock = take_lock(&folder)?;
        let node = node(&folder.join(NODE)).map_err(failed(&folder.join(NODE)))?;
        let unsorted = folder.join(UNSORTED);
        make_folder(&unsorted).map_err(failed(&unsorted))?;
        let unsorted = Spool::open(unsorted.clone(), fresh()).map_err(failed(&unsorted))?;
        let mut lanes = HashMap::new();
        for entry in fs::read_dir(&folder).map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            // A folder without its owner was made by a process that died before it wrote a line.
            let Some(owner) = read_owner(&path) else { continue };
            let lane = open_lane(path.clone(), owner).map_err(failed(&path))?;
            lanes.insert(lane.arn.clone(), Arc::new(lane));
        }
        let (lanes, unsorted) = (Mutex::new(lanes), Mutex::new(unsorted));
        Ok(Self { folder, node, lanes, unsorted, some: Notify::new(), _lock: lock })
    }

    /// This spool's name, which no other spool has.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    pub(super) fn get(&self, arn: &Arn) -> Option<Arc<Lane>> {
        self.lanes.lock().get(arn).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Lane>> {
        self.lanes.lock().values().cloned().collect()
    }

    /// The configuration's queue, which is made when there is none. Waits for the disk.
    pub(super) fn make(&self, configuration: &LoggingConfiguration) -> io::Result<Arc<Lane>> {
        let LoggingConfiguration { arn, destination, .. } = configuration;
        if let Some(lane) = self.get(arn) {
            return Ok(lane);
        }
        let folder = self.folder.join(format!("{}_{}_{}", arn.region, arn.account, arn.id));
        make_folder(&folder)?;
        let owner = Owner { arn: arn.clone(), destination: destination.clone() };
        write_owner(&folder, &owner)?;
        let lane = Arc::new(open_lane(folder, owner)?);
        Ok(Arc::clone(self.lanes.lock().entry(arn.clone()).or_insert(lane)))
    }

    /// Removes the queue of a configuration that is no more, if nothing waits in it. Only for the one who also
    /// appends: a line that is appended to a queue after it was removed is lost.
    pub(super) fn remove(&self, lane: &Lane) -> io::Result<()> {
        let spool = lane.spool();
        if spool.waiting() > 0 || spool.lags() {
            return Ok(());
        }
        self.lanes.lock().remove(&lane.arn);
        fs::remove_dir_all(&lane.folder)
    }

    /// Bytes on disk.
    pub(super) fn bytes(&self) -> u64 {
        let lanes: u64 = self.all().iter().map(|lane| lane.spool().bytes()).sum();
        lanes + self.unsorted.lock().bytes()
    }

    /// Drops oldest segments until `max` bytes are left. Returns whose records were lost, and how many;
    /// `None` are those of rooms that the store could not be asked about.
    pub(super) fn shrink(&self, max: u64) -> io::Result<Vec<(Option<Arn>, u64)>> {
        let mut lost = Vec::new();
        while self.bytes() > max {
            let largest = self.all().into_iter().max_by_key(|lane| lane.spool().bytes());
            let unsorted = self.unsorted.lock().bytes();
            match largest.filter(|lane| lane.spool().bytes() >= unsorted) {
                Some(lane) => lost.push((Some(lane.arn.clone()), lane.spool().drop_oldest()?)),
                None if unsorted > 0 => lost.push((None, self.unsorted.lock().drop_oldest()?)),
                None => break,
            }
        }
        Ok(lost)
    }
}

fn open_lane(folder: PathBuf, owner: Owner) -> io::Result<Lane> {
    let spool = Mutex::new(Spool::open(folder.clone(), fresh())?);
    Ok(Lane { arn: owner.arn, folder, destination: Mutex::new(owner.destination), spool })
}

/// The number of a new queue's first segment: the time, so that it is larger than that of a queue of the same
/// name that was removed, and names of files in buckets are not given twice.
fn fresh() -> u64 {
    u64::try_from(clock::milliseconds(SystemTime::now())).unwrap_or(0)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn take_lock(folder: &Path) -> Result<File, LogError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|source| LogError::Folder { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(LogError::Folder { path, source }),
    }
}

fn node(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(node) if !node.is_empty() => Ok(node),
        _ => {
            let mut bytes = [0; 16];
            rand::fill(&mut bytes).map_err(|_| io::Error::other("the system has no random bytes"))?;
            let node: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            replace(path, node.as_bytes())?;
            Ok(node)
        }
    }
}

fn read_owner(folder: &Path) -> Option<Owner> {
    serde_json::from_slice(&fs::read(folder.join(CONFIGURATION)).ok()?).ok()
}

fn write_owner(folder: &Path, owner: &Owner) -> io::Result<()> {
    replace(&folder.join(CONFIGURATION), &serde_json::to_vec(owner)?)
}
