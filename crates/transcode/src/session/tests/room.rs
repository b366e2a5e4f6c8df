//! Room on the machine: who gets what when there is too little.
//!
//! Promise: a refused stream is told so in the documented words; what a stream held is free when it is over.

use std::sync::atomic::Ordering;

use domain::ChannelType;

use super::house::*;
use crate::WhenFull;

const SMALL: u64 = 640 * 360 * 25 + 284 * 160 * 25;

fn names(house: &House) -> Vec<String> {
    let ladder = house.broadcast.ladder().expect("decided");
    ladder.renditions.iter().map(|rendition| rendition.terms().name.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_that_is_too_large_loses_its_largest_renditions_and_gets_the_source() {
    let mut house = House::open(&Plan { capacity: SMALL, ..Plan::default() });
    house.tracks(film().tracks());
    house.send(&span(&film(), 0.0, 0.8)).await;
    assert_eq!(names(&house), ["360p30", "160p30", "audio_only"]);
    assert!(house.broadcast.ladder().is_some_and(|ladder| ladder.offers_source));
    let figures = std::sync::Arc::clone(&house.shared.figures);
    assert_eq!(figures.short.load(Ordering::Relaxed), 1);
    assert_eq!(figures.reserved.load(Ordering::Relaxed), SMALL);
    let (mut publisher, broadcast) = house.another(ChannelType::AdvancedSd, 2);
    publisher.set_tracks(small_film().tracks());
    span(&small_film(), 0.0, 0.8).into_iter().for_each(|frame| publisher.push(frame));
    let ladder = tokio::time::timeout(PATIENCE, broadcast.decided_ladder()).await.expect("decided");
    assert!(ladder.offers_source && ladder.renditions.is_empty(), "nothing is left");
    drop(publisher);
    house.end().await;
    assert_eq!(figures.reserved.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_there_is_no_room_for_is_refused_if_so_configured() {
    let plan = Plan { capacity: SMALL, when_full: WhenFull::Refuse, ..Plan::default() };
    let mut house = House::open(&plan);
    house.tracks(film().tracks());
    house.throw(&span(&film(), 0.0, 0.8));
    let stopped = house.broadcast.stop_requested();
    tokio::time::timeout(PATIENCE, stopped).await.expect("it is asked to end");
    assert_eq!(house.broadcast.failure().as_deref(), Some("Transcode capacity exceeded. Please try again."));
    assert!(house.broadcast.ladder().is_none(), "it never becomes playable");
    assert_eq!(house.shared.figures.refused.load(Ordering::Relaxed), 1);
    house.end().await;
    assert!(house.processes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_held_is_free_for_the_next() {
    let plan = Plan { capacity: SMALL, when_full: WhenFull::Refuse, ..Plan::default() };
    for number in 2..5 {
        let mut house = House::open(&plan);
        house.tracks(small_film().tracks());
        house.send(&span(&small_film(), 0.0, 0.8)).await;
        house.publisher();
        let (mut publisher, broadcast) = house.another(ChannelType::Basic, number);
        publisher.set_tracks(small_film().tracks());
        assert!(broadcast.ladder().is_some(), "what is passed through costs nothing");
        drop(publisher);
        house.end().await;
        assert_eq!(house.shared.figures.refused.load(Ordering::Relaxed), 0);
    }
}
