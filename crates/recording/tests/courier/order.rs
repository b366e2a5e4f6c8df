//! What is brought when, and what is left when couriers stop.
//!
//! Promise: what a bucket has is read from it by another way than the courier's.

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use recording::courier::Errand;
use recording::layout;
use recording::playlist::Form;
use testkit::s3::{Called, Wire};

use crate::house::{House, PREFIX, done, files, service, wait_for};

#[tokio::test]
async fn a_recording_grows_in_its_bucket_and_ends_whole() {
    let house = House::on_disk(3);
    let courier = house.courier();
    for number in 0..4 {
        courier.send(Errand::Chunk(house.chunk(number)));
        done(&courier).await;
        let text = house.text(&layout::playlist("720p30", Form::Whole)).await;
        assert!(text.contains("0.ts\n") && !text.contains("ENDLIST"), "{text}");
    }
    courier.send(Errand::Close);
    done(&courier).await;
    house.assert_whole(4).await;
    let state = courier.state().borrow().clone();
    let listed = house.direct.objects(&house.bucket, PREFIX, "").await.expect("a list");
    assert_eq!(state.bytes, listed.iter().map(|listed| listed.stat.bytes).sum::<u64>());
    assert_eq!((state.waiting_bytes, state.lost_files, state.failing), (0, 0, None));
    let figures = &house.means.figures;
    assert!(
        figures.uploads.load(Relaxed) >= 4 * 3 + 8 && figures.uploaded_bytes.load(Relaxed) >= state.bytes
    );
}

#[tokio::test]
async fn nothing_is_named_before_it_is_there() {
    let wire = Wire::lay(service().address(), |_| None).await;
    let house = House::in_s3("named-before", 2, wire.endpoint());
    let courier = house.courier();
    courier.send(Errand::Text { key: layout::STARTED.to_owned(), text: "{}".to_owned() });
    for number in 0..6 {
        courier.send(Errand::Chunk(house.chunk(number)));
    }
    courier.send(Errand::Close);
    courier.send(Errand::Text { key: layout::ENDED.to_owned(), text: "{}".to_owned() });
    done(&courier).await;
    let calls = wire.calls();
    assert_order(&calls);
    let ends = |call: Option<&Called>, end| call.is_some_and(|call| call.target.ends_with(end));
    assert!(ends(calls.first(), layout::STARTED) && ends(calls.last(), layout::ENDED));
}

/// Whatever a playlist named, the service had said before that it has it.
pub(crate) fn assert_order(calls: &[Called]) {
    let mut there = HashSet::new();
    for call in calls.iter().filter(|call| call.method == "PUT") {
        if call.target.ends_with(".m3u8") {
            let folder = call.target.rsplit_once('/').expect("a key").0;
            for name in call.text.lines().filter(|line| !line.starts_with('#')) {
                let named = format!("{folder}/{name}");
                assert!(there.contains(&named), "{} names {name} too early", call.target);
            }
        }
        if call.status == Some(200) {
            there.insert(call.target.clone());
        }
    }
}

#[tokio::test]
async fn what_a_stopped_courier_leaves_the_next_one_brings() {
    let house = House::on_disk(2);
    let chunks: Vec<_> = (0..5).map(|number| house.chunk(number)).collect();
    let first = house.courier();
    first.send(Errand::Chunk(chunks[0].clone()));
    done(&first).await;
    for chunk in &chunks[1..] {
        first.send(Errand::Chunk(chunk.clone()));
    }
    first.abandon().await;
    assert_eq!(house.means.figures.waiting_bytes.load(Relaxed), 0, "nobody of this process brings them");
    let second = house.courier();
    for mut chunk in chunks {
        for file in chunk.files.iter_mut().flatten() {
            file.parcel.on_tape = file.parcel.path.exists();
        }
        second.send(Errand::Chunk(chunk));
    }
    second.send(Errand::Close);
    done(&second).await;
    house.assert_whole(5).await;
}

