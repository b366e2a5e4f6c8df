//! Files and folders of tapes.
//!
//! Promise: nobody but the server's user may read them; an error names its path.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use bytes::Bytes;

use crate::Error;

/// Slices of one write: as many as Linux takes (IOV_MAX).
const SLICES: usize = 1024;

pub(super) fn failed(act: &'static str, path: &Path, source: impl Into<io::Error>) -> Error {
    Error::Tape { act, path: path.to_owned(), source: source.into() }
}

/// Makes a folder and those above it.
pub(super) fn make_folders(path: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| failed("make", path, source))
}

/// Makes one folder that was not there.
pub(super) fn make_folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).create(path).map_err(|source| failed("make", path, source))
}

/// Opens a file to write anywhere in it, and makes it if need be.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    file.map_err(|source| failed("open", path, source))
}

/// An empty file of its own, in place of one that may be there.
pub(super) fn make(path: &Path) -> Result<File, Error> {
    remove(path)?;
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|source| failed("make", path, source))
}

/// Writes all blocks, one after the other, from `at` on.
pub(super) fn write_blocks(file: &File, path: &Path, blocks: &[&Bytes], at: u64) -> Result<(), Error> {
    let slices: Vec<&[u8]> = blocks.iter().map(|block| &block[..]).collect();
    write_slices(file, slices, at).map_err(|source| failed("write to", path, source))
}

pub(super) fn write(file: &File, path: &Path, text: &[u8], at: u64) -> Result<(), Error> {
    file.write_all_at(text, at).map_err(|source| failed("write to", path, source))
}

fn write_slices(file: &File, mut slices: Vec<&[u8]>, mut at: u64) -> io::Result<()> {
    slices.retain(|slice| !slice.is_empty());
    let mut first = 0;
    while first < slices.len() {
        let some: Vec<IoSlice<'_>> =
            slices[first..].iter().take(SLICES).map(|slice| IoSlice::new(slice)).collect();
        let mut written = match rustix::io::pwritev(file, &some, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        at += written as u64;
        while let Some(slice) = slices.get_mut(first) {
            if slice.len() > written {
                *slice = &slice[written..];
                break;
            }
            written -= slice.len();
            first += 1;
        }
    }
    Ok(())
}

/// Waits until the file's bytes outlive a power cut.
pub(super) fn settle(file: &File, path: &Path) -> Result<(), Error> {
    file.sync_data().map_err(|source| failed("bring to the disk", path, source))
}

/// The same for the names in a folder.
pub(super) fn settle_folder(path: &Path) -> Result<(), Error> {
    let folder = File::open(path).and_then(|folder| folder.sync_all());
    folder.map_err(|source| failed("bring to the disk", path, source))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, source)),
        _ => Ok(()),
    }
}

/// Reserves so many bytes for a file.
pub(super) fn reserve(file: &File, path: &Path, bytes: u64) -> Result<(), Error> {
    use rustix::fs::{FallocateFlags, fallocate};
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        // Some file systems can't: then it is written.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => fill(file, path, bytes),
        Err(error) => Err(failed("reserve", path, error)),
    }
}

fn fill(file: &File, path: &Path, bytes: u64) -> Result<(), Error> {
    let block = [0x5a; 1 << 16];
    let mut at = 0;
    while at < bytes {
        let some = usize::try_from(bytes - at).unwrap_or(usize::MAX).min(block.len());
        write(file, path, &block[..some], at)?;
        at += some as u64;
    }
    Ok(())
}

/// Fails when the file system has less than `keep` bytes free.
pub(super) fn check_room(path: &Path, keep: u64) -> Result<(), Error> {
    let system = rustix::fs::statvfs(path).map_err(|error| failed("look at", path, error))?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    if free >= keep {
        return Ok(());
    }
    let words = format!("{free} bytes are free on its file system, {keep} are to be kept free");
    Err(failed("write to", path, io::Error::new(io::ErrorKind::StorageFull, words)))
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove_all(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, source)),
        _ => Ok(()),
    }
}
