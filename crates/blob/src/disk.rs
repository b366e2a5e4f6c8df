//! Buckets as folders of one folder.
//!
//! Promise: no act blocks the runtime; a probe leaves no file behind, unless the disk refuses to remove it.

use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bucket::Bucket;
use crate::error::BlobError;

/// What a probe writes: a page of it, so that a full disk is noticed.
const PROBE: &[u8; 4096] = &[b'?'; 4096];

#[derive(Clone, Debug)]
pub(crate) struct Disk {
    root: Arc<Path>,
}

impl Disk {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root: root.into() }
    }

    pub(crate) async fn probe(&self, bucket: Bucket) -> Result<(), BlobError> {
        let folder = self.root.join(bucket.as_str());
        let done = tokio::task::spawn_blocking(move || probe(&folder)).await;
        done.unwrap_or(Err(BlobError::Interrupted))
    }
}

fn probe(folder: &Path) -> Result<(), BlobError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| BlobError::Folder { path: folder.to_owned(), source })?;
    let path = folder.join(probe_name());
    let result = write_and_read_back(&path);
    let removed = fs::remove_file(&path);
    result?;
    removed.map_err(|source| BlobError::Remove { path, source })
}

fn write_and_read_back(path: &Path) -> Result<(), BlobError> {
    write(path).map_err(|source| BlobError::Write { path: path.to_owned(), source })?;
    let found = read(path).map_err(|source| BlobError::Read { path: path.to_owned(), source })?;
    if found == PROBE { Ok(()) } else { Err(BlobError::Differs { path: path.to_owned() }) }
}

fn write(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(PROBE)?;
    file.sync_all()
}

/// A byte more than was written would show.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut found = Vec::with_capacity(PROBE.len() + 1);
    File::open(path)?.take(PROBE.len() as u64 + 1).read_to_end(&mut found)?;
    Ok(found)
}

/// Another probe of the same bucket, also by another machine, has another name. The standard library
/// seeds its hashers from the operating system, which is random enough for that.
fn probe_name() -> String {
    format!(".rillcast-probe-{:016x}", RandomState::new().build_hasher().finish())
}
