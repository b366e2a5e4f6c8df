//! Where recordings and events go, and chat logs that go to buckets.
//!
//! Promise: a bucket is tried by one small object that is removed again; to a sink a connection is made and nothing
//! sent.

use std::collections::BTreeSet;
use std::time::Duration;

use blob::Blobs;
use domain::{LogDestination, chain};
use events::{Reach, Sinks};
use store::{PageRequest, Store, StoreError, Tenant};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::examination::Subject;
use super::finding::Found;
use super::{data, reach};
use crate::config::{BucketPlace, Config};
use crate::pipes;

/// Buckets that are tried, the first to be made; so many are tried within the limit of a look.
const BUCKETS: usize = 50;
/// Tries under way at a time.
const AT_ONCE: usize = 8;
/// One bucket's time.
const PATIENCE: Duration = Duration::from_secs(8);
/// Rows that are read at a time.
const PAGE: u32 = 100;

/// All buckets that recording and logging configurations name.
pub(super) async fn buckets(subject: Subject) -> Vec<(String, Found)> {
    let config = &subject.config;
    let names = match &subject.store {
        Ok(store) => read(store, config).await.map_err(|error| chain(&error)),
        Err(why) => Err(why.clone()),
    };
    let names = match names {
        Ok(names) => names,
        Err(why) => {
            return vec![(String::new(), Found::skip(format!("which there are is not known: {why}")))];
        }
    };
    if names.is_empty() {
        return vec![(String::new(), Found::skip("no recording or logging configuration names one"))];
    }
    let blobs = pipes::blobs(config);
    let mut found = Vec::new();
    let mut tries = JoinSet::new();
    for name in names.into_iter().take(BUCKETS) {
        if tries.len() >= AT_ONCE
            && let Some(Ok(one)) = tries.join_next().await
        {
            found.push(one);
        }
        tries.spawn(tried(blobs.clone(), config.outside.buckets, name));
    }
    while let Some(ended) = tries.join_next().await {
        found.extend(ended.ok());
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

async fn tried(blobs: Blobs, place: BucketPlace, name: String) -> (String, Found) {
    let probed = timeout(PATIENCE, blobs.probe(&name)).await;
    let advice = match place {
        BucketPlace::S3 => {
            "See whether the bucket exists, whether the key may put and delete objects in it, and whether s3_endpoint, \
             s3_region and s3_path_style are right."
        }
        BucketPlace::Disk => "Let the server's user write to the folder `buckets` in the data folder.",
    };
    let found = match probed {
        Ok(Ok(())) => Found::ok(format!("an object was put into {name} and removed")),
        Ok(Err(error)) => Found::fail(format!("{name} can't be used: {}", chain(&error)), advice),
        Err(_) => Found::fail(format!("{name} does not answer within {} s", PATIENCE.as_secs()), advice),
    };
    (format!("bucket:{name}"), found)
}

async fn read(store: &Store, config: &Config) -> Result<BTreeSet<String>, StoreError> {
    let tenant = Tenant { account: config.account.clone(), region: config.region.clone() };
    let mut names = BTreeSet::new();
    let mut next = Some(PageRequest::first(PAGE));
    while let Some(request) = next {
        let page = store.recording_configurations(&tenant, request).await?;
        names.extend(page.items.into_iter().map(|configuration| configuration.bucket));
        next = page.next.map(|after| PageRequest { after, limit: PAGE });
    }
    let mut next = Some(PageRequest::first(PAGE));
    while let Some(request) = next {
        let page = store.logging_configurations(&tenant, request).await?;
        names.extend(page.items.into_iter().filter_map(|configuration| match configuration.destination {
            LogDestination::S3 { bucket } => Some(bucket),
            _ => None,
        }));
        next = page.next.map(|after| PageRequest { after, limit: PAGE });
    }
    Ok(names)
}

/// Nothing when no file is configured.
pub(super) async fn sinks(subject: Subject) -> Vec<(String, Found)> {
    let Some(path) = &subject.config.life.event_sinks else { return Vec::new() };
    let shown = path.display();
    let text = match tokio::fs::read_to_string(path).await {
        Ok(text) => text,
        Err(error) => {
            let words = format!("{shown} can't be read: {}", reach::plain(&error));
            return vec![(
                String::new(),
                Found::fail(words, "Set event_sinks to a file that the server's user may read."),
            )];
        }
    };
    let sinks = match Sinks::parse(&text) {
        Ok(sinks) => sinks,
        Err(error) => {
            let words = format!("{shown} can't be used: {}", chain(&error));
            return vec![(
                String::new(),
                Found::fail(words, "Mend the file; docs/guide/events.md says what may stand in it."),
            )];
        }
    };
    let mut tries = JoinSet::new();
    for sink in &sinks {
        for place in sink.reaches() {
            tries.spawn(reached(format!("sink:{}", sink.name()), sink.kind(), place));
        }
    }
    let mut found = tries.join_all().await;
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

async fn reached(name: String, kind: &'static str, place: Reach) -> (String, Found) {
    let found = match place {
        Reach::Host { host, port, tls } => {
            let opened = if tls {
                reach::open_tls(&host, port).await.map(drop)
            } else {
                reach::open(&host, port).await.map(drop)
            };
            match opened {
                Ok(()) => Found::ok(format!("{kind}: {host}:{port} takes connections")),
                Err(why) => Found::fail(
                    format!("{kind}: {host}:{port} can't be reached: {why}"),
                    "Look at the address in the file of sinks, at DNS and firewall, and whether it runs; events wait \
                     meanwhile for as long as event_days says.",
                ),
            }
        }
        Reach::File(path) => match data::writable(path.parent().unwrap_or(&path)) {
            Ok(_) => Found::ok(format!("{kind}: {} can be written", path.display())),
            Err((at, error)) => Found::fail(
                format!("{kind}: {} can't be written: {}", at.display(), reach::plain(&error)),
                "Let the server's user write there.",
            ),
        },
    };
    (name, found)
}
