//! Beginnings and ends.
//!
//! Promise: every picture of the source is in every rendition, at its time; nothing is left of a stream that is over.

use std::sync::atomic::Ordering;

use super::house::*;
use crate::machine::processor_time;

#[tokio::test(flavor = "multi_thread")]
async fn every_picture_is_in_every_rendition_at_its_time_and_keyframes_stay() {
    let (mut house, film) = (House::open(&Plan::default()), film());
    house.tracks(film.tracks());
    let frames = span(&film, 0.0, 2.5);
    house.send(&frames).await;
    house.end().await;
    let ladder = house.broadcast.ladder().expect("decided");
    let names: Vec<&str> = ladder.renditions.iter().map(|rendition| &*rendition.terms().name).collect();
    assert_eq!(names, ["480p30", "360p30", "160p30", "audio_only"]);
    assert!(!ladder.offers_source);
    let wanted = halved(&times(&pictures(&frames)));
    for reader in &house.readers[..3] {
        assert_eq!(reader.times(), wanted);
    }
    assert!(house.readers[3].pictures.is_empty() && house.readers[3].sounds.len() > 110);
    let figures = &house.shared.figures;
    let counts = [&figures.started, &figures.lost, &figures.running, &figures.streams, &figures.reserved];
    assert_eq!(counts.map(|count| count.load(Ordering::Relaxed)), [1, 0, 0, 0, 0]);
    assert_eq!(figures.delays.iter().map(|count| count.load(Ordering::Relaxed)).sum::<u64>(), 125);
    // Some systems do not tell.
    let is_told = processor_time(std::process::id()).is_some_and(|own| !own.is_zero());
    assert!(figures.cpu.load(Ordering::Relaxed) > 0 || !is_told);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_end_at_once_leave_nothing() {
    let film = small_film();
    // Without tracks, without frames, without enough to judge by, and as soon as the ladder is decided.
    for frames in [0, 1, 20, 40] {
        let mut house = House::open(&Plan::default());
        if frames > 0 {
            house.tracks(film.tracks());
        }
        house.throw(&span(&film, 0.0, 2.0)[..frames]);
        if frames == 40 {
            house.decided().await;
        }
        house.end().await;
        assert_eq!(house.broadcast.ladder().is_some(), frames == 40, "{frames}");
        if frames == 40 {
            let sent = pictures(&span(&film, 0.0, 2.0)[..frames]);
            assert_eq!(house.readers[0].times(), times(&sent), "even so all of it is made");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_few_pictures_is_judged_by_what_is_there() {
    let mut house = House::open(&Plan::default());
    house.tracks(small_film().tracks());
    house.throw(&span(&small_film(), 0.0, 0.2));
    house.decided().await;
    house.end().await;
    assert_eq!(house.readers[0].pictures.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_workers_of_streams_that_are_on_air() {
    let (mut house, film) = (House::open(&Plan::default()), small_film());
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.5)).await;
    house.process().await;
    house.shut().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_come_and_go_leave_no_process() {
    let film = small_film();
    for _ in 0..12 {
        let mut house = House::open(&Plan::default());
        house.tracks(film.tracks());
        house.throw(&span(&film, 0.0, 0.7));
        house.decided().await;
        house.end().await;
        assert!(house.readers.iter().all(|reader| reader.is_over));
    }
}
