//! Buckets that are away, refuse, or answer nonsense.
//!
//! Promise: the service is a real one; which calls are hurt is written down here, not left to chance.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use recording::courier::Errand;
use recording::layout;
use testkit::s3::{Fault, S3, Wire};

use crate::house::{House, client, done, service, wait_for};
use crate::order::assert_order;

const SLOW_DOWN: &str =
    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
const INTERNAL: &str =
    "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
const EXPIRED: &str =
    "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";

/// Every third call is hurt, each in another way.
fn trouble(number: usize) -> Option<Fault> {
    let faults = [
        Fault::Answer(503, SLOW_DOWN),
        Fault::CutBody,
        Fault::LoseAnswer,
        Fault::Answer(500, INTERNAL),
        Fault::Garble("<<< this is no XML"),
        Fault::Answer(429, SLOW_DOWN),
        Fault::Slow(50_000),
        Fault::Answer(403, EXPIRED),
        Fault::Answer(200, "neither is this"),
    ];
    number.is_multiple_of(3).then(|| faults[number / 3 % faults.len()].clone())
}

#[tokio::test]
async fn whatever_happens_to_every_third_call_all_arrives_in_order() {
    let wire = Wire::lay(service().address(), |call| trouble(call.number)).await;
    let house = House::in_s3("every-third-call", 2, wire.endpoint());
    let courier = house.courier();
    for number in 0..8 {
        courier.send(Errand::Chunk(house.chunk(number)));
    }
    courier.send(Errand::Close);
    done(&courier).await;
    house.assert_whole(8).await;
    assert_order(&wire.calls());
    assert!(house.means.figures.upload_failures.load(Relaxed) > 0);
}

#[tokio::test]
async fn a_large_file_gets_through_though_parts_of_it_do_not() {
    let script = |call: &testkit::s3::Called| match call.number {
        // Where it is begun, in its parts, and where these are put together.
        0 | 9 => Some(Fault::LoseAnswer),
        2 | 13 => Some(Fault::CutBody),
        5 => Some(Fault::Answer(403, EXPIRED)),
        _ => None,
    };
    let wire = Wire::lay(service().address(), script).await;
    let house = House::in_s3("large-file", 1, wire.endpoint());
    let courier = house.courier();
    let bytes: Vec<u8> = (0..17 << 20).map(|at: u32| at.to_le_bytes()[at as usize % 3]).collect();
    courier.send(Errand::Files(vec![house.parcel(layout::thumbnail(0), &bytes)]));
    done(&courier).await;
    assert_eq!(house.get(&layout::thumbnail(0)).await.expect("it is there"), bytes);
    assert_eq!(house.keys().await.len(), 1);
}

#[tokio::test]
async fn a_service_that_dies_and_comes_back_has_it_all_in_the_end() {
    let mut service = S3::start();
    service.make_bucket("films");
    let endpoint = format!("http://{}", service.address());
    let (blobs, folder) = (client(endpoint), tempfile::tempdir().expect("a folder"));
    let house = House::new(folder, "films", 2, blobs.clone(), blobs);
    let courier = house.courier();
    courier.send(Errand::Chunk(house.chunk(0)));
    done(&courier).await;
    service.kill();
    for number in 1..5 {
        courier.send(Errand::Chunk(house.chunk(number)));
    }
    let state = wait_for(&courier, |state| state.failing.is_some()).await;
    assert_eq!((state.waiting_bytes, state.refused), (4 * 2 * 5_000, None));
    assert_eq!(house.means.figures.waiting_bytes.load(Relaxed), 4 * 2 * 5_000);
    service.revive();
    courier.send(Errand::Close);
    done(&courier).await;
    assert_eq!(courier.state().borrow().failing, None);
    house.assert_whole(5).await;
}

