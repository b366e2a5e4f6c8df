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
const MULTIVARIANT: &str = "media/hls/master.m3u8";

/// The URL of a recording's multivariant playlist: on this server for a bucket on disk, otherwise on the S3 service,
/// whose bucket must let its readers in.
pub(super) fn of(shelves: &Shelves, recording: &Recording) -> String {
    let base = base(&shelves.config, &recording.configuration.bucket);
    format!("{base}/{}/{MULTIVARIANT}", recording.prefix)
}

fn base(config: &Config, bucket: &str) -> String {
    match config.outside.buckets {
        BucketPlace::Disk => {
            let own = || format!("http://{}", reachable(config.http));
            format!("{}{RECORDINGS}{bucket}", config.public_url.clone().unwrap_or_else(own))
        }
        BucketPlace::S3 => s3(config).address(bucket),
    }
}
