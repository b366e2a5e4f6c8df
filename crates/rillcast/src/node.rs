//! The server's name among servers on one database.
//!
//! Promise: two servers that run at once never have the same name, and one that is started again on its data
//! folder has the name that it had, whatever its end was.

use std::fs::File;
use std::io;
use std::path::Path;

use domain::alphanumeric;

use crate::{entropy, files};

/// Name of the file in the data folder that holds the name. It is locked while the server runs; the system
/// takes the lock back when the process ends, however it ends.
pub(crate) const FILE: &str = "node";
/// Letters and digits of a name.
const LENGTH: usize = 12;

/// The name, for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Node {
    name: String,
    /// `None` when another server on the same folder has its name.
    _lock: Option<File>,
}

impl Node {
    /// The folder's name; a fresh one that is forgotten at the end when another server has that one now.
    pub(crate) fn take(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE);
        if !path.exists() {
            let name = alphanumeric(LENGTH, &mut entropy::fill);
            match files::new_private(&path)
                .and_then(|mut file| io::Write::write_all(&mut file, name.as_bytes()))
            {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        let file = File::open(&path)?;
        let free = file.try_lock().is_ok();
        let kept = std::fs::read_to_string(&path)?;
        let fits = kept.len() == LENGTH && kept.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if free && !fits {
            // A start that was cut in the middle left it so; nobody was ever called by it.
            let name = alphanumeric(LENGTH, &mut entropy::fill);
            files::write_private(&path, name.as_bytes())?;
            return Self::take(data_dir);
        }
        let name = if free { kept } else { alphanumeric(LENGTH, &mut entropy::fill) };
        Ok(Self { name, _lock: free.then_some(file) })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_for_the_folder_and_given_to_one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Node::take(folder.path()).expect("a name");
        let name = first.name().to_owned();
        let beside = Node::take(folder.path()).expect("a name");
        assert_ne!(beside.name(), name);
        drop((first, beside));
        assert_eq!(Node::take(folder.path()).expect("a name").name(), name);
    }

    #[test]
    fn a_file_that_was_cut_is_written_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE), "abc").expect("written");
        let name = Node::take(folder.path()).expect("a name").name().to_owned();
        assert_eq!(name.len(), LENGTH);
        assert_eq!(Node::take(folder.path()).expect("a name").name(), name);
    }
}
