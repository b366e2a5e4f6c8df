//! Objects that are read piece by piece, by readers who take their time.
//!
//! Promise: what is read is one object as it was when it was opened: on disk also when another takes its name meanwhile,
//! while in S3 reading ends with an error then. No symbolic link below a bucket's folder is followed, and nothing but a plain file is opened; the bucket's folder
//! itself may be a link to another disk.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use crate::bucket::Bucket;
use crate::disk::{Disk, aside};
use crate::error::BlobError;
use crate::key::Key;
use crate::s3::Remote;
use crate::{Blobs, Place};

/// Bytes that are best read at once, of a file and of an object of a service, where each reading is a call.
const STRIDE: usize = 128 << 10;
const LONG_STRIDE: usize = 1 << 20;

/// An object that is held open. A clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Opened {
    source: Source,
    /// Its length.
    pub bytes: u64,
    /// When it was written.
    pub modified: SystemTime,
    /// Tells it from what else had its name, or will have.
    pub mark: u64,
}

/// Where its bytes come from.
#[derive(Clone, Debug)]
enum Source {
    File(Arc<File>, Arc<Path>),
    Remote(Remote),
}

impl Blobs {
    /// Are buckets folders on disk?
    pub fn are_on_disk(&self) -> bool {
        matches!(self.place, Place::Disk(_))
    }

    /// Opens an object; `None` when there is none of that name.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn open(&self, bucket: &str, key: &str) -> Result<Option<Opened>, BlobError> {
        let (bucket, key) = (Bucket::parse(bucket)?, Key::parse(key)?);
        match &self.place {
            Place::Disk(disk) => open_in(disk, &bucket, key).await,
            Place::S3(s3) => Ok(s3.open(&bucket, &key).await?.map(|(remote, stat)| {
                let mark = remote.mark(&stat);
                let (bytes, modified) = (stat.bytes, stat.modified);
                Opened { source: Source::Remote(remote), bytes, modified, mark }
            })),
        }
    }
}

pub(crate) async fn open_in(disk: &Disk, bucket: &Bucket, key: Key) -> Result<Option<Opened>, BlobError> {
    let folder = disk.folder(bucket);
    aside(move || open(&folder, &key)).await
}

