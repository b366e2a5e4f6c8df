//! Buckets as folders of one folder.
//!
//! Promise: no act blocks the runtime; a probe leaves no file behind, unless the disk refuses to remove it;
//! an object has its name only once all of its bytes are on the disk.

mod arrival;
mod tree;

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::LIST_MAX;
use crate::block::Block;
use crate::bucket::Bucket;
use crate::error::BlobError;
use crate::key::{Key, OWN};
use crate::object::Listed;
use arrival::make_folder;

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

    /// The folder of a bucket.
    pub(crate) fn folder(&self, bucket: &Bucket) -> PathBuf {
        self.root.join(bucket.as_str())
    }

    pub(crate) async fn probe(&self, bucket: Bucket) -> Result<(), BlobError> {
        let folder = self.root.join(bucket.as_str());
        aside(move || probe(&folder)).await
    }

    pub(crate) async fn put(&self, bucket: Bucket, key: Key, bytes: Bytes) -> Result<(), BlobError> {
        self.put_blocks(bucket, key, vec![Block::Bytes(bytes)]).await
    }

    pub(crate) async fn put_blocks(
        &self,
        bucket: Bucket,
        key: Key,
        blocks: Vec<Block>,
    ) -> Result<(), BlobError> {
        let path = self.root.join(bucket.as_str()).join(key.as_str());
        aside(move || arrival::put_blocks(&path, &blocks)).await
    }

    pub(crate) async fn put_file(&self, bucket: Bucket, key: Key, from: PathBuf) -> Result<(), BlobError> {
        let path = self.root.join(bucket.as_str()).join(key.as_str());
        aside(move || arrival::put_file(&path, &from)).await
    }

    pub(crate) async fn remove(&self, bucket: Bucket, keys: Vec<Key>) -> Result<(), BlobError> {
        let root = self.root.join(bucket.as_str());
        aside(move || keys.iter().try_for_each(|key| tree::remove(&root, key))).await
    }

    pub(crate) async fn objects(
        &self,
        bucket: Bucket,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<Listed>, BlobError> {
        let root = self.root.join(bucket.as_str());
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        aside(move || tree::objects(&root, &prefix, &after, LIST_MAX)).await
    }

    pub(crate) async fn get(&self, bucket: Bucket, key: Key) -> Result<Option<Bytes>, BlobError> {
        let path = self.root.join(bucket.as_str()).join(key.as_str());
        aside(move || match fs::read(&path) {
            Ok(found) => Ok(Some(found.into())),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BlobError::Read { path, source }),
        })
        .await
    }

    pub(crate) async fn list(
        &self,
        bucket: Bucket,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<String>, BlobError> {
        let root = self.root.join(bucket.as_str());
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        aside(move || tree::keys(&root, &prefix, &after, LIST_MAX)).await
    }
}

/// Runs `act` where it may wait for the disk.
pub(crate) async fn aside<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(act).await.unwrap_or(Err(BlobError::Interrupted))
}

fn probe(folder: &Path) -> Result<(), BlobError> {
    make_folder(folder)?;
    let path = folder.join(own_name("probe"));
    let result = write_and_read_back(&path);
    let removed = fs::remove_file(&path);
    result?;
    removed.map_err(|source| BlobError::Remove { path, source })
}

fn write_and_read_back(path: &Path) -> Result<(), BlobError> {
    write(path, PROBE).map_err(|source| BlobError::Write { path: path.to_owned(), source })?;
    let found = read(path).map_err(|source| BlobError::Read { path: path.to_owned(), source })?;
    if found == PROBE { Ok(()) } else { Err(BlobError::Differs { path: path.to_owned() }) }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A byte more than was written would show.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut found = Vec::with_capacity(PROBE.len() + 1);
    File::open(path)?.take(PROBE.len() as u64 + 1).read_to_end(&mut found)?;
    Ok(found)
}

/// Another file of the same purpose in the same bucket, also by another machine, has another name. The
/// standard library seeds its hashers from the operating system, which is random enough for that.
fn own_name(purpose: &str) -> String {
    format!("{OWN}{purpose}-{:016x}", RandomState::new().build_hasher().finish())
}
