//! Settings about services of others that the server calls.
//!
//! Promise: a key is whole or not there; without one, the AWS SDKs' usual places are looked at.

use domain::Region;

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
    /// `None`: the region of ARNs.
    pub s3_region: Option<String>,
    pub s3_path_style: bool,
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
        let s3_endpoint = values.wanted("s3_endpoint", base_url)?;
        let has_endpoint = s3_endpoint.is_some();
        Ok(Self {
            buckets: values.needed("buckets", |text| match text {
                "disk" => Ok(BucketPlace::Disk),
                "s3" => Ok(BucketPlace::S3),
                _ => Err("disk or s3".to_owned()),
            })?,
            s3_endpoint,
            s3_region: values.wanted("s3_region", |text| match Region::parse(text) {
                Some(_) => Ok(text.to_owned()),
                None => Err("1 to 32 of a-z, 0-9 and -".to_owned()),
            })?,
            s3_path_style: values.needed("s3_path_style", |text| match text {
                "auto" => Ok(has_endpoint),
                "on" => Ok(true),
                "off" => Ok(false),
                _ => Err("auto, on or off".to_owned()),
            })?,
            logs_endpoint: values.wanted("logs_endpoint", base_url)?,
            firehose_endpoint: values.wanted("firehose_endpoint", base_url)?,
            key,
        })
    }
}
