//! Buckets of an S3 service.
//!
//! Promise: every call ends within half a minute, or, if it carries an object, within the time that
//! [`Patience`](crate::Patience) gives; a service that is away is asked again a few times before its
//! failure is told; secrets show in no error and no `Debug` output.

mod body;
mod remote;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectMeta, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use parking_lot::Mutex;

use crate::LIST_MAX;
use crate::bucket::Bucket;
use crate::error::{BlobError, Trouble};
use crate::key::{Key, OWN};
use crate::object::{Listed, Stat};

pub(crate) use remote::Remote;

/// Clients that are kept; each has its own connections.
const CLIENTS: usize = 64;
const CONNECT: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(20);
const ALL_TRIES: Duration = Duration::from_secs(10);
const TRIES_AGAIN: usize = 2;

/// An access key for the service.
#[derive(Clone)]
pub struct S3Key {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl fmt::Debug for S3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Which service, and who we are there.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// `None`: Amazon's own of the region. Plain `http` is allowed.
    pub endpoint: Option<String>,
    /// `None`: `AWS_REGION`, else us-east-1.
    pub region: Option<String>,
    /// `None`: what the AWS SDKs take from the environment: `AWS_ACCESS_KEY_ID` and its like, a web
    /// identity, the container's or the machine's role.
    pub key: Option<S3Key>,
    /// Buckets in the path (`endpoint/bucket/key`) rather than in the host's name. What compatible servers
    /// want. Those with a dot in their name are in any case: no certificate fits their host.
    pub path_style: bool,
}

impl S3Config {
    /// The URL below which a bucket's objects are, without a slash at its end.
    pub fn address(&self, bucket: &str) -> String {
        let amazon = || match &self.region {
            Some(region) => format!("https://s3.{region}.amazonaws.com"),
            None => "https://s3.amazonaws.com".to_owned(),
        };
        let endpoint = self.endpoint.clone().unwrap_or_else(amazon);
        let endpoint = endpoint.trim_end_matches('/');
        match endpoint.split_once("://").filter(|_| self.names_by_host(bucket)) {
            Some((scheme, host)) => format!("{scheme}://{bucket}.{host}"),
            None => format!("{endpoint}/{bucket}"),
        }
    }

    fn names_by_host(&self, bucket: &str) -> bool {
        !self.path_style && !bucket.contains('.')
    }

    /// Of a bucket that is named by its host it has the name in it already.
    fn endpoint_of(&self, bucket: &str) -> Option<String> {
        let endpoint = self.endpoint.as_ref()?;
        let is_by_host = self.names_by_host(bucket);
        Some(if is_by_host { self.address(bucket) } else { endpoint.trim_end_matches('/').to_owned() })
    }
}

/// What an S3 service answered, or why it didn't.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct S3Error(Box<object_store::Error>);

impl From<object_store::Error> for S3Error {
    fn from(error: object_store::Error) -> Self {
        Self(Box::new(error))
    }
}

