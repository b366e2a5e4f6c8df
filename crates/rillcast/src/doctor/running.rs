//! Does a server run on a data folder?
//!
//! Promise: the lock that a server holds is looked for, never taken: a server that starts meanwhile is not disturbed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::node;

/// True while a server of this machine holds the folder's name.
pub(super) fn is_running(data_dir: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(data_dir.join(node::FILE)) else { return false };
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    is_locked(&locks, metadata.ino())
}

/// A line is `1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF`: the inode stands last in the sixth word.
fn is_locked(locks: &str, inode: u64) -> bool {
    let held = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let of = words.get(5).and_then(|place| place.rsplit(':').next()?.parse::<u64>().ok());
        words.get(1) == Some(&"FLOCK") && of == Some(inode)
    };
    locks.lines().any(held)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_lock_is_seen_while_it_is_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(node::FILE);
        let file = File::create(&path).expect("a file");
        assert!(!is_running(folder.path()));
        file.lock().expect("locked");
        assert!(is_running(folder.path()));
        drop(file);
        assert!(!is_running(folder.path()));
        assert!(!is_running(&folder.path().join("nowhere")));
    }
}
