//! Looking through a bucket's folders, and taking away.
//!
//! Promise: a list costs memory for what it returns, not for what is there; links are not followed.

use std::collections::BinaryHeap;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::BlobError;
use crate::key::{Key, OWN};
use crate::object::{Listed, Stat};

/// The first `most` keys that begin with `prefix` and come after `after`, in order.
pub(super) fn keys(root: &Path, prefix: &str, after: &str, most: usize) -> Result<Vec<String>, BlobError> {
    let mut search = Search { prefix, after, most, found: BinaryHeap::new() };
    search.look_through(root, "")?;
    Ok(search.found.into_sorted_vec())
}

/// The same with sizes. What was removed meanwhile is left out.
pub(super) fn objects(root: &Path, prefix: &str, after: &str, most: usize) -> Result<Vec<Listed>, BlobError> {
    let mut listed = Vec::new();
    for key in keys(root, prefix, after, most)? {
        let path = root.join(&key);
        match fs::symlink_metadata(&path).and_then(|found| stat(&found)) {
            Ok(stat) => listed.push(Listed { key, stat }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(BlobError::Read { path, source }),
        }
    }
    Ok(listed)
}

struct Search<'a> {
    prefix: &'a str,
    after: &'a str,
    most: usize,
    /// The greatest on top.
    found: BinaryHeap<String>,
}

impl Search<'_> {
    /// Finds each object below `folder`, whose own key is `above`.
    fn look_through(&mut self, folder: &Path, above: &str) -> Result<(), BlobError> {
        let failed = |source| BlobError::List { path: folder.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(failed(source)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            // What is not text has no key.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let key = format!("{above}{name}");
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                let below = format!("{key}/");
                if self.may_hold(&below) {
                    self.look_through(&entry.path(), &below)?;
                }
            } else if kind.is_file() && !name.starts_with(OWN) {
                self.keep(key);
            }
        }
        Ok(())
    }

    /// May a folder, whose key is this, hold keys that are looked for?
    fn may_hold(&self, below: &str) -> bool {
        let is_before = below <= self.after && !self.after.starts_with(below);
        let is_late = self.found.len() >= self.most
            && self.found.peek().is_some_and(|last| below > last.as_str() && !last.starts_with(below));
        (below.starts_with(self.prefix) || self.prefix.starts_with(below)) && !is_before && !is_late
    }

    fn keep(&mut self, key: String) {
        if !key.starts_with(self.prefix) || key.as_str() <= self.after {
            return;
        }
        self.found.push(key);
        if self.found.len() > self.most {
            self.found.pop();
        }
    }
}

/// Size and age of what must be a file.
fn stat(found: &fs::Metadata) -> io::Result<Stat> {
    if !found.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(Stat { bytes: found.len(), modified: found.modified()? })
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Removes an object, if it is there, and the folders below `root` that are empty then.
pub(super) fn remove(root: &Path, key: &Key) -> Result<(), BlobError> {
    let path = root.join(key.as_str());
    match fs::remove_file(&path) {
        Err(source) if !is_nothing(&source) => return Err(BlobError::Remove { path, source }),
        _ => {}
    }
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
        // One that is not empty stays, and so do those above it.
        if fs::remove_dir(folder).is_err_and(|error| !is_nothing(&error)) {
            break;
        }
    }
    Ok(())
}