#[tokio::test]
async fn a_bucket_that_refuses_is_told_at_once_and_used_as_soon_as_it_can_be() {
    let is_fine = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_fine);
    let script = move |_: &testkit::s3::Called| (!told.load(SeqCst)).then_some(Fault::Answer(403, EXPIRED));
    let wire = Wire::lay(service().address(), script).await;
    let house = House::in_s3("refuses", 1, wire.endpoint());
    let courier = house.courier();
    courier.send(Errand::Chunk(house.chunk(0)));
    courier.send(Errand::Close);
    let state = wait_for(&courier, |state| state.refused.is_some()).await;
    assert!(state.refused.is_some_and(|words| words.contains("ExpiredToken")));
    is_fine.store(true, SeqCst);
    done(&courier).await;
    house.assert_whole(1).await;
    let state = courier.state().borrow().clone();
    assert_eq!((state.failing, state.refused), (None, None));
}

#[tokio::test]
async fn a_bucket_that_is_missing_is_told_apart_and_waited_for() {
    let endpoint = format!("http://{}", service().address());
    let (blobs, folder) = (client(endpoint), tempfile::tempdir().expect("a folder"));
    let house = House::new(folder, "made-later", 1, blobs.clone(), blobs);
    let courier = house.courier();
    courier.send(Errand::Chunk(house.chunk(0)));
    courier.send(Errand::Close);
    wait_for(&courier, |state| state.refused.is_some()).await;
    service().make_bucket("made-later");
    done(&courier).await;
    house.assert_whole(1).await;
}

#[tokio::test]
async fn while_nothing_gets_through_one_newest_thumbnail_waits() {
    let is_fine = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_fine);
    let script = move |_: &testkit::s3::Called| (!told.load(SeqCst)).then_some(Fault::Answer(503, SLOW_DOWN));
    let wire = Wire::lay(service().address(), script).await;
    let house = House::in_s3("newest-waits", 1, wire.endpoint());
    let courier = house.courier();
    let image = |text: String| Errand::Bytes {
        key: layout::LATEST_THUMBNAIL.to_owned(),
        bytes: Bytes::from(text),
        supersedes: true,
    };
    courier.send(image("first".to_owned()));
    wait_for(&courier, |state| state.failing.is_some()).await;
    for number in 0..1_000 {
        courier.send(image(format!("{number:05}")));
    }
    assert_eq!(courier.state().borrow().waiting_bytes, 10);
    is_fine.store(true, SeqCst);
    done(&courier).await;
    assert_eq!(house.text(layout::LATEST_THUMBNAIL).await, "00999");
}

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines_with(&self, words: &str) -> Vec<String> {
        let bucket = "bucket=\"one-line\"";
        let text = String::from_utf8(self.0.lock().expect("nobody panics here").clone()).expect("text");
        text.lines().filter(|line| line.contains(words) && line.contains(bucket)).map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics here").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn of_long_trouble_the_log_has_one_line_when_it_begins_and_one_when_it_is_over() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    // For all tests of this process, as others may come to the same lines first; each has a bucket of its own.
    tracing::subscriber::set_global_default(subscriber).expect("no other test has one");
    let is_fine = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_fine);
    let script = move |_: &testkit::s3::Called| (!told.load(SeqCst)).then_some(Fault::Answer(403, EXPIRED));
    let wire = Wire::lay(service().address(), script).await;
    let house = House::in_s3("one-line", 2, wire.endpoint());
    let courier = house.courier();
    for number in 0..2 {
        courier.send(Errand::Chunk(house.chunk(number)));
    }
    courier.send(Errand::Close);
    wire.wait_for(|calls| calls.len() >= 12).await;
    is_fine.store(true, SeqCst);
    done(&courier).await;
    house.assert_whole(2).await;
    let begins = log.lines_with("does not get into its bucket");
    assert!(
        begins.len() == 1 && begins[0].contains("WARN") && begins[0].contains("ExpiredToken"),
        "{begins:#?}"
    );
    let ends = log.lines_with("gets into its bucket again");
    assert!(ends.len() == 1 && ends[0].contains("INFO"), "{ends:#?}");
}
