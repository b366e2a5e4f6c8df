//! Sources that change in the middle of their stream.
//!
//! Promise: renditions keep their names and go on at the source's keyframe, as what it is by then.

use std::sync::atomic::Ordering;

use media::Ticks;
use testkit::Film;

use super::house::*;

#[tokio::test(flavor = "multi_thread")]
async fn renditions_go_on_in_another_size_at_the_keyframe_of_the_change() {
    let (mut house, film) = (House::open(&Plan::default()), film());
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.6)).await;
    let other = Film { width: 640, height: 480, start: Ticks::from_millis(1_600), ..film.clone() };
    house.tracks(other.tracks());
    house.send(&span(&other, 0.0, 1.5)).await;
    house.end().await;
    let wanted = [
        halved(&times(&pictures(&span(&film, 0.0, 1.6)))),
        halved(&times(&pictures(&span(&other, 0.0, 1.5)))),
    ];
    let sizes = |reader: &Reader| -> Vec<_> {
        let video = reader.tracks.iter().filter_map(|tracks| tracks.video.as_ref());
        video.map(|video| (video.width, video.height)).collect()
    };
    assert_eq!(sizes(&house.readers[0])[..2], [(854, 480), (640, 480)]);
    assert_eq!(sizes(&house.readers[1])[..2], [(640, 360), (480, 360)]);
    for reader in &house.readers[..3] {
        assert_eq!(reader.times(), wanted.concat());
    }
    let figures = &house.shared.figures;
    assert_eq!((figures.started.load(Ordering::Relaxed), figures.lost.load(Ordering::Relaxed)), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_goes_and_comes_back_takes_no_picture_with_it() {
    let (mut house, film) = (House::open(&Plan::default()), small_film());
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.4)).await;
    let silent = Film { sound: false, ..film.clone() };
    house.tracks(silent.tracks());
    house.send(&span(&silent, 1.4, 3.3)).await;
    house.tracks(film.tracks());
    house.send(&span(&film, 3.3, 5.5)).await;
    house.end().await;
    let wanted = times(&pictures(&span(&film, 0.0, 5.5)));
    assert_eq!(house.readers[0].times(), wanted);
    let sounds: Vec<_> = house.readers[2].sounds.iter().map(|frame| frame.pts.as_secs_f64()).collect();
    let between = sounds.iter().filter(|time| (1.5..3.3).contains(*time)).count();
    assert_eq!(between, 0, "{sounds:?}");
    assert!(sounds.iter().any(|time| *time < 1.3) && sounds.iter().any(|time| *time > 5.0), "{sounds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_joins_a_silent_stream_is_the_source_s() {
    let (mut house, film) = (House::open(&Plan::default()), small_film());
    let silent = Film { sound: false, ..film.clone() };
    house.tracks(silent.tracks());
    house.send(&span(&silent, 0.0, 1.4)).await;
    house.tracks(film.tracks());
    house.send(&span(&film, 1.4, 2.8)).await;
    house.end().await;
    assert_eq!(house.readers.len(), 2, "there was no sound to be alone");
    assert_eq!(house.readers[0].times(), times(&pictures(&span(&film, 0.0, 2.8))));
    assert!(house.readers[0].sounds.is_empty());
    assert_eq!(house.shared.figures.started.load(Ordering::Relaxed), 1);
}