impl S3Error {
    pub(crate) fn trouble(&self) -> Trouble {
        match &*self.0 {
            object_store::Error::NotFound { .. } => Trouble::Missing,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Trouble::Denied
            }
            _ => Trouble::Other,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct S3 {
    config: Arc<S3Config>,
    clients: Arc<Mutex<HashMap<String, Clients>>>,
}

/// For one bucket.
#[derive(Clone, Debug)]
struct Clients {
    /// Ends each call after [`CALL`].
    calls: AmazonS3,
    /// Has no clock: how long a call may take depends on what it carries.
    bodies: AmazonS3,
}

impl S3 {
    pub(crate) fn new(config: S3Config) -> Self {
        Self { config: Arc::new(config), clients: Arc::default() }
    }

    pub(crate) async fn probe(&self, bucket: &Bucket) -> Result<(), BlobError> {
        let name = format!("{OWN}probe-{:016x}", RandomState::new().build_hasher().finish());
        let (client, path) = (self.client(bucket)?, Path::from(name.as_str()));
        let written = client.put(&path, Bytes::new().into()).await;
        written.map_err(|error| failed("write", &name, bucket, error))?;
        // Whoever may only write has all that is needed.
        drop(client.delete(&path).await);
        Ok(())
    }

    pub(crate) async fn put(&self, bucket: &Bucket, key: &Key, bytes: Bytes) -> Result<(), BlobError> {
        let done = self.client(bucket)?.put(&Path::from(key.as_str()), bytes.into()).await;
        done.map(drop).map_err(|error| failed("write", key.as_str(), bucket, error))
    }

    pub(crate) async fn get(&self, bucket: &Bucket, key: &Key) -> Result<Option<Bytes>, BlobError> {
        let unread = |error| failed("read", key.as_str(), bucket, error);
        match self.client(bucket)?.get(&Path::from(key.as_str())).await {
            Ok(found) => found.bytes().await.map(Some).map_err(unread),
            Err(error) if is_no_object(&error) => Ok(None),
            Err(error) => Err(unread(error)),
        }
    }

    pub(crate) async fn list(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<String>, BlobError> {
        let objects = self.page(bucket, prefix, after).await?;
        let keys = objects.into_iter().map(|object| object.location.to_string());
        Ok(keys.filter(|key| !key.contains(OWN)).collect())
    }

    /// The answer to HEAD has no body that could tell a missing bucket from a missing object.
    pub(crate) async fn stat(&self, bucket: &Bucket, key: &Key) -> Result<Option<Stat>, BlobError> {
        match self.client(bucket)?.head(&Path::from(key.as_str())).await {
            Ok(meta) => Ok(Some(stat(&meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("find", key.as_str(), bucket, error)),
        }
    }

    pub(crate) async fn read(
        &self,
        bucket: &Bucket,
        key: &Key,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, BlobError> {
        match self.client(bucket)?.get_range(&Path::from(key.as_str()), range).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_no_object(&error) => Ok(None),
            Err(error) => Err(failed("read", key.as_str(), bucket, error)),
        }
    }

    pub(crate) async fn remove(&self, bucket: &Bucket, keys: Vec<Key>) -> Result<(), BlobError> {
        let client = self.client(bucket)?;
        let paths: Vec<_> = keys.iter().map(|key| Ok(Path::from(key.as_str()))).collect();
        let mut removed = client.delete_stream(Box::pin(stream::iter(paths)));
        while let Some(result) = removed.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed("remove", "objects", bucket, error)),
            }
        }
        Ok(())
    }

    pub(crate) async fn objects(
        &self,
        bucket: &Bucket,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<Listed>, BlobError> {
        let objects = self.page(bucket, prefix, after).await?;
        let listed = objects.iter().map(|meta| Listed { key: meta.location.to_string(), stat: stat(meta) });
        Ok(listed.filter(|listed| !listed.key.contains(OWN)).collect())
    }

    async fn page(&self, bucket: &Bucket, prefix: &str, after: &str) -> Result<Vec<ObjectMeta>, BlobError> {
        let offset = (!after.is_empty()).then(|| after.to_owned());
        let options = PaginatedListOptions { offset, max_keys: Some(LIST_MAX), ..Default::default() };
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let page = self.client(bucket)?.list_paginated(prefix, options).await;
        let page = page.map_err(|error| failed("list", prefix.unwrap_or_default(), bucket, error))?;
        Ok(page.result.objects)
    }

    fn client(&self, bucket: &Bucket) -> Result<AmazonS3, BlobError> {
        Ok(self.clients(bucket)?.calls)
    }

    fn clients(&self, bucket: &Bucket) -> Result<Clients, BlobError> {
        let mut clients = self.clients.lock();
        if let Some(found) = clients.get(bucket.as_str()) {
            return Ok(found.clone());
        }
        let calls = ClientOptions::new().with_timeout(CALL);
        let made = self.make(bucket, calls).and_then(|calls| {
            let bodies = ClientOptions::new().with_timeout_disabled();
            Ok(Clients { calls, bodies: self.make(bucket, bodies)? })
        });
        let made = made.map_err(|source| BlobError::Client { bucket: bucket.to_string(), source })?;
        if clients.len() >= CLIENTS {
            clients.clear();
        }
        clients.insert(bucket.to_string(), made.clone());
        Ok(made)
    }

    fn make(&self, bucket: &Bucket, client: ClientOptions) -> Result<AmazonS3, S3Error> {
        let config = &*self.config;
        let mut builder = match &config.key {
            None => AmazonS3Builder::from_env(),
            Some(key) => {
                AmazonS3Builder::new().with_access_key_id(&key.id).with_secret_access_key(&key.secret)
            }
        };
        let by_host = config.names_by_host(bucket.as_str());
        if let Some(endpoint) = config.endpoint_of(bucket.as_str()) {
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(by_host);
        } else if builder.get_config_value(&AmazonS3ConfigKey::Endpoint).is_none() {
            builder = builder.with_virtual_hosted_style_request(by_host);
        }
        if let Some(region) = &config.region {
            builder = builder.with_region(region);
        }
        let client = client.with_connect_timeout(CONNECT);
        let retry = RetryConfig { max_retries: TRIES_AGAIN, retry_timeout: ALL_TRIES, ..Default::default() };
        let builder = builder.with_client_options(client).with_retry(retry).with_allow_http(true);
        Ok(builder.with_bucket_name(bucket.as_str()).build()?)
    }
}

/// Is the bucket there, and the object not?
fn is_no_object(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { source, .. } if !source.to_string().contains("NoSuchBucket"))
}

fn stat(meta: &ObjectMeta) -> Stat {
    Stat { bytes: meta.size, modified: meta.last_modified.into() }
}

fn failed(act: &'static str, object: &str, bucket: &Bucket, error: object_store::Error) -> BlobError {
    BlobError::Remote { act, object: object.to_owned(), bucket: bucket.to_string(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(endpoint: Option<&str>, path_style: bool) -> S3Config {
        let endpoint = endpoint.map(str::to_owned);
        S3Config { endpoint, region: Some("eu-central-1".to_owned()), key: None, path_style }
    }

    #[test]
    fn a_bucket_is_where_its_service_wants_it() {
        for (endpoint, path_style, bucket, address) in [
            (None, false, "films", "https://films.s3.eu-central-1.amazonaws.com"),
            (None, true, "films", "https://s3.eu-central-1.amazonaws.com/films"),
            (None, false, "my.films", "https://s3.eu-central-1.amazonaws.com/my.films"),
            (Some("http://127.0.0.1:9000/"), true, "films", "http://127.0.0.1:9000/films"),
            (Some("https://store.example"), false, "films", "https://films.store.example"),
        ] {
            assert_eq!(config(endpoint, path_style).address(bucket), address);
        }
        assert_eq!(config(None, false).endpoint_of("films"), None);
        let by_host = config(Some("https://store.example/"), false);
        assert_eq!(by_host.endpoint_of("films").as_deref(), Some("https://films.store.example"));
        assert_eq!(by_host.endpoint_of("my.films").as_deref(), Some("https://store.example"));
    }
}
