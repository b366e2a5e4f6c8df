//! Settings about services of others that the server calls.
//!
//! Promise: a key is whole or not there; without one, the AWS SDKs' usual places are looked at.

use super::{ConfigError, SecretText, Values, base_url};

/// Where S3 buckets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketPlace {
    /// Folders in the data folder.
    Disk,
    /// An S3 service.
    S3,
}

/// Services outside, and who we are there.
#[derive(Clone, Debug)]
pub struct OutsideSettings {
    pub buckets: BucketPlace,
    pub s3_endpoint: Option<String>,
    pub logs_endpoint: Option<String>,
    pub firehose_endpoint: Option<String>,
    /// Access key id and its secret.
    pub key: Option<(String, SecretText)>,
}

impl OutsideSettings {
    pub(super) fn from_values(values: &Values<'_>) -> Result<Self, ConfigError> {
        let id = values.wanted("aws_access_key", |text| Ok(text.to_owned()))?;
        let secret = values.wanted("aws_secret_key", |text| Ok(SecretText(text.to_owned())))?;
        let key = match (id, secret) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            _ => return Err(ConfigError::KeyPair),
        };
        Ok(Self {
            buckets: values.needed("buckets", |text| match text {
                "disk" => Ok(BucketPlace::Disk),
                "s3" => Ok(BucketPlace::S3),
                _ => Err("disk or s3".to_owned()),
            })?,
            s3_endpoint: values.wanted("s3_endpoint", base_url)?,
            logs_endpoint: values.wanted("logs_endpoint", base_url)?,
            firehose_endpoint: values.wanted("firehose_endpoint", base_url)?,
            key,
        })
    }
}
