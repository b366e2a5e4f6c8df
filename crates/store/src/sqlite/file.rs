//! The database file before SQLite sees it.
//!
//! Promise: file and folder are the owner's alone from the first moment on; whoever holds the returned
//! file is the only one to bring the database up to date.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Makes folder and file with narrow rights before SQLite would make them with wide ones (it gives
/// the log beside the file the file's mode), and takes the turn to migrate.
pub(super) fn prepare(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let turn =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(lock_path(path))?;
    turn.lock()?;
    // Never open an existing file here: closing it would drop the locks that SQLite, elsewhere in
    // this process, holds on it (sqlite.org/howtocorrupt.html, section 2.2).
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        }
        Err(error) => return Err(error),
    }
    Ok(turn)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
