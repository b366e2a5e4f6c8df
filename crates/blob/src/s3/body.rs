//! Objects on their way to an S3 service.
//!
//! Promise: of an object on its way no more than [`WHOLE`] bytes are in memory, and of a larger one no more than
//! [`PART`]; parts of an object that did not get through are removed again, unless the service is away or whoever waited
//! gave up (a lifecycle rule of the bucket should remove those).

use std::future::Future;
use std::path::PathBuf;

use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, MultipartUpload, ObjectStore as _, PutMultipartOptions, PutOptions, PutPayload,
};

use super::{S3, failed};
use crate::block::{self, Block, Source};
use crate::bucket::Bucket;
use crate::disk::aside;
use crate::error::BlobError;
use crate::key::Key;
use crate::patience::Patience;

/// Objects of fewer bytes go in one call.
const WHOLE: u64 = 16 << 20;
/// Bytes of a part; the last may have fewer. S3 takes 10 000 parts of at least 5 MiB.
const PART: u64 = 8 << 20;

impl S3 {
    pub(crate) async fn put_file(
        &self,
        bucket: &Bucket,
        key: &Key,
        from: PathBuf,
        content_type: &str,
        patience: Patience,
    ) -> Result<(), BlobError> {
        let Some(length) = length(from.clone()).await? else {
            let found = self.stat(bucket, key).await?;
            return found.map(drop).ok_or(BlobError::Gone { path: from });
        };
        let blocks = vec![Block::File(from.clone(), 0..length)];
        self.put_blocks(bucket, key, blocks, content_type, patience).await?;
        aside(move || std::fs::remove_file(&from).map_err(|source| BlobError::Remove { path: from, source }))
            .await
    }

    pub(crate) async fn put_blocks(
        &self,
        bucket: &Bucket,
        key: &Key,
        blocks: Vec<Block>,
        content_type: &str,
        patience: Patience,
    ) -> Result<(), BlobError> {
        let client = self.clients(bucket)?.bodies;
        let length = block::length(&blocks);
        let attributes = Attributes::from_iter([(Attribute::ContentType, content_type.to_owned())]);
        let call = Call { client, bucket, key, path: Path::from(key.as_str()), patience };
        let mut source = Source::new(blocks);
        if length >= WHOLE {
            return call.put_parts(source, length, attributes).await;
        }
        let payload = take(&mut source, length).await?;
        let options = PutOptions { attributes, ..Default::default() };
        call.within(length, call.client.put_opts(&call.path, payload, options)).await.map(drop)
    }
}

struct Call<'a> {
    client: AmazonS3,
    bucket: &'a Bucket,
    key: &'a Key,
    path: Path,
    patience: Patience,
}

impl Call<'_> {
    async fn put_parts(&self, source: Source, length: u64, attributes: Attributes) -> Result<(), BlobError> {
        let options = PutMultipartOptions { attributes, ..Default::default() };
        let mut upload = self.within(0, self.client.put_multipart_opts(&self.path, options)).await?;
        let result = self.parts(&mut *upload, source, length).await;
        if result.is_err() {
            // The error that is told is the one above.
            drop(self.within(0, upload.abort()).await);
        }
        result
    }

    async fn parts(
        &self,
        upload: &mut dyn MultipartUpload,
        mut source: Source,
        length: u64,
    ) -> Result<(), BlobError> {
        let mut left = length;
        while left > 0 {
            let part = left.min(PART);
            let payload = take(&mut source, part).await?;
            self.within(part, upload.put_part(payload)).await?;
            left -= part;
        }
        // A service may put the parts together before it answers.
        self.within(length, upload.complete()).await.map(drop)
    }

    async fn within<T>(
        &self,
        bytes: u64,
        act: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, BlobError> {
        let within = self.patience.time(bytes);
        match tokio::time::timeout(within, act).await {
            Ok(done) => done.map_err(|error| failed("write", self.key.as_str(), self.bucket, error)),
            Err(_) => {
                let (object, bucket) = (self.key.to_string(), self.bucket.to_string());
                Err(BlobError::Slow { object, bucket, within })
            }
        }
    }
}

/// How long a file is; `None` when there is none.
async fn length(path: PathBuf) -> Result<Option<u64>, BlobError> {
    aside(move || match std::fs::metadata(&path) {
        Ok(found) => Ok(Some(found.len())),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BlobError::Read { path, source }),
    })
    .await
}

async fn take(source: &mut Source, most: u64) -> Result<PutPayload, BlobError> {
    let mut moved = std::mem::replace(source, Source::new(Vec::new()));
    let (taken, moved) = aside(move || match moved.take(most) {
        Ok(taken) => Ok((taken, moved)),
        Err((path, source)) => Err(BlobError::Read { path, source }),
    })
    .await?;
    *source = moved;
    Ok(PutPayload::from_iter(taken))
}