impl Opened {
    /// Reads `most` bytes from `at` on, less where the object ends.
    ///
    /// # Errors
    /// [`BlobError::Read`], [`BlobError::Remote`].
    pub async fn read(&self, at: u64, most: usize) -> Result<Bytes, BlobError> {
        let left = usize::try_from(self.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = most.min(left);
        match &self.source {
            Source::File(file, path) => {
                let (file, path) = (Arc::clone(file), Arc::clone(path));
                let mut block = vec![0; length];
                aside(move || match file.read_exact_at(&mut block, at) {
                    Ok(()) => Ok(Bytes::from(block)),
                    Err(source) => Err(BlobError::Read { path: path.to_path_buf(), source }),
                })
                .await
            }
            Source::Remote(_) if length == 0 => Ok(Bytes::new()),
            Source::Remote(remote) => remote.read(at..at + length as u64).await,
        }
    }

    /// Bytes that are best read at once.
    pub fn stride(&self) -> usize {
        match &self.source {
            Source::File(..) => STRIDE,
            Source::Remote(_) => LONG_STRIDE,
        }
    }
}

fn open(folder: &Path, key: &Key) -> Result<Option<Opened>, BlobError> {
    let path = folder.join(key.as_str());
    let found = walk(folder, key).and_then(|file| file.metadata().map(|data| (file, data)));
    let (file, data) = match found {
        Ok((file, data)) if data.is_file() => (file, data),
        Ok(_) => return Ok(None),
        Err(source) if is_absence(&source) => return Ok(None),
        Err(source) => return Err(BlobError::Read { path, source }),
    };
    let modified = data.modified().map_err(|source| BlobError::Read { path: path.clone(), source })?;
    let mark =
        mix(&[data.ino(), data.mtime().cast_unsigned(), data.mtime_nsec().cast_unsigned(), data.len()]);
    let source = Source::File(Arc::new(file), path.into());
    Ok(Some(Opened { source, bytes: data.len(), modified, mark }))
}

/// Step by step, so that none of them can be a link that leads away.
fn walk(folder: &Path, key: &Key) -> io::Result<File> {
    // A pipe must not be waited for by whoever opens it.
    let last = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let (mut steps, mut at) = (key.as_str().split('/').peekable(), OwnedFd::from(File::open(folder)?));
    while let Some(step) = steps.next() {
        let how = match steps.peek() {
            Some(_) => OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            None => last,
        };
        at = openat(&at, step, how, Mode::empty())?;
    }
    Ok(File::from(at))
}

/// Nothing is there under that name that could be an object.
fn is_absence(error: &io::Error) -> bool {
    let absent = [Errno::NOENT, Errno::NOTDIR, Errno::LOOP, Errno::NXIO, Errno::NAMETOOLONG];
    Errno::from_io_error(error).is_some_and(|error| absent.contains(&error))
}

/// Numbers as one, by multiplying with an odd number whose bits are evenly spread.
pub(crate) fn mix(numbers: &[u64]) -> u64 {
    let step =
        |mixed: u64, number: &u64| (mixed ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    numbers.iter().fold(0, step)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const KEY: &str = "ivs/v1/0.ts";

    async fn stage() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::disk(folder.path().to_owned());
        blobs.put("films", KEY, Bytes::from_static(b"0123456789")).await.expect("written");
        (folder, blobs)
    }

    #[tokio::test]
    async fn an_object_is_read_in_pieces() {
        let (_folder, blobs) = stage().await;
        let opened = blobs.open("films", KEY).await.expect("readable").expect("there");
        assert_eq!(opened.bytes, 10);
        assert_eq!(opened.read(2, 3).await.expect("read"), "234");
        assert_eq!(opened.read(8, 100).await.expect("read"), "89");
        assert_eq!(opened.read(10, 100).await.expect("read"), "");
        assert_eq!(opened.read(99, 1).await.expect("read"), "");
    }

    #[tokio::test]
    async fn whoever_has_opened_an_object_reads_it_to_its_end_whatever_takes_its_name() {
        let (_folder, blobs) = stage().await;
        let opened = blobs.open("films", KEY).await.expect("readable").expect("there");
        blobs.put("films", KEY, Bytes::from_static(b"other")).await.expect("written");
        assert_eq!(opened.read(0, 100).await.expect("read"), "0123456789");
        let other = blobs.open("films", KEY).await.expect("readable").expect("there");
        assert_ne!(opened.mark, other.mark);
        let again = blobs.open("films", KEY).await.expect("readable").expect("there");
        assert_eq!(again.mark, other.mark);
    }

    #[tokio::test]
    async fn folders_pipes_and_links_are_no_objects() {
        let (folder, blobs) = stage().await;
        let bucket = folder.path().join("films");
        std::fs::write(folder.path().join("secret"), "secret").expect("written");
        symlink(folder.path().join("secret"), bucket.join("link")).expect("linked");
        symlink("ivs/v1/0.ts", bucket.join("inner")).expect("linked");
        symlink(folder.path(), bucket.join("out")).expect("linked");
        rustix::fs::mknodat(rustix::fs::CWD, bucket.join("pipe"), rustix::fs::FileType::Fifo, Mode::RWXU, 0)
            .expect("a pipe");
        for key in ["ivs", "ivs/v1", "link", "inner", "out/secret", "pipe", "ivs/v1/0.ts/x", "none", "none/x"]
        {
            assert!(blobs.open("films", key).await.expect("looked").is_none(), "{key}");
        }
        assert!(blobs.open("other", KEY).await.expect("looked").is_none());
        for key in ["../secret", "ivs/../x", "", "a\0b", "a%2fb"] {
            assert!(blobs.open("films", key).await.is_err(), "{key}");
        }
    }

    #[tokio::test]
    async fn a_bucket_may_be_a_link_to_another_disk() {
        let (folder, blobs) = stage().await;
        std::fs::rename(folder.path().join("films"), folder.path().join("elsewhere")).expect("moved");
        symlink(folder.path().join("elsewhere"), folder.path().join("films")).expect("linked");
        assert!(blobs.open("films", KEY).await.expect("looked").is_some());
    }
}
