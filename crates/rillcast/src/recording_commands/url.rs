//! Where a recording is watched.
//!
//! Promise: made of the settings alone; nothing is asked for.

use delivery::RECORDINGS;
use domain::Recording;

use super::Shelves;
use crate::app::reachable;
use crate::config::{BucketPlace, Config};
use crate::pipes::s3;

/// The multivariant playlist below a recording's prefix.
pub(crate) const MULTIVARIANT: &str = "media/hls/master.m3u8";

/// The URL of a recording's multivariant playlist: on this server for a bucket on disk, otherwise on the S3 service,
/// whose bucket must let its readers in.
pub(super) fn of(shelves: &Shelves, recording: &Recording) -> String {
    let config = &shelves.config;
    let own = || format!("http://{}", reachable(config.http));
    let public_url = config.public_url.clone().unwrap_or_else(own);
    let base = base(config, &public_url, &recording.configuration.bucket);
    format!("{base}/{}/{MULTIVARIANT}", recording.prefix)
}

/// The URL below which a bucket's objects are, on a server whose own URLs begin so.
pub(crate) fn base(config: &Config, public_url: &str, bucket: &str) -> String {
    match config.outside.buckets {
        BucketPlace::Disk => format!("{public_url}{RECORDINGS}{bucket}"),
        BucketPlace::S3 => s3(config).address(bucket),
    }
}
