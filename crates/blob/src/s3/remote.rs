//! One object of a service, read piece by piece.
//!
//! Promise: all pieces are of the object that was there when it was opened, or there is an error.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _};

use super::{S3, failed, stat};
use crate::bucket::Bucket;
use crate::error::BlobError;
use crate::key::Key;
use crate::object::Stat;

/// An object that was there.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    client: AmazonS3,
    bucket: Bucket,
    path: Path,
    /// What the service tells it by.
    tag: Option<String>,
}

impl S3 {
    pub(crate) async fn open(&self, bucket: &Bucket, key: &Key) -> Result<Option<(Remote, Stat)>, BlobError> {
        let (client, path) = (self.client(bucket)?, Path::from(key.as_str()));
        match client.head(&path).await {
            Ok(meta) => {
                let found = stat(&meta);
                Ok(Some((Remote { client, bucket: bucket.clone(), path, tag: meta.e_tag }, found)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("find", key.as_str(), bucket, error)),
        }
    }
}

impl Remote {
    pub(crate) async fn read(&self, range: Range<u64>) -> Result<Bytes, BlobError> {
        let unread = |error| failed("read", self.path.as_ref(), &self.bucket, error);
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: self.tag.clone(),
            ..GetOptions::default()
        };
        let found = self.client.get_opts(&self.path, options).await.map_err(unread)?;
        found.bytes().await.map_err(unread)
    }

    /// Tells it from what else had its name, or will have.
    pub(crate) fn mark(&self, stat: &Stat) -> u64 {
        let mut mark = DefaultHasher::new();
        (&self.tag, stat.bytes, stat.modified).hash(&mut mark);
        mark.finish()
    }
}