#[tokio::test]
async fn a_recording_that_is_in_its_bucket_already_is_listed_once_at_its_end() {
    let wire = Wire::lay(service().address(), |_| None).await;
    let house = House::in_s3("already-there", 1, wire.endpoint());
    let chunks: Vec<_> = (0..3).map(|number| house.chunk(number)).collect();
    let first = house.courier();
    for chunk in &chunks {
        first.send(Errand::Chunk(chunk.clone()));
    }
    done(&first).await;
    first.abandon().await;
    let before = wire.calls().len();
    let second = house.courier();
    for mut chunk in chunks {
        for file in chunk.files.iter_mut().flatten() {
            file.parcel.on_tape = false;
        }
        second.send(Errand::Chunk(chunk));
    }
    done(&second).await;
    assert_eq!(wire.calls().len(), before, "playlists never become shorter meanwhile");
    second.send(Errand::Close);
    done(&second).await;
    assert_eq!(wire.calls().len(), before + 4);
    house.assert_whole(3).await;
}

#[tokio::test]
async fn a_file_that_somebody_took_is_a_gap_and_counted() {
    let house = House::on_disk(2);
    let courier = house.courier();
    let (first, second) = (house.chunk(0), house.chunk(1));
    let taken = second.files[0].as_ref().expect("a file").parcel.path.clone();
    fs::remove_file(taken).expect("it was there");
    courier.send(Errand::Chunk(first));
    courier.send(Errand::Chunk(second));
    courier.send(Errand::Close);
    done(&courier).await;
    assert_eq!(courier.state().borrow().lost_files, 1);
    for form in Form::ALL {
        let [hurt, other] = ["720p30", "620p30"].map(|rendition| layout::playlist(rendition, form));
        let (hurt, other) = (house.text(&hurt).await, house.text(&other).await);
        assert!(hurt.contains("#EXT-X-GAP\n") && hurt.contains("1.ts\n"), "{hurt}");
        assert!(!other.contains("#EXT-X-GAP\n"), "{other}");
    }
}

#[tokio::test]
async fn a_tape_that_is_out_of_sight_is_waited_for() {
    let house = House::on_disk(1);
    let courier = house.courier();
    let chunk = house.chunk(0);
    let aside = house.folder.path().join("aside");
    fs::rename(house.tape(), &aside).expect("moved");
    courier.send(Errand::Chunk(chunk));
    let state = wait_for(&courier, |state| state.failing.is_some()).await;
    assert_eq!((state.lost_files, state.refused), (0, None));
    fs::rename(&aside, house.tape()).expect("moved");
    courier.send(Errand::Close);
    done(&courier).await;
    house.assert_whole(1).await;
}

#[tokio::test]
async fn the_newest_thumbnail_is_the_one_that_stays() {
    let house = House::on_disk(1);
    let courier = house.courier();
    for number in 0..100 {
        let bytes = Bytes::from(format!("thumbnail {number}"));
        courier.send(Errand::Bytes { key: layout::LATEST_THUMBNAIL.to_owned(), bytes, supersedes: true });
    }
    let parcel = house.parcel(layout::thumbnail(0), b"numbered");
    courier.send(Errand::Files(vec![parcel]));
    done(&courier).await;
    assert_eq!(house.text(layout::LATEST_THUMBNAIL).await, "thumbnail 99");
    assert_eq!(house.text(&layout::thumbnail(0)).await, "numbered");
    let state = courier.state().borrow().clone();
    assert_eq!((state.bytes, state.waiting_bytes), ("thumbnail 99numbered".len() as u64, 0));
    assert!(house.means.figures.uploads.load(Relaxed) <= 3, "the others never left");
    assert_eq!(files(&house.tape()), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_small_chunk_is_listed_within_a_minute_though_nothing_follows_it() {
    let house = House::on_disk(1);
    let courier = house.courier();
    courier.send(Errand::Chunk(house.chunk(0)));
    done(&courier).await;
    let begin = tokio::time::Instant::now();
    let mut small = house.chunk(1);
    for file in small.files.iter_mut().flatten() {
        file.parcel = house.parcel(file.parcel.key.clone(), b"x");
        file.entries.truncate(1);
    }
    courier.send(Errand::Chunk(small));
    done(&courier).await;
    let playlist = layout::playlist("720p30", Form::Whole);
    assert!(!house.text(&playlist).await.contains("1.ts"), "so little waits for more");
    while !house.text(&playlist).await.contains("1.ts") {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let seconds = begin.elapsed().as_secs();
    assert!((55..=65).contains(&seconds), "{seconds}");
}
