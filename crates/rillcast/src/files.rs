//! Files that only their owner may read.
//!
//! Promise: a file written here appears whole or not at all, and never with wider permissions than 0600.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Makes a folder (and its parents) that only its owner may enter; an existing one is left as it is.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file for its owner alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, 0o600)
}

/// Writes a file that everybody may read.
pub(crate) fn write_public(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, 0o644)
}

/// Makes a new file for its owner alone; fails when there is one.
pub(crate) fn new_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Gives a finished file its name, which nobody else has. A link, unlike a rename, never takes the place of
/// a file that came to be there meanwhile; file systems without links are believed to be used by one.
pub(crate) fn place_new(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if !to.exists() => std::fs::rename(from, to),
        Err(error) => Err(error),
    }
}

/// The name of a file in the same folder that nobody else uses meanwhile.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

/// Writes beside the target and renames, so that a reader sees the old file or the new one.
fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let beside = beside(path);
    let fill = |mut file: File| file.write_all(content).and_then(|()| file.sync_all());
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside).and_then(fill);
    written.and_then(|()| std::fs::rename(&beside, path)).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        write_private(&path, b"one").expect("written");
        write_private(&path, b"two").expect("written over");
        assert_eq!(std::fs::read(&path).expect("read"), b"two");
        assert_eq!(std::fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
